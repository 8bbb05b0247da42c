// Package words finds what the author of a mail wrote in what the mail says:
//
//  1. Plain and FromHTML make lines of text of a part, quotations marked by “>”;
//     Unflow joins the lines that a mail program has wrapped.
//  2. Each line is judged: a quotation or its introduction, a heading of a
//     quoted mail, a rule, a device's signature, or text (marks.go).
//  3. Own cuts there; PassedOn reads what was cut where it is a mail that the
//     author passes on.
//
// Nothing here fails, and nothing costs more than the text is long.
package words

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Own gives what the author of a mail wrote: quotations, their
// introductions and signatures are cut, in the forms of Chinese and Western
// mail programs. Quoted lines between which the author answers are kept, with
// their “>”: they say what is answered. A mail that holds nothing but a
// forwarded one has no own words.
func Own(s string) string {
	t := readLines(s)
	var out []int // the lines that stay
	said := false // whether the author has said anything so far
loop:
	for i := 0; i < len(t.lines); i++ {
		switch t.kinds[i] {
		case original:
			break loop
		case heading:
			if t.headings[i] {
				break loop
			}
			out, said = append(out, i), true
		case wrote:
			next := t.past[i].introduction
			after := t.past[next].quotation
			answers := t.kindAt(next) == quote && after < len(t.lines) && !t.onlyTail[after]
			switch {
			case said && !answers:
				break loop
			case !said && answers && t.onlyTail[t.past[after].nextQuote]:
				i = after - 1 // one answer below the quotation, or in the midst of it
				continue
			}
			for i+1 < len(t.lines) && t.kinds[i+1] == wrote {
				i++
			}
		case device:
			// a signature only where the author has nothing to add
			if !said || !t.onlyTail[i] && !t.past[i+1].quoteFollows {
				out, said = append(out, i), true
			}
		case delimiter:
			if t.sign[i] {
				break loop
			}
			out = append(out, i)
		case text:
			out, said = append(out, i), true
		default:
			out = append(out, i)
		}
	}
	if !said {
		return ""
	}
	for len(out) > 0 {
		if k := t.kinds[out[len(out)-1]]; k == text || k == heading {
			break
		}
		out = out[:len(out)-1]
	}
	for len(out) > 0 && t.kinds[out[0]] == empty {
		out = out[1:]
	}
	own := make([]string, len(out))
	for i, n := range out {
		own[i] = strings.TrimRight(t.lines[n], " \t")
	}
	return strings.Join(own, "\n")
}

// judged is a text with what is known of its lines. Everything is found in
// one pass each way, because a hostile text can make every line ask.
type judged struct {
	lines    []string
	kinds    []kind
	names    map[int]string // of the field of a heading
	headings []bool         // the head of a quoted mail begins here
	sign     []bool         // a signature begins here
	onlyTail []bool         // from this line on the author says nothing more
	past     []ahead        // one more than lines
}

// ahead is what lies at and below a line.
type ahead struct {
	introduction int  // first line that is neither wrote nor empty
	quotation    int  // first line that is no wrote, quote or empty
	nextQuote    int  // first line at or below that is a quote
	quoteFollows bool // the next line that says anything begins a quotation
}

func readLines(s string) *judged {
	t := &judged{lines: strings.Split(Plain(s), "\n"), names: map[int]string{}}
	n := len(t.lines)
	t.kinds, t.headings, t.sign = make([]kind, n), make([]bool, n), make([]bool, n)
	t.classify()
	for i := range t.names {
		t.headings[i] = t.isHeadings(i)
	}
	t.onlyTail, t.past = make([]bool, n+1), make([]ahead, n+1)
	t.onlyTail[n], t.past[n] = true, ahead{introduction: n, quotation: n, nextQuote: n}
	for i := n - 1; i >= 0; i-- {
		a := ahead{introduction: i, quotation: i, nextQuote: t.past[i+1].nextQuote}
		tail := t.onlyTail[i+1]
		switch t.kinds[i] {
		case text:
			tail = false
		case empty:
			a.introduction, a.quotation, a.quoteFollows = t.past[i+1].introduction, t.past[i+1].quotation, t.past[i+1].quoteFollows
		case quote:
			a.quotation, a.nextQuote, a.quoteFollows = t.past[i+1].quotation, i, true
		case wrote:
			a.introduction, a.quotation, a.quoteFollows = t.past[i+1].introduction, t.past[i+1].quotation, true
			tail = tail || t.kindAt(a.introduction) != quote
		case original:
			a.quoteFollows, tail = true, true
		case heading:
			a.quoteFollows = true
			tail = t.headings[i]
		case device:
			a.quoteFollows = t.past[i+1].quoteFollows
		case delimiter:
			a.quoteFollows = t.past[i+1].quoteFollows
			t.sign[i] = t.isSignature(i)
			tail = tail || t.sign[i]
		}
		t.onlyTail[i], t.past[i] = tail, a
	}
	return t
}

