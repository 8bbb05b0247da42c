package mailin

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"complaints"
	"complaints/mailin/filename"
	"complaints/mailin/lines"
	"complaints/mailin/words"

	"github.com/emersion/go-message"
)

// part is one entity of RFC 2045. A multipart has kids, if its body could be
// divided; any other part has the bytes of its body, still encoded.
type part struct {
	header message.Header
	media  string            // type/subtype in lower case
	params map[string]string // of Content-Type, decoded
	disp   string            // attachment, inline or ""
	name   string            // the file name that the part gives, decoded, not yet made safe
	in     string            // media type of the enclosing multipart
	body   []byte
	kids   []*part
	stray  bool // what stands above, below or between the parts of a multipart
}

// readType reads Content-Type and Content-Disposition.
func (p *part) readType(in string) {
	p.in = in
	// The disposition's name is the better one: name= is often cut or guessed.
	p.media, p.params = parseParams(p.header.Get("Content-Type"))
	var d map[string]string
	p.disp, d = parseParams(p.header.Get("Content-Disposition"))
	p.name = d["filename"]
	if p.name == "" {
		p.name = p.params["name"]
	}
	switch p.media {
	case "text":
		p.media = "text/plain"
	case "html":
		p.media = "text/html"
	}
	// RFC 2045 5.2: without a usable type it is plain text, unless its name
	// says that it is a file.
	if !strings.Contains(p.media, "/") {
		switch {
		case in == "multipart/digest":
			p.media = "message/rfc822"
		case p.name != "" && !strings.HasSuffix(strings.ToLower(p.name), ".txt"):
			p.media = "application/octet-stream"
		default:
			p.media = "text/plain"
		}
	}
}

func (p *part) isMultipart() bool { return strings.HasPrefix(p.media, "multipart/") }

// isTNEF reports a winmail.dat.
func (p *part) isTNEF() bool {
	return p.media == "application/ms-tnef" || p.media == "application/vnd.ms-tnef" ||
		p.media == "application/octet-stream" && strings.EqualFold(p.name, "winmail.dat")
}

// isText reports whether a part is there to be read, not a file.
func (p *part) isText() bool {
	switch p.media {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown":
		return p.disp != "attachment" && (p.name == "" || p.in == "" || p.in == "multipart/alternative")
	}
	return false
}

// open is a multipart whose end has not been seen.
type open struct {
	*part
	delimiter []byte // --boundary
	start     int    // of its body
}

