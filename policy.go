package complaints

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Policy decides what the desk does: the firm's complaints policy with its
// parameters, who the staff are, and which days are worked. Its methods are
// pure; a Policy never changes once made.
type Policy struct {
	Parameters
	Firm     Firm
	Address  string // the desk's address, without detail
	Security string // who is told of forged or held mail
	Language string // for clients who show no preference
	Location *time.Location
	Calendar *Calendar
	Register *Register
	Routes   []Route
	Keys     Keyring

	// Check refuses a letter that may not be issued, with each fault named
	// (package letters); nil: the letters are not checked before they are drafted.
	Check func(Letter) error

	RequireDomain bool // commands need a From domain that our MX or we verified

	WebForm string // the address from which the firm's web form writes, or ""

	Management []string // addresses
	Admins     []string
}

// Parameters are the settings that the policy leaves open, marked [P] in the
// desk's specification. Days are working days unless the name says otherwise.
type Parameters struct {
	Version            string `toml:"version"`               // of the policy in force
	RegistrationHours  int    `toml:"registration_hours"`    // C1
	TriageDays         int    `toml:"triage_days"`           // C3
	InvestigationDays  int    `toml:"investigation_days"`    // C4
	ResultDays         int    `toml:"result_days"`           // C5
	SupplementDays     int    `toml:"supplement_days"`       // C6
	ExtensionFirst     int    `toml:"extension_first"`       // C7, at most
	ExtensionSecond    int    `toml:"extension_second"`      // C7, at most
	ExtensionCap       int    `toml:"extension_cap"`         // C7, both together
	AppealDays         int    `toml:"appeal_days"`           // C8, calendar days
	AppealAckDays      int    `toml:"appeal_ack_days"`       // C9
	CommitteeDays      int    `toml:"committee_days"`        // C10
	CommitteeExtension int    `toml:"committee_extension"`   // C10, at most
	VoteDays           int    `toml:"committee_vote_days"`   // for the members' votes or opinions in writing
	ProgressDays       int    `toml:"progress_days"`         // C14
	LongStopDays       int    `toml:"long_stop_days"`        // C15, calendar days
	Quorum             int    `toml:"quorum"`                // and a majority of those not recused
	AutomaticPerDay    int    `toml:"automatic_per_day"`     // automatic mails to one correspondent in 24 hours
	AutomaticPerHour   int    `toml:"automatic_per_hour"`    // automatic mails in all
	LettersPerStaffDay int    `toml:"letters_per_staff_day"` // letters that one member of staff may issue a day
	DigestAt           string `toml:"digest_at"`             // 08:30, on working days
	RetentionYears     int    `toml:"retention_years"`       // C18
	MajorLoss          int    `toml:"major_loss_yuan"`       // from which a complaint is major
	MajorComplainants  int    `toml:"major_complainants"`    // about one cause

	AckDays            int    `toml:"acknowledgement_days"`     // C2, channels other than mail
	AcceptanceDays     int    `toml:"acceptance_days"`          // within C3: until the assignee accepts
	SupplementReminder int    `toml:"supplement_reminder_days"` // C6
	SuspensionReview   int    `toml:"suspension_review_days"`   // calendar days
	SuspensionMax      int    `toml:"suspension_max_days"`      // calendar days
	RemindPercent      int    `toml:"remind_at_percent"`        // of the time that a clock has
	RemindDays         []int  `toml:"remind_days_before"`
	RemindAt           string `toml:"remind_at"`              // time of reminders, 09:00
	RemindHeadAt       string `toml:"remind_head_at"`         // on the due day, to the head
	EscalateDays       int    `toml:"escalate_days"`          // overdue: to the chair and management
	StandingDays       int    `toml:"standing_item_days"`     // overdue: on every agenda
	CalendarFrom       string `toml:"calendar_reminder_from"` // C19, month-day
}

// DefaultParameters are the values of the specification.
func DefaultParameters() Parameters {
	return Parameters{
		Version: "V3", RegistrationHours: 24, TriageDays: 2, InvestigationDays: 7, ResultDays: 2, SupplementDays: 10,
		ExtensionFirst: 7, ExtensionSecond: 7, ExtensionCap: 15, AppealDays: 30, AppealAckDays: 1, CommitteeDays: 15,
		CommitteeExtension: 10, VoteDays: 5, ProgressDays: 5, LongStopDays: 56, Quorum: 3, AutomaticPerDay: 3, AutomaticPerHour: 200,
		LettersPerStaffDay: 50, DigestAt: "08:30", RetentionYears: 10, MajorLoss: 100_000, MajorComplainants: 5,
		AckDays: 1, AcceptanceDays: 1, SupplementReminder: 5, SuspensionReview: 30, SuspensionMax: 180, RemindPercent: 50, RemindDays: []int{2, 1},
		RemindAt: "09:00", RemindHeadAt: "15:00", EscalateDays: 2, StandingDays: 5, CalendarFrom: "10-25",
	}
}

// Row is one case in a list.
type Row struct {
	Ref     string
	State   State
	Name    string // complainant
	Subject string
	Handler string
	Due     Date
	Overdue bool
}

