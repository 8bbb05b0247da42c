package complaints

import (
	"slices"
	"strconv"
	"strings"
)

// TextRule says whether a command takes text: the rest of its line and the
// lines below it.
type TextRule int

// The rules.
const (
	NoText TextRule = iota
	MayText
	MustText
)

// Layer is how sure the desk must be of who wrote a command.
type Layer int

// The layers: reading needs the register, writing a capability token as well;
// what goes outside and ends something also needs proof of the person, or a
// confirmation.
const (
	Reads Layer = iota
	Writes
	Outward
)

// Roles that a person has only on one case.
const (
	TheHandler  Role = "handler"  // responsible person of this case
	TheAssignee Role = "assignee" // asked to investigate it
	ThePanel    Role = "panel"    // sits on this appeal, or on this major case
	TheSilent   Role = "silent"   // sits on it and has not answered yet
	TheSenior   Role = "senior"   // the member with the longest term who may sit on it

	TheRespondent Role = "respondent" // is complained of
	TheOwner      Role = "owner"      // carries out an improvement measure of this case
)

// Verb is one row of the command table.
type Verb struct {
	Zh, En  [2]string // name, usage after the name
	Alias   []string  // further names
	Layer   Layer
	Text    TextRule
	Words   int         // positional words it takes
	Keys    [][3]string // own name, Chinese, English
	Number  bool        // numbers are keys too: 1=成立
	Roles   []Role      // who may
	States  []State     // where; nil: in every open state
	NoCase  bool        // works without a case as well
	Meeting bool        // about the meeting whose mail is answered
	Does    [2]string   // effect in one line, zh and en
}

// Name gives the verb's name in a language.
func (v *Verb) Name(lang string) string { return pick(lang, v.Zh[0], v.En[0]) }

// Usage gives the whole usage line in a language.
func (v *Verb) Usage(lang string) string {
	name, args := v.Zh[0], v.Zh[1]
	if lang == "en" {
		name, args = v.En[0], v.En[1]
	}
	return strings.TrimSpace("#" + name + " " + args)
}

// key gives the own name of an argument by any of its names, or "".
func (v *Verb) key(name string) string {
	for _, k := range v.Keys {
		for _, n := range k {
			if strings.EqualFold(n, name) {
				return k[0]
			}
		}
	}
	if v.Number {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && n < 1000 {
			return strconv.Itoa(n)
		}
	}
	return ""
}

// findVerb finds a verb by any of its names, or gives nil.
func findVerb(name string) *Verb {
	for _, v := range Vocabulary() {
		if v.Zh[0] == name || strings.EqualFold(v.En[0], name) {
			return v
		}
		for _, a := range v.Alias {
			if strings.EqualFold(a, name) {
				return v
			}
		}
	}
	return nil
}

// closest gives the verb whose name differs least from a word, or nil if none
// comes near.
func closest(name string) *Verb {
	var best *Verb
	least := 3
	for _, v := range Vocabulary() {
		for _, n := range append([]string{v.Zh[0], v.En[0]}, v.Alias...) {
			limit := max(1, len([]rune(n))/2)
			if d := distance(strings.ToLower(name), n); d < least && d <= limit {
				best, least = v, d
			}
		}
	}
	return best
}

// distance is the Levenshtein distance in runes.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := before
			if x[i-1] != y[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, cost)
		}
	}
	return row[len(y)]
}

// The states in which families of commands work.
var (
	working    = []State{Investigating, AwaitingClient}
	building   = []State{Registered, Triage, Investigating, AwaitingClient}
	settleable = []State{Registered, Triage, Investigating}
	followable = slices.DeleteFunc(slices.Clone(everyState), func(s State) bool { return s == Merged })
	offering   = []State{Investigating, AwaitingClient, ReportReview, DecisionDraft}
)

// Vocabulary is the table of commands, in the order of a case's life. It holds
// what may be said, by whom and where; what each does stands in the family's
// own file, and (*session).run finds it there.
func Vocabulary() []*Verb { return vocabulary }

