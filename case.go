// Package complaints is the domain of a complaints desk that lives in a mailbox.
//
// Policy decides, Case remembers. The package imports only the standard
// library, does no I/O and reads no clock: times are arguments. Its procedure:
//
//  1. A Message is what came in (RFC 5322), already parsed and classed.
//  2. Policy.Receive, Policy.Undelivered and Policy.Remind decide. Each
//     returns an Outcome: events to remember and mails to send, recorded
//     whole or not at all.
//  3. (*Case).Apply(Event) alone changes a Case; a Case is the sum of its
//     events, and folding the stored events gives the stored row.
//  4. A Mail is an intent to send. What it says is composed later, once, by
//     the sender; from then on the same bytes go out, whatever happens.
//  5. A Refusal is read by a person. Every other error is for the log.
package complaints

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Case is one complaint: the sum of its events. Only Apply changes it.
type Case struct {
	Ref    string `json:"ref"`
	Seq    int    `json:"seq"` // of the last event
	State  State  `json:"state"`
	Lang   string `json:"lang"`   // the client's: zh or en
	Policy string `json:"policy"` // version pinned at registration

	Channel     string        `json:"channel"` // email, phone, visit, web, post, regulator
	Complainant Complainant   `json:"complainant"`
	Subject     string        `json:"subject"`
	Matter      string        `json:"matter"` // the complaint in the client's words
	Received    time.Time     `json:"received"`
	Registered  time.Time     `json:"registered"`
	Missing     []string      `json:"missing,omitempty"`   // of the five fields of chapter 4
	Registrar   string        `json:"registrar,omitempty"` // member of staff who entered it or passed it on
	Similar     []Similar     `json:"similar,omitempty"`   // open cases that it looked like when it came
	Marks       []string      `json:"marks,omitempty"`     // numbers of matters and contracts that it names
	SplitFrom   string        `json:"split_from,omitempty"`
	Merged      []string      `json:"merged,omitempty"`      // cases that were merged into this one
	Took        []Took        `json:"took,omitempty"`        // what each of them brought; first what was this case's own
	Was         State         `json:"was,omitempty"`         // of a merged case: where it stood
	Withdrawing bool          `json:"withdrawing,omitempty"` // the client asked to withdraw and was asked to confirm
	Leaving     []string      `json:"leaving,omitempty"`     // members of a group who did, for themselves
	ExOfficio   bool          `json:"ex_officio,omitempty"`  // goes on whatever the client withdraws
	Outside     *Outside      `json:"outside,omitempty"`     // with an outside body
	Support     *Vulnerable   `json:"support,omitempty"`     // what the complainant needs, who is in a vulnerable position
	MergedInto  string        `json:"merged_into,omitempty"`
	Members     []Complainant `json:"members,omitempty"` // of a group complaint, beside the complainant, who leads it
	Due         Deadline      `json:"due"`               // investigation and written report (C4), as promised

	Category     string        `json:"category,omitempty"` // casework E.1
	Severity     Severity      `json:"severity,omitempty"` // casework E.3; "" until somebody graded it
	Allegations  []Allegation  `json:"allegations,omitempty"`
	Assignee     string        `json:"assignee,omitempty"` // asked to investigate
	Handler      string        `json:"handler,omitempty"`  // has accepted: the responsible person
	Recusals     []Recused     `json:"recusals,omitempty"`
	Hearings     []Hearing     `json:"hearings,omitempty"`
	RootCauses   []RootCause   `json:"root_causes,omitempty"`
	Report       *Report       `json:"report,omitempty"`
	Settlement   *Settlement   `json:"settlement,omitempty"` // an early resolution, offered or agreed
	Remedies     []Remedy      `json:"remedies,omitempty"`
	Measures     []Measure     `json:"measures,omitempty"`
	Performed    []Performed   `json:"performed,omitempty"` // remedies that were carried out
	MeasuresDone []MeasureDone `json:"measures_done,omitempty"`
	Survey       *Surveyed     `json:"survey,omitempty"`
	Appeal       *Appeal       `json:"appeal,omitempty"`
	Docket       *Docket       `json:"docket,omitempty"`       // of a major case: before the committee, ahead of its decision
	ActingChair  string        `json:"acting_chair,omitempty"` // takes the chair on this case instead of the committee's

	Letters  []LetterRecord `json:"letters,omitempty"`
	Evidence []Evidence     `json:"evidence,omitempty"`
	Log      []Entry        `json:"log,omitempty"`

	Pauses         []Span          `json:"pauses,omitempty"`          // in which the clocks stood still; the last may last still
	Extensions     []Extended      `json:"extensions,omitempty"`      // that were granted
	ExtensionAsked *ExtensionAsked `json:"extension_asked,omitempty"` // waits for an answer
	Request        *Requested      `json:"request,omitempty"`         // the last list of what the client was asked for (C6)
	Stay           *Stayed         `json:"stay,omitempty"`            // while it is suspended

	Recounts []Recounted `json:"recounts,omitempty"` // limits that a new table of working days changed

	Breaches []Breached `json:"breaches,omitempty"`

	AppealUntil Date      `json:"appeal_until,omitzero"` // last day of the appeal window (C8); set by delivery of the result
	Reminded    []string  `json:"reminded,omitempty"`    // clock/level pairs already said
	LastMessage string    `json:"last_message"`          // message-id of the client's latest mail, for threading
	ClosedAt    time.Time `json:"closed_at,omitzero"`
	ClosingCode string    `json:"closing_code,omitempty"` // casework E.6
}

