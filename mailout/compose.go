// Package mailout speaks: it turns intents to send into mail and hands them to
// the submission server, once.
//
// The outbox of package store is all there is between it and the rest of the
// daemon. Its procedure for one row of the outbox:
//
//  1. Claim a row that is due. Templates and letters give its words and its PDF.
//  2. Compose makes RFC 5322 bytes of them. The same input gives the same
//     bytes, and the bytes are kept with the row: from then on nothing is
//     composed again, whatever happens.
//  3. The row is committed as being sent, before anything is connected.
//  4. Relay.Submit sends the stored bytes in one SMTP transaction to one
//     recipient and, for a letter, to the journal.
//  5. Its Result is recorded: accepted, to be tried again, failed, or in
//     doubt. In doubt means that the final dot may have left and no reply was
//     read; such a mail is never sent again without evidence or a person.
//
// Compose and Submit know neither the database nor a clock.
package mailout

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"complaints"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Header is what stands above a mail. All texts may come from outside: they
// are made harmless, not trusted.
type Header struct {
	From       complaints.Address // the desk; its address is ASCII
	To         complaints.Address // the one recipient
	ReplyTo    complaints.Address // where the answer finds the case; zero: no field
	Subject    string
	MessageID  string    // without <>; ours, so a bad one is an error
	InReplyTo  string    // without <>, or ""; a foreign id that cannot be written is left out
	References []string  // without <>, oldest first
	Date       time.Time // the time of writing, in the zone to show
	Auto       string    // auto-generated or auto-replied (RFC 3834 section 5)
	Loop       string    // our loop mark: printable ASCII without spaces
}

// Body is what a mail says. Text is never empty; HTML may be.
type Body struct {
	Text        string // lines ended by \n or \r\n
	HTML        string // the same for programs that show HTML
	Pictures    []Picture
	Attachments []File
	Calendar    *Calendar // for calendar programs, or nil
}

// Picture is an image that the HTML shows by cid:ID (RFC 2392). It travels
// beside the words in multipart/related (RFC 2387), not among the attachments.
type Picture struct {
	ID string // left@right in ASCII without spaces, unlike all others of the mail
	File
}

// File is one attachment.
type File struct {
	Name    string
	Type    string // media type; what is none is sent as application/octet-stream
	Content []byte
}

// Limits of what is written into a header.
const (
	maxSubject    = 300 // runes
	maxName       = 100 // runes of a display name
	maxFileName   = 120 // runes
	maxID         = 400 // octets of a message-id
	maxReferences = 20  // the first and the latest are kept (RFC 5322 section 3.6.4 sets no limit)
)

// Compose writes a mail (RFC 5322, RFC 2045). The same input gives the same
// bytes: lines end with CRLF, none is longer than 998 octets, and all are
// 7-bit unless To has a local part that needs SMTPUTF8. An error means that
// the header cannot be written at all: an address that is none, a wrong
// Message-ID, a missing date.
func Compose(h Header, b Body) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8))
	if err := h.write(msg); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	text := tidy(b.Text)
	msg.SetBodyString(gomail.TypeTextPlain, text, gomail.WithPartEncoding(encodingOf(text)))
	if b.HTML != "" {
		html := tidy(b.HTML)
		msg.AddAlternativeString(gomail.TypeTextHTML, html, gomail.WithPartEncoding(encodingOf(html)))
	}
	for _, p := range b.Pictures {
		if msgID(p.ID) == "" {
			return nil, fmt.Errorf("compose: %q is no Content-ID", p.ID)
		}
		msg.EmbedReadSeeker(p.Name, bytes.NewReader(p.Content), p.fields)
	}
	if c := b.Calendar; c != nil {
		msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+c.Method), c.Content, gomail.WithPartEncoding(gomail.EncodingB64))
	}
	for _, f := range b.Attachments {
		msg.AttachReadSeeker(f.Name, bytes.NewReader(f.Content), f.fields)
	}
	var out bytes.Buffer
	out.Grow(size(b))
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	raw, err := settle(out.Bytes(), h.MessageID)
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	if err := checkBytes(raw); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	return raw, nil
}

// size guesses how many octets a mail will have, so that a large one is not
// copied again and again while it grows.
func size(b Body) int {
	n := 8<<10 + 2*(len(b.Text)+len(b.HTML))
	for _, f := range b.Attachments {
		n += len(f.Content)/3*4*78/76 + 1<<10
	}
	for _, p := range b.Pictures {
		n += len(p.Content)/3*4*78/76 + 1<<10
	}
	return n
}

