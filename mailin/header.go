package mailin

import (
	"bufio"
	"bytes"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"complaints"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// cutLine splits off the first line, without its line end (\n, \r\n, \r\r\n).
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return bytes.TrimRight(b, "\r"), nil
	}
	return bytes.TrimRight(b[:i], "\r"), b[i+1:]
}

// header reads the header block at the start of b and gives what follows it.
// The block is mended first, because go-message refuses the whole mail for one
// bad line: junk lines are dropped or joined to the field they belong to, a
// missing empty line is seen. A line for which stop says so (a boundary of an
// enclosing multipart) ends the block as well.
func (r *reader) header(b []byte, stop func(line []byte) bool) (message.Header, []byte) {
	var block bytes.Buffer
	fields, size := 0, 0
	rest := b
	for len(rest) > 0 {
		line, next := cutLine(rest)
		size += len(rest) - len(next)
		if size > r.Limits.Header {
			r.hold("a header block larger than %d bytes", r.Limits.Header)
			break
		}
		if stop != nil && stop(line) {
			r.problem("no empty line after a header")
			break
		}
		if len(line) == 0 {
			rest = next
			break
		}
		folded := line[0] == ' ' || line[0] == '\t'
		blank := len(bytes.TrimSpace(line)) == 0
		switch {
		case blank && !moreFields(next):
			rest = next
			return r.readBlock(block.Bytes()), rest
		case blank:
		case folded && fields > 0:
			block.WriteString("\r\n")
			block.Write(line)
		case isField(bytes.TrimLeft(line, " \t")):
			if folded {
				r.problem("the first header line is indented")
			}
			if fields > 0 {
				block.WriteString("\r\n")
			}
			block.Write(bytes.TrimLeft(line, " \t"))
			fields++
		case bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")):
			// the envelope line of an mbox
		case fields > 0 && continues(block.Bytes(), line):
			r.problem("a folded header line is not indented")
			block.WriteString("\r\n ")
			block.Write(line)
		case moreFields(next) && !(fields > 0 && bytes.HasPrefix(line, []byte("--"))):
			r.problem("a header line without a colon")
		default:
			if fields == 0 {
				r.problem("no header")
			} else {
				r.problem("no empty line after the header")
			}
			return r.readBlock(block.Bytes()), rest
		}
		rest = next
	}
	return r.readBlock(block.Bytes()), rest
}

// skipBlank drops the empty lines above a mail, if a header follows them.
func (r *reader) skipBlank(raw []byte) []byte {
	rest := bytes.TrimLeft(raw, " \t\r\n\ufeff")
	if skipped := raw[:len(raw)-len(rest)]; bytes.IndexByte(skipped, '\n') < 0 && !bytes.HasPrefix(raw, []byte("\ufeff")) || !moreFields(rest) {
		return raw
	}
	r.problem("empty lines above the header")
	return rest
}

func (r *reader) readBlock(block []byte) message.Header {
	if len(block) == 0 {
		return message.Header{}
	}
	block = append(block, "\r\n\r\n"...)
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(block)))
	if err != nil {
		r.problem("header: %v", err)
	}
	return message.Header{Header: h}
}

// isField reports whether a line begins a header field (RFC 5322 2.2), with
// the blanks before the colon that some programs write.
func isField(line []byte) bool {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 200 {
		return false
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(name) > 0
}

// moreFields reports whether the header goes on after a junk line: one of the
// next lines begins a field that mail has, not just a word and a colon.
func moreFields(b []byte) bool {
	for range 30 {
		var line []byte
		line, b = cutLine(b)
		if len(line) == 0 {
			return false
		}
		if isField(line) && knownField(string(bytes.TrimSpace(line[:bytes.IndexByte(line, ':')]))) {
			return true
		}
	}
	return false
}

func knownField(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "message-id", "reply-to", "references", "in-reply-to",
		"mime-version", "received", "return-path", "delivered-to", "dkim-signature", "authentication-results", "importance":
		return true
	}
	return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "x-")
}

// continues reports whether a line that is not indented is the rest of the
// field before it: a parameter after “;”, or another encoded word.
func continues(block, line []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(block, " \t"), []byte(";")) ||
		bytes.HasPrefix(line, []byte("=?")) && bytes.Contains(line, []byte("?="))
}

