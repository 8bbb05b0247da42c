package complaints

import (
	"slices"
	"strings"
	"testing"
)

// breached lists the clocks of a case that were missed, but for the
// acknowledgement, which these tests do not deliver.
func (d *desk) breached() (out []string) {
	for _, b := range d.c.Breaches {
		if b.Clock != "C2" {
			out = append(out, b.Clock+" "+b.Due.String())
		}
	}
	return out
}

// A case that is taken up anew has its limits counted from that day: what was
// done in time at first is not missed, and nobody is told so.
func TestTakenUpAnewNothingIsLate(t *testing.T) {
	d := remitted(t)
	want(t, "remitted on Thursday", d.sweep("2026-12-10", 18), []string(nil))
	want(t, "its review is due on Monday", d.sweep("2026-12-11", 9), []string{"C3 T-1 周敏", "C3 T-1 赵刚"})
	d.sweep("2027-02-03", 9) // eight weeks from 10 December are 4 February; from the first receipt, 19 January
	if slices.ContainsFunc(d.c.Breaches, func(b Breached) bool { return b.Clock == "C15" }) {
		t.Errorf("eight weeks without an answer, although there was one: %v", d.breached())
	}
	d = remitted(t)
	d.staff("kefu", "#指派 he@firm.example")
	d.staff("he", "#接受")
	want(t, "missed", d.breached(), []string(nil))

	d = answered(t, "zh") // closed in January, reopened in March
	d.with("kefu", "#履行 1 已履行", "回单.pdf")
	d.now = at("2026-12-29", 9)
	d.staff("kefu", "#结案")
	d.now = at("2027-03-09", 9)
	d.staff("zhao", "#重开 发现新的收据")
	d.sweep("2027-03-09", 18)
	want(t, "reopened", d.breached(), []string(nil))
	gross, _ := d.p.Spent(d.c, at("2027-03-11", 9))
	want(t, "working days since", gross, 2)

	d = registered(t) // withdrawn, and three weeks later continued by the firm
	d.client("撤回投诉")
	d.client("是的，我确认")
	d.now = at("2026-12-15", 10)
	d.staff("kefu", "#续查 涉及收费制度，须自行查明")
	want(t, "a limit of its own", d.due(), "2026-12-24")
	d.sweep("2026-12-15", 18)
	want(t, "continued", d.breached(), []string(nil))
}

// The committee's time for a major case is not the result letter's: that runs
// from the committee's opinion, the investigation's until then (casework B.1).
func TestResultIsDueAfterTheCommittee(t *testing.T) {
	d := investigatedCase(t, "zh") // approved on Tuesday 24 November; due by 3 December
	d.staff("kefu", "#定级 重大 涉及诉讼时效\n#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对")
	d.staff("kefu", "#上会 期限=2026-12-02")
	d.sweep("2026-11-30", 9)
	want(t, "before the committee", d.breached(), []string(nil))
	want(t, "which clocks run", d.p.running(d.c)[0].ID, "C4")
	for _, who := range []string{"sun", "qian", "chen"} {
		d.staff(who, "#意见 同意 适当")
	}
	d.now = at("2026-12-01", 10)
	d.staff("chen", "#决定 同意\n按报告办理。")
	want(t, "two working days from the opinion", resultDue(d.p, d.c).Due.String(), "2026-12-03")
	d.sweep("2026-12-02", 9)
	want(t, "after it", d.breached(), []string(nil))
	d.staff("kefu", "#拟稿")
	want(t, "the window that the draft promises", d.c.pendingDraft().Letter.Result.AppealUntil.String(), "2027-01-04")

	d = investigatedCase(t, "zh")
	d.staff("kefu", "#定级 重大 涉及诉讼时效")
	d.staff("kefu", "#上会 期限=2026-12-02")
	d.sweep("2026-12-04", 9)
	want(t, "the committee let the limit pass", d.breached(), []string{"C4 2026-12-03"})
	want(t, "with the chair", d.c.Breaches[0].Person, "chen@firm.example")
}

// Somebody who is asked in the middle of an investigation has a day to accept,
// as at its beginning.
func TestReassignmentWaitsForAcceptance(t *testing.T) {
	d := underWay(t)
	d.more(Person{Address: "he@firm.example", Name: "何平", Roles: []Role{Investigator}, Active: true})
	d.staff("li", "#回避 与投诉人相识")
	d.staff("kefu", "#指派 he@firm.example")
	if got := strings.Join(d.sweep("2026-11-25", 9), "; "); !strings.Contains(got, "C3a T 何平") {
		t.Errorf("reminded: %s", got)
	}
	d.sweep("2026-11-26", 9)
	want(t, "on record", d.breached(), []string{"C3a 2026-11-25"})
}

// An extension that the committee is asked for stands in the digest under the
// committee's limit, not under that of the investigation.
func TestDigestNamesTheLimitThatIsExtended(t *testing.T) {
	d := answered(t, "zh")
	d.client("我要申诉。")
	d.now = at("2026-12-10", 10)
	d.staff("sun", "#延期 天数=5 依据=专业鉴定 须等待鉴定意见")
	for _, task := range d.p.Tasks(d.c, d.now) {
		if task.Clock == "C7" && (task.Late || task.Due != d.c.Appeal.Due.Due) {
			t.Errorf("%+v", task)
		}
	}
}

// Management that stands in the configuration alone hears of what is overdue,
// as management of the register does.
func TestConfiguredManagementIsReminded(t *testing.T) {
	d := underWay(t)
	d.p.Management = []string{"board@firm.example"}
	d.sweep("2026-12-04", 9)
	d.now = at("2026-12-07", 10)
	o := d.p.Remind(d.c, d.now)
	want(t, "two working days late", sent(o, "reminder"), []string{"chen", "li", "zhao", "board"})
}
