package complaints

import (
	"strings"
	"testing"
)

// more adds people to the register of a desk.
func (d *desk) more(people ...Person) {
	all := people
	for _, p := range d.p.Register.people {
		all = append([]Person{*p}, all...)
	}
	d.p.Register = NewRegister(all)
}

// change alters one person of the register.
func (d *desk) change(local string, f func(*Person)) {
	p := *d.p.Register.Find(local + "@firm.example")
	f(&p)
	d.more(p)
}

func TestMajorCaseBeforeTheCommittee(t *testing.T) {
	d := investigatedCase(t, "zh")
	if said := d.refused("kefu", "#上会"); !strings.Contains(said, "只有重大") {
		t.Errorf("a case that is not graded: %q", said)
	}
	d.staff("kefu", "#定级 重大 涉及诉讼时效\n#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对")
	if said := d.refused("kefu", "#拟稿"); !strings.Contains(said, "委员会审议") {
		t.Errorf("drafted before the committee has spoken: %q", said)
	}
	o := d.staff("kefu", "#上会 期限=2026-12-03 是否同意退还全部代理费")
	d.state(CommitteePre)
	// The head approved the report: no vote, no papers; but he still works on the case.
	want(t, "papers", sent(o, "committee_papers"), []string{"chen", "qian", "sun"})
	want(t, "recused", d.c.Docket.Recused, []Recused{{Person: "zhao@firm.example", Reason: approved, Appeal: true}})
	want(t, "recused from the case", len(d.c.Recusals), 0)
	want(t, "due", d.p.votingDue(d.c).Due.String(), "2026-12-03")
	l := d.c.LastLetter(PapersLetter).Letter
	want(t, "papers' number", l.Number.String(), "明律投议〔2026〕1号")
	want(t, "papers' question", l.Papers.Questions, []string{"是否同意退还全部代理费"})
	want(t, "papers' report", l.Papers.Report.Facts, []string{"一、基本情况", "二、调查经过（笔录见附件）"})
	for _, m := range o.Mails {
		if m.Template == "committee_papers" && m.LetterNo != l.No {
			t.Errorf("%s: letter %d", m.To, m.LetterNo)
		}
	}

	if said := d.refused("zhao", "#意见 同意"); !strings.Contains(said, "委员") {
		t.Errorf("the head who approved the report: %q", said)
	}
	d.staff("sun", "#意见 同意 退费比例适当")
	want(t, "has answered", d.c.silent(d.p.Register.Find("sun@firm.example")), false)
	want(t, "has not", d.c.silent(d.p.Register.Find("qian@firm.example")), true)
	if said := d.refused("chen", "#决定 同意 按报告意见办理"); !strings.Contains(said, "人数不足") {
		t.Errorf("without a quorum: %q", said)
	}
	d.staff("qian", "#意见\n建议同时书面致歉。")
	o = d.staff("chen", "#意见 同意")
	want(t, "the chair is told", sent(o, "opinions_in"), []string{"chen"})
	o = d.staff("chen", "#决定 同意\n同意退还全部代理费，并书面致歉。")
	d.state(DecisionDraft)
	want(t, "shown to those who draft", sent(o, "committee_opinion"), []string{"li", "kefu", "zhao"})
	want(t, "opinion", d.c.Docket.Opinion, "同意退还全部代理费，并书面致歉。")

	o = d.staff("kefu", "#拟稿")
	want(t, "the chair approves", sent(o, "draft_approval"), []string{"chen"})
	hash := d.c.pendingDraft().DraftHash[:12]
	if said := d.refused("zhao", "#批准 "+hash); !strings.Contains(said, "主任委员签发") {
		t.Errorf("issued by the head: %q", said)
	}
	want(t, "who signs", d.c.pendingDraft().Letter.Result.Signatory, Contact{Name: "陈思远", Title: "主任委员"})
	d.deliver(d.staff("chen", "#批准 "+hash).Mails)
	d.state(Decided)

	// The chair issued the result, so the chair is recused from an appeal; the
	// member with the longest term names a substitute.
	d.change("sun", func(p *Person) { p.Term = Date{2027, 6, 30} })
	d.change("qian", func(p *Person) { p.Term = Date{2028, 6, 30} })
	d.more(Person{Address: "hou@firm.example", Name: "侯补", Department: "人事部", Roles: []Role{Member}, AlternateFor: AnyMember, Active: true})
	o = d.client("我要申诉。金额太少。")
	d.state(AppealReview)
	want(t, "panel, with the alternate", d.c.Appeal.Panel, []string{"qian@firm.example", "sun@firm.example", "hou@firm.example"})
	want(t, "who names the chair", sent(o, "case_news"), []string{"chen", "zhao", "qian"})
	for _, who := range []string{"qian", "sun", "hou"} {
		d.staff(who, "#表决 变更 应全额退还")
	}
	if said := d.refused("sun", "#代理主任 sun@firm.example"); !strings.Contains(said, "任期最长的委员") {
		t.Errorf("named by another member: %q", said)
	}
	if said := d.refused("qian", "#代理主任 zhao@firm.example"); !strings.Contains(said, "应当回避") {
		t.Errorf("the head in the chair: %q", said)
	}
	d.staff("qian", "#代理主任 sun@firm.example")
	if said := d.refused("chen", "#决定 变更 全额退还"); !strings.Contains(said, "回避") {
		t.Errorf("the recused chair: %q", said)
	}
	d.staff("sun", "#决定 变更 2=部分成立\n收费超出约定的部分应退还。")
	dec := d.c.pendingDraft().Letter.Decision
	want(t, "finding in the decision", dec.Allegation[1].Finding, PartlyUpheld)
	want(t, "finding of the case until then", d.c.Allegations[1].Finding, NotUpheld)
	want(t, "signs", dec.Chair, Contact{Name: "孙丽", Title: "代理主任委员"})
	d.deliver(d.staff("sun", "#批准 "+d.c.pendingDraft().DraftHash[:12]).Mails)
	d.state(AppealDecided)
	want(t, "finding of the case", d.c.Allegations[1].Finding, PartlyUpheld)
	want(t, "no second appeal", sent(d.client("我要申诉。"), "appeal_declined"), []string{"zhangkun"})
	if said := d.refused("kefu", "#申诉 再次申诉"); said == "" {
		t.Error("a second appeal was lodged")
	}
}

