package mailout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"complaints"
)

// ClockRow is one limit of a case as an auditor reads it: from when to when it
// ran, when what was due was done, and how long it took.
type ClockRow struct {
	Clock, Start, Due, Done, Took string
	How                           string // the arithmetic; "" where there is nothing to count
}

// Ledger lists every limit that has run on the case, in the order of the table
// of limits (casework B.3), ended ones as well.
func (v View) Ledger() []ClockRow {
	if v.Case == nil || v.Case.Registered.IsZero() || v.policy.Calendar == nil {
		return nil
	}
	l := ledger{View: v}
	l.registration()
	l.inquiry()
	l.committee()
	l.promises()
	return l.rows
}

type ledger struct {
	View
	rows []ClockRow
}

// add puts a row down; done may be zero: not yet, or never.
func (l *ledger) add(id string, start time.Time, d complaints.Deadline, done time.Time, what string) {
	r := ClockRow{Clock: complaints.ClockWords(id, l.Lang) + l.tr("（%s）", " (%s)", id), Start: l.Stamp(start), Due: l.Date(d.Due), Done: l.tr("尚未完成", "not yet")}
	if what != "" {
		r.Clock += l.tr("：", ": ") + what
	}
	if len(d.Steps) > 0 {
		r.How = d.Explain(l.Lang)
	}
	if !done.IsZero() {
		r.Done = l.tr("%s完成", "done %s", l.Stamp(done))
		late := done.Sub(d.At(l.location()))
		if late > 0 {
			r.Took = l.tr("迟延%d分钟", "%d minutes late", int(late/time.Minute))
		} else {
			r.Took = l.tr("按期", "in time")
		}
	}
	l.rows = append(l.rows, r)
}

func (l *ledger) days(start time.Time, n int) complaints.Deadline {
	return l.policy.Calendar.WorkingDays(l.Day(start), n, nil)
}

// first is when something of these kinds happened first; last, last.
func (l *ledger) when(last bool, kinds ...string) (at time.Time) {
	for _, e := range l.Case.Log {
		for _, k := range kinds {
			if e.What == k && (last || at.IsZero()) {
				at = e.At
			}
		}
	}
	return at
}

// registration holds C1 to C3.
func (l *ledger) registration() {
	c, p := l.Case, l.policy
	took := c.Registered.Sub(c.Received)
	r := ClockRow{Clock: complaints.ClockWords("C1", l.Lang) + l.tr("（C1）", " (C1)"), Start: l.Stamp(c.Received),
		Due: l.Stamp(c.Received.Add(time.Duration(p.RegistrationHours) * time.Hour)), Done: l.tr("%s完成", "done %s", l.Stamp(c.Registered)), Took: l.tr("%d分钟", "%d minutes", int(took/time.Minute))}
	if over := took - time.Duration(p.RegistrationHours)*time.Hour; over > 0 {
		r.Took += l.tr("，迟延%d分钟", ", %d minutes late", int(over/time.Minute))
	}
	l.rows = append(l.rows, r)
	if a := c.LastLetter(complaints.AckLetter); a != nil {
		l.add("C2", c.Registered, l.days(c.Registered, p.AckWithin(c)), a.Delivered, "")
	}
	l.add("C3", c.Registered, l.days(c.Registered, p.TriageDays), l.when(false, "took_on"), "")
}

// inquiry holds C4 to C8, with the time that the investigation took, gross and
// net of what it stood still: a pause flatters nobody.
func (l *ledger) inquiry() {
	c, p := l.Case, l.policy
	inquired := c.Inquired()
	done := inquired
	if res := c.Answer(); done.IsZero() && res != nil && res.Letter.Settlement != nil { // nothing is left to investigate
		done = res.Delivered
	}
	l.add("C4", c.Registered, c.Due, done, "")
	gross, net := p.Spent(c, l.now)
	r := &l.rows[len(l.rows)-1]
	r.Took = l.with(l.tr("共%d个工作日，扣除停止计算的日子为%d个", "%d working days in all, %d without the days that it stood still", gross, net), r.Took)
	if c.Request != nil {
		l.add("C6", l.when(true, "requested"), c.Request.Due, l.when(true, "resumed"), "")
	}
	res := c.Answer()
	var sent time.Time
	if res != nil {
		sent = res.Delivered
	}
	if !inquired.IsZero() {
		l.add("C5", inquired, l.days(inquired, p.ResultDays), sent, "")
	}
	l.add("C15", c.Received, p.LongStop(c), sent, "")
	if res != nil && !res.Delivered.IsZero() && !c.AppealUntil.IsZero() {
		var at time.Time
		if c.Appeal != nil {
			at = c.Appeal.At
		}
		l.add("C8", res.Delivered, complaints.Deadline{Due: c.AppealUntil}, at, "")
		if at.IsZero() {
			l.rows[len(l.rows)-1].Done = l.tr("未申诉", "no appeal")
		}
	}
}

