package complaints

import (
	"strings"
	"testing"
)

func registered(t *testing.T) *desk {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("zhangkun@client.example", "关于退费", "收费不合理，请处理。")
	m.From.Name = "张堃"
	d.receive(m)
	return d
}

func TestNotAcceptedAndContested(t *testing.T) {
	d := registered(t)
	if said := d.refused("kefu", "#不予受理"); !strings.Contains(said, "缺少内容") {
		t.Errorf("without a reason: %q", said)
	}
	o := d.staff("kefu", "#不予受理 依据=本所从未接受委托 经核对收案登记，投诉人并非本所客户，所述律师不在本所执业。")
	want(t, "draft", sent(o, "draft"), []string{"kefu"})
	want(t, "approval", sent(o, "draft_approval"), []string{"zhao"})
	d.state(Registered)
	l := d.c.pendingDraft().Letter
	want(t, "kind", l.Kind, DeclinedLetter)
	want(t, "ground", l.Declined.Ground, "本所从未接受委托")
	want(t, "bodies", l.Declined.Bodies[0].Contact, "010-5550 0000")
	hash := d.c.pendingDraft().DraftHash
	if said := d.refused("kefu", "#批准 "+hash); !strings.Contains(said, "负责人") {
		t.Errorf("the drafter approves: %q", said)
	}
	o = d.staff("zhao", "#批准 "+hash)
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
	d.state(Declined)
	want(t, "code", d.c.ClosingCode, "declined")
	want(t, "number", d.c.LastLetter(DeclinedLetter).Letter.Number.String(), "明律投不〔2026〕1号")
	d.deliver(o.Mails)

	o = d.client("我确实委托过你们，合同在此。")
	want(t, "a contest reaches the desk", sent(o, "client_replied"), []string{"kefu", "zhao"})
	if said := d.refused("kefu", "#重开 投诉人提供了合同"); !strings.Contains(said, "负责人") {
		t.Errorf("reopened by an officer: %q", said)
	}
	d.staff("zhao", "#重开 投诉人提供了合同")
	d.state(Triage)
	d.staff("kefu", "#指派 li@firm.example")
	d.staff("li", "#接受")
	d.state(Investigating)
}

func TestNoComplaint(t *testing.T) {
	d := registered(t)
	o := d.staff("kefu", "#非投诉 来信是咨询开票流程，已转财务部答复。")
	d.state(NotComplaint)
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
	want(t, "kind", d.c.Letters[1].Letter.Closure.Code, "not_complaint")
	if said := d.refused("kefu", "#受理"); !strings.Contains(said, "非投诉") || !strings.Contains(said, "#清单") {
		t.Errorf("an illegal command was answered %q", said)
	}
	d = investigatedCase(t, "zh")
	if said := d.refused("kefu", "#非投诉 不是投诉"); !strings.Contains(said, "拟文") {
		t.Errorf("after the investigation: %q", said)
	}
}