func TestBallotOnAMajorCase(t *testing.T) {
	d := investigatedCase(t, "zh")
	d.staff("kefu", "#定级 重大 涉及诉讼时效\n#措施 负责人=诉讼部主管 期限=2026-12-18 核对\n#上会 表决=是")
	if said := d.refused("sun", "#意见 没有意见"); !strings.Contains(said, "同意、不同意或者弃权") {
		t.Errorf("a ballot answered without a vote: %q", said)
	}
	d.staff("sun", "#表决 不同意 事实不清")
	d.staff("qian", "#表决 弃权 与本部门有关")
	d.staff("chen", "#表决 同意 报告可行")
	if said := d.refused("chen", "#决定 弃权 暂缓"); !strings.Contains(said, "同意或不同意") {
		t.Errorf("a conclusion that nobody voted for: %q", said)
	}
	d.staff("sun", "#表决 同意 补充后同意")
	if said := d.refused("chen", "#决定 不同意 事实不清"); !strings.Contains(said, "与表决结果一致") {
		t.Errorf("against the vote: %q", said)
	}
	d.staff("chen", "#决定 同意 按报告意见办理")
	want(t, "stance", d.c.Docket.Stance, InFavour)
}

func TestWhoSits(t *testing.T) {
	day := Date{2026, 12, 1}
	any := func(p *Person) { p.AlternateFor = AnyMember }
	for name, tt := range map[string]struct {
		alter map[string]func(*Person)
		want  string
	}{
		"all but the head":               {nil, "chen qian sun"},
		"a term that is over":            {map[string]func(*Person){"sun": func(p *Person) { p.Term = Date{2026, 11, 30} }}, "chen qian"},
		"its last day":                   {map[string]func(*Person){"sun": func(p *Person) { p.Term = day }}, "chen qian sun"},
		"no alternate without need":      {map[string]func(*Person){"hou": any}, "chen qian sun"},
		"an alternate for anybody":       {map[string]func(*Person){"hou": any, "sun": func(p *Person) { p.Active = false }}, "chen qian hou"},
		"the member's own goes first":    {map[string]func(*Person){"hou": any, "xu": func(p *Person) { p.AlternateFor = "zhao@firm.example" }, "sun": func(p *Person) { p.Active = false }}, "chen qian xu"},
		"an alternate whose member sits": {map[string]func(*Person){"xu": func(p *Person) { p.AlternateFor = "qian@firm.example" }, "sun": func(p *Person) { p.Active = false }}, "chen qian"},
		"an alternate complained of":     {map[string]func(*Person){"wang": func(p *Person) { any(p); p.Roles = []Role{Member} }, "sun": func(p *Person) { p.Active = false }}, "chen qian"},
	} {
		d := answered(t, "zh")
		for local, f := range tt.alter {
			if d.p.Register.Find(local+"@firm.example") == nil {
				d.more(Person{Address: local + "@firm.example", Name: local, Roles: []Role{Member}, Active: true})
			}
			d.change(local, f)
		}
		d.c.State = AppealLodged
		sits, recused := d.p.panel(d.c, day)
		want(t, name, strings.ReplaceAll(strings.Join(sits, " "), "@firm.example", ""), tt.want)
		want(t, name+": recused", recused[0].Person, "zhao@firm.example")
	}
}

