// Package mailin hears: it takes mail from the IMAP mailbox and reads it.
//
// This is the reading half's procedure; nothing in it does I/O or fails:
//
//  1. Parse hashes the raw bytes and reads the header block, mended where it
//     is broken, under the limits of Limits.
//  2. The body is split into parts in one pass (split), each part's transfer
//     encoding and charset are undone, and what is no text to read becomes an
//     attachment. An attached message is one attachment.
//  3. OwnWords cuts quotation and signature from what the author wrote.
//  4. class decides what kind of correspondent wrote, with the mark that
//     decided it; a bounce's report is read (DSN).
//  5. authenticate says who vouches for the sender: our own MX, by position,
//     or our own verification of signatures.
//
// What is wrong with a mail stands in Problems. A limit that was met stands
// in Hold, and the mail is then to be kept whole for a person to look at.
package mailin

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"

	"complaints"
	"complaints/mailin/limits"
	"complaints/mailin/lines"
	"complaints/mailin/words"

	"github.com/emersion/go-message"
)

// Desk is what reading needs to know of the desk. The zero value reads any
// mail: nothing is believed, nobody is staff, the limits are the defaults.
type Desk struct {
	Address    string                 // the desk's own addr-spec; mail from it is never answered
	OwnMark    func(mark string) bool // verifies X-Complaintsd-Loop; nil: no mark is ours
	IsStaff    func(addr string) bool // the staff register; nil: nobody is
	AuthservID string                 // whose Authentication-Results are believed; "": nobody's
	Position   int                    // how many Received fields of our own hosts stand above that field
	VerifyDKIM Verifier               // of DKIM signatures, see DKIMDomains; nil: off
	Limits     Limits
}

// Limits bound what one mail may cost.
type Limits = limits.Limits

// reader is the state of reading one mail.
type reader struct {
	Desk
	m        *complaints.Message
	start    time.Duration
	parts    int
	decoded  int
	text     int
	wraps    int  // signed envelopes that were opened
	strayed  int  // multiparts within which one outside of the parts is read
	exchange bool // an Exchange wrote the mail's body into the winmail.dat
}

// Parse reads a mail. It gives a message for any bytes whatever.
func Parse(raw []byte, d Desk) (m *complaints.Message) {
	d.Limits = d.Limits.WithDefaults()
	sum := sha256.Sum256(raw)
	m = &complaints.Message{
		SHA256: hex.EncodeToString(sum[:]), Size: len(raw), Class: complaints.Public,
		To: []complaints.Address{}, Cc: []complaints.Address{}, References: []string{},
		Attachments: []complaints.Attachment{}, Problems: []string{},
		Auth: complaints.Auth{DKIM: []string{}},
	}
	runtime.LockOSThread() // whose time is measured
	defer runtime.UnlockOSThread()
	r := &reader{Desk: d, m: m, start: limits.ThreadTime()}
	// The libraries below were shown to misread hostile mail; a fault of
	// theirs must cost this one mail its reading, not the mailbox its daemon.
	defer func() {
		if e := recover(); e != nil {
			r.problem("the reader failed: %v", e)
			r.hold("the reader failed")
		}
	}()
	r.read(raw)
	return m
}

func (r *reader) read(raw []byte) {
	bare := lines.BareCR(raw[:min(len(raw), r.Limits.Header+4096)])
	if bare {
		raw = r.lineEnds(raw)
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		r.problem("NUL bytes")
	}
	h, body := r.header(r.skipBlank(raw), nil)
	r.fields(h)
	r.m.ContentHash = contentHash(h, body)
	root := &part{header: h}
	root.readType("")
	if !h.Has("Content-Type") && undeclared(body) {
		root.media = "multipart/mixed"
	}
	r.exchange = h.Has("X-Ms-Tnef-Correlator") || root.isTNEF()
	switch {
	case len(raw) > r.Limits.Parsed:
		r.hold("larger than %d bytes", r.Limits.Parsed)
	case r.m.Hold == "":
		r.split(root, body)
	}
	var t texts
	if r.m.Hold == "" {
		r.collect(root, &t)
	}
	switch {
	case !h.Has("Content-Type") && root.isMultipart():
		r.problem("no Content-Type, read as a multipart")
	case !h.Has("Content-Type"):
		r.problem("no Content-Type, read as plain text")
	case !h.Has("Mime-Version"):
		r.problem("no MIME-Version")
	}
	t.settle()
	if len(t.pieces) > 0 && t.pieces[0].html {
		r.problem("no plain text, the HTML is read")
	}
	r.m.Text, r.m.Charset = t.whole(), t.charset
	if r.m.Hold == "" && !r.late() {
		own := t.own()
		r.m.OwnWords = words.Own(strings.ToValidUTF8(own[:min(len(own), r.Limits.Text)], ""))
	}
	r.m.Class, r.m.Why = r.class(root, h)
	if r.m.Class == complaints.Bounce {
		r.m.DSN = readDSN(root, h, r.m)
	}
	if !bare { // the hosts that vouch for it may have seen other fields
		r.authenticate(h, raw)
	}
}

