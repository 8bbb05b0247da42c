package complaints

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// categories are the codes of casework E.1.
var categories = map[string][2]string{
	"Q1": {"未尽责或意见错误", "lack of care or wrong advice"}, "Q2": {"未按指示办理", "instructions not followed"},
	"Q3": {"拖延、未推进", "delay"}, "Q4": {"错过期限", "missed time limit"}, "Q5": {"文件遗失或未退还", "papers lost or kept"},
	"Q6": {"文书差错", "errors in documents"}, "Q7": {"未出庭或擅自终止", "absence from court or unauthorised termination"},
	"A1": {"未回复", "no reply"}, "A2": {"未告知进展", "not kept informed"}, "A3": {"态度恶劣", "rudeness"},
	"A4": {"未解释风险", "risks not explained"}, "A5": {"语言或无障碍", "language or accessibility"},
	"F1": {"收费过高", "excessive fee"}, "F2": {"费用信息不清", "unclear fee information"}, "F3": {"收费与合同不符", "fee not as agreed"},
	"F4": {"私自收费", "private charging"}, "F5": {"未开票", "no invoice"}, "F6": {"退费争议", "refund dispute"}, "F7": {"风险代理争议", "contingency-fee dispute"},
	"C1": {"利益冲突", "conflict of interest"}, "C2": {"泄密或个人信息", "confidentiality or personal data"}, "C3": {"虚假承诺或宣传", "false promises or advertising"},
	"C4": {"私自收案", "private instructions"}, "C5": {"不正当竞争", "unfair competition"}, "C6": {"妨碍司法", "obstruction of justice"}, "C7": {"不正当影响办案", "improper influence"},
	"M1": {"投诉未登记", "complaint not registered"}, "M2": {"投诉处理超期", "complaint handled late"}, "M3": {"投诉未答复", "complaint not answered"},
	"M4": {"处理不公或未回避", "unfair handling or no recusal"}, "M5": {"报复", "retaliation"},
	"O1": {"第三方投诉", "third-party complaint"}, "O2": {"制度或流程", "policy or process"}, "O3": {"其他", "other"},
}

// causes are the codes of casework E.4.
var causes = map[string][2]string{
	"P1": {"能力", "competence"}, "P2": {"疏忽", "oversight"}, "P3": {"态度", "attitude"}, "P4": {"负荷", "workload"}, "P5": {"操守", "integrity"},
	"R1": {"无流程", "no process"}, "R2": {"流程未执行", "process not followed"}, "R3": {"交接", "hand-over"}, "R4": {"期限管理", "time-limit control"}, "R5": {"复核缺失", "no second check"},
	"I1": {"未告知", "client not told"}, "I2": {"说明不清", "unclear explanation"}, "I3": {"预期管理", "expectations"}, "I4": {"记录缺失", "records missing"},
	"F1": {"合同条款", "contract terms"}, "F2": {"报价", "quotation"}, "F3": {"变更未确认", "change not confirmed"}, "S": {"系统", "systems"},
	"G1": {"监督", "supervision"}, "G2": {"培训", "training"}, "G3": {"资源", "resources"}, "G4": {"激励", "incentives"},
	"X1": {"法院或机关", "court or authority"}, "X2": {"客户配合", "client's cooperation"}, "X3": {"第三方", "third party"}, "N": {"无过错、期望落差", "no fault, expectation gap"},
}

// closingCodes are those of casework E.6.
var closingCodes = map[string][2]string{
	"settled": {"和解", "settled"}, "no_appeal": {"答复后未申诉", "no appeal"}, "appeal_decided": {"申诉决定后", "appeal decided"},
	"withdrawn": {"撤回", "withdrawn"}, "not_pursued": {"未配合", "not pursued"}, "referred": {"转介", "referred"}, "declined": {"不予受理", "declined"},
	"merged": {"合并", "merged"}, "external": {"外部结果", "external outcome"}, "not_complaint": {"非投诉", "not a complaint"},
}