func TestReferral(t *testing.T) {
	d := registered(t)
	for line, says := range map[string]string{"#转介 属于收费争议": "市律师协会（执业纪律）", "#转介 机构=火星仲裁委 属于收费争议": "没有机构"} {
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	o := d.staff("kefu", "#转介 机构=律师协会 理由=所述为执业纪律问题，由律师协会处理")
	d.state(Referred)
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
	f := d.c.LastLetter(ReferralLetter).Letter.Referral
	want(t, "names the body with its contact", f.Bodies, d.p.Routes)
	want(t, "reason", f.Facts, []string{"所述为执业纪律问题，由律师协会处理"})
}

func TestNotPursued(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
	d.staff("li", "#接受")
	if said := d.refused("li", "#未配合 材料不足"); !strings.Contains(said, "#补正") {
		t.Errorf("never asked: %q", said)
	}
	d.staff("li", "#补正\n付款凭证 | 用以核对金额")
	if said := d.refused("li", "#未配合 材料不足"); !strings.Contains(said, "未过") {
		t.Errorf("before the day: %q", said)
	}
	d.now = at("2026-12-10", 9)
	o := d.staff("li", "#未配合 依现有合同，收费未超出约定。")
	d.state(NotPursued)
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
	f := d.c.LastLetter(NotPursuedLetter).Letter.NotPursued
	want(t, "requests", f.Requests[0].What, "付款凭证")
	d.client("材料补上了。")
	d.staff("zhao", "#重开 投诉人已补充材料")
	d.state(Investigating)
}

func TestOutside(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
	d.staff("li", "#接受")
	if said := d.refused("kefu", "#外部 已起诉"); !strings.Contains(said, "机构=") {
		t.Errorf("no body: %q", said)
	}
	o := d.staff("kefu", "#外部 机构=区司法局 编号=司投2026-88 期限=2026-12-31 投诉人已向区司法局投诉")
	d.state(External)
	want(t, "client", sent(o, "outside"), []string{"zhangkun"})
	want(t, "who works on it", sent(o, "case_news"), []string{"li", "zhao"})
	want(t, "number", d.c.Outside.Number, "司投2026-88")
	d.staff("kefu", "#外部结果 处理=继续 司法局告知先由本所答复")
	d.state(Investigating)
	d.staff("kefu", "#外部 机构=区司法局")
	o = d.staff("kefu", "#外部结果 司法局已作出处理决定")
	d.state(Closed)
	want(t, "code", d.c.ClosingCode, "external")
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
}

func TestReportToTheRegulator(t *testing.T) {
	d := investigatedCase(t, "zh")
	if said := d.refused("kefu", "#移送 机构=律师协会 涉嫌私自收费"); !strings.Contains(said, "负责人") {
		t.Errorf("by an officer: %q", said)
	}
	d.staff("zhao", "#移送 机构=律师协会 承办律师私自收费，建议调查处理。")
	hash := d.c.pendingDraft().DraftHash
	want(t, "to", d.c.pendingDraft().Letter.To.Name, "市律师协会")
	if said := d.refused("zhao", "#批准 "+hash); !strings.Contains(said, "另一人") {
		t.Errorf("own draft: %q", said)
	}
	o := d.staff("chen", "#批准 "+hash)
	for _, m := range o.Mails {
		if !m.Staff {
			t.Errorf("%s went to %s", m.Template, m.To.Addr)
		}
	}
	want(t, "the PDF goes to those who hand it over", sent(o, "case_news"), []string{"li", "kefu", "zhao", "chen"})
	d.state(DecisionDraft)
}

func TestWithdrawalIsConfirmed(t *testing.T) {
	d := registered(t)
	if o := d.client("是的，我确认"); len(sent(o, "received")) != 1 {
		t.Error("a confirmation of nothing")
	}
	o := d.client("我要求撤回投诉")
	want(t, "asked", sent(o, "withdrawal"), []string{"zhangkun"})
	d.state(Registered)
	d.client("请继续办理")
	want(t, "thought better of it", d.c.Withdrawing, false)
	if d.client("是的，我确认"); d.c.State != Registered {
		t.Error("withdrawn although the client had changed their mind")
	}
	d.client("撤回投诉")
	o = d.client("是的，我确认")
	d.state(Withdrawn)
	want(t, "letter", sent(o, "ended"), []string{"zhangkun"})
	want(t, "confirmed", d.c.LastLetter(ClosureLetter).Letter.Closure.Confirmed.String(), "2026-11-24")
	want(t, "desk", sent(o, "closed_staff"), []string{"kefu", "zhao"})
	d.staff("kefu", "#续查 涉及收费制度，须自行查明")
	d.state(Triage)

	// A major case goes on, and so does one that staff go on with.
	for _, line := range []string{"#定级 重大 私自收费", "#续查 同类问题多次出现"} {
		d = registered(t)
		d.staff("kefu", line)
		d.client("撤回投诉")
		o = d.client("Yes, I confirm")
		d.state(Registered)
		want(t, line, sent(o, "continues"), []string{"zhangkun"})
	}
}

func TestConfirmingWords(t *testing.T) {
	for own, kind := range map[string]string{
		"是的，我确认": "confirm", "是的，我确认。": "confirm", "我确认撤回投诉": "confirm", "确认撤回": "confirm", "Yes, I confirm": "confirm", "I confirm the withdrawal.": "confirm",
		"请继续办理": "goon", "Please go on with my case.": "goon", "撤回": "withdraw", "我不确认": "", "是的": "", "我确认收到": "",
	} {
		if w := readWish(own); w.kind != kind || kind != "" && !w.clear {
			t.Errorf("%q: %+v, want %s", own, w, kind)
		}
	}
}

func TestRespondentIsHeard(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=王明 庭前未告知开庭时间\n#事项 前台态度不好\n#指派 li@firm.example")
	d.staff("li", "#接受")
	d.staff("li", "#认定 1=成立 短信记录显示未告知。 \n#认定 2=不成立 录音显示态度正常。")
	if said := d.refused("li", "#报告 事实清楚"); !strings.Contains(said, "王明") || !strings.Contains(said, "#通知") {
		t.Errorf("unheard: %q", said)
	}
	for line, says := range map[string]string{"#通知 被投诉人=孙丽": "不是本案的被投诉人", "#通知 被投诉人=外人": "名册中没有", "#通知 期限=昨天": "不是日期"} {
		if said := d.refused("li", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	o := d.staff("li", "#通知 期限=2026-12-01")
	want(t, "notified", sent(o, "respondent"), []string{"wang"})
	for _, m := range o.Mails {
		if m.Template == "respondent" && (strings.Contains(m.Facts.Text+m.Facts.Reason+m.Facts.From.Addr, "@") || strings.Contains(m.Facts.Text, "前台")) {
			t.Errorf("the respondent reads more than they need: %+v", m.Facts)
		}
	}
	l := d.c.LastLetter(RespondentLetter).Letter
	want(t, "to", l.To.Addr, "wang@firm.example")
	want(t, "only what is against them", len(l.Respondent.Allegations), 1)
	if said := d.refused("li", "#报告 事实清楚"); !strings.Contains(said, "王明") {
		t.Errorf("notified is not heard: %q", said)
	}
	if said := d.refused("wang", "#查看"); !strings.Contains(said, "利害关系") {
		t.Errorf("the respondent reads the case: %q", said)
	}
	if d.p.MayRead(d.c, d.p.Register.Find("wang@firm.example")) {
		t.Error("the respondent may read")
	}
	help := d.p.Help(d.c, d.p.Register.Find("wang@firm.example"), d.now)
	want(t, "all that they may do", strings.Fields(help[0].Command)[0], "#陈述")
	o = d.staff("wang", "#陈述\n当日另有庭审，确未告知。")
	want(t, "passed on", sent(o, "case_news"), []string{"li", "kefu", "zhao"})
	d.staff("li", "#报告 事实清楚")
	d.state(ReportReview)

	// A plain answer to the notice is a statement too, if it comes to their own address.
	d = registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=王明 庭前未告知\n#通知 被投诉人=王明")
	m := d.message("wang@firm.example", "Re: 通知", "我已电话告知，有通话记录。")
	m.Attachments = []Attachment{{Name: "通话记录.png", SHA256: "dd"}}
	o = d.receive(m)
	want(t, "taken as the statement", d.c.Hearings[0].Heard.IsZero(), false)
	want(t, "evidence", d.c.Evidence[0].From, "wang@firm.example")
	m = d.message("wang@firm.example", "Re: 通知", "再补充一点。")
	m.To = []Address{{Addr: deskAddr}}
	if o = d.receive(m); o.Hold == "" || len(o.Events) > 0 {
		t.Error("without the address that is theirs it is held")
	}

	// Whoever cannot be heard is named with the reason.
	d = registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=已离职的何律师 态度恶劣\n#指派 li@firm.example")
	d.staff("li", "#接受")
	d.staff("li", "#认定 1=无法查实 没有其他证据。")
	d.staff("li", "#报告 未听取=何律师已离职，多次联系未果\n一、基本情况")
	want(t, "why", d.c.Report.Unheard, "何律师已离职，多次联系未果")
	want(t, "the report itself", d.c.Report.Text, "一、基本情况")
	d = registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=何律师 态度恶劣\n#指派 li@firm.example")
	d.staff("li", "#接受")
	d.staff("li", "#访谈 对象=何律师 否认。\n#认定 1=无法查实 没有其他证据。\n#报告 一、基本情况")
	d.state(ReportReview)
}

// Where the head is complained of the chair takes the head's part; where the
// chair is, management does.
func TestRoutingUp(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=赵刚 拒不受理投诉\n#指派 li@firm.example")
	o := d.staff("li", "#接受")
	want(t, "the chair is told, the head is not", sent(o, "took_on"), []string{"chen", "kefu"})
	d.staff("li", "#访谈 对象=赵刚 称已处理。\n#认定 1=成立 登记簿没有记录。")
	o = d.staff("li", "#报告 事实清楚")
	want(t, "review", sent(o, "report_review"), []string{"chen"})
	if said := d.refused("zhao", "#批准"); !strings.Contains(said, "利害关系") {
		t.Errorf("the head approves: %q", said)
	}
	d.staff("chen", "#批准")
	d.staff("kefu", "#措施 负责人=管理层 期限=2026-12-18 投诉一律登记\n#拟稿")
	d.staff("chen", "#批准 "+d.c.pendingDraft().DraftHash[:12])

	p := testPolicy(t, "zh")
	p.Register = NewRegister(append([]Person{{Address: "boss@firm.example", Name: "何总", Roles: []Role{Management}, Active: true}}, flat(testRegister())...))
	for _, c := range []struct {
		respondents []string
		head, chair string
	}{
		{nil, "zhao", "chen"},
		{[]string{"zhao@firm.example"}, "chen", "chen"},
		{[]string{"陈思远"}, "zhao", "boss"},
		{[]string{"zhao@firm.example", "chen@firm.example"}, "boss", "boss"},
		{[]string{"boss@firm.example"}, "zhao", "chen"},
		{[]string{"kefu@firm.example"}, "zhao", "chen"},
	} {
		k := &Case{State: Triage}
		for i, r := range c.respondents {
			k.Allegations = append(k.Allegations, Allegation{No: i + 1, Respondent: r})
		}
		who := func(r Role) string { return strings.TrimSuffix(p.acting(k, r)[0].Address, "@firm.example") }
		if who(Head) != c.head || who(Chair) != c.chair {
			t.Errorf("against %q: head %s, chair %s; want %s, %s", c.respondents, who(Head), who(Chair), c.head, c.chair)
		}
	}
}

func flat(r *Register) []Person {
	var out []Person
	for _, p := range r.people {
		out = append(out, *p)
	}
	return out
}

// Casework B.4: who may read a case, and who only lists.
func TestWhoMayRead(t *testing.T) {
	d := registered(t)
	d.p.Register = NewRegister(append(flat(testRegister()),
		Person{Address: "boss@firm.example", Name: "何总", Roles: []Role{Management}, Active: true}, Person{Address: "audit@firm.example", Name: "许审", Roles: []Role{Auditor}, Active: true},
		Person{Address: "hr@firm.example", Name: "温情", Roles: []Role{HR}, Active: true}, Person{Address: "it@firm.example", Name: "管理员", Roles: []Role{Admin}, Active: true}))
	d.staff("kefu", "#受理\n#事项 被投诉人=王明 态度恶劣\n#指派 li@firm.example")
	may := func(local string) bool { return d.p.MayRead(d.c, d.p.Register.Find(local+"@firm.example")) }
	for local, reads := range map[string]bool{"kefu": true, "zhao": true, "chen": true, "audit": true, "li": true, "wang": false, "sun": false, "boss": false, "hr": false, "it": false} {
		want(t, local, may(local), reads)
	}
	if said := d.refused("boss", "#查看"); !strings.Contains(said, "这条命令由") {
		t.Errorf("management reads an ordinary case: %q", said)
	}
	if said := d.refused("audit", "#备注 已阅"); !strings.Contains(said, "这条命令由") {
		t.Errorf("an auditor writes: %q", said)
	}
	d.staff("kefu", "#定级 重大 私自收费")
	want(t, "management, major", may("boss"), true)
	want(t, "HR, major", may("hr"), false)
	want(t, "sends it", sent(d.staff("boss", "#查看"), "view"), []string{"boss"})
	for local, f := range map[string][2]string{"kefu": {"", ""}, "boss": {"", ""}, "it": {"", "metadata"}, "hr": {"hr@firm.example", ""}, "li": {"li@firm.example", ""}} {
		m := d.message(local+"@firm.example", "", "#清单")
		m.To = []Address{{Addr: deskAddr}}
		_, o := d.p.Receive(nil, m, d.now)
		want(t, local+" lists", [2]string{o.Mails[0].Facts.Of, o.Mails[0].Facts.Level}, f)
	}
}

// Every row of the help that can be filled in for the case carries an example.
func TestHelpHasExamples(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		d := newDesk(t, lang, "2026-11-24")
		d.client("收费不合理，请处理。")
		d.staff("kefu", "#admit\n#allegation respondent=wang@firm.example 多收费用")
		for _, l := range d.p.Help(d.c, d.p.Register.Find("kefu@firm.example"), d.now) {
			verb := strings.Fields(l.Command)[0]
			if len(strings.Fields(l.Command)) == 1 {
				continue
			}
			for _, v := range []string{"assign", "ask", "note", "notify", "refer", "outside", "language"} {
				if verb == "#"+findVerb(v).Name(lang) && !strings.Contains(l.Did, verb+" ") {
					t.Errorf("%s has no example: %s", verb, l.Did)
				}
			}
		}
	}
}
