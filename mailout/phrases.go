package mailout

import (
	"slices"
	"strconv"
	"strings"

	"complaints"
)

// pair is a phrase in Chinese and English.
type pair [2]string

func (v View) pick(p pair) string { return v.tr(p[0], p[1]) }

// happened are the phrases for the history of a case.
var happened = map[string]pair{
	"opened":              {"登记投诉", "complaint registered"},
	"heard_client":        {"投诉人来信", "mail from the complainant"},
	"heard_staff":         {"同事来信", "mail from a colleague"},
	"heard_other":         {"他人来信", "mail from another person"},
	"heard_auto":          {"收到自动回复或退信", "automatic reply or bounce received"},
	"admitted":            {"受理，转入初审", "taken in for review"},
	"classified":          {"确定类别", "category set"},
	"alleged":             {"列明投诉事项", "allegation recorded"},
	"assigned":            {"指派调查", "asked to investigate"},
	"took_on":             {"接受指派，担任责任人", "accepted as responsible person"},
	"recused":             {"回避", "recusal"},
	"recusal_sought":      {"提出应当回避", "recusal asked for"},
	"merged":              {"并入另案", "merged into another case"},
	"absorbed":            {"并入本案", "another case merged into this one"},
	"split_off":           {"另立一案", "allegations made a case of their own"},
	"grouped":             {"增加投诉人", "complainants joined"},
	"member_left":         {"一名投诉人退出", "a complainant left the group"},
	"graded":              {"定级", "graded"},
	"asked":               {"提出询问", "question put"},
	"note":                {"备注", "note"},
	"interview":           {"访谈", "interview"},
	"document":            {"取证", "evidence filed"},
	"found":               {"认定", "finding"},
	"root_cause":          {"根本原因", "root cause"},
	"reported":            {"提交调查报告", "investigation report filed"},
	"report_approved":     {"批准调查报告", "investigation report approved"},
	"report_returned":     {"退回调查报告", "investigation report returned"},
	"remedy_offered":      {"补救方案", "remedy"},
	"performed":           {"补救已履行", "remedy carried out"},
	"completed":           {"改进措施已完成", "improvement measure done"},
	"verified":            {"改进措施验收", "improvement measure verified"},
	"surveyed":            {"投诉人评价", "complainant's opinion"},
	"measure_set":         {"改进措施", "improvement measure"},
	"drafted":             {"拟稿", "letter drafted"},
	"draft_rendered":      {"草稿生成，校验码", "draft rendered, hash"},
	"draft_returned":      {"退回草稿", "draft returned"},
	"issued":              {"签发", "letter issued"},
	"seal_used":           {"函件用印", "seal on the letter"},
	"arrived":             {"函件邮寄送达", "letter delivered by post"},
	"resent":              {"函件改寄另一邮箱", "letter sent to another address"},
	"posted":              {"函件邮寄", "letter posted"},
	"sealed":              {"正式函件封存，校验码", "issued letter sealed, hash"},
	"delivered":           {"函件已由邮件系统接收", "letter accepted by the mail system"},
	"undelivered":         {"函件未能送达", "letter not delivered"},
	"parted":              {"已拆出的案件", "case taken out again"},
	"taken_out":           {"不再与他案合并", "no longer dealt with together with"},
	"settlement_offered":  {"向投诉人提出和解办法", "terms of a settlement put to the complainant"},
	"settlement_agreed":   {"投诉人同意和解办法", "complainant agreed to the settlement"},
	"offer_accepted":      {"投诉人接受处理方案", "complainant accepted the offer"},
	"withdrawal_sought":   {"投诉人表示希望撤回", "complainant wishes to withdraw"},
	"withdrawal_answered": {"投诉人答复是否撤回", "complainant answered about the withdrawal"},
	"ex_officio":          {"依职权继续办理", "goes on of the firm's own accord"},
	"respondent_asked":    {"通知被投诉人陈述", "respondent notified"},
	"stated":              {"被投诉人陈述", "respondent's statement"},
	"outside":             {"交由外部机构处理", "with an outside body"},
	"came_back":           {"外部机构的处理结果", "outcome of the outside body"},
	"reported_out":        {"拟向监管机关报告", "report to a regulator drafted"},
	"appealed":            {"提出申诉", "appeal lodged"},
	"referred_to_panel":   {"提交委员会审查", "put before the committee"},
	"voted":               {"表决", "vote"},
	"remitted":            {"发回重新调查", "sent back for a new investigation"},
	"ruled":               {"委员会决定", "committee's decision"},
	"language_set":        {"变更函件语言", "language of letters changed"},
	"vulnerable":          {"投诉人处境困难", "complainant in a vulnerable position"},
	"requested":           {"要求补充材料", "further information requested"},
	"resumed":             {"恢复办理", "case goes on"},
	"suspended":           {"中止办理", "case suspended"},
	"suspension_reviewed": {"复核后继续中止", "suspension reviewed, goes on"},
	"extension_asked":     {"申请延期", "more time asked for"},
	"extended":            {"同意延期", "limit extended"},
	"extension_refused":   {"不同意延期", "extension refused"},
	"breached":            {"逾期", "limit missed"},
	"made_good":           {"逾期事项办结", "what was late is done"},
	"progress":            {"告知投诉人进展", "client told how the case stands"},
	"recounted":           {"按新的工作日表重算期限", "limit counted anew by a new table"},
	"closed":              {"结案", "case closed"},
	"reopened":            {"重新调查", "case reopened"},
}

