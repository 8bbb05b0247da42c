package mailout

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"complaints"
)

// View is what a mail template sees. Its fields are data, its methods put
// them into the reader's language. Every method works on a view without a
// case and on a case to which nothing has happened yet: a mail that cannot be
// written would hold up all that follow it.
type View struct {
	Lang        string // of the reader: zh or en
	Firm        complaints.Firm
	FirmName    string // in Lang
	To          complaints.Address
	Case        *complaints.Case // nil: the mail is about no case
	Ref         string
	Facts       complaints.Facts
	Actions     []Action
	ReplyTo     string                   // the address that an answer goes to
	Letter      *complaints.LetterRecord // that the mail carries or speaks of, or nil
	Number      string                   // of Letter, e.g. 明律投告〔2026〕12号; "" before issue
	Hash        string                   // of the draft that is attached: 12 hex digits
	Rows        []complaints.Row
	Agenda      []Due               // of a digest
	Meeting     *complaints.Meeting // nil: the mail is about no meeting
	Pages       []Page              // of the draft that is attached
	MorePages   int                 // of its pages that are in the PDF only
	Earlier     int                 // version of the draft before it; 0: it is the first
	Changes     []Change
	MoreChanges int    // that are not listed
	Name        string // of the template

	policy *complaints.Policy
	now    time.Time
}

// Action is a command ready to send. Href is a mailto: link (RFC 6068) that
// opens a mail with recipient, subject and body filled in.
type Action struct {
	Label string
	Line  string
	Text  string
	Href  string
}

// NewView gathers what the template of m may say. c is the case, or nil; rows
// are for a list; actions are the reader's next commands (Policy.Next); replyTo
// is the address with its token; hash is the SHA-256 (hex) of the PDF that m
// carries, or "". now is the time of writing.
func NewView(p *complaints.Policy, m complaints.Mail, c *complaints.Case, rows []complaints.Row, actions []complaints.Action, replyTo, hash string, now time.Time) View {
	m = fit(p, c, m)
	v := View{
		Lang: m.Lang, Firm: p.Firm, FirmName: p.Firm.In(m.Lang), To: m.To, Case: c, Facts: m.Facts,
		ReplyTo: replyTo, Rows: rows, Name: m.Template, policy: p, now: now,
	}
	if v.Hash = m.Facts.Hash; m.Draft && hash != "" {
		v.Hash = hash
	}
	v.Hash = v.Hash[:min(12, len(v.Hash))]
	if c != nil {
		v.Ref, v.Letter = c.Ref, letterOf(m, c)
		if who := p.Register.Find(m.To.Addr); m.Staff && who != nil && !p.MayRead(c, who) {
			// Whoever may not read the case is told what concerns them, and of
			// the case its number and state.
			v.Case = &complaints.Case{Ref: c.Ref, State: c.State, Lang: c.Lang}
		}
	}
	if v.Letter != nil {
		v.Number = v.Letter.Letter.Number.String()
	}
	offered := v.clientActions()
	if m.Staff {
		offered = v.staffActions(actions)
	}
	for _, a := range offered {
		v.Actions = append(v.Actions, v.ready(a))
	}
	return v
}

// Templates that tell their reader what is theirs to know, whatever the case
// holds: answers to their own mails, and notices addressed to them.
var own = []string{"respondent", "transcript", "confirm", "help", "impersonated", "note_kept", "list", "digest", "reminder", "alert",
	"calendar_missing", "calendar_proposed", "calendar_changed", "extension_asked"}

// Templates that pass on what the case holds.
var content = []string{"new_case", "client_replied", "assigned", "took_on", "report_review", "report_approved", "report_returned", "draft", "draft_approval",
	"draft_returned", "letter_sent", "letter_failed", "letter_in_doubt", "closed_staff", "appeal_lodged", "appeal_papers", "votes_in", "appeal_late", "committee_papers", "opinions_in", "committee_opinion", "view"}

