package mailin

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"

	"complaints"
	"complaints/mailin/words"
)

// maxWraps is how many signed envelopes of one mail are opened.
const maxWraps = 5

// opened reads the mail that an opaque S/MIME signature encloses (RFC 8551
// 3.5.2) as the one part that p holds. What is encrypted stays closed.
func (r *reader) opened(p *part) {
	der := r.decode(p)
	content, err := signedContent(der)
	switch {
	case errors.Is(err, errEncrypted):
		r.problem("the mail is encrypted (S/MIME) and cannot be read here")
		return
	case err != nil:
		r.problem("an S/MIME part that cannot be read: %v", err)
		return
	case strings.EqualFold(p.params["smime-type"], "certs-only") || len(content) == 0:
		return
	}
	r.problem("signed (S/MIME): the signature was not checked")
	if r.wraps++; r.wraps > maxWraps {
		r.hold("more than %d signatures around each other", maxWraps)
		return
	}
	inner := &part{}
	var body []byte
	inner.header, body = r.header(content, nil)
	inner.readType("")
	if r.m.Hold == "" {
		r.split(inner, body)
	}
	p.kids = []*part{inner}
}

func isSMIME(media string) bool {
	return media == "application/pkcs7-mime" || media == "application/x-pkcs7-mime"
}

var (
	errBER       = errors.New("its ASN.1 is damaged")
	errEncrypted = errors.New("encrypted")

	oidSigned = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02} // 1.2.840.113549.1.7.2
	oidPKCS7  = oidSigned[:8]
)

// signedContent gives what a CMS SignedData encloses (RFC 5652 5.1), empty if
// it is a signature alone. Nothing is verified: no trust in a certificate is
// configured.
func signedContent(der []byte) ([]byte, error) {
	info, err := berFind(der, 0x30)
	if err != nil {
		return nil, err
	}
	kind, info, err := berNext(info)
	if err != nil || kind.tag != 0x06 {
		return nil, errBER
	}
	if !bytes.Equal(kind.body, oidSigned) {
		if bytes.HasPrefix(kind.body, oidPKCS7) && kind.body[len(kind.body)-1] == 3 {
			return nil, errEncrypted
		}
		return nil, errors.New("a kind of CMS that is not read")
	}
	if info, err = berFind(info, 0xa0); err != nil {
		return nil, err
	}
	if info, err = berFind(info, 0x30); err != nil {
		return nil, err
	}
	// version, digestAlgorithms, encapContentInfo
	for range 2 {
		if _, info, err = berNext(info); err != nil {
			return nil, err
		}
	}
	if info, err = berFind(info, 0x30); err != nil {
		return nil, err
	}
	if _, info, err = berNext(info); err != nil || len(info) == 0 {
		return nil, err
	}
	if info, err = berFind(info, 0xa0); err != nil {
		return nil, err
	}
	return berOctets(info, 0)
}

// ber is one value of BER (X.690) with its first tag byte.
type ber struct {
	tag  byte
	body []byte
}

// berNext reads the value at the start of b, also in the form without a length
// that programs use which write as they go.
func berNext(b []byte) (v ber, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return v, nil, errBER
	}
	v.tag = b[0]
	n, head := int64(b[1]), 2
	if n == 0x80 {
		end, err := berEnd(b[2:])
		if err != nil {
			return v, nil, err
		}
		v.body = b[2 : 2+end]
		return v, b[2+end+2:], nil
	}
	if n > 0x80 {
		count := int(n & 0x7f)
		if head += count; count > 4 || head > len(b) {
			return v, nil, errBER
		}
		n = 0
		for _, c := range b[2:head] {
			n = n<<8 | int64(c)
		}
	}
	if n > int64(len(b)-head) {
		return v, nil, errBER
	}
	return ber{v.tag, b[head : head+int(n)]}, b[head+int(n):], nil
}

// berEnd finds the two zero bytes that end a value without a length. It walks
// once, however the values within are nested.
func berEnd(b []byte) (int, error) {
	depth := 1
	for i := 0; i+2 <= len(b); {
		tag, n := b[i], int64(b[i+1])
		switch i += 2; {
		case tag == 0 && n == 0:
			if depth--; depth == 0 {
				return i - 2, nil
			}
			continue
		case n == 0x80:
			depth++
			continue
		case n > 0x80:
			count := int(n & 0x7f)
			if count > 4 || i+count > len(b) {
				return 0, errBER
			}
			n = 0
			for _, c := range b[i : i+count] {
				n = n<<8 | int64(c)
			}
			i += count
		}
		if n > int64(len(b)-i) {
			break
		}
		i += int(n)
	}
	return 0, errBER
}