func (t *judged) kindAt(i int) kind {
	if i < len(t.kinds) {
		return t.kinds[i]
	}
	return empty
}

// noBreak makes blanks of no-break spaces, also as QQ writes them into plain text.
var noBreak = strings.NewReplacer("\u00a0", " ", "&nbsp;", " ")

// classify judges each line. Lines between ``` are text whatever they hold.
func (t *judged) classify() {
	kinds := t.kinds
	lines := make([]string, len(t.lines))
	for i, l := range t.lines {
		lines[i] = noBreak.Replace(l)
	}
	code := false
	for i := 0; i < len(lines); i++ {
		if kinds[i] != text {
			continue
		}
		line := lines[i]
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "```") {
			code = !code && slices.ContainsFunc(lines[i+1:min(len(lines), i+200)], func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "```") })
			continue
		}
		switch {
		case code:
		case trimmed == "":
			kinds[i] = empty
		case strings.ContainsRune("-_=*#~+–—―─━ᐧ|", first(trimmed)) && delimiterLine.MatchString(line):
			kinds[i] = delimiter
		case len(line) > maxMarkLine:
			if isQuote(line) {
				kinds[i] = quote
			}
		case strings.ContainsRune("-_—─*>", first(trimmed)) && originalLine.MatchString(line), ends(trimmed) && begunForward.MatchString(trimmed):
			kinds[i] = original
		default:
			if bareOriginal.MatchString(trimmed) && headFollows(lines[i+1:]) {
				kinds[i] = original
			} else if n := introduction(lines[i:]); n > 0 {
				for j := i; j < i+n; j++ {
					kinds[j] = wrote
				}
			} else if isQuote(line) {
				kinds[i] = quote
			} else if name := headingName(line); name != "" {
				kinds[i], t.names[i] = heading, name
			} else if len(line) < 200 && strings.ContainsRune(deviceFirst, firstLetter(trimmed)) && deviceLine.MatchString(trimmed) && !sentence.MatchString(trimmed) {
				kinds[i] = device
			}
		}
	}
	for i := 1; i < len(lines); i++ {
		if kinds[i] == text && kinds[i-1] == quote && rewrapped(lines[i-1], lines[i]) {
			kinds[i] = quote
		}
	}
}

// rewrapped reports whether a line is the rest of the quoted one above it, which
// a program on the way has wrapped: that one is full and its sentence goes on.
func rewrapped(above, line string) bool {
	above, line = strings.TrimSpace(above), strings.TrimLeft(line, " ")
	word, _, _ := strings.Cut(line, " ")
	last, _ := utf8.DecodeLastRuneInString(above)
	size := utf8.RuneCountInString(above)
	return unicode.IsLower(first(line)) && (unicode.IsLetter(last) || last == ',') && size <= 80 && size+utf8.RuneCountInString(word) >= 72
}

// headFollows reports whether the next line that says anything is a field of
// the head of a mail.
func headFollows(lines []string) bool {
	for _, l := range lines[:min(len(lines), 8)] {
		if strings.TrimSpace(l) != "" && !delimiterLine.MatchString(l) {
			return headingName(l) != ""
		}
	}
	return false
}

// headingName gives the name of the field if a line is one of a quoted head.
func headingName(line string) string {
	if !strings.ContainsAny(line, ":：|") {
		return ""
	}
	m := headingLine.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}

// deviceFirst are the first letters of what deviceLine finds.
const deviceFirst = "sSgGeEvViIaAoOdDtThHlLwWfFоОсС发从来由签网获取下自從來傳寄나내"

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func firstLetter(s string) rune {
	return first(strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }))
}

// ends reports a colon, or a rule, at the end of a line.
func ends(s string) bool {
	return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") || strings.HasSuffix(s, "-")
}

func isQuote(line string) bool {
	return strings.ContainsAny(line[:min(len(line), 8)], ">|") && quoteLine.MatchString(line)
}

// endsInVerb reports whether a line ends as the introduction of a quotation
// does: “… wrote:”. The stems, of which wroteEnd wants one, spare most lines its
// slow search.
func endsInVerb(s string) bool {
	if commonEnd(s) {
		return true
	}
	small := strings.ToLower(s)
	return slices.ContainsFunc(wroteStems, func(stem string) bool { return strings.Contains(small, stem) }) && wroteEnd.MatchString(s)
}

