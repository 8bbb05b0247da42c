package complaints

import (
	"fmt"
	"testing"
)

// sweep lets time come to a moment and gives who was reminded of what.
func (d *desk) sweep(day string, hour int) []string {
	d.t.Helper()
	d.now = at(day, hour)
	o := d.p.Remind(d.c, d.now)
	d.record(d.c.Clone(), o)
	var out []string
	for _, m := range o.Mails {
		what := m.Template
		if what == "reminder" {
			what = m.Facts.Clock + " " + m.Facts.Level
		}
		out = append(out, what+" "+m.To.Name)
	}
	if next := d.p.NextAt(d.c); !next.IsZero() && !next.After(d.now) {
		d.t.Fatalf("after the sweep of %s the next is %s", d.now, next)
	}
	return out
}

// Registered Tuesday 24 November: review by the 26th, report by 3 December.
func TestReminders(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.deliver(d.client("收费不合理，请处理。").Mails)
	want(t, "next", d.p.NextAt(d.c), at("2026-11-25", 9))
	want(t, "nothing yet", d.sweep("2026-11-24", 18), []string(nil))
	want(t, "one day before", d.sweep("2026-11-25", 9), []string{"C3 T-1 周敏", "C3 T-1 赵刚"})
	want(t, "said once", d.sweep("2026-11-25", 9), []string(nil))
	want(t, "the day itself", d.sweep("2026-11-26", 9), []string{"C3 T 周敏", "C3 T 赵刚"})
	d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
	want(t, "the client hears who is responsible", sent(d.staff("li", "#接受"), "progress"), []string{"zhangkun"})
	// Half-time of C4 was passed on 30 November, T-2 comes on 1 December.
	want(t, "half-time", d.sweep("2026-11-30", 9), []string{"C4 half 李娜"})
	want(t, "two days before", d.sweep("2026-12-01", 9), []string{"C4 T-2 李娜"})
	// Down from the 2nd to the 7th: no burst, the latest level alone. The limit
	// was missed at 24:00 on the 3rd, three days and ten hours ago; since then the
	// client has heard nothing for five working days (C14).
	want(t, "after downtime", d.sweep("2026-12-07", 10), []string{"draft_approval 赵刚", "C4 over+2 陈思远", "C4 over+2 李娜", "C4 over+2 赵刚", "progress zhangkun"})
	want(t, "breach", d.c.Breaches, []Breached{{Clock: "C4", Person: "li@firm.example", Minutes: (3*24 + 10) * 60, Due: Date{2026, 12, 3}, Open: true}})
	date, over := d.p.Overdue(d.c, d.now)
	want(t, "overdue", fmt.Sprint(date, over), "2026-12-03 true")
	want(t, "standing", d.sweep("2026-12-10", 9), []string{"C4 over+5 陈思远", "C4 over+5 李娜", "C4 over+5 赵刚"})
	// Eight weeks from 24 November are 19 January: what was missed till March
	// is one progress notice and the long stop.
	want(t, "long stop", d.sweep("2027-03-01", 9), []string{"progress zhangkun", "long_stop zhangkun", "C15 over 陈思远", "C15 over 赵刚"})
	want(t, "only the client is told again", d.p.NextAt(d.c), at("2027-03-08", 9))
	d.staff("li", "#认定 1=成立 证据=委托合同 收费没有依据。\n#报告\n一、基本情况")
	d.staff("zhao", "#批准")
	// 24:00 on 3 December is 0:00 on the 4th; approved on 1 March at 9:00.
	want(t, "made good", d.c.Breaches[0], Breached{Clock: "C4", Person: "li@firm.example", Minutes: int(at("2027-03-01", 9).Sub(at("2026-12-04", 0)).Minutes()), Due: Date{2026, 12, 3}})
}

