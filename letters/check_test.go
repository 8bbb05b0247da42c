package letters

import (
	"bytes"
	"strings"
	"testing"
	"time"

	complaints "complaints"
)

// TestCheck has each fault once: a sample is sound, and one change to it makes
// exactly this fault, named in both languages.
func TestCheck(t *testing.T) {
	type L = complaints.Letter
	none := complaints.Date{}
	day := func(s string) complaints.Date { d, _ := complaints.ParseDate(s); return d }
	for _, tt := range []struct {
		name, sample string
		change       func(l *L)
		zh, en       string
	}{
		{"language", "ack.zh", func(l *L) { l.Lang = "fr" }, "语言“fr”没有信函文本", `no letters in the language "fr"`},
		{"kind without its facts", "ack.zh", func(l *L) { l.Kind = "result" }, "信函种类“result”与所给的事实不符", `The kind "result" does not fit`},
		{"two sets of facts", "ack.zh", func(l *L) { l.Result = &complaints.ResultFacts{} }, "恰有一项", "exactly one set"},
		{"case number", "ack.zh", func(l *L) { l.Ref = "" }, "缺少案号", "case number is missing"},
		{"firm", "ack.zh", func(l *L) { l.Firm.Name = "" }, "缺少本所名称", "firm's name is missing"},
		{"firm's address", "ack.zh", func(l *L) { l.Firm.Address = "" }, "缺少本所通信地址", "firm's address is missing"},
		{"policy", "ack.zh", func(l *L) { l.Policy = "" }, "缺少所依据的投诉处理制度版本", "complaints policy is missing"},
		{"addressee", "result.zh", func(l *L) { l.To.Name = "" }, "缺少收件人姓名", "addressee's name is missing"},
		{"contact", "ack.zh", func(l *L) { l.Contact.Phone, l.Contact.Email = "", "" }, "缺少责任人或其联系方式", "responsible person"},
		{"outside bodies", "result.zh", func(l *L) { l.Routes = nil }, "没有写明任何外部途径", "No body outside the firm"},
		{"an outside body's address", "result.zh", func(l *L) { l.Routes[1].Contact = "" }, "外部途径第2项缺少名称或联系方式", "Outside body 2 lacks its name"},
		{"an outside body's English name", "result.en", func(l *L) { l.Routes[0].NameEn = "" }, "外部途径第1项缺少英文名称", "Outside body 1 lacks its English name"},
		{"half a number", "result.zh", func(l *L) { l.Number.Firm = "" }, "文号不完整", "number is incomplete"},
		{"number without date", "result.zh", func(l *L) { l.Date = none }, "有文号而没有日期", "a number but no date"},
		{"another year's number", "result.zh", func(l *L) { l.Number.Year = 2025 }, "年份2025与日期2026-12-04不符", "year 2025"},

		{"receipt", "ack.zh", func(l *L) { l.Ack.Received = time.Time{} }, "缺少收到或登记的时间", "time of receipt"},
		{"registered before received", "ack.zh", func(l *L) { l.Ack.Registered = l.Ack.Received.Add(-time.Hour) }, "登记时间早于收到时间", "Registration comes before receipt"},
		{"channel", "ack.zh", func(l *L) { l.Ack.Channel = "" }, "缺少收到投诉的渠道", "How the complaint came in"},
		{"summary", "ack.zh", func(l *L) { l.Ack.Summary = " \n" }, "缺少投诉内容的摘要", "summary of the complaint"},
		{"reply address", "ack.zh", func(l *L) { l.Ack.ReplyTo = "" }, "缺少回复地址", "address for replies"},
		{"due date", "ack.zh", func(l *L) { l.Ack.Due.Due = none }, "缺少办理期限", "report is due is missing"},
		{"arithmetic", "ack.zh", func(l *L) { l.Ack.Due.Steps = nil }, "没有写明办理期限的计算方法", "How the due date was counted"},
		{"due before it starts", "ack.zh", func(l *L) { l.Ack.Due.Due = day("2026-11-20") }, "办理期限早于起算日", "due date comes before"},

		{"date of the complaint", "result.zh", func(l *L) { l.Result.Received = none }, "缺少收到投诉的日期", "date of the complaint"},
		{"no allegations", "result.zh", func(l *L) { l.Result.Allegations = nil }, "没有列明投诉事项", "No point of complaint"},
		{"numbers twice", "result.zh", func(l *L) { l.Result.Allegations[1].No = 1 }, "编号1重复", "number 1 of a point is used twice"},
		{"empty allegation", "result.zh", func(l *L) { l.Result.Allegations[1].Text = "" }, "第2项投诉事项没有写明内容", "Point 2 does not say"},
		{"unanswered", "result.zh", func(l *L) { l.Result.Allegations[1].Finding = "" }, "第2项投诉事项没有认定结论", "Point 2 has no finding"},
		{"no reason", "result.zh", func(l *L) { l.Result.Allegations[0].Reason = "经查，投诉不实。" }, "第1项的认定没有写明理由", "finding on point 1 gives no reason"},
		{"nothing done", "result.zh", func(l *L) { l.Result.Done = nil }, "没有写明调查所做的工作", "What was done to investigate"},
		{"remedy says nothing", "result.zh", func(l *L) { l.Result.Remedies[1].Text = "" }, "补救办法第2项没有写明内容", "Remedy 2 does not say"},
		{"negative amount", "result.zh", func(l *L) { l.Result.Remedies[0].Amount = -1 }, "金额为负数", "is negative"},
		{"amount without a date", "result.zh", func(l *L) { l.Result.Remedies[0].Due = none }, "有金额而没有履行期限", "no date by which it is paid"},
		{"remedy due too early", "result.zh", func(l *L) { l.Result.Remedies[1].Due = day("2026-12-04") }, "补救办法第2项的履行期限（2026-12-04）不晚于信函日期", "The date of remedy 2 (2026-12-04)"},
		{"how long to accept", "result.zh", func(l *L) { l.Result.AcceptBy = none }, "没有写明在什么日期前接受", "date by which to accept is missing"},
		{"acceptance too early", "result.zh", func(l *L) { l.Result.AcceptBy = day("2026-12-01") }, "接受补救办法的期限（2026-12-01）不晚于信函日期", "date by which to accept (2026-12-01)"},
		{"no measures", "result.zh", func(l *L) { l.Result.Measures = nil }, "没有写明任何改进措施", "No improvement is named"},
		{"undated measure", "result.zh", func(l *L) { l.Result.Measures[0].Due = none }, "改进措施第1项没有完成日期", "Improvement 1 has no date"},
		{"nobody's measure", "result.zh", func(l *L) { l.Result.Measures[0].Owner = "" }, "改进措施第1项没有责任岗位", "Improvement 1 names no post"},
		{"empty phrase", "result.zh", func(l *L) { l.Result.Measures[1].Text = "今后我们将进一步加强管理，提高服务质量" }, "改进措施第2项“今后我们将进一步加强管理，提高服务质量”是空话", "is an empty phrase"},
		{"empty phrase in English", "result.en", func(l *L) { l.Result.Measures[0].Text = "We will further improve the quality of our services" }, "是空话", "Improvement 1"},
		{"no appeal date", "result.zh", func(l *L) { l.Result.AppealUntil = none }, "没有写明申诉截止的日历日期", "calendar date until which"},
		{"appeal date past", "result.zh", func(l *L) { l.Result.AppealUntil = day("2026-12-04") }, "申诉截止日期（2026-12-04）不晚于", "until which an appeal may be made (2026-12-04)"},
		{"appeal to nowhere", "result.zh", func(l *L) { l.Result.AppealTo = "委员会" }, "没有写明申诉应当寄往的电子邮箱", "email address for an appeal"},
		{"signatory's post", "result.zh", func(l *L) { l.Result.Signatory.Title = "" }, "缺少签发人的职务", "signatory's post"},
		{"not approved", "result.zh", func(l *L) { l.Result.Signatory.Name = "" }, "缺少签发人姓名", "signatory's name"},

		{"date of the appeal", "decision.zh", func(l *L) { l.Decision.Appealed = none }, "缺少提出申诉的日期", "date of the appeal"},
		{"grounds", "decision.zh", func(l *L) { l.Decision.Grounds = "" }, "没有写明申诉理由", "grounds of appeal"},
		{"contested letter", "decision.zh", func(l *L) { l.Decision.Contested.N = 0 }, "没有写明所申诉的告知书的文号和日期", "contested letter"},
		{"composition", "decision.zh", func(l *L) { l.Decision.Members, l.Decision.Votes = nil, nil }, "没有写明委员会的组成", "composition of the committee"},
		{"a member's capacity", "decision.zh", func(l *L) { l.Decision.Members[1].Capacity = "" }, "委员第2人缺少姓名或身份", "Member 2 lacks"},
		{"why recused", "decision.zh", func(l *L) { l.Decision.Recused[0].Reason = "" }, "回避委员第1人缺少姓名或回避原因", "Member 1 who stood aside"},
		{"recused and present", "decision.zh", func(l *L) { l.Decision.Members[1].Name = "王敏" }, "王敏已经回避", "王敏 stood aside"},
		{"materials", "decision.zh", func(l *L) { l.Decision.Materials = nil }, "没有写明审查的材料", "What was considered"},
		{"findings on appeal", "decision.zh", func(l *L) { l.Decision.Allegation[0].Finding = "?" }, "第1项投诉事项没有认定结论", "Point 1 has no finding"},
		{"ruling", "decision.zh", func(l *L) { l.Decision.Decision, l.Decision.Votes = "", nil }, "缺少决定（维持、变更、撤销、发回）", "ruling (affirm"},
		{"reasons", "decision.zh", func(l *L) { l.Decision.Reasons = []string{" "} }, "没有写明决定的理由", "reasons for the decision"},
		{"too many votes", "decision.zh", func(l *L) { l.Decision.Votes[complaints.Vary] = 5 }, "票数6多于参加审查的委员3人", "6 votes but only 3 members"},
		{"nobody voted for it", "decision.zh", func(l *L) { l.Decision.Votes = map[complaints.Ruling]int{complaints.Affirm: 2} }, "决定“vary”没有得到任何一票", `Nobody voted for the ruling "vary"`},
		{"measures of a decision", "decision.zh", func(l *L) { l.Decision.Measures = nil }, "没有写明任何改进措施", "No improvement"},
		{"chair", "decision.zh", func(l *L) { l.Decision.Chair.Name = "" }, "缺少主任委员姓名", "chair's name"},
		{"chair recused", "decision.zh", func(l *L) { l.Decision.Chair.Name = "王敏" }, "主任委员王敏已经回避", "The chair 王敏 stood aside"},

		{"unknown kind", "ack.zh", func(l *L) { l.Kind = "greeting" }, "没有“greeting”这种信函", `no kind of letter "greeting"`},

		{"nothing told", "declined.zh", func(l *L) { l.Declined.Complaint = " " }, "没有写明投诉人反映的事项", "What the complainant told us"},
		{"when it was received", "declined.zh", func(l *L) { l.Declined.Received = none }, "缺少收到投诉的日期", "date of the complaint"},
		{"why declined", "declined.zh", func(l *L) { l.Declined.Facts = []string{"不属实"} }, "没有写明理由所依据的事实", "facts that the reason rests on"},
		{"where to turn", "declined.zh", func(l *L) { l.Declined.Bodies = nil }, "没有写明可以向哪个机构提出", "body to turn to"},
		{"how to reach the body", "declined.zh", func(l *L) { l.Declined.Bodies[1].Contact = "" }, "可以受理的机构第2项缺少名称或联系方式", "Body 2 lacks its name or how to reach it"},
		{"the body in English", "declined.en", func(l *L) { l.Declined.Bodies[0].NameEn = "" }, "可以受理的机构第1项缺少英文名称", "Body 1 lacks its English name"},
		{"how long it may be contested", "declined.zh", func(l *L) { l.Declined.ContestUntil = none }, "没有写明提出异议截止的日历日期", "until which the decision may be contested is missing"},
		{"contested too early", "declined.zh", func(l *L) { l.Declined.ContestUntil = day("2026-11-26") }, "提出异议的截止日期（2026-11-26）不晚于", "may be contested (2026-11-26) is not later"},
		{"where it is contested", "declined.zh", func(l *L) { l.Declined.ContestTo = "前台" }, "没有写明异议应当寄往的电子邮箱", "email address for contesting"},
		{"who signs", "declined.zh", func(l *L) { l.Signatory.Title = "" }, "缺少签发人的职务", "signatory's post"},
		{"declined by nobody", "declined.zh", func(l *L) { l.Signatory.Name = "" }, "缺少签发人姓名", "signatory's name"},

		{"two bodies", "referral.zh", func(l *L) { l.Referral.Bodies = append(l.Referral.Bodies, l.Routes[0]) }, "转介函应当只写一个接收机构", "names one body only"},
		{"no consent", "referral.zh", func(l *L) { l.Referral.Consented, l.Referral.SentOn = none, none }, "转交材料须经投诉人同意", "without the complainant’s consent"},
		{"sent before consent", "referral.zh", func(l *L) { l.Referral.SentOn = day("2026-11-25") }, "转交材料的日期早于投诉人同意", "sent on before the complainant consented"},

		{"nothing asked for", "information.zh", func(l *L) { l.Information.Items = nil }, "没有列明需要补充的材料", "What is asked for"},
		{"an empty item", "information.zh", func(l *L) { l.Information.Items[1].Text = "" }, "需要补充的材料第2项没有写明内容", "Item 2 does not say what is asked for"},
		{"what for", "information.zh", func(l *L) { l.Information.Items[2].Why = " " }, "需要补充的材料第3项没有写明用来查清什么", "Item 3 does not say what it is needed for"},
		{"no date to answer by", "information.zh", func(l *L) { l.Information.Due = complaints.Deadline{} }, "没有写明提交材料的期限", "by which the client is to answer is missing"},
		{"date not counted", "information.zh", func(l *L) { l.Information.Due.Steps = nil }, "没有写明提交材料的期限的计算方法", "How the date by which the client is to answer was counted"},
		{"date to answer past", "information.zh", func(l *L) { l.Information.Due.Due = day("2026-11-26") }, "提交材料的期限（2026-11-26）不晚于", "(2026-11-26) is not later"},
		{"paused from when", "information.zh", func(l *L) { l.Information.PausedFrom = none }, "没有写明调查期限自何日起暂停", "From when the investigation’s time stands still"},
		{"where to answer", "information.zh", func(l *L) { l.Information.ReplyTo = "" }, "缺少回复地址", "address for replies"},

		{"what is delayed", "delay.zh", func(l *L) { l.Delay.What = "later" }, "没有写明是延期、中止、恢复办理还是逾期", "extended, suspended, resumed or late"},
		{"old date", "delay.zh", func(l *L) { l.Delay.OldDue = none }, "缺少原定的日期", "date that was given before is missing"},
		{"new date", "delay.zh", func(l *L) { l.Delay.NewDue = complaints.Deadline{} }, "没有写明新的日期", "The new date is missing"},
		{"new date not counted", "delay.zh", func(l *L) { l.Delay.NewDue.Steps = nil }, "没有写明新的日期的计算方法", "How the new date was counted"},
		{"no later than before", "delay.zh", func(l *L) { l.Delay.OldDue = l.Delay.NewDue.Due }, "新的日期（2026-12-10）不晚于原定的日期（2026-12-10）", "The new date (2026-12-10) is not later"},
		{"no reason for delay", "delay.zh", func(l *L) { l.Delay.Reason = "切实加强管理" }, "没有写明具体原因", "specific reason is missing"},
		{"busy", "delay.zh", func(l *L) { l.Delay.Reason = "近期工作繁忙，人员都在外地出庭。" }, "“工作繁忙”一类的话不是原因", "there is much to do is none"},
		{"busy in English", "delay.en", func(l *L) { l.Delay.Reason = "We have been very busy since October." }, "“工作繁忙”一类的话不是原因", "there is much to do is none"},
		{"approved by nobody", "delay.zh", func(l *L) { l.Delay.ApprovedBy = complaints.Contact{} }, "没有写明由谁批准", "Who approved it"},
		{"nothing done yet", "delay.zh", func(l *L) { l.Delay.Done = nil }, "没有写明已经完成的工作", "What has been done so far"},
		{"the committee's address", "delay.zh", func(l *L) { l.Delay.CommitteeTo = "委员会" }, "没有写明请委员会审查时应当寄往的电子邮箱", "address for turning to the committee"},
		{"no review of a suspension", "pause.zh", func(l *L) { l.Delay.ReviewOn = none }, "没有写明何日复核中止的原因", "When the suspension will be reviewed"},
		{"resumed when", "resume.zh", func(l *L) { l.Delay.From = none }, "没有写明自何日起中止或者恢复", "From when the case stands still, or goes on"},
		{"late again", "late.zh", func(l *L) { l.Delay.NewDue.Due = day("2026-12-04") }, "新的日期（2026-12-04）不晚于信函日期", "The new date (2026-12-04) is not later than the letter's own"},

		{"nothing settled", "settlement.zh", func(l *L) { l.Settlement.Agreed = nil }, "没有写明商定的处理办法", "What was agreed is missing"},
		{"settled when", "settlement.zh", func(l *L) { l.Settlement.AgreedOn = none }, "没有写明双方何日达成一致", "day of the agreement"},
		{"an empty step", "settlement.zh", func(l *L) { l.Settlement.Agreed[1].Text = "" }, "商定的办法第2项没有写明内容", "Step 2 does not say what it is"},
		{"an undated step", "settlement.zh", func(l *L) { l.Settlement.Agreed[1].Due = none }, "商定的办法第2项没有履行期限", "Agreed step 2 has no date"},
		{"settled points", "settlement.zh", func(l *L) { l.Settlement.Allegations = nil }, "没有列明投诉事项", "No point of complaint"},
		{"empty promise", "settlement.zh", func(l *L) { l.Settlement.Measures[0].Text = "进一步提升服务质量" }, "是空话", "is an empty phrase"},
		{"still may appeal", "settlement.zh", func(l *L) { l.Settlement.AppealUntil = none }, "没有写明申诉截止的日历日期", "calendar date until which an appeal"},
		{"appeal against a settlement where", "settlement.zh", func(l *L) { l.Settlement.AppealTo = "" }, "没有写明申诉应当寄往的电子邮箱", "email address for an appeal"},
		{"settled on a condition", "settlement.zh", func(l *L) { l.Settlement.Agreed[0].Text = "撤回投诉后，全额退还调查费" }, "不得以撤回投诉为条件", "Please reword “撤回投诉后”"},

		{"closed when", "closure.zh", func(l *L) { l.Closure.On = none }, "缺少结案或者撤回的日期", "day of the closure"},
		{"closed why", "closure.zh", func(l *L) { l.Closure.Reason, l.Closure.Code = "", "" }, "没有写明结案的原因", "Why the case is closed"},
		{"no complaint, and why", "closure.zh", func(l *L) { l.Closure.Reason, l.Closure.Code = "", "not_complaint" }, "没有写明结案的原因", "Why the case is closed"},
		{"performed when", "closure.zh", func(l *L) { l.Closure.Remedies[1].Due = none }, "已经履行的事项第2项没有写明内容或者履行的日期", "item 2, lacks its words or its day"},
		{"reopened where", "closure.zh", func(l *L) { l.Closure.ReopenTo = "" }, "没有写明请求重新办理应当寄往的电子邮箱", "having the case taken up again"},
		{"voluntary", "withdrawn.zh", func(l *L) { l.Closure.Confirmed = none }, "没有写明投诉人何日确认撤回出于自愿", "withdrawal is voluntary"},

		{"asked for nothing", "not_pursued.zh", func(l *L) { l.NotPursued.Requests = nil }, "没有写明向投诉人发出过哪些通知", "What the complainant was asked for"},
		{"asked without a day", "not_pursued.zh", func(l *L) { l.NotPursued.Requests[1].Start = none }, "通知第2项缺少内容、发出日期或者答复期限", "Request 2 lacks its words"},
		{"time to answer not over", "not_pursued.zh", func(l *L) { l.NotPursued.Requests[0].Due = day("2026-12-14") }, "通知第1项的答复期限（2026-12-14）在本函日期之前尚未届满", "time to answer request 1 (2026-12-14) has not run out"},
		{"decided nothing", "not_pursued.zh", func(l *L) { l.NotPursued.Decision = []string{"材料不足。"} }, "没有写明根据现有材料如何处理及其理由", "What was decided on the material at hand"},
		{"taken up where", "not_pursued.zh", func(l *L) { l.NotPursued.ReopenTo = "" }, "没有写明请求重新办理应当寄往的电子邮箱", "having the case taken up again"},
		{"no appeal", "not_pursued.zh", func(l *L) { l.NotPursued.AppealUntil = none }, "没有写明申诉截止的日历日期", "calendar date until which an appeal"},

		{"which letter is corrected", "correction.zh", func(l *L) { l.Correction.Of.N = 0 }, "没有写明所更正函件的种类、文号和日期", "letter that is corrected"},
		{"nothing corrected", "correction.zh", func(l *L) { l.Correction.Errata = nil }, "没有写明更正的内容", "What is corrected is missing"},
		{"half a correction", "correction.zh", func(l *L) { l.Correction.Errata[0].Where = "" }, "更正第1项缺少位置、原文或者更正后的内容", "Correction 1 lacks the place"},
		{"corrected to the same", "correction.zh", func(l *L) { l.Correction.Errata[1].Is = l.Correction.Errata[1].Was }, "更正第2项前后相同", "Correction 2 changes nothing"},
		{"how it came about", "correction.zh", func(l *L) { l.Correction.Reason = "" }, "没有写明差错的原因", "How the mistake came about"},
		{"new window past", "correction.zh", func(l *L) { l.Correction.AppealUntil = day("2026-12-01") }, "申诉截止日期（2026-12-01）不晚于", "(2026-12-01) is not later"},

		{"registered when", "respondent.zh", func(l *L) { l.Respondent.Registered = none }, "缺少登记的日期", "day of registration"},
		{"accused of nothing", "respondent.zh", func(l *L) { l.Respondent.Allegations = nil }, "没有列明投诉事项", "No point of complaint"},
		{"to answer by when", "respondent.zh", func(l *L) { l.Respondent.ReplyBy.Due = none }, "没有写明陈述的期限", "date by which to answer is missing"},
		{"to answer in the past", "respondent.zh", func(l *L) { l.Respondent.ReplyBy.Due = day("2026-11-25") }, "陈述的期限（2026-11-25）不晚于", "(2026-11-25) is not later"},
		{"to answer where", "respondent.zh", func(l *L) { l.Respondent.ReplyTo = "" }, "缺少回复地址", "address for replies"},
		{"no investigator", "respondent.zh", func(l *L) { l.Respondent.Investigator.Name = "" }, "缺少调查责任人", "The investigator is missing"},
		{"investigates himself", "respondent.zh", func(l *L) { l.Respondent.Investigator.Name, l.Respondent.Investigator.Email = l.To.Name, l.To.Addr }, "调查责任人不能是被投诉人本人", "cannot be the respondent"},

		{"no course of investigation", "report.zh", func(l *L) { l.Report.Steps = nil }, "没有写明调查经过", "course of the investigation"},
		{"no complaint reported", "report.zh", func(l *L) { l.Report.Complaint = "" }, "没有写明投诉人反映的事项", "What the complainant told us"},
		{"report without registration", "report.zh", func(l *L) { l.Report.Registered = none }, "缺少登记的日期", "day of registration"},
		{"no facts", "report.zh", func(l *L) { l.Report.Facts = nil }, "没有写明查明的事实", "facts that were established"},
		{"no finding reported", "report.zh", func(l *L) { l.Report.Allegations[1].Finding = "" }, "第2项投诉事项没有认定结论", "Point 2 has no finding"},
		{"no cause", "report.zh", func(l *L) { l.Report.Responsibility, l.Report.Causes = nil, nil }, "没有写明责任与根因", "Responsibility and root causes"},
		{"no opinion", "report.zh", func(l *L) { l.Report.Opinion, l.Report.Remedies = nil, nil }, "没有写明处理意见", "proposed outcome"},
		{"undated proposal", "report.zh", func(l *L) { l.Report.Measures[1].Due = none }, "改进措施第2项没有完成日期", "Improvement 2 has no date"},
		{"no author", "report.zh", func(l *L) { l.Report.Author.Name = "" }, "缺少报告人姓名", "author's name"},

		{"nothing to decide", "papers.zh", func(l *L) { l.Papers.Questions = []string{""} }, "没有写明请委员会决定的事项", "What the committee is to decide"},
		{"no day to vote", "papers.zh", func(l *L) { l.Papers.Meeting, l.Papers.VoteBy = time.Time{}, none }, "没有写明会议时间或者表决期限", "time of the meeting, or the date by which to vote"},
		{"no secretary", "papers.zh", func(l *L) { l.Papers.Secretary.Name = "" }, "缺少委员会秘书", "committee's secretary"},
		{"no members", "papers.zh", func(l *L) { l.Papers.Members = nil }, "没有写明委员会的组成", "composition of the committee"},
		{"which letter is contested", "papers.zh", func(l *L) { l.Papers.IssuedOn = none }, "没有写明所申诉的告知书的文号和日期", "contested letter"},

		{"which meeting", "minutes.zh", func(l *L) { l.Minutes.Title = "" }, "没有写明是哪次会议", "Which meeting"},
		{"met when", "minutes.zh", func(l *L) { l.Minutes.From = time.Time{} }, "没有写明会议时间", "time of the meeting"},
		{"over before it began", "minutes.zh", func(l *L) { l.Minutes.To = l.Minutes.From.Add(-time.Hour) }, "会议结束早于开始", "ends before it begins"},
		{"no chair", "minutes.zh", func(l *L) { l.Minutes.Chair.Name = "" }, "缺少主持人或者记录人", "chair or the secretary"},
		{"nothing discussed", "minutes.zh", func(l *L) { l.Minutes.Items = nil }, "没有写明议题", "no items"},
		{"an untitled item", "minutes.zh", func(l *L) { l.Minutes.Items[2].Title = "" }, "议题第3项没有写明标题", "Item 3 has no title"},
		{"votes of nobody", "minutes.zh", func(l *L) { l.Minutes.Items[1].For = 4 }, "议题第2项的票数4多于出席而没有回避的委员3人", "Item 2 has 4 votes but only 3 members"},
		{"vote of a member who stood aside", "minutes.zh", func(l *L) { l.Minutes.Items[0].Recused[0].Name = "周琳" }, "议题第1项的票数3多于出席而没有回避的委员2人", "Item 1 has 3 votes but only 2 members"},
		{"too few to resolve", "minutes.zh", func(l *L) { l.Minutes.Quorum, l.Minutes.Items = 4, l.Minutes.Items[:1] }, "议题第1项不足规定人数，不能作出决议", "Item 1: the meeting was not quorate"},
		{"nobody came", "minutes.zh", func(l *L) {
			l.Minutes.Present, l.Minutes.Quorum, l.Minutes.Items = nil, 0, l.Minutes.Items[2:]
		}, "没有写明出席人员", "Who was present"},
		{"empty action", "minutes.zh", func(l *L) { l.Minutes.Actions[1].Text = "" }, "后续工作第2项没有写明要做的事", "Action 2 does not say"},
		{"next meeting past", "minutes.zh", func(l *L) { l.Minutes.Next = day("2026-12-01") }, "下次会议的日期（2026-12-01）不晚于", "next meeting (2026-12-01)"},

		{"to no regulator", "regulator.zh", func(l *L) { l.To.Name = "" }, "缺少收件人姓名", "addressee's name"},
		{"whom to ask", "regulator.zh", func(l *L) { l.Contact = complaints.Contact{} }, "缺少责任人或其联系方式", "responsible person"},
		{"reports no complaint", "regulator.zh", func(l *L) { l.Regulator.Case.Complaint = "" }, "没有写明投诉人反映的事项", "What the complainant told us"},
		{"reports nothing", "regulator.zh", func(l *L) { l.Regulator.Case.Facts, l.Regulator.Case.Allegations, l.Regulator.Proposal = nil, nil, "" }, "没有写明查明的情况，也没有写明请示事项或者建议", "Neither facts nor"},
		{"reported by nobody", "regulator.zh", func(l *L) { l.Signatory.Name = "" }, "缺少签发人姓名", "signatory's name"},

		{"template field", "result.zh", func(l *L) { l.Result.Done[0] = "与{{client}}通话" }, "所做工作第1项有未填写的内容：“{{”", "“what was done 1” was left to be filled in"},
		{"left open", "result.zh", func(l *L) { l.Result.Remarks = "待填" }, "补充说明有未填写的内容：“待填”", "“remarks” was left to be filled in: “待填”"},
		{"left open elsewhere", "delay.zh", func(l *L) { l.Delay.Interim[0] = "由××合伙人接手" }, "目前的安排第1项有未填写的内容：“××”", "“interim step 1” was left"},
		{"no face in a report", "report.zh", func(l *L) { l.Report.Causes[0] = "R2 𪨧" }, "调查报告的根因第1项含有无法印出的字符：𪨧 U+2AA27", "“report root cause 1”"},
		{"emoji in an item", "information.zh", func(l *L) { l.Information.Items[0].Why = "核对付款👍" }, "项目第1项的用途含有无法印出的字符", "“item 1 purpose”"},
		{"last word", "result.zh", func(l *L) { l.Result.Remarks = "本所保留最终解释权" }, "请删改“最终解释权”", "no firm has the last word"},
		{"half an apology", "result.zh", func(l *L) { l.Result.Remarks = "如果给您带来不便，敬请谅解" }, "请删改“给您带来不便”", "without an “if”"},
		{"withdrawal as a condition", "result.zh", func(l *L) { l.Result.Remedies[2].Text = "以撤回投诉为条件，另行减免律师费" }, "不得以撤回投诉为条件", "Please reword “以撤回投诉为”"},

		{"a name no face has", "result.zh", func(l *L) { l.To.Name = "张𪨧" }, "收件人的姓名（名称）含有无法印出的字符：𪨧 U+2AA27", "The field “addressee name” holds characters that cannot be printed: 𪨧 U+2AA27"},
		{"emoji in a name", "result.zh", func(l *L) { l.Contact.Name = "李建国🌸" }, "联系人的姓名（名称）含有无法印出的字符：🌸 U+1F338", "🌸 U+1F338"},
		{"control in a fact", "result.zh", func(l *L) { l.Result.Measures[0].Text = "设置\x07收费系统的校验" }, "改进措施第1项的内容含有无法印出的字符：U+0007", "“measure 1 text”"},
		{"direction mark in a fact", "result.zh", func(l *L) { l.Result.Allegations[1].Reason += "\u202e" }, "投诉事项第2项的理由含有无法印出的字符：U+202E", "“point 2 reason”"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := sample(t, tt.sample)
			if err := Check(l); err != nil {
				t.Fatalf("the sample itself has faults: %v", err)
			}
			tt.change(&l)
			r := complaints.AsRefusal(Check(l))
			if r == nil {
				t.Fatal("not refused")
			}
			for _, text := range []struct{ got, want string }{{r.Zh, tt.zh}, {r.En, tt.en}} {
				if !strings.Contains(text.got, text.want) || strings.Count(text.got, "\n") != 1 {
					t.Errorf("%s\nwant one fault, %q", text.got, text.want)
				}
			}
			if err := Render(&bytes.Buffer{}, l); err == nil && l.Number.N != 0 {
				t.Error("rendered all the same")
			}
		})
	}
}