// introduction gives the number of lines, from the first, that introduce a
// quotation (“On …, X wrote:”), 0 if they do not.
func introduction(lines []string) int {
	first := strings.TrimSpace(lines[0])
	if strings.HasPrefix(first, ">") {
		return 0
	}
	if ends(first) && strings.Contains(first, "@") && someone.MatchString(first) || first != "" && first[0] >= '0' && first[0] <= '9' && dateWho.MatchString(first) {
		// the address may stand in the next line
		if strings.HasSuffix(first, "<") && len(lines) > 1 {
			return 2
		}
		return 1
	}
	if n := aboveQuote(lines); n > 0 {
		return n
	}
	if n := datedAddress(lines); n > 0 {
		return n
	}
	if ruledIntroduction(first) {
		return 1
	}
	if !wroteStart.MatchString(first) {
		return nameThenDate(lines)
	}
	var joined strings.Builder
	for i := 0; i < min(len(lines), 6); i++ {
		line := strings.TrimSpace(lines[i])
		if i > 0 && line == "" && !strings.HasSuffix(strings.TrimSpace(lines[i-1]), "<") && !(i+1 < len(lines) && strings.TrimSpace(lines[i+1]) == "<") {
			return 0
		}
		joined.WriteString(line)
		joined.WriteByte(' ')
		if joined.Len() > maxMarkLine {
			return 0
		}
		if !ends(line) {
			continue
		}
		if i > 0 && (strings.Contains(line, "@") && timeOfDay.MatchString(line) || wroteStart.MatchString(line) && endsInVerb(line)) {
			return 0 // it begins here, and what stands above is the author's
		}
		if s := strings.TrimSpace(joined.String()); endsInVerb(s) {
			return introduces(s, lines[i+1:], i+1)
		}
	}
	return 0
}

// ruledIntroduction knows the line “---- Zhou Min wrote ----” of programs on
// telephones, in any language.
func ruledIntroduction(line string) bool {
	return len(line) < 200 && strings.HasPrefix(line, "---") && strings.HasSuffix(line, "---") && endsInVerb(strings.TrimRight(line, "- "))
}

// aboveQuote finds an introduction in any language: up to three lines, with a
// time of day and an address in angle brackets, that end in a colon above a
// line that begins with “>”.
func aboveQuote(lines []string) int {
	size, timed, from := 0, false, false
	for i := 0; i < min(len(lines), 3); i++ {
		line := strings.TrimSpace(lines[i])
		if size += len(line); line == "" || size > maxMarkLine || line[0] == '>' {
			return 0
		}
		hasTime := timeOfDay.MatchString(line)
		hasFrom := strings.Contains(line, "<") || strings.Contains(line, "@") && strings.Contains(line, ">")
		if i == 0 && !hasTime && !hasFrom || i > 0 && hasTime && hasFrom {
			return 0 // the author's, or the introduction begins here
		}
		timed, from = timed || hasTime, from || hasFrom
		if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
			continue
		}
		if !timed || !from {
			return 0
		}
		for _, next := range lines[i+1 : min(len(lines), i+4)] {
			if next = strings.TrimSpace(next); next != "" {
				if strings.HasPrefix(next, ">") {
					return i + 1
				}
				return 0
			}
		}
		return 0
	}
	return 0
}

var (
	addressLast = regexp.MustCompile(`<[^<>\s]+@[^<>\s]+ ?>(?:\s*[^\s:：<>@]+){0,2}\s*[:：]\s*$|<[^<>\s]+@[^<>\s]+>\s+wrote\s*$`)
	anyYear     = regexp.MustCompile(`\b(?:19|20)\d\d(?:\D|$)`)
)

// datedAddress finds an introduction in any language, whatever stands below it:
// a year, a time of day, and at its end an address in angle brackets before a
// colon, with a verb between them or none.
func datedAddress(lines []string) int {
	joined := ""
	for i := 0; i < min(len(lines), 3); i++ {
		line := strings.TrimSpace(lines[i])
		if joined += " " + line; line == "" || len(joined) > maxMarkLine || line[0] == '>' && i == 0 {
			return 0
		}
		if strings.Contains(joined, "@") && addressLast.MatchString(joined) {
			if anyYear.MatchString(joined) && timeOfDay.MatchString(joined) && (i == 0 || timeOfDay.MatchString(lines[0]) && anyYear.MatchString(lines[0])) {
				return i + 1
			}
			return 0
		}
	}
	return 0
}

