package mailout

import (
	"fmt"
	"strings"
	"text/template"
	"time"

	"complaints"
	"complaints/templates"
)

// Mails parses the mails of the desk and writes each of them once, in each
// language, about sample cases: one as it stands when the mail is sent, one to
// which nothing has happened, and, where a mail can do without, none. A mail that
// cannot be written must be known when the daemon starts, not when it is due.
func Mails() (*templates.MailSet, error) {
	set, err := templates.Mails(template.FuncMap{})
	if err != nil {
		return nil, err
	}
	for _, lang := range set.Languages() {
		w := newSample(lang)
		for _, name := range set.Names() {
			known, err := w.caseFor(name)
			if err != nil {
				return nil, err
			}
			cases := []*complaints.Case{known, {Ref: "T2026-0002", State: complaints.Registered, Lang: lang}}
			if caseless[name] {
				cases = append(cases, nil)
			}
			for _, c := range cases {
				if _, _, _, err := set.Render(lang, name, w.view(name, c)); err != nil {
					return nil, fmt.Errorf("sample mail: %w", err)
				}
			}
		}
	}
	return set, nil
}

// caseless are the mails that may be about no case.
var caseless = map[string]bool{
	"transcript": true, "confirm": true, "help": true, "list": true, "impersonated": true, "alert": true, "letter_in_doubt": true,
	"digest": true, "held": true, "unplaced": true, "calendar_proposed": true, "calendar_changed": true, "calendar_missing": true,
	"meeting_call": true, "meeting_moved": true, "meeting_cancelled": true, "meeting_answers": true, "meeting_due": true, "meeting_missed": true, "minutes": true,
	"minutes_due": true, "minutes_approval": true, "minutes_returned": true, "followups": true, "term_ending": true,
}

// forClient are the mails that a client gets; all others go to staff.
var forClient = map[string]bool{
	"ack": true, "question": true, "received": true, "status": true, "result": true, "appeal_received": true, "decision": true,
	"withdrawal": true, "offer_accepted": true, "settlement_offer": true, "settlement_agreed": true, "settled": true, "appeal_declined": true, "closed": true, "unclear": true, "merged": true, "taken_out": true, "grouped": true,
	"performed": true, "survey": true, "survey_thanks": true, "ended": true, "corrected": true, "outside": true, "continues": true,
	"delayed": true, "information": true, "information_reminder": true, "resumed": true, "progress": true, "long_stop": true,
}

// sampleFirm is a firm, its people and a clock, in one language.
type sampleFirm struct {
	lang   string
	policy *complaints.Policy
	now    time.Time
}

func newSample(lang string) *sampleFirm {
	w := &sampleFirm{lang: lang, now: time.Date(2026, 12, 8, 15, 4, 0, 0, time.FixedZone("CST", 8*3600))}
	person := func(local, zh, en string, roles ...complaints.Role) complaints.Person {
		return complaints.Person{Address: local + "@firm.example", Name: w.tr(zh, en), Roles: roles, Active: true}
	}
	w.policy = &complaints.Policy{
		Parameters: complaints.DefaultParameters(),
		Firm: complaints.Firm{Name: "明德律师事务所", NameEn: "Mingde Law Firm", Short: "明", Address: "上海市示范路1号", Phone: "021-5555 0100",
			Email: "complaints@firm.example"},
		Address: "complaints@firm.example", Security: "security@firm.example", Language: lang, Location: w.now.Location(),
		Calendar: &complaints.Calendar{Jurisdiction: "cn", Years: map[int]complaints.Year{2026: {Status: complaints.Official}}},
		Register: complaints.NewRegister([]complaints.Person{
			person("chen", "陈静", "Chen Jing", complaints.Officer), person("zhou", "周敏", "Zhou Min", complaints.Head, complaints.Member),
			person("wang", "王明", "Wang Ming"), person("li", "李娜", "Li Na", complaints.Investigator), person("wu", "吴刚", "Wu Gang", complaints.Member),
			person("zheng", "郑洁", "Zheng Jie", complaints.Member, complaints.Counsel), person("sun", "孙立", "Sun Li", complaints.Chair, complaints.Member),
		}),
		Keys: complaints.Keyring{[]byte("sample key, signs nothing that is sent")},
	}
	return w
}

func (w *sampleFirm) tr(zh, en string) string {
	if w.lang == "en" {
		return en
	}
	return zh
}

func (w *sampleFirm) client() complaints.Address {
	return complaints.Address{Name: w.tr("张堃", "Zhang Kun"), Addr: "zhang.kun@client.example"}
}

