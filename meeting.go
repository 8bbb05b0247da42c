package complaints

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Meeting is one session of the committee (chapter 7): the sum of its events,
// in a stream of its own. Only Apply changes it.
type Meeting struct {
	Ref      string `json:"ref"`      // M2026-0001
	Seq      int    `json:"seq"`      // of the last event
	Revision int    `json:"revision"` // SEQUENCE of the invitation (RFC 5545 section 3.8.7.4)
	Slot
	Special   bool           `json:"special,omitempty"` // called beside the periodic ones
	Agenda    []string       `json:"agenda,omitempty"`  // what the caller put on it, one item each
	Docket    []string       `json:"docket,omitempty"`  // cases, by reference
	Figures   Figures        `json:"figures"`           // since the meeting before
	Secretary string         `json:"secretary"`         // who called it
	Called    time.Time      `json:"called"`
	Invited   []string       `json:"invited"`
	Answers   []Attendance   `json:"answers,omitempty"`   // one of each member
	Cancelled string         `json:"cancelled,omitempty"` // why
	Minutes   *MinutesRecord `json:"minutes,omitempty"`
}

// Slot is when and where a meeting is.
type Slot struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Place string    `json:"place"`
}

// MeetingPart is what an outcome does to a meeting: it as it was locked, or an
// empty one that the first event calls.
type MeetingPart struct {
	Meeting *Meeting
	Events  []Event
}

// NewMeeting stands in Mail.Meeting until the meeting has its number.
const NewMeeting = "new"

// ofMeeting is part of the facts that belong to a meeting, and to no case.
type ofMeeting struct{}

func (ofMeeting) apply(*Case, *Event) error { return errors.New("this is a meeting's") }

// Clone gives a copy that facts can be applied to; nil of nil.
func (m *Meeting) Clone() *Meeting {
	if m == nil {
		return nil
	}
	d := *m // facts replace lists and never change what is in them
	if m.Minutes != nil {
		r := *m.Minutes
		d.Minutes = &r
	}
	return &d
}

// Apply adds one event to the meeting; it refuses one that does not follow.
func (m *Meeting) Apply(e Event) error {
	f, ok := e.Fact.(interface{ hold(*Meeting, *Event) })
	if _, first := e.Fact.(*MeetingCalled); !ok || e.Seq != m.Seq+1 || first != (m.Seq == 0) {
		return fmt.Errorf("meeting %s: %s cannot be event %d", m.Ref, e.Fact.Kind(), e.Seq)
	}
	f.hold(m, &e)
	m.Seq = e.Seq
	return nil
}

// MeetingCalled calls a meeting; the store gives it its number.
type MeetingCalled struct {
	ofMeeting
	Ref  string `json:"ref"`
	Year int    `json:"year"`
	Slot
	Special bool     `json:"special,omitempty"`
	Agenda  []string `json:"agenda,omitempty"`
	Docket  []string `json:"docket,omitempty"`
	Figures Figures  `json:"figures"`
	Invited []string `json:"invited"`
}

// Kind names the fact in the log.
func (*MeetingCalled) Kind() string { return "meeting_called" }

func (f *MeetingCalled) hold(m *Meeting, e *Event) {
	*m = Meeting{Ref: f.Ref, Slot: f.Slot, Special: f.Special, Agenda: f.Agenda, Docket: f.Docket, Figures: f.Figures, Invited: f.Invited, Secretary: e.By, Called: e.At}
}

// MeetingMoved gives a meeting another time or place: everybody answers anew.
type MeetingMoved struct {
	ofMeeting
	Slot
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*MeetingMoved) Kind() string { return "meeting_moved" }

func (f *MeetingMoved) hold(m *Meeting, _ *Event) {
	m.Slot, m.Answers, m.Revision = f.Slot, nil, m.Revision+1
}

// MeetingCancelled calls a meeting off.
type MeetingCancelled struct {
	ofMeeting
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*MeetingCancelled) Kind() string { return "meeting_cancelled" }

func (f *MeetingCancelled) hold(m *Meeting, _ *Event) {
	m.Cancelled, m.Revision = f.Reason, m.Revision+1
}