// committee holds C9 and C10.
func (l *ledger) committee() {
	a := l.Case.Appeal
	if a == nil {
		return
	}
	l.add("C9", a.At, l.days(a.At, l.policy.AppealAckDays), l.when(true, "referred_to_panel"), "")
	var sent time.Time
	if r := l.Case.LastLetter(complaints.DecisionLetter); r != nil {
		sent = r.Delivered
	}
	l.add("C10", a.At, a.Due, sent, "")
}

// promises hold C11 to C13: what a letter promised, what was handed to
// colleagues beside it, and the client's opinion.
func (l *ledger) promises() {
	c := l.Case
	res := c.Answer()
	if res == nil || res.Delivered.IsZero() {
		l.measures(time.Time{})
		return
	}
	for i, r := range c.Remedies {
		var on time.Time
		for _, p := range c.Performed {
			if p.No == i+1 {
				on = p.On.Midnight(l.location())
			}
		}
		if !r.Due.IsZero() || !on.IsZero() {
			l.add("C11", res.Delivered, complaints.Deadline{Due: r.Due}, on, fmt.Sprint(i+1))
		}
	}
	l.measures(res.Delivered)
	if at := l.when(true, "surveyed"); !at.IsZero() {
		l.add("C13", c.ClosedAt, l.days(c.ClosedAt, l.policy.SurveyDays+l.policy.SurveyClose), at, "")
	}
}

// measures hold C12: from the letter that promises one, or from the day on which
// a colleague got it as a follow-up.
func (l *ledger) measures(promised time.Time) {
	for i, m := range l.Case.Measures {
		var on time.Time
		for _, d := range l.Case.MeasuresDone {
			if d.No == i+1 {
				on = d.On.Midnight(l.location())
			}
		}
		start := promised
		if m.Inner {
			at := slices.IndexFunc(l.Case.Log, func(e complaints.Entry) bool { return e.What == "measure_set" && e.Text == m.Text })
			start = l.Case.Log[max(at, 0)].At
		}
		if !start.IsZero() {
			l.add("C12", start, complaints.Deadline{Due: m.Due}, on, fmt.Sprint(i+1))
		}
	}
}

// Stops are the spells in which the clocks stood still, and what moved a limit:
// extensions, and new tables of working days.
func (v View) Stops() []string {
	if v.Case == nil {
		return nil
	}
	var out []string
	for _, p := range v.Case.Pauses {
		to := v.tr("至今", "until now")
		if !p.To.IsZero() {
			to = v.tr("至", "to ") + v.Stamp(p.To)
		}
		out = append(out, v.tr("停止计算：%s %s，依据：%s", "Stood still from %s %s: %s", v.Stamp(p.From), to, v.ground(p.Ground)))
	}
	for _, x := range v.Case.Extensions {
		out = append(out, v.tr("延长%d个工作日（%s）：%s；由%s同意", "Extended by %d working days (%s): %s; granted by %s", x.Days, complaints.ClockWords(x.Clock, v.Lang), v.with(v.ground(x.Ground), x.Reason), v.Who(x.Approver)))
	}
	for _, r := range v.Case.Recounts {
		if r.Old != r.New {
			out = append(out, v.tr("按新的工作日表重算（%s）：原为%s，新表为%s，以%s为准", "Counted anew by a new table of working days (%s): %s before, %s by the table; %s counts",
				complaints.ClockWords(r.Clock, v.Lang), v.Date(r.Old), v.Date(r.New), v.Date(r.Due.Due)))
		}
	}
	return out
}

// ground gives a ground of casework E.7 in words.
func (v View) ground(g string) string {
	if g == "information" {
		return v.tr("等待投诉人补充材料", "waiting for the complainant")
	}
	if g == "outside" {
		return v.tr("交由外部机构处理", "with an outside body")
	}
	return cmp.Or(complaints.GroundWords(g, v.Lang), g)
}

// Missed are the limits that were missed: which, with whom, by how much.
func (v View) Missed() []string {
	if v.Case == nil {
		return nil
	}
	var out []string
	for _, b := range v.Case.Breaches {
		s := complaints.ClockWords(b.Clock, v.Lang) + v.tr("（%s）", " (%s)", b.Clock)
		if !b.Due.IsZero() {
			s += v.tr("，应于%s前", ", due by %s", v.Date(b.Due))
		}
		if b.Person != "" {
			s += v.tr("，经办：", ", with ") + v.Who(b.Person)
		}
		s += v.tr("，迟延%d分钟", ", %d minutes late", b.Minutes)
		if b.Open {
			s += v.tr("，尚未办结", ", and not done yet")
		}
		out = append(out, s)
	}
	return out
}