// stages are how far the sample case has come when a mail is sent, in events;
// for a mail that is not named, all the way.
var stages = map[string]int{
	"ack": 2, "new_case": 2, "merged": 2, "taken_out": 2, "grouped": 2, "graded": 8, "respondent": 9, "outside": 11, "continues": 11, "note_kept": 2, "help": 5, "transcript": 8, "confirm": 8, "assigned": 8, "took_on": 9, "question": 10, "received": 11, "client_replied": 11,
	"status": 11, "withdrawal": 11, "reminder": 13, "report_review": 16, "report_returned": 15, "report_approved": 17, "draft": 21, "draft_approval": 21,
	"draft_returned": 21, "result": 22, "letter_sent": 24, "letter_failed": 24, "letter_in_doubt": 23, "offer_accepted": 24, "performed": 24, "measure": 24, "measure_done": 24, "unclear": 24, "case_news": 24,
	"settlement_offer": 8, "settlement_agreed": 8, "settled": 8, "delayed": 12, "information": 12, "information_reminder": 12, "resumed": 12, "progress": 12, "long_stop": 15, "extension_asked": 12, "digest": 12,
	"committee_papers": 17, "opinions_in": 17, "committee_opinion": 17, "appeal_late": 25, "appeal_declined": 25,
	"appeal_received": 26, "appeal_lodged": 26, "appeal_papers": 26, "votes_in": 29, "decision": 32,
}