// remedyKinds are the codes of casework E.5.
var remedyKinds = map[string][2]string{
	"apology": {"道歉", "apology"}, "explanation": {"解释", "explanation"}, "correction": {"更正", "correction"}, "papers": {"返还文件", "papers"},
	"lawyer": {"更换承办人", "lawyer"}, "reduction": {"减费", "reduction"}, "refund": {"退费", "refund"}, "compensation": {"赔偿损失", "compensation"},
	"distress": {"慰藉补偿", "distress"}, "review": {"第三方复核", "review"}, "process": {"流程改进", "process"}, "none": {"无", "none"},
}

// CategoryWords gives a category in words, or "" for an unknown code.
func CategoryWords(code, lang string) string {
	w := categories[code]
	return pick(lang, w[0], w[1])
}

// CauseWords gives a root cause in words, or "" for an unknown code.
func CauseWords(code, lang string) string {
	w := causes[code]
	return pick(lang, w[0], w[1])
}

// ClosingWords gives a closing code in words.
func ClosingWords(code, lang string) string {
	w := closingCodes[code]
	return pick(lang, w[0], w[1])
}

// readCode reads a code as a person types it: any case, with or without what
// follows a full stop (P2.1 is P2).
func readCode(s string, codes map[string][2]string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s, _, _ = strings.Cut(s, ".")
	_, ok := codes[s]
	return s, ok
}

// Severity is how grave a complaint is (casework E.3).
type Severity string

// The levels, from the least.
const (
	Normal   Severity = "normal"
	Elevated Severity = "elevated"
	Major    Severity = "major"    // goes before the committee before it is decided
	Critical Severity = "critical" // and management is told at once
)

var severityWords = map[Severity][2]string{
	Normal: {"一般", "normal"}, Elevated: {"较大", "elevated"}, Major: {"重大", "major"}, Critical: {"特别重大", "critical"},
}

var severityRank = map[Severity]int{Normal: 1, Elevated: 2, Major: 3, Critical: 4}

// Major reports whether a case of this level goes before the committee.
func (s Severity) Major() bool { return severityRank[s] >= severityRank[Major] }

// In gives the level in words; "" if none was set.
func (s Severity) In(lang string) string {
	w := severityWords[s]
	return pick(lang, w[0], w[1])
}

// criterion is one of casework E.3: what it is called, the grade it speaks for,
// and the words by which a text shows it.
type criterion struct {
	level  Severity
	zh, en string
	words  finder
}

var criteria = []criterion{
	{Critical, "可能危及人身安全", "a person's safety may be at risk", find(`(?i)自杀|轻生|跳楼|人身安全|杀了|suicide|kill (myself|him|her)|threat(en)?s? to (life|kill)`)},
	{Major, "称有报复或威胁", "retaliation or threats are alleged", find(`(?i)报复|威胁|恐吓|retaliat|threaten`)},
	{Major, "可能涉嫌犯罪或律师法所列重大违规", "a crime, or grave misconduct under the Lawyers Act, is alleged", find(`(?i)诈骗|侵占|行贿|受贿|贿赂|犯罪|刑事责任|报案|虚假诉讼|伪造|虚构事实|fraud|brib(e|ery)|crimin|embezzl|forge[dr]`)},
	{Major, "可能错过法定期限", "a statutory time limit may have been missed", find(`(?i)(错过|超过|耽误|过了).{0,10}(时效|上诉期|举证期限|起诉期|申请期限)|诉讼时效|limitation period|time[- ]barred|missed the deadline`)},
	{Major, "利益冲突", "conflict of interest", find(`(?i)利益冲突|双方代理|conflict of interest`)},
	{Major, "泄密或泄露个人信息", "confidentiality or personal data", find(`(?i)泄密|泄露.{0,12}(信息|隐私|秘密|材料)|disclosed.{0,30}(confidential|personal)|breach of confiden`)},
	{Major, "私自收费或收案", "private charging or instructions", find(`(?i)私自收(费|案|款)|私下收|微信转给.{0,8}(律师)?本人|to his private account|private(ly)? (charged|paid)`)},
	{Major, "监管机关、律师协会、信访或媒体已介入", "a regulator, the bar association or the press is involved", find(`(?i)司法局|律师协会|律协|信访|媒体|记者|曝光|bar association|regulator|journalist|the press\b`)},
	{Elevated, "投诉人处境困难", "the complainant is in a vulnerable position", find(`(?i)残疾|重病|癌症|未成年|低保|失明|独居老人|disab(led|ility)|cancer|terminally ill|\bminor\b`)},
}

