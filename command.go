package complaints

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a command mail; what is over them is refused whole.
const (
	maxCommandMail = 256 << 10 // bytes of own words
	maxCommands    = 50
	maxErrors      = 5 // after so many bad lines the rest is not looked at
)

// Command is one command line and the text below it.
type Command struct {
	Verb  string            `json:"verb"`           // as typed, without the mark
	Args  map[string]string `json:"args"`           // key=value, under the key's own name in English
	Words []string          `json:"words"`          // positional words, at most as many as the verb takes
	Text  string            `json:"text,omitempty"` // rest of the line and the lines below it
	Line  int               `json:"line"`           // in the own words, from 1
	Raw   string            `json:"raw"`            // the line as typed

	verb  *Verb // nil: unknown
	stray bool  // it stands below text that belongs to no command
}

var commandLine = regexp.MustCompile(`^[#＃][\s\x{3000}\x{a0}]*(\pL[\pL\pN_-]*|[?？])[\s\x{3000}\x{a0}]*(.*)$`)

// unseen is what mail programs put at the ends of a line without showing it.
const unseen = "\r \t\u3000\u00a0\u200b\u200c\u200d\u2060\ufeff"

// ParseCommands reads the commands at the top of a mail's own words. If the
// first line that is not blank is no command there are none. The text of a
// command that takes text goes on until the next command or the stop word
// (#完, #end, --).
func ParseCommands(own string) []Command {
	var out []Command
	open := false    // the last command takes the lines that follow
	stopped := false // free text stands above: nothing below is a command
	var text []string
	flush := func() {
		if n := len(out); n > 0 && len(text) > 0 {
			out[n-1].Text = strings.TrimSpace(out[n-1].Text + "\n" + strings.Join(text, "\n"))
		}
		text = nil
	}
	for i, line := range strings.Split(own, "\n") {
		line = strings.TrimRight(line, unseen)
		m := commandLine.FindStringSubmatch(strings.TrimLeft(line, unseen))
		switch {
		case m != nil && open && out[len(out)-1].verb == findVerb("minutes") && findVerb(m[1]) == findVerb("followup"): // a line of the minutes
			text = append(text, m[1]+"："+m[2])
		case m != nil && isStop(m[1]), line == "--" && len(out) > 0:
			flush()
			return out
		case m != nil:
			if len(out) == 0 && stopped {
				return nil
			}
			flush()
			c := parseCommand(m[1], m[2])
			c.Line, c.Raw, c.stray = i+1, strings.Trim(line, unseen), stopped
			out = append(out, c)
			open = c.verb == nil || c.verb.Text != NoText
		case strings.Trim(line, unseen) == "":
			if open {
				text = append(text, "")
			}
		case open:
			text = append(text, line)
		default:
			stopped = true
		}
	}
	flush()
	return out
}

func isStop(verb string) bool { return verb == "完" || strings.EqualFold(verb, "end") }

// parseCommand reads the rest of a command line by what its verb takes.
func parseCommand(name, rest string) Command {
	c := Command{Verb: name, Args: map[string]string{}, Words: []string{}, verb: findVerb(name)}
	rest = strings.TrimLeft(rest, "：:，, \t\u3000\u00a0")
	if c.verb == nil {
		c.Text = rest
		return c
	}
	for rest != "" {
		if key, value, tail, ok := c.verb.cutArg(rest); ok {
			c.Args[key], rest = value, tail
			continue
		}
		if len(c.Words) >= c.verb.Words {
			break
		}
		var w string
		if w, rest = cutWord(rest); w != "" {
			c.Words = append(c.Words, w)
		}
	}
	c.Text = strings.TrimSpace(rest)
	return c
}

// cutArg takes key=value from the front of s if key is one that the verb
// knows. Full-width ＝ and ： are accepted, and quotation marks of both scripts.
func (v *Verb) cutArg(s string) (key, value, rest string, ok bool) {
	at := strings.IndexAny(s, "=＝：:")
	if at <= 0 || at > 40 {
		return "", "", s, false
	}
	key = v.key(strings.Trim(s[:at], " \t\u3000"))
	if key == "" {
		return "", "", s, false
	}
	_, n := utf8.DecodeRuneInString(s[at:])
	s = strings.TrimLeft(s[at+n:], " \t\u3000")
	if at := strings.IndexAny(s, "=＝"); at > 0 && at <= 40 && v.key(strings.TrimSpace(s[:at])) != "" {
		return key, "", s, true // left open: the next word is a key
	}
	if slices.Contains([]string{"reason", "matter", "unheard", "place", "present", "how"}, key) {
		value, rest = v.cutSentence(s)
		return key, value, rest, true
	}
	value, rest = cutWord(s)
	if m := timeOfDay.FindString(rest); m != "" && dayAlone.MatchString(value) {
		value, rest = value+" "+strings.TrimSpace(m), trimSeparators(rest[len(m):])
	}
	return key, value, rest, true
}