// caseFor is a complaint from its registration to the committee's decision, as
// far as it has come when a mail is sent.
func (w *sampleFirm) caseFor(name string) (*complaints.Case, error) {
	day := func(d, hour int) time.Time {
		return time.Date(2026, 11, 24+d, hour, 5, 0, 0, w.now.Location())
	}
	count := func(d, n int) complaints.Deadline {
		return w.policy.Calendar.WorkingDays(complaints.DateOf(day(d, 9)), n, nil)
	}
	until := complaints.Date{Year: 2027, Month: time.January, Day: 4}
	letter := func(kind complaints.LetterKind) complaints.Letter {
		return complaints.Letter{Kind: kind, Lang: w.lang, Firm: w.policy.Firm, To: w.client(), Subject: w.tr("退费争议", "Refund dispute")}
	}
	number := func(kind string) complaints.LetterNumber {
		return complaints.LetterNumber{Firm: "明", Kind: kind, Year: 2026, N: 1}
	}
	contract := complaints.Attachment{Name: w.tr("委托代理合同.pdf", "engagement letter.pdf"), Type: "application/pdf", Size: 183_204, SHA256: strings.Repeat("3f", 32)}
	refund := complaints.Remedy{Kind: "refund", Amount: 300_000, Text: w.tr("退还未提供服务部分的律师费", "Refund of the fee for work that was not done"),
		Due: complaints.Date{Year: 2026, Month: time.December, Day: 18}}
	training := complaints.Measure{Text: w.tr("结案时向客户出具费用结算单", "Give every client a statement of fees at the end of the matter"), Owner: w.tr("财务部主管", "Head of Finance"),
		Due: complaints.Date{Year: 2026, Month: time.December, Day: 31}}
	ack, result := letter(complaints.AckLetter), letter(complaints.ResultLetter)
	decision := letter(complaints.DecisionLetter)
	decision.Decision = &complaints.DecisionFacts{}
	ack.Ack = &complaints.AckFacts{}
	result.Result = &complaints.ResultFacts{Remedies: []complaints.Remedy{refund}, Measures: []complaints.Measure{training}, AppealUntil: until,
		AcceptBy: complaints.Date{Year: 2026, Month: time.December, Day: 17}}
	hash := "5d41402abc4b2a76b9719d911017c592ae2f1e0b7c0d3f4a5b6c7d8e9f001122"

	story := []struct {
		day, hour int
		by        string
		fact      complaints.Fact
	}{
		{0, 9, complaints.TheDesk, &complaints.Opened{Ref: "T2026-0001", Year: 2026, Complainant: complaints.Complainant{Name: w.client().Name, Addr: w.client().Addr},
			Channel: "email", Subject: w.tr("代理费退还问题", "Refund of fees"), Received: day(0, 9), Lang: w.lang, Policy: "V3", Missing: []string{"time"},
			Matter: w.tr("贵所收取代理费后没有出庭，我要求退还部分费用。\n承办律师两个月没有回复我的电话。",
				"Your firm took my fee and did not appear at the hearing. I ask for part of it back.\nThe lawyer has not returned my calls for two months."),
			Attachments: []complaints.Attachment{contract}, Due: count(0, 7)}},
		{0, 9, complaints.TheDesk, &complaints.Issued{Letter: &ack, Number: number("律投受"), Date: complaints.DateOf(day(0, 9))}},
		{0, 9, complaints.TheDesk, &complaints.Sealed{No: 1, SHA256: strings.Repeat("6e", 32)}},
		{0, 9, complaints.TheDesk, &complaints.Delivered{No: 1, To: w.client().Addr, Reply: "250 2.0.0 Ok: queued as 3A1B2"}},
		{0, 10, "chen@firm.example", &complaints.Admitted{Category: "F6"}},
		{0, 10, "chen@firm.example", &complaints.Alleged{No: 1, Text: w.tr("收费后未出庭，拒绝退费", "No appearance at the hearing, and no refund"), Respondent: "wang@firm.example"}},
		{0, 10, "chen@firm.example", &complaints.Alleged{No: 2, Text: w.tr("两个月不回复电话", "No reply to calls for two months")}},
		{0, 11, "chen@firm.example", &complaints.Assigned{Person: "li@firm.example"}},
		{0, 14, "li@firm.example", &complaints.TookOn{Person: "li@firm.example"}},
		{1, 9, "li@firm.example", &complaints.Asked{To: w.client().Addr, Text: w.tr("请提供付款凭证。", "Please send proof of payment.")}},
		{2, 8, w.client().Addr, &complaints.Heard{From: w.client(), Who: "client", Text: w.tr("付款凭证见附件。", "The proof of payment is attached.")}},
		{2, 15, "li@firm.example", &complaints.Noted{What: "interview", With: w.tr("王明", "Wang Ming"), Text: w.tr("承认当日未出庭。", "Admits that he was not at the hearing.")}},
		{3, 9, "li@firm.example", &complaints.Found{No: 1, Finding: complaints.Upheld, Reason: w.tr("庭审笔录显示本所无人出庭，依合同第五条应退还相应费用。", "The record shows that nobody of the firm appeared; clause 5 provides for a refund."),
			Evidence: []string{contract.Name}}},
		{3, 9, "li@firm.example", &complaints.Found{No: 2, Finding: complaints.NotUpheld, Reason: w.tr("通话记录显示已回复四次。", "The call log shows four replies.")}},
		{3, 10, "li@firm.example", &complaints.RootCause{Code: "P2", Text: w.tr("未核对开庭日程", "the hearing list was not checked")}},
		{3, 11, "li@firm.example", &complaints.Reported{Text: w.tr("一、投诉基本情况……\n二、调查经过……", "1. The complaint …\n2. The investigation …")}},
		{3, 16, "zhou@firm.example", &complaints.ReportApproved{}},
		{6, 9, "li@firm.example", &complaints.RemedyOffered{Remedy: refund}},
		{6, 9, "li@firm.example", &complaints.MeasureSet{Measure: training}},
		{6, 10, "li@firm.example", &complaints.Drafted{Letter: result}},
		{6, 10, complaints.TheDesk, &complaints.DraftRendered{No: 2, Version: 1, SHA256: hash}},
		{7, 9, "zhou@firm.example", &complaints.Issued{No: 2, Number: number("律投告"), Date: complaints.DateOf(day(7, 9)), DraftHash: hash}},
		{7, 9, complaints.TheDesk, &complaints.Sealed{No: 2, SHA256: strings.Repeat("9c", 32)}},
		{7, 9, complaints.TheDesk, &complaints.Delivered{No: 2, To: w.client().Addr, Reply: "250 2.0.0 Ok: queued as 4F2A1", AppealUntil: until}},
		{9, 9, w.client().Addr, &complaints.Appealed{Grounds: w.tr("退费金额过低。", "The refund is too low."), Due: count(9, 15)}},
		{9, 9, complaints.TheDesk, &complaints.ReferredToPanel{Panel: []string{"wu@firm.example", "zheng@firm.example", "sun@firm.example"},
			Recusals: []complaints.Recused{{Person: "zhou@firm.example", Reason: "made_decision", Appeal: true}}}},
		{10, 9, "wu@firm.example", &complaints.Voted{Member: "wu@firm.example", Ruling: complaints.Vary, Reason: w.tr("退费应按未完成阶段计算。", "The refund should follow the stages not completed.")}},
		{10, 10, "zheng@firm.example", &complaints.Voted{Member: "zheng@firm.example", Ruling: complaints.Vary, Reason: w.tr("同意变更。", "I agree to vary.")}},
		{11, 9, "sun@firm.example", &complaints.Voted{Member: "sun@firm.example", Ruling: complaints.Affirm, Reason: w.tr("原结果适当。", "The outcome was right.")}},
		{13, 9, "sun@firm.example", &complaints.Ruled{Ruling: complaints.Vary, Reasons: w.tr("依未完成阶段计算，退费变更为五千元。", "By the stages not completed, the refund is varied to CNY 5,000.")}},
		{13, 9, "sun@firm.example", &complaints.Drafted{Letter: decision}},
		{13, 10, "sun@firm.example", &complaints.Issued{No: 3, Number: number("律投决"), Date: complaints.DateOf(day(13, 10))}},
		{13, 10, complaints.TheDesk, &complaints.Sealed{No: 3, SHA256: strings.Repeat("b2", 32)}},
		{13, 10, complaints.TheDesk, &complaints.Delivered{No: 3, To: w.client().Addr, Reply: "250 2.0.0 Ok: queued as 5B3C2"}},
		{14, 10, "chen@firm.example", &complaints.ClosedCase{Code: "appeal_decided", Reason: w.tr("款项已付。", "The refund has been paid.")}},
	}
	if name == "ended" {
		closure := letter(complaints.ClosureLetter)
		closure.Closure = &complaints.ClosureFacts{}
		story[len(story)-1].fact = &complaints.ClosedCase{Code: "not_complaint"}
		story = append(story, story[len(story)-1])
		story[len(story)-1].fact = &complaints.Issued{Letter: &closure, Number: number("律投结"), Date: complaints.DateOf(day(14, 10))}
	}
	if name == "letter_failed" {
		story[23].fact = &complaints.NotDelivered{No: 2, To: w.client().Addr, Reply: "550 5.1.1 User unknown"}
	}
	if name == "corrected" {
		mended := letter(complaints.CorrectionLetter)
		mended.Correction = &complaints.CorrectionFacts{Of: complaints.LetterNumber{Firm: "明", Kind: "律投告", Year: 2026, N: 1}, OfKind: complaints.ResultLetter, AppealUntil: until}
		story = append(story[:24:24], story[24])
		story[24].fact = &complaints.Issued{Letter: &mended, Number: number("律投更"), Date: complaints.DateOf(day(9, 10))}
	}
	if n := stages[name]; n > 0 {
		story = story[:n]
	}
	c := &complaints.Case{}
	for i, s := range story {
		if err := c.Apply(complaints.Event{Seq: i + 1, At: day(s.day, s.hour), By: s.by, Fact: s.fact}); err != nil {
			return nil, fmt.Errorf("sample case: %w", err)
		}
	}
	if name == "appeal_late" {
		c.Appeal.Late = true
	}
	for _, f := range w.later(name, count(0, 7), count(4, 10)) {
		if err := c.Apply(complaints.Event{Seq: c.Seq + 1, At: day(3, 9), By: "zhou@firm.example", Fact: f}); err != nil {
			return nil, fmt.Errorf("sample case: %w", err)
		}
	}
	return c, nil
}

