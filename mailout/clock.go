package mailout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"complaints"
)

// Due is one case of a daily digest: what is due on it, and the reader's next
// commands there.
type Due struct {
	complaints.Item
	Clock, Due, State string
	Actions           []Action
}

// maxAgenda is how many cases a digest shows with their commands.
const maxAgenda = 30

// agenda adds the cases of a digest to a view. find reads a case; replyTo signs
// the reader's address on it.
func (v *View) agenda(find func(ref string) (*complaints.Case, error), replyTo func(ref string) string) error {
	who := v.policy.Register.Find(v.To.Addr)
	for _, it := range v.Facts.Items[:min(maxAgenda, len(v.Facts.Items))] {
		c, err := find(it.Ref)
		if err != nil {
			return err
		}
		d := Due{Item: it, Clock: complaints.ClockWords(it.Clock, v.Lang), Due: v.Date(it.Due)}
		w := *v
		w.Case, w.Ref, w.ReplyTo = c, c.Ref, replyTo(c.Ref)
		if v.policy.MayRead(c, who) {
			d.Name, d.Subject, d.State = c.Complainant.Name, c.Subject, c.State.In(v.Lang)
			for _, a := range v.policy.Next(c, who, v.now) {
				if len(d.Actions) < 3 {
					d.Actions = append(d.Actions, w.ready(a))
				}
			}
		}
		v.Agenda = append(v.Agenda, d)
	}
	return nil
}

// Links are all commands that a mail holds ready, in their order.
func (v View) Links() []Action {
	out := slices.Clone(v.Actions)
	for _, d := range v.Agenda {
		out = append(out, d.Actions...)
	}
	if v.Name == "held" {
		for _, h := range v.Pen() {
			out = append(out, h.Actions...)
		}
	}
	return out
}

// Desk is the desk's own address.
func (v View) Desk() string { return v.policy.Address }

// More is how many cases of a digest are not shown.
func (v View) More() int { return max(0, len(v.Facts.Items)-maxAgenda) }

// Late counts the overdue cases of a digest.
func (v View) Late() int {
	n := 0
	for _, it := range v.Facts.Items {
		if it.Late {
			n++
		}
	}
	return n
}

// Today is the day of writing.
func (v View) Today() complaints.Date { return v.today() }

// Day is the day of a moment, in the firm's time zone.
func (v View) Day(t time.Time) complaints.Date { return complaints.DateOf(t.In(v.location())) }

// Delay is what a letter about a changed date says, or nil.
func (v View) Delay() *complaints.DelayFacts {
	if v.Letter == nil {
		return nil
	}
	return v.Letter.Letter.Delay
}

// AppealDelayed reports whether it is the committee that needs more time.
func (v View) AppealDelayed() bool { d := v.Delay(); return d != nil && d.Appeal }

// What is the kind of change that such a letter tells of, or "".
func (v View) What() string {
	if d := v.Delay(); d != nil {
		return d.What
	}
	return ""
}

// Information is what a request for information asks, or nil.
func (v View) Information() *complaints.InformationFacts {
	if v.Letter == nil {
		return nil
	}
	return v.Letter.Letter.Information
}

// Count numbers the lines of a table from 1.
func (v View) Count(i int) string { return fmt.Sprint(i + 1) }

// Carried is a remedy that was carried out, and how.
type Carried struct {
	complaints.Remedy
	On   complaints.Date
	Note string
}

// Carried are the remedies that a mail tells of.
func (v View) Carried() (list []Carried) {
	if v.Case == nil {
		return nil
	}
	for _, p := range v.Case.Performed {
		if slices.Contains(v.Facts.Notes, strconv.Itoa(p.No)) && p.No <= len(v.Case.Remedies) {
			list = append(list, Carried{v.Case.Remedies[p.No-1], p.On, p.Text})
		}
	}
	return list
}

// CarriedNumbers names them in a sentence.
func (v View) CarriedNumbers() string {
	n := v.Facts.Notes
	if v.Lang == "zh" || len(n) < 2 {
		return strings.Join(n, "、")
	}
	return strings.Join(n[:len(n)-1], ", ") + " and " + n[len(n)-1]
}

// Outstanding are the remedies that were promised and not carried out yet.
func (v View) Outstanding() []complaints.Remedy {
	if v.Case == nil {
		return nil
	}
	var out []complaints.Remedy
	for i, r := range v.Case.Remedies {
		if !slices.ContainsFunc(v.Case.Performed, func(p complaints.Performed) bool { return p.No == i+1 }) {
			out = append(out, r)
		}
	}
	return out
}

// Improvement gives the measure that a mail is about, as its owner may know it:
// its text, the post responsible and the day; "" each if there is none.
func (v View) Improvement() (m struct{ Text, Owner, Due string }) {
	if n := v.Facts.Notes; len(n) == 3 {
		d, _ := complaints.ParseDate(n[2])
		m.Text, m.Owner, m.Due = n[0], n[1], v.Date(d)
	}
	return m
}

// Questions are what a client is asked after the end of a case.
func (v View) Questions() []string { return complaints.SurveyQuestions(v.Lang) }

// OldDue is the day on which the limit ends for which more time is asked.
func (v View) OldDue() string {
	d, _ := complaints.ParseDate(v.Facts.Reason)
	return v.Date(d)
}

// Routes are the bodies outside the firm, with what each is for and how to
// reach it.
func (v View) Routes() []string {
	var out []string
	for _, r := range v.policy.Routes {
		r = r.In(v.Lang)
		parts := slices.DeleteFunc([]string{r.Name, r.For, r.Contact}, func(s string) bool { return s == "" })
		out = append(out, strings.Join(parts, v.tr("，", ", ")))
	}
	return out
}

// Penned is a held mail in a list, with what may be done about it.
type Penned struct {
	complaints.HeldMail
	Time, Why string
	Actions   []Action
}

// decisions are what a person may do about a held mail.
func (v View) decisions(h complaints.HeldMail) []complaints.Action {
	release := strings.TrimSpace(fmt.Sprintf("%d %s", h.No, h.Guess))
	return []complaints.Action{
		{Label: v.tr("放行第 %d 号", "Release no. %d", h.No), Line: v.tr("#放行 ", "#release ") + release},
		{Label: v.tr("丢弃第 %d 号（请在编号后写明理由）", "Discard no. %d (write the reason after the number)", h.No), Line: v.tr("#丢弃 %d", "#discard %d", h.No)},
	}
}

// Pen are the mails that are held.
func (v View) Pen() []Penned {
	var out []Penned
	for _, h := range v.Facts.Held {
		p := Penned{HeldMail: h, Time: v.Time(h.At), Why: complaints.HoldWords(h.Reason, v.Lang)}
		for _, a := range v.decisions(h) {
			p.Actions = append(p.Actions, v.ready(a))
		}
		out = append(out, p)
	}
	return out
}
