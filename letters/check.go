package letters

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	complaints "complaints"
)

// fault is one thing that keeps a letter from being issued, and how to mend it.
type fault struct{ zh, en string }

// refusal names every fault of a letter.
func refusal(l complaints.Letter, faults []fault) error {
	var zh, en strings.Builder
	fmt.Fprintf(&zh, "案件%s的信函不能签发，有%d处需要改正：", l.Ref, len(faults))
	fmt.Fprintf(&en, "The letter of case %s cannot be issued; %d point(s) need mending:", l.Ref, len(faults))
	for i, f := range faults {
		fmt.Fprintf(&zh, "\n%d. %s", i+1, f.zh)
		fmt.Fprintf(&en, "\n%d. %s", i+1, f.en)
	}
	return &complaints.Refusal{Zh: zh.String(), En: en.String()}
}

// checker collects faults.
type checker struct{ faults []fault }

// want adds a fault unless ok.
func (c *checker) want(ok bool, zh, en string, args ...any) {
	if !ok {
		c.faults = append(c.faults, fault{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
	}
}

// Check looks for everything that keeps a letter from being issued (casework
// C.1 and C.5) and gives a *complaints.Refusal that names each fault in both
// languages, or nil. A letter is checked the same way as a draft and as issued,
// except for what only exists at issue: number, date, signatory.
func (p *Printer) Check(l complaints.Letter) error {
	if faults := p.shape(l); faults != nil {
		return refusal(l, faults)
	}
	c := &checker{}
	c.common(l)
	c.kind(l)
	_, faults := p.faces.safe(l)
	c.faults = append(c.faults, faults...)
	c.words(l)
	if c.faults != nil {
		return refusal(l, c.faults)
	}
	return nil
}

// shape finds what makes a letter impossible to print at all.
func (p *Printer) shape(l complaints.Letter) []fault {
	c := &checker{}
	c.want(p.texts[l.Lang] != nil, "语言“%s”没有信函文本，应为zh或en。", "There are no letters in the language %q: want zh or en.", l.Lang)
	facts, right := 0, false
	for kind, set := range factsOf(l) {
		if set {
			facts++
			right = right || kind == l.Kind
		}
	}
	c.want(l.Kind.In("zh") != "", "没有“%s”这种信函。", "There is no kind of letter %q.", string(l.Kind))
	c.want(l.Kind.In("zh") == "" || right && facts == 1, "信函种类“%s”与所给的事实不符：应当恰有一项事实，且与种类一致。", "The kind %q does not fit the facts given: there must be exactly one set of facts, that of this kind.", string(l.Kind))
	return c.faults
}

// factsOf tells of each kind whether its facts are there.
func factsOf(l complaints.Letter) map[complaints.LetterKind]bool {
	return map[complaints.LetterKind]bool{
		complaints.AckLetter: l.Ack != nil, complaints.DeclinedLetter: l.Declined != nil, complaints.ReferralLetter: l.Referral != nil,
		complaints.InformationLetter: l.Information != nil, complaints.DelayLetter: l.Delay != nil, complaints.ResultLetter: l.Result != nil,
		complaints.SettlementLetter: l.Settlement != nil, complaints.DecisionLetter: l.Decision != nil, complaints.ClosureLetter: l.Closure != nil,
		complaints.NotPursuedLetter: l.NotPursued != nil, complaints.CorrectionLetter: l.Correction != nil, complaints.RespondentLetter: l.Respondent != nil,
		complaints.ReportLetter: l.Report != nil, complaints.PapersLetter: l.Papers != nil, complaints.MinutesLetter: l.Minutes != nil,
		complaints.RegulatorLetter: l.Regulator != nil,
	}
}

// common checks what letters of several kinds have. A subject they need not
// have: a complaint without one is told by its number.
func (c *checker) common(l complaints.Letter) {
	c.want(l.Ref != "", "缺少案号。", "The case number is missing.")
	c.want(l.Firm.In(l.Lang) != "", "缺少本所名称。", "The firm's name is missing.")
	c.want(l.Firm.Address != "", "缺少本所通信地址。", "The firm's address is missing.")
	c.want(l.Policy != "", "缺少所依据的投诉处理制度版本。", "The version of the complaints policy is missing.")
	nobody := []complaints.LetterKind{complaints.AckLetter, complaints.ReportLetter, complaints.MinutesLetter}
	c.want(slices.Contains(nobody, l.Kind) || strings.TrimSpace(l.To.Name) != "", "缺少收件人姓名。", "The addressee's name is missing.")
	if !l.Kind.Internal() || l.Kind == complaints.RegulatorLetter {
		c.want(l.Contact.Name+l.Contact.Title != "" && l.Contact.Phone+l.Contact.Email != "", "缺少责任人或其联系方式（电话或电子邮箱）。", "The responsible person, or how to reach them (telephone or email), is missing.")
	}
	if !l.Kind.Internal() {
		c.want(len(l.Routes) > 0, "没有写明任何外部途径。", "No body outside the firm is named.")
	}
	c.routes(l, l.Routes, "外部途径", "Outside body")
	if l.Number.N != 0 || !l.Date.IsZero() {
		n := l.Number
		c.want(n.N > 0 && n.Firm != "" && n.Kind != "" && n.Year > 0, "文号不完整：应有机构简称、代字、年份和序号。", "The letter's number is incomplete: it needs the firm's short name, the series, the year and the number.")
		c.want(!l.Date.IsZero(), "有文号而没有日期。", "There is a number but no date.")
		c.want(l.Date.IsZero() || n.Year == l.Date.Year, "文号的年份%d与日期%s不符。", "The year %d of the number does not fit the date %s.", n.Year, l.Date)
	}
}

// emptyPhrases say nothing when they stand alone, and emptyWords are the same in
// English.
var (
	emptyPhrases = []string{
		"加强内部管理", "加强管理", "加强学习", "加强沟通", "加强培训", "加强监督", "提高服务质量", "提升服务质量", "提高服务水平", "改进服务", "优化服务", "完善制度", "完善流程",
		"引以为戒", "吸取教训", "高度重视", "严格要求", "认真整改", "举一反三", "进一步", "今后", "我们", "我所", "本所", "切实", "不断", "将", "并", "和", "以", "的", "对",
	}
	emptyWords = strings.Fields("we will shall our the and of to in a be strengthen improve improving raise management quality service services staff training communication learn lessons pay more attention further continue standards")
)

// empty reports whether nothing but empty phrases stands in a text.
func empty(text string) bool {
	for _, p := range emptyPhrases {
		text = strings.ReplaceAll(text, p, " ")
	}
	left := 0
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !slices.Contains(emptyWords, word) {
			left += utf8.RuneCountInString(word)
		}
	}
	return left < 4
}

// forbidden are words that no promise or apology of the desk may hold (casework
// C.5), and why. They are looked for only where the firm speaks for itself:
// reasons and the client's points may have to quote them.
var forbidden = []struct{ phrase, zh, en string }{
	{"最终解释权", "不得主张“最终解释权”", "no firm has the last word on what its rules mean"},
	{"给您带来不便", "道歉应写明为何事、造成了什么影响，不附“如果”", "an apology says what for and what the effect was, without an “if”"},
	{"any inconvenience", "道歉应写明为何事、造成了什么影响", "an apology says what for and what the effect was"},
	{"以撤回投诉为", "不得以撤回投诉为条件", "nothing may depend on a complaint being withdrawn"},
	{"撤回投诉后", "不得以撤回投诉为条件", "nothing may depend on a complaint being withdrawn"},
	{"provided that you withdraw", "不得以撤回投诉为条件", "nothing may depend on a complaint being withdrawn"},
	{"if you withdraw", "不得以撤回投诉为条件", "nothing may depend on a complaint being withdrawn"},
}

// promises are the fields in which the firm speaks for itself.
var promises = []string{
	"result.remedies.text", "result.measures.text", "result.remarks", "decision.measures.text", "declined.kept", "referral.kept", "information.items.why", "delay.reason", "delay.interim",
	"settlement.agreed.text", "settlement.measures.text", "closure.continues", "closure.remedies.text", "not_pursued.decision", "correction.reason",
	"report.remedies.text", "report.measures.text", "minutes.actions.text", "regulator.proposal",
}

// unfilled are the marks of a field that was left open.
var unfilled = []string{"{{", "}}", "<no value>", "××", "XXX", "xxx", "TODO", "待填", "【】", "____年", "TBC", "TBD"}

// words looks through what the firm's own people wrote; a client's words are
// not judged.
func (c *checker) words(l complaints.Letter) {
	var open []string
	rewritten(reflect.ValueOf(l), nil, func(path []string, s string) string {
		field := field(path)
		if quotes(l, path) || slices.Contains(givenNames, field) {
			return s
		}
		for _, u := range unfilled {
			if strings.Contains(s, u) {
				open = append(open, place(path, "zh"), place(path, "en"), u)
				break
			}
		}
		for _, f := range forbidden {
			if slices.Contains(promises, field) && strings.Contains(s, f.phrase) {
				c.faults = append(c.faults, fault{"请删改“" + f.phrase + "”：" + f.zh + "。", "Please reword “" + f.phrase + "”: " + f.en + "."})
			}
		}
		return s
	})
	for f := range slices.Chunk(open, 3) {
		c.faults = append(c.faults, fault{f[0] + "有未填写的内容：“" + f[2] + "”。", f[1] + " was left to be filled in: “" + f[2] + "”."})
	}
}
