package complaints

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reminded says that a reminder of a clock and level was sent.
type Reminded struct {
	Clock string `json:"clock"`
	Level string `json:"level"`
}

// Kind names the fact in the log.
func (*Reminded) Kind() string { return "reminded" }

func (f *Reminded) apply(c *Case, e *Event) error {
	c.Reminded = append(c.Reminded, f.Clock+"/"+f.Level)
	return nil
}

// clock is a limit that runs on a case (casework B.3).
type clock struct {
	ID  string // C3, C4, C5, C8, C10
	Due Deadline
	Who []Role // who is reminded, the first before it is due
}

// clocks lists what runs on a case now.
func (p *Policy) clocks(c *Case) []clock {
	day := func(t time.Time) Date { return DateOf(t.In(p.Location)) }
	var out []clock
	switch c.State {
	case Registered, Triage:
		out = append(out, clock{"C3", p.Calendar.WorkingDays(day(c.Registered), p.TriageDays, nil), []Role{Officer, Head}}, clock{"C4", c.Due, []Role{Officer, Head}})
	case Investigating, AwaitingClient:
		out = append(out, clock{"C4", c.Due, []Role{TheHandler}})
	case ReportReview:
		out = append(out, clock{"C4", c.Due, []Role{Head}})
	case DecisionDraft:
		if c.Report != nil {
			out = append(out, clock{"C5", p.Calendar.WorkingDays(day(c.Report.ApprovedAt), p.ResultDays, nil), []Role{TheHandler, Officer}})
		}
	case AppealLodged, AppealReview:
		out = append(out, clock{"C10", c.Appeal.Due, []Role{ThePanel, Chair}})
	}
	return out
}

// level is one reminder of a clock.
type level struct {
	ID  string
	At  time.Time
	Who []Role // beside the clock's own
}

// levels are when a clock is spoken of: half-time, two and one working days
// before, the morning and the afternoon of the day, and when it is over.
func (p *Policy) levels(k clock) []level {
	back := func(n int) Date {
		d := k.Due.Due
		for n > 0 {
			d = d.Add(-1)
			if p.Calendar.Working(d) {
				n--
			}
		}
		return d
	}
	at := func(d Date, hour int) time.Time { return d.Midnight(p.Location).Add(time.Duration(hour) * time.Hour) }
	late := func(n int) time.Time { return at(p.Calendar.WorkingDays(k.Due.Due, n, nil).Due, 9) }
	out := []level{
		{"T-2", at(back(2), 9), nil}, {"T-1", at(back(1), 9), nil}, {"T", at(k.Due.Due, 9), nil}, {"T15", at(k.Due.Due, 15), []Role{Head}},
		{"over", k.Due.At(p.Location), []Role{Head}}, {"over+2", late(2), []Role{Head, Chair, Management}}, {"over+5", late(5), []Role{Head, Chair, Management}},
	}
	if k.Due.Limit >= 5 {
		out = slices.Insert(out, 0, level{"half", at(back(k.Due.Limit/2), 9), nil})
	}
	start := at(k.Due.Start.Add(1), 0)
	return slices.DeleteFunc(out, func(l level) bool { return l.At.Before(start) })
}

// Remind decides what time alone brings: the reminders that are due. Of each
// clock only the latest level is said, so that a desk that was down for days
// does not burst; every level that has passed counts as said.
func (p *Policy) Remind(c *Case, at time.Time) Outcome {
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	for _, k := range p.clocks(c) {
		var last *level
		for _, l := range p.levels(k) {
			if l.At.After(at) {
				break
			}
			if id := k.mark(l); !slices.Contains(s.c.Reminded, id) {
				s.do(&Reminded{Clock: k.key(), Level: l.ID})
				last = &l
			}
		}
		if last == nil {
			continue
		}
		for _, who := range s.reminded(append(slices.Clone(k.Who), last.Who...)) {
			m := s.tell(who, "reminder", Facts{Clock: k.ID, Level: last.ID, Reason: k.Due.Due.String()})
			m.Key = fmt.Sprintf("%s/reminder/%s/%s", s.c.Ref, k.mark(*last), who.Address)
		}
	}
	return s.out
}

// key names a clock with its due day, so that a new limit is spoken of anew.
func (k clock) key() string { return k.ID + "@" + k.Due.Due.String() }

func (k clock) mark(l level) string { return k.key() + "/" + l.ID }

// reminded lists the people who have one of the roles on this case, each once,
// without those who have a conflict.
func (s *session) reminded(roles []Role) []*Person {
	var out []*Person
	for _, who := range s.p.Register.With(AnyStaff) {
		if !s.c.Conflicted(who) && s.p.allows(s.c, who, roles) && !(who.Is(Chair, Member) && s.c.hasVoted(who)) {
			out = append(out, who)
		}
	}
	if len(out) == 0 {
		out = s.desk()
	}
	return out
}

func (c *Case) hasVoted(p *Person) bool {
	return c.Appeal != nil && c.State == AppealReview && !p.Is(Chair) && slices.ContainsFunc(c.Appeal.Votes, func(v Voted) bool { return SameAddr(v.Member, p.Address) })
}

// NextAt is when Remind will next have something to say of a case; zero if
// never, unless the case changes. The store keeps it with the row, so that the
// sweep reads only what is due.
func (p *Policy) NextAt(c *Case) time.Time {
	var next time.Time
	for _, k := range p.clocks(c) {
		for _, l := range p.levels(k) {
			if slices.Contains(c.Reminded, k.mark(l)) {
				continue
			}
			if next.IsZero() || l.At.Before(next) {
				next = l.At
			}
			break
		}
	}
	return next
}

// ClockWords names a clock.
func ClockWords(id, lang string) string {
	w := map[string][2]string{
		"C3": {"初审与指派", "review and assignment"}, "C4": {"调查与书面报告", "investigation and written report"},
		"C5": {"处理结果告知书", "result letter"}, "C10": {"委员会决定", "committee's decision"},
	}[id]
	if w[0] == "" {
		return id
	}
	return pick(lang, w[0], w[1])
}

// Overdue reports whether the clock that matters most on a case has passed.
func (p *Policy) Overdue(c *Case, at time.Time) (Date, bool) {
	ks := p.clocks(c)
	if len(ks) == 0 {
		return Date{}, false
	}
	k := ks[len(ks)-1]
	return k.Due.Due, !at.Before(k.Due.At(p.Location)) && !strings.HasPrefix(k.ID, "C8")
}

// Breached records that a limit was missed: which clock (casework B.3), who had
// it in hand, and by how many minutes. It states the fact and judges nobody.
type Breached struct {
	Clock   string `json:"clock"`
	Person  string `json:"person,omitempty"` // address; "" if nobody had it in hand
	Minutes int    `json:"minutes"`
}

// Kind names the fact in the log.
func (*Breached) Kind() string { return "breached" }

func (f *Breached) apply(c *Case, e *Event) error {
	c.Breaches = append(c.Breaches, *f)
	c.note(e, f.Kind(), fmt.Sprintf("%s %s +%d min", f.Clock, f.Person, f.Minutes))
	return nil
}