// berFind gives the body of the value at the start of b if it has this tag.
func berFind(b []byte, tag byte) ([]byte, error) {
	v, _, err := berNext(b)
	if err == nil && v.tag != tag {
		err = errBER
	}
	return v.body, err
}

// berOctets joins the pieces of an OCTET STRING.
func berOctets(b []byte, depth int) ([]byte, error) {
	var out []byte
	for len(b) > 0 {
		v, rest, err := berNext(b)
		switch {
		case err != nil:
			return nil, err
		case v.tag == 0x04:
			if out == nil && len(rest) == 0 {
				return v.body, nil
			}
			out = append(out, v.body...)
		case v.tag == 0x24 && depth < 3:
			inner, err := berOctets(v.body, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		default:
			return nil, errBER
		}
		b = rest
	}
	return out, nil
}

// clearSigned takes the armour of a PGP signature off a text (RFC 9580 7). A
// text of which a piece alone is signed is left as it is.
func clearSigned(s string) (string, bool) {
	const begin, sign, end = "-----BEGIN PGP SIGNED MESSAGE-----\n", "\n-----BEGIN PGP SIGNATURE-----\n", "\n-----END PGP SIGNATURE-----"
	s = strings.TrimLeft(s, " \t\n")
	rest, ok := strings.CutPrefix(s, begin)
	if !ok {
		return s, false
	}
	_, rest, ok = strings.Cut("\n"+rest, "\n\n") // after the fields of the armour
	body, signature, found := strings.Cut(rest, sign)
	_, after, closed := strings.Cut(signature, end)
	if !ok || !found || !closed || strings.TrimSpace(after) != "" {
		return s, false
	}
	lines := strings.Split(body, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "- ")
	}
	return strings.Join(lines, "\n"), true
}

var uuBegin = regexp.MustCompile(`(?m)^begin [0-7]{3,4} ([^\r\n]{1,200}?)[ \t]*\r*$`)

// cutUU takes the files out of a text in which they stand in uuencode, and
// gives the text without them.
func (r *reader) cutUU(b []byte) []byte {
	if !bytes.Contains(b, []byte("begin ")) {
		return b
	}
	var out []byte
	for r.m.Hold == "" {
		at := uuBegin.FindSubmatchIndex(b)
		if at == nil {
			break
		}
		size, whole := uuLength(b[at[1]:])
		if !whole {
			out, b = append(out, b[:at[1]]...), b[at[1]:]
			continue
		}
		name, _, _ := decodeText(bytes.TrimSpace(b[at[2]:at[3]]), "")
		r.keep(name, "application/octet-stream", decodeUU(b[at[0]:at[1]+size]))
		out, b = append(out, b[:at[0]]...), b[at[1]+size:]
	}
	return append(out, b...)
}

// uuLength gives the length of the lines of uuencode at the start of b, with
// their “end”; false if they are none.
func uuLength(b []byte) (size int, whole bool) {
	all := len(b)
	_, b = cutLine(b) // what is left of the first line
	for lines := 0; len(b) > 0; lines++ {
		line, rest := cutLine(b)
		switch {
		case string(line) == "end":
			return all - len(rest), lines > 0
		case len(line) == 0 || line[0] == '`' || line[0] == ' ' && len(bytes.TrimSpace(line)) == 0:
		case line[0] < ' ' || line[0] > '`':
			return 0, false
		default:
			n := (int(line[0]-' ')&63 + 2) / 3 * 4
			if got := len(line) - 1; got > n+2 || got < n-3 { // blanks at the end are lost on the way
				return 0, false
			}
		}
		b = rest
	}
	return 0, false
}

// decodeUU decodes the lines between “begin” and “end” of uuencode.
func decodeUU(b []byte) []byte {
	out := make([]byte, 0, len(b)/4*3)
	begun := false
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		switch {
		case !begun:
			begun = bytes.HasPrefix(line, []byte("begin "))
		case len(line) == 0, string(line) == "end":
			return out
		default:
			n := int(line[0]-' ') & 63
			data := make([]byte, 0, 66)
			for line = line[1:]; len(line) > 0 && len(data) < n; line = line[min(4, len(line)):] {
				var v uint32
				for i := range 4 {
					v <<= 6
					if i < len(line) {
						v |= uint32(line[i]-' ') & 63
					}
				}
				data = append(data, byte(v>>16), byte(v>>8), byte(v))
			}
			out = append(out, data[:min(n, len(data))]...)
		}
	}
	return out
}

// calendarFields are those of an invitation that are shown, as RFC 5545 names
// them.
var calendarFields = []string{"METHOD", "SUMMARY", "DTSTART", "DTEND", "LOCATION", "ORGANIZER", "STATUS"}