// Complainant is who complains.
type Complainant struct {
	Name  string `json:"name"`
	Addr  string `json:"addr"`
	Phone string `json:"phone,omitempty"`
}

// Mailbox gives the complainant's address with the name.
func (p Complainant) Mailbox() Address { return Address{Name: p.Name, Addr: p.Addr} }

// Evidence is one file of the case.
type Evidence struct {
	Attachment
	From string    `json:"from"` // who sent it
	At   time.Time `json:"at"`
}

// exhibits numbers the evidence of a case, as findings may name it.
func (c *Case) exhibits(lang string) string {
	var out []string
	for i, e := range c.Evidence {
		out = append(out, fmt.Sprintf("%d %s", i+1, e.Name))
	}
	if len(out) == 0 {
		return pick(lang, "（无）", "(nothing)")
	}
	return strings.Join(out, pick(lang, "；", "; "))
}

// whole counts what is on file, as what a finding rests on that names nothing;
// "" if there is nothing.
func (c *Case) whole(lang string) string {
	heard := 0
	for _, e := range c.Log {
		if slices.Contains([]string{"interview", "stated", "note"}, e.What) {
			heard++
		}
	}
	if len(c.Evidence)+heard == 0 {
		return ""
	}
	var parts []string
	for _, n := range []struct {
		n      int
		zh, en string
	}{{len(c.Evidence), "文件%d份", "document"}, {heard, "访谈、陈述和记录%d份", "interview, statement or note"}} {
		switch {
		case n.n == 0:
		case lang != "en":
			parts = append(parts, fmt.Sprintf(n.zh, n.n))
		case n.n == 1:
			parts = append(parts, "1 "+n.en)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n.n, strings.Replace(n.en, "interview, statement or note", "interviews, statements and note", 1)))
		}
	}
	return pick(lang, "案卷材料（"+strings.Join(parts, "，")+"）", "the papers on file ("+strings.Join(parts, ", ")+")")
}

// groundless lists the allegations whose finding rests on nothing. That
// something could not be established needs nothing.
func (c *Case) groundless() []string {
	var out []string
	for _, a := range c.Allegations {
		if a.Finding != Undetermined && len(a.Evidence) == 0 {
			out = append(out, strconv.Itoa(a.No))
		}
	}
	return out
}

// Entry is one line of the case's history as a person reads it.
type Entry struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"` // kind of the event: opened, asked, interview, note …
	Text string    `json:"text,omitempty"`
}

// LetterRecord is one letter of the case and what became of it. Version counts
// drafts; a new draft voids approvals.
type LetterRecord struct {
	Letter    Letter    `json:"letter"`
	Version   int       `json:"version"`
	Drafter   string    `json:"drafter"` // address, or "desk"
	DraftHash string    `json:"draft_hash,omitempty"`
	Approver  string    `json:"approver,omitempty"`
	Previous  *Letter   `json:"previous,omitempty"` // of a draft: the version before it
	Issued    bool      `json:"issued,omitempty"`
	Hash      string    `json:"hash,omitempty"` // SHA-256 of the issued PDF, hex
	Delivery  string    `json:"delivery,omitempty"`
	Got       []string  `json:"got,omitempty"`    // addresses whose server took it
	Resent    string    `json:"resent,omitempty"` // another address to which it was sent after it came back
	Posted    *Posted   `json:"posted,omitempty"` // it went by post; nil: it did not
	Delivered time.Time `json:"delivered,omitzero"`
}

// Delivery of a letter: "" until it was tried.
const (
	DeliveryAccepted = "accepted" // the relay took it (SMTP 250); no bounce so far
	DeliveryFailed   = "failed"   // refused, or bounced later
	DeliveryPosted   = "posted"   // on its way by post; once it has arrived it is accepted
)

// Clone gives a deep copy.
func (c *Case) Clone() *Case {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // a Case holds nothing that JSON cannot say
	}
	var d Case
	if err := json.Unmarshal(b, &d); err != nil {
		panic(err)
	}
	return &d
}

// fork gives a copy that the facts of a sweep can be applied to: what they
// change in place is copied, what they add to is not shared, the rest is. A
// deep copy would be most of a sweep's cost.
func (c *Case) fork() *Case {
	d := *c
	d.Pauses, d.Breaches, d.Letters = slices.Clone(c.Pauses), slices.Clone(c.Breaches), slices.Clip(c.Letters)
	if c.pendingDraft() != nil { // a draft is replaced where it stands
		d.Letters = slices.Clone(c.Letters)
	}
	d.Log, d.Reminded = slices.Clip(c.Log), slices.Clip(c.Reminded)
	if c.Appeal != nil {
		a := *c.Appeal
		d.Appeal = &a
	}
	return &d
}