func TestClocksOfEachState(t *testing.T) {
	d := investigatedCase(t, "zh")
	want(t, "result", d.p.running(d.c)[0].ID, "C5")
	want(t, "due", d.p.running(d.c)[0].Due.Due.String(), "2026-11-26")
	want(t, "afternoon", d.sweep("2026-11-26", 15), []string{"C5 T15 周敏", "C5 T15 李娜", "C5 T15 赵刚"})
	d = answered(t, "zh")
	want(t, "while the client decides", d.p.running(d.c)[0].ID, "C8")
	want(t, "till the last day", d.sweep("2026-12-17", 10), []string{"C12 T-1 周敏", "C12 T-1 赵刚"})
	d.now = at("2026-11-24", 10)
	d.client("我要申诉。")
	want(t, "committee", d.p.running(d.c)[0].ID, "C10")
	d.staff("sun", "#表决 维持 退费比例适当")
	want(t, "who has voted is left in peace", d.sweep("2026-12-04", 9), []string{"C10 half 陈思远", "C10 half 钱进", "progress 张堃", "CV over 陈思远", "CV over 钱进"})
	for _, id := range []string{"C1", "C3", "C4", "C5", "C10", "C19", "C99"} {
		if ClockWords(id, "zh") == "" || ClockWords(id, "en") == "" {
			t.Errorf("clock %s has no name", id)
		}
	}
	closed := &Case{State: Closed}
	if _, over := d.p.Overdue(closed, d.now); over {
		t.Error("a closed case is overdue")
	}
}

func TestDeliveryAndItsFailure(t *testing.T) {
	d := investigatedCase(t, "zh")
	d.staff("kefu", "#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	d.deliver(o.Mails)
	d.state(Decided)
	letter := o.Mails[0]
	o = d.p.Undelivered(d.c, letter, "550 5.1.1 no such user", d.now)
	d.record(d.c.Clone(), o)
	d.state(DecisionDraft)
	want(t, "no appeal window", d.c.AppealUntil.IsZero(), true)
	want(t, "a task for staff", sent(o, "letter_failed"), []string{"li", "kefu", "zhao"})
	want(t, "said once", len(d.p.Undelivered(d.c, letter, "550", d.now).Mails), 0)

	d.p.Security = "postmaster@firm.example"
	want(t, "to staff", sent(d.p.Undelivered(d.c, Mail{Staff: true}, "550", d.now), "alert"), []string{"postmaster"})
	want(t, "of no case", sent(d.p.Undelivered(nil, Mail{Template: "help"}, "550", d.now), "alert"), []string{"postmaster"})
	want(t, "an alert that fails is silent", len(d.p.Undelivered(nil, Mail{Template: "alert"}, "550", d.now).Mails), 0)
	want(t, "doubt", sent(d.p.Doubtful(d.c, letter, 7, d.now), "letter_in_doubt"), []string{"li", "kefu", "zhao"})
	want(t, "doubt about staff mail", sent(d.p.Doubtful(nil, Mail{Staff: true}, 7, d.now), "alert"), []string{"postmaster"})
	want(t, "held", sent(d.p.HeldMail("too large", d.now), "alert"), []string{"postmaster"})
	want(t, "nothing to deliver", len(d.p.Delivered(nil, letter, "250", d.now).Events), 0)
	want(t, "no such letter", len(d.p.Delivered(d.c, Mail{LetterNo: 9}, "250", d.now).Events), 0)
}

func TestRobots(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("mailer@elsewhere.example", "自动回复：外出", "我在休假。")
	m.Class, m.Why = Auto, "Auto-Submitted: auto-replied"
	_, o := d.p.Receive(nil, m, d.now)
	if o.Hold == "" || len(o.Mails) > 0 {
		t.Errorf("a robot that names no case: %+v", o)
	}
	d.client("收费不合理，请处理。")
	o = d.receive(m)
	want(t, "kept with its case, answered by nobody", len(o.Events)*10+len(o.Mails), 10)
	m.Class = Own
	_, o = d.p.Receive(d.c, m, d.now)
	want(t, "our own words", len(o.Events)+len(o.Mails), 0)
}