// LogLine is one line of the history in the reader's language.
type LogLine struct {
	At, By, Text string
}

// Log is the whole history of the case.
func (v View) Log() []LogLine {
	if v.Case == nil {
		return nil
	}
	var out []LogLine
	for _, e := range v.Case.Log {
		out = append(out, LogLine{At: v.Stamp(e.At), By: v.Who(e.By), Text: v.Entry(e)})
	}
	return out
}

// Entry says one entry of the history in words. Codes within its text become
// words, addresses become names, long texts are shortened.
func (v View) Entry(e complaints.Entry) string {
	phrase, text := e.What, e.Text
	if p, ok := happened[e.What]; ok {
		phrase = v.pick(p)
	}
	first, rest, _ := strings.Cut(text, ": ")
	switch e.What {
	case "admitted", "classified":
		text = v.Category(text)
	case "assigned", "took_on":
		text = v.Who(text)
	case "recused", "recusal_sought":
		text = v.with(v.Who(first), v.Why(rest))
	case "interview":
		text = v.with(first, rest)
	case "posted", "arrived":
		text = v.with(first, rest)
	case "delivered", "undelivered":
		text = strings.Replace(v.with(first, rest), " → ", v.tr("，", ", "), 1)
	case "found":
		no, f, _ := strings.Cut(first, " ")
		text = v.with(v.tr("第%s项%s", "allegation %s %s", no, complaints.Finding(f).In(v.Lang)), rest)
	case "voted", "ruled":
		text = v.with(complaints.Ruling(first).In(v.Lang), rest)
	case "root_cause":
		code, words, _ := strings.Cut(text, " ")
		text = v.with(strings.TrimSpace(code+" "+complaints.CauseWords(code, v.Lang)), words)
	case "closed":
		code, reason, _ := strings.Cut(text, " ")
		text = v.with(closing(code, v.Lang), reason)
	case "drafted":
		text = v.Title(complaints.LetterKind(text))
	case "performed":
		no, rest, _ := strings.Cut(text, " ")
		day, words, _ := strings.Cut(rest, " ")
		d, _ := complaints.ParseDate(day)
		text = v.with(v.tr("第%s项", "remedy %s", no)+v.tr("，", ", ")+v.Date(d), words)
	case "completed":
		no, words, _ := strings.Cut(text, " ")
		text = v.with(v.tr("第%s项", "measure %s", no), words)
	case "verified":
		no, rest, _ := strings.Cut(text, " ")
		passed, words, _ := strings.Cut(rest, " ")
		text = v.with(v.tr("第%s项", "measure %s", no)+v.tr("，", ", ")+map[bool]string{true: v.tr("通过", "passed"), false: v.tr("不通过", "failed")}[passed == "true"], words)
	case "seal_used":
		by, hash, _ := strings.Cut(rest, " ")
		text = v.with(first, v.tr("批准人%s，文件校验码 %s", "authorised by %s, file hash %s", v.Who(by), hash))
	case "language_set":
		text = v.Language(text)
	case "breached", "made_good":
		clock, rest, _ := strings.Cut(text, " ")
		who, late, _ := strings.Cut(rest, " +")
		if late == "" {
			who, late = "", strings.TrimPrefix(rest, "+")
		}
		text = v.with(complaints.ClockWords(clock, v.Lang)+v.tr("（%s）", " (%s)", clock), strings.TrimSpace(v.Who(who)+v.late(strings.TrimSuffix(late, " min"))))
	case "resumed":
		if p, ok := map[string]pair{"answered": {"投诉人已答复", "the complainant answered"}, "unanswered": {"投诉人逾期未答复", "the complainant did not answer in time"},
			"outside": {"交由外部机构处理", "the matter went to an outside body"}}[text]; ok {
			text = v.pick(p)
		}
	case "reported":
		text = "" // the report stands on its own
	}
	if text = strings.TrimSpace(text); text == "" {
		return phrase
	}
	return phrase + v.tr("：", ": ") + v.clip(text, 300)
}