// Apply adds one event to the case. It refuses an event that does not follow
// the last one, or that cannot happen in this state; the case is then as it
// was.
func (c *Case) Apply(e Event) error {
	if e.Seq != c.Seq+1 {
		return fmt.Errorf("case %s: event %d does not follow %d", c.Ref, e.Seq, c.Seq)
	}
	if _, first := e.Fact.(*Opened); first != (c.Seq == 0) {
		return fmt.Errorf("case %s: %s cannot be event %d", c.Ref, e.Fact.Kind(), e.Seq)
	}
	if err := e.Fact.apply(c, &e); err != nil {
		return fmt.Errorf("case %s: event %d %s: %w", c.Ref, e.Seq, e.Fact.Kind(), err)
	}
	c.Seq = e.Seq
	return nil
}

// note adds a line to the readable history.
func (c *Case) note(e *Event, what, text string) {
	c.Log = append(c.Log, Entry{At: e.At, By: e.By, What: what, Text: text})
}

func (c *Case) keep(e *Event, from string, files []Attachment) {
	for _, a := range files {
		known := slices.ContainsFunc(c.Evidence, func(x Evidence) bool { return x.SHA256 == a.SHA256 && x.Name == a.Name })
		if !known {
			a.Content = nil
			c.Evidence = append(c.Evidence, Evidence{Attachment: a, From: from, At: e.At})
		}
	}
}

// Conflicted reports whether a person may not act on this case: respondent of
// an allegation, or recused.
func (c *Case) Conflicted(p *Person) bool {
	if c.respondent(p) {
		return true
	}
	appealed := c.appealed()
	return slices.ContainsFunc(c.Recusals, func(r Recused) bool { return p != nil && SameAddr(r.Person, p.Address) && (appealed || !r.Appeal) })
}

// respondent reports whether a person is complained of.
func (c *Case) respondent(p *Person) bool {
	return p != nil && slices.ContainsFunc(c.Allegations, func(a Allegation) bool { return a.Against(p) })
}

// LastLetter gives the newest letter of a kind, or nil.
func (c *Case) LastLetter(k LetterKind) *LetterRecord {
	for i := len(c.Letters) - 1; i >= 0; i-- {
		if c.Letters[i].Letter.Kind == k {
			return &c.Letters[i]
		}
	}
	return nil
}

// Answer gives the newest letter that answered the complaint, issued or in
// draft: the result, or the confirmation of a settlement. An appeal is against
// it. Nil if there is none.
func (c *Case) Answer() *LetterRecord {
	for i := len(c.Letters) - 1; i >= 0; i-- {
		if k := c.Letters[i].Letter.Kind; k == ResultLetter || k == SettlementLetter {
			return &c.Letters[i]
		}
	}
	return nil
}

// pendingDraft gives the letter that waits for approval, beside a report, or nil.
func (c *Case) pendingDraft() *LetterRecord {
	for i := len(c.Letters) - 1; i >= 0; i-- {
		if r := &c.Letters[i]; !r.Issued && r.Letter.Kind != ReportLetter {
			return r
		}
	}
	return nil
}

// Inquired is when the time for the investigation stopped (C4) and that for the
// result began (C5): its report was approved; of a major case the committee has
// given its opinion on it as well. Zero while that is awaited.
func (c *Case) Inquired() time.Time {
	r := c.Report
	switch {
	case r == nil || slices.Contains(inInquiry, c.State) || c.State == AwaitingClient || c.Stay != nil && !c.appealed():
		return time.Time{}
	case c.Docket != nil && r.ApprovedAt.Before(c.Docket.Closed):
		return c.Docket.Closed
	}
	return r.ApprovedAt
}

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
	"recusal_sought":      func() Fact { return &RecusalSought{} },
	"opened":              func() Fact { return &Opened{} },
	"heard":               func() Fact { return &Heard{} },
	"admitted":            func() Fact { return &Admitted{} },
	"classified":          func() Fact { return &Classified{} },
	"alleged":             func() Fact { return &Alleged{} },
	"assigned":            func() Fact { return &Assigned{} },
	"took_on":             func() Fact { return &TookOn{} },
	"recused":             func() Fact { return &Recused{} },
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
	"resent":              func() Fact { return &Resent{} },
	"posted":              func() Fact { return &Posted{} },
	"delivered":           func() Fact { return &Delivered{} },
	"undelivered":         func() Fact { return &NotDelivered{} },
	"settlement_offered":  func() Fact { return &SettlementOffered{} },
	"settlement_agreed":   func() Fact { return &SettlementAgreed{} },
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
	"vulnerable":          func() Fact { return &Vulnerable{} },
	"reminded":            func() Fact { return &Reminded{} },
	"merged":              func() Fact { return &MergedInto{} },
	"parted":              func() Fact { return &Parted{} },
	"taken_out":           func() Fact { return &TakenOut{} },
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