// graveCategories speak for a grade by themselves.
var graveCategories = map[string]Severity{"C1": Major, "C2": Major, "F4": Major, "C4": Major, "Q4": Major, "M5": Major, "C6": Major, "C7": Major, "Q1": Elevated, "Q7": Elevated}

// largest gives the largest amount of money that a text, of which lower is the
// lower case, names in a currency ("": the yuan).
func largest(text, lower, code string) (most float64) {
	form := moneyForms[cmp.Or(code, "CNY")]
	if !form.may(lower) {
		return 0
	}
	for _, m := range form.FindAllStringSubmatch(text, 100) {
		n, err := strconv.ParseFloat(strings.NewReplacer(",", "", "，", "").Replace(m[1]+m[3]), 64)
		if m[2]+m[4] != "" {
			n *= 10_000
		}
		if err == nil {
			most = max(most, n)
		}
	}
	return most
}

// Grade suggests how grave a case is by the criteria of casework E.3, and says
// which it meets. It never decides: a person does, by #severity.
func (p *Policy) Grade(c *Case) (Severity, []string) {
	level, why := Normal, []string(nil)
	meet := func(l Severity, zh, en string, args ...any) {
		if severityRank[l] > severityRank[level] {
			level = l
		}
		if s := fmt.Sprintf(pick(p.Language, zh, en), args...); !slices.Contains(why, s) {
			why = append(why, s)
		}
	}
	text := c.Subject + "\n" + c.Matter
	for _, a := range c.Allegations {
		text += "\n" + a.Text
		for _, who := range p.Register.With(Head, Chair, Member, Officer, Management) {
			if a.Against(who) {
				meet(Major, "被投诉人%s任%s", "the respondent, %s, is one of %s", who.Name, who.Roles[0].In(p.Language))
			}
		}
	}
	for _, a := range c.Allegations {
		if p.MajorUpheld > 0 && a.Upheld >= p.MajorUpheld {
			name := a.Respondent
			if who := p.Register.Find(name); who != nil {
				name = who.Name
			}
			meet(Major, "对%s的投诉十二个月内已有%d件成立", "complaints against %s were upheld %d times within twelve months", name, a.Upheld)
		}
	}
	sum := func(amount float64) string {
		return strings.Replace(Money(int64(amount)*100, p.Pays(), p.Language), ".00", "", 1)
	}
	lower := strings.ToLower(text)
	if most, limit := largest(text, lower, p.Pays()), float64(p.MajorLoss); p.MajorLoss > 0 && most >= limit {
		meet(map[bool]Severity{true: Critical, false: Major}[most >= 10*limit], "涉及金额%s，达到%s", "it concerns %s, which is at least %s", sum(most), sum(limit))
	} else if p.MajorLoss > 0 && most >= limit/5 {
		meet(Elevated, "涉及金额%s", "it concerns %s", sum(most))
	}
	for _, k := range criteria {
		if k.words.may(lower) && k.words.MatchString(text) {
			meet(k.level, k.zh, k.en)
		}
	}
	if l, ok := graveCategories[c.Category]; ok {
		meet(l, "类别%s "+categories[c.Category][0], "category %s, "+categories[c.Category][1], c.Category)
	}
	if n := len(c.Members) + 1; p.MajorComplainants > 0 && n >= p.MajorComplainants {
		meet(Major, "同一事由的投诉人有%d人", "%d complainants about one cause", n)
	}
	if c.Support != nil {
		meet(Elevated, "投诉人处境困难", "the complainant is in a vulnerable position")
	}
	if c.Channel == "regulator" {
		meet(Major, "由监管机关转办", "it was passed on by a regulator")
	}
	if a := c.Appeal; a != nil && (a.Ruling == Vary || a.Ruling == Quash || a.Ruling == Remit) {
		meet(Major, "原处理结果已被委员会改变", "the committee has overturned the earlier result")
	}
	return level, why
}

// Finding is the result on one allegation.
type Finding string