// later is what has happened to the time of a case when a mail about that is
// sent: due is its limit, supplement the day for the client's answer.
func (w *sampleFirm) later(name string, due, supplement complaints.Deadline) []complaints.Fact {
	start := due.Start
	number := func(kind string) complaints.LetterNumber {
		return complaints.LetterNumber{Firm: "明", Kind: kind, Year: 2026, N: 1}
	}
	items := []complaints.InfoItem{{Text: w.tr("付款凭证", "Proof of payment"), Why: w.tr("核实付款日期和金额", "to check date and amount")},
		{Text: w.tr("开庭通知", "The notice of the hearing"), Why: w.tr("核实开庭时间", "to check the time of the hearing")}}
	requested := &complaints.Requested{Items: items, Due: supplement, Old: due.Due}
	longer := w.policy.Calendar.WorkingDays(start, 10, nil)
	asked := complaints.ExtensionAsked{Clock: "C4", Days: 3, Ground: "expert", Reason: w.tr("须等待笔迹鉴定意见，预计12月7日作出。", "The handwriting report is awaited; it is expected on 7 December.")}
	terms := []complaints.Remedy{{Kind: "refund", Amount: 200_000, Due: start.Add(9), Text: w.tr("退还未提供服务部分的律师费", "Refund of the fee for work that was not done")},
		{Kind: "apology", Due: start.Add(3), Text: w.tr("承办律师书面致歉", "A written apology from the lawyer")}}
	offered, agreed := &complaints.SettlementOffered{Terms: terms, Until: start.Add(3)}, &complaints.SettlementAgreed{On: start.Add(1), Text: w.tr("我接受和解办法", "I accept the proposal")}
	report := complaints.Letter{Kind: complaints.ReportLetter, Lang: w.lang, Report: &complaints.ReportFacts{Version: 1}}
	hash := strings.Repeat("7b", 32)
	switch name {
	case "report_review":
		return []complaints.Fact{&complaints.Drafted{Letter: report}, &complaints.DraftRendered{No: 2, Version: 1, SHA256: hash}}
	case "report_approved":
		return []complaints.Fact{&complaints.Drafted{Letter: report}, &complaints.Issued{No: 2, Number: number("律投查"), Date: start.Add(3), DraftHash: hash}}
	case "settlement_offer":
		return []complaints.Fact{offered}
	case "settlement_agreed":
		return []complaints.Fact{offered, agreed}
	case "settled":
		l := complaints.Letter{Kind: complaints.SettlementLetter, Lang: w.lang, Settlement: &complaints.SettlementFacts{Received: start, AgreedOn: start.Add(1), Agreed: terms,
			AppealUntil: complaints.Date{Year: 2026, Month: time.December, Day: 28}}}
		return []complaints.Fact{offered, agreed, &complaints.Issued{Letter: &l, Number: number("律投和"), Date: start.Add(2)}}
	case "delayed":
		l := complaints.Letter{Kind: complaints.DelayLetter, Lang: w.lang, Delay: &complaints.DelayFacts{What: complaints.DelayExtension, Received: start, OldDue: due.Due, NewDue: longer,
			Ground: complaints.GroundWords("expert", w.lang), Reason: asked.Reason, ApprovedBy: complaints.Contact{Name: w.tr("周敏", "Zhou Min"), Title: complaints.Head.In(w.lang)},
			Done: []string{w.tr("查阅您提交的材料1件", "We read the document that you sent us")}}}
		return []complaints.Fact{&asked, &complaints.Extended{ExtensionAsked: asked, Old: due.Due, Due: longer}, &complaints.Issued{Letter: &l, Number: number("律投延"), Date: start.Add(3)}}
	case "information":
		l := complaints.Letter{Kind: complaints.InformationLetter, Lang: w.lang, Information: &complaints.InformationFacts{Received: start, Items: items, Due: supplement, PausedFrom: start.Add(3), OldDue: due.Due}}
		return []complaints.Fact{requested, &complaints.Issued{Letter: &l, Number: number("律投补"), Date: start.Add(3)}}
	case "information_reminder":
		return []complaints.Fact{requested}
	case "resumed":
		return []complaints.Fact{requested, &complaints.Resumed{Why: "answered", To: time.Date(2026, 12, 1, 9, 0, 0, 0, w.now.Location()), Due: longer}}
	case "extension_asked":
		return []complaints.Fact{&asked}
	case "committee_papers", "opinions_in", "committee_opinion":
		facts := []complaints.Fact{&complaints.Graded{Level: complaints.Major},
			&complaints.Docketed{Question: w.tr("是否同意退还全部代理费", "Whether the whole fee should be refunded"), Ballot: name == "opinions_in", Due: supplement,
				Panel: []string{"wu@firm.example", "zheng@firm.example", "sun@firm.example"}, Recused: []complaints.Recused{{Person: "zhou@firm.example", Reason: "approved", Appeal: true}}}}
		if name != "committee_papers" {
			facts = append(facts, &complaints.Opined{Member: "wu@firm.example", Stance: complaints.InFavour, Text: w.tr("合同第五条写明应退。", "Clause 5 provides for it.")},
				&complaints.Opined{Member: "zheng@firm.example", Stance: complaints.Opposed, Text: w.tr("应扣除已完成的立案工作。", "The filing was done and should be deducted.")},
				&complaints.Opined{Member: "sun@firm.example", Stance: complaints.InFavour, Text: w.tr("同意退还。", "I agree.")})
		}
		if name == "committee_opinion" {
			facts = append(facts, &complaints.Advised{Stance: complaints.InFavour, Text: w.tr("同意退还全部代理费，并书面致歉。", "The whole fee should be refunded, with a written apology.")})
		}
		return facts
	case "performed":
		return []complaints.Fact{&complaints.Performed{No: 1, On: complaints.Date{Year: 2026, Month: time.December, Day: 7}, Text: w.tr("已转入您的账户", "Paid to your account")}}
	case "measure_done":
		return []complaints.Fact{&complaints.Completed{No: 1, Text: w.tr("结算单样式已启用。", "The new statement is in use.")}}
	}
	return nil
}

