package mailin

import (
	"regexp"
	"slices"
	"strings"
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
	delimiterLine = regexp.MustCompile(`^\s*(?:[-_=*#~+–—―─━]{2,}|ᐧ|—)\s*$`)
	originalLine  = regexp.MustCompile(`(?i)^[\s*>]*[-_—─]{2,}[\s*]*(?:(?:begin )?forwarded message|original(?: message| appointment)?|replied message|reply message|forwarded by .*|` +
		`原始邮件|原始郵件|邮件原件|原邮件|回复的原邮件|回复邮件|转发的?邮件(?:信息)?|转发邮件信息|转发的郵件|轉寄郵件|原始信件|原訊息|原始消息|` +
		`元のメッセージ|オリジナルメッセージ|転送メッセージ|원본 메일|message d'origine|message transféré|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|` +
		`mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande|исходное сообщение|пересылаемое сообщение)[\s*]*(?:[-_—─]{2,}[\s*]*|$)`)
	begunForward = regexp.MustCompile(`(?i)^(?:begin forwarded message|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件|轉寄的郵件|転送されたメッセージ)\s*[:：]\s*$`)
	deviceLine   = regexp.MustCompile(`(?i)^\W*(?:sent (?:from|with|via|using) (?:my |yahoo|outlook|mail for|the |samsung|proton|aol|sparrow|a |an |gmail|iphone|ipad|android|blackberry|windows|mobile|zoho|spark)|get (?:outlook|bluemail) for |` +
		`envoyé (?:de|depuis) |von meine[mr] .*gesendet|gesendet (?:von|mit) |enviado (?:desde|do|a partir) |inviato da |verzonden (?:vanaf|met) |отправлено (?:с|из) |` +
		`发自我的|发送自|发自 ?\S{2,20}$|从我的.{1,20}发送|来自我的|来自(?:华为|小米|荣耀|网易|QQ)\S*(?:手机|邮箱|邮件).{0,12}$|由?网易(?:邮箱|邮件)大师|获取 ?outlook|下载 ?outlook|自 ?(?:windows|outlook).{0,20}(?:发送|邮件)|` +
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
	lines := strings.Split(plainText(s), "\n")
	kinds := classify(lines)
	var out []int // the lines that stay
	said := false // whether the author has said anything so far
loop:
	for i := 0; i < len(lines); i++ {
		switch kinds[i] {
		case original:
			break loop
		case heading:
			if isHeadings(lines, kinds, i) {
				break loop
			}
			out, said = append(out, i), true
		case wrote:
			end := i // the introduction may run over lines
			for end+1 < len(lines) && kinds[end+1] == wrote {
				end++
			}
			next := skip(kinds, end+1, empty)
			quoted := next < len(lines) && kinds[next] == quote
			after := skip(kinds, next, quote, empty, wrote)
			answers := quoted && after < len(lines) && !onlyTail(lines, kinds, after)
			switch {
			case said && !answers:
				break loop
			case !said && answers && !more(kinds, after, quote):
				i = after - 1 // the answer stands below the quotation
				continue
			}
			i = end
		case device:
			// a signature only where the author has nothing to add
			if !said || !onlyTail(lines, kinds, i) && !quoteFollows(kinds, i+1) {
				out, said = append(out, i), true
			}
		case delimiter:
			if isSignature(lines, kinds, i) {
				break loop
			}
			out = append(out, i)
		case text:
			out, said = append(out, i), true
		default:
			out = append(out, i)
		}
	}
	for len(out) > 0 {
		k := kinds[out[len(out)-1]]
		if k == text || k == heading || k == quote && !said {
			break
		}
		out = out[:len(out)-1]
	}
	for len(out) > 0 && kinds[out[0]] == empty {
		out = out[1:]
	}
	own := make([]string, len(out))
	for i, n := range out {
		own[i] = strings.TrimRight(lines[n], " \t")
	}
	if !said {
		return ""
	}
	return strings.Join(own, "\n")
}

// classify judges each line. Lines between ``` are text whatever they hold.
func classify(lines []string) []kind {
	kinds := make([]kind, len(lines))
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
		case delimiterLine.MatchString(line):
			kinds[i] = delimiter
		case len(line) > maxMarkLine:
			if quoteLine.MatchString(line) {
				kinds[i] = quote
			}
		case originalLine.MatchString(line), begunForward.MatchString(trimmed):
			kinds[i] = original
		default:
			if n := introduction(lines[i:]); n > 0 {
				for j := i; j < i+n; j++ {
					kinds[j] = wrote
				}
			} else if quoteLine.MatchString(line) {
				kinds[i] = quote
			} else if headingLine.MatchString(line) {
				kinds[i] = heading
			} else if len(line) < 200 && deviceLine.MatchString(trimmed) {
				kinds[i] = device
			}
		}
	}
	return kinds
}