// The findings of casework E.5.
const (
	Upheld       Finding = "upheld"       // 成立
	PartlyUpheld Finding = "partly"       // 部分成立
	NotUpheld    Finding = "not_upheld"   // 不成立
	Undetermined Finding = "undetermined" // 无法查实
)

// In gives the finding in words.
func (f Finding) In(lang string) string { return inWords(f, lang, findingWords) }

var findingWords = map[Finding][2]string{
	Upheld: {"成立", "upheld"}, PartlyUpheld: {"部分成立", "partly upheld"},
	NotUpheld: {"不成立", "not upheld"}, Undetermined: {"无法查实", "could not be established"},
}

// ParseFinding reads a finding in either language.
func ParseFinding(s string) (Finding, bool) { return parseWord(s, findingWords) }

// Ruling is what the committee decides on an appeal (casework A Ch.7).
type Ruling string

// The rulings.
const (
	Affirm Ruling = "affirm" // 维持
	Vary   Ruling = "vary"   // 变更
	Quash  Ruling = "quash"  // 撤销
	Remit  Ruling = "remit"  // 发回重查
)

var rulingWords = map[Ruling][2]string{
	Affirm: {"维持", "affirm"}, Vary: {"变更", "vary"}, Quash: {"撤销", "quash"}, Remit: {"发回", "remit"},
}

// In gives the ruling in words.
func (r Ruling) In(lang string) string { return inWords(r, lang, rulingWords) }

// ParseRuling reads a ruling in either language.
func ParseRuling(s string) (Ruling, bool) { return parseWord(s, rulingWords) }

// parseWord finds the key whose Chinese or English word, or own code, is s.
func parseWord[K ~string](s string, words map[K][2]string) (K, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for k, w := range words {
		if s == string(k) || s == w[0] || s == w[1] {
			return k, true
		}
	}
	return "", false
}

// delayGrounds are the reasons for more time, or for none that counts (casework
// E.7). That there is much to do is none.
var delayGrounds = map[string][2]string{
	"information": {"补充材料", "further information from the complainant"}, "key_person": {"关键人员不在", "absence of a person who must be heard"},
	"outside": {"外部机构材料", "papers of an outside body"}, "expert": {"专业鉴定", "an expert's opinion"}, "major": {"重大案件审议", "review of a major case"},
	"litigation": {"与诉讼/仲裁并行", "court or arbitration proceedings on the same facts"}, "force_majeure": {"不可抗力", "force majeure"},
	"client": {"投诉人请求", "the complainant's request"}, "merged": {"合并新事项", "new matters taken in"},
}

// groundAlias are further words that people write for a ground.
var groundAlias = map[string]string{
	"诉讼": "litigation", "仲裁": "litigation", "诉讼仲裁": "litigation", "court": "litigation", "鉴定": "expert", "外部材料": "outside", "监管": "outside", "regulator": "outside",
	"人员不在": "key_person", "请求": "client", "客户请求": "client", "重大": "major", "新事项": "merged", "材料": "information",
}

// suspending are the grounds on which a case may be suspended (casework B.1).
var suspending = []string{"litigation", "outside", "expert", "force_majeure", "client"}

var busy = regexp.MustCompile(`(?i)(工作|业务|事务|案件)[太很较过]?(繁忙|忙|多|量大)|太忙|人手不足|\bbusy\b|workload|short[- ]staffed`)

// ground reads the reason category of a command.
func (c *Command) ground(allowed []string) (string, error) {
	word := strings.TrimSpace(c.Args["ground"])
	g, ok := parseWord(word, delayGrounds)
	if alias := groundAlias[strings.ToLower(word)]; !ok && alias != "" {
		g, ok = alias, true
	}
	list := map[string][2]string{}
	for k, w := range delayGrounds {
		if allowed == nil || slices.Contains(allowed, k) {
			list[k] = w
		}
	}
	switch {
	case busy.MatchString(word + "\n" + c.Text):
		return "", Refuse("“工作繁忙”不是理由；请写明具体原因，类别：%[1]s", "Being busy is no ground; give the specific reason, under one of: %[2]s", codeList(list, "zh"), codeList(list, "en"))
	case !ok || list[g][0] == "":
		return "", Refuse("请写明原因类别，如 依据=%[3]s。类别：%[1]s", "Give the category of the reason, as in ground=%[4]s. Categories: %[2]s", codeList(list, "zh"), codeList(list, "en"), delayGrounds["litigation"][0], "litigation")
	}
	return g, nil
}

