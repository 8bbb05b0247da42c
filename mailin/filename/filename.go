// Package filename makes names of files of what a mail calls its attachments.
package filename

import (
	"path"
	"strings"
)

// Max is the length of a file name in bytes: what file systems take.
const Max = 200

// Safe makes a name safe: no folder, no control or invisible direction
// characters, no leading or trailing blanks, not too long; the extension stays.
func Safe(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0x061c, r == 0xfeff:
			return -1
		}
		return r
	}, name)
	name = strings.Trim(path.Base("/"+strings.TrimRight(name, "/ .")), " ")
	if strings.Trim(name, "./") == "" {
		return ""
	}
	if len(name) > Max {
		ext := path.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:Max-len(ext)], "") + ext
	}
	return name
}

// Extension is for parts that give no name.
func Extension(media string) string {
	switch media {
	case "text/plain", "text/rfc822-headers", "message/delivery-status", "message/disposition-notification", "message/feedback-report":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "image/jpeg":
		return ".jpg"
	case "image/png", "image/gif", "image/bmp", "image/webp", "application/pdf", "application/zip", "text/csv", "text/xml":
		return "." + media[strings.IndexByte(media, '/')+1:]
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pgp-signature":
		return ".asc"
	case "application/ms-tnef":
		return ".dat"
	}
	return ".bin"
}
