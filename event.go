package complaints

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is a fact in the history of a case: who, when, on which message, and
// what. Events are only ever added; Seq counts from 1 within a case.
type Event struct {
	Seq     int
	At      time.Time
	By      string // address of the person, or "desk"
	Message int64  // the store's number of the message that caused it; 0 if none
	Fact    Fact
}

// Fact is the typed payload of an event. Its JSON form is what is stored;
// Kind names the type there, in snake case, for ever.
type Fact interface {
	Kind() string
	apply(c *Case, e *Event) error
}

// TheDesk is who acts when no person does.
const TheDesk = "desk"

// facts makes an empty Fact of each kind, for reading the log.
var facts = map[string]func() Fact{
	"opened":              func() Fact { return &Opened{} },
	"heard":               func() Fact { return &Heard{} },
	"admitted":            func() Fact { return &Admitted{} },
	"classified":          func() Fact { return &Classified{} },
	"alleged":             func() Fact { return &Alleged{} },
	"assigned":            func() Fact { return &Assigned{} },
	"took_on":             func() Fact { return &TookOn{} },
	"recused":             func() Fact { return &Recused{} },
	"recusal_sought":      func() Fact { return &RecusalSought{} },
	"asked":               func() Fact { return &Asked{} },
	"noted":               func() Fact { return &Noted{} },
	"found":               func() Fact { return &Found{} },
	"root_cause":          func() Fact { return &RootCause{} },
	"reported":            func() Fact { return &Reported{} },
	"report_approved":     func() Fact { return &ReportApproved{} },
	"report_returned":     func() Fact { return &ReportReturned{} },
	"remedy_offered":      func() Fact { return &RemedyOffered{} },
	"performed":           func() Fact { return &Performed{} },
	"completed":           func() Fact { return &Completed{} },
	"verified":            func() Fact { return &Verified{} },
	"surveyed":            func() Fact { return &Surveyed{} },
	"measure_set":         func() Fact { return &MeasureSet{} },
	"drafted":             func() Fact { return &Drafted{} },
	"draft_rendered":      func() Fact { return &DraftRendered{} },
	"draft_returned":      func() Fact { return &DraftReturned{} },
	"issued":              func() Fact { return &Issued{} },
	"sealed":              func() Fact { return &Sealed{} },
	"seal_used":           func() Fact { return &SealUsed{} },
	"delivered":           func() Fact { return &Delivered{} },
	"undelivered":         func() Fact { return &NotDelivered{} },
	"offer_accepted":      func() Fact { return &OfferAccepted{} },
	"withdrawal_sought":   func() Fact { return &WithdrawalSought{} },
	"appealed":            func() Fact { return &Appealed{} },
	"referred_to_panel":   func() Fact { return &ReferredToPanel{} },
	"voted":               func() Fact { return &Voted{} },
	"appeal_admitted":     func() Fact { return &AppealAdmitted{} },
	"appeal_declined":     func() Fact { return &AppealDeclined{} },
	"docketed":            func() Fact { return &Docketed{} },
	"opined":              func() Fact { return &Opined{} },
	"advised":             func() Fact { return &Advised{} },
	"alternates_called":   func() Fact { return &AlternatesCalled{} },
	"chair_named":         func() Fact { return &ChairNamed{} },
	"remitted":            func() Fact { return &Remitted{} },
	"ruled":               func() Fact { return &Ruled{} },
	"language_set":        func() Fact { return &LanguageSet{} },
	"reminded":            func() Fact { return &Reminded{} },
	"merged":              func() Fact { return &MergedInto{} },
	"absorbed":            func() Fact { return &Absorbed{} },
	"split_off":           func() Fact { return &SplitOff{} },
	"grouped":             func() Fact { return &Grouped{} },
	"member_left":         func() Fact { return &MemberLeft{} },
	"graded":              func() Fact { return &Graded{} },
	"breached":            func() Fact { return &Breached{} },
	"closed":              func() Fact { return &ClosedCase{} },
	"reopened":            func() Fact { return &Reopened{} },
	"respondent_asked":    func() Fact { return &RespondentAsked{} },
	"stated":              func() Fact { return &Stated{} },
	"outside":             func() Fact { return &Outside{} },
	"came_back":           func() Fact { return &CameBack{} },
	"reported_out":        func() Fact { return &ReportedOut{} },
	"withdrawal_answered": func() Fact { return &WithdrawalAnswered{} },
	"ex_officio":          func() Fact { return &ExOfficio{} },
	"progress":            func() Fact { return &Progressed{} },
	"made_good":           func() Fact { return &MadeGood{} },
	"extension_asked":     func() Fact { return &ExtensionAsked{} },
	"extended":            func() Fact { return &Extended{} },
	"extension_refused":   func() Fact { return &ExtensionRefused{} },
	"requested":           func() Fact { return &Requested{} },
	"suspended":           func() Fact { return &Stayed{} },
	"suspension_reviewed": func() Fact { return &StayReviewed{} },
	"resumed":             func() Fact { return &Resumed{} },
	"recounted":           func() Fact { return &Recounted{} },
	"meeting_called":      func() Fact { return &MeetingCalled{} },
	"meeting_moved":       func() Fact { return &MeetingMoved{} },
	"meeting_cancelled":   func() Fact { return &MeetingCancelled{} },
	"attendance":          func() Fact { return &Attendance{} },
	"alternates_invited":  func() Fact { return &AlternatesInvited{} },
	"minutes_filed":       func() Fact { return &MinutesFiled{} },
	"minutes_returned":    func() Fact { return &MinutesReturned{} },
	"minutes_issued":      func() Fact { return &MinutesIssued{} },
}