// split divides a body into parts, in one pass over the lines that begin with
// “--”. go-message's multipart reader is not used for this: it is quadratic in
// nesting, and ends at the first part that is not well formed.
func (r *reader) split(root *part, b []byte) {
	root.body = b
	if !root.isMultipart() {
		return
	}
	if !bytes.Contains(b, []byte("\n--")) && bytes.Contains(b, []byte("\r--")) {
		b = r.lineEnds(b)
	}
	r.parts++
	var stack []open
	// A line can end any open multipart: programs forget the inner ends.
	match := func(line []byte) (level int, end bool) {
		line = bytes.TrimRight(line, " \t")
		for i := len(stack) - 1; i >= 0; i-- {
			if is, end := lines.Delimits(line, stack[i].delimiter); is {
				return i, end
			}
		}
		return -1, false
	}
	stack = append(stack, open{root, r.delimiter(root, b, match), 0})
	leaf, start := &part{stray: true}, 0
	// finish ends the part that is being read, and the multiparts inside level.
	finish := func(level, end int) {
		owner := stack[len(stack)-1]
		leaf.body = lines.TrimEnd(b[start:max(start, end)])
		if leaf.stray && len(bytes.TrimSpace(leaf.body)) > 0 {
			found := r.strays(leaf.body, owner.media)
			owner.kids = append(owner.kids, found...)
			if r.parts += len(found); r.parts > r.Limits.Parts {
				r.hold("more than %d parts", r.Limits.Parts)
			}
		}
		for len(stack) > level+1 {
			top := stack[len(stack)-1]
			top.body = b[top.start:max(top.start, end)]
			stack = stack[:len(stack)-1]
		}
	}
	ends := 0
	for pos := lines.NextDashes(b, 0); pos < len(b) && r.m.Hold == ""; {
		line, rest := cutLine(b[pos:])
		level, end := match(line)
		if level < 0 {
			pos = lines.NextDashes(b, pos+1)
			continue
		}
		finish(level, pos)
		if end {
			// kept on the stack: some programs go on after the end
			if ends++; ends%64 == 0 && r.late() {
				return
			}
			leaf, start = &part{stray: true}, len(b)-len(rest)
			pos = lines.NextDashes(b, pos+1)
			continue
		}
		if r.parts++; r.parts > r.Limits.Parts {
			r.hold("more than %d parts", r.Limits.Parts)
			return
		}
		if r.parts%64 == 0 && r.late() {
			return
		}
		top := stack[len(stack)-1]
		p := &part{}
		p.header, rest = r.header(rest, func(line []byte) bool { l, _ := match(line); return l >= 0 })
		if r.m.Hold != "" {
			return
		}
		p.readType(top.media)
		top.kids = append(top.kids, p)
		leaf, start = p, len(b)-len(rest)
		if p.isMultipart() {
			if len(stack) >= r.Limits.Depth {
				r.hold("nested deeper than %d levels", r.Limits.Depth)
				return
			}
			d := r.delimiter(p, rest, match)
			if l, _ := match(d); l >= 0 {
				p.media = "multipart/mixed" // what belongs to which of the two nobody knows
			}
			leaf = &part{stray: true}
			stack = append(stack, open{p, d, start})
		}
		pos = start
		if !bytes.HasPrefix(b[pos:], []byte("--")) {
			pos = lines.NextDashes(b, pos)
		}
	}
	if !leaf.stray || len(stack) > 1 {
		r.problem("the last boundary is missing")
	}
	finish(0, len(b))
}

// maxStray bytes of text outside of the parts are shown, more are kept as a file.
const maxStray = 16 << 10

// strays gives what a text above, below or between the parts of a multipart
// says, which no mail program shows: a part under its own head whose boundary
// was damaged, a text that a program on the way put there. The programs' own
// notices for those who cannot read MIME say nothing.
func (r *reader) strays(b []byte, in string) []*part {
	var found []*part
	above := b
	if at := strayHead.FindIndex(b); at != nil {
		p := &part{stray: true}
		above = strayLine.ReplaceAll(b[:at[0]], nil)
		p.header, p.body = r.header(b[at[0]:], nil)
		if p.readType(in); p.isMultipart() && r.strayed < 3 {
			r.strayed++
			r.split(p, p.body)
			r.strayed--
		}
		found = append(found, p)
	}
	if text, _, _ := decodeText(above[:min(len(above), maxStray)], ""); len(above) > maxStray || words.Said(text) {
		p := &part{stray: true, media: "text/plain", in: in, body: above}
		if len(above) > maxStray {
			p.disp = "attachment"
		}
		found = append([]*part{p}, found...)
	}
	return found
}

var (
	strayHead = regexp.MustCompile(`(?im)^content-(?:type|transfer-encoding|disposition):`)
	strayLine = regexp.MustCompile(`(?m)^\S{3,80}\r*\n?\z`) // what was a boundary
)

// undeclared reports whether a body that no Content-Type describes is a
// multipart all the same: it begins with a line “--something” above a
// Content-Type, or with a word on MIME above that, and nothing stands below its
// end. Whoever shows the source of a mail in a letter says something around it.
func undeclared(b []byte) bool {
	start := lines.NextDashes(b, 0)
	preamble := bytes.TrimSpace(b[:start])
	if len(preamble) > 0 && (len(preamble) > 400 || !bytes.Contains(preamble, []byte("MIME"))) {
		return false
	}
	line, rest := cutLine(b[start:])
	line = bytes.TrimRight(line, " \t")
	if len(line) < 4 || len(rest) < 13 || !bytes.EqualFold(rest[:8], []byte("content-")) {
		return false
	}
	end := bytes.LastIndex(rest, append([]byte("\n"), line...))
	return end >= 0 && len(bytes.Trim(rest[end+1+len(line):], "- \t\r\n")) == 0
}