var (
	dayAlone  = regexp.MustCompile(`^\d{4}([-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日)$`)
	timeOfDay = regexp.MustCompile(`^(上午|下午)?\d{1,2}[:：]\d{2}(\s|$)`)
)

// cutSentence takes the value of a key that is a sentence: it ends where the
// next key begins, or with the line.
func (v *Verb) cutSentence(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "“") {
		return cutWord(s)
	}
	for i, r := range s {
		if i == 0 || !unicode.IsSpace(r) {
			continue
		}
		tail := strings.TrimLeft(s[i:], " \t\u3000")
		if at := strings.IndexAny(tail, "=＝"); at > 0 && at <= 40 && v.key(tail[:at]) != "" {
			return strings.TrimSpace(s[:i]), tail
		}
	}
	return strings.TrimSpace(s), ""
}

// cutWord takes one word, or one quoted string, from the front of s.
func cutWord(s string) (word, rest string) {
	s = trimSeparators(s)
	for open, end := range map[string]string{`"`: `"`, "“": "”", "「": "」", "'": "'"} {
		if tail, ok := strings.CutPrefix(s, open); ok {
			if i := strings.Index(tail, end); i >= 0 {
				return tail[:i], trimSeparators(tail[i+len(end):])
			}
		}
	}
	i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '，' || r == '；' })
	if i < 0 {
		return s, ""
	}
	return s[:i], trimSeparators(s[i:])
}

// trimSeparators takes off every character at which cutWord ends a word, so
// that what is left begins with a word or is empty.
func trimSeparators(s string) string {
	return strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("，,；;", r) })
}

var (
	numberedGround = regexp.MustCompile(`(?m)^[\s　]*[（(]?([0-9]{1,2}|[一二三四五六七八九十]{1,3})[)）.．、:：][\s　]*\S`)
	answeredGround = regexp.MustCompile(`(?mi)^[\s　]*(?:关于)?(?:理由|ground)?[\s　]*[（(]?([0-9]{1,2}|[一二三四五六七八九十]{1,3})[)）.．、:：=＝][\s　]*\S`)
)

// unansweredGrounds lists the numbered grounds of an appeal that the reasons of
// a decision do not answer under the same numbers. Grounds that the client did
// not number are one.
func unansweredGrounds(grounds, reasons string) []string {
	asked, answered := numbersOf(numberedGround, grounds), numbersOf(answeredGround, reasons)
	if len(asked) < 2 {
		return nil
	}
	var out []string
	for _, n := range asked {
		if !slices.Contains(answered, n) {
			out = append(out, strconv.Itoa(n))
		}
	}
	return out
}

func numbersOf(form *regexp.Regexp, text string) []int {
	var out []int
	for _, m := range form.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			n = chineseNumber(m[1])
		}
		if n > 0 && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// chineseNumber reads 一 to 九十九.
func chineseNumber(s string) int {
	n, digit := 0, 0
	for _, r := range s {
		if r == '十' {
			n, digit = n+10*max(digit, 1), 0
			continue
		}
		digit = slices.Index([]rune("零一二三四五六七八九"), r)
	}
	return n + digit
}

// answers puts the reasons of a decision into paragraphs; one that answers a
// ground says which.
func answersTo(reasons, lang string) []string {
	var out []string
	for _, p := range paragraphs(reasons) {
		if m := groundKey.FindStringSubmatch(p); m != nil {
			p = fmt.Sprintf(pick(lang, "关于第%s条申诉理由：%s", "On ground %s: %s"), m[1], m[2])
		}
		out = append(out, p)
	}
	return out
}

var groundKey = regexp.MustCompile(`(?i)^(?:理由|ground)[\s　]*([0-9]{1,2})[\s　]*[=＝:：][\s　]*(.+)$`)

// currency is how a currency is written, and typed before or after an amount.
type currency struct {
	en, zh        string // before an amount in English, after it in Chinese
	before, after string // expressions
}

// currencies are those in which an office may pay, by their ISO 4217 codes.
var currencies = map[string]currency{
	"CNY": {"CNY ", "元", `¥|￥|rmb|cny|人民币`, `元|块|yuan\b|cny\b|rmb\b`},
	"GBP": {"£", "英镑", `£|￡|gbp`, `英镑|镑|pounds?\b|gbp\b`},
	"EUR": {"€", "欧元", `€|eur`, `欧元|euros?\b|eur\b|€`},
	"USD": {"US$", "美元", `us\$|\$|usd`, `美元|us dollars?\b|dollars?\b|usd\b`},
	"HKD": {"HK$", "港元", `hk\$|\$|hkd`, `港元|港币|hk dollars?\b|dollars?\b|hkd\b`},
}

