package complaints

import (
	"strings"
	"testing"
)

// investigated plays the main path up to the approved report.
func investigatedCase(t *testing.T, lang string) *desk {
	d := newDesk(t, lang, "2026-11-24")
	m := d.message("zhangkun@client.example", "关于退费", "我委托贵所代理，收费八千元，开庭律师没有到场。")
	m.From.Name = "张堃"
	m.Attachments = []Attachment{{Name: "委托合同.pdf", Type: "application/pdf", Size: 100, SHA256: "aa"}, {Name: "receipt.jpg", Type: "image/jpeg", Size: 10, SHA256: "bb"}}
	o := d.receive(m)
	want(t, "acknowledged", sent(o, "ack"), []string{"zhangkun"})
	want(t, "told", sent(o, "new_case"), []string{"kefu", "zhao"})
	want(t, "ref", d.c.Ref, "T2026-0001")
	want(t, "due", d.c.Due.Due.String(), "2026-12-03")
	want(t, "number", d.c.Letters[0].Letter.Number.String(), "明律投受〔2026〕1号")
	d.deliver(o.Mails)

	o = d.staff("kefu", "#受理 类别=F6\n#事项 被投诉人=王明 开庭律师未到场\n#事项 收费与约定不符\n#指派 li@firm.example")
	want(t, "assigned", sent(o, "assigned"), []string{"li"})
	want(t, "transcript", sent(o, "transcript"), []string{"kefu"})
	d.state(Triage)
	want(t, "respondent", d.c.Allegations[0].Respondent, "wang@firm.example")
	d.staff("li", "#接受")
	d.state(Investigating)

	o = d.staff("li", "#询问 期限=2026-12-01\n请问您何时付款？\n\n有无付款凭证？")
	want(t, "asked", sent(o, "question"), []string{"zhangkun"})
	want(t, "the question", o.Mails[0].Facts.Text, "请问您何时付款？\n\n有无付款凭证？")
	m = d.message("zhangkun@client.example", "Re: [T2026-0001]", "九月付的，见附件。")
	m.Attachments = []Attachment{{Name: "转账.png", Type: "image/png", Size: 5, SHA256: "cc"}}
	o = d.receive(m)
	want(t, "shown", sent(o, "client_replied"), []string{"li", "kefu", "zhao"})
	want(t, "thanked", sent(o, "received"), []string{"zhangkun"})
	want(t, "evidence", len(d.c.Evidence), 3)

	d.staff("li", "#访谈 对象=王明 称当日另有庭审，未告知客户。\n#备注 已调取庭审笔录\n#认定 1=成立\n王明未到庭，违反委托合同第三条。\n#认定 2=不成立 收费与合同第五条一致。\n#根因 P2 排期疏忽")
	o = d.staff("li", "#报告\n一、基本情况\n二、调查经过")
	want(t, "review", sent(o, "report_review"), []string{"zhao"})
	d.state(ReportReview)
	o = d.staff("zhao", "#退回 请补充庭审笔录的出处")
	want(t, "returned", sent(o, "report_returned"), []string{"li", "kefu"})
	d.staff("li", "#报告\n一、基本情况\n二、调查经过（笔录见附件）")
	want(t, "version", d.c.Report.Version, 2)
	d.staff("zhao", "#批准")
	d.state(DecisionDraft)
	return d
}

// answered goes on to the delivered result letter.
func answered(t *testing.T, lang string) *desk {
	d := investigatedCase(t, lang)
	o := d.staff("kefu", "#补救 类型=退费 金额=3,000.50 期限=2026-12-10 退还部分代理费\n#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	want(t, "draft", sent(o, "draft"), []string{"kefu"})
	want(t, "approval", sent(o, "draft_approval"), []string{"zhao"})
	want(t, "amount", d.c.Letters[2].Letter.Result.Remedies[0].Amount, int64(300050))
	o = d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "letter", sent(o, "result"), []string{"zhangkun"})
	d.state(DecisionDraft) // accepted by nobody yet
	after := d.deliver(o.Mails)
	d.state(Decided)
	want(t, "told", sent(after, "letter_sent"), []string{"li", "kefu", "zhao"})
	want(t, "appeal until", d.c.AppealUntil.String(), "2026-12-28") // 30 days after 26 November: Saturday the 26th, so Monday
	return d
}