// Attendance is one member's answer to the invitation; a later one replaces it.
type Attendance struct {
	ofMeeting
	Member string `json:"member"`
	Coming bool   `json:"coming"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*Attendance) Kind() string { return "attendance" }

func (f *Attendance) hold(m *Meeting, _ *Event) {
	m.Answers = slices.DeleteFunc(slices.Clone(m.Answers), func(a Attendance) bool { return SameAddr(a.Member, f.Member) })
	m.Answers = append(m.Answers, *f)
}

// AlternatesInvited invites the alternates of members who cannot come.
type AlternatesInvited struct {
	ofMeeting
	Members []string `json:"members"`
}

// Kind names the fact in the log.
func (*AlternatesInvited) Kind() string { return "alternates_invited" }

func (f *AlternatesInvited) hold(m *Meeting, _ *Event) {
	m.Invited = append(slices.Clone(m.Invited), f.Members...)
}

// Title names a meeting: 2026年12月例会, Regular meeting, December 2026.
func (m *Meeting) Title(lang string, loc *time.Location) string {
	d := DateOf(m.From.In(loc))
	if m.Special {
		return pick(lang, d.In("zh")+"临时会议", "Special meeting, "+d.In("en"))
	}
	return pick(lang, fmt.Sprintf("%d年%d月例会", d.Year, d.Month), fmt.Sprintf("Regular meeting, %s %d", d.Month, d.Year))
}

// Answer gives a member's answer; nil if there is none yet.
func (m *Meeting) Answer(addr string) *Attendance {
	for i := range m.Answers {
		if SameAddr(m.Answers[i].Member, addr) {
			return &m.Answers[i]
		}
	}
	return nil
}

// coming counts who may still come: everybody invited who has not declined.
func (m *Meeting) coming() (n int) {
	for _, a := range m.Invited {
		if x := m.Answer(a); x == nil || x.Coming {
			n++
		}
	}
	return n
}

func (m *Meeting) invites(addr string) bool {
	return slices.ContainsFunc(m.Invited, func(a string) bool { return SameAddr(a, addr) })
}

// CallsMeeting reports whether a mail calls a meeting, so that the store looks
// up what the committee has before it.
func CallsMeeting(m *Message) bool {
	return slices.ContainsFunc(ParseCommands(m.OwnWords), func(c Command) bool { return c.verb != nil && c.verb.En[0] == "meeting" })
}

// meet applies a fact to the copy of the meeting and keeps the event.
func (s *session) meet(f Fact) {
	if s.out.Meeting == nil {
		base := s.m.Meeting
		if base == nil {
			base = &Meeting{}
		}
		s.out.Meeting = &MeetingPart{Meeting: base}
	}
	e := Event{Seq: s.mt.Seq + 1, At: s.at, By: s.by, Message: s.m.ID, Fact: f}
	if err := s.mt.Apply(e); err != nil {
		s.err = err
		return
	}
	s.out.Meeting.Events = append(s.out.Meeting.Events, e)
}

// slot reads time and place of a command; what it does not name stays as in old.
func (s *session) slot(c *Command, old Slot) (Slot, error) {
	out := old
	if v := c.Args["on"]; v != "" {
		at, ok := parseMoment(v, s.p.Location)
		if !ok || at.Equal(DateOf(at).Midnight(s.p.Location)) {
			return out, Refuse("“%s”不是会议时间，请写成 时间=2026-12-15 14:00。", "%q is no time for a meeting; write it as on=2026-12-15 14:00.", v)
		}
		length := 2 * time.Hour
		if !old.From.IsZero() {
			length = old.To.Sub(old.From)
		}
		out.From, out.To = at, at.Add(length)
	}
	if v := c.Args["until"]; v != "" {
		end, ok := s.p.ending(out.From, v)
		if !ok {
			return out, Refuse("“%s”不是结束时间，请写成 至=16:00，且晚于开始时间。", "%q is no end; write it as until=16:00, after the beginning.", v)
		}
		out.To = end
	}
	if v := c.Args["place"]; v != "" {
		out.Place = v
	}
	switch {
	case out.From.IsZero():
		return out, Refuse("请写明会议时间：时间=2026-12-15 14:00", "Say when it is: on=2026-12-15 14:00")
	case !out.From.After(s.at):
		return out, Refuse("会议时间已经过去，请核对。", "That time is past; please check it.")
	case out.Place == "":
		return out, Refuse("请写明地点：地点=三楼会议室（线上会议写网址）", "Say where it is: place=Room 3 (or the address of an online meeting)")
	}
	return out, nil
}

// callMeeting is #开会: the members are invited, with the cases and the figures
// that the desk puts on the agenda.
func (s *session) callMeeting(c *Command) (string, error) {
	if !s.who.Is(Chair, Officer, Head) {
		return "", Refuse("会议由%[1]s召集。", "Meetings are called by %[2]s.", rolesIn([]Role{Chair, Officer, Head}, "zh"), rolesIn([]Role{Chair, Officer, Head}, "en"))
	}
	at, err := s.slot(c, Slot{})
	if err != nil {
		return "", err
	}
	f := &MeetingCalled{Year: at.From.In(s.p.Location).Year(), Slot: at, Special: yes(c.Args["special"]), Agenda: paragraphs(c.Text)}
	for _, m := range s.p.members(DateOf(at.From.In(s.p.Location))) {
		if m.AlternateFor == "" {
			f.Invited = append(f.Invited, m.Address)
		}
	}
	if len(f.Invited) < s.p.Quorum {
		return "", Refuse("会议当日任期内的委员只有 %[1]d 人，不足法定的 %[2]d 人，请管理员先在名册中增补委员。", "Only %[1]d members are in office on that day and %[2]d are needed; please have members added to the register first.", len(f.Invited), s.p.Quorum)
	}
	if st := s.m.Committee; st != nil {
		f.Docket, f.Figures = st.Docket, st.Figures
	}
	s.mt = &Meeting{}
	s.meet(f)
	s.invite("meeting_call", "")
	did := s.tr("已召集%s，通知已发 %s。", "%s is called; the invitation is with %s.", s.mt.Title(s.lang, s.p.Location), s.named(s.mt.Invited))
	if !s.p.Calendar.Working(DateOf(at.From.In(s.p.Location))) {
		did += s.tr("请注意：当日不是工作日。", " Please note that it is not a working day.")
	}
	return did, nil
}

// invite writes to everybody who is invited, and to the secretary.
func (s *session) invite(template, reason string) {
	for _, p := range s.p.attending(s.mt) {
		s.tell(p, template, Facts{Reason: reason, From: s.who.Mailbox()})
	}
}

// attending are the people who get what concerns a meeting: who is invited, and
// who called it.
func (p *Policy) attending(m *Meeting) []*Person {
	var out []*Person
	for _, a := range append(slices.Clone(m.Invited), m.Secretary) {
		if who := p.Register.Find(a); who.Is(AnyStaff) && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out
}

// onMeeting reports whether a verb is about the meeting that the mail answers.
func (s *session) onMeeting(v *Verb) bool {
	return s.c == nil && s.mt != nil && (v.Meeting || v.En[0] == "approve" || v.En[0] == "return")
}

// atMeeting checks a command about a meeting: there is one, it stands, and the
// sender is its secretary or has one of the roles; without roles, is invited.
func (s *session) atMeeting(roles ...Role) error {
	switch {
	case s.mt == nil:
		return Refuse("这封邮件没有指明会议。请直接回复会议通知。", "The mail names no meeting. Please reply to the invitation.")
	case roles == nil && !s.mt.invites(s.who.Address):
		return Refuse("您不在本次会议的通知名单中。", "You are not invited to this meeting.")
	case roles != nil && !s.who.Is(roles...) && !SameAddr(s.mt.Secretary, s.who.Address):
		return Refuse("这条命令由%[1]s使用。", "This command is for %[2]s.", rolesIn(roles, "zh"), rolesIn(roles, "en"))
	case s.mt.Cancelled != "":
		return Refuse("本次会议已取消。", "This meeting has been cancelled.")
	}
	return nil
}

// moveMeeting is #改期.
func (s *session) moveMeeting(c *Command) (string, error) {
	if err := s.atMeeting(Chair, Officer, Head); err != nil {
		return "", err
	}
	if s.mt.Minutes != nil || !s.at.Before(s.mt.From) {
		return "", Refuse("会议已经开始，不能改期。", "The meeting has begun and cannot be moved.")
	}
	at, err := s.slot(c, s.mt.Slot)
	if err != nil {
		return "", err
	}
	if at.From.Equal(s.mt.From) && at.To.Equal(s.mt.To) && at.Place == s.mt.Place {
		return s.tr("时间和地点没有变化，没有改动。", "Neither time nor place has changed; nothing was done."), nil
	}
	s.meet(&MeetingMoved{Slot: at, Reason: c.Text})
	s.invite("meeting_moved", c.Text)
	return s.tr("已改期并通知 %s，请各位重新答复。", "The meeting is moved, and %s are asked to answer anew.", s.named(s.mt.Invited)), nil
}

// cancelMeeting is #取消会议.
func (s *session) cancelMeeting(c *Command) (string, error) {
	if err := s.atMeeting(Chair, Officer, Head); err != nil {
		return "", err
	} else if s.mt.Minutes != nil || !s.at.Before(s.mt.From) {
		return "", Refuse("会议已经开始，不能取消。", "The meeting has begun and cannot be cancelled.")
	}
	s.meet(&MeetingCancelled{Reason: c.Text})
	s.invite("meeting_cancelled", c.Text)
	return s.tr("会议已取消，并已通知 %s。", "The meeting is cancelled, and %s know.", s.named(s.mt.Invited)), nil
}

// attend is #出席 and #请假.
func (s *session) attend(c *Command, coming bool) (string, error) {
	if err := s.atMeeting(); err != nil {
		return "", err
	}
	if !s.at.Before(s.mt.To) {
		return "", Refuse("会议已经结束。", "The meeting is over.")
	}
	if x := s.mt.Answer(s.who.Address); x != nil && x.Coming == coming && x.Reason == c.Text {
		return s.tr("您已这样答复，没有改动。", "You have said so already; nothing changed."), nil
	}
	s.answerCall(coming, c.Text)
	if coming {
		return s.tr("已记录：您将出席。如有变化，回复 #请假 并写明原因即可。", "You are expected. Should that change, reply #apologies with the reason."), nil
	}
	return s.tr("已记录：您请假。如能出席，回复 #出席 即可。", "Your apologies are recorded. Should you be able to come after all, reply #attend."), nil
}

// answerCall records a member's answer. Where one declines, an alternate is
// invited; the secretary learns of what has to be arranged.
func (s *session) answerCall(coming bool, reason string) {
	s.meet(&Attendance{Member: s.who.Address, Coming: coming, Reason: reason})
	if !coming {
		if extra := s.standIn(); extra != nil {
			s.meet(&AlternatesInvited{Members: []string{extra.Address}})
			s.tell(extra, "meeting_call", Facts{From: s.who.Mailbox()})
		}
	}
	all := len(s.mt.Answers) >= len(s.mt.Invited)
	short := !coming && s.mt.coming() < s.p.Quorum
	var told []*Person
	if sec := s.p.Register.Find(s.mt.Secretary); sec.Is(AnyStaff) && sec != s.who && (!coming || all) {
		told = append(told, sec)
	}
	for _, p := range s.p.Register.With(Chair) {
		if short && p != s.who && !slices.Contains(told, p) {
			told = append(told, p)
		}
	}
	for _, p := range told {
		m := s.tell(p, "meeting_answers", Facts{From: s.who.Mailbox(), Reason: reason})
		if short {
			m.Facts.Level = "short"
		}
	}
}

// standIn gives the alternate to invite for a member who cannot come: the
// member's own, or else one for anybody; nil if there is none.
func (s *session) standIn() *Person {
	var other *Person
	for _, m := range s.p.members(DateOf(s.mt.From.In(s.p.Location))) {
		switch {
		case m.AlternateFor == "" || s.mt.invites(m.Address):
		case SameAddr(m.AlternateFor, s.who.Address):
			return m
		case strings.EqualFold(m.AlternateFor, AnyMember) && other == nil:
			other = m
		}
	}
	return other
}

// Committee is what the desk knows of the committee's meetings on a day.
type Committee struct {
	Since   Date         // of the first case; zero: there is none
	Held    Date         // last meeting of which there are minutes
	Pending []*Meeting   // called, not cancelled, without minutes
	Asked   []MeetingDue // that members of staff were asked to call one
	Missed  []MeetingDue // that none was held in time
	Docket  []string     // cases for the next agenda
	Figures Figures      // since the last meeting
}

// MeetingDue says by when a periodic meeting is to be held (C17); Base is the
// day from which the interval runs.
type MeetingDue struct {
	Base   Date   `json:"base"`
	Due    Date   `json:"due"`
	Person string `json:"person,omitempty"` // missed: who had it in hand
}

// CommitteeDay decides what a day brings to the committee: the request to call
// the periodic meeting, the record that it was missed, and reminders of answers
// and minutes. Keys make each be said once.
func (p *Policy) CommitteeDay(k *Committee, at time.Time) (mails []Mail, asked, missed *MeetingDue) {
	today := DateOf(at.In(p.Location))
	say := func(key, template, meeting string, f Facts, to ...*Person) {
		for _, who := range to {
			mails = append(mails, Mail{Key: "committee/" + key + "/" + who.Address, To: who.Mailbox(), Lang: p.Language, Template: template, Staff: true, Meeting: meeting, Facts: f})
		}
	}
	desk := p.Register.With(Chair, Head, Officer)
	held := false // one is under way that counts until its minutes are late
	for _, m := range k.Pending {
		day := DateOf(m.From.In(p.Location))
		late := p.Calendar.after(day, p.MinutesDays).Due
		held = held || !late.Before(today) && !m.Special
		key := fmt.Sprintf("%s/%d", m.Ref, m.Revision)
		switch sec := p.Register.Find(m.Secretary); {
		case at.Before(m.From) && !today.Before(p.Calendar.back(day, 2)):
			for _, a := range m.Invited {
				if who := p.Register.Find(a); who.Is(AnyStaff) && m.Answer(a) == nil {
					say(key+"/answer", "meeting_call", m.Ref, Facts{Level: "again"}, who)
				}
			}
		case !today.Before(late) && m.Minutes == nil && sec.Is(AnyStaff):
			say(key+"/minutes", "minutes_due", m.Ref, Facts{Level: late.String()}, sec)
		}
	}
	base := k.Held
	if base.IsZero() {
		base = k.Since
	}
	if base.IsZero() || held {
		return mails, nil, nil
	}
	months := p.MeetingMonths
	if k.Figures.Open > p.MeetingMonthly {
		months = 1
	}
	t := time.Date(base.Year, base.Month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	due := MeetingDue{Base: base, Due: p.Calendar.NextWorking(Date{t.Year(), t.Month(), min(base.Day, t.AddDate(0, 1, -1).Day())})}
	notice := p.Calendar.after(today, p.MeetingNotice).Due
	for _, x := range k.Asked { // the day that was named stands
		if x.Base == base {
			due.Due, asked = x.Due, &x
		}
	}
	switch {
	case asked == nil && notice.Before(due.Due):
		return mails, nil, nil
	case asked == nil:
		if due.Due.Before(notice) { // nobody was told in time
			due.Due = notice
		}
		asked = &due
	default:
		asked = nil
	}
	if !due.Due.Before(today) {
		say(due.Due.String()+"/due", "meeting_due", "", Facts{Level: due.Due.String(), Reason: base.String()}, desk...)
		return mails, asked, nil
	}
	if slices.ContainsFunc(k.Missed, func(x MeetingDue) bool { return x.Base == base }) {
		return mails, nil, nil
	}
	for _, who := range p.Register.With(Chair) {
		due.Person = who.Address
	}
	say(due.Due.String()+"/missed", "meeting_missed", "", Facts{Level: due.Due.String(), Reason: base.String()}, append(desk, p.management(&Case{})...)...)
	return mails, nil, &due
}