// Currencies lists the codes of the currencies in which an office may pay.
func Currencies() []string { return slices.Sorted(maps.Keys(currencies)) }

// Money writes an amount in hundredths of a currency ("": the yuan): 人民币
// 5,000.00元, CNY 5,000.00; £5,000.00, 5,000.00英镑.
func Money(amount int64, code, lang string) string {
	k := currencies[cmp.Or(code, "CNY")]
	whole := strconv.FormatInt(amount/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	whole = fmt.Sprintf("%s.%02d", whole, amount%100)
	switch {
	case lang == "en":
		return k.en + whole
	case k.zh == "元":
		return "人民币" + whole + k.zh
	}
	return whole + k.zh
}

// Pays is the currency in which the office pays: the configured one, or that of
// the country whose working days it counts; "" for the yuan.
func (p *Policy) Pays() string {
	code := p.Currency
	if code == "" && p.Calendar != nil {
		code = map[string]string{"en-gb": "GBP"}[p.Calendar.Jurisdiction]
	}
	if code == "CNY" {
		return ""
	}
	return code
}

// amountForms reads an amount as people type it after amount=, by currency.
var amountForms = forEach(`(?i)^(?:%s)?\s*([0-9]{1,3}(?:[,，][0-9]{3})+|[0-9]{1,12})(?:\.([0-9]{1,2}))?\s*(?:%s)?$`)

// moneyForms finds the amounts that a text names, by currency.
var moneyForms = forEach(`(?i)(?:%s)\s*([0-9][0-9,，]*(?:\.[0-9]+)?)\s*(万)?|([0-9][0-9,，]*(?:\.[0-9]+)?)\s*(万)?余?(?:%s)`)

func forEach(form string) map[string]finder {
	out := map[string]finder{}
	for code, k := range currencies {
		out[code] = find(fmt.Sprintf(form, k.before, k.after))
	}
	return out
}

// readAmount reads an amount of money in a currency ("": the yuan) and gives it
// in hundredths.
func readAmount(a, code string) (int64, error) {
	a, code = strings.TrimSpace(a), cmp.Or(code, "CNY")
	m := amountForms[code].FindStringSubmatch(a)
	if m == nil {
		for _, other := range Currencies() {
			if amountForms[other].MatchString(a) {
				return 0, Refuse("“%[1]s”是另一种货币；本所的金额以%[2]s计，请写成 3000 或 3000.50。", "%[1]q is another currency; amounts are in %[2]s here: write it as 3000 or 3000.50.", a, code)
			}
		}
		return 0, Refuse("“%s”不是金额，请写成 3000 或 3000.50。", "%q is no amount; write it as 3000 or 3000.50.", a)
	}
	whole, err := strconv.ParseInt(strings.NewReplacer(",", "", "，", "").Replace(m[1]), 10, 64)
	if err != nil {
		return 0, Refuse("金额“%s”太大。", "The amount %q is too large.", a)
	}
	cents, _ := strconv.ParseInt((m[2] + "00")[:2], 10, 64)
	return whole*100 + cents, nil
}

// quotes reports whether a command quotes a hash: by twelve of its characters
// at least.
func (c *Command) quotes(hash string) bool {
	return len(c.Words) > 0 && len(c.Words[0]) >= 12 && strings.HasPrefix(hash, strings.ToLower(c.Words[0]))
}

// basis reads what a finding rests on: files by their number or name, or words
// for what lies elsewhere. Without it, the files that the reasons or this mail
// bring; failing these, all that is on file, counted.
func (s *session) basis(given, reason string) ([]string, error) {
	var out []string
	add := func(name string) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, w := range strings.FieldsFunc(given, func(r rune) bool { return strings.ContainsRune(",，、;；", r) }) {
		w = strings.TrimSpace(w)
		if n, err := strconv.Atoi(w); err == nil {
			if n < 1 || n > len(s.c.Evidence) {
				return nil, Refuse("没有第%[1]d号证据。案卷中：%[2]s", "There is no item %[1]d of evidence. On file: %[3]s", n, s.c.exhibits("zh"), s.c.exhibits("en"))
			}
			w = s.c.Evidence[n-1].Name
		}
		add(w)
	}
	if given != "" {
		return out, nil
	}
	for _, a := range s.m.Attachments {
		add(a.Name)
	}
	for _, e := range s.c.Evidence {
		if strings.Contains(reason, strings.TrimSuffix(e.Name, path.Ext(e.Name))) {
			add(e.Name)
		}
	}
	if len(out) == 0 {
		add(s.c.whole(s.c.Lang))
	}
	return out, nil
}

// restsOn tells who finds what the finding is taken to rest on.
func (s *session) restsOn(rests []string) string {
	if len(rests) == 0 {
		return s.tr("（尚无证据，请补上 证据=）", " (nothing on file to rest it on: add evidence=)")
	}
	return s.tr("（依据：%s）", " (on %s)", strings.Join(rests, s.tr("、", ", ")))
}

// The marks of the lines of minutes; all other lines are what was said.
var (
	minuteMark = regexp.MustCompile(`(?i)^(议题|item|决议|resolved|表决|vote|回避|recused|后续|action|follow-?up)[\s　]*[0-9]*[\s　]*[:：=＝][\s　]*(.*)$`)
	minuteVote = regexp.MustCompile(`(?i)(不同意|反对|同意|赞成|弃权|against|for|abstain(?:ed|ing)?)[\s　]*([0-9]+)`)
)

// minute reads the items of minutes. A resolution needs the quorum of those who
// were there and not recused from it.
func (s *session) minute(text string, f *MinutesFacts, present []*Person) error {
	item := func() *MinuteItem {
		if len(f.Items) == 0 {
			f.Items = append(f.Items, MinuteItem{Title: f.Title})
		}
		return &f.Items[len(f.Items)-1]
	}
	for _, line := range paragraphs(text) {
		m := minuteMark.FindStringSubmatch(line)
		if m == nil {
			x := item()
			x.Said = append(x.Said, line)
			continue
		}
		switch strings.ToLower(m[1]) {
		case "议题", "item":
			ref := FindRef(m[2])
			f.Items = append(f.Items, MinuteItem{Title: strings.Trim(strings.Replace(m[2], ref, "", 1), " ：:（）()　"), Ref: ref})
		case "决议", "resolved":
			item().Resolved = m[2]
		case "回避", "recused":
			name, reason := cutWord(m[2])
			who := s.p.Register.Named(name)
			if lang := s.p.Language; lang == "en" && who == nil { // a name of two words
				for _, p := range present {
					if rest, ok := strings.CutPrefix(m[2], p.Name); ok {
						who, reason = p, trimSeparators(rest)
					}
				}
			}
			if !slices.Contains(present, who) {
				return Refuse("回避一行请以到会委员的姓名开头，其后写原因：“%s”", "A line about a recusal begins with the name of a member who was there, then the reason: %q", line)
			}
			item().Recused = append(item().Recused, PanelMember{Name: who.Name, Capacity: capacity(who, s.p.Language), Reason: reason})
		case "表决", "vote":
			for _, v := range minuteVote.FindAllStringSubmatch(m[2], -1) {
				n, _ := strconv.Atoi(v[2])
				switch w := strings.ToLower(v[1]); {
				case w == "不同意" || w == "反对" || w == "against":
					item().Against = n
				case w == "同意" || w == "赞成" || w == "for":
					item().For = n
				default:
					item().Abstain = n
				}
			}
		default:
			rest := m[2]
			for _, who := range s.p.Register.With(AnyStaff) { // as minutes are often written: the name comes first
				if tail, ok := strings.CutPrefix(rest, who.Name); ok && trimSeparators(tail) != tail {
					rest = `person="` + who.Name + `" ` + trimSeparators(tail)
					break
				}
			}
			c := parseCommand(findVerb("followup").En[0], rest)
			c.Raw = line
			a, err := s.readFollowUp(&c)
			if err != nil {
				return err
			}
			if n := len(f.Items); n > 0 {
				a.Case = f.Items[n-1].Ref
			}
			f.Actions = append(f.Actions, a)
		}
	}
	if len(f.Items) == 0 {
		return Refuse("纪要没有内容。每个议题以“议题：”开头，下写讨论情况和“决议：”。", "The minutes are empty. Begin each item with “Item:”, and write below it what was said and “Resolved:”.")
	}
	for _, x := range f.Items {
		free := len(present) - len(x.Recused)
		switch {
		case x.Resolved != "" && free < s.p.Quorum:
			return Refuse("“%[1]s”可参加表决的只有 %[2]d 人，不足法定的 %[3]d 人，只能讨论，不能作出决议。", "On %[1]q only %[2]d could take part and %[3]d are needed: it can be discussed, and nothing resolved.", x.Title, free, s.p.Quorum)
		case x.For+x.Against+x.Abstain > free:
			return Refuse("“%[1]s”的票数合计 %[2]d，多于可参加表决的 %[3]d 人，请核对。", "On %[1]q there are %[2]d votes of %[3]d who could take part; please check.", x.Title, x.For+x.Against+x.Abstain, free)
		}
	}
	return nil
}

// paragraphs are the lines of a text that hold something.
func paragraphs(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// ending reads the time of day at which a meeting ends, after it begins.
func (p *Policy) ending(from time.Time, word string) (end time.Time, ok bool) {
	end, ok = parseMoment(DateOf(from.In(p.Location)).String()+" "+word, p.Location)
	return end, ok && end.After(from)
}