// readers are the members of staff to whom the sample mails go, where it is
// not the officer.
var readers = map[string]string{
	"respondent": "wang",
	"assigned":   "li", "report_review": "zhou", "report_returned": "li", "draft": "li", "draft_approval": "zhou", "draft_returned": "li",
	"extension_asked": "zhou", "digest": "li", "measure": "li", "measure_done": "zhou", "survey_low": "zhou", "calendar_proposed": "zhou",
	"meeting_call": "wu", "meeting_moved": "wu", "meeting_cancelled": "wu", "meeting_due": "sun", "meeting_missed": "sun", "minutes_approval": "sun", "minutes": "wu",
	"appeal_papers": "wu", "votes_in": "sun", "committee_papers": "wu", "opinions_in": "sun", "committee_opinion": "li", "appeal_late": "sun", "alert": "security", "reminder": "li", "client_replied": "li", "view": "zhou",
}

// mail is the intent to send a mail, with facts of every kind.
func (w *sampleFirm) mail(name string, c *complaints.Case) complaints.Mail {
	m := complaints.Mail{Lang: w.lang, Template: name, To: w.client(), Facts: complaints.Facts{
		Subject: w.tr("代理费退还问题", "Refund of fees"), Text: w.tr("付款凭证见附件，请查收。\n\n张堃", "The proof of payment is attached.\n\nZhang Kun"), From: w.client(),
		Attachments: []complaints.Attachment{{Name: w.tr("付款凭证.jpg", "payment.jpg"), Type: "image/jpeg", Size: 82_113, SHA256: strings.Repeat("a7", 32)}},
	}}
	if !forClient[name] {
		reader := readers[name]
		if reader == "" {
			reader = "chen"
		}
		m.Staff, m.To = true, complaints.Address{Addr: reader + "@firm.example"}
		if p := w.policy.Register.Find(m.To.Addr); p != nil {
			m.To = p.Mailbox()
		}
	}
	f := &m.Facts
	head := complaints.Address{Name: w.tr("周敏", "Zhou Min"), Addr: "zhou@firm.example"}
	switch name {
	case "ack":
		m.LetterNo, f.Attachments = 1, nil
	case "question":
		f.From, f.Text, f.Level = complaints.Address{Name: w.tr("李娜", "Li Na"), Addr: "li@firm.example"}, w.tr("一、请提供付款凭证。\n二、开庭当日您是否到庭？", "1. Please send proof of payment.\n2. Were you at the hearing?"), "2026-12-01"
	case "new_case":
		if c != nil {
			f.Text, f.Attachments = c.Matter, []complaints.Attachment{{Name: w.tr("委托代理合同.pdf", "engagement letter.pdf"), Size: 183_204, SHA256: strings.Repeat("3f", 32)}}
		}
	case "result", "letter_sent", "draft", "draft_approval", "decision":
		m.LetterNo, m.Draft = 2, strings.HasPrefix(name, "draft")
		if name == "decision" {
			m.LetterNo = 3
		}
		f.Reason, f.From, f.Attachments = "250 2.0.0 Ok: queued as 4F2A1", complaints.Address{Addr: "li@firm.example"}, nil
	case "ended":
		m.LetterNo = 4
	case "settled":
		m.LetterNo, f.Text, f.Attachments = 2, "", nil
	case "corrected":
		m.LetterNo = 3
	case "respondent":
		f.From, f.Text, f.Level, f.Attachments = complaints.Address{Name: w.client().Name}, w.tr("1. 收费后未出庭，拒绝退费", "1. No appearance at the hearing, and no refund"), "2026-11-30", nil
	case "letter_failed":
		f.Subject, f.Reason = "result", "550 5.1.1 User unknown"
	case "letter_in_doubt":
		f.Subject, f.Reason = "result", "412" // of the outbox
	case "report_approved", "closed_staff", "took_on":
		f.From, f.Text, f.Attachments, f.Level = head, "", nil, "2026-12-01"
		if name == "report_approved" {
			m.LetterNo = 2
		}
	case "assigned":
		f.From = complaints.Address{Name: w.tr("陈静", "Chen Jing"), Addr: "chen@firm.example"}
	case "report_review":
		m.LetterNo, m.Draft = 2, true
		f.From = complaints.Address{Addr: "li@firm.example"}
		f.Text = w.tr("一、投诉基本情况……\n二、调查经过……", "1. The complaint …\n2. The investigation …")
	case "report_returned", "draft_returned":
		f.From, f.Reason = head, w.tr("第二项的理由没有写明依据。", "The reasons on point 2 do not give their basis.")
	case "committee_papers":
		f.Level, f.Attachments = "2026-12-08", nil
	case "opinions_in":
		f.Text, f.Attachments = "", nil
	case "committee_opinion":
		f.From, f.Text, f.Attachments = complaints.Address{Addr: "sun@firm.example"}, w.tr("同意退还全部代理费，并书面致歉。", "The whole fee should be refunded, with a written apology."), nil
	case "meeting_call":
		f.From, f.Text, f.Attachments = complaints.Address{Addr: "chen@firm.example"}, "", nil
	case "meeting_moved", "meeting_cancelled", "meeting_answers", "minutes_returned":
		f.From, f.Reason, f.Attachments = complaints.Address{Addr: "sun@firm.example"}, w.tr("主任委员出庭", "The chair is in court"), nil
	case "meeting_due", "meeting_missed", "minutes_due":
		f.Level, f.Attachments = "2026-12-15", nil
	case "minutes_approval":
		f.From, f.Hash, f.Attachments = complaints.Address{Addr: "chen@firm.example"}, strings.Repeat("c4", 32), nil
	case "term_ending":
		f.From, f.Reason, f.Of, f.Subject, f.Attachments = complaints.Address{Addr: "wu@firm.example"}, "2026-12-31", w.tr("部门代表", "representative of Litigation"), "soon", nil
	case "appeal_late":
		f.Text, f.Level, f.Attachments = w.tr("退费金额过低。此前住院，未能按期提出。", "The refund is too low. I was in hospital and could not write in time."), "2027-01-04", nil
	case "appeal_declined":
		f.Level, f.Reason, f.Attachments = "late", w.tr("申诉在期限届满三周后提出，没有说明不能按期提出的原因。", "The appeal came three weeks after the date, and no cause for the delay was given."), nil
		f.Notes = []string{w.tr("市律师协会：执业纪律；021-5555 0000", "City Bar Association: professional conduct; 021-5555 0000")}
	case "appeal_received", "appeal_papers":
		f.Text = w.tr("退费金额过低。", "The refund is too low.")
	case "delayed", "information":
		f.Attachments = nil
		if c != nil {
			m.LetterNo = len(c.Letters)
		}
	case "information_reminder", "resumed":
		f.Level, f.Reason, f.Attachments = "2026-12-03", "answered", nil
	case "progress", "long_stop":
		f.Attachments = nil
	case "extension_asked":
		f.From, f.Clock, f.Reason, f.Level, f.Attachments = complaints.Address{Addr: "li@firm.example"}, "C4", "2026-12-03", "2026-12-08", nil
		f.Text = w.tr("须等待笔迹鉴定意见。", "The handwriting report is awaited.")
		f.Notes = []string{w.tr("3个工作日", "3 working days"), complaints.GroundWords("expert", w.lang)}
	case "digest":
		f.Items = []complaints.Item{{Ref: "T2026-0001", Clock: "C4", Due: complaints.Date{Year: 2026, Month: time.December, Day: 3}, Late: true}}
	case "unplaced":
		f.From, f.Of, f.Attachments = complaints.Address{Addr: "stranger@elsewhere.example"}, "T2026-0001", nil
		f.Held = []complaints.HeldMail{{No: 7, At: w.now, From: "stranger@elsewhere.example", Subject: f.Subject, Guess: "T2026-0001"}}
	case "held":
		f.Text, f.Attachments, f.Level = "", nil, "2"
		f.Notes = []string{w.tr("隔离文件夹有 3 封邮件，数据库记有 2 封。", "The quarantine folder holds 3 mails, the database knows 2.")}
		f.Held = []complaints.HeldMail{
			{No: 3, At: w.now.Add(-20 * time.Hour), From: "stranger@elsewhere.example", Subject: w.tr("关于该案", "About that case"), Reason: "it names T2026-0001, and its sender is not known there", Guess: "T2026-0001"},
			{No: 4, At: w.now.Add(-2 * time.Hour), From: "li@firm.example", Subject: "[T2026-0002]", Reason: "in the name of staff, and its sender could not be verified"},
		}
	case "calendar_proposed":
		f.From, f.Subject, f.Hash, f.Attachments = complaints.Address{Addr: "chen@firm.example"}, "2027", strings.Repeat("c4", 6), nil
		f.Of, f.Reason = w.tr("国办发明电〔2026〕9号", "Notice 9 of 2026"), "https://www.gov.example/2027"
		f.Notes = []string{w.tr("放假：2027-01-01", "days off: 2027-01-01"), w.tr("调休上班：2027-02-14", "worked weekend days: 2027-02-14")}
	case "calendar_changed":
		f.Notes = []string{w.tr("T2026-0001 调查与书面报告：2027-01-04 → 2027-01-05", "T2026-0001 investigation and written report: 2027-01-04 → 2027-01-05")}
	case "calendar_missing":
		f.Subject = "2027"
	case "reminder":
		f.Clock, f.Level, f.Reason, f.Text = "C4", "T-1", "2026-12-03", ""
	case "performed":
		f.Text, f.Attachments, f.Notes = "", nil, []string{"1"}
	case "measure":
		f.Level, f.Text, f.Attachments, f.Notes = "1", "", nil, []string{w.tr("结案时向客户出具费用结算单", "Give every client a statement of fees at the end of the matter"), w.tr("财务部主管", "Head of Finance"), "2026-12-31"}
	case "followups":
		*f = complaints.Facts{Reason: w.tr("2026年12月例会", "Regular meeting, December 2026"), Level: "M2026-0001", Transcript: []complaints.Line{
			{Command: w.tr("#后续 会议=M2026-0001 负责人=财务部主管 人= 期限=2026-12-31 结案时出具费用结算单", "#followup meeting=M2026-0001 owner=\"Head of Finance\" person= due=2026-12-31 A statement of fees at the end of each matter"), Did: w.tr("没有写明责任人", "it names no person")}}}
	case "measure_done":
		f.From, f.Level, f.Text = complaints.Address{Name: w.tr("李娜", "Li Na"), Addr: "li@firm.example"}, "1", w.tr("结算单样式已启用，附件为本月的三份。", "The new statement is in use; three of this month are attached.")
		f.Notes = []string{w.tr("结案时向客户出具费用结算单", "Give every client a statement of fees at the end of the matter"), w.tr("财务部主管", "Head of Finance"), "2026-12-31"}
	case "survey":
		f.Level, f.Attachments = "ask", nil
	case "survey_thanks":
		f.Text, f.Attachments = w.tr("希望早些告知。", "I wish I had been told sooner."), nil
	case "survey_low":
		f.From, f.Text, f.Attachments = w.client(), strings.Join(complaints.SurveyQuestions(w.lang), " 2\n")+" 2", nil
	case "closed":
		f.Text, f.Level = w.tr("双方确认无其他争议。", "Both sides confirm that nothing is left in dispute."), "settled"
	case "taken_out":
		f.Reason, f.Text, f.Attachments = "T2026-0002", "", nil
	case "merged":
		f.Reason, f.Level, f.Text = "T2026-0002", "2026-12-03", ""
	case "graded":
		f.From, f.Reason, f.Level, f.Text = head, w.tr("涉及诉讼时效。", "A limitation period is at stake."), "major", ""
	case "case_news":
		f.From, f.Text, f.Attachments = head, w.tr("本案已重开：发现新的证据。", "The case has been reopened: there is new evidence."), nil
	case "transcript", "confirm":
		if name == "confirm" {
			f.Hash, f.Level = "3f9a0c51d27be864", "2026-12-09 15:04"
		}
		f.Transcript = []complaints.Line{
			{Command: w.tr("#受理 类别=F6", "#admit category=F6"), Did: w.tr("已受理，类别 F6 退费争议。", "Taken in, category F6 refund dispute.")},
			{Command: w.tr("#指派 li@firm.example", "#assign li@firm.example"), Did: w.tr("已请李娜调查。", "Li Na has been asked to investigate.")},
		}
	case "help":
		f.Transcript = w.policy.Help(c, w.policy.Register.Find(m.To.Addr), w.now)
	case "impersonated":
		f.Reason, f.Text = w.tr("邮件不是从本所的邮箱系统发出", "the email was not sent by the firm's mail system"), w.tr("#结案", "#close")
	case "alert":
		f.Reason, f.Text = w.tr("冒名邮件", "forged mail"), w.tr("一封以本所人员名义发来的邮件无法核实，已暂存", "a mail in the name of a member of staff could not be verified; it is held")
	}
	return m
}