// fit takes out of a mail to staff what its reader may not see at the time of
// writing (casework B.4): whoever is complained of or recused gets nothing but
// what is addressed to them, and whoever else may not read the case nothing of
// its content. Sentences of the desk's own, which name no author, stay.
func fit(p *complaints.Policy, c *complaints.Case, m complaints.Mail) complaints.Mail {
	who := p.Register.Find(m.To.Addr)
	if c == nil || !m.Staff || who == nil || p.MayRead(c, who) || slices.Contains(own, m.Template) {
		return m
	}
	desk := m.Template == "case_news" && m.Facts.From.Addr == "" && len(m.Facts.Attachments) == 0
	if !desk && (c.Conflicted(who) || slices.Contains(content, m.Template) || m.Template == "case_news") {
		m.LetterNo, m.Draft, m.Facts = 0, false, complaints.Facts{}
	}
	return m
}

// letterOf finds the letter that a mail carries or speaks of. A notice of
// failure names the template that carried it.
func letterOf(m complaints.Mail, c *complaints.Case) *complaints.LetterRecord {
	if m.LetterNo > 0 && m.LetterNo <= len(c.Letters) {
		return &c.Letters[m.LetterNo-1]
	}
	if m.Template != "letter_failed" && m.Template != "letter_in_doubt" {
		return nil // Facts.Subject is anybody's words
	}
	switch m.Facts.Subject {
	case "ack":
		return c.LastLetter(complaints.AckLetter)
	case "result":
		return c.LastLetter(complaints.ResultLetter)
	case "settled":
		return c.LastLetter(complaints.SettlementLetter)
	case "decision":
		return c.LastLetter(complaints.DecisionLetter)
	}
	return nil
}

// show adds what the mail of a draft shows.
func (v *View) show(p *preview) {
	if p != nil {
		v.Pages, v.MorePages, v.Earlier, v.Changes, v.MoreChanges = p.pages, p.more, p.earlier, p.changes, p.others
	}
}

// tr chooses between the two languages.
func (v View) tr(zh, en string, args ...any) string {
	s := zh
	if v.Lang == "en" {
		s = en
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// Tag begins the subject of every mail about a case: [T2026-0001].
func (v View) Tag() string {
	if v.Ref == "" {
		return ""
	}
	return "[" + v.Ref + "]"
}

// Dear is the salutation of a client, without the final mark. A name is the
// sender's own word and may be anything: one that is long is left out.
func (v View) Dear() string {
	name := strings.Join(strings.Fields(v.To.Name), " ")
	if name == "" || utf8.RuneCountInString(name) > 40 || strings.ContainsAny(name, "@/<>") {
		return v.tr("尊敬的投诉人", "Dear Sir or Madam")
	}
	return v.tr("尊敬的%s", "Dear %s", name)
}

// Date writes a day: 2026年11月24日, 24 November 2026; "" for none.
func (v View) Date(d complaints.Date) string { return d.In(v.Lang) }

// Time writes a moment in the firm's time zone; "" for none. In English the
// zone is named, since the reader may be elsewhere.
func (v View) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(v.location())
	day := complaints.DateOf(t).In(v.Lang)
	return v.tr(day+" "+t.Format("15:04"), day+", "+t.Format("15:04 (UTC-07:00)"))
}

// Stamp writes a moment for lists: 2026-11-24 09:05.
func (v View) Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.location()).Format("2006-01-02 15:04")
}

func (v View) location() *time.Location {
	if v.policy.Location == nil {
		return time.UTC
	}
	return v.policy.Location
}

// Who names the person behind an address: by the register, by the case, or
// else the address itself.
func (v View) Who(addr string) string {
	switch {
	case addr == "":
		return ""
	case addr == complaints.TheDesk:
		return v.tr("投诉处理系统", "the desk")
	}
	if p := v.policy.Register.Find(addr); p != nil && p.Name != "" {
		return p.Name
	}
	if v.Case != nil && complaints.SameAddr(addr, v.Case.Complainant.Addr) && v.Case.Complainant.Name != "" {
		return v.tr("%s（投诉人）", "%s (complainant)", v.Case.Complainant.Name)
	}
	return addr
}