// with joins a thing and what is said of it.
func (v View) with(a, b string) string {
	if a == "" || strings.TrimSpace(b) == "" {
		return a + b
	}
	return a + v.tr("；", "; ") + b
}

// Step is one thing that was done, as a client may know it.
type Step struct {
	On, Text string
}

// late says by how many minutes a limit was missed.
func (v View) late(minutes string) string {
	n, err := strconv.Atoi(minutes)
	if err != nil {
		return " " + minutes
	}
	return v.tr(" 迟延"+complaints.HowLate(n, "zh"), " "+complaints.HowLate(n, "en")+" late")
}

// Milestones are the steps of the case that concern the client: no findings
// before the letter, nothing of the inner work.
func (v View) Milestones() []Step {
	if v.Case == nil {
		return nil
	}
	words := map[string]pair{
		"opened":             {"登记投诉", "Your complaint was registered"},
		"admitted":           {"受理投诉", "Your complaint was taken in for review"},
		"took_on":            {"确定责任人：", "Responsible person: "},
		"heard_client":       {"收到您的来信", "We received your email"},
		"report_approved":    {"调查完成，调查报告经审核通过", "The investigation was completed and its report approved"},
		"issued":             {"发出", "We wrote to you: "},
		"performed":          {"我们履行了处理办法", "We carried out a step of our offer"},
		"settlement_offered": {"我们向您提出解决办法", "We proposed how to settle your complaint"},
		"settlement_agreed":  {"您同意我们提出的办法", "You agreed to our proposal"},
		"offer_accepted":     {"收到您接受处理方案的表示", "We received your acceptance of the offer"},
		"withdrawal_sought":  {"收到您希望撤回的表示", "We received your wish to withdraw"},
		"outside":            {"交由外部机构处理", "The matter went to an outside body"},
		"came_back":          {"外部机构作出处理", "The outside body decided"},
		"absorbed":           {"与另一件投诉合并办理", "Another complaint was merged into yours"},
		"taken_out":          {"恢复单独办理", "Your complaint is dealt with by itself again"},
		"requested":          {"请您补充材料", "We asked you for further information"},
		"resumed":            {"恢复办理", "Work on your complaint went on"},
		"suspended":          {"中止办理", "Work on your complaint was suspended"},
		"appealed":           {"收到您的申诉", "We received your appeal"},
		"referred_to_panel":  {"申诉提交投诉处理委员会审查", "Your appeal was put before the Complaints Committee"},
		"closed":             {"结案", "The case was closed"},
		"reopened":           {"重新调查", "The case was taken up again"},
	}
	var out []Step
	for _, e := range v.Case.Log {
		p, ok := words[e.What]
		if !ok {
			continue
		}
		s := Step{On: v.Date(complaints.DateOf(e.At.In(v.location()))), Text: v.pick(p)}
		switch e.What {
		case "took_on":
			s.Text += v.Who(e.Text)
		case "issued":
			inner := func(r complaints.LetterRecord) bool {
				return r.Letter.Kind.Internal() && r.Letter.Number.String() == e.Text
			}
			if e.Text == "" || slices.ContainsFunc(v.Case.Letters, inner) {
				continue
			}
			s.Text += v.letterNamed(e.Text)
		}
		if !slices.Contains(out, s) { // several mails on one day are one step
			out = append(out, s)
		}
	}
	return out
}

// letterNamed writes a letter's title and number.
func (v View) letterNamed(number string) string {
	for _, r := range v.Case.Letters {
		if r.Letter.Number.String() == number {
			return v.tr("《%s》（%s）", "%s (%s)", v.Title(r.Letter.Kind), number)
		}
	}
	return number
}

// Title names a kind of letter.
func (v View) Title(k complaints.LetterKind) string {
	if w := k.In(v.Lang); w != "" {
		return w
	}
	return string(k)
}

// LetterTitle names the letter that the mail speaks of.
func (v View) LetterTitle() string {
	if v.Letter == nil {
		return v.tr("函件", "letter")
	}
	return v.Title(v.Letter.Letter.Kind)
}

