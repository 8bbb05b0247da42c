package mailin

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"complaints"
)

// kind is what a line of a mail is.
type kind byte

const (
	text kind = iota
	empty
	quote     // begins with > or the like
	delimiter // nothing but -, =, _, * …
	original  // -----Original Message----- and the like: what follows is not the author's
	wrote     // On … X wrote: the introduction of a quotation
	heading   // From: … Sent: … To: … of a quoted mail
	device    // Sent from my iPhone
)

// maxMarkLine is the length in bytes up to which a line can be a mark.
const maxMarkLine = 500

var (
	// an optional name of up to four letters stands before > in some programs
	quoteLine     = regexp.MustCompile(`^\s{0,3}(?:[A-Za-z]{1,4})?>|^\|(?:\s.*[^|\s]\s*)?$`)
	delimiterLine = regexp.MustCompile(`^\s*(?:[-_=*#~+–—―─━]{2,}|ᐧ|—|\|\s+\|)\s*$`)
	originalLine  = regexp.MustCompile(`(?i)^[\s*>]*[-_—─]{2,}[\s*]*(?:(?:begin )?forwarded message|original(?: message| appointment)?|replied message|reply message|forwarded by .*|` +
		`原始邮件|原始郵件|邮件原件|原邮件|回复的原邮件|回复邮件|转发的?邮件(?:信息)?|转发邮件信息|转发的郵件|轉寄郵件|原始信件|原訊息|原始消息|` +
		`元のメッセージ|オリジナルメッセージ|転送メッセージ|원본 메일|message d'origine|message transféré|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|` +
		`mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande|исходное сообщение|пересылаемое сообщение)[\s*]*(?:[-_—─]{2,}[\s*]*|$)`)
	begunForward = regexp.MustCompile(`(?i)^(?:begin forwarded message|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件|轉寄的郵件|転送されたメッセージ)\s*[:：]\s*$`)
	deviceLine   = regexp.MustCompile(`(?i)^\W*(?:sent (?:from|with|via|using) (?:my |yahoo|outlook|mail for|the |samsung|proton|aol|sparrow|a |an |gmail|iphone|ipad|android|blackberry|windows|mobile|zoho|spark)|get (?:outlook|bluemail) for |` +
		`envoyé (?:de|depuis) |von meine[mr] .*gesendet|gesendet (?:von|mit) |enviado (?:desde|do|a partir) |inviato da |verzonden (?:vanaf|met) |отправлено (?:с|из) |` +
		`发自我的|发送自|发自 ?\S{2,20}$|从我的.{1,20}发送|来自我的|来自(?:华为|小米|荣耀|网易|QQ)\S*(?:手机|邮箱|邮件).{0,12}$|(?:签名)?由? ?网易(?:邮箱|邮件)大师|获取 ?outlook|下载 ?outlook|[自从] ?(?:windows|outlook|yahoo).{0,20}(?:发送|邮件)|` +
		`從我的.{1,20}傳送|傳送自|寄自我的|從 ?(?:yahoo|outlook).{0,20}傳送|iPhoneから送信|iPadから送信|androidから送信)`)

	// the introduction of a quotation, by its last words
	wroteEnd = regexp.MustCompile(`(?i)(?:\bwrote|\bwrites|写道|寫道|写到|(?:のメール|さんは|が)?(?:書きました|さんが書いた)|님이 작성|작성|a écrit|schrieb(?:.{0,80})?|schreef(?:.{0,200}het volgende geschreven)?|het volgende geschreven|` +
		`escribió|escreveu|ha scritto|skrev(?:.{0,80})?|napisał(?:\(a\))?|написал(?:\(а\)|а)?|пишет|пользователь.{0,120}написал)\s*[:：]?\s*-*\s*$`)
	wroteStart = regexp.MustCompile(`(?i)^[\s>*-]*(?:on|at|in|le|op|am|el|il|em|den|dnia|w dniu|on behalf|在|于|於|\d{1,4}[-/.年]|\d{1,2}[. ]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)\s*.*\d`)
	// programs that write no verb: a date, a time and who it was
	dateWho = regexp.MustCompile(`^\s*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?(?:\s+(?:GMT|UTC|[+-])\S*)\s+\S|\d{4}[-/]\d{1,2}[-/]\d{1,2}\s+\S.*<[^<>\s]+@[^<>\s]+>\s*[:：]?\s*$|\d{4}年\d{1,2}月\d{1,2}日.{0,80}<[^<>\s]+@[^<>\s]+>\s*[:：]\s*$)`)
	someone = regexp.MustCompile(`(?i)^.{0,120}<[^<>\s]+@[^<>\s]+>.{0,60}(?:wrote|写道|寫道|escribió|a écrit|schrieb)\s*[:：]\s*$`)

	headingLine = regexp.MustCompile(`(?i)^[\s*>|]*(from|sent|to|subject|date|cc|bcc|reply-to|importance|attachments?|` +
		`发件人|发送人|发信人|寄件者|寄件人|发送时间|发送日期|发件时间|寄件日期|傳送時間|日期|时间|時間|收件人|收件者|抄送|副本|密送|主[\s　]*题|主[\s　]*旨|主題|标题|回复|重要性|附件|` +
		`差出人|送信者|送信日時|日時|宛先|件名|보낸 사람|보낸 날짜|받는 사람|제목|von|gesendet|an|betreff|datum|` +
		`de|envoyé|à|objet|enviado(?: el)?|para|asunto|assunto|da|inviato|a|oggetto|data|risposta|van|verzonden|aan|onderwerp|от|отправлено|кому|тема|дата)[\s*]*(?:[:：]|\s\|)`)
)