// write sets the fields. Addresses go in as ready text, since the library
// writes names in a form that cannot be folded where they are long.
func (h Header) write(msg *gomail.Msg) error {
	if h.Date.IsZero() {
		return errors.New("no date")
	}
	id := msgID(h.MessageID)
	if id == "" || !strings.Contains(id, "@") {
		return errors.New("message-id: want left@right in ASCII without spaces")
	}
	if h.Auto != "auto-generated" && h.Auto != "auto-replied" {
		return errors.New("auto-submitted: want auto-generated or auto-replied")
	}
	if !plain(h.Loop) || strings.Contains(h.Loop, " ") {
		return errors.New("loop mark: want one word of printable ASCII")
	}
	set := func(field, value string) {
		if value != "" {
			msg.SetGenHeader(gomail.Header(field), value)
		}
	}
	for _, f := range []struct {
		name string
		a    complaints.Address
	}{{"From", h.From}, {"To", h.To}, {"Reply-To", h.ReplyTo}} {
		if f.a.Addr == "" && f.name == "Reply-To" {
			continue
		}
		v, err := mailbox(f.a, f.name)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", strings.ToLower(f.name), err)
		case isASCII(v):
			set(f.name, v)
		case f.name == "To":
			// The only field that may hold UTF-8 as it is (RFC 6532).
			msg.SetGenHeaderPreformatted("To", v)
		default:
			return fmt.Errorf("%s: want an ASCII address", strings.ToLower(f.name))
		}
	}
	subject := oneLine(h.Subject, maxSubject)
	if !plain(subject) {
		subject = encodeWords(subject, firstWord("Subject"))
	}
	msg.SetGenHeader("Subject", subject)
	msg.SetDateWithValue(h.Date)
	set("Message-ID", id)
	set("In-Reply-To", msgID(h.InReplyTo))
	set("References", references(h.References))
	set("Auto-Submitted", h.Auto)
	set("X-Auto-Response-Suppress", "All")
	set("X-Complaintsd-Loop", h.Loop)
	return nil
}

// mailbox writes an address with its name for a field.
func mailbox(a complaints.Address, field string) (string, error) {
	p, err := path(a.Addr)
	if err != nil {
		return "", err
	}
	if p == "<>" {
		return "", fmt.Errorf("%w: it is empty", errAddress)
	}
	if name := oneLine(a.Name, maxName); name != "" {
		return phrase(name, field) + " " + p, nil
	}
	return p, nil
}

// msgID writes a message-id with its brackets, or gives "" if it cannot be
// written: foreign ones may hold anything.
func msgID(id string) string {
	if id == "" || len(id) > maxID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return ""
	}
	if strings.Contains(id, "=?") {
		return "" // a reader might decode it
	}
	return "<" + id + ">"
}

func references(ids []string) string {
	var out []string
	for _, id := range ids {
		if v := msgID(id); v != "" {
			out = append(out, v)
		}
	}
	if n := len(out); n > maxReferences {
		out = append(out[:1:1], out[n-maxReferences+1:]...)
	}
	return strings.Join(out, " ")
}

// tidy makes text fit for mail: valid UTF-8 without NUL, lines ended by CRLF,
// the last one too.
func tidy(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// encodingOf chooses the shorter of the two 7-bit encodings: quoted-printable
// for English, which stays readable, base64 for Chinese.
func encodingOf(s string) gomail.Encoding {
	var n counter
	w := quotedprintable.NewWriter(&n)
	_, err := io.WriteString(w, s)
	if err == nil && w.Close() == nil && int(n) <= base64.StdEncoding.EncodedLen(len(s)) {
		return gomail.EncodingQP
	}
	return gomail.EncodingB64
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}$`)

// fields sets the MIME fields of an attachment before the library does, whose
// names are read by few programs and folded by nothing.
func (f File) fields(to *gomail.File) {
	typ, params, err := mime.ParseMediaType(f.Type)
	// message/* and multipart/* must not be sent in base64 (RFC 2046 section 5.2.1).
	if err != nil || !mediaType.MatchString(typ) || strings.HasPrefix(typ, "message/") || strings.HasPrefix(typ, "multipart/") {
		typ, params = "application/octet-stream", nil
	}
	if cs := params["charset"]; cs != "" && mediaType.MatchString("x/"+strings.ToLower(cs)) {
		typ += "; charset=" + cs
	}
	name := fileName(f.Name)
	to.Enc = gomail.EncodingB64
	to.Header.Set("Content-Type", typ+param("name", name))
	to.Header.Set("Content-Disposition", "attachment"+param("filename", name))
}

// fields sets the MIME fields of a picture.
func (p Picture) fields(to *gomail.File) {
	p.File.fields(to)
	to.Header.Set("Content-ID", msgID(p.ID))
	to.Header.Set("Content-Disposition", "inline"+param("filename", fileName(p.Name)))
}

// fileName makes a name that no system takes for a path or a device of its own.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"/:<>?\|*`, r) {
			return '_'
		}
		return r
	}, oneLine(s, 1000))
	s = strings.Trim(s, " .")
	if n := len([]rune(s)); n > maxFileName {
		ext := []rune(filepath.Ext(s))
		if len(ext) > 12 {
			ext = nil
		}
		s = string([]rune(s)[:maxFileName-len(ext)]) + string(ext)
	}
	if s == "" {
		return "attachment"
	}
	return s
}

var loneName = regexp.MustCompile(`(?m)^([A-Za-z-]+):\r\n `)

// boundaryLen is the length of the library's random boundaries, and of ours.
const boundaryLen = 60

