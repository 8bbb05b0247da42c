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
	"path"
	"regexp"
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
	Withdrawing bool          `json:"withdrawing,omitempty"` // the client asked to withdraw and was asked to confirm
	ExOfficio   bool          `json:"ex_officio,omitempty"`  // goes on whatever the client withdraws
	Outside     *Outside      `json:"outside,omitempty"`     // with an outside body
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

// basis reads what a finding rests on: files by their number or name, or words
// for what lies elsewhere. Without it, the files that the reasons or this mail
// bring; failing these, all that is on file, counted.
func (s *session) basis(given, reason string) ([]string, error) {
	var out []string
	add := func(name string) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, w := range strings.FieldsFunc(given, func(r rune) bool { return strings.ContainsRune(",，、;；", r) }) {
		w = strings.TrimSpace(w)
		if n, err := strconv.Atoi(w); err == nil {
			if n < 1 || n > len(s.c.Evidence) {
				return nil, Refuse("没有第%[1]d号证据。案卷中：%[2]s", "There is no item %[1]d of evidence. On file: %[3]s", n, s.c.exhibits("zh"), s.c.exhibits("en"))
			}
			w = s.c.Evidence[n-1].Name
		}
		add(w)
	}
	if given != "" {
		return out, nil
	}
	for _, a := range s.m.Attachments {
		add(a.Name)
	}
	for _, e := range s.c.Evidence {
		if strings.Contains(reason, strings.TrimSuffix(e.Name, path.Ext(e.Name))) {
			add(e.Name)
		}
	}
	if len(out) == 0 {
		add(s.c.whole(s.c.Lang))
	}
	return out, nil
}

// restsOn tells who finds what the finding is taken to rest on.
func (s *session) restsOn(rests []string) string {
	if len(rests) == 0 {
		return s.tr("（尚无证据，请补上 证据=）", " (nothing on file to rest it on: add evidence=)")
	}
	return s.tr("（依据：%s）", " (on %s)", strings.Join(rests, s.tr("、", ", ")))
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
	Delivered time.Time `json:"delivered,omitzero"`
}

// Delivery of a letter: "" until it was tried.
const (
	DeliveryAccepted = "accepted" // the relay took it (SMTP 250); no bounce so far
	DeliveryFailed   = "failed"   // refused, or bounced later
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
	d.Pauses, d.Breaches, d.Letters = slices.Clone(c.Pauses), slices.Clone(c.Breaches), slices.Clone(c.Letters)
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

// pendingDraft gives the draft that waits for approval, or nil.
func (c *Case) pendingDraft() *LetterRecord {
	for i := len(c.Letters) - 1; i >= 0; i-- {
		if !c.Letters[i].Issued {
			return &c.Letters[i]
		}
	}
	return nil
}

var refForm = regexp.MustCompile(`(?i)\bT(\d{4})-(\d{4,7})\b`)

// FormatRef gives T2026-0012.
func FormatRef(year, n int) string { return fmt.Sprintf("T%04d-%04d", year, n) }

// FindRef finds the first case reference in a text, e.g. a subject, and gives
// it in its plain form; "" if there is none.
func FindRef(s string) string {
	m := refForm.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	y, _ := strconv.Atoi(m[1])
	n, _ := strconv.Atoi(m[2])
	if n == 0 {
		return ""
	}
	return strings.ToUpper(FormatRef(y, n))
}

// State is where a case stands (casework B.1).
type State string

// The states. The main path comes first, then the side exits.
const (
	Registered     State = "REGISTERED"
	Triage         State = "TRIAGE"
	Investigating  State = "INVESTIGATING"
	AwaitingClient State = "AWAITING_CLIENT"
	Suspended      State = "SUSPENDED"
	ReportReview   State = "REPORT_REVIEW"
	CommitteePre   State = "COMMITTEE_PRE"
	DecisionDraft  State = "DECISION_DRAFT"
	Decided        State = "DECIDED"
	AppealLodged   State = "APPEAL_LODGED"
	AppealReview   State = "APPEAL_REVIEW"
	AppealDecided  State = "APPEAL_DECIDED"
	InRemedy       State = "REMEDY"
	External       State = "EXTERNAL"
	Closed         State = "CLOSED"
	Archived       State = "ARCHIVED"
	NotComplaint   State = "NOT_COMPLAINT"
	Declined       State = "DECLINED"
	Referred       State = "REFERRED"
	Merged         State = "MERGED"
	Withdrawn      State = "WITHDRAWN"
	NotPursued     State = "NOT_PURSUED"
)

var stateWords = map[State][2]string{
	Registered: {"已登记", "registered"}, Triage: {"初审", "under initial review"},
	Investigating: {"调查中", "under investigation"}, AwaitingClient: {"待投诉人补充", "waiting for the complainant"},
	Suspended: {"中止", "suspended"}, ReportReview: {"报告审核", "report under review"},
	CommitteePre: {"重大案件审议", "before the committee"}, DecisionDraft: {"拟文", "result being drafted"},
	Decided: {"已答复", "result sent"}, AppealLodged: {"申诉受理审查", "appeal lodged"},
	AppealReview: {"委员会审查", "appeal before the committee"}, AppealDecided: {"申诉已决定", "appeal decided"},
	InRemedy: {"履行中", "remedy being carried out"}, External: {"外部处理", "with an outside body"},
	Closed: {"已结案", "closed"}, Archived: {"已归档", "archived"}, NotComplaint: {"非投诉", "not a complaint"},
	Declined: {"不予受理", "not accepted"}, Referred: {"已转介", "referred"}, Merged: {"已合并", "merged"},
	Withdrawn: {"已撤回", "withdrawn"}, NotPursued: {"投诉人未配合", "not pursued"},
}

// In gives the state in words.
func (s State) In(lang string) string {
	w := stateWords[s]
	return pick(lang, w[0], w[1])
}

// Open reports whether work remains: no end state has been reached.
func (s State) Open() bool {
	switch s {
	case Closed, Archived, NotComplaint, Declined, Referred, Merged, Withdrawn, NotPursued:
		return false
	}
	return true
}