// parseAddresses reads an address list of RFC 5322 section 3.4 and what people
// send instead: “;” between addresses, missing or doubled angle brackets,
// names that are not quoted, comments as names, groups. Addresses beyond max
// are not read. A list that names nobody (undisclosed-recipients:;) is empty.
func parseAddresses(v string, max int) []complaints.Address {
	v = utf8Header(v)
	var out []complaints.Address
	var name, angle, comment strings.Builder
	inAngle, hadAngle, before := false, false, "" // before: the name as it was at the last “>”
	flush := func() {
		a := makeAddress(name.String(), angle.String(), comment.String(), hadAngle)
		name.Reset()
		angle.Reset()
		comment.Reset()
		inAngle, hadAngle, before = false, false, ""
		if a.Addr != "" && len(out) < max {
			out = append(out, a)
		}
	}
	for i := 0; i < len(v) && len(out) < max; {
		switch c := v[i]; {
		case c == '"':
			s, n := quoted(v[i:])
			if n == 0 { // never closed: a stray character
				i++
				continue
			}
			if inAngle {
				angle.WriteString(v[i : i+n])
			} else if n < len(v)-i && v[i+n] == '@' {
				name.WriteString(v[i : i+n]) // a quoted local part
			} else {
				name.WriteString(s)
			}
			i += n
		case c == '(' && (!inAngle || comments(v[i:])):
			s, n := skipComment(v[i:])
			if !inAngle {
				comment.WriteString(s)
			}
			i += n
		case c == '=' && strings.HasPrefix(v[i:], "=?"):
			n := 2
			if _, l, ok := cutWord(v[i:]); ok {
				n = l
			}
			if inAngle {
				angle.WriteString(v[i : i+n])
			} else {
				name.WriteString(v[i : i+n])
			}
			i += n
		case c == '<':
			if hadAngle && !inAngle && strings.Contains(angle.String(), "@") { // a forgotten comma
				next := strings.TrimPrefix(name.String(), before)
				name.Reset()
				name.WriteString(before)
				flush()
				name.WriteString(next)
			}
			inAngle, hadAngle = true, true
			angle.Reset()
			i++
		case c == '>':
			inAngle, before = false, name.String()
			i++
		case c == ':' && !inAngle && !strings.Contains(name.String(), "@"):
			name.Reset() // the name of a group
			i++
		case (c == ',' || c == ';') && !(inAngle && strings.HasPrefix(angle.String(), "@")):
			flush()
			i++
		default:
			if inAngle {
				angle.WriteByte(c)
			} else {
				name.WriteByte(c)
			}
			i++
		}
	}
	flush()
	return out
}

// comments reports whether a comment begins s and ends before the address
// around it does.
func comments(s string) bool {
	s = s[:min(len(s), 300)] // more is no comment, and every “(” asks
	_, n := skipComment(s)
	return n < len(s) && !strings.Contains(s[:n], ">") && strings.Contains(s[n:], ">")
}

// looseDots are blanks around the dots of a domain (RFC 5322 4.4).
var looseDots = regexp.MustCompile(`(@\S*?)(?:\s+\.\s*|\.\s+)([\w-]+)$`)

// wholeSpec is an addr-spec without blanks.
var wholeSpec = regexp.MustCompile(`^[^@\s]*[^@\s.]@[^@\s.][^@\s]*\.[^@\s.]+$`)

func makeAddress(name, angle, comment string, hadAngle bool) complaints.Address {
	spec := angle
	if !hadAngle {
		// no brackets: the word with the @ is the address, the rest a name
		name = looseDots.ReplaceAllString(strings.TrimSpace(name), "$1.$2")
		fields := strings.Fields(name)
		if strings.HasPrefix(name, `"`) && strings.Contains(name, `"@`) {
			fields = []string{name} // blanks stand in the quoted local part
		}
		spec, name = "", ""
		for _, f := range fields {
			if spec == "" && (strings.Contains(f, "@") || len(fields) == 1) {
				spec = f
			} else {
				name += " " + f
			}
		}
	}
	if i := strings.LastIndexByte(spec, ':'); strings.HasPrefix(spec, "@") && i > 0 {
		spec = spec[i+1:] // a source route
	}
	if strings.Contains(spec, ":@") {
		spec = "" // <Undisclosed-Recipients:@host;>: a group without members
	}
	if !strings.HasPrefix(spec, `"`) {
		fields := strings.Fields(spec)
		// a whole address beside other words, not one with blanks around its dots
		if i := slices.IndexFunc(fields, wholeSpec.MatchString); i >= 0 && !slices.Contains(fields, ".") && !slices.ContainsFunc(fields, func(f string) bool { return f[0] == '.' || f[len(f)-1] == '.' }) {
			fields = fields[i : i+1]
		}
		spec = strings.Join(fields, "")
	}
	spec = strings.Trim(decodeWords(strings.TrimSpace(spec)), "'`,;<>")
	spec = strings.TrimPrefix(spec, "mailto:")
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		spec = spec[:at] + "@" + strings.ToLower(strings.TrimRight(spec[at+1:], "."))
	}
	name = decodeHeader(name)
	if name == "" {
		name = decodeHeader(comment)
	}
	if len(name) > 1 && name[0] == '\'' && name[len(name)-1] == '\'' {
		name = name[1 : len(name)-1]
	}
	if hadAngle && spec == "" && !strings.Contains(name, " ") {
		spec, name = name, "" // MAILER-DAEMON <>
	}
	return complaints.Address{Name: strings.TrimSpace(name), Addr: clean(spec)}
}