// Delivery says what became of a letter.
func (v View) Delivery(r complaints.LetterRecord) string {
	switch {
	case r.Delivery == complaints.DeliveryAccepted && r.Posted != nil && len(r.Got) == 0:
		return v.tr("已邮寄送达（%s）", "delivered by post (%s)", v.Date(v.Day(r.Delivered)))
	case r.Delivery == complaints.DeliveryAccepted:
		return v.tr("已发出（%s）", "sent (%s)", v.Stamp(r.Delivered))
	case r.Delivery == complaints.DeliveryPosted:
		return v.tr("已邮寄（%s）", "posted (%s)", r.Posted.String())
	case r.Delivery == complaints.DeliveryFailed:
		return v.tr("未能送达", "not delivered")
	case r.Issued:
		return v.tr("已签发，待发出", "issued, being sent")
	}
	return v.tr("草稿第%d版", "draft, version %d", r.Version)
}

// Missing names those of the five fields of chapter 4 that the complaint does
// not give.
func (v View) Missing() []string {
	words := map[string]pair{
		"name": {"姓名", "full name"}, "contact": {"联系方式", "contact details"}, "matter": {"投诉事项", "what is complained of"},
		"time": {"有关事情发生的时间", "when it happened"}, "evidence": {"有关材料（如合同、票据、往来记录）", "supporting papers (contract, receipts, correspondence)"},
	}
	var out []string
	if v.Case != nil {
		for _, m := range v.Case.Missing {
			if p, ok := words[m]; ok {
				m = v.pick(p)
			}
			out = append(out, m)
		}
	}
	return out
}

// Category writes a code of casework E.1 with its words: F6 退费争议.
func (v View) Category(code string) string {
	return strings.TrimSpace(code + " " + complaints.CategoryWords(code, v.Lang))
}

// Cause writes a code of casework E.4 with its words.
func (v View) Cause(r complaints.RootCause) string {
	return v.with(strings.TrimSpace(r.Code+" "+complaints.CauseWords(r.Code, v.Lang)), r.Text)
}

// Support says what a complainant in a vulnerable position needs, or "".
func (v View) Support() string {
	if v.Case == nil || v.Case.Support == nil {
		return ""
	}
	var words []string
	for _, d := range v.Case.Support.Drivers {
		words = append(words, complaints.DriverWords(d, v.Lang))
	}
	return v.with(strings.Join(words, v.tr("、", ", ")), v.Case.Support.Need)
}

// Closing says why the case was closed, or "".
func (v View) Closing() string {
	if v.Case == nil {
		return ""
	}
	return closing(v.Case.ClosingCode, v.Lang)
}

func closing(code, lang string) string {
	if w := complaints.ClosingWords(code, lang); w != "" {
		return w
	}
	return code
}

// Channel says how the complaint came in.
func (v View) Channel() string {
	words := map[string]pair{
		"email": {"电子邮件", "email"}, "phone": {"电话", "telephone"}, "visit": {"来访", "visit"}, "web": {"网站", "website"},
		"post": {"信函", "post"}, "regulator": {"监管机关转办", "passed on by a regulator"},
	}
	if v.Case == nil {
		return ""
	}
	if p, ok := words[v.Case.Channel]; ok {
		return v.pick(p)
	}
	return v.Case.Channel
}

// Language names a language of the desk.
func (v View) Language(code string) string {
	switch code {
	case "zh":
		return v.tr("中文", "Chinese")
	case "en":
		return v.tr("英文", "English")
	}
	return code
}

// State says where the case stands.
func (v View) State() string {
	if v.Case == nil {
		return ""
	}
	return v.Case.State.In(v.Lang)
}

// Clock names the clock of a reminder (casework B.3).
func (v View) Clock() string { return complaints.ClockWords(v.Facts.Clock, v.Lang) }

// Overdue reports whether the clock of a reminder has run out.
func (v View) Overdue() bool { return strings.HasPrefix(v.Facts.Level, "over") }

// Level names how near the end of a clock is.
func (v View) Level() string {
	words := map[string]pair{
		"half": {"期限已过半", "half of the time has passed"}, "T-2": {"还有两个工作日", "two working days left"}, "T-1": {"还有一个工作日", "one working day left"},
		"T": {"今日届满", "ends today"}, "T15": {"今日届满", "ends today"}, "over": {"已逾期", "overdue"},
		"over+2": {"逾期两个工作日", "two working days overdue"}, "over+5": {"逾期五个工作日", "five working days overdue"},
	}
	if p, ok := words[v.Facts.Level]; ok {
		return v.pick(p)
	}
	return v.Facts.Level
}

// Why says why a person is recused: the desk's own reasons are codes.
func (v View) Why(reason string) string { return complaints.RecusalWords(reason, v.Lang) }

// Severity gives a grade in words.
func (v View) Severity(level string) string { return complaints.Severity(level).In(v.Lang) }
