package complaints

import (
	"strings"
	"testing"
)

// groupAnswered is a group of two that has its result, with an offer.
func groupAnswered(t *testing.T) *desk {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("同一批代理费都多收了。")
	d.staff("kefu", "#群体\n王林 <wanglin@client.example>")
	d.staff("kefu", "#受理 类别=F1\n#事项 多收代理费\n#指派 li@firm.example")
	d.staff("li", "#接受")
	d.staff("li", "#认定 1=成立 证据=委托合同第五条 收费超过合同约定，应予退还。\n#报告\n事实清楚。")
	d.staff("zhao", "#批准")
	d.staff("kefu", "#补救 类型=退费 金额=2000 期限=2026-12-20 退还多收的代理费\n#措施 负责人=财务部 期限=2026-12-18 收费由两人核对\n#拟稿")
	d.deliver(d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12]).Mails)
	d.state(Decided)
	return d
}

func (d *desk) member(body string) Outcome {
	return d.receive(d.message("wanglin@client.example", "关于退费", body))
}

// One of a group accepts nothing and withdraws nothing for the others.
func TestOneOfAGroupSpeaksForThemselves(t *testing.T) {
	d := groupAnswered(t)
	o := d.member("我接受处理方案")
	d.state(Decided)
	want(t, "not accepted for all", d.c.accepted(), false)
	want(t, "answered", sent(o, "received"), []string{"wanglin"})
	want(t, "staff read it", sent(o, "client_replied"), []string{"li", "kefu", "zhao"})

	o = d.member("我要求撤回投诉")
	want(t, "asked", sent(o, "withdrawal"), []string{"wanglin"})
	for _, a := range d.p.Next(d.c, d.p.Register.Find("kefu@firm.example"), d.now) {
		if strings.HasPrefix(a.Line, "#结案") {
			t.Errorf("the whole case is offered to be closed: %s", a.Line)
		}
	}
	if said := d.refused("kefu", "#结案 代码=撤回"); !strings.Contains(said, "申诉期限") {
		t.Errorf("closed for all: %q", said)
	}
	if d.client("是的，我确认"); len(d.c.Members) != 1 {
		t.Error("confirmed by somebody else")
	}
	d.member("请继续办理")
	if d.member("是的，我确认"); len(d.c.Members) != 1 {
		t.Error("left although they had thought better of it")
	}
	d.member("撤回投诉")
	d.member("是的，我确认")
	want(t, "left", len(d.c.Members)+len(d.c.Leaving), 0)
	d.state(Decided)
	d.client("我接受处理方案")
	d.state(InRemedy)
}

// A client may withdraw while an appeal is before the committee (B.2: from any
// open state); its members are told that they need not vote.
func TestWithdrawnDuringAnAppeal(t *testing.T) {
	d := answered(t, "zh")
	d.client("我要申诉。")
	d.state(AppealReview)
	d.client("撤回投诉")
	o := d.client("是的，我确认")
	d.state(Withdrawn)
	want(t, "in writing", sent(o, "ended"), []string{"zhangkun"})
	want(t, "who works on it, and who sat", sent(o, "closed_staff"), []string{"chen", "qian", "sun", "li", "kefu", "zhao"})
}

// Who is responsible for a case issues none of its letters, though they be the
// head and somebody else have drafted them.
func TestTheResponsiblePersonIssuesNoLetter(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.change("zhao", func(p *Person) { p.Roles = []Role{Head, Investigator} })
	d.client("收费不合理，请处理。")
	d.staff("kefu", "#受理 类别=F1\n#事项 收费过高\n#指派 zhao@firm.example")
	d.staff("zhao", "#接受")
	d.staff("zhao", "#认定 1=成立 证据=委托合同第五条 收费超过合同约定，应予退还。\n#报告\n事实清楚。")
	d.staff("chen", "#批准")
	o := d.staff("kefu", "#措施 负责人=财务部 期限=2026-12-18 收费由两人核对\n#拟稿")
	want(t, "put before", sent(o, "draft_approval"), []string{"chen"})
	hash := d.c.pendingDraft().DraftHash[:12]
	for _, a := range d.p.Next(d.c, d.p.Register.Find("zhao@firm.example"), d.now) {
		if strings.HasPrefix(a.Line, "#批准") {
			t.Errorf("offered to the responsible person: %s", a.Line)
		}
	}
	if said := d.refused("zhao", "#批准 "+hash); !strings.Contains(said, "另一人") {
		t.Errorf("issued by the responsible person: %q", said)
	}
	want(t, "issued by the chair", sent(d.staff("chen", "#批准 "+hash), "result"), []string{"zhangkun"})
}

// A client is told that a case goes on: reopened, back from an outside body, or
// taken up by the firm after their withdrawal.
func TestTheClientIsToldThatACaseGoesOn(t *testing.T) {
	d := underWay(t)
	d.staff("kefu", "#外部 机构=律协 已受理")
	o := d.staff("kefu", "#外部结果 处理=继续 律协不予处分")
	want(t, "back from outside", sent(o, "resumed"), []string{"zhangkun"})

	d = answered(t, "zh")
	d.with("kefu", "#履行 1 已履行", "回单.pdf")
	d.now = at("2026-12-29", 9)
	d.staff("kefu", "#结案")
	o = d.staff("zhao", "#重开 发现新的收据")
	want(t, "reopened", sent(o, "resumed"), []string{"zhangkun"})

	d = registered(t)
	d.client("撤回投诉")
	d.client("是的，我确认")
	o = d.staff("kefu", "#续查 涉及收费制度，须自行查明")
	want(t, "continued", sent(o, "resumed"), []string{"zhangkun"})
}