func TestMainPath(t *testing.T) {
	d := answered(t, "zh")
	o := d.client("您好：\n我要申诉。三千元太少，要求全部退还。")
	d.state(AppealReview)
	want(t, "papers", sent(o, "appeal_papers"), []string{"chen", "qian", "sun"})
	want(t, "received", sent(o, "appeal_received"), []string{"zhangkun"})
	want(t, "grounds", d.c.Appeal.Grounds, "三千元太少，要求全部退还。")
	want(t, "recused", d.c.Recusals, []Recused{{Person: "zhao@firm.example", Reason: madeDecision, Appeal: true}})

	if said := d.refused("zhao", "#表决 维持 理由"); !strings.Contains(said, "回避") {
		t.Errorf("the recused head was told %q", said)
	}
	d.staff("sun", "#表决 维持 退费比例适当")
	if said := d.refused("chen", "#决定 维持 理由充分"); !strings.Contains(said, "人数不足") {
		t.Errorf("without a quorum the chair was told %q", said)
	}
	d.staff("qian", "#表决 变更 应再退两千元")
	o = d.staff("chen", "#表决 维持 同意")
	want(t, "tally", sent(o, "votes_in"), []string{"chen"})
	if said := d.refused("chen", "#决定 撤销 不妥"); !strings.Contains(said, "维持") {
		t.Errorf("a ruling nobody voted for was answered %q", said)
	}
	o = d.staff("chen", "#决定 维持\n退费与过错相当。\n收费依据合同。")
	want(t, "draft", sent(o, "draft_approval"), []string{"chen"})
	dec := d.c.pendingDraft().Letter.Decision
	want(t, "votes", dec.Votes, map[Ruling]int{Affirm: 2, Vary: 1})
	want(t, "recused", dec.Recused[0].Reason, "曾批准被申诉的处理结果")
	want(t, "contested", dec.Contested.String(), "明律投告〔2026〕1号")
	want(t, "reasons", len(dec.Reasons), 2)
	o = d.staff("chen", "#批准 "+d.c.pendingDraft().DraftHash)
	want(t, "letter", sent(o, "decision"), []string{"zhangkun"})
	d.deliver(o.Mails)
	d.state(AppealDecided)
	d.refused("kefu", "#结案")
	d.with("kefu", "#履行 1 已履行", "回单.pdf")
	o = d.staff("kefu", "#结案 已履行")
	d.state(Closed)
	want(t, "told", sent(o, "closed"), []string{"zhangkun"})
	want(t, "code", d.c.ClosingCode, "appeal_decided")

	o = d.client("谢谢你们的处理。")
	want(t, "a closed case still hears", sent(o, "client_replied"), []string{"li", "kefu", "zhao"})
	d.state(Closed)
	d.staff("chen", "#重开 发现新证据")
	d.state(Investigating)
}

