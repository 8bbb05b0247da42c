package play

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// write composes a person's mail as their mail program would: the words on
// top, what is answered quoted below, files attached.
func write(l *Letter, files map[string][]byte, from mail.Address, to, subject, body, quoted, inReplyTo, id string, at time.Time) ([]byte, error) {
	charset := l.Charset
	if charset == "" {
		charset = "UTF-8"
	}
	text := strings.ReplaceAll(body+quoted, "\n", "\r\n")
	encoded := []byte(text)
	if strings.EqualFold(charset, "GB18030") {
		var err error
		if encoded, err = simplifiedchinese.GB18030.NewEncoder().Bytes(encoded); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	h := func(k, v string) { fmt.Fprintf(&b, "%s: %s\r\n", k, v) }
	h("From", encodedAddress(from, charset))
	h("To", "<"+to+">")
	h("Subject", encodedWord(subject, charset))
	h("Date", at.Format(time.RFC1123Z))
	h("Message-ID", "<"+id+">")
	if inReplyTo != "" {
		h("In-Reply-To", "<"+inReplyTo+">")
		h("References", "<"+inReplyTo+">")
	}
	for _, line := range l.Header {
		b.WriteString(line + "\r\n")
	}
	h("MIME-Version", "1.0")
	if len(l.Attach) == 0 {
		part(&b, "text/plain; charset="+charset, "", encoded)
		return b.Bytes(), nil
	}
	const boundary = "----=_NextPart_complaint_0001"
	h("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	b.WriteString("\r\n")
	fmt.Fprintf(&b, "--%s\r\n", boundary)
	part(&b, "text/plain; charset="+charset, "", encoded)
	for _, name := range l.Attach {
		fmt.Fprintf(&b, "--%s\r\n", boundary)
		w := encodedWord(name, charset)
		part(&b, mediaType(name)+`; name="`+w+`"`, `attachment; filename="`+w+`"`, file(name, files))
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), nil
}

// part writes one body part in base64.
func part(b *bytes.Buffer, contentType, disposition string, content []byte) {
	fmt.Fprintf(b, "Content-Type: %s\r\n", contentType)
	if disposition != "" {
		fmt.Fprintf(b, "Content-Disposition: %s\r\n", disposition)
	}
	b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	s := base64.StdEncoding.EncodeToString(content)
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
}

// encodedWord writes a text as RFC 2047 wants it, in the program's charset.
func encodedWord(s, charset string) string {
	if !strings.EqualFold(charset, "GB18030") {
		return mime.BEncoding.Encode("UTF-8", s)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil || gb == s {
		return s
	}
	return "=?GB18030?B?" + base64.StdEncoding.EncodeToString([]byte(gb)) + "?="
}

func encodedAddress(a mail.Address, charset string) string {
	if a.Name == "" {
		return "<" + a.Address + ">"
	}
	w := encodedWord(a.Name, charset)
	if w == a.Name {
		w = fmt.Sprintf("%q", a.Name)
	}
	return w + " <" + a.Address + ">"
}

func mediaType(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pdf":
		return "application/pdf"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".json":
		return "application/json"
	case ".ics":
		return "text/calendar; method=REPLY"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return "application/octet-stream"
}

// file makes the content of an attachment: its own name, so that no two are
// alike, behind the mark of its type.
func file(name string, files map[string][]byte) []byte {
	if b, ok := files[name]; ok {
		return b
	}
	switch mediaType(name) {
	case "application/pdf":
		return []byte("%PDF-1.4\n% " + name + "\n%%EOF\n")
	case "image/png":
		return append([]byte("\x89PNG\r\n\x1a\n"), name...)
	case "image/jpeg":
		return append([]byte("\xff\xd8\xff\xe0"), name...)
	}
	return []byte(name + "\n")
}