func TestAlternateIsCalledInWhenAMemberStepsAside(t *testing.T) {
	d := answered(t, "zh")
	d.more(Person{Address: "hou@firm.example", Name: "侯补", Roles: []Role{Member}, AlternateFor: "sun@firm.example", Active: true})
	d.client("我要申诉。")
	o := d.staff("sun", "#回避 曾代理对方当事人")
	want(t, "papers to the alternate", sent(o, "appeal_papers"), []string{"hou"})
	want(t, "panel", d.c.Appeal.Panel, []string{"chen@firm.example", "qian@firm.example", "hou@firm.example"})
	d.staff("hou", "#表决 维持 同意")
}

func TestRespondentIsAMember(t *testing.T) {
	d := answered(t, "zh")
	d.c.Allegations[0].Respondent = "sun@firm.example"
	d.events = nil // the case was altered by hand
	d.more(Person{Address: "hou@firm.example", Name: "侯补", Roles: []Role{Member}, AlternateFor: AnyMember, Active: true})
	_, o := d.p.Receive(d.c, d.message("zhangkun@client.example", "申诉", "我要申诉。"), d.now)
	want(t, "papers", sent(o, "appeal_papers"), []string{"chen", "qian", "hou"})
	for _, e := range o.Events {
		if f, ok := e.Fact.(*ReferredToPanel); ok {
			want(t, "recused", f.Recusals, []Recused{{Person: "sun@firm.example", Reason: respondent}, {Person: "zhao@firm.example", Reason: madeDecision, Appeal: true}})
		}
	}
}

func TestLateAppealDeclined(t *testing.T) {
	d := answered(t, "zh")
	d.with("kefu", "#履行 1 已履行", "回单.pdf")
	d.now = at("2026-12-29", 9)
	d.staff("kefu", "#结案")
	closed := d.c.ClosedAt
	o := d.client("我要申诉。")
	want(t, "acknowledged", sent(o, "appeal_received"), []string{"zhangkun"})
	d.now = at("2026-12-30", 9)
	o = d.staff("chen", "#不受理申诉 逾期，且没有正当理由")
	d.state(Closed)
	want(t, "told", sent(o, "appeal_declined"), []string{"zhangkun"})
	for _, m := range o.Mails {
		if m.Template == "appeal_declined" {
			want(t, "routes", m.Facts.Notes, []string{"市律师协会：执业纪律；010-5550 0000"})
		}
	}
	if d.c.ClosedAt != closed || d.c.ClosingCode != "no_appeal" {
		t.Errorf("closed %v %s", d.c.ClosedAt, d.c.ClosingCode)
	}
	d = answered(t, "zh")
	d.p.Quorum = 5
	d.client("我要申诉。")
	if said := d.refused("chen", "#不受理申诉 人手不足"); !strings.Contains(said, "期限内") {
		t.Errorf("an appeal in time was declined: %q", said)
	}
	if o := d.staff("chen", "#受理申诉"); d.c.State != AppealLodged || len(sent(o, "case_news")) == 0 {
		t.Error("too few members sit")
	}
	d.p.Quorum = 3
	d.staff("chen", "#受理申诉")
	d.state(AppealReview)
}

func TestLateAppealByTelephone(t *testing.T) {
	d := answered(t, "zh")
	d.now = at("2026-12-29", 9)
	o := d.staff("kefu", "#申诉 电话补提：退费太少")
	d.state(AppealLodged)
	want(t, "the client is told", sent(o, "appeal_received"), []string{"zhangkun"})
	want(t, "the chair decides", sent(o, "appeal_late"), []string{"chen"})
	d = answered(t, "zh")
	d.now = at("2026-12-29", 9)
	if said := d.refused("chen", "#申诉"); !strings.Contains(said, "写明理由") {
		t.Errorf("%q", said)
	}
	d.staff("chen", "#申诉 因住院未能按期提出，接纳")
	d.state(AppealReview)
}