// settle makes the library's output final. Its boundaries are random, and if
// one is set it is used for nested parts alike, which makes them unreadable;
// so they are replaced by ones drawn from the Message-ID. These begin with =_,
// which neither quoted-printable nor base64 can contain, and so no body can
// hold one. A field name that stands alone on its line gets its value back.
func settle(raw []byte, messageID string) ([]byte, error) {
	head, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("the library wrote no body")
	}
	body := raw[len(head):]
	head = loneName.ReplaceAll(head, []byte("$1: "))
	// The header of the first part of a multipart may name a boundary as well,
	// and so on inwards: mixed, related, alternative.
	heads, random := [][]byte{}, [][]byte{}
	for top := true; ; top = false {
		quoted, boundary, ok := quoteBoundary(head)
		heads = append(heads, quoted)
		if !ok {
			if top && bytes.Contains(head, []byte("\r\nContent-Type: multipart/")) {
				return nil, errors.New("the library wrote a boundary of another form")
			}
			break
		}
		random = append(random, boundary)
		body = body[len("\r\n\r\n"):]
		head, _, _ = bytes.Cut(body, []byte("\r\n\r\n"))
		body = body[len(head):]
	}
	raw = slices.Concat(bytes.Join(heads, []byte("\r\n\r\n")), body)
	for i, b := range random {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", messageID, i))
		fixed := ("=_" + hex.EncodeToString(sum[:]))[:boundaryLen]
		for rest := raw; ; {
			at := bytes.Index(rest, b)
			if at < 0 {
				break
			}
			copy(rest[at:], fixed) // in place: the mail may be large
			rest = rest[at+boundaryLen:]
		}
	}
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		raw = append(raw, "\r\n"...)
	}
	return raw, nil
}

var lastBoundary = regexp.MustCompile(`(?s)^(.*Content-Type: multipart/[a-z]+;\r\n boundary=)([0-9a-f]{60})$`)

// quoteBoundary finds the boundary at the end of a header and puts it between
// quotes, which one with = in it needs.
func quoteBoundary(header []byte) (quoted, boundary []byte, ok bool) {
	m := lastBoundary.FindSubmatch(header)
	if m == nil {
		return header, nil, false
	}
	return slices.Concat(m[1], []byte(`"`), m[2], []byte(`"`)), bytes.Clone(m[2]), true
}

// maxLine is the longest line without its CRLF (RFC 5322 section 2.1.1).
const maxLine = 998

// checkBytes reports what would keep bytes from arriving as they are: a line
// that is not ended by CRLF, or too long, or NUL.
func checkBytes(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errors.New("the mail does not end with CRLF")
	}
	for n := 1; len(raw) > 0; n++ {
		line, rest, _ := bytes.Cut(raw, []byte("\r\n"))
		if bytes.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("line %d holds CR, LF or NUL", n)
		}
		if len(line) > maxLine {
			return fmt.Errorf("line %d has more than %d octets", n, maxLine)
		}
		raw = rest
	}
	return nil
}

// maxAddr is the longest address that a path can carry (RFC 5321 section
// 4.5.3.1.3: 256 octets with its brackets).
const maxAddr = 254

var errAddress = errors.New("not a mail address")

// path writes an addr-spec as it stands in a header and in a MAIL or RCPT
// command, brackets included; an empty one is the null path <>. A local part
// that needs quotes gets them; a domain in national script is written in its
// ASCII form (RFC 5891), so that only the local part can need SMTPUTF8.
func path(addr string) (string, error) {
	if addr == "" {
		return "<>", nil
	}
	if !utf8.ValidString(addr) || strings.ContainsFunc(addr, func(r rune) bool { return unicode.IsControl(r) || turns(r) }) {
		return "", fmt.Errorf("%w: it holds control characters", errAddress)
	}
	if strings.Contains(addr, "=?") {
		return "", fmt.Errorf("%w: it looks like an encoded word, which some reader would decode", errAddress)
	}
	// A quoted local part loses its quotes here and gets them back below.
	if a, err := mail.ParseAddress("<" + addr + ">"); err == nil {
		addr = a.Address
	} else if strings.ContainsAny(addr, " \"\\<>()[],;:") {
		return "", fmt.Errorf("%w: it holds characters that no address has", errAddress)
	}
	i := strings.LastIndexByte(addr, '@')
	if i < 1 || i == len(addr)-1 {
		return "", fmt.Errorf("%w: it wants a name and a domain around one @", errAddress)
	}
	local, domain := addr[:i], addr[i+1:]
	if !strings.HasPrefix(domain, "[") {
		ascii, err := idna.Lookup.ToASCII(domain)
		switch {
		case err == nil:
			domain = ascii
		case !isASCII(domain):
			return "", fmt.Errorf("%w: domain: %v", errAddress, err)
		case strings.ContainsFunc(domain, func(r rune) bool { return r != '.' && r != '-' && r != '_' && !isAlnum(r) }):
			return "", fmt.Errorf("%w: its domain holds characters that no domain has", errAddress)
		}
	}
	p := (&mail.Address{Address: local + "@" + domain}).String()
	if len(p) > maxAddr+2 {
		return "", fmt.Errorf("%w: it is longer than %d octets", errAddress, maxAddr)
	}
	return p, nil
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