// Receive decides what a mail means. c is the case that the mail belongs to,
// locked; nil if it names none. The case that is returned is c, or an empty
// one to which the first event will be Opened; the events have not been
// applied to it: that is done when they are recorded.
func (p *Policy) Receive(c *Case, m *Message, at time.Time) (*Case, Outcome) {
	base := c
	if base == nil {
		base = &Case{}
	}
	at = at.Truncate(time.Microsecond) // what the store keeps of it
	s := &session{p: p, m: m, at: at, lang: p.Language, by: m.From.Addr}
	if c != nil {
		s.c = c.Clone()
	}
	switch {
	case m.Class == Own || m.Class == Journal: // our own words tell us nothing
	case s.c == nil && m.Class != Bounce && p.isForm(m):
		s.formMail()
	case m.Class == Bounce || m.Class == Auto:
		s.automatic()
	case m.Class == Staff:
		s.staffMail()
	default:
		s.clientMail()
	}
	s.share()
	return base, s.out
}

// automatic keeps a robot's mail with its case and answers nothing.
func (s *session) automatic() {
	if s.c == nil {
		s.out.Hold = "automatic mail that names no case (" + s.m.Why + ")"
		return
	}
	s.do(&Heard{From: s.m.From, Who: "auto", Text: excerpt(s.m.OwnWords, 2000), MessageID: s.m.MessageID, Attachments: s.m.Attachments})
}

// session is one message being worked on: a copy of the case that takes each
// event at once, so that a later command sees what an earlier one did.
type session struct {
	p    *Policy
	c    *Case // copy; nil: none
	m    *Message
	at   time.Time
	by   string  // who acts
	who  *Person // the member of staff; nil: nobody of the register
	lang string  // of the reader who is answered
	out  Outcome
	err  error  // the first event that did not fit: a fault of ours
	part string // tells the mails of a further case from those of the first
}

// do applies a fact to the copy and keeps the event.
func (s *session) do(f Fact) {
	e := Event{Seq: s.c.Seq + 1, At: s.at, By: s.by, Fact: f}
	if s.m != nil {
		e.Message = s.m.ID
	}
	if err := s.c.Apply(e); err != nil {
		if s.err == nil {
			s.err = err
		}
		return
	}
	s.out.Events = append(s.out.Events, e)
}

// alert tells the administrator of something: in the log, and by mail to the
// security address, once an hour for each kind. It holds nothing of a case.
func (s *session) alert(kind, text string) {
	s.out.Alerts = append(s.out.Alerts, Alert{Kind: kind, Text: text})
	if s.p.Security == "" {
		return
	}
	s.out.Mails = append(s.out.Mails, Mail{
		Key: fmt.Sprintf("alert/%s/%s", kind, s.at.UTC().Format("2006010215")), To: Address{Addr: s.p.Security}, Lang: s.p.Language,
		Template: "alert", Facts: Facts{Subject: kind, Text: text},
	})
}

// cause names what this session is about, for the keys of its mails.
func (s *session) cause() string {
	if s.m != nil {
		return short(s.m.ContentHash+s.m.SHA256) + s.part
	}
	return s.c.Ref + "@" + s.at.UTC().Format("20060102T150405")
}

func short(hash string) string { return hash[:min(24, len(hash))] }

// tell adds a mail to a member of staff.
func (s *session) tell(p *Person, template string, f Facts) *Mail {
	return s.send(Mail{To: p.Mailbox(), Lang: s.p.Language, Template: template, Staff: true, Facts: f})
}

// tellClient adds a mail to the complainant, in the case's language.
func (s *session) tellClient(template string, f Facts) *Mail {
	return s.send(Mail{To: s.c.Complainant.Mailbox(), Lang: s.c.Lang, Template: template, Facts: f, InReplyTo: s.c.LastMessage})
}

// send adds a mail under a key of its own: the message, the template, the
// reader, and the how-manieth of them.
func (s *session) send(m Mail) *Mail {
	n := 0
	for _, x := range s.out.Mails {
		if x.Template == m.Template && SameAddr(x.To.Addr, m.To.Addr) {
			n++
		}
	}
	m.Key = fmt.Sprintf("%s/%s/%s/%d", s.cause(), m.Template, strings.ToLower(m.To.Addr), n)
	s.out.Mails = append(s.out.Mails, m)
	return &s.out.Mails[len(s.out.Mails)-1]
}

// desk lists the officers and heads who may know of the case.
func (s *session) desk() []*Person { return s.free(Officer, Head) }

// free lists the people who hold some roles on this case, without a conflict.
func (s *session) free(any ...Role) []*Person { return s.p.acting(s.c, any...) }

// handlers are who works on the case: the responsible person and the desk.
func (s *session) handlers() []*Person {
	var out []*Person
	if h := s.p.Register.Find(s.c.Handler); h.Is(AnyStaff) && !s.c.Conflicted(h) {
		out = append(out, h)
	}
	for _, p := range s.desk() {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// tr chooses between the languages of the reader who is answered.
func (s *session) tr(zh, en string, args ...any) string {
	return fmt.Sprintf(pick(s.lang, zh, en), args...)
}

func (s *session) today() Date { return DateOf(s.at.In(s.p.Location)) }

// excerpt shortens a text to n runes at most, and says so.
func excerpt(text string, n int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	r := []rune(text)
	return strings.TrimSpace(string(r[:n])) + "……"
}