func TestEnglishPath(t *testing.T) {
	d := newDesk(t, "en", "2026-11-24")
	m := d.message("jane@client.example", "Complaint about fees", "Dear Sirs, my lawyer did not attend the hearing and I was charged in full.")
	m.From.Name = "Jane Hart"
	d.receive(m)
	want(t, "language", d.c.Lang, "en")
	d.staff("kefu", "#admit category=f6\n#allegation respondent=wang@firm.example The lawyer did not attend\n#assign li@firm.example")
	d.staff("li", "#accept")
	if said := d.refused("li", "#finding 1=upheld He was in another court.\n#report\nThe facts are these."); !strings.Contains(said, "has not been heard") {
		t.Errorf("a report before the respondent was heard: %q", said)
	}
	d.staff("li", "#interview with=wang@firm.example He says the hearings clashed.\n#finding 1=upheld He was in another court.\n#report\nThe facts are these.")
	d.staff("zhao", "#approve")
	d.staff("kefu", "#measure owner=\"Head of Litigation\" due=2026-12-18 Two people check the diary\n#draft")
	d.deliver(d.staff("zhao", "#approve "+d.c.pendingDraft().DraftHash[:12]).Mails)
	m = d.message("jane@client.example", "Re: result", "I wish to appeal.\nThe refund is too low.")
	o := d.receive(m)
	d.state(AppealReview)
	want(t, "grounds", d.c.Appeal.Grounds, "The refund is too low.")
	want(t, "papers", sent(o, "appeal_papers"), []string{"chen", "qian", "sun"})
	for _, who := range []string{"chen", "qian", "sun"} {
		d.staff(who, "#vote remit The wrong file was read")
	}
	d.staff("chen", "#decide remit The file of another matter was relied upon.")
	d.deliver(d.staff("chen", "#approve "+d.c.pendingDraft().DraftHash[:12]).Mails)
	d.state(Triage) // remitted: investigated anew by somebody else
	want(t, "handler", d.c.Handler, "")
	if said := d.refused("kefu", "#assign li@firm.example"); !strings.Contains(said, "stepped aside") {
		t.Errorf("the first investigator again: %q", said)
	}
	want(t, "finding", d.c.Allegations[0].Finding, Finding(""))
}

func TestAllOrNothing(t *testing.T) {
	d := investigatedCase(t, "zh")
	before := d.c.Seq
	said := d.refused("kefu", "#措施 负责人=财务部 期限=2026-12-18 收费变更须书面确认\n#补就 退费\n#拟稿")
	if !strings.Contains(said, "#补救") {
		t.Errorf("a misspelt command was answered %q", said)
	}
	want(t, "events", d.c.Seq, before)
	said = d.refused("kefu", "#甲乙丙 1\n#甲乙丁 2\n#甲乙戊 3\n#甲乙己 4\n#甲乙庚 5\n#甲乙辛 6")
	if !strings.Contains(said, "已有 5 行有误") {
		t.Errorf("after five bad lines: %q", said)
	}
}

func TestRefusals(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	for _, c := range []struct{ who, line, says string }{
		{"kefu", "#受理 类别=Z9", "没有类别"},
		{"kefu", "#批准", "负责人"},
		{"li", "#认定 1=成立 有", "责任人"},
		{"kefu", "#指派 nobody@firm.example", "li@firm.example"},
		{"kefu", "#指派 gone@firm.example", "li@firm.example"},
		{"kefu", "#指派 sun@firm.example", "不是调查人员"},
		{"kefu", "#指派", "指派给谁"},
		{"kefu", "#事项", "缺少内容"},
		{"kefu", "#询问 期限=2020-01-01 何时？", "已过"},
		{"kefu", "#询问 期限=明天 何时？", "不是日期"},
		{"kefu", "#语言 fr", "zh 或 en"},
		{"kefu", "#分类", "缺少类别"},
		{"kefu", "#取证 合同", "没有附件"},
		{"kefu", "#结案", "已登记"},
		{"kefu", "#事项 序号=7 改写", "没有第7项"},
	} {
		if said := d.refused(c.who, c.line); !strings.Contains(said, c.says) {
			t.Errorf("%s %s: answered %q, want %q in it", c.who, c.line, said, c.says)
		}
	}
	d.staff("kefu", "#受理\n#事项 被投诉人=li@firm.example 态度恶劣")
	if said := d.refused("kefu", "#指派 李娜"); !strings.Contains(said, "被投诉人") {
		t.Errorf("a respondent as investigator: %q", said)
	}
	if said := d.refused("li", "#查看"); !strings.Contains(said, "利害关系") {
		t.Errorf("a respondent as reader: %q", said)
	}
	d.staff("kefu", "#指派 王明")
	if said := d.refused("li", "#接受"); !strings.Contains(said, "利害关系") {
		t.Errorf("not the assignee: %q", said)
	}
	d.staff("wang", "#接受")
	if said := d.refused("wang", "#报告 完毕"); !strings.Contains(said, "没有认定") {
		t.Errorf("report without findings: %q", said)
	}
	if said := d.refused("wang", "#认定 1=成立"); !strings.Contains(said, "理由") {
		t.Errorf("finding without reasons: %q", said)
	}
	if said := d.refused("wang", "#认定 1=也许 是"); !strings.Contains(said, "部分成立") {
		t.Errorf("unknown finding: %q", said)
	}
	if said := d.refused("wang", "#认定 3=成立 是"); !strings.Contains(said, "没有第3项") {
		t.Errorf("unknown allegation: %q", said)
	}
	if said := d.refused("wang", "#根因 Y1"); !strings.Contains(said, "P2 疏忽") {
		t.Errorf("unknown cause: %q", said)
	}
	if said := d.refused("wang", "#访谈 说了很多"); !strings.Contains(said, "对象") {
		t.Errorf("interview with nobody: %q", said)
	}
}