// TestCheckNamesAll wants every fault of a letter at once.
func TestCheckNamesAll(t *testing.T) {
	l := sample(t, "result.zh")
	l.Ref, l.Routes, l.Result.Measures, l.Result.AppealTo = "", nil, nil, ""
	r := complaints.AsRefusal(Check(l))
	if r == nil || !strings.Contains(r.Zh, "有4处需要改正") || strings.Count(r.En, "\n") != 4 {
		t.Errorf("%v", r)
	}
}

// TestInnerLettersNeedLess lets pass what stays within the firm without bodies
// outside it and without a client's contact, and what a client's mail program
// made of their name, or of a file's.
func TestInnerLettersNeedLess(t *testing.T) {
	for _, s := range strings.Fields("respondent.zh report.zh papers.zh minutes.zh") {
		l := sample(t, s)
		l.Routes, l.Contact = nil, complaints.Contact{}
		if err := Check(l); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	l := sample(t, "papers.zh")
	l.Papers.Report.Complainant, l.Papers.Grounds, l.Enclosures = "张堃🌸", "", []string{"🎁.jpg"}
	if text := extracted(t, l); !strings.Contains(text, "投诉人张堃收到") || !strings.Contains(text, "申诉人没有另行说明理由。") || !strings.Contains(text, "〔表情〕.jpg") {
		t.Error(text)
	}
	l = sample(t, "regulator.zh")
	l.Regulator.Case.Complainant, l.Subject = "🌸张堃\u200b", ""
	if text := extracted(t, l); !strings.Contains(text, "现将张堃投诉本所一案") || !strings.HasPrefix(text, "关于案件T2026-0012处理情况的报告") {
		t.Error(text)
	}
}

// TestAckNeverStops sends an acknowledgement whatever a client's mail program
// calls them and whatever they wrote.
func TestAckNeverStops(t *testing.T) {
	l := sample(t, "ack.zh")
	l.To.Name = "🌸张堃\u200b🌸"
	l.Subject = "😡"
	l.Ack.Summary = "# 太过分了😡\x00\n한국 {{.}} 你们说“最终解释权”归你们，待填？"
	l.Ack.Attachments = []string{"合同\u202efdp.exe", "🎁.jpg"}
	if text := extracted(t, l); !strings.HasPrefix(text, "投诉受理告知书尊敬的张堃：") || !strings.Contains(text, "太过分了〔表情〕〔控制符〕〔缺字U+D55C〕") {
		t.Error(text)
	}
	l.To.Name = "🌸"
	if text := extracted(t, l); !strings.Contains(text, "尊敬的客户：") {
		t.Error(text[:60])
	}
}
