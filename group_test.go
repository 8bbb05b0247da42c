package complaints

import (
	"slices"
	"strings"
	"testing"
)

// another opens a second case beside that of d, under the next number.
func (d *desk) another(from, subject, body string) *desk {
	d.t.Helper()
	x := &desk{t: d.t, p: d.p, now: d.now, count: d.count}
	m := x.message(from, subject, body)
	m.From.Name = strings.SplitN(from, "@", 2)[0]
	x.receive(m)
	return x
}

// into plays a command that also touches the cases of others, and records each
// part with its own.
func (d *desk) into(who, body string, others ...*desk) Outcome {
	d.t.Helper()
	m := d.message(who+"@firm.example", "Re: case", body)
	for _, o := range others {
		m.Others = append(m.Others, o.c)
	}
	c, o := d.p.Receive(d.c, m, d.now)
	for _, p := range o.Other {
		for _, x := range others {
			if x.c == p.Case {
				x.record(p.Case.Clone(), Outcome{Events: p.Events, Mails: p.Mails})
			}
		}
	}
	d.record(c, Outcome{Events: o.Events, Mails: o.Mails})
	return o
}

func TestMerge(t *testing.T) {
	lead := newDesk(t, "zh", "2026-11-26")
	lead.client("律师没有到场，请退费。")
	lead.staff("kefu", "#受理 类别=F6\n#事项 律师没有到场\n#指派 li@firm.example")
	early := &desk{t: t, p: lead.p, now: at("2026-11-24", 10), count: lead.count}
	m := early.message("zhangkun@client.example", "退费", "律师没有到场，请退费。收据见附件。")
	m.Attachments = []Attachment{{Name: "收据.jpg", SHA256: "bb"}}
	early.receive(m)
	early.staff("kefu", "#受理\n#事项 没有给收据")
	early.now = lead.now
	want(t, "numbers", lead.c.Ref+early.c.Ref, "T2026-0001T2026-0002")

	for line, says := range map[string]string{"#合并": "并入哪一件", "#合并 T2026-0009": "没有案件 T2026-0009", "#合并 T2026-0002": "它自己"} {
		if said := early.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	o := early.into("kefu", "#合并 T2026-0001 同一事由", lead)
	early.state(Merged)
	want(t, "goes on in", early.c.MergedInto, "T2026-0001")
	want(t, "keeps the number", lead.c.Merged, []string{"T2026-0002"})
	want(t, "the earlier start wins", lead.c.Due.Due.String(), "2026-12-03")
	want(t, "registered", DateOf(lead.c.Registered.In(shanghai)).String(), "2026-11-24")
	want(t, "evidence moves over", lead.c.Evidence[0].Name, "收据.jpg")
	want(t, "allegations", len(lead.c.Allegations), 2)
	want(t, "renumbered", lead.c.Allegations[1].No, 2)
	want(t, "the client gets a notice", sent(o, "merged"), []string{"zhangkun"})
	want(t, "those of the lead are told", sent(Outcome{Mails: o.Other[0].Mails}, "case_news"), []string{"zhao"})
	want(t, "no group: it is one person", len(lead.c.Members), 0)
	if !lead.c.answersTo("t2026-0002") {
		t.Error("a token of the merged case is no good for the lead")
	}
	if said := lead.refused("kefu", "#合并 T2026-0001"); !strings.Contains(said, "它自己") {
		t.Errorf("lead into itself: %q", said)
	}
	// A staff member's reply to a mail of the merged case commands the lead.
	m = lead.message("kefu@firm.example", "", "#备注 由合并案件的邮件回复")
	m.To = []Address{{Addr: Detailed(deskAddr, lead.p.Keys.Sign("T2026-0002", ForStaff, "kefu@firm.example", lead.now))}}
	if o := lead.receive(m); len(o.Events) != 1 {
		t.Errorf("not carried out: %q", did(o))
	}

	other := lead.another("wanglin@client.example", "同一律师", "律师也没有到我的庭。")
	if m := other.message("kefu@firm.example", "", ""); m != nil {
		m.OwnWords, m.Others = "#合并 T2026-0001", []*Case{lead.c}
		_, o := other.p.Receive(other.c, m, other.now)
		if !strings.Contains(did(o), "同意=是") || len(o.Events)+len(o.Other) > 0 {
			t.Errorf("another complainant without consent: %q", did(o))
		}
	}
	other.into("kefu", "#合并 T2026-0001 同意=是", lead)
	want(t, "another complainant joins as a member", lead.c.Members[0].Addr, "wanglin@client.example")
	lead.staff("li", "#接受")
	if o := lead.into("kefu", "#合并 T2026-0002", early); len(o.Events)+len(o.Other) > 0 {
		t.Error("merged into a merged case")
	}
}

// A merger can be undone while nothing that came with it has been decided: each
// case goes on under its own number and from its own start.
func TestMergerIsUndone(t *testing.T) {
	lead := newDesk(t, "zh", "2026-11-26")
	lead.client("律师没有到场，请退费。")
	lead.staff("kefu", "#受理 类别=F6\n#事项 律师没有到场\n#指派 li@firm.example")
	early := &desk{t: t, p: lead.p, now: at("2026-11-24", 10), count: lead.count}
	early.receive(early.message("wanglin@client.example", "复印费", "复印费没有收据。"))
	early.staff("kefu", "#受理\n#事项 没有给收据")
	early.now = lead.now
	for line, says := range map[string]string{"#拆分 T2026-0002": "没有案件并入本案"} {
		if said := lead.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	early.into("kefu", "#合并 T2026-0001 同意=是", lead)
	want(t, "the earlier start", lead.c.Registered.Equal(at("2026-11-24", 10)), true)
	lead.now, early.now = at("2026-11-27", 10), at("2026-11-27", 10)
	m := lead.message("wanglin@client.example", "收据", "找到了一张收条。")
	m.Attachments = []Attachment{{Name: "收条.jpg", SHA256: "ee"}}
	lead.receive(m)
	if said := lead.refused("kefu", "#拆分 T2026-0009"); !strings.Contains(said, "可以拆出的：T2026-0002") {
		t.Errorf("another number: %q", said)
	}

	o := lead.into("kefu", "#拆分 T2026-0002 费用问题与庭审无关", early)
	early.state(Triage)
	want(t, "as if it had not been merged", []string{early.c.Due.Due.String(), DateOf(early.c.Registered.In(shanghai)).String(), early.c.MergedInto}, []string{"2026-12-03", "2026-11-24", ""})
	want(t, "what was sent meanwhile goes with it", early.c.Evidence[0].Name, "收条.jpg")
	wrote := early.c.Log[len(early.c.Log)-2]
	want(t, "and what was written", []string{wrote.What, wrote.By, wrote.Text}, []string{"heard_client", "wanglin@client.example", "[T2026-0001] 找到了一张收条。"})
	want(t, "the lead keeps it", slices.ContainsFunc(lead.c.Log, func(e Entry) bool { return e.What == "heard_client" && e.Text == "找到了一张收条。" }), true)
	want(t, "what is not theirs stays", slices.ContainsFunc(early.c.Log, func(e Entry) bool { return strings.Contains(e.Text, "律师没有到场") }), false)
	want(t, "the lead's own start", lead.c.Registered.Equal(at("2026-11-26", 10)), true)
	want(t, "the promised date stands", lead.c.Due.Due.String(), "2026-12-03")
	want(t, "allegations", []int{len(lead.c.Allegations), len(early.c.Allegations)}, []int{1, 1})
	want(t, "no longer a group", len(lead.c.Members), 0)
	want(t, "both clients are told", append(sent(o, "taken_out"), sent(Outcome{Mails: o.Other[0].Mails}, "taken_out")...), []string{"zhangkun", "wanglin"})
	want(t, "and those who work on them", append(sent(o, "case_news"), sent(Outcome{Mails: o.Other[0].Mails}, "case_news")...), []string{"zhao", "kefu", "zhao"})
	if lead.c.answersTo("T2026-0002") {
		t.Error("its mail still goes to the other case")
	}

	early.into("kefu", "#合并 T2026-0001 同意=是", lead) // and once more, for good
	lead.staff("li", "#接受\n#认定 2=成立\n收据存根显示没有开具，违反收费管理办法。")
	said := did(lead.into("kefu", "#拆分 T2026-0002", early))
	if early.state(Merged); !strings.Contains(said, "已有认定") {
		t.Errorf("after a finding: %q", said)
	}
}

func TestSplit(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("律师没有到场，前台态度也恶劣。")
	d.staff("kefu", "#受理 类别=Q7\n#事项 被投诉人=王明 律师没有到场\n#事项 前台态度恶劣")
	d.now = at("2026-11-26", 9)
	for line, says := range map[string]string{"#拆分": "哪几项", "#拆分 3": "没有第3项", "#拆分 1,2": "至少要留下一项"} {
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	m := d.message("kefu@firm.example", "", "#拆分 2 责任部门不同")
	c, o := d.p.Receive(d.c, m, d.now)
	want(t, "one further case", len(o.Other), 1)
	fresh := &desk{t: t, p: d.p, now: d.now, count: d.count}
	fresh.record(o.Other[0].Case, Outcome{Events: o.Other[0].Events, Mails: o.Other[0].Mails})
	d.record(c, Outcome{Events: o.Events, Mails: o.Mails})
	want(t, "its number", fresh.c.Ref, "T2026-0002")
	want(t, "the first case names it", d.c.Log[len(d.c.Log)-1].Text, "T2026-0002 责任部门不同")
	want(t, "it stays out of the first", len(d.c.Allegations), 1)
	want(t, "and stands in the second", fresh.c.Allegations, []Allegation{{No: 1, Text: "前台态度恶劣"}})
	want(t, "same start", fresh.c.Due, d.c.Due)
	want(t, "same registration", fresh.c.Registered.Equal(d.c.Registered), true)
	want(t, "from", fresh.c.SplitFrom, "T2026-0001")
	want(t, "state", fresh.c.State, Triage)
	want(t, "the client gets a letter", sent(Outcome{Mails: o.Other[0].Mails}, "ack"), []string{"zhangkun"})
	want(t, "the desk too", sent(Outcome{Mails: o.Other[0].Mails}, "new_case"), []string{"kefu", "zhao"})
}

func TestGroup(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("同一批代理费都多收了。")
	if said := d.refused("kefu", "#群体\n王林"); !strings.Contains(said, "电子邮件地址") {
		t.Errorf("no address: %q", said)
	}
	o := d.staff("kefu", "#群体\n王林 <wanglin@client.example>\n2. 李梅 limei@client.example\n赵一 <zhaoyi@client.example>，钱二 <qianer@client.example>\nsunsan@client.example\n张堃 <zhangkun@client.example>")
	want(t, "members beside the lead", len(d.c.Members), 5)
	want(t, "each is told", sent(o, "grouped"), []string{"wanglin", "limei", "zhaoyi", "qianer", "sunsan"})
	want(t, "names", d.c.Members[1].Name+d.c.Members[4].Name, "李梅sunsan")
	if !strings.Contains(did(o), "6人") || !strings.Contains(did(o), "#定级 重大") {
		t.Errorf("told %q", did(o))
	}
	before := d.c.Seq
	d.staff("kefu", "#群体 成员=wanglin@client.example")
	want(t, "said twice", d.c.Seq, before)

	d.staff("kefu", "#受理 类别=F1\n#事项 多收代理费\n#指派 li@firm.example")
	d.staff("li", "#接受")
	d.staff("li", "#认定 1=成立 证据=委托合同第五条 收费超过合同约定，应予退还。\n#报告\n事实清楚。")
	d.staff("zhao", "#批准")
	d.staff("kefu", "#措施 负责人=财务部 期限=2026-12-18 收费由两人核对\n#拟稿")
	want(t, "addressed to all", d.c.pendingDraft().Letter.To.Name, "zhangkun等6人")
	o = d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "each gets the letter", sent(o, "result"), []string{"zhangkun", "wanglin", "limei", "zhaoyi", "qianer", "sunsan"})
	keys := map[string]bool{}
	for _, m := range o.Mails {
		if keys[m.Key] {
			t.Errorf("key %s twice", m.Key)
		}
		keys[m.Key] = true
	}
	d.deliver(o.Mails)
	d.state(Decided)

	// One member's bounce does not void the letter for the others.
	var late Mail
	for _, m := range o.Mails {
		if m.To.Addr == "limei@client.example" {
			late = m
		}
	}
	u := d.p.Undelivered(d.c, late, "550 5.1.1 unknown", d.now)
	d.record(d.c.Clone(), u)
	d.state(Decided)
	want(t, "staff are told", len(sent(u, "letter_failed")) > 0, true)

	// Any of them may appeal, and is answered in person.
	o = d.receive(d.message("zhaoyi@client.example", "Re: result", "我要申诉。\n退得太少。"))
	d.state(AppealReview)
	want(t, "the one who wrote is answered", sent(o, "appeal_received"), []string{"zhaoyi"})
	// One leaves; the case goes on.
	d.receive(d.message("qianer@client.example", "Re: result", "撤回投诉"))
	d.receive(d.message("qianer@client.example", "Re: result", "是的，我确认"))
	want(t, "one has left", len(d.c.Members), 4)
	d.state(AppealReview)
}