// lineEnds gives lines that end in a bare CR the end that lines have.
func (r *reader) lineEnds(b []byte) []byte {
	r.problem("lines are ended by a bare CR")
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// problem notes what is wrong with the mail, each thing once.
func (r *reader) problem(format string, args ...any) {
	p := clean(fmt.Sprintf(format, args...))
	if len(r.m.Problems) < 50 && !slices.Contains(r.m.Problems, p) {
		r.m.Problems = append(r.m.Problems, p)
	}
}

// hold notes the first limit that was met.
func (r *reader) hold(format string, args ...any) {
	if r.m.Hold == "" {
		r.m.Hold = fmt.Sprintf(format, args...)
	}
}

// late reports, and holds the mail, when reading took too long.
func (r *reader) late() bool {
	if limits.ThreadTime()-r.start < r.Limits.Time {
		return false
	}
	r.hold("reading took longer than %v", r.Limits.Time)
	return true
}

// fields reads the header fields of the mail itself.
func (r *reader) fields(h message.Header) {
	m := r.m
	froms := r.addresses(h, "From")
	m.Froms = len(froms)
	if len(froms) > 0 {
		m.From = froms[0]
	} else {
		r.problem("no From address")
	}
	if a := r.addresses(h, "Reply-To"); len(a) > 0 {
		m.ReplyTo = a[0].Addr
	}
	m.To = append(m.To, r.addresses(h, "To")...)
	m.Cc = append(m.Cc, r.addresses(h, "Cc")...)
	for _, f := range []string{"Delivered-To", "X-Original-To", "Envelope-To"} {
		for _, a := range r.addresses(h, f) {
			if !slices.Contains(m.Delivered, a.Addr) {
				m.Delivered = append(m.Delivered, a.Addr)
			}
		}
	}
	if v := h.Values("Return-Path"); len(v) > 0 {
		m.ReturnPath = "<>"
		if a := parseAddresses(v[0], 1); len(a) > 0 {
			m.ReturnPath = a[0].Addr
		}
	}
	m.Subject = decodeHeader(h.Get("Subject"))
	if ids := parseIDs(h.Get("Message-Id")); len(ids) > 0 {
		m.MessageID = ids[0]
	} else {
		r.problem("no Message-ID")
	}
	m.InReplyTo = parseIDs(strings.Join(h.Values("In-Reply-To"), " "))
	for _, id := range append(parseIDs(strings.Join(h.Values("References"), " ")), m.InReplyTo...) {
		if !slices.Contains(m.References, id) && len(m.References) < r.Limits.Addresses {
			m.References = append(m.References, id)
		}
	}
	var ok bool
	if m.Date, ok = parseDate(h.Get("Date")); !ok {
		r.problem("no readable Date: %.60q", h.Get("Date"))
	}
	if n := len(h.Values("Received")); n > r.Limits.Hops {
		r.hold("%d Received fields, more than %d", n, r.Limits.Hops)
	}
}

// addresses reads every field of one name, up to the limit.
func (r *reader) addresses(h message.Header, name string) []complaints.Address {
	var all []complaints.Address
	for _, v := range h.Values(name) {
		all = append(all, parseAddresses(v, r.Limits.Addresses+1-len(all))...)
		if len(all) > r.Limits.Addresses {
			r.hold("more than %d addresses in %s", r.Limits.Addresses, name)
			return all[:r.Limits.Addresses]
		}
	}
	return all
}

// texts are the parts of a mail that are there to be read, in order.
type texts struct {
	pieces   []piece
	enclosed []piece  // the body in a winmail.dat: read if there is no other
	notes    []string // invitations: shown, and nobody's own words
	charset  string
}

// piece is the text of one part: all of it, and without what only the markup
// tells from the author's words.
type piece struct {
	whole, own  string
	html        bool
	stray, bare bool // outside of the parts; and without a head of its own
}

func (t *texts) whole() string { return t.join(func(p piece) string { return p.whole }, t.notes...) }

// proper reports whether a part says anything.
func (t *texts) proper() bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool { return !p.stray && strings.TrimSpace(p.whole) != "" })
}

