package words

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// originalMark stands in an HTML mail's own text where the mail program marked
// the start of the mail that is answered.
const originalMark = "-----Original Message-----"

// element is an open HTML element and what it does to the text in it.
type element struct {
	name   string
	hidden bool // not to be seen
	notOwn bool // not by the author: a signature that the program added
	quoted bool
	list   int // next number of an ol, -1 for ul
}

// page turns HTML into lines: all that can be seen, and the author's share.
type page struct {
	whole, own lines
	stack      []element
	deeper     int // elements beyond maxOpen
	hidden     int
	notOwn     int
	quotes     int
	pre        int
}

// maxOpen bounds the elements whose end is waited for.
const maxOpen = 5000

// FromHTML turns HTML into text: blocks are lines, quotations begin with “>”,
// what is hidden is left out. own lacks signatures and has originalMark where
// a quotation begins that only the markup shows. Reading ends when the text is
// longer than limit. The tokenizer is used, not the parser: html.Parse refuses
// deep nesting, and mail is rarely well formed.
func FromHTML(s string, limit int) (whole, own string) {
	p := &page{}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(8 << 20)
	for p.whole.b.Len() <= limit {
		switch z.Next() {
		case html.ErrorToken:
			return p.whole.b.String(), p.own.b.String()
		case html.TextToken:
			if p.hidden == 0 {
				p.text(string(z.Text()))
			}
		case html.StartTagToken:
			p.start(z, false)
		case html.SelfClosingTagToken:
			p.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		}
	}
	return p.whole.b.String(), p.own.b.String()
}

// both does the same to the whole text and, where they are the author's, to
// the own words.
func (p *page) both(f func(*lines)) {
	if p.hidden > 0 {
		return
	}
	f(&p.whole)
	if p.notOwn == 0 {
		f(&p.own)
	}
}

// text adds what the tokenizer found between two tags.
func (p *page) text(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	p.both(func(l *lines) {
		for line := range strings.SplitAfterSeq(s, "\n") {
			l.text(line, p.quotes, p.pre > 0)
			if p.pre > 0 && strings.HasSuffix(line, "\n") {
				l.newline()
			}
		}
	})
}

// start opens an element: what it breaks, hides, quotes or numbers.
func (p *page) start(z *html.Tokenizer, selfClosing bool) {
	raw, more := z.TagName()
	e := element{name: string(raw)}
	var id, class, style, kind, alt string
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "id", "name":
			id = string(v)
		case "class":
			class = string(v)
		case "style":
			style = strings.ToLower(strings.ReplaceAll(string(v), " ", ""))
		case "type":
			kind = string(v)
		case "alt":
			alt = string(v)
		case "hidden":
			e.hidden = true
		}
	}
	switch e.name {
	case "br":
		p.both((*lines).newline)
	case "p":
		// Word writes each line as a paragraph without space around it
		if strings.Contains(class, "MsoNormal") || strings.Contains(style, "margin:0") {
			p.both((*lines).block)
		} else {
			p.both((*lines).paragraph)
		}
	case "hr":
		p.both((*lines).block)
		p.both(func(l *lines) { l.text("--------", p.quotes, false) })
		p.both((*lines).block)
	case "td", "th":
		p.both((*lines).blank)
	case "img":
		// emoji are sent as pictures
		if r := []rune(alt); len(r) > 0 && len(r) <= 4 && r[0] > 0x2000 {
			p.text(alt)
		}
	case "ul":
		e.list = -1
	case "ol":
		e.list = 1
	case "script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "textarea", "select":
		e.hidden = true
	case "pre", "listing", "xmp":
		p.both((*lines).block)
	case "blockquote":
		// indentation by the author is no quotation
		e.quoted = !strings.Contains(style, "border:none") && !strings.Contains(style, "border:0") || kind == "cite"
	}
	if isBlock(e.name) {
		p.both((*lines).block)
	}
	if e.name == "li" {
		p.item()
	}
	e.hidden = e.hidden || isHidden(style)
	// The mark goes into the own words only: OwnWords cuts there.
	switch quoteMark(id, class) {
	case markQuote:
		p.both((*lines).block)
		if p.hidden == 0 {
			p.own.text(originalMark, p.quotes, false)
		}
		p.own.block()
	case markSignature:
		e.notOwn = true
	}
	// text that is white on white is seen, but nobody wrote it to be seen
	e.notOwn = e.notOwn || strings.Contains(";"+style+";", ";color:white;") || strings.Contains(";"+style+";", ";color:#ffffff;") || strings.Contains(";"+style+";", ";color:#fff;")
	if selfClosing || isVoid(e.name) {
		return
	}
	p.push(e)
}

// item begins a list item with its number or a dash.
func (p *page) item() {
	mark := "- "
	for i := len(p.stack) - 1; i >= 0 && i > len(p.stack)-64; i-- {
		if n := p.stack[i].list; n > 0 {
			mark = strconv.Itoa(n) + ". "
			p.stack[i].list++
			break
		} else if n < 0 {
			break
		}
	}
	p.both(func(l *lines) { l.text(mark, p.quotes, true) })
}

// push keeps an element until its end. Only its effect is remembered, so that
// a tree of any depth costs no more than maxOpen.
func (p *page) push(e element) {
	if n := len(p.stack); n > 0 && p.stack[n-1].name == e.name {
		switch e.name { // elements whose end tag is often left out
		case "p", "li", "td", "th", "tr", "dt", "dd", "option":
			p.pop()
		}
	}
	if len(p.stack) >= maxOpen {
		p.deeper++
		return
	}
	p.count(e, 1)
	p.stack = append(p.stack, e)
}

