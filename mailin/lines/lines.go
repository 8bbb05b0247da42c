// Package lines finds where the lines of a mail end, and its parts.
package lines

import (
	"bytes"
	"regexp"
	"strings"
)

// NextDashes finds the next line, at or after i, that begins with “--”.
func NextDashes(b []byte, i int) int {
	if i == 0 && bytes.HasPrefix(b, []byte("--")) {
		return 0
	}
	if i >= len(b) {
		return len(b)
	}
	n := bytes.Index(b[i:], []byte("\n--"))
	if n < 0 {
		return len(b)
	}
	return i + n + 1
}

// TrimEnd drops the line end that belongs to the delimiter (RFC 2046 5.1.1).
func TrimEnd(b []byte) []byte {
	return bytes.TrimRight(bytes.TrimSuffix(b, []byte("\n")), "\r")
}

// Delimits reports whether a line is a delimiter, and whether the last one.
func Delimits(line, delimiter []byte) (is, end bool) {
	rest, ok := bytes.CutPrefix(line, delimiter)
	end = bytes.HasPrefix(rest, []byte("--"))
	return ok && (len(rest) == 0 || end && (len(rest) == 2 || !inBoundary(rest[2]))), end
}

// inBoundary reports whether a boundary may hold c (bchars of RFC 2046 5.1.1).
func inBoundary(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("'()+_,-./:=? ", c) >= 0
}

// BareCR reports whether the lines of a header end in a bare CR, but for some
// that relays have added: there is no From field else.
func BareCR(head []byte) bool {
	if bytes.IndexByte(head, '\n') < 0 {
		return bytes.IndexByte(head, '\r') >= 0
	}
	if at := emptyLine.FindIndex(head); at != nil {
		head = head[:at[0]]
	}
	return len(crField.FindAll(head, 2)) == 2 && !fromLine.Match(head)
}

var (
	emptyLine = regexp.MustCompile(`\n\r*\n`)
	crField   = regexp.MustCompile(`(?i)\r(?:from|to|subject|date|message-id|mime-version|content-type|received|reply-to)[ \t]*:`)
	fromLine  = regexp.MustCompile(`(?i)(?:^|\n)from[ \t]*:[^\r\n]*\r*\n`)
)