// GroundWords names a ground of casework E.7.
func GroundWords(g, lang string) string { return inWords(g, lang, delayGrounds) }

// Graded sets how grave the case is (casework E.3).
type Graded struct {
	Level  Severity `json:"level"`
	Reason string   `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*Graded) Kind() string { return "graded" }

func (f *Graded) apply(c *Case, e *Event) error {
	c.Severity = f.Level
	c.note(e, f.Kind(), strings.TrimSpace(string(f.Level)+" "+f.Reason))
	return nil
}

// grade is #定级: anybody on the case may grade it up; only the chair grades it
// down, with reasons. A major case goes before the committee; of a critical one
// management is told at once.
func (s *session) grade(c *Command) (string, error) {
	word := ""
	if len(c.Words) > 0 {
		word = c.Words[0]
	}
	level, ok := parseWord(word, severityWords)
	if !ok {
		return "", Refuse("请写明级别：一般、较大、重大、特别重大。", "Say which grade: normal, elevated, major or critical.")
	}
	if level == s.c.Severity {
		return s.tr("级别已是“%s”，没有改动。", "The grade is %s already; nothing changed.", level.In(s.lang)), nil
	}
	lower := severityRank[level] < severityRank[s.c.Severity]
	chairs := s.free(Chair)
	switch {
	case lower && !slices.Contains(chairs, s.who):
		return "", Refuse("本案已定为“%[1]s”，调低须由主任委员说明理由。", "The case is graded %[2]s; only the committee's chair may lower that, with reasons.", s.c.Severity.In("zh"), s.c.Severity.In("en"))
	case lower && c.Text == "":
		return "", Refuse("调低级别须写明理由。", "Lowering the grade needs a reason.")
	}
	before := s.c.Severity
	s.do(&Graded{Level: level, Reason: c.Text})
	if !level.Major() || lower {
		return s.tr("级别定为“%s”。", "Graded %s.", level.In(s.lang)), nil
	}
	told := chairs
	if level == Critical {
		told = append(slices.Clone(chairs), s.p.management(s.c)...)
	}
	for _, p := range append(told, s.free(Head)...) {
		if p != s.who && len(sentTo(s.out.Mails, "graded", p.Address)) == 0 && !(before.Major() && slices.Contains(chairs, p)) {
			s.tell(p, "graded", Facts{From: s.who.Mailbox(), Reason: c.Text, Level: string(level)})
		}
	}
	did := s.tr("级别定为“%s”；答复投诉人之前须经投诉处理委员会审议。", "Graded %s: it goes before the Complaints Committee before the client is answered.", level.In(s.lang))
	if level == Critical {
		did += s.tr("已告知管理层。", " Management has been told.")
	}
	return did, nil
}

func sentTo(mails []Mail, template, addr string) []Mail {
	return slices.DeleteFunc(slices.Clone(mails), func(m Mail) bool { return m.Template != template || !SameAddr(m.To.Addr, addr) })
}

// management lists who of management may know of a case: by the register, and
// by the configuration.
func (p *Policy) management(c *Case) []*Person {
	out := p.acting(c, Management)
	for _, a := range p.Management {
		who := p.Register.Find(a)
		if who == nil {
			who = &Person{Address: a, Active: true, Roles: []Role{Management}}
		}
		if !c.Conflicted(who) && !slices.ContainsFunc(out, func(x *Person) bool { return SameAddr(x.Address, a) }) {
			out = append(out, who)
		}
	}
	return out
}

// advice is a sentence for who has just changed the case, if it may be graver
// than it is graded.
func (s *session) advice() string {
	level, why := s.p.Grade(s.c)
	if severityRank[level] <= max(severityRank[s.c.Severity], severityRank[Normal]) {
		return ""
	}
	return s.tr("建议定级为“%[1]s”（%[2]s）：#定级 %[1]s", " Suggested grade: %[1]s (%[2]s): #severity %[1]s", level.In(s.lang), strings.Join(why, pick(s.lang, "；", "; ")))
}

// State is where a case stands (casework B.1).
type State string

// The states. The main path comes first, then the side exits.
const (
	Registered     State = "REGISTERED"
	Triage         State = "TRIAGE"
	Investigating  State = "INVESTIGATING"
	AwaitingClient State = "AWAITING_CLIENT"
	Suspended      State = "SUSPENDED"
	ReportReview   State = "REPORT_REVIEW"
	CommitteePre   State = "COMMITTEE_PRE"
	DecisionDraft  State = "DECISION_DRAFT"
	Decided        State = "DECIDED"
	AppealLodged   State = "APPEAL_LODGED"
	AppealReview   State = "APPEAL_REVIEW"
	AppealDecided  State = "APPEAL_DECIDED"
	InRemedy       State = "REMEDY"
	External       State = "EXTERNAL"
	Closed         State = "CLOSED"
	Archived       State = "ARCHIVED"
	NotComplaint   State = "NOT_COMPLAINT"
	Declined       State = "DECLINED"
	Referred       State = "REFERRED"
	Merged         State = "MERGED"
	Withdrawn      State = "WITHDRAWN"
	NotPursued     State = "NOT_PURSUED"
)

var stateWords = map[State][2]string{
	Registered: {"已登记", "registered"}, Triage: {"初审", "under initial review"},
	Investigating: {"调查中", "under investigation"}, AwaitingClient: {"待投诉人补充", "waiting for the complainant"},
	Suspended: {"中止", "suspended"}, ReportReview: {"报告审核", "report under review"},
	CommitteePre: {"重大案件审议", "before the committee"}, DecisionDraft: {"拟文", "result being drafted"},
	Decided: {"已答复", "result sent"}, AppealLodged: {"申诉受理审查", "appeal lodged"},
	AppealReview: {"委员会审查", "appeal before the committee"}, AppealDecided: {"申诉已决定", "appeal decided"},
	InRemedy: {"履行中", "remedy being carried out"}, External: {"外部处理", "with an outside body"},
	Closed: {"已结案", "closed"}, Archived: {"已归档", "archived"}, NotComplaint: {"非投诉", "not a complaint"},
	Declined: {"不予受理", "not accepted"}, Referred: {"已转介", "referred"}, Merged: {"已合并", "merged"},
	Withdrawn: {"已撤回", "withdrawn"}, NotPursued: {"投诉人未配合", "not pursued"},
}

// In gives the state in words.
func (s State) In(lang string) string {
	w := stateWords[s]
	return pick(lang, w[0], w[1])
}

// Open reports whether work remains: no end state has been reached.
func (s State) Open() bool {
	switch s {
	case Closed, Archived, NotComplaint, Declined, Referred, Merged, Withdrawn, NotPursued:
		return false
	}
	return true
}

// Figures are what the committee looks at in each meeting.
type Figures struct {
	Since      Date       `json:"since,omitzero"`
	Received   int        `json:"received"`
	Closed     int        `json:"closed"`
	Open       int        `json:"open"`    // now
	Overdue    int        `json:"overdue"` // of these
	Found      int        `json:"found"`   // allegations with a finding, in cases that were closed
	Upheld     int        `json:"upheld"`  // of these, in whole or in part
	Appeals    int        `json:"appeals"`
	Changed    int        `json:"changed"`              // appeals that did not affirm the result
	Breaches   int        `json:"breaches"`             // limits that were missed
	Vulnerable int        `json:"vulnerable,omitempty"` // complaints of somebody in a vulnerable position
	Unheeded   int        `json:"unheeded,omitempty"`   // of these, because that was not heeded
	Categories []Category `json:"categories,omitempty"`
}

// Category is how many complaints came in under one head (casework E.1).
type Category struct {
	Code string `json:"code"`
	N    int    `json:"n"`
}

// Standing gives the day before which a limit must have ended for its case to
// stand on every agenda (casework B.3).
func (p *Policy) Standing(today Date) Date { return p.Calendar.back(today, p.StandingDays) }