// quoted reads a quoted-string at the start of s: its content and its length,
// 0 if it is never closed.
// Only \" and \\ are escapes: paths of Windows stand in such strings.
func quoted(s string) (string, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), i + 1
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}

// skipComment reads a comment, which may hold comments, at the start of s.
func skipComment(s string) (string, int) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[1:i], i + 1
			}
		}
	}
	return s[1:], len(s)
}

// parseDate reads a Date field: RFC 5322 and the forms seen beside it.
func parseDate(v string) (time.Time, bool) {
	v = strings.TrimSpace(clean(v))
	if i := strings.IndexByte(v, '('); i > 0 {
		v = strings.TrimSpace(v[:i])
	}
	if t, err := mail.ParseDate(v); err == nil {
		return t, true
	}
	if day, rest, ok := strings.Cut(v, ","); ok && len(day) <= 9 {
		v = strings.TrimSpace(rest)
	}
	v = strings.NewReplacer("GMT", "+0000", "UTC", "+0000", " UT", " +0000", "Z", "+0000").Replace(strings.Join(strings.Fields(v), " "))
	for _, layout := range []string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -07:00", "2 Jan 06 15:04:05 -0700", "2 Jan 2006 15:04 -0700",
		"2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04",
		"2 January 2006 15:04:05 -0700", "January 2, 2006 3:04 PM", "Jan 2, 2006 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 2006 -0700",
		"Mon 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05",
		"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05", "2006/01/02 15:04:05", "02-01-2006 15:04",
	} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// utf8Header gives a raw field value as UTF-8: fields that were written in
// GBK or Big5 without encoding are guessed, before their structure is read,
// because the second byte of a GBK character can be a backslash or a quote.
func utf8Header(v string) string {
	if utf8.ValidString(v) && !strings.Contains(v, "\x1b$") {
		return v
	}
	s, _, _ := decodeText([]byte(v), "")
	return s
}

// clean makes text that a database and a terminal accept: valid UTF-8 with no
// control characters; line ends and tabs become spaces.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, s)
}

// maxWord is how long an encoded word may be; RFC 2047 says 75.
const maxWord = 8192

// encodedWord is one =?charset?encoding?text?= of RFC 2047.
type encodedWord struct {
	charset string
	base64  bool
	text    string
}

// cutWord reads an encoded word at the start of s and its length. A last word
// that lacks its “?=” is read to the end.
func cutWord(s string) (w encodedWord, n int, ok bool) {
	s = s[:min(len(s), maxWord)]
	cs, rest, ok := strings.Cut(strings.TrimPrefix(s, "=?"), "?")
	if !ok || len(cs) > 80 || strings.ContainsAny(cs, " \t=") || len(rest) < 2 || rest[1] != '?' {
		return w, 0, false
	}
	text, _, closed := strings.Cut(rest[2:], "?=")
	if !closed && (strings.ContainsAny(text, " \t\"") || text == "") {
		return w, 0, false
	}
	n = 2 + len(cs) + 1 + 2 + len(text)
	if closed {
		n += 2
	}
	return encodedWord{cs, rest[0] == 'b' || rest[0] == 'B', text}, n, strings.IndexByte("bBqQ", rest[0]) >= 0
}

// decodeWords decodes the encoded words of a field, wherever they stand, also
// inside quotation marks. Words of one charset that follow each other are
// joined as bytes first: many programs cut a character in two.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var run []encodedWord
	flush := func() {
		if len(run) > 0 {
			t, _, _ := decodeText(joinWords(run), run[0].charset)
			out.WriteString(t)
			run = nil
		}
	}
	for {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, n, ok := cutWord(s[i:])
		if !ok {
			flush()
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		between := s[:i]
		if len(run) == 0 || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(between)
		} else if canonical(run[0].charset) != canonical(w.charset) {
			flush()
		}
		run = append(run, w)
		s = s[i+n:]
	}
	flush()
	out.WriteString(s)
	return out.String()
}

func joinWords(run []encodedWord) []byte {
	var b []byte
	for i := 0; i < len(run); i++ {
		text := []byte(run[i].text)
		if !run[i].base64 {
			b = append(b, lenientQP(bytes.ReplaceAll(text, []byte("_"), []byte(" ")))...)
			continue
		}
		// base64 that was cut anywhere goes on in the next word
		for len(text)%4 != 0 && !bytes.HasSuffix(text, []byte("=")) && i+1 < len(run) && run[i+1].base64 {
			i++
			text = append(text, run[i].text...)
		}
		b = append(b, lenientBase64(text)...)
	}
	return b
}

// decodeHeader gives the text of an unstructured field.
func decodeHeader(v string) string {
	return strings.TrimSpace(clean(decodeWords(utf8Header(v))))
}