// delimiter gives the line that parts begin with: the declared one, unless a
// line “--something” that a part follows stands above the first of these, or
// none of these is there. around knows the delimiters of the multiparts around
// this one, which end it.
func (r *reader) delimiter(p *part, b []byte, around func(line []byte) (int, bool)) []byte {
	declared := []byte("--" + p.params["boundary"])
	head, asked := b[:min(len(b), 64<<10)], 0
	for pos := lines.NextDashes(head, 0); pos < len(head); pos = lines.NextDashes(head, pos+1) {
		line, rest := cutLine(head[pos:])
		line = bytes.TrimRight(line, " \t")
		if level, _ := around(line); level >= 0 {
			break
		}
		if is, _ := lines.Delimits(line, declared); is && len(declared) > 2 {
			return declared
		}
		if len(bytes.Trim(line, "-=_ ")) == 0 {
			continue
		}
		begins := len(rest) > 8 && bytes.EqualFold(rest[:8], []byte("content-")) && isField(rest[:min(len(rest), 80)])
		if !begins && asked < 3 {
			asked++
			begins = bytes.Contains(b, slices.Concat([]byte("\n"), line, []byte("--")))
		}
		if begins {
			r.problem("the boundary is not the declared one")
			return bytes.Clone(line)
		}
	}
	if len(declared) > 2 {
		return declared
	}
	r.problem("a multipart without a boundary")
	return []byte("--\x00")
}

// parseParams reads a value with parameters (RFC 2045 5.1, RFC 2231) and the
// forms seen beside it: no quotation marks, a missing “;”, raw GBK, encoded
// words, pieces of encoded words, percent encoding without a charset.
func parseParams(v string) (value string, params map[string]string) {
	// Guessed first: the second byte of a GBK character can be a backslash.
	v = utf8Header(v)
	value, rest, _ := strings.Cut(v, ";")
	if strings.ContainsAny(value, "=\"") && !strings.Contains(value, "/") {
		value, rest = "", v // parameters only
	}
	if f := strings.Fields(value); len(f) > 1 { // a forgotten “;”
		value, rest = f[0], strings.Join(f[1:], " ")+";"+rest
	}
	value = strings.ToLower(clean(strings.TrimSpace(value)))
	type piece struct {
		text    string
		percent bool
	}
	// name → number of the piece (RFC 2231 3), 0 for a value that is whole
	pieces := map[string]map[int]piece{}
	for rest != "" {
		rest = strings.TrimLeft(rest, " \t;")
		i := strings.IndexAny(rest, "=;")
		if i < 0 {
			break
		}
		if rest[i] == ';' {
			rest = rest[i+1:]
			continue
		}
		key := strings.ToLower(strings.TrimSpace(rest[:i]))
		rest = strings.TrimLeft(rest[i+1:], " \t")
		var val string
		if s, n := "", 0; strings.HasPrefix(rest, `"`) {
			if s, n = quoted(rest); n > 0 {
				val, rest = s, rest[n:]
			} else {
				val, rest, _ = strings.Cut(rest[1:], ";")
			}
		} else {
			val, rest, _ = strings.Cut(rest, ";")
			val = strings.TrimSpace(val)
		}
		p := piece{text: val, percent: strings.HasSuffix(key, "*")}
		name, n := strings.TrimSuffix(key, "*"), 0
		if base, num, ok := strings.Cut(name, "*"); ok {
			if k, err := strconv.Atoi(num); err == nil && k >= 0 && k < 10000 {
				name, n = base, k+1
			}
		}
		if pieces[name] == nil {
			pieces[name] = map[int]piece{}
		}
		// filename*= is better than filename= beside it, the first better than a repetition
		if old, seen := pieces[name][n]; !seen || p.percent && !old.percent {
			pieces[name][n] = p
		}
	}
	params = map[string]string{}
	for name, byNumber := range pieces {
		numbers := make([]int, 0, len(byNumber))
		for n := range byNumber {
			numbers = append(numbers, n)
		}
		slices.Sort(numbers)
		if whole, ok := byNumber[0]; ok && (whole.percent || len(numbers) == 1) {
			numbers = []int{0}
		} else if ok {
			numbers = numbers[1:] // the pieces say more than the short form
		}
		// Pieces are joined as bytes: a character may be cut between two.
		charset, plain, raw := "", true, []byte(nil)
		for i, n := range numbers {
			p := byNumber[n]
			if p.percent {
				plain = false
				if f := strings.SplitN(p.text, "'", 3); i == 0 && len(f) == 3 {
					charset, p.text = f[0], f[2]
				}
				p.text = unpercent(p.text)
			}
			raw = append(raw, p.text...)
		}
		if plain {
			params[name] = decodePlainParam(string(raw))
		} else {
			text, _, _ := decodeText(raw, charset)
			params[name] = decodeWords(text)
		}
	}
	return value, params
}

