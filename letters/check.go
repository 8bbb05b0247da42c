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
	switch l.Kind {
	case complaints.AckLetter:
		c.ack(*l.Ack)
	case complaints.ResultLetter:
		c.result(l, *l.Result)
	case complaints.DecisionLetter:
		c.decision(l, *l.Decision)
	}
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
	facts := 0
	for _, set := range []bool{l.Ack != nil, l.Result != nil, l.Decision != nil} {
		if set {
			facts++
		}
	}
	right := l.Kind == complaints.AckLetter && l.Ack != nil || l.Kind == complaints.ResultLetter && l.Result != nil || l.Kind == complaints.DecisionLetter && l.Decision != nil
	c.want(right && facts == 1, "信函种类“%s”与所给的事实不符：ack、result、decision应当恰有一项，且与种类一致。", "The kind %q does not fit the facts given: exactly one of ack, result and decision must be there, the one of this kind.", string(l.Kind))
	return c.faults
}

func (c *checker) common(l complaints.Letter) {
	c.want(l.Ref != "", "缺少案号。", "The case number is missing.")
	c.want(l.Firm.In(l.Lang) != "", "缺少本所名称。", "The firm's name is missing.")
	c.want(l.Firm.Address != "", "缺少本所通信地址。", "The firm's address is missing.")
	c.want(l.Policy != "", "缺少所依据的投诉处理制度版本。", "The version of the complaints policy is missing.")
	c.want(l.Kind == complaints.AckLetter || strings.TrimSpace(l.To.Name) != "", "缺少收件人姓名。", "The addressee's name is missing.")
	c.want(l.Kind == complaints.AckLetter || l.Subject != "", "缺少事由。", "The subject is missing.")
	c.want(l.Contact.Name+l.Contact.Title != "" && l.Contact.Phone+l.Contact.Email != "", "缺少责任人或其联系方式（电话或电子邮箱）。", "The responsible person, or how to reach them (telephone or email), is missing.")
	c.want(len(l.Routes) > 0, "没有写明任何外部途径。", "No body outside the firm is named.")
	for i, r := range l.Routes {
		c.want(r.Name != "" && r.Contact != "", "外部途径第%d项缺少名称或联系方式。", "Outside body %d lacks its name or how to reach it.", i+1)
		c.want(l.Lang == "zh" || r.NameEn != "", "外部途径第%d项缺少英文名称。", "Outside body %d lacks its English name.", i+1)
	}
	if l.Number.N != 0 || !l.Date.IsZero() {
		n := l.Number
		c.want(n.N > 0 && n.Firm != "" && n.Kind != "" && n.Year > 0, "文号不完整：应有机构简称、代字、年份和序号。", "The letter's number is incomplete: it needs the firm's short name, the series, the year and the number.")
		c.want(!l.Date.IsZero(), "有文号而没有日期。", "There is a number but no date.")
		c.want(l.Date.IsZero() || n.Year == l.Date.Year, "文号的年份%d与日期%s不符。", "The year %d of the number does not fit the date %s.", n.Year, l.Date)
	}
}

func (c *checker) ack(a complaints.AckFacts) {
	c.want(!a.Received.IsZero() && !a.Registered.IsZero(), "缺少收到或登记的时间。", "The time of receipt or of registration is missing.")
	c.want(!a.Registered.Before(a.Received), "登记时间早于收到时间。", "Registration comes before receipt.")
	c.want(a.Channel != "", "缺少收到投诉的渠道。", "How the complaint came in is missing.")
	c.want(strings.TrimSpace(a.Summary) != "", "缺少投诉内容的摘要。", "The summary of the complaint is missing.")
	c.want(a.ReplyTo != "", "缺少回复地址。", "The address for replies is missing.")
	c.want(!a.Due.Due.IsZero() && a.Due.Limit > 0, "缺少办理期限。", "The date by which the report is due is missing.")
	c.want(len(a.Due.Steps) > 0, "没有写明办理期限的计算方法。", "How the due date was counted is missing.")
	c.want(a.Due.Due.IsZero() || !a.Due.Due.Before(a.Due.Start), "办理期限早于起算日。", "The due date comes before the starting day.")
}

func (c *checker) result(l complaints.Letter, r complaints.ResultFacts) {
	c.want(!r.Received.IsZero(), "缺少收到投诉的日期。", "The date of the complaint is missing.")
	c.allegations(r.Allegations)
	c.want(len(r.Done) > 0, "没有写明调查所做的工作。", "What was done to investigate is missing.")
	for i, m := range r.Remedies {
		c.want(m.Text != "", "补救办法第%d项没有写明内容。", "Remedy %d does not say what it is.", i+1)
		c.want(m.Amount >= 0, "补救办法第%d项的金额为负数。", "The amount of remedy %d is negative.", i+1)
		c.want(m.Amount == 0 || !m.Due.IsZero(), "补救办法第%d项有金额而没有履行期限。", "Remedy %d has an amount but no date by which it is paid.", i+1)
		c.after(l, m.Due, "补救办法第%d项的履行期限", "The date of remedy %d", i+1)
		c.want(m.Amount == 0 || !r.AcceptBy.IsZero(), "补救办法第%d项涉及金额，但没有写明在什么日期前接受。", "Remedy %d offers money, but the date by which to accept is missing.", i+1)
	}
	c.after(l, r.AcceptBy, "接受补救办法的期限", "The date by which to accept")
	c.measures(l, r.Measures)
	c.want(!r.AppealUntil.IsZero(), "没有写明申诉截止的日历日期。", "The calendar date until which an appeal may be made is missing.")
	c.after(l, r.AppealUntil, "申诉截止日期", "The date until which an appeal may be made")
	c.want(strings.Contains(r.AppealTo, "@"), "没有写明申诉应当寄往的电子邮箱。", "The email address for an appeal is missing.")
	c.want(r.Signatory.Title != "", "缺少签发人的职务。", "The signatory's post is missing.")
	c.want(l.Number.N == 0 || r.Signatory.Name != "", "缺少签发人姓名：经批准后才能签发。", "The signatory's name is missing: a letter is issued only once it is approved.")
}