// introduction gives the number of lines, from the first, that introduce a
// quotation (“On …, X wrote:”), 0 if they do not.
func introduction(lines []string) int {
	first := strings.TrimSpace(lines[0])
	if strings.HasPrefix(first, ">") {
		return 0
	}
	if someone.MatchString(first) || dateWho.MatchString(first) {
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
		if s := strings.TrimSpace(joined.String()); wroteEnd.MatchString(s) && (strings.ContainsAny(s[len(s)-3:], ":：") || strings.HasSuffix(s, "-")) {
			return i + 1
		}
	}
	return 0
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
		if dateWrote.MatchString(joined) {
			return i + 1
		}
	}
	return 0
}

// isHeadings reports whether the head of a quoted mail begins at line i: at
// least three of its fields (two for a From line at once followed by one),
// nothing between them but folded lines.
func isHeadings(lines []string, kinds []kind, i int) bool {
	names := map[string]bool{}
	gap := 0
	for j := i; j < len(lines) && j < i+14 && gap < 3; j++ {
		switch kinds[j] {
		case heading:
			m := headingLine.FindStringSubmatch(strings.ReplaceAll(lines[j], "\u00a0", " "))
			names[strings.ToLower(m[1])] = true
			gap = 0
		case delimiter:
		case empty:
			gap++
		default:
			gap++
		}
	}
	if len(names) < 3 {
		return false
	}
	for _, from := range []string{"from", "发件人", "发送人", "发信人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "von", "de", "da", "van", "от", "sent", "date", "发送时间", "发件时间"} {
		if names[from] {
			return true
		}
	}
	return false
}

// onlyTail reports whether from line i on the author says nothing more: a
// signature, quotations, delimiters.
func onlyTail(lines []string, kinds []kind, i int) bool {
	for ; i < len(lines); i++ {
		switch kinds[i] {
		case text:
			return false
		case heading:
			return isHeadings(lines, kinds, i)
		case original:
			return true
		case wrote:
			next := skip(kinds, skip(kinds, i, wrote), empty)
			if next >= len(kinds) || kinds[next] != quote {
				return true
			}
		case delimiter:
			if isSignature(lines, kinds, i) {
				return true
			}
		}
	}
	return true
}

func quoteFollows(kinds []kind, i int) bool {
	i = skip(kinds, i, empty, delimiter, device)
	return i < len(kinds) && (kinds[i] == wrote || kinds[i] == original || kinds[i] == quote || kinds[i] == heading)
}

func skip(kinds []kind, i int, what ...kind) int {
	for i < len(kinds) && slices.Contains(what, kinds[i]) {
		i++
	}
	return i
}

func more(kinds []kind, i int, what kind) bool {
	return i < len(kinds) && slices.Contains(kinds[i:], what)
}

var contact = regexp.MustCompile(`(?i)[\w.+-]+@[\w-]+\.|https?://|www\.|\+?\d[\d -]{7,}\d|电话|手机|地址|邮编|微信|tel[.:]|phone|mobile|fax`)

// isSignature reports whether a signature begins at the delimiter in line i:
// “-- ” of RFC 3676 always, “--” before a short tail, other rules before very
// few lines or lines with a telephone number or the like.
func isSignature(lines []string, kinds []kind, i int) bool {
	bar := strings.TrimRight(lines[i], "\r")
	var tail []string
	for j := i + 1; j < len(lines) && kinds[j] != original && kinds[j] != wrote; j++ {
		if kinds[j] == heading && isHeadings(lines, kinds, j) {
			break
		}
		if kinds[j] != empty {
			tail = append(tail, strings.TrimSpace(lines[j]))
		}
		if len(tail) > 15 {
			return bar == "-- "
		}
	}
	if slices.ContainsFunc(tail, func(l string) bool { return strings.HasPrefix(l, "#") || strings.HasPrefix(l, "＃") }) {
		return false // a command is no signature
	}
	switch trimmed := strings.TrimSpace(bar); {
	case bar == "-- ", trimmed == "--":
		return true
	case len(trimmed) >= 5 && strings.Trim(trimmed, "-_") == "":
		return len(tail) <= 2 || len(tail) <= 8 && slices.ContainsFunc(tail, contact.MatchString)
	}
	return false
}