// Size writes a number of bytes.
func (v View) Size(n int) string {
	switch {
	case n < 1<<10:
		return v.tr("%d 字节", "%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// Excerpt shortens words for a mail that anybody can provoke.
func (v View) Excerpt(s string) string { return v.clip(s, 600) }

// Whole gives words as they are; only what no reader reads in a mail is cut.
func (v View) Whole(s string) string { return v.clip(s, 20000) }

func (v View) clip(s string, n int) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n])) + v.tr("……（以下从略，全文在案卷中）", " … (shortened; the whole text is on file)")
}

// Handler names the responsible person, or "".
func (v View) Handler() string {
	if v.Case == nil {
		return ""
	}
	return v.Who(v.Case.Handler)
}

// Files are the files that the mail speaks of: those of the mail that is
// answered, or, in an acknowledgement, those that came with the complaint.
func (v View) Files() []complaints.Attachment {
	if len(v.Facts.Attachments) > 0 || v.Case == nil || v.Name != "ack" {
		return v.Facts.Attachments
	}
	var out []complaints.Attachment
	for _, e := range v.Case.Evidence {
		if complaints.SameAddr(e.From, v.Case.Complainant.Addr) && !e.At.After(v.Case.Registered) {
			out = append(out, e.Attachment)
		}
	}
	return out
}

// Refused reports whether a line of the transcript was refused, and so nothing
// was done.
func (v View) Refused() bool {
	return slices.ContainsFunc(v.Facts.Transcript, func(l complaints.Line) bool { return l.Refused })
}

// Verbs names the commands of the transcript, for its subject.
func (v View) Verbs() string {
	var verbs []string
	for _, l := range v.Facts.Transcript {
		if verb := verbOf(l.Command); verb != "" && !slices.Contains(verbs, verb) {
			verbs = append(verbs, verb)
		}
	}
	if len(verbs) > 4 {
		verbs = append(verbs[:4], "…")
	}
	return strings.Join(verbs, " ")
}

// About is the subject that a correspondent chose; "" if it answers one of
// ours.
func (v View) About() string {
	if complaints.FindRef(v.Facts.Subject) != "" {
		return ""
	}
	return v.Facts.Subject
}

// Personal reports whether an answer to this mail carries the reader's
// authority.
func (v View) Personal() bool { return v.ReplyTo != v.policy.Address }

// Approvers names who may approve the draft: heads (for a committee decision
// the chair) without a conflict, other than the drafter.
func (v View) Approvers() string {
	if v.Case == nil || v.Letter == nil {
		return ""
	}
	role := complaints.Head
	if v.Letter.Letter.Kind == complaints.DecisionLetter {
		role = complaints.Chair
	}
	var names []string
	for _, p := range v.policy.Register.With(role) {
		if !complaints.SameAddr(p.Address, v.Letter.Drafter) && !v.Case.Conflicted(p) {
			names = append(names, v.Who(p.Address))
		}
	}
	return strings.Join(names, v.tr("、", ", "))
}

// ByPost reports whether the letter went by post.
func (v View) ByPost() bool {
	return v.Letter != nil && v.Letter.Posted != nil && len(v.Letter.Got) == 0 // it may have reached another mailbox after all
}

// Result is the last letter that answered the complaint, or nil.
func (v View) Result() *complaints.LetterRecord {
	if v.Case == nil {
		return nil
	}
	return v.Case.Answer()
}

// Remitted reports whether the mail carries a decision that sends the case back
// for a new investigation.
func (v View) Remitted() bool {
	return v.Letter != nil && v.Letter.Letter.Decision != nil && v.Letter.Letter.Decision.Decision == complaints.Remit
}

// Settled reports whether the complaint was answered by a settlement.
func (v View) Settled() bool { r := v.Result(); return r != nil && r.Letter.Settlement != nil }

