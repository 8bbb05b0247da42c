package complaints

import (
	"encoding/json"
	"fmt"
	"maps"
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

	// Proof prints a draft anew and gives the SHA-256 of its PDF, hex: it must
	// be the one that was approved. Words gives what a letter says, a line each,
	// numbers and layout left out. nil: nobody looks.
	Proof func(Letter) (string, error)
	Words func(Letter) ([]string, error)

	Seal bool // there is an image of the firm's seal: letters that a second person approves bear it

	RequireDomain bool     // commands need a From domain that our MX or we verified
	Confirm       bool     // nobody can verify a domain: what a command changes waits for a one-time code that goes to the registered address
	Verdict       *Verdict // of complaintsd doctor on the mail system, or nil

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
	InvestigationStart string `toml:"investigation_start"`   // of C4: registration or receipt
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
	Currency           string `toml:"currency"`              // in which amounts are: CNY, GBP …; "": by the calendar
	MajorLoss          int    `toml:"major_loss_yuan"`       // from which a complaint is major, in the office's currency
	MajorComplainants  int    `toml:"major_complainants"`    // about one cause
	MajorUpheld        int    `toml:"major_upheld_in_year"`  // earlier complaints upheld against the same respondent within twelve months

	AckDays            int    `toml:"acknowledgement_days"`     // C2, channels other than mail
	AcceptanceDays     int    `toml:"acceptance_days"`          // within C3: until the assignee accepts
	SupplementReminder int    `toml:"supplement_reminder_days"` // C6
	SuspensionReview   int    `toml:"suspension_review_days"`   // calendar days
	SuspensionMax      int    `toml:"suspension_max_days"`      // calendar days
	EarlyResolution    int    `toml:"early_resolution_days"`    // from registration to the client's yes; 0: none
	SurveyDays         int    `toml:"survey_after_days"`        // C13, after the end of a case; 0: clients are not asked
	SurveyReminds      int    `toml:"survey_reminders"`
	SurveyClose        int    `toml:"survey_close_days"` // calendar days
	RemindPercent      int    `toml:"remind_at_percent"` // of the time that a clock has
	RemindDays         []int  `toml:"remind_days_before"`
	RemindAt           string `toml:"remind_at"`              // time of reminders, 09:00
	RemindHeadAt       string `toml:"remind_head_at"`         // on the due day, to the head
	EscalateDays       int    `toml:"escalate_days"`          // overdue: to the chair and management
	StandingDays       int    `toml:"standing_item_days"`     // overdue: on every agenda
	CalendarFrom       string `toml:"calendar_reminder_from"` // C19, month-day

	MeetingMonths  int `toml:"meeting_months"`        // C17, between meetings of the committee
	MeetingMonthly int `toml:"meeting_monthly_above"` // open cases above which it meets monthly
	MeetingNotice  int `toml:"meeting_notice_days"`   // before a meeting is due, if none is called
	MinutesDays    int `toml:"minutes_days"`          // from the meeting to its minutes
	TermNotice     int `toml:"term_notice_days"`      // calendar days before a member's term ends
}