// decodePlainParam undoes what should not be in a plain parameter: encoded
// words, and percent encoding if it gives text beyond ASCII.
func decodePlainParam(v string) string {
	if strings.Contains(v, "=?") {
		return decodeWords(v)
	}
	if strings.Count(v, "%") >= 3 {
		if u := unpercent(v); utf8.ValidString(u) && !isASCII([]byte(u)) {
			return u
		}
	}
	return v
}

// unpercent undoes percent encoding where it is well formed.
func unpercent(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// lenientQP decodes quoted-printable; a wrong escape stands for itself.
func lenientQP(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) {
			if c, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		j := i + 1
		for j < len(b) && (b[j] == ' ' || b[j] == '\t' || b[j] == '\r') {
			j++
		}
		switch { // a soft line break
		case j == len(b) || b[j] == '\n':
			i = j
			continue
		case b[j-1] == '\r':
			i = j - 1
			continue
		}
		out = append(out, '=')
	}
	return out
}

// attach keeps a part as a file.
func (r *reader) attach(p *part) {
	if len(r.m.Attachments) >= r.Limits.Attachments { // before it is decoded
		r.hold("more than %d attachments", r.Limits.Attachments)
		return
	}
	r.attachAs(p, r.decode(p))
}

// attachAs keeps a part whose content is known.
func (r *reader) attachAs(p *part, content []byte) {
	name := p.name
	// An attached mail is kept whole, and not looked into: what it holds was
	// not written to us.
	if path.Ext(name) == "" && (p.media == "message/rfc822" || p.media == "message/global") {
		quiet := &reader{Desk: r.Desk, m: &complaints.Message{}}
		h, _ := quiet.header(content, nil)
		name = cmp.Or(strings.NewReplacer("/", "_", "\\", "_").Replace(decodeHeader(h.Get("Subject"))), name, "message") + ".eml"
	}
	r.keep(name, p.media, content)
}

// keep adds a file to the mail's attachments, under a safe name.
func (r *reader) keep(name, media string, content []byte) {
	if len(r.m.Attachments) >= r.Limits.Attachments {
		r.hold("more than %d attachments", r.Limits.Attachments)
		return
	}
	if r.decoded += len(content); r.decoded > r.Limits.Decoded {
		r.hold("more than %d bytes of decoded parts", r.Limits.Decoded)
		return
	}
	if name = filename.Safe(clean(name)); name == "" {
		name = fmt.Sprintf("attachment-%d%s", len(r.m.Attachments)+1, filename.Extension(media))
	}
	sum := sha256.Sum256(content)
	r.m.Attachments = append(r.m.Attachments, complaints.Attachment{
		Name: name, Type: media, Size: len(content), SHA256: hex.EncodeToString(sum[:]), Content: content,
	})
}