// introduces gives n if s introduces a quotation: the author may tell as well
// what somebody wrote on a day, but hardly at what time or from what address.
func introduces(s string, below []string, n int) int {
	if strings.Contains(s, "@") || timeOfDay.MatchString(s) || strings.HasSuffix(s, "-") {
		return n
	}
	for _, l := range below[:min(len(below), 3)] {
		if l = strings.TrimSpace(l); l != "" {
			if strings.HasPrefix(l, ">") {
				return n
			}
			break
		}
	}
	return 0
}

// commonEnd saves the slow pattern for the languages that need it.
func commonEnd(s string) bool {
	s = strings.TrimRight(s, " :：-")
	return strings.HasSuffix(s, " wrote") || strings.HasSuffix(s, "写道") || strings.HasSuffix(s, "寫道")
}

var dateWrote = regexp.MustCompile(`(?:于|於|在)?\s*\d{4}\s*[年/-]\s*\d{1,2}\s*[月/-]\s*\d{1,2}.{0,60}(?:写道|寫道|写到)\s*[:：]\s*$`)

// nameThenDate is the Chinese order: “客服 <x@y> 于2026年11月3日周二 10:21写道：”,
// which may be folded.
func nameThenDate(lines []string) int {
	joined := ""
	for i := 0; i < min(len(lines), 3); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || len(joined)+len(line) > maxMarkLine {
			return 0
		}
		joined += line
		if ends(line) && dateWrote.MatchString(joined) {
			return introduces(joined, lines[i+1:], i+1)
		}
	}
	return 0
}

// isHeadings reports whether the head of a quoted mail begins at line i: at
// least three of its fields (two for a From line at once followed by one),
// nothing between them but folded lines.
func (t *judged) isHeadings(i int) bool {
	var names []string
	gap := 0
	for j := i; j < len(t.lines) && j < i+14 && gap < 3; j++ {
		switch t.kinds[j] {
		case heading:
			if !slices.Contains(names, t.names[j]) {
				names = append(names, t.names[j])
			}
			gap = 0
		case delimiter:
		default:
			gap++
		}
	}
	return len(names) >= 3 && slices.ContainsFunc(names, func(n string) bool { return slices.Contains(headFields, n) })
}

// headFields are those of which the head of a quoted mail has one: who wrote
// it, or when.
var headFields = []string{"from", "sent", "date", "发件人", "发送人", "发信人", "发送时间", "发件时间", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "von", "de", "da", "van", "от", "från", "skickat", "fra", "sendt", "lähettäjä", "lähetetty", "od", "wysłano", "odesláno", "kimden", "feladó"}

var contact = regexp.MustCompile(`(?i)[\w.+-]+@[\w-]+\.|https?://|www\.|\+?\d[\d -]{7,}\d|(?:电话|手机|地址|邮编|微信|tel|phone|mobile|fax)[^:：]{0,8}[:：]`)

// isSignature reports whether a signature begins at the delimiter in line i:
// “-- ” of RFC 3676 always; “--” and the empty card “| |” of NetEase before a
// short tail; underscores before a line or two; a rule before a few lines with
// a telephone number or the like. A rule with a sentence, a command or another
// rule below it only divides what the author says.
func (t *judged) isSignature(i int) bool {
	bar := strings.TrimRight(t.lines[i], "\r")
	trimmed := strings.TrimSpace(bar)
	short := bar == "-- " || trimmed == "--" || trimmed[0] == '|'
	if !short && (len(trimmed) < 5 && trimmed != "__" || strings.Trim(trimmed, "-_") != "") {
		return false
	}
	said, known, divides := 0, false, false
	for j := i + 1; j < len(t.lines) && t.kinds[j] != original && t.kinds[j] != wrote && !t.headings[j]; j++ {
		line := strings.TrimSpace(t.lines[j])
		switch {
		case t.kinds[j] == empty:
			continue
		case t.kinds[j] == quote && t.onlyTail[j] && said > 0:
			return short || known && !divides
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "＃"), !short && t.kinds[j] == delimiter:
			return false
		}
		if said++; said > 15 || !short && said > 8 {
			return bar == "-- "
		}
		if !short {
			known = known || contact.MatchString(line)
			divides = divides || strings.HasSuffix(line, "。") || strings.HasSuffix(line, "；") || strings.HasSuffix(line, ".")
		}
	}
	return short || said == 0 || said <= 2 && trimmed[0] == '_' || known && !divides
}
