package complaints

import (
	"strings"
	"testing"
)

const terms = "#和解\n类型=退费 金额=2000 期限=2026-12-08 退还开庭部分的代理费\n2. 类型=道歉 期限=2026-12-01 承办律师书面致歉"

// A simple complaint is settled at once: terms, the client's yes, a letter that
// a second person issues; then what was agreed is carried out and the case ends.
func TestSettledAtOnce(t *testing.T) {
	d := registered(t)
	for _, c := range [][2]string{
		{"#和解", "#事项"}, {"#事项 开庭律师未到场\n#和解", "每行一项"}, {"#事项 未到场\n#和解 书面致歉", "期限"}, {"#事项 未到场\n#和解 类型=道歉 期限=2026-12-01", "没有写明内容"},
		{"#事项 未到场\n#定级 重大\n" + terms, "重大案件"}, {"#事项 未到场\n" + terms + "\n#和解 同意=2026-11-24", "日期和经过"},
	} {
		if said := d.refused("kefu", c[0]); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q, want %q in it", c[0], said, c[1])
		}
	}
	o := d.staff("kefu", "#事项 被投诉人=王明 开庭律师未到场\n"+terms)
	want(t, "the client is asked", sent(o, "settlement_offer"), []string{"zhangkun"})
	want(t, "until", d.c.Settlement.Until.String(), "2026-11-27")
	want(t, "in fen", d.c.Settlement.Terms[0].Amount, int64(200000))
	d.state(Registered)

	o = d.client("我接受和解办法。")
	want(t, "thanked", sent(o, "settlement_agreed"), []string{"zhangkun"})
	want(t, "the desk hears of it", sent(o, "client_replied"), []string{"kefu", "zhao"})
	next := d.p.Next(d.c, d.p.Register.Find("kefu@firm.example"), d.now)
	offered := false
	for _, a := range next {
		offered = offered || a.Line == "#和解"
	}
	want(t, "and has the command at hand", offered, true)

	o = d.staff("kefu", "#和解")
	want(t, "to a second person", sent(o, "draft_approval"), []string{"zhao"})
	l := d.c.pendingDraft().Letter
	want(t, "kind", l.Kind, SettlementLetter)
	want(t, "agreed on", l.Settlement.AgreedOn.String(), "2026-11-24")
	want(t, "whom it concerns stays within", l.Settlement.Allegations[0].Respondent, "")
	hash := d.c.pendingDraft().DraftHash
	if said := d.refused("zhao", terms+"\n期限=2026-12-09 返还案卷\n#批准 "+hash); !strings.Contains(said, "现在同意的不符") {
		t.Errorf("terms that changed under the draft: %q", said)
	}
	o = d.staff("zhao", "#批准 "+hash)
	want(t, "sent", sent(o, "settled"), []string{"zhangkun"})
	want(t, "number", d.c.LastLetter(SettlementLetter).Letter.Number.String(), "明律投和〔2026〕1号")
	d.state(Registered) // until the client has it
	d.deliver(o.Mails)
	d.state(InRemedy)
	want(t, "an appeal is possible", d.c.AppealUntil.String(), "2026-12-28")
	want(t, "what is due", d.c.outstanding(), []int{1, 2})

	d.refused("kefu", "#结案")
	d.now = at("2026-12-01", 10)
	d.staff("kefu", "#履行 2 致歉信已寄出")
	m := d.message("kefu@firm.example", "Re: case", "#履行 1 已转账")
	m.Attachments = []Attachment{{Name: "转账回单.pdf", Type: "application/pdf", Size: 9, SHA256: "dd"}}
	d.receive(m)
	o = d.staff("kefu", "#结案")
	d.state(Closed)
	want(t, "code", d.c.ClosingCode, "settled")
	want(t, "told", sent(o, "closed"), []string{"zhangkun"})
}

// What was agreed by telephone is put on record with how and when, and only
// within the days of early resolution; whoever regrets it may appeal.
func TestSettledByTelephoneAndAppealed(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#事项 开庭律师未到场")
	d.now = at("2026-11-26", 15)
	for _, c := range [][2]string{{"同意=2026-11-28 方式=来电", "还没有到"}, {"同意=2026-11-20 方式=来电", "早于"}} {
		if said := d.refused("kefu", strings.Replace(terms, "#和解", "#和解 "+c[0], 1)); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q", c[0], said)
		}
	}
	d.staff("kefu", strings.Replace(terms, "#和解", "#和解 同意=2026-11-26 方式=投诉人来电同意，周敏接听", 1))
	want(t, "how", d.c.Settlement.How, "投诉人来电同意，周敏接听")
	want(t, "who put it on record", d.c.Settlement.Taken, "kefu@firm.example")
	d.deliver(d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash).Mails)
	d.state(InRemedy)

	d.client("我要申诉。退费应当是全部。")
	d.state(AppealReview)
	for _, who := range []string{"sun", "qian", "chen"} {
		d.staff(who, "#表决 发回 没有调查，应当查清")
	}
	d.staff("chen", "#决定 发回 本案没有经过调查，退费是否足够无从判断。")
	dec := d.c.pendingDraft().Letter.Decision
	want(t, "contested", dec.Contested.String(), "明律投和〔2026〕1号")
	want(t, "settled", dec.Settled, true)
	d.deliver(d.staff("chen", "#批准 "+d.c.pendingDraft().DraftHash).Mails)
	d.state(Triage)
	want(t, "no terms are left", len(d.c.Remedies), 0)
}

func TestSettlementComesTooLate(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#事项 开庭律师未到场\n"+terms)
	d.now = at("2026-11-30", 9) // the fourth working day
	o := d.client("我接受和解办法。")
	want(t, "a person reads it", sent(o, "unclear"), []string{"zhangkun"})
	want(t, "not agreed", d.c.Settlement.Agreed.IsZero(), true)
	if said := d.refused("kefu", strings.Replace(terms, "2000", "3000", 1)); !strings.Contains(said, "#补救") {
		t.Errorf("too late: %q", said)
	}
	d.p.EarlyResolution = 0
	if said := d.refused("kefu", "#和解"); !strings.Contains(said, "一般程序") {
		t.Errorf("switched off: %q", said)
	}
}