// DefaultParameters are the values of the specification.
func DefaultParameters() Parameters {
	return Parameters{
		Version: "V3", RegistrationHours: 24, TriageDays: 2, InvestigationDays: 7, InvestigationStart: "registration", ResultDays: 2, SupplementDays: 10,
		ExtensionFirst: 7, ExtensionSecond: 7, ExtensionCap: 15, AppealDays: 30, AppealAckDays: 1, CommitteeDays: 15,
		CommitteeExtension: 10, VoteDays: 5, ProgressDays: 5, LongStopDays: 56, Quorum: 3, AutomaticPerDay: 3, AutomaticPerHour: 200,
		LettersPerStaffDay: 50, DigestAt: "08:30", RetentionYears: 10, MajorLoss: 100_000, MajorComplainants: 5, MajorUpheld: 3,
		AckDays: 1, AcceptanceDays: 1, SupplementReminder: 5, SuspensionReview: 30, SuspensionMax: 180, EarlyResolution: 3, SurveyDays: 3, SurveyReminds: 1, SurveyClose: 14, RemindPercent: 50, RemindDays: []int{2, 1},
		RemindAt: "09:00", RemindHeadAt: "15:00", EscalateDays: 2, StandingDays: 5, CalendarFrom: "10-25",
		MeetingMonths: 3, MeetingMonthly: 10, MeetingNotice: 10, MinutesDays: 5, TermNotice: 30,
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
	s.countMisuse()
	switch {
	case m.Place != nil && !(m.Class == Staff && m.placed()):
		s.misplaced()
	case m.Class == Own || m.Class == Journal: // our own words tell us nothing
	case s.c == nil && m.Class != Bounce && p.isForm(m):
		s.formMail()
	case m.RSVP != nil && m.Meeting != nil:
		s.rsvp()
	case m.Class == Bounce || m.Class == Auto:
		s.automatic()
	case m.Class == Staff:
		s.staffMail()
	default:
		s.clientMail()
	}
	s.settle()
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

	unproved bool          // a command needs more proof of who wrote it: a confirmation is asked for
	proved   *Confirmation // the commands were confirmed by it
	mt       *Meeting      // copy of the meeting that the mail is about; nil: none
}

// do applies a fact to the copy and keeps the event.
func (s *session) do(f Fact) {
	e := Event{Seq: s.c.Seq + 1, At: s.at, By: s.by, Fact: f}
	if _, letter := f.(*Issued); letter && s.who == nil {
		e.By = TheDesk // not the client whose mail it answers
	}
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
func (s *session) alert(kind, zh, en string, args ...any) {
	text := fmt.Sprintf(pick(s.p.Language, zh, en), args...)
	s.out.Alerts = append(s.out.Alerts, Alert{Kind: kind, Text: text})
	if s.p.Security == "" {
		return
	}
	s.out.Mails = append(s.out.Mails, Mail{
		Key: fmt.Sprintf("alert/%s/%s", kind, s.at.UTC().Format("2006010215")), To: Address{Addr: s.p.Security}, Lang: s.p.Language,
		Template: "alert", Facts: Facts{Reason: alertWords(kind, s.p.Language), Text: text},
	})
}

// alertWords says in a few words what an alert is about.
func alertWords(kind, lang string) string {
	w := map[string][2]string{
		"damped": {"自动回复已停止", "automatic answers stopped"}, "flood": {"自动回复顺延", "automatic answers put off"}, "undelivered": {"邮件未送达", "mail not delivered"}, "doubt": {"邮件是否送出存疑", "mail in doubt"},
		"held": {"邮件已暂存", "mail held"}, "forged": {"冒名邮件", "forged mail"}, "folder": {"命令文件夹", "command folder"},
		"guessing": {"有人试探回复地址或确认码", "somebody is guessing"}, "doctor": {"邮件系统检查", "the mail system"},
		"mailbox": {"收不到邮件", "mail is not taken in"}, "clock": {"时钟不一致", "clocks differ"},
	}[kind]
	return pick(lang, w[0], w[1])
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

// LanguageSet changes the language in which the client is written to.
type LanguageSet struct {
	Lang string `json:"lang"`
}

// Kind names the fact in the log.
func (*LanguageSet) Kind() string { return "language_set" }

func (f *LanguageSet) apply(c *Case, e *Event) error {
	c.Lang = f.Lang
	c.note(e, f.Kind(), f.Lang)
	return nil
}

// language is #语言: in which language the client is written to.
func (s *session) language(c *Command) (string, error) {
	lang := ""
	if len(c.Words) > 0 {
		lang = map[string]string{"zh": "zh", "中文": "zh", "chinese": "zh", "en": "en", "英文": "en", "english": "en"}[strings.ToLower(c.Words[0])]
	}
	if lang == "" {
		return "", Refuse("语言写 zh 或 en。", "The language is zh or en.")
	}
	if lang == s.c.Lang {
		return s.tr("语言已是 %s，没有改动。", "The language is %s already; nothing changed.", lang), nil
	}
	s.do(&LanguageSet{Lang: lang})
	return s.tr("此后致投诉人的函件使用 %s。", "The client is written to in %s from now on.", lang), nil
}

// send adds a mail under the key that it has, or one of its own: the message,
// the template, the reader, and the how-manieth of them.
func (s *session) send(m Mail) *Mail {
	if s.out.Mails == nil {
		s.out.Mails = make([]Mail, 0, 3) // a Mail is large, and most outcomes hold two or three
	}
	if m.Key != "" {
		s.out.Mails = append(s.out.Mails, m)
		return &s.out.Mails[len(s.out.Mails)-1]
	}
	n := 0
	for _, x := range s.out.Mails {
		if x.Template == m.Template && SameAddr(x.To.Addr, m.To.Addr) {
			n++
		}
	}
	if s.mt != nil && m.Staff {
		if m.Meeting = s.mt.Ref; m.Meeting == "" {
			m.Meeting = NewMeeting
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

// spread tells those who work on the case, and somebody else, what was decided.
func (s *session) spread(text, also string) {
	told := s.handlers()
	if p := s.p.Register.Find(also); p != nil && !slices.Contains(told, p) && !s.c.Conflicted(p) {
		told = append(told, p)
	}
	for _, p := range told {
		if s.who == nil || p != s.who {
			m := s.tell(p, "case_news", Facts{Text: text})
			if s.who != nil {
				m.Facts.From = s.who.Mailbox()
			}
		}
	}
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
	cut := strings.TrimSpace(string([]rune(text)[:n]))
	if i := strings.LastIndexByte(cut, ' '); i > 0 && cut[len(cut)-1] < utf8.RuneSelf { // no Latin word is cut
		return cut[:i] + " …"
	}
	return cut + "……"
}

// Table is a table of working days that was sent by mail: it takes effect when
// a second person has approved it by its hash.
type Table struct {
	Jurisdiction string          `json:"jurisdiction"`
	Years        []int           `json:"years"`
	Body         json.RawMessage `json:"body"`   // as attached
	Hash         string          `json:"hash"`   // SHA-256 of the attachment, hex
	Source       string          `json:"source"` // where it was published
	Document     string          `json:"document"`
	By           string          `json:"by"`
	Approver     string          `json:"approver,omitempty"`
}

// Approves reports whether a mail may approve a letter, or a table of working
// days: the store looks up how many its author has issued, and those that wait.
func Approves(m *Message) bool {
	return slices.ContainsFunc(ParseCommands(m.OwnWords), func(c Command) bool { return c.verb != nil && c.verb.En[0] == "approve" })
}

// admins are the administrators: by the register, and by the configuration.
func (p *Policy) admins() []*Person {
	out := p.Register.With(Admin)
	for _, a := range p.Admins {
		if who := p.Register.Find(a); who.Is(AnyStaff) && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out
}

// calendar is #日历: an administrator puts forward a table of working days.
func (s *session) calendar(c *Command) (string, error) {
	if !slices.Contains(s.p.admins(), s.who) {
		return "", Refuse("工作日表由管理员提交。", "Tables of working days are put forward by an administrator.")
	}
	i := slices.IndexFunc(s.m.Attachments, func(a Attachment) bool { return strings.HasSuffix(strings.ToLower(a.Name), ".json") })
	switch {
	case len(c.Words) == 0 || c.Args["source"] == "" || c.Args["document"] == "":
		return "", Refuse("请写明年份、来源和文号：%[1]s", "Give the year, the source and the document: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	case !strings.HasPrefix(c.Args["source"], "https://") && !strings.HasPrefix(c.Args["source"], "http://"):
		return "", Refuse("来源须为网址。", "The source must be the address of a page.")
	case i < 0:
		return "", Refuse("请把工作日表（JSON 文件）作为附件一并发送。", "Please attach the table as a JSON file.")
	}
	a := s.m.Attachments[i]
	cal, err := ParseCalendar(s.p.Calendar.Jurisdiction, a.Content)
	if err != nil {
		return "", Refuse("附件不是工作日表：%[1]v", "The attachment is no table of working days: %[1]v", err)
	}
	t := &Table{Jurisdiction: s.p.Calendar.Jurisdiction, Years: slices.Sorted(maps.Keys(cal.Years)), Body: a.Content, Hash: a.SHA256,
		Source: c.Args["source"], Document: c.Args["document"], By: s.who.Address}
	var notes []string
	for y, year := range cal.Years {
		if year.Status != Official {
			return "", Refuse("%d年不是正式安排（status 须为 official）；推测的安排不能导入。", "%d is not official (status must be official); a projection is not loaded.", y)
		}
		notes = append(notes, s.tr("%d年放假：%s", "%d, days off: %s", y, days(year.Off)), s.tr("%d年调休上班：%s", "%d, weekend days worked: %s", y, days(year.Work)))
	}
	if want := strings.TrimRight(c.Words[0], "年"); len(t.Years) != 1 || fmt.Sprint(t.Years[0]) != want {
		return "", Refuse("附件所载年份为 %[1]v，与命令所写 %[2]s 不符；一次导入一年。", "The attachment is about %[1]v, not %[2]s; one year is loaded at a time.", t.Years, want)
	}
	second := s.seconds(s.who.Address)
	if len(second) == 0 {
		return "", Refuse("没有可以批准的第二人。", "There is no second person who may approve it.")
	}
	s.out.Proposed = t
	for _, p := range second {
		s.tell(p, "calendar_proposed", Facts{From: s.who.Mailbox(), Subject: c.Words[0], Reason: t.Source, Of: t.Document, Hash: t.Hash, Notes: notes})
	}
	return s.tr("已收到%s年工作日表，校验码 %s；经 %s 中一人批准后生效。", "The table of %s is here, hash %s; it takes effect when one of these approves it: %s.", c.Words[0], t.Hash[:12], people(second, s.lang)), nil
}

// seconds may approve what somebody has put forward for the whole desk.
func (s *session) seconds(by string) []*Person {
	out := s.p.Register.With(Admin, Head, Chair, Management)
	for _, a := range s.p.admins() {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return slices.DeleteFunc(out, func(p *Person) bool { return SameAddr(p.Address, by) })
}

func days(set map[Date]string) string {
	var out []string
	for d := range set {
		out = append(out, d.String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// approveTable is #批准 in a mail about no case: the second person's yes to a
// table of working days.
func (s *session) approveTable(c *Command) (string, error) {
	if len(c.Words) == 0 || len(c.Words[0]) < 12 {
		return "", Refuse("请引用工作日表的校验码。", "Quote the hash of the table.")
	}
	for _, t := range s.m.Tables {
		switch {
		case !c.quotes(t.Hash):
			continue
		case SameAddr(t.By, s.who.Address):
			return "", Refuse("工作日表由您提交，须由另一人批准。", "You put this table forward; a second person must approve it.")
		case !slices.Contains(s.seconds(t.By), s.who):
			return "", Refuse("工作日表由管理员、客服部负责人、主任委员或管理层批准。", "Tables of working days are approved by an administrator, the head, the chair or management.")
		}
		t.Approver = s.who.Address
		s.out.Loaded = &t
		return s.tr("已批准，%v年工作日表生效；在办案件的期限将重新计算，变更另行告知。", "Approved: the table of %v is in force. The limits of open cases are counted anew; you will be told what changes.", t.Years), nil
	}
	return "", Refuse("没有校验码为 %[1]s 的待批准工作日表。", "No table with the hash %[1]s is waiting for approval.", excerpt(c.Words[0], 64))
}

// TableChanged tells the desk and the administrators what a new table of
// working days has changed: one sentence for each limit.
func (p *Policy) TableChanged(table int64, changed []string) []Mail {
	told := p.Register.With(Officer, Head, Admin)
	var out []Mail
	for _, who := range append(told, slices.DeleteFunc(p.admins(), func(a *Person) bool { return slices.Contains(told, a) })...) {
		out = append(out, Mail{Key: fmt.Sprintf("calendar/%d/%s", table, who.Address), To: who.Mailbox(), Lang: p.Language, Template: "calendar_changed", Staff: true,
			Facts: Facts{Notes: changed}})
	}
	return out
}

// Change says in one sentence what became of a limit.
func (p *Policy) Change(c *Case, r Recounted) string {
	stands := pick(p.Language, "按新表提前，请按新日期办理", "earlier: please keep the new date")
	if r.Old.Before(r.New) {
		stands = pick(p.Language, "按新表推后，仍以已告知的日期为准", "later: the date that the client was told stands")
	}
	return fmt.Sprintf("%s %s %s → %s（%s）", c.Ref, ClockWords(r.Clock, p.Language), r.Old, r.New, stands)
}