// invitation sums up a text/calendar part in one line, "" if it is none.
func invitation(s string) string {
	found := map[string]string{}
	unfolded := strings.NewReplacer("\n ", "", "\n\t", "").Replace(words.Plain(s))
	nested := false // a time zone's own DTSTART is not the event's
	for line := range strings.SplitSeq(unfolded, "\n") {
		name, value, ok := strings.Cut(line, ":")
		name, _, _ = strings.Cut(strings.ToUpper(strings.TrimSpace(name)), ";")
		value = strings.TrimSpace(value)
		switch {
		case !ok || len(found) > len(calendarFields):
		case name == "BEGIN" || name == "END":
			nested = name == "BEGIN" && (strings.EqualFold(value, "VTIMEZONE") || strings.EqualFold(value, "VALARM")) ||
				nested && !(strings.EqualFold(value, "VTIMEZONE") || strings.EqualFold(value, "VALARM"))
		case !nested && found[name] == "" && slices.Contains(calendarFields, name):
			value = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(value)
			value = strings.TrimPrefix(strings.TrimPrefix(value, "mailto:"), "MAILTO:")
			found[name] = strings.ToValidUTF8(value[:min(len(value), 300)], "")
		}
	}
	var out []string
	for _, name := range calendarFields {
		if v := found[name]; v != "" {
			out = append(out, name+": "+v)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "[" + strings.Join(out, "; ") + "]"
}

// Forwarded gives the mail that another one passes on: the first that is
// attached whole, or one that stands in its text under a head of its own, if
// mark or subject says that it was passed on and not answered. It is nil if
// there is none, or if its author is not named.
func Forwarded(m *complaints.Message, d Desk) *complaints.Message {
	for _, a := range m.Attachments {
		if a.Type == "message/rfc822" || a.Type == "message/global" {
			f := Parse(a.Content, Desk{Address: d.Address, Limits: d.Limits})
			if f.From.Addr == "" || f.Hold != "" || f.Class == complaints.Bounce {
				return nil
			}
			return f
		}
	}
	head, body, ok := words.PassedOn(m.Text, m.Subject)
	if !ok {
		return nil
	}
	f := &complaints.Message{From: complaints.Address{Name: head.Name, Addr: head.Addr}, Subject: head.Subject, Text: body, OwnWords: words.Own(body)}
	f.Date, _ = parseDate(head.Date)
	return f
}

// calendarAnswer reads what a calendar program answers to an invitation (METHOD:REPLY
// of RFC 5546 section 3.2.3); nil if the part says anything else.
func calendarAnswer(s string) *complaints.RSVP {
	unfolded := strings.NewReplacer("\n ", "", "\n\t", "").Replace(words.Plain(s))
	out, method, inEvent := &complaints.RSVP{}, "", false
	for line := range strings.SplitSeq(unfolded, "\n") {
		name, value, params := property(strings.TrimRight(line, "\r"))
		switch {
		case name == "METHOD":
			method = strings.ToUpper(value)
		case name == "BEGIN" || name == "END":
			if strings.EqualFold(value, "VEVENT") {
				inEvent = name == "BEGIN" && out.UID == "" // the first event is the one
			}
		case !inEvent:
		case name == "UID":
			out.UID = short(value)
		case name == "COMMENT" && out.Comment == "":
			out.Comment = short(strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(value))
		case name == "ATTENDEE" && out.Attendee == "":
			if len(value) > 7 && strings.EqualFold(value[:7], "mailto:") {
				value = value[7:]
			}
			out.Attendee, out.Status = short(strings.ToLower(value)), strings.ToUpper(params["PARTSTAT"])
		}
	}
	if method != "REPLY" || out.UID == "" || out.Attendee == "" {
		return nil
	}
	return out
}

func short(s string) string { return strings.ToValidUTF8(strings.TrimSpace(s[:min(len(s), 300)]), "") }

// property takes a content line apart (RFC 5545 section 3.1): colons and
// semicolons within quotation marks part nothing.
func property(line string) (name, value string, params map[string]string) {
	params = map[string]string{}
	quoted, from := false, 0
	var parts []string
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			parts, from = append(parts, line[from:i]), i+1
		case c == ':' && !quoted:
			parts = append(parts, line[from:i])
			for _, p := range parts[1:] {
				k, v, _ := strings.Cut(p, "=")
				params[strings.ToUpper(strings.TrimSpace(k))] = strings.Trim(v, `"`)
			}
			return strings.ToUpper(strings.TrimSpace(parts[0])), strings.TrimSpace(line[i+1:]), params
		}
	}
	return "", "", params
}