func TestApprovalNeedsASecondPersonAndTheRightDraft(t *testing.T) {
	d := investigatedCase(t, "zh")
	if said := d.refused("kefu", "#拟稿"); !strings.Contains(said, "改进措施") {
		t.Errorf("draft without a measure: %q", said)
	}
	for _, c := range [][2]string{
		{"#措施 内容没有岗位", "岗位和期限"}, {"#补救 类型=送礼 内容", "没有补救类型"}, {"#补救 金额=很多 内容", "不是金额"},
	} {
		if said := d.refused("kefu", c[0]); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q", c[0], said)
		}
	}
	d.staff("zhao", "#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	hash := d.c.pendingDraft().DraftHash
	if said := d.refused("zhao", "#批准 "+hash[:12]); !strings.Contains(said, "另一人") {
		t.Errorf("own draft: %q", said)
	}
	d.staff("kefu", "#拟稿 另有说明")
	if d.c.pendingDraft().Version != 2 || len(d.c.Letters) != 3 {
		t.Fatalf("a second draft: version %d, %d letters", d.c.pendingDraft().Version, len(d.c.Letters))
	}
	if said := d.refused("zhao", "#批准 "+hash[:12]); !strings.Contains(said, "可能已经更改") {
		t.Errorf("hash of the first draft: %q", said)
	}
	if said := d.refused("zhao", "#批准"); !strings.Contains(said, "校验码") {
		t.Errorf("no hash: %q", said)
	}
	hash = d.c.pendingDraft().DraftHash
	if said := d.refused("zhao", "#批准 "+hash[:11]); !strings.Contains(said, "不是现行草稿") {
		t.Errorf("short hash: %q", said)
	}
	d.staff("zhao", "#退回 金额请复核")
	if said := d.refused("zhao", "#批准 "+hash[:12]); !strings.Contains(said, "已被退回") {
		t.Errorf("returned draft: %q", said)
	}
	d.staff("kefu", "#拟稿 已复核")
	m := d.message("zhao@firm.example", "Re: case", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	m.Issued = d.p.LettersPerStaffDay
	if o := d.receive(m); len(o.Events) > 0 || !strings.Contains(o.Mails[0].Facts.Transcript[0].Did, "已签发 50 封函件，达到上限") {
		t.Errorf("the fifty-first letter of a day: %+v", o)
	}
	d.now = at("2027-01-20", 10)
	if said := d.refused("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12]); !strings.Contains(said, "重新 #拟稿") {
		t.Errorf("stale appeal date: %q", said)
	}
}

func TestRepeatedCommandsChangeNothing(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	lines := "#受理 类别=F1\n#事项 收费过高\n#指派 li@firm.example\n#语言 en"
	d.staff("kefu", lines)
	before := d.c.Seq
	o := d.staff("kefu", "#分类 F1\n#事项 收费过高\n#指派 li@firm.example\n#语言 en")
	if d.c.Seq != before {
		t.Errorf("said twice, it added %d events", d.c.Seq-before)
	}
	for _, l := range o.Mails[len(o.Mails)-1].Facts.Transcript {
		if !strings.Contains(l.Did, "没有改动") {
			t.Errorf("%s: %q", l.Command, l.Did)
		}
	}
}