func (c *checker) decision(l complaints.Letter, d complaints.DecisionFacts) {
	c.want(!d.Appealed.IsZero(), "缺少提出申诉的日期。", "The date of the appeal is missing.")
	c.want(strings.TrimSpace(d.Grounds) != "", "没有写明申诉理由。", "The grounds of appeal are missing.")
	c.want(d.Contested.N > 0 && !d.IssuedOn.IsZero(), "没有写明所申诉的告知书的文号和日期。", "The number and date of the contested letter are missing.")
	c.want(len(d.Members) > 0, "没有写明委员会的组成。", "The composition of the committee is missing.")
	recused := map[string]bool{}
	for i, m := range d.Recused {
		c.want(m.Name != "" && m.Reason != "", "回避委员第%d人缺少姓名或回避原因。", "Member %d who stood aside lacks the name or the reason.", i+1)
		recused[m.Name] = true
	}
	for i, m := range d.Members {
		c.want(m.Name != "" && m.Capacity != "", "委员第%d人缺少姓名或身份。", "Member %d lacks the name or the capacity.", i+1)
		c.want(!recused[m.Name], "%s已经回避，不能同时列为参加审查的委员。", "%s stood aside and cannot be a member who took part.", m.Name)
	}
	c.want(len(d.Materials) > 0, "没有写明审查的材料。", "What was considered is missing.")
	c.allegations(d.Allegation)
	c.want(d.Decision.In("zh") != "", "缺少决定（维持、变更、撤销、发回）。", "The ruling (affirm, vary, quash, remit) is missing.")
	c.want(len(d.Reasons) > 0 && strings.TrimSpace(strings.Join(d.Reasons, "")) != "", "没有写明决定的理由。", "The reasons for the decision are missing.")
	total := 0
	for _, n := range d.Votes {
		total += n
	}
	c.want(total <= len(d.Members), "票数%d多于参加审查的委员%d人。", "There are %d votes but only %d members took part.", total, len(d.Members))
	c.want(total == 0 || d.Votes[d.Decision] > 0, "决定“%s”没有得到任何一票。", "Nobody voted for the ruling %q.", string(d.Decision))
	c.measures(l, d.Measures)
	c.want(d.Chair.Name != "", "缺少主任委员姓名。", "The chair's name is missing.")
	c.want(!recused[d.Chair.Name] || d.Chair.Name == "", "主任委员%s已经回避，不能署名。", "The chair %s stood aside and cannot sign.", d.Chair.Name)
}

func (c *checker) allegations(as []complaints.Allegation) {
	c.want(len(as) > 0, "没有列明投诉事项。", "No point of complaint is listed.")
	seen := map[int]bool{}
	for _, a := range as {
		c.want(a.No > 0 && !seen[a.No], "投诉事项的编号%d重复或者无效。", "The number %d of a point is used twice or not valid.", a.No)
		seen[a.No] = true
		c.want(strings.TrimSpace(a.Text) != "", "第%d项投诉事项没有写明内容。", "Point %d does not say what was complained of.", a.No)
		c.want(a.Finding.In("zh") != "", "第%d项投诉事项没有认定结论，等于没有答复。", "Point %d has no finding: it is left unanswered.", a.No)
		c.want(!thin(a.Reason), "第%d项的认定没有写明理由：应有事实、依据和结论，不能只写“经查，投诉不实”一类的话。", "The finding on point %d gives no reason: it needs the facts, what they rest on and what follows.", a.No)
	}
}

// after wants a date, if there is one, to come after the letter's own.
func (c *checker) after(l complaints.Letter, d complaints.Date, zh, en string, args ...any) {
	if d.IsZero() || l.Date.IsZero() || l.Date.Before(d) {
		return
	}
	c.want(false, zh+"（%s）不晚于信函日期。", en+" (%s) is not later than the letter's own.", append(args, d)...)
}

func (c *checker) measures(l complaints.Letter, ms []complaints.Measure) {
	c.want(len(ms) > 0, "没有写明任何改进措施。", "No improvement is named.")
	for i, m := range ms {
		c.want(!m.Due.IsZero(), "改进措施第%d项没有完成日期。", "Improvement %d has no date.", i+1)
		c.want(m.Owner != "", "改进措施第%d项没有责任岗位。", "Improvement %d names no post that is responsible.", i+1)
		c.want(!empty(m.Text), "改进措施第%d项“%s”是空话：请写明具体做什么。", "Improvement %d, “%s”, is an empty phrase: say what will be done.", i+1, m.Text)
	}
}

// thin reports whether a reason is too short to be one.
func thin(reason string) bool { return utf8.RuneCountInString(strings.TrimSpace(reason)) < 10 }

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
var promises = []string{"result.remedies.text", "result.measures.text", "result.remarks", "decision.measures.text"}

// unfilled are the marks of a field that was left open.
var unfilled = []string{"{{", "}}", "<no value>", "××", "XXX", "xxx", "TODO", "待填", "【】", "____年", "TBC", "TBD"}

// words looks through what the firm's own people wrote; a client's words are
// not judged.
func (c *checker) words(l complaints.Letter) {
	var open []string
	rewritten(reflect.ValueOf(l), nil, func(path []string, s string) string {
		field := withoutIndexes(path)
		if slices.Contains(quoted, field) || field == "to.name" {
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