// DecodeFact reads the stored form of a fact.
func DecodeFact(kind string, body []byte) (Fact, error) {
	fresh, ok := facts[kind]
	if !ok {
		return nil, fmt.Errorf("event of unknown kind %q: written by a newer version?", kind)
	}
	f := fresh()
	if err := json.Unmarshal(body, f); err != nil {
		return nil, fmt.Errorf("event %s: %w", kind, err)
	}
	return f, nil
}

// EncodeFact gives the stored form of a fact.
func EncodeFact(f Fact) (kind string, body []byte, err error) {
	body, err = json.Marshal(f)
	return f.Kind(), body, err
}

// Numbers are what the store gives out, in the transaction that records the
// events: without gaps, and so never before it is sure that they are used.
type Numbers interface {
	Next(series string, year int) (int, error)
}

// Wants says of which series and year the fact still lacks a number: the
// reference of a new case, the 发文字号 of a letter at issue.
func (e *Event) Wants() (series string, year int, ok bool) {
	switch f := e.Fact.(type) {
	case *Opened:
		return "case", f.Year, f.Ref == ""
	case *Issued:
		return f.Number.Kind, f.Number.Year, f.Number.N == 0
	case *MinutesIssued:
		return f.Number.Kind, f.Number.Year, f.Number.N == 0
	case *MeetingCalled:
		return "meeting", f.Year, f.Ref == ""
	}
	return "", 0, false
}

// Number fills in the number that a fact still lacks.
func (e *Event) Number(n Numbers) error {
	if f, ok := e.Fact.(*SplitOff); ok && f.Ref == "" && f.opened != nil {
		f.Ref = f.opened.Ref
	}
	series, year, ok := e.Wants()
	if !ok {
		return nil
	}
	i, err := n.Next(series, year)
	if err != nil {
		return err
	}
	switch f := e.Fact.(type) {
	case *Opened:
		f.Ref = FormatRef(year, i)
	case *Issued:
		f.Number.N = i
	case *MinutesIssued:
		f.Number.N = i
	case *MeetingCalled:
		f.Ref = fmt.Sprintf("M%04d-%04d", year, i)
	}
	return nil
}