// Promised reports whether the client has in writing what has not been carried
// out yet.
func (v View) Promised() bool {
	r := v.Result()
	return r != nil && r.Issued && !r.Delivered.IsZero() && len(v.Outstanding()) > 0
}

// Appealing reports whether an appeal is before the committee.
func (v View) Appealing() bool {
	return v.Case != nil && (v.Case.State == complaints.AppealLodged || v.Case.State == complaints.AppealReview)
}

// TriageDue is the last day for the first review and the assignment (C3).
func (v View) TriageDue() complaints.Date {
	if v.Case == nil || v.policy.Calendar == nil || v.policy.TriageDays == 0 {
		return complaints.Date{}
	}
	start := complaints.DateOf(v.Case.Registered.In(v.location()))
	return v.policy.Calendar.WorkingDays(start, v.policy.TriageDays, nil).Due
}

// FromReceipt reports whether the investigation is counted from receipt, on a
// day other than that of the registration.
func (v View) FromReceipt() bool {
	return v.Case != nil && v.Case.Due.Start != complaints.DateOf(v.Case.Registered.In(v.location()))
}

// Running names what the case waits for: the report, the result letter, an
// appeal, the committee, or nothing that has a day.
func (v View) Running() string {
	if v.Case == nil {
		return ""
	}
	switch v.Case.State {
	case complaints.Registered, complaints.Triage, complaints.Investigating, complaints.AwaitingClient, complaints.ReportReview, complaints.CommitteePre:
		return "report"
	case complaints.DecisionDraft:
		return "result"
	case complaints.Decided:
		return "appeal"
	case complaints.AppealLodged, complaints.AppealReview:
		if v.Case.Appeal != nil {
			return "committee"
		}
	}
	return ""
}

// Tardy reports whether the time for an appeal is over.
func (v View) Tardy() bool {
	return v.Case != nil && !v.Case.AppealUntil.IsZero() && v.Case.AppealUntil.Before(v.today())
}

// Appealable reports whether the client may appeal now.
func (v View) Appealable() bool {
	return v.Case != nil && (v.Case.State == complaints.Decided || v.Case.State == complaints.Closed) && !v.Case.AppealUntil.IsZero() && !v.Tardy()
}

func (v View) today() complaints.Date { return complaints.DateOf(v.now.In(v.location())) }

// ResultDue is the last day for the result letter (C5), once it is known.
func (v View) ResultDue() complaints.Date {
	if v.Case == nil || v.Case.Inquired().IsZero() || v.policy.Calendar == nil {
		return complaints.Date{}
	}
	start := v.Day(v.Case.Inquired())
	return v.policy.Calendar.WorkingDays(start, v.policy.ResultDays, nil).Due
}

// Tally counts the votes on an appeal, the ruling with most votes first.
func (v View) Tally() []Count {
	if v.Case == nil || v.Case.Appeal == nil {
		return nil
	}
	var out []Count
	for _, x := range v.Case.Appeal.Votes {
		if i := slices.IndexFunc(out, func(c Count) bool { return c.Ruling == x.Ruling }); i >= 0 {
			out[i].N++
		} else {
			out = append(out, Count{x.Ruling, 1})
		}
	}
	slices.SortStableFunc(out, func(a, b Count) int { return b.N - a.N })
	return out
}

// Count is how many votes one ruling has.
type Count struct {
	Ruling complaints.Ruling
	N      int
}

// Now is the time of writing.
func (v View) Now() time.Time { return v.now }

// Security is the address that suspicious mail is reported to, or "".
func (v View) Security() string { return v.policy.Security }

// Limit is the day that the facts name, in words; "" if they name none: the
// day for an answer, or the day on which the clock of a reminder ends.
func (v View) Limit() string {
	for _, s := range []string{v.Facts.Level, v.Facts.Reason} {
		if d, ok := complaints.ParseDate(s); ok {
			return v.Date(d)
		}
	}
	return ""
}

// First writes a phrase with a capital, as it stands in a table.
func (v View) First(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return strings.ToUpper(string(r)) + s[n:]
}