// pop ends the innermost element.
func (p *page) pop() {
	n := len(p.stack) - 1
	p.count(p.stack[n], -1)
	p.stack = p.stack[:n]
}

// count adds or takes away the effect of an element.
func (p *page) count(e element, by int) {
	if e.hidden {
		p.hidden += by
	}
	if e.notOwn {
		p.notOwn += by
	}
	if e.quoted {
		p.quotes += by
	}
	if e.name == "pre" {
		p.pre += by
	}
}

// end closes the innermost element of that name. An end tag that fits none of
// the last 64 is ignored: browsers do so too, and a search to the root for each
// would be quadratic.
func (p *page) end(name string) {
	if p.deeper > 0 {
		p.deeper--
		return
	}
	for i := len(p.stack) - 1; i >= 0 && i >= len(p.stack)-64; i-- {
		if p.stack[i].name == name {
			for len(p.stack) > i {
				p.pop()
			}
			break
		}
	}
	if name == "p" || isBlock(name) {
		p.both((*lines).block)
	}
}

// isVoid names the elements that have no content and no end tag.
func isVoid(name string) bool {
	switch name {
	case "br", "hr", "img", "meta", "link", "input", "area", "base", "col", "embed", "source", "track", "wbr", "param":
		return true
	}
	return false
}

// isBlock names the elements that begin and end a line.
func isBlock(name string) bool {
	switch name {
	case "div", "tr", "table", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article",
		"header", "footer", "center", "pre", "dt", "dd", "dl", "address", "form", "fieldset", "figure", "caption", "body":
		return true
	}
	return false
}

// isHidden judges a style, in lower case and without spaces.
func isHidden(style string) bool {
	for _, h := range []string{"display:none", "visibility:hidden", "mso-hide:all", "opacity:0;", "max-height:0;", "max-height:0px"} {
		if strings.Contains(style+";", h) {
			return true
		}
	}
	_, size, ok := strings.Cut(style, "font-size:0")
	return ok && (size == "" || size[0] != '.' && (size[0] < '0' || size[0] > '9'))
}

// mark is what the name of an element says of its place in a reply.
type mark int

const (
	markNone mark = iota
	markQuote
	markSignature
)

// quoteMark knows the names by which mail programs mark what is not the
// author's: the head of a quotation, and signatures.
func quoteMark(id, class string) mark {
	switch strings.ToLower(strings.TrimPrefix(id, "x_")) {
	case "divrplyfwdmsg", "appendonsend", "isreplycontent", "mail-editor-reference-message-container", "replysplit",
		"lineheaderreply", "oriordeleted", "origbody", "reply139content", "ntes-pcmac-quote":
		return markQuote
	case "signature", "ms-outlook-mobile-signature", "applemailsignature", "ntes-pcmac-signature", "ntes-pcmail-signature", "ntes-iosmail-signature", "mail-app-auto-default-signature":
		return markSignature
	}
	for c := range strings.FieldsSeq(class) {
		switch strings.TrimPrefix(strings.ToLower(c), "x_") {
		case "outlookmessageheader", "yahoo_quoted", "moz-forward-container", "xm_compose_origin_mail_container", "zmail_extra", "history-quote-wrapper", "protonmail_quote":
			return markQuote
		case "gmail_signature", "moz-signature", "gmail_signature_prefix", "ntes-signature", "xm_compose_sign", "xmail_sign", "protonmail_signature_block":
			return markSignature
		}
	}
	return markNone
}

// lines is text in the making: line ends are written when more text follows.
type lines struct {
	b     strings.Builder
	ends  int // line ends to write before the next text
	space bool
	nbsp  bool // the line has held nothing but no-break spaces
	inked bool // the line holds text
}

// text adds text to the line, white space folded unless kept.
func (l *lines) text(s string, depth int, keep bool) {
	if keep {
		l.write(strings.TrimRight(s, "\r\n"), depth)
		return
	}
	for s != "" {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			l.write(s[:i], depth)
			s = s[i:]
			continue
		}
		n := 0
		for _, r := range s {
			if !unicode.IsSpace(r) {
				break
			}
			l.nbsp = l.nbsp || r == 0xa0 && !l.inked
			if r == 0x3000 { // an ideographic space is content
				l.write("\u3000", depth)
			} else {
				l.space = true
			}
			n += len(string(r))
		}
		s = s[n:]
	}
}

// write puts text down, after the line ends that are due. A line of a
// quotation begins with one “>” for each level.
func (l *lines) write(s string, depth int) {
	s = Plain(s)
	if s == "" {
		return
	}
	if l.b.Len() == 0 {
		l.ends, l.inked = 0, false
	}
	first := l.b.Len() == 0 || l.ends > 0
	for ; l.ends > 0; l.ends-- {
		l.b.WriteByte('\n')
		if l.ends > 1 && depth > 0 {
			l.b.WriteString(strings.Repeat(">", depth))
		}
	}
	if first && depth > 0 {
		l.b.WriteString(strings.Repeat(">", depth) + " ")
	}
	if l.space && !first {
		l.b.WriteByte(' ')
	}
	l.b.WriteString(s)
	l.space, l.nbsp, l.inked = false, false, true
}

// newline is a br: each one ends a line.
func (l *lines) newline() {
	l.ends = min(l.ends+1, 3)
	l.space, l.nbsp, l.inked = false, false, false
}

// block begins a line of its own, unless one has begun.
func (l *lines) block() {
	if l.nbsp && !l.inked {
		l.newline()
	}
	l.ends = max(l.ends, 1)
	l.space, l.nbsp, l.inked = false, false, false
}

// paragraph begins a line after an empty one.
func (l *lines) paragraph() {
	l.block()
	l.ends = max(l.ends, 2)
}

// blank parts two cells of a table.
func (l *lines) blank() { l.space = true }