// OwnWords gives what the author of a mail wrote: quotations, their
// introductions and signatures are cut, in the forms of Chinese and Western
// mail programs. Quoted lines between which the author answers are kept, with
// their “>”: they say what is answered. A mail that holds nothing but a
// forwarded one has no own words.
func OwnWords(s string) string {
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
			case !said && answers && !t.past[after].moreQuotes:
				i = after - 1 // the answer stands below the quotation
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
	moreQuotes   bool // a quote stands here or below
	quoteFollows bool // the next line that says anything begins a quotation
}

func readLines(s string) *judged {
	t := &judged{lines: strings.Split(plainText(s), "\n"), names: map[int]string{}}
	n := len(t.lines)
	t.kinds, t.headings, t.sign = make([]kind, n), make([]bool, n), make([]bool, n)
	t.classify()
	for i := range t.names {
		t.headings[i] = t.isHeadings(i)
	}
	t.onlyTail, t.past = make([]bool, n+1), make([]ahead, n+1)
	t.onlyTail[n], t.past[n] = true, ahead{introduction: n, quotation: n}
	for i := n - 1; i >= 0; i-- {
		a := ahead{introduction: i, quotation: i, moreQuotes: t.past[i+1].moreQuotes}
		tail := t.onlyTail[i+1]
		switch t.kinds[i] {
		case text:
			tail = false
		case empty:
			a.introduction, a.quotation, a.quoteFollows = t.past[i+1].introduction, t.past[i+1].quotation, t.past[i+1].quoteFollows
		case quote:
			a.quotation, a.moreQuotes, a.quoteFollows = t.past[i+1].quotation, true, true
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

// classify judges each line. Lines between ``` are text whatever they hold.
func (t *judged) classify() {
	lines, kinds := t.lines, t.kinds
	code := false
	for i := 0; i < len(lines); i++ {
		if kinds[i] != text {
			continue
		}
		line := strings.ReplaceAll(lines[i], "\u00a0", " ")
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
			if n := introduction(lines[i:]); n > 0 {
				for j := i; j < i+n; j++ {
					kinds[j] = wrote
				}
			} else if isQuote(line) {
				kinds[i] = quote
			} else if name := headingName(line); name != "" {
				kinds[i], t.names[i] = heading, name
			} else if len(line) < 200 && strings.ContainsRune(deviceFirst, firstLetter(trimmed)) && deviceLine.MatchString(trimmed) {
				kinds[i] = device
			}
		}
	}
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
const deviceFirst = "sSgGeEvViIaAоО发从来由签网获下自從來傳寄"

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
		if s := strings.TrimSpace(joined.String()); ends(s) && (commonEnd(s) || wroteEnd.MatchString(s)) {
			return i + 1
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
			return i + 1
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
var headFields = []string{"from", "sent", "date", "发件人", "发送人", "发信人", "发送时间", "发件时间", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "von", "de", "da", "van", "от"}

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
	if !short && (len(trimmed) < 5 || strings.Trim(trimmed, "-_") != "") {
		return false
	}
	said, known, divides := 0, false, false
	for j := i + 1; j < len(t.lines) && t.kinds[j] != original && t.kinds[j] != wrote && !t.headings[j]; j++ {
		line := strings.TrimSpace(t.lines[j])
		switch {
		case t.kinds[j] == empty:
			continue
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

var (
	passedOn    = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|转发|轉寄|転送)\s*[:：]`)
	passedMark  = regexp.MustCompile(`(?i)forward|转发|轉寄|转寄|転送`)
	bareAddress = regexp.MustCompile(`[^\s<>\[\]()（）＜＞,;:："']+@[^\s<>\[\]()（）＜＞,;:："']+\.[^\s<>\[\]()（）＜＞,;:："']+`)
)

// Forwarded gives the mail that another one passes on: the first that is
// attached whole, or one that stands in its text under a head of its own, if
// mark or subject says that it was passed on and not answered. It is nil if
// there is none, or if its author is not named.
func Forwarded(m *complaints.Message, d Desk) *complaints.Message {
	for _, a := range m.Attachments {
		if a.Type == "message/rfc822" || a.Type == "message/global" {
			f := Parse(a.Content, Desk{Address: d.Address, Limits: d.Limits, Now: d.Now})
			if f.From.Addr == "" || f.Hold != "" || f.Class == complaints.Bounce {
				return nil
			}
			return f
		}
	}
	t := readLines(m.Text)
	for i := range t.lines {
		if t.kinds[i] != original && !t.headings[i] {
			continue
		}
		if !passedOn.MatchString(m.Subject) && !passedMark.MatchString(t.lines[i]) {
			return nil
		}
		return t.passedOn(i)
	}
	return nil
}

// passedOn reads the head of a mail that begins at line i, and what it says.
func (t *judged) passedOn(i int) *complaints.Message {
	f := &complaints.Message{}
	for seen := 0; i < len(t.lines); i++ {
		name := headingName(strings.TrimLeft(t.lines[i], "> \t"))
		if name == "" {
			if seen > 1 && strings.Trim(t.lines[i], "> \t\r") == "" {
				break
			}
			continue
		}
		seen++
		at := strings.IndexAny(t.lines[i], ":：|")
		_, size := utf8.DecodeRuneInString(t.lines[i][at:])
		value := strings.Trim(t.lines[i][at+size:], " \t\r*")
		switch name {
		case "from", "发件人", "发送人", "发信人", "寄件者", "寄件人", "差出人", "送信者", "von", "de", "van", "da", "от":
			f.From.Addr = strings.ToLower(strings.TrimPrefix(bareAddress.FindString(value), "mailto:"))
			f.From.Name = strings.Trim(strings.SplitN(strings.SplitN(value, "<", 2)[0], "[", 2)[0], " \t\"'“”")
		case "subject", "主题", "主旨", "主題", "标题", "件名", "betreff":
			f.Subject = value
		case "date", "sent", "发送时间", "发送日期", "发件时间", "日期", "时间", "日時", "送信日時", "datum":
			f.Date, _ = parseDate(value)
		}
	}
	if f.From.Addr == "" {
		return nil
	}
	if strings.Contains(f.From.Name, "@") {
		f.From.Name = ""
	}
	var body []string
	for _, l := range t.lines[min(i, len(t.lines)):] {
		body = append(body, strings.TrimPrefix(strings.TrimPrefix(l, ">"), " "))
	}
	f.Text = strings.TrimSpace(strings.Join(body, "\n"))
	f.OwnWords = OwnWords(f.Text)
	return f
}