var vocabulary = []*Verb{
	{Zh: [2]string{"登记", "渠道=电话 收到=2026-11-23 15:20 [姓名=] [电话=] [邮箱=] 事项=投诉事项"},
		En: [2]string{"register", "channel=phone received=\"2026-11-23 15:20\" [name=] [phone=] [email=] matter=the complaint"}, Layer: Writes, Text: MayText,
		NoCase: true, States: []State{}, Roles: []Role{AnyStaff}, Keys: [][3]string{{"channel", "渠道", "channel"}, {"received", "收到", "received"}, {"name", "姓名", "name"},
			{"phone", "电话", "phone"}, {"email", "邮箱", "email"}, {"matter", "事项", "matter"}},
		Does: [2]string{"登记以电话、来访、信函等方式收到的投诉；附件作为证据", "registers a complaint that came by telephone, visit or post; attachments are evidence"}},
	{Zh: [2]string{"受理", "类别=F6"}, En: [2]string{"admit", "category=F6"}, Layer: Writes,
		Roles: []Role{Officer, Head}, States: []State{Registered}, Keys: [][3]string{{"category", "类别", "category"}},
		Does: [2]string{"转入初审，并记下主要类别", "takes the complaint in for review and notes its main category"}},
	{Zh: [2]string{"分类", "F6"}, En: [2]string{"classify", "F6"}, Layer: Writes, Words: 1,
		Roles: []Role{Officer, Head}, Keys: [][3]string{{"category", "类别", "category"}},
		Does: [2]string{"更改主要类别", "changes the main category"}},
	{Zh: [2]string{"事项", "[被投诉人=地址] 投诉事项"}, En: [2]string{"allegation", "[respondent=address] what is complained of"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: building, Keys: [][3]string{{"no", "序号", "no"}, {"respondent", "被投诉人", "respondent"}},
		Does: [2]string{"增加一项投诉事项；写明序号=则改写该项", "adds an allegation; with no= it replaces that one"}},
	{Zh: [2]string{"定级", "重大 [理由]"}, En: [2]string{"severity", "major [reason]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{AnyStaff}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"定级：一般、较大、重大、特别重大；调低须由主任委员说明理由", "grades the case: normal, elevated, major, critical; only the chair lowers it, with reasons"}},
	{Zh: [2]string{"弱势", "[情形=健康、变故] [致诉=是] 需要怎样的照顾 ｜ 解除=是 [理由]"}, En: [2]string{"vulnerable", "[driver=health,event] [cause=yes] what they need / lifted=yes [reason]"}, Layer: Writes, Text: MayText,
		Roles: []Role{AnyStaff}, Keys: [][3]string{{"driver", "情形", "driver"}, {"cause", "致诉", "cause"}, {"lifted", "解除", "lifted"}},
		Does: [2]string{"注明投诉人处境困难、需要怎样的照顾，经办人随即知悉；只写所需，不写病情细节", "notes that the complainant is in a vulnerable position and what they need; whoever works on the case is told. Say what is needed, not the diagnosis"}},
	{Zh: [2]string{"合并", "T2026-0003 [同意=是] [理由]"}, En: [2]string{"merge", "T2026-0003 [consent=yes] [reason]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{Officer, Head}, Keys: [][3]string{{"consent", "同意", "consent"}, {"reason", "理由", "reason"}},
		Does: [2]string{"把本案并入所写案号的案件，告知投诉人；投诉人不同的，须各方同意", "merges this case into the one named and tells the client; different complainants must have agreed"}},
	{Zh: [2]string{"拆分", "2,3 [理由] ｜ T2026-0002 [理由]"}, En: [2]string{"split", "2,3 [reason] | T2026-0002 [reason]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{Officer, Head}, States: building, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"把所列投诉事项另立一案，期限仍自原登记日起算；写案号的，把并入本案的该案重新拆出", "makes a case of their own of these allegations, under the same start date; with a number, takes a case that was merged into this one out again"}},
	{Zh: [2]string{"群体", "（每行一人：姓名 <地址>）"}, En: [2]string{"group", "(one a line: Name <address>)"}, Layer: Writes, Text: MayText,
		Roles: []Role{Officer, Head}, Keys: [][3]string{{"members", "成员", "members"}},
		Does: [2]string{"作为群体投诉办理：本案投诉人为代表，每位成员都收到函件", "handles it as a group complaint, led by the complainant; each member gets every letter"}},
	{Zh: [2]string{"指派", "地址"}, En: [2]string{"assign", "address"}, Layer: Writes, Words: 3,
		Roles: []Role{Officer, Head}, States: building,
		Does: [2]string{"请一位同事担任调查责任人", "asks a colleague to investigate"}},
	{Zh: [2]string{"接受", ""}, En: [2]string{"accept", ""}, Layer: Writes, Roles: []Role{TheAssignee},
		Does: [2]string{"接受指派，成为责任人", "accepts the assignment and makes you the responsible person"}},
	{Zh: [2]string{"回避", "[人=地址] 理由"}, En: [2]string{"recuse", "[person=address] reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{TheAssignee, TheHandler, ThePanel, Officer, Head, Chair, Management}, Keys: [][3]string{{"person", "人", "person"}, {"reason", "理由", "reason"}},
		Does: [2]string{"退出本案，并记下理由；写明人=的，提出该人应当回避，由负责人（其本人的，由上一级）决定", "takes you off this case and records why; with person= says that this one should stand aside, which the head decides, or the level above"}},
	{Zh: [2]string{"询问", "[期限=2026-12-01] 问题"}, En: [2]string{"ask", "[due=2026-12-01] question"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: append([]State{Registered, Triage}, working...), Keys: [][3]string{{"due", "期限", "due"}},
		Does: [2]string{"以本案地址向投诉人发问", "puts a question to the client from the case's address"}},
	{Zh: [2]string{"访谈", "对象=姓名 摘要"}, En: [2]string{"interview", "with=name summary"}, Layer: Writes, Text: MustText,
		Roles: []Role{TheHandler}, States: working, Keys: [][3]string{{"with", "对象", "with"}},
		Does: [2]string{"记录一次访谈；邮件附件一并存入案卷", "puts an interview on file, with the mail's attachments"}},
	{Zh: [2]string{"通知", "被投诉人=姓名 [期限=2026-12-01] [说明]"}, En: [2]string{"notify", "respondent=name [due=2026-12-01] [remarks]"}, Layer: Writes, Text: MayText,
		Roles: staffOfCase, States: building, Keys: [][3]string{{"respondent", "被投诉人", "respondent"}, {"due", "期限", "due"}},
		Does: [2]string{"把针对被投诉人的事项告知其本人，请其限期陈述", "tells the respondent the allegations against them and asks for a statement by a day"}},
	{Zh: [2]string{"陈述", "内容"}, En: [2]string{"statement", "text"}, Layer: Writes, Text: MustText,
		Roles: []Role{TheRespondent}, States: append([]State{Suspended, ReportReview}, building...),
		Does: [2]string{"被投诉人就所涉事项陈述；邮件附件一并存入案卷", "the respondent's statement, with the mail's attachments"}},
	{Zh: [2]string{"备注", "内容"}, En: [2]string{"note", "text"}, Layer: Writes, Text: MustText, Roles: staffOfCase,
		Does: [2]string{"记一条备注；邮件附件一并存入案卷", "puts a note on file, with the mail's attachments"}},
	{Zh: [2]string{"取证", "说明"}, En: [2]string{"evidence", "what it shows"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: building,
		Does: [2]string{"把邮件附件作为证据存入案卷", "puts the mail's attachments on file as evidence"}},
	{Zh: [2]string{"认定", "1=成立 [证据=1,3] 理由"}, En: [2]string{"finding", "1=upheld [evidence=1,3] reasons"}, Layer: Writes, Text: MayText, Number: true,
		Roles: []Role{TheHandler}, States: working, Keys: [][3]string{{"reason", "理由", "reason"}, {"evidence", "证据", "evidence"}},
		Does: [2]string{"对某项作出认定：成立、部分成立、不成立、无法查实；证据写案卷中的序号或名称", "finds on an allegation: upheld, partly, not_upheld, undetermined; evidence by its number on file or its name"}},
	{Zh: [2]string{"根因", "P2 [说明]"}, En: [2]string{"cause", "P2 [text]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{TheHandler, Head}, States: offering,
		Does: [2]string{"记下根本原因的代码", "records a root cause by its code"}},
	{Zh: [2]string{"补救", "[类型=退费] [金额=3000] [期限=2026-12-10] 内容"}, En: [2]string{"remedy", "[kind=refund] [amount=3000] [due=2026-12-10] text"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: offering, Keys: [][3]string{{"kind", "类型", "kind"}, {"amount", "金额", "amount"}, {"due", "期限", "due"}},
		Does: [2]string{"写入处理结果告知书的补救方案", "adds a remedy to the result letter"}},
	{Zh: [2]string{"措施", "负责人=财务部主管 [人=地址] 期限=2026-12-18 内容"}, En: [2]string{"measure", "owner=\"Head of Finance\" [person=address] due=2026-12-18 text"}, Layer: Writes, Text: MustText,
		Roles: append([]Role{Chair}, staffOfCase...), States: append([]State{Registered, Triage, AppealReview}, offering...), Keys: [][3]string{{"owner", "负责人", "owner"}, {"person", "人", "person"}, {"due", "期限", "due"}},
		Does: [2]string{"写入一项改进措施，注明岗位和期限", "adds an improvement measure, with a post and a date"}},
	{Zh: [2]string{"后续", "[会议=M2026-0001] [负责人=诉讼部主管] 人=姓名 期限=2026-12-31 要做的事"}, En: [2]string{"followup", "[meeting=M2026-0001] [owner=\"Head of Litigation\"] person=name due=2026-12-31 what is to be done"}, Alias: []string{"follow-up"}, Layer: Writes, Text: MustText,
		Roles: []Role{Officer, Head, Chair}, States: followable, Keys: [][3]string{{"meeting", "会议", "meeting"}, {"owner", "负责人", "owner"}, {"person", "人", "person"}, {"due", "期限", "due"}},
		Does: [2]string{"把一项后续工作交给一位同事：本人随即获告知，到期催办，完成后由另一人验收；致投诉人的函件不提及", "gives a colleague a follow-up: they are told at once, reminded and verified as with a measure; no letter to the client names it"}},
	{Zh: [2]string{"报告", "[未听取=原因] 报告正文"}, En: [2]string{"report", "[unheard=reason] text of the report"}, Layer: Writes, Text: MustText,
		Roles: []Role{TheHandler}, States: []State{Investigating}, Keys: [][3]string{{"unheard", "未听取", "unheard"}},
		Does: [2]string{"提交书面调查报告，送负责人审核", "files the written report for review"}},
	{Zh: [2]string{"补正", "（每行一项：材料 | 用途）"}, En: [2]string{"request", "(one a line: item | what it is needed for)"}, Layer: Writes, Text: MustText,
		Roles: []Role{TheHandler, Head}, States: []State{Investigating},
		Does: [2]string{"一次性书面要求投诉人补充材料，调查期限停止计算至其答复", "asks the client once and in writing for what is missing; the clock stands still until the reply"}},
	{Zh: [2]string{"延期", "天数=5 依据=专业鉴定 具体原因 ｜ 同意 [天数=] ｜ 不同意 理由"}, En: [2]string{"extend", "days=5 ground=expert specific reason | granted [days=] | refused reason"}, Layer: Writes, Text: MayText,
		Words: 1, Roles: []Role{TheHandler, ThePanel, Head, Chair, Management}, States: []State{Investigating, ReportReview, CommitteePre, AppealReview},
		Keys: [][3]string{{"days", "天数", "days"}, {"ground", "依据", "ground"}, {"reason", "理由", "reason"}},
		Does: [2]string{"到期前申请延期；第一次由负责人、第二次由主任委员同意或不同意", "asks for more time before the limit; the head grants or refuses the first, the chair the second"}},
	{Zh: [2]string{"迟延", "[至=2026-12-10] 具体原因"}, En: [2]string{"delay", "[until=2026-12-10] specific reason"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: []State{Registered, Triage, Investigating, ReportReview, CommitteePre}, Keys: [][3]string{{"until", "至", "until"}},
		Does: [2]string{"逾期后拟出迟延告知书，送另一人批准", "drafts the letter that tells the client of a missed limit, for a second person to approve"}},
	{Zh: [2]string{"中止", "依据=诉讼 理由"}, En: [2]string{"suspend", "ground=litigation reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Head, Chair}, States: []State{Investigating, AppealReview, Suspended}, Keys: [][3]string{{"ground", "依据", "ground"}, {"reason", "理由", "reason"}},
		Does: [2]string{"中止办理，期限停止计算；已中止的，复核后继续中止", "suspends the case and stops its clock; of a suspended case, reviews that and goes on"}},
	{Zh: [2]string{"恢复", "原因"}, En: [2]string{"resume", "reason"}, Layer: Writes, Text: MayText,
		Roles: []Role{Head, Chair, TheHandler}, States: []State{Suspended, AwaitingClient}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"恢复办理，重新计算期限", "takes the case up again, with the limit counted anew"}},
	{Zh: [2]string{"和解", "（每行一项：类型=退费 金额=2000 期限=2026-12-10 内容） ｜ 同意=2026-11-25 方式=怎样同意的"},
		En: [2]string{"settle", "(one a line: kind=refund amount=2000 due=2026-12-10 what) | agreed=2026-11-25 how=how the client agreed"}, Layer: Writes, Text: MayText,
		Roles: staffOfCase, States: settleable, Keys: [][3]string{{"agreed", "同意", "agreed"}, {"how", "方式", "how"}},
		Does: [2]string{"即时处理：向投诉人提出和解办法；投诉人同意后再发 #和解，拟出和解确认书，送另一人批准", "early resolution: puts terms to the client; once the client has agreed, #settle drafts the letter that confirms them, for a second person to approve"}},
	{Zh: [2]string{"拟稿", "[补充说明]"}, En: [2]string{"draft", "[remarks]"}, Layer: Writes, Text: MayText,
		Roles: staffOfCase, States: []State{DecisionDraft},
		Does: [2]string{"生成处理结果告知书草稿，送另一人批准", "drafts the result letter and puts it before a second person"}},
	{Zh: [2]string{"批准", "[草稿校验码]"}, En: [2]string{"approve", "[hash of the draft]"}, Layer: Outward, Words: 1,
		Roles: []Role{Head, Chair}, States: everyState,
		Does: [2]string{"批准报告；引用校验码则批准该份报告或草稿并签发", "approves the report; with the hash it approves that report or draft and issues it"}},
	{Zh: [2]string{"退回", "理由"}, En: [2]string{"return", "reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Head, Chair}, States: everyState, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"退回报告或草稿，写明理由", "sends the report or the draft back, with the reason"}},
	{Zh: [2]string{"邮寄", "[函=文号] 承运=EMS 单号=1234567890123 [日期=2026-11-26] [送达=2026-11-28]"}, En: [2]string{"posted", "[letter=number] carrier=EMS tracking=1234567890123 [date=2026-11-26] [delivered=2026-11-28]"},
		Layer: Writes, Roles: staffOfCase, States: everyState,
		Keys: [][3]string{{"letter", "函", "letter"}, {"carrier", "承运", "carrier"}, {"tracking", "单号", "tracking"}, {"date", "日期", "date"}, {"delivered", "送达", "delivered"}, {"delivered", "签收", "signed"}, {"ems", "EMS", "EMS"}},
		Does: [2]string{"记录函件已邮寄；送达后补记送达日期，期限自该日起算", "records that a letter went by post, and later when it was delivered: time limits run from that day"}},
	{Zh: [2]string{"寄送", "[函=文号] 地址=新邮箱 投诉人何时、怎样告知"}, En: [2]string{"resend", "[letter=number] to=address how the client gave it"}, Layer: Writes, Text: MustText,
		Roles: staffOfCase, States: everyState, Keys: [][3]string{{"letter", "函", "letter"}, {"to", "地址", "to"}, {"reason", "理由", "reason"}},
		Does: [2]string{"把退回的函件原样发往投诉人提供的另一邮箱，此后即以该邮箱联系；期限自送达起算", "sends a letter that came back, unchanged, to another address that the client gave, which is theirs from now on; time limits run from its delivery"}},
	{Zh: [2]string{"更正", "[函=文号] [申诉期限=重算] （每行一项：位置= 原文= 更正为=）原因="}, En: [2]string{"correct", "[letter=number] [appeal=anew] (a line each: where= was= is=) reason="},
		Layer: Writes, Text: MustText, Roles: []Role{Officer, Head, TheHandler, Chair}, States: everyState,
		Keys: [][3]string{{"letter", "函", "letter"}, {"appeal", "申诉期限", "appeal"}},
		Does: [2]string{"拟出更正函，送另一人批准；原函不改动", "drafts a letter that corrects one already issued, for a second person to approve; that one stays as it is"}},
	{Zh: [2]string{"申诉", "[申诉理由]"}, En: [2]string{"appeal", "[grounds]"}, Layer: Writes, Text: MayText,
		Roles: []Role{Officer, Head, Chair}, States: []State{Decided, InRemedy, Closed},
		Does: [2]string{"代投诉人登记申诉", "lodges an appeal on the client's behalf"}},
	{Zh: [2]string{"上会", "[表决=是] [期限=2026-12-08] [提请审议的问题]"}, En: [2]string{"refer-committee", "[ballot=yes] [due=2026-12-08] [question]"}, Layer: Writes, Text: MayText,
		Roles: []Role{Officer, Head}, States: []State{DecisionDraft}, Keys: [][3]string{{"ballot", "表决", "ballot"}, {"due", "期限", "due"}},
		Does: [2]string{"重大案件：报告批准后提请委员会审议，材料送各委员", "a major case: puts it before the committee after the report is approved, with the papers"}},
	{Zh: [2]string{"意见", "[同意|不同意|弃权] 意见"}, En: [2]string{"opinion", "[agree|disagree|abstain] text"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{ThePanel}, States: []State{CommitteePre},
		Does: [2]string{"就重大案件提出意见", "gives your opinion on a major case"}},
	{Zh: [2]string{"代理主任", "地址 [理由]"}, En: [2]string{"name-chair", "address [reason]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{TheSenior, Management}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"主任委员应当回避时，指定一位委员在本案中代理", "names who takes the chair on this case where the chair is recused"}},
	{Zh: [2]string{"受理申诉", "[理由]"}, En: [2]string{"admit-appeal", "[reason]"}, Layer: Writes, Text: MayText,
		Roles: []Role{Chair}, States: []State{AppealLodged}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"受理申诉，送各委员审查；逾期的须写明理由", "admits the appeal and puts it before the members; a late one needs a reason"}},
	{Zh: [2]string{"不受理申诉", "理由"}, En: [2]string{"decline-appeal", "reason"}, Layer: Outward, Text: MustText,
		Roles: []Role{Chair}, States: []State{AppealLodged}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"不受理逾期的申诉，告知投诉人理由和外部途径", "does not admit a late appeal; the client is told why and where else to turn"}},
	{Zh: [2]string{"表决", "维持|变更|撤销|发回 理由"}, En: [2]string{"vote", "affirm|vary|quash|remit reasons"}, Layer: Writes, Text: MustText, Words: 1,
		Roles: []Role{ThePanel}, States: []State{AppealReview, CommitteePre}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"就申诉表决，须写理由；重大案件写同意、不同意或弃权", "votes on the appeal, with reasons; on a major case agree, disagree or abstain"}},
	{Zh: [2]string{"决定", "维持|变更|撤销|发回 [1=成立] 决定理由（逐条写 理由1=…）"}, En: [2]string{"decide", "affirm|vary|quash|remit [1=upheld] reasons (ground1=… for each)"}, Layer: Writes, Text: MayText, Words: 1, Number: true,
		Roles: []Role{Chair}, States: []State{AppealReview, CommitteePre},
		Does: [2]string{"按表决结果拟出申诉决定书，由您核对后签发；重大案件：写明委员会的意见，结束审议", "draws up the decision as voted, which you check and issue; on a major case: closes it with the committee's opinion"}},
	{Zh: [2]string{"开会", "时间=2026-12-15 14:00 [至=16:00] 地点=三楼会议室 [临时=是]（议题每行一项）"}, En: [2]string{"meeting", "on=2026-12-15 14:00 [until=16:00] place=Room 3 [special=yes] (one item of the agenda a line)"},
		Layer: Writes, Text: MayText, NoCase: true, States: []State{}, Roles: []Role{Chair, Officer, Head},
		Keys: [][3]string{{"on", "时间", "on"}, {"until", "至", "until"}, {"place", "地点", "place"}, {"special", "临时", "special"}},
		Does: [2]string{"召集委员会会议：议程附待议案件和统计，日历邀请发各委员", "calls a meeting of the committee: cases and figures go on the agenda, an invitation to the members"}},
	{Zh: [2]string{"改期", "[时间=2026-12-16 14:00] [至=16:00] [地点=] [理由]"}, En: [2]string{"reschedule", "[on=2026-12-16 14:00] [until=16:00] [place=] [reason]"}, Layer: Writes, Text: MayText,
		NoCase: true, Meeting: true, States: []State{}, Roles: []Role{Chair, Officer, Head},
		Keys: [][3]string{{"on", "时间", "on"}, {"until", "至", "until"}, {"place", "地点", "place"}, {"reason", "理由", "reason"}},
		Does: [2]string{"更改会议的时间或地点，请各委员重新答复", "gives a meeting another time or place; the members answer anew"}},
	{Zh: [2]string{"取消会议", "理由"}, En: [2]string{"cancel-meeting", "reason"}, Layer: Writes, Text: MustText, NoCase: true, Meeting: true, States: []State{},
		Roles: []Role{Chair, Officer, Head}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"取消会议，通知各委员", "calls a meeting off and tells the members"}},
	{Zh: [2]string{"出席", ""}, En: [2]string{"attend", ""}, Layer: Writes, NoCase: true, Meeting: true, States: []State{}, Roles: []Role{Member, Chair},
		Does: [2]string{"答复会议通知：出席", "answers an invitation: you will be there"}},
	{Zh: [2]string{"请假", "原因"}, En: [2]string{"apologies", "reason"}, Layer: Writes, Text: MustText, NoCase: true, Meeting: true, States: []State{}, Roles: []Role{Member, Chair},
		Keys: [][3]string{{"reason", "原因", "reason"}},
		Does: [2]string{"答复会议通知：请假；有候补委员的，改请候补委员", "answers an invitation: you cannot come; an alternate is invited if there is one"}},
	{Zh: [2]string{"纪要", "[到会=陈思远、孙丽] [主持=] [至=16:10] [下次=2027-03-15]（议题：… 决议：… 表决：同意3 反对0）"}, En: [2]string{"minutes", "[present=Grace Chen, Li Sun] [chair=] [until=16:10] [next=2027-03-15] (item: … resolved: … vote: for 3, against 0)"},
		Layer: Writes, Text: MustText, NoCase: true, Meeting: true, States: []State{}, Roles: []Role{Chair, Officer, Head},
		Keys: [][3]string{{"present", "到会", "present"}, {"chair", "主持", "chair"}, {"until", "至", "until"}, {"next", "下次", "next"}},
		Does: [2]string{"整理会议纪要，送主持人批准后编号发各委员", "writes the minutes; whoever presided approves them, then the members get them with their number"}},
	{Zh: [2]string{"非投诉", "理由"}, En: [2]string{"not-complaint", "reason"}, Layer: Outward, Text: MustText,
		Roles: []Role{Officer, Head}, States: []State{Registered, Triage}, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"来信不是投诉，写明理由结束，并书面告知来信人", "ends what is no complaint, with the reason, and tells the writer in writing"}},
	{Zh: [2]string{"不予受理", "[依据=] 理由"}, En: [2]string{"decline", "[ground=] reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Officer, Head}, States: []State{Registered, Triage}, Keys: [][3]string{{"ground", "依据", "ground"}, {"reason", "理由", "reason"}},
		Does: [2]string{"拟出不予受理告知书，送另一人批准；批准后结束", "drafts the letter that does not accept the complaint, for a second person to approve"}},
	{Zh: [2]string{"转介", "机构=律师协会 [依据=] 理由"}, En: [2]string{"refer", "body=\"Bar Association\" [ground=] reason"}, Layer: Outward, Text: MustText,
		Roles: []Role{Officer, Head}, States: []State{Registered, Triage}, Keys: [][3]string{{"body", "机构", "body"}, {"ground", "依据", "ground"}, {"reason", "理由", "reason"}},
		Does: [2]string{"转介给有权处理的机构，函件写明其名称和联系方式", "refers the client to the right body, which the letter names with its contact data"}},
	{Zh: [2]string{"未配合", "依现有材料的处理意见"}, En: [2]string{"not-pursued", "decision on what is at hand"}, Layer: Outward, Text: MustText,
		Roles: staffOfCase, States: working, Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"投诉人逾期未补充材料的，依现有材料结束", "ends a case whose client did not answer the request for information in time"}},
	{Zh: [2]string{"外部", "机构=区司法局 [编号=] [期限=2026-12-31] 情况"}, En: [2]string{"outside", "body=\"Justice Bureau\" [number=] [due=2026-12-31] what happened"}, Layer: Writes, Text: MayText,
		Roles: []Role{Officer, Head}, Keys: [][3]string{{"body", "机构", "body"}, {"number", "编号", "number"}, {"due", "期限", "due"}, {"reason", "理由", "reason"}},
		Does: [2]string{"记录本案由外部机构处理，并告知投诉人", "records that an outside body deals with the matter, and tells the client"}},
	{Zh: [2]string{"外部结果", "[处理=结案|继续] 结果"}, En: [2]string{"outcome", "[then=close|continue] outcome"}, Layer: Writes, Text: MustText,
		Roles: []Role{Officer, Head}, States: []State{External}, Keys: [][3]string{{"then", "处理", "then"}},
		Does: [2]string{"记录外部机构的处理结果，据以结案，或者继续办理", "records what the outside body decided, and closes the case or goes on with it"}},
	{Zh: [2]string{"移送", "机构=区司法局 理由"}, En: [2]string{"report-out", "body=\"Justice Bureau\" reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Head, Chair}, Keys: [][3]string{{"body", "机构", "body"}, {"reason", "理由", "reason"}},
		Does: [2]string{"拟出致监管机关的情况报告，送另一人批准", "drafts a report to a regulator, for a second person to approve"}},
	{Zh: [2]string{"续查", "理由"}, En: [2]string{"continue", "reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Officer, Head, Chair}, States: append([]State{Withdrawn}, openStates()...), Keys: [][3]string{{"reason", "理由", "reason"}},
		Does: [2]string{"投诉人撤回的，本所仍依职权继续办理", "goes on of the firm's own accord even if the client withdraws"}},
	{Zh: [2]string{"履行", "[1] [日期=2026-12-08] [凭证=文件名] [说明]（附付款凭证）"}, En: [2]string{"performed", "[1] [on=2026-12-08] [proof=file] [text] (proof of payment attached)"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: staffOfCase, States: []State{Decided, InRemedy, AppealDecided}, Keys: [][3]string{{"on", "日期", "on"}, {"proof", "凭证", "proof"}},
		Does: [2]string{"记录补救已经履行，并告知投诉人", "records that a remedy was carried out, and tells the client"}},
	{Zh: [2]string{"完成", "[1] 怎样完成的（附证明材料）"}, En: [2]string{"completed", "[1] what was done (with what shows it)"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{TheOwner, TheHandler, Officer, Head}, States: followable,
		Does: [2]string{"报告改进措施已完成，由另一人验收", "reports an improvement measure as done, for a second person to verify"}},
	{Zh: [2]string{"验收", "[1] [结果=通过|不通过] [说明]"}, En: [2]string{"verified", "[1] [result=passed|failed] [text]"}, Layer: Writes, Text: MayText, Words: 1,
		Roles: []Role{Officer, Head, Chair}, States: followable, Keys: [][3]string{{"result", "结果", "result"}},
		Does: [2]string{"验收已完成的改进措施；不通过的退回", "verifies a measure that was done, or sends it back"}},
	{Zh: [2]string{"结案", "[代码=答复后未申诉] [说明]"}, En: [2]string{"close", "[code=settled] [reason]"}, Layer: Outward, Text: MayText,
		Roles: []Role{Officer, Head}, Keys: [][3]string{{"code", "代码", "code"}},
		Does: [2]string{"结案并告知投诉人", "closes the case and tells the client"}},
	{Zh: [2]string{"重开", "理由"}, En: [2]string{"reopen", "reason"}, Layer: Writes, Text: MustText,
		Roles: []Role{Head, Chair}, States: reopenable,
		Does: [2]string{"重新调查，重新计算期限", "takes the case up again, with a new time limit"}},
	{Zh: [2]string{"语言", "zh|en"}, En: [2]string{"language", "zh|en"}, Layer: Writes, Words: 1, Roles: staffOfCase,
		Does: [2]string{"更改致投诉人函件的语言", "sets the language in which the client is written to"}},
	{Zh: [2]string{"查看", ""}, En: [2]string{"show", ""}, Words: 1, States: everyState,
		Roles: []Role{Officer, Head, TheHandler, TheAssignee, ThePanel, Chair, Auditor, Management},
		Does:  [2]string{"发来本案全部内容", "sends you the whole case"}},
	{Zh: [2]string{"日历", "2027 来源=https://… 文号=国办发明电〔2026〕1号（附工作日表 JSON）"}, En: [2]string{"calendar", "2027 source=https://… document=\"…\" (table attached as JSON)"}, Layer: Writes, Words: 1,
		NoCase: true, Roles: []Role{Admin}, States: []State{}, Keys: [][3]string{{"source", "来源", "source"}, {"document", "文号", "document"}},
		Does: [2]string{"提交某年的工作日表，经另一人批准后生效，在办期限随即重算", "puts forward a year's working days; they take effect when a second person approves, and running limits are counted anew"}},
	{Zh: [2]string{"隔离", "[编号]"}, En: [2]string{"held", "[number]"}, Words: 1, NoCase: true, Roles: []Role{Officer, Head, Admin}, States: everyState,
		Does: [2]string{"发来未收入而暂存的邮件清单；写明编号则发来该封", "sends you the list of mails that are held and not taken in, or the one of that number"}},
	{Zh: [2]string{"放行", "编号 [T2026-0001]"}, En: [2]string{"release", "number [T2026-0001]"}, Layer: Writes, Words: 2, NoCase: true, Roles: []Role{Officer, Head, Admin}, States: []State{},
		Does: [2]string{"收入一封暂存的邮件；写明案号则归入该案，其中的命令不执行", "takes in a mail that is held, into the case that is named; commands in it are not carried out"}},
	{Zh: [2]string{"丢弃", "编号 理由"}, En: [2]string{"discard", "number reason"}, Layer: Writes, Words: 1, Text: MustText, NoCase: true, Roles: []Role{Officer, Head, Admin}, States: []State{},
		Does: [2]string{"注明一封暂存的邮件不予收入及理由；原件仍保存", "notes that a mail that is held is not wanted, and why; the original is kept"}},
	{Zh: [2]string{"确认", "确认码"}, En: [2]string{"confirm", "code"}, Layer: Writes, Words: 1, NoCase: true, Roles: []Role{AnyStaff}, States: everyState,
		Does: [2]string{"确认此前的命令确由您本人发出，随即执行；确认码见系统发到您登记地址的邮件，只能用一次", "confirms that earlier commands are yours, and carries them out; the code came to your registered address and works once"}},
	{Zh: [2]string{"清单", ""}, En: [2]string{"list", ""}, NoCase: true, Roles: []Role{AnyStaff}, States: everyState,
		Does: [2]string{"发来您名下的未结案件", "sends you the open cases that concern you"}},
	{Zh: [2]string{"帮助", ""}, En: [2]string{"help", ""}, Alias: []string{"?", "？"}, NoCase: true, Roles: []Role{AnyStaff}, States: everyState,
		Does: [2]string{"列出您此刻可用的命令", "lists the commands that you may use now"}},
}

var staffOfCase = []Role{Officer, Head, TheHandler}

var everyState = []State{Registered, Triage, Investigating, AwaitingClient, Suspended, ReportReview, CommitteePre, DecisionDraft, Decided,
	AppealLodged, AppealReview, AppealDecided, InRemedy, External, Closed, Archived, NotComplaint, Declined, Referred, Merged, Withdrawn, NotPursued}

// In reports whether the verb works in a state; without States it works in
// every open one.
func (v *Verb) In(s State) bool {
	if v.States == nil {
		return s.Open()
	}
	return slices.Contains(v.States, s)
}

func openStates() []State {
	return slices.DeleteFunc(slices.Clone(everyState), func(s State) bool { return !s.Open() })
}