func TestGroundsAreAnsweredOneByOne(t *testing.T) {
	for _, tt := range []struct{ grounds, reasons, open string }{
		{"退费太少", "退费适当。", ""},
		{"1. 退费太少\n2. 没有听取我的意见", "退费适当。", "1 2"},
		{"1. 退费太少\n2. 没有听取我的意见", "理由1=退费与过错相当。", "2"},
		{"1. 退费太少\n2. 没有听取我的意见", "理由1=退费与过错相当。\n理由2=已书面询问。\n综上，维持。", ""},
		{"一、退费太少；\n二、没有听取我的意见\n十一、其他", "（1）相当。\n2、已询问。\n十一、不成立。", ""},
		{"1) too little\n2) nobody asked me", "ground1=It matches.", "2"},
		{"于2026年11月。\n收到", "无", ""},
	} {
		want(t, tt.grounds+" / "+tt.reasons, strings.Join(unansweredGrounds(tt.grounds, tt.reasons), " "), tt.open)
	}
	d := answered(t, "zh")
	d.client("我要申诉。\n1. 三千元太少\n2. 没有听取我的意见")
	for _, who := range []string{"sun", "qian", "chen"} {
		d.staff(who, "#表决 维持 适当")
	}
	if said := d.refused("chen", "#决定 维持\n理由1=退费与过错相当。"); !strings.Contains(said, "第2条") {
		t.Errorf("a ground without an answer: %q", said)
	}
	if said := d.refused("chen", "#决定 维持 1=成立\n理由1=相当。\n理由2=已询问。"); !strings.Contains(said, "变更或撤销") {
		t.Errorf("a decision to affirm that changes a finding: %q", said)
	}
	d.staff("chen", "#决定 维持\n理由1=退费与过错相当。\n理由2=十一月已书面询问。\n综上，维持原结果。")
	want(t, "reasons", d.c.pendingDraft().Letter.Decision.Reasons, []string{"关于第1条申诉理由：退费与过错相当。", "关于第2条申诉理由：十一月已书面询问。", "综上，维持原结果。"})
}

// remitted is a case that the committee has sent back for a new investigation.
func remitted(t *testing.T) *desk {
	d := answered(t, "zh")
	d.more(Person{Address: "he@firm.example", Name: "何平", Roles: []Role{Investigator}, Active: true})
	d.client("我要申诉。")
	for _, who := range []string{"sun", "qian", "chen"} {
		d.staff(who, "#表决 发回 事实不清")
	}
	d.staff("chen", "#决定 发回 事实不清，应重新调查")
	d.now = at("2026-12-10", 10)
	d.deliver(d.staff("chen", "#批准 "+d.c.pendingDraft().DraftHash[:12]).Mails)
	d.state(Triage)
	return d
}

// Remitted: another investigator, a new limit, a new letter, and a new appeal.
func TestRemittedToAnotherInvestigator(t *testing.T) {
	d := remitted(t)
	want(t, "new limit", d.c.Due.Due.String(), "2026-12-21")
	if said := d.refused("kefu", "#指派 li@firm.example"); !strings.Contains(said, "已回避") {
		t.Errorf("the first investigator again: %q", said)
	}
	d.staff("kefu", "#指派 he@firm.example")
	d.staff("he", "#接受")
	d.staff("he", "#访谈 对象=王明 承认没有请人代为出庭\n#认定 1=成立 未到庭\n#认定 2=成立 收费没有依据\n#报告\n重新调查的报告")
	d.staff("zhao", "#批准")
	if d.c.Severity.Major() {
		t.Error("graded by itself")
	}
	d.staff("kefu", "#补救 类型=退费 金额=8000 期限=2027-01-10 全额退还\n#措施 负责人=诉讼部主管 期限=2026-12-31 核对\n#拟稿")
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "a new letter", sent(o, "result"), []string{"zhangkun"})
	want(t, "number", d.c.LastLetter(ResultLetter).Letter.Number.N, 2)
	d.deliver(o.Mails)
	d.state(Decided)
	d.client("我要申诉。仍然不满意。")
	d.state(AppealReview)
}
