package complaints

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reminded says that a level of a clock was reached and what follows was done.
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

// Breached records that a limit was missed: which clock (casework B.3), who had
// it in hand, and by how many minutes so far. It states the fact and judges nobody.
type Breached struct {
	Clock   string `json:"clock"`
	Person  string `json:"person,omitempty"` // address; "" if nobody had it in hand
	Minutes int    `json:"minutes"`
	Due     Date   `json:"due,omitzero"`   // the day that was missed
	Open    bool   `json:"open,omitempty"` // what was due has not been done yet
}

// Kind names the fact in the log.
func (*Breached) Kind() string { return "breached" }

func (f *Breached) apply(c *Case, e *Event) error {
	c.Breaches = append(c.Breaches, *f)
	c.note(e, f.Kind(), fmt.Sprintf("%s %s +%d min", f.Clock, f.Person, f.Minutes))
	return nil
}

// MadeGood records that what was late has been done, and how late in all.
type MadeGood struct {
	Clock   string `json:"clock"`
	Due     Date   `json:"due"`
	Minutes int    `json:"minutes"`
}

// Kind names the fact in the log.
func (*MadeGood) Kind() string { return "made_good" }

func (f *MadeGood) apply(c *Case, e *Event) error {
	for i := range c.Breaches {
		if b := &c.Breaches[i]; b.Clock == f.Clock && b.Due == f.Due && b.Open {
			b.Minutes, b.Open = f.Minutes, false
		}
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s +%d min", f.Clock, f.Minutes))
	return nil
}

// clock is one row of the table of limits (casework B.3).
type clock struct {
	ID          string
	Name        [2]string
	Limit       func(*Policy) int // nil: a date that stands in the case
	Unit        string            // hours, working or calendar days
	Start, Stop string            // the facts from and to which it runs
	Pauses      bool              // it stands still while the case does
	Runs        []State           // where it may run; nil: it is measured by the command that ends it, or outside cases
	Due         func(*Policy, *Case) Deadline
	Who         []Role // who has it in hand, and is reminded
	Steps       string // what time brings: see levels
}

var (
	atFirst   = []State{Registered, Triage, Investigating}
	inInquiry = []State{Registered, Triage, Investigating, ReportReview, CommitteePre}
	inMotion  = []State{Investigating, ReportReview, CommitteePre, DecisionDraft, AppealReview}
	unsettled = []State{Registered, Triage, Investigating, AwaitingClient, Suspended, ReportReview, CommitteePre, DecisionDraft}
	deskRoles = []Role{Officer, Head}
)

// clocks is the table: C1 to C15 and C19, the day on which an outside body is
// asked again, and the two that a suspension has.
var clocks = []clock{
	{"C1", [2]string{"登记", "registration"}, func(p *Policy) int { return p.RegistrationHours }, "hours", "received", "opened", false, nil, nil, deskRoles, ""},
	{"C2", [2]string{"受理告知", "acknowledgement"}, func(p *Policy) int { return p.AckDays }, "working", "opened", "delivered", false, atFirst, ackDue, deskRoles, "ladder"},
	{"C3", [2]string{"初审与指派", "review and assignment"}, func(p *Policy) int { return p.TriageDays }, "working", "opened", "took_on", false, []State{Registered, Triage}, triageDue, deskRoles, "ladder"},
	{"C3a", [2]string{"接受指派", "acceptance of the assignment"}, func(p *Policy) int { return p.AcceptanceDays }, "working", "assigned", "took_on", false, []State{Registered, Triage, Investigating, AwaitingClient}, acceptDue, []Role{TheAssignee}, "ladder"},
	{"C4", [2]string{"调查与书面报告", "investigation and written report"}, func(p *Policy) int { return p.InvestigationDays }, "working", "opened", "report_approved", true, inInquiry, reportDue, []Role{TheHandler}, "ladder"},
	{"C5", [2]string{"处理结果告知书", "result letter"}, func(p *Policy) int { return p.ResultDays }, "working", "report_approved", "delivered", false, []State{DecisionDraft}, resultDue, []Role{TheHandler, Officer}, "ladder"},
	{"C6", [2]string{"投诉人补充材料", "information from the complainant"}, func(p *Policy) int { return p.SupplementDays }, "working", "requested", "resumed", false, []State{AwaitingClient}, supplementDue, nil, "client"},
	{"C7", [2]string{"延期", "extension"}, func(p *Policy) int { return p.ExtensionCap }, "working", "extension_asked", "extended", false, nil, nil, nil, ""},
	{"C8", [2]string{"申诉期限", "time for an appeal"}, func(p *Policy) int { return p.AppealDays }, "calendar", "delivered", "appealed", false, []State{Decided}, appealUntil, nil, "over"},
	{"C9", [2]string{"申诉受理", "acknowledgement of the appeal"}, func(p *Policy) int { return p.AppealAckDays }, "working", "appealed", "referred_to_panel", false, []State{AppealLodged}, appealAckDue, []Role{Chair, Officer}, "ladder"},
	{"C10", [2]string{"委员会决定", "committee's decision"}, func(p *Policy) int { return p.CommitteeDays }, "working", "appealed", "delivered", true, []State{AppealLodged, AppealReview}, rulingDue, []Role{ThePanel, Chair}, "ladder"},
	{"C11", [2]string{"履行补救", "remedy"}, nil, "calendar", "delivered", "performed", false, []State{Decided, AppealDecided, InRemedy}, remedyDue, deskRoles, "ladder"},
	{"C12", [2]string{"改进措施", "improvement measure"}, nil, "calendar", "measure_set", "completed", false, followable, measureDue, []Role{TheOwner, Officer, Head}, "ladder"},
	{"C13", [2]string{"满意度调查", "survey"}, func(p *Policy) int { return p.SurveyDays }, "working", "closed", "surveyed", false, []State{Closed}, surveyDue, nil, "survey"},
	{"C14", [2]string{"进展告知", "progress notice"}, func(p *Policy) int { return p.ProgressDays }, "working", "issued", "progress", true, inMotion, progressDue, nil, "day"},
	{"C15", [2]string{"最长办理期", "long stop"}, func(p *Policy) int { return p.LongStopDays }, "calendar", "received", "delivered", false, unsettled, (*Policy).LongStop, []Role{Chair}, "over"},
	{"CV", [2]string{"委员答复", "members' answers"}, func(p *Policy) int { return p.VoteDays }, "working", "docketed", "advised", false, []State{CommitteePre, AppealReview}, (*Policy).votingDue, []Role{TheSilent}, "vote"},
	{"EX", [2]string{"外部机构的答复", "answer of the outside body"}, nil, "calendar", "outside", "came_back", false, []State{External}, outsideDue, deskRoles, "day"},
	{"C19", [2]string{"工作日表", "table of working days"}, nil, "", "", "", false, nil, nil, []Role{Admin}, ""},
	{"SR", [2]string{"中止复核", "review of the suspension"}, func(p *Policy) int { return p.SuspensionReview }, "calendar", "suspended", "suspension_reviewed", false, []State{Suspended}, reviewDue, []Role{Head}, "ladder"},
	{"SM", [2]string{"中止上限", "end of the suspension"}, func(p *Policy) int { return p.SuspensionMax }, "calendar", "suspended", "resumed", false, []State{Suspended}, stayEnd, []Role{Chair}, "ladder"},
}

func (p *Policy) day(t time.Time) Date { return DateOf(t.In(p.Location)) }

// ackDue runs until the acknowledgement went out; without an address, until
// somebody put on file that it was given otherwise.
func ackDue(p *Policy, c *Case) Deadline {
	r := c.LastLetter(AckLetter)
	if r != nil && r.Delivery != "" || c.Complainant.Addr == "" && slices.ContainsFunc(c.Log, func(e Entry) bool { return e.What == "note" }) {
		return Deadline{}
	}
	return p.Calendar.after(p.day(c.Registered), p.AckWithin(c))
}

// AckWithin is how many working days an acknowledgement may take: none, if the
// complaint came by mail.
func (p *Policy) AckWithin(c *Case) int {
	if c.Channel == "email" {
		return 0
	}
	return p.AckDays
}

func triageDue(p *Policy, c *Case) Deadline {
	return p.Calendar.after(p.since(c, c.Registered), p.TriageDays)
}

func acceptDue(p *Policy, c *Case) Deadline {
	if at := c.last("assigned"); c.Assignee != "" && !at.IsZero() {
		return p.Calendar.after(p.day(at), p.AcceptanceDays)
	}
	return Deadline{}
}

func reportDue(_ *Policy, c *Case) Deadline { return c.Due }

func resultDue(p *Policy, c *Case) Deadline {
	if c.Report == nil {
		return Deadline{}
	}
	return p.Calendar.after(p.day(c.Inquired()), p.ResultDays)
}

func supplementDue(_ *Policy, c *Case) Deadline {
	if c.Request == nil {
		return Deadline{}
	}
	return c.Request.Due
}

// progressDue counts from the last time that the client was told something.
func progressDue(p *Policy, c *Case) Deadline {
	if c.Complainant.Addr == "" {
		return Deadline{}
	}
	return p.Calendar.after(p.day(c.last("issued", "asked", "progress", "resumed", "opened", "appealed")), p.ProgressDays)
}

// LongStop is when a client without a final answer hears of other bodies (C15).
func (p *Policy) LongStop(c *Case) Deadline {
	d := Deadline{Start: p.since(c, c.Received), Limit: p.LongStopDays}
	d.Due = p.Calendar.NextWorking(d.Start.Add(d.Limit))
	return d
}

func reviewDue(p *Policy, c *Case) Deadline {
	return Deadline{Start: c.Stay.From, Limit: 0, Due: c.Stay.ReviewOn}
}

func stayEnd(p *Policy, c *Case) Deadline { return Deadline{Start: c.Stay.From, Due: c.Stay.Until} }

// last is when something of these kinds happened last; zero if never.
func (c *Case) last(kinds ...string) time.Time {
	for _, e := range slices.Backward(c.Log) {
		if slices.Contains(kinds, e.What) {
			return e.At
		}
	}
	return time.Time{}
}

// ticking is a clock that runs on a case.
type ticking struct {
	*clock
	Due Deadline
	Key string // the clock with its due day, so that a new limit is spoken of anew
}

// running lists the clocks that run on a case now, in the order of the table.
func (p *Policy) running(c *Case) []ticking {
	return slices.AppendSeq(make([]ticking, 0, 4), p.ticks(c))
}

// ticks gives the same one by one.
func (p *Policy) ticks(c *Case) iter.Seq[ticking] {
	return func(yield func(ticking) bool) {
		for i := range clocks {
			k := &clocks[i]
			if !slices.Contains(k.Runs, c.State) {
				continue
			}
			if d := k.Due(p, c); !d.Due.IsZero() && !yield(ticking{k, d, string(d.Due.append([]byte(k.ID + "@")))}) {
				return
			}
		}
	}
}

// hands are the roles that have a clock in hand, by the state of the case.
func (k ticking) hands(c *Case) []Role {
	switch {
	case k.ID != "C4":
		return k.Who
	case c.State == Registered || c.State == Triage:
		return deskRoles
	case c.State == ReportReview:
		return []Role{Head}
	case c.State == CommitteePre:
		return []Role{Chair}
	}
	return k.Who
}

// level is one step of a clock.
type level struct {
	ID  string
	At  time.Time
	Who []Role // beside those who have it in hand
}

// levels are when a clock is spoken of, the earliest first; a sweep of many
// cases counts no day beyond the level that it asks for. The ladder: at
// half-time, two and one working days before, in the morning and the afternoon
// of the day, when it is over, and twice after that.
// It is small enough to be inlined: nothing of it goes to the heap.
func (p *Policy) levels(k ticking) iter.Seq[level] {
	return func(yield func(level) bool) { p.eachLevel(k, yield) }
}

func (p *Policy) eachLevel(k ticking, yield func(level) bool) {
	due, over := k.Due.Due, k.Due.At(p.Location)
	at := func(d Date, clock string) time.Time { return d.Midnight(p.Location).Add(clockTime(clock)) }
	switch k.Steps {
	case "day":
		yield(level{"T", at(due, p.RemindAt), nil})
		return
	case "over":
		yield(level{"over", over, []Role{Head, Chair}})
		return
	case "survey":
		if !yield(level{"ask", at(due, p.RemindAt), nil}) {
			return
		}
		for i := range p.SurveyReminds {
			if !yield(level{"again" + strconv.Itoa(i+1), at(p.Calendar.NextWorking(due.Add(7*(i+1))), p.RemindAt), nil}) {
				return
			}
		}
		return
	case "vote":
		p.voteLevels(k, yield)
		return
	case "client":
		_ = yield(level{"half", at(p.Calendar.after(k.Due.Start, p.SupplementReminder).Due, p.RemindAt), nil}) && yield(level{"over", over, nil})
		return
	}
	start := k.Due.Start.Add(1)
	step := func(id string, d Date, clock string, who []Role) bool {
		return d.Before(start) || yield(level{id, at(d, clock), who})
	}
	if k.Due.Limit >= 5 && !step("half", p.Calendar.back(due, k.Due.Limit*(100-p.RemindPercent)/100), p.RemindAt, nil) {
		return
	}
	for _, n := range p.RemindDays {
		if !step("T-"+strconv.Itoa(n), p.Calendar.back(due, n), p.RemindAt, nil) {
			return
		}
	}
	late := []Role{Head, Chair, Management}
	_ = step("T", due, p.RemindAt, nil) && step("T15", due, p.RemindHeadAt, late[:1]) && yield(level{"over", over, late[:1]}) &&
		yield(level{"over+2", at(p.Calendar.after(due, p.EscalateDays).Due, p.RemindAt), late}) &&
		yield(level{"over+5", at(p.Calendar.after(due, p.StandingDays).Due, p.RemindAt), late})
}

// clockTime reads 09:00 as the time since midnight. The configuration has been
// checked; this is called for each case of a sweep.
func clockTime(s string) time.Duration {
	h, m, _ := strings.Cut(s, ":")
	hour, err := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if err != nil || err2 != nil {
		return 9 * time.Hour
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

func (k ticking) mark(l level) string { return k.Key + "/" + l.ID }

// said reports whether a level was spoken of.
func (k ticking) said(c *Case, l level) bool {
	return slices.ContainsFunc(c.Reminded, func(r string) bool {
		return len(r) == len(k.Key)+1+len(l.ID) && strings.HasPrefix(r, k.Key) && strings.HasSuffix(r, l.ID)
	})
}

// Remind decides what time alone brings: reminders, the client's notices, ends
// of pauses, and what follows from a limit that was missed. Of each clock only
// the latest level is said, so that a desk that was down for days does not
// burst; every level that has passed counts as said.
func (p *Policy) Remind(c *Case, at time.Time) Outcome {
	if next := p.NextAt(c); next.IsZero() || next.After(at) {
		return Outcome{}
	}
	s := &session{p: p, c: c.fork(), at: at, lang: p.Language, by: TheDesk}
	for range 5 { // what one clock brings may start another
		state := s.c.State
		for _, k := range p.running(s.c) {
			s.strike(k)
			if s.c.State != state {
				break
			}
		}
		if s.c.State == state {
			break
		}
	}
	s.share()
	return s.out
}

// strike does what a clock brings by now.
func (s *session) strike(k ticking) {
	var last level
	missed := false
	for l := range s.p.levels(k) {
		if l.At.After(s.at) {
			break
		}
		if !k.said(s.c, l) {
			s.do(&Reminded{Clock: k.Key, Level: l.ID})
			last, missed = l, missed || l.ID == "over"
		}
	}
	if last.ID == "" {
		return
	}
	if missed && k.ID != "C6" && k.ID != "C8" && k.ID != "CV" {
		late := s.at.Sub(k.Due.At(s.p.Location))
		s.do(&Breached{Clock: k.ID, Person: s.inHand(k), Minutes: int(late / time.Minute), Due: k.Due.Due, Open: true})
	}
	switch k.ID {
	case "C6":
		s.unanswered(k, last.ID)
		return
	case "CV":
		s.remindSilent(k, last)
		return
	case "C8":
		s.spread(s.tr("申诉期限 %s 已届满，投诉人未申诉，本案可以结案。", "The time for an appeal ended on %s without one; the case can be closed.", k.Due.Due.In(s.lang)), "")
		return
	case "C13":
		s.tellClient("survey", Facts{Subject: s.c.Subject, Level: last.ID})
		return
	case "C14":
		s.do(&Progressed{})
		s.tellClient("progress", Facts{Subject: s.c.Subject})
		return
	case "C15":
		if s.c.Complainant.Addr != "" {
			s.tellClient("long_stop", Facts{Subject: s.c.Subject})
		}
	case "C4":
		if missed && s.c.pendingDraft() == nil {
			s.draftLate()
		}
	}
	for _, who := range s.reminded(append(slices.Clone(k.hands(s.c)), last.Who...)) {
		s.send(Mail{Key: s.c.Ref + "/reminder/" + k.Key + "/" + last.ID + "/" + who.Address, To: who.Mailbox(), Lang: s.p.Language, Template: "reminder", Staff: true,
			Facts: Facts{Clock: k.ID, Level: last.ID, Reason: k.Due.Due.String()}})
	}
}

// unanswered reminds the client of what was asked for, and ends the wait when
// its time is over: staff then decide on the material held.
func (s *session) unanswered(k ticking, level string) {
	if level != "over" {
		if s.c.Complainant.Addr != "" {
			s.tellClient("information_reminder", Facts{Subject: s.c.Subject, Level: k.Due.Due.String()})
		}
		return
	}
	old := s.c.Due.Due
	s.goOn("unanswered", k.Due.At(s.p.Location))
	if s.c.Complainant.Addr != "" {
		s.tellClient("resumed", Facts{Subject: s.c.Subject, Reason: "unanswered", Level: old.String()})
	}
	s.spread(s.tr("投诉人未在 %s 前补充材料，期限已恢复计算，现为 %s。请就现有材料作出认定，或以“投诉人未配合”结案。",
		"The client sent nothing by %s. The clock runs again; the limit is now %s. Please decide on the material held, or close the case as not pursued.",
		k.Due.Due.In(s.lang), s.c.Due.Due.In(s.lang)), "")
}

// inHand names the person who had a clock in hand: who investigates or was
// asked to, or else the first of those who have its role.
func (s *session) inHand(k ticking) string {
	roles := k.hands(s.c)
	switch {
	case k.ID == "C4" && s.c.State == Investigating, k.ID == "C5":
		if s.c.Handler != "" {
			return s.c.Handler
		}
	case s.c.Assignee != "" && (k.ID == "C3a" || k.ID == "C3" || k.ID == "C4"):
		return s.c.Assignee
	}
	if slices.Contains(roles, Head) {
		roles = []Role{Head}
	}
	if slices.Contains(roles, Chair) {
		roles = []Role{Chair}
	}
	if who := s.free(roles...); len(who) > 0 {
		return who[0].Address
	}
	return ""
}

// settle records of limits that were missed that what was due is done now.
func (s *session) settle() {
	if s.c == nil || s.err != nil || s.c.State == AwaitingClient || s.c.State == Suspended {
		return
	}
	var runs []ticking
	for _, b := range slices.Clone(s.c.Breaches) {
		if !b.Open {
			continue
		}
		if runs == nil {
			runs = s.p.running(s.c)
		}
		if !slices.ContainsFunc(runs, func(k ticking) bool { return k.ID == b.Clock && k.Due.Due == b.Due }) {
			by := s.by
			s.by = TheDesk
			s.do(&MadeGood{Clock: b.Clock, Due: b.Due, Minutes: int(s.at.Sub(Deadline{Due: b.Due}.At(s.p.Location)) / time.Minute)})
			s.by = by
		}
	}
}

// reminded lists the people who have one of the roles on this case, each once,
// without those who have a conflict.
func (s *session) reminded(roles []Role) []*Person {
	var out []*Person
	for _, who := range s.p.Register.With(AnyStaff) {
		if !s.c.Conflicted(who) && s.p.allows(s.c, who, roles) && !(who.Is(Chair, Member) && s.c.hasVoted(who)) {
			out = append(out, who)
		}
	}
	if slices.Contains(roles, Management) { // and those whom the configuration names
		known := func(x *Person) bool {
			return slices.ContainsFunc(out, func(p *Person) bool { return SameAddr(p.Address, x.Address) })
		}
		out = append(out, slices.DeleteFunc(s.p.management(s.c), known)...)
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
	for k := range p.ticks(c) {
		for l := range p.levels(k) {
			if !next.IsZero() && !l.At.Before(next) {
				break
			}
			if !k.said(c, l) {
				next = l.At
				break
			}
		}
	}
	return next
}