// view is the sample of one mail about a case, or about none.
func (w *sampleFirm) view(name string, c *complaints.Case) View {
	m := w.mail(name, c)
	rows := []complaints.Row{
		{Ref: "T2026-0001", State: complaints.Investigating, Name: w.client().Name, Subject: w.tr("代理费退还问题", "Refund of fees"), Handler: "li@firm.example",
			Due: complaints.Date{Year: 2026, Month: time.December, Day: 3}, Overdue: true},
		{Ref: "T2026-0002", State: complaints.Registered, Name: w.tr("欧阳雪", "Ouyang Xue"), Subject: w.tr("文书差错", "Errors in a contract"), Due: complaints.Date{Year: 2026, Month: time.December, Day: 17}},
	}
	reader := w.policy.Register.Find(m.To.Addr)
	replyTo := complaints.Detailed(w.policy.Address, w.policy.Keys.Sign("T2026-0001", complaints.ForStaff, m.To.Addr, w.now))
	hash := ""
	if m.LetterNo > 0 {
		hash = "5d41402abc4b2a76b9719d911017c592ae2f1e0b7c0d3f4a5b6c7d8e9f001122"
	}
	v := NewView(w.policy, m, c, rows, w.policy.Next(c, reader, w.now), replyTo, hash, w.now)
	if strings.HasPrefix(name, "draft") && name != "draft_returned" {
		v.show(&preview{pages: []Page{{"page1.5d41402abc4b@firm.example", w.tr("草稿第1页（共3页）", "Page 1 of 3 of the draft")}, {"page2.5d41402abc4b@firm.example", w.tr("草稿第2页（共3页）", "Page 2 of 3 of the draft")}},
			more: 1, earlier: 1, others: 2, changes: []Change{
				{Where: w.tr("补救办法", "Putting things right"), Out: []string{w.tr("退还代理费。金额：人民币2,000.00元（大写：贰仟元整）。", "We refund part of the fee. Amount: RMB 2,000.00.")},
					In: []string{w.tr("退还代理费。金额：人民币3,000.00元（大写：叁仟元整）。", "We refund part of the fee. Amount: RMB 3,000.00.")}},
				{In: []string{w.tr("您可以要求查阅案卷。", "You may ask to see the file.")}},
			}})
	}
	if meeting := w.meeting(name); meeting != nil {
		v.Rows = []complaints.Row{rows[0], {Ref: "T2026-0002"}}
		v = v.on(meeting)
	}
	if name == "digest" && c != nil {
		// A case that is there is always found.
		_ = v.agenda(func(string) (*complaints.Case, error) { return c, nil }, func(string) string { return replyTo })
	}
	return v
}