// own is the author's share. What stands in further parts is the author's too,
// around a picture for example; but programs on the way add parts as well, so a
// line there that looks like a command is marked as a quotation. What stands
// outside of the parts is the author's if nothing else is.
func (t *texts) own() string {
	proper, said := t.proper(), false
	return t.join(func(p piece) string {
		s := p.own
		switch {
		case p.bare && proper:
			return ""
		case said || p.stray:
			s = commandLike.ReplaceAllString(s, "> $0")
		}
		said = said || !p.stray && strings.TrimSpace(s) != ""
		return s
	})
}

// namesHTML tells the plain text of programs that write HTML only.
var namesHTML = regexp.MustCompile(`(?i)\bHTML\b`)

// commandLike is a line that is a command, whatever unseen stands before it.
var commandLike = regexp.MustCompile(`(?m)^[^\pL\pN\n>#＃]*[#＃][^\pL\pN\n#＃]*[\pL?？]`)

// settle chooses what is read of what says the same: programs put a text and
// its HTML side by side, where alternatives should be.
func (t *texts) settle() {
	if !t.proper() && len(t.notes) == 0 {
		t.pieces = append(t.pieces, t.enclosed...)
	}
	plain := map[string]bool{}
	for _, p := range t.pieces {
		if !p.html {
			plain[letters(p.whole)] = true
		}
	}
	t.pieces = slices.DeleteFunc(t.pieces, func(p piece) bool { return p.html && plain[letters(p.whole)] })
}

// letters are the letters and digits of a text.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

func (t *texts) join(text func(piece) string, more ...string) string {
	var all []string
	for _, p := range t.pieces {
		if s := strings.TrimRight(text(p), " \n\t"); s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(append(all, more...), "\n\n")
}

// collect walks the parts: text to read goes to t, the rest are attachments.
// Of alternatives the plain text that says anything is read, else the first
// that says anything.
func (r *reader) collect(p *part, t *texts) {
	if r.m.Hold != "" || r.late() {
		return
	}
	switch {
	case p.stray:
		r.problem("text outside of the parts")
		within, inside := texts{}, *p
		inside.stray = false
		r.collect(&inside, &within)
		for _, pc := range within.pieces {
			pc.stray, pc.bare = true, p.header.Len() == 0
			t.pieces = append(t.pieces, pc)
		}
		t.notes = append(t.notes, within.notes...)
		t.note(within.charset)
	case p.isMultipart() && !slices.ContainsFunc(p.kids, func(k *part) bool { return !k.stray || k.header.Len() > 0 }):
		if len(bytes.TrimSpace(p.body)) > 0 {
			r.problem("a multipart without parts")
			r.addText(p, t)
		}
	case p.media == "multipart/alternative":
		best := texts{}
		for _, kid := range p.kids {
			var kt texts
			r.collect(kid, &kt)
			kt.pieces = slices.DeleteFunc(kt.pieces, func(p piece) bool {
				if p.stray {
					t.pieces = append(t.pieces, p)
				}
				return p.stray
			})
			t.enclosed, t.notes = append(t.enclosed, kt.enclosed...), append(t.notes, kt.notes...)
			if kt.notes, kt.enclosed = nil, nil; kt.whole() == "" {
				continue
			}
			switch plain := best.whole(); {
			case plain == "", best.pieces[0].html && !kt.pieces[0].html:
				best = kt
			case kt.pieces[0].html && len(plain) < 300 && namesHTML.MatchString(plain) && !strings.Contains(letters(kt.whole()), letters(plain)):
				best = kt // what stands for the HTML only says so, and runs nothing
				for i := range best.pieces {
					best.pieces[i].own = commandLike.ReplaceAllString(best.pieces[i].own, "> $0")
				}
			case kid.media == "text/plain" && !strings.Contains(letters(plain), letters(kt.whole())):
				best.pieces = append(best.pieces, kt.pieces...)
			}
		}
		t.pieces = append(t.pieces, best.pieces...)
		t.note(best.charset)
	case p.isMultipart():
		if p.media == "multipart/signed" {
			r.problem("signed (%s): the signature was not checked", cmp.Or(p.params["protocol"], "no protocol"))
		}
		for _, kid := range p.kids {
			r.collect(kid, t)
		}
	case p.isText():
		r.addText(p, t)
	case p.media == "text/x-amp-html":
	case isSMIME(p.media) && p.kids == nil:
		if r.opened(p); r.m.Hold != "" {
			return
		}
		var within texts
		for _, kid := range p.kids {
			r.collect(kid, &within)
		}
		for _, pc := range within.pieces {
			if p.in != "" {
				pc.own = "" // a signed mail that is passed on is not the author's
			}
			t.pieces = append(t.pieces, pc)
		}
		t.note(within.charset)
		r.attach(p)
	case p.isTNEF():
		content := r.decode(p)
		r.attachAs(p, content)
		if r.m.Hold == "" {
			r.tnef(content, t)
		}
	case p.media == "text/calendar":
		content := r.decode(p)
		r.attachAs(p, content)
		s, _, _ := decodeText(content[:min(len(content), r.Limits.Text)], p.params["charset"])
		if a := calendarAnswer(s); a != nil && r.m.RSVP == nil {
			r.m.RSVP = a
		}
		if s = invitation(s); s != "" && len(t.notes) < 10 {
			t.notes = append(t.notes, s)
		}
	default:
		r.attach(p)
	}
}

func (r *reader) addText(p *part, t *texts) {
	b := p.body
	if !p.isMultipart() {
		b = r.decode(p)
	}
	if r.decoded += len(b); r.decoded > r.Limits.Decoded {
		r.hold("more than %d bytes of decoded parts", r.Limits.Decoded)
		return
	}
	pc := r.textOf(p, b, t)
	if max := r.Limits.Text; len(pc.whole) > max {
		r.hold("more than %d bytes of text in a part", max)
		pc.whole = strings.ToValidUTF8(pc.whole[:max], "")
		pc.own = strings.ToValidUTF8(pc.own[:min(len(pc.own), max)], "")
	}
	t.pieces = append(t.pieces, pc)
	if r.text += len(pc.whole); r.text > 4*r.Limits.Text {
		r.hold("more than %d bytes of text", 4*r.Limits.Text)
	}
}

// textOf reads the decoded bytes of a text part.
func (r *reader) textOf(p *part, b []byte, t *texts) piece {
	label := p.params["charset"]
	start := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 1024)]))
	html := p.media == "text/html" || bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
	if html && label == "" {
		if _, meta, ok := bytes.Cut(start, []byte("charset=")); ok {
			meta = bytes.TrimLeft(meta, "\"' ")
			label = string(meta[:len(meta)-len(bytes.TrimLeft(meta, "abcdefghijklmnopqrstuvwxyz0123456789-_"))])
		}
	}
	if html {
		return r.piece(b, label, true, t)
	}
	b = r.cutUU(b)
	if max := 4 * r.Limits.Text; len(b) > max {
		b = b[:max] // at most four bytes a character: over the limit all the same
	}
	pc := r.piece(b, label, false, t)
	if strings.EqualFold(p.params["format"], "flowed") {
		pc.whole = words.Unflow(pc.whole, strings.EqualFold(p.params["delsp"], "yes"))
		pc.own = pc.whole
	}
	if s, signed := clearSigned(pc.whole); signed {
		r.problem("signed (PGP): the signature was not checked")
		pc.whole, pc.own = s, s
	}
	return pc
}

// piece gives bytes as text.
func (r *reader) piece(b []byte, label string, html bool, t *texts) piece {
	s, charset, problem := decodeText(b, label)
	if problem != "" {
		r.problem("%s", problem)
	}
	t.note(charset)
	pc := piece{html: html}
	if html {
		pc.whole, pc.own = words.FromHTML(s, r.Limits.Text+1)
	} else {
		pc.whole = words.Plain(s)
		pc.own = pc.whole
	}
	return pc
}

// note keeps the charset of the text: the first that is more than ASCII.
func (t *texts) note(charset string) {
	if t.charset == "" || t.charset == "us-ascii" {
		t.charset = cmp.Or(charset, t.charset)
	}
}
