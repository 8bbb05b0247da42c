package complaints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Span is a time in which the clocks of a case stood still.
type Span struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"` // zero: still
	Ground string    `json:"ground"`      // of delayGrounds
}

// ranAt tells of a day whether the clocks ran at its 24:00: only then is it
// consumed (casework 0.3), so that a pause that ends on the day on which it
// began costs nothing, and the day of resumption counts.
func ranAt(pauses []Span, loc *time.Location) func(Date) bool {
	return func(d Date) bool {
		end := d.Add(1).Midnight(loc)
		return !slices.ContainsFunc(pauses, func(s Span) bool { return s.From.Before(end) && (s.To.IsZero() || !s.To.Before(end)) })
	}
}

// Spent counts the working days that the investigation has taken up to a time,
// or until its clock stopped: gross, and net of what it stood still.
func (p *Policy) Spent(c *Case, at time.Time) (gross, net int) {
	if end := c.Inquired(); !end.IsZero() && end.Before(at) {
		at = end
	}
	ran, last := ranAt(c.Pauses, p.Location), DateOf(at.In(p.Location))
	for d := c.Due.Start.Add(1); !last.Before(d); d = d.Add(1) {
		if p.Calendar.Working(d) {
			gross++
			if ran(d) {
				net++
			}
		}
	}
	return gross, net
}

// limit gives the deadline of a clock that can be extended: C4, or C10 while an
// appeal is before the committee.
func (c *Case) limit() (clock string, d *Deadline) {
	if c.appealed() {
		return "C10", &c.Appeal.Due
	}
	return "C4", &c.Due
}

// appealed reports whether the case is before the committee as an appeal, even
// if that stands still.
func (c *Case) appealed() bool {
	return c.Appeal != nil && (c.State == AppealLodged || c.State == AppealReview || c.State == Suspended && c.Stay != nil && c.Stay.Back == AppealReview)
}

// ExtensionAsked asks for more time; it waits for somebody else's answer.
type ExtensionAsked struct {
	Clock  string `json:"clock"`
	Days   int    `json:"days"` // working days
	Ground string `json:"ground"`
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"` // filled in from the event
}

// Kind names the fact in the log.
func (*ExtensionAsked) Kind() string { return "extension_asked" }

func (f *ExtensionAsked) apply(c *Case, e *Event) error {
	x := *f
	x.By = e.By
	c.ExtensionAsked = &x
	c.note(e, f.Kind(), fmt.Sprintf("%s +%d: %s", f.Clock, f.Days, f.Reason))
	return nil
}

// Extended grants more time. Both dates stay on record.
type Extended struct {
	ExtensionAsked
	Approver string   `json:"approver,omitempty"` // filled in from the event
	Old      Date     `json:"old"`
	Due      Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Extended) Kind() string { return "extended" }

func (f *Extended) apply(c *Case, e *Event) error {
	x := *f
	x.Approver, x.Due.Steps = e.By, nil
	c.Extensions, c.ExtensionAsked = append(c.Extensions, x), nil
	if f.Clock == "C10" {
		if c.Appeal == nil {
			return fmt.Errorf("there is no appeal")
		}
		c.Appeal.Due = f.Due
	} else {
		c.Due = f.Due
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s +%d %s → %s: %s", f.Clock, f.Days, f.Old, f.Due.Due, f.Reason))
	return nil
}

// ExtensionRefused answers a request for more time with no.
type ExtensionRefused struct {
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*ExtensionRefused) Kind() string { return "extension_refused" }

func (f *ExtensionRefused) apply(c *Case, e *Event) error {
	c.ExtensionAsked = nil
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// granted gives the extensions that the running count of a clock has had: one
// that began anew, by a remittal or a reopening, has had none.
func (c *Case) granted(clock string, start Date) (n, days int) {
	for _, x := range c.Extensions {
		if x.Clock == clock && x.Due.Start == start {
			n, days = n+1, days+x.Days
		}
	}
	return n, days
}

// room says how many days the next extension may have, and who grants it: the
// head the first, the chair the second; of the committee's limit the chair the
// only one. Never the person who asks: their work goes one level up.
func (s *session) room(asker string) (days int, grantors []*Person, err error) {
	clock, d := s.c.limit()
	n, had := s.c.granted(clock, d.Start)
	role := Head
	switch {
	case !s.at.Before(d.At(s.p.Location)):
		return 0, nil, Refuse("期限 %[1]s 已过，不能再延长；请向投诉人说明：#迟延 原因", "The limit of %[2]s is past and cannot be extended; tell the client: #delay reason", d.Due.In("zh"), d.Due.In("en"))
	case clock == "C10" && n > 0:
		return 0, nil, Refuse("委员会的期限已延长过一次，不能再延长。", "The committee's limit has been extended once; it cannot be extended again.")
	case clock == "C10":
		days, role = s.p.CommitteeExtension, Chair
	case n == 0:
		days = min(s.p.ExtensionFirst, s.p.ExtensionCap)
	case n == 1:
		days, role = min(s.p.ExtensionSecond, s.p.ExtensionCap-had), Chair
	default:
		return 0, nil, Refuse("已延期%[1]d次，共%[2]d个工作日，不能第三次延期；期限为 %[3]s。", "The limit has been extended %[1]d times, by %[2]d working days; there is no third extension, and %[4]s stands.", n, had, d.Due.In("zh"), d.Due.In("en"))
	}
	for range 3 {
		grantors = slices.DeleteFunc(s.free(role), func(p *Person) bool { return SameAddr(p.Address, asker) || SameAddr(p.Address, s.c.Handler) })
		if role == Management {
			grantors = slices.DeleteFunc(s.p.management(s.c), func(p *Person) bool { return SameAddr(p.Address, asker) })
		}
		if len(grantors) > 0 {
			return days, grantors, nil
		}
		role = above[role]
	}
	return 0, nil, Refuse("没有可以批准延期的人；请联系管理员核对名册。", "Nobody in the register may grant an extension; please tell the administrator.")
}

var extensionAnswers = map[string][2]string{"grant": {"同意", "granted"}, "refuse": {"不同意", "refused"}}

// extend is #延期: the responsible person asks, and somebody else answers.
func (s *session) extend(c *Command) (string, error) {
	if len(c.Words) > 0 {
		switch a, _ := parseWord(c.Words[0], extensionAnswers); a {
		case "grant":
			return s.grantExtension(c)
		case "refuse":
			return s.refuseExtension(c)
		}
		c.Text = strings.TrimSpace(c.Words[0] + " " + c.Text)
	}
	clock, d := s.c.limit()
	if clock == "C4" && !SameAddr(s.c.Handler, s.who.Address) || clock == "C10" && !s.p.allows(s.c, s.who, []Role{ThePanel}) {
		asks := map[string]Role{"C4": TheHandler, "C10": ThePanel}[clock]
		return "", Refuse("延期由%[1]s提出。", "More time is asked for by %[2]s.", asks.In("zh"), asks.In("en"))
	}
	most, grantors, err := s.room(s.who.Address)
	if err != nil {
		return "", err
	}
	ground, err := c.ground(nil)
	if err != nil {
		return "", err
	}
	days, err := c.days(most)
	if err != nil {
		return "", err
	}
	if c.Text == "" {
		return "", Refuse("请写明具体原因：%[1]s", "Give the specific reason: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	f := &ExtensionAsked{Clock: clock, Days: days, Ground: ground, Reason: c.Text}
	if x := s.c.ExtensionAsked; x != nil && x.Days == f.Days && x.Ground == ground && x.Reason == f.Reason {
		return s.tr("已这样申请过，没有改动。", "This has been asked already; nothing changed."), nil
	}
	s.do(f)
	to := s.p.longer(s.c, clock, days)
	for _, p := range grantors {
		s.tell(p, "extension_asked", Facts{From: s.who.Mailbox(), Clock: clock, Text: c.Text, Reason: d.Due.String(), Level: to.Due.String(),
			Notes: []string{s.tr("%d个工作日", "%d working days", days), GroundWords(ground, s.lang)}})
	}
	return s.tr("已请 %s 决定是否延期至 %s；批准之前期限不变，仍为 %s。", "%s will decide whether to extend the limit to %s; until then %s stands.", people(grantors, s.lang), to.Due.In(s.lang), d.Due.In(s.lang)), nil
}

// days reads a number of working days that may not be more than most.
func (c *Command) days(most int) (int, error) {
	v := strings.TrimRight(c.Args["days"], "个工作日天 wd")
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, Refuse("请写明天数，如 天数=3；本次最多 %[1]d 个工作日。", "Give the number of days, as in days=3; this time at most %[1]d working days.", most)
	}
	return n, nil
}

// longer counts a clock anew with more days in it.
func (p *Policy) longer(c *Case, clock string, days int) Deadline {
	d := c.Due
	if clock == "C10" {
		d = c.Appeal.Due
	}
	return p.Calendar.WorkingDays(d.Start, d.Limit+days, ranAt(c.Pauses, p.Location))
}

// answerable checks that the person who writes may answer a request for time.
func (s *session) answerable() (int, error) {
	x := s.c.ExtensionAsked
	if x == nil {
		return 0, Refuse("没有待批准的延期申请；延期须由责任人先提出。", "No request for an extension is waiting; the responsible person must ask first.")
	}
	most, grantors, err := s.room(x.By)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(grantors, s.who) {
		return 0, Refuse("这次延期由 %[1]s 决定，不能由申请人自己批准。", "This extension is decided by %[2]s, never by who asked for it.", people(grantors, "zh"), people(grantors, "en"))
	}
	return most, nil
}

func (s *session) grantExtension(c *Command) (string, error) {
	most, err := s.answerable()
	if err != nil {
		return "", err
	}
	x := *s.c.ExtensionAsked
	if c.Args["days"] != "" {
		if x.Days, err = c.days(most); err != nil {
			return "", err
		}
	}
	_, d := s.c.limit()
	f := &Extended{ExtensionAsked: x, Old: d.Due, Due: s.p.longer(s.c, x.Clock, x.Days)}
	s.do(f)
	l := s.delayLetter(DelayExtension, x.Ground, x.Reason, f.Old)
	l.Delay.NewDue = f.Due
	if err := s.issue(l, "delayed"); err != nil {
		return "", err
	}
	s.spread(s.tr("已同意延期%d个工作日：%s → %s。%s", "Extended by %d working days: %s → %s. %s", x.Days, f.Old.In(s.lang), f.Due.Due.In(s.lang), x.Reason), x.By)
	return s.tr("已同意延期：期限由 %s 改为 %s，投诉人将收到书面告知。", "Granted: the limit moves from %s to %s, and the client is told in writing.", f.Old.In(s.lang), f.Due.Due.In(s.lang)), nil
}

func (s *session) refuseExtension(c *Command) (string, error) {
	if _, err := s.answerable(); err != nil {
		return "", err
	}
	if c.Text == "" {
		return "", Refuse("不同意延期须写明理由。", "Refusing an extension needs a reason.")
	}
	by := s.c.ExtensionAsked.By
	s.do(&ExtensionRefused{Reason: c.Text})
	s.spread(s.tr("不同意延期：%s", "The extension is refused: %s", c.Text), by)
	return s.tr("已记录：不同意延期，期限不变。", "On record: no extension; the limit stands."), nil
}

// delayLetter begins the letter that tells of a changed date, approved by who
// writes.
func (s *session) delayLetter(what, ground, reason string, old Date) Letter {
	l := s.letter(DelayLetter)
	l.Delay = &DelayFacts{
		What: what, Received: DateOf(s.c.Received.In(s.p.Location)), OldDue: old, Ground: ground, Reason: reason, Done: s.steps(), CommitteeTo: s.p.Address, Appeal: s.c.appealed(),
		Interim: []string{pick(s.c.Lang, "您委托的事项照常办理，不受本次投诉影响", "Work on your own matter goes on and is not affected by the complaint")},
	}
	if g := GroundWords(ground, s.c.Lang); g != "" {
		l.Delay.Ground = g
	}
	if len(l.Delay.Done) == 0 {
		l.Delay.Done = []string{pick(s.c.Lang, "已登记并初步审查您反映的事项", "Your complaint was registered and given a first review")}
	}
	if s.who != nil {
		role := Head
		if s.c.appealed() || s.who.Is(Chair) && !s.who.Is(Head) {
			role = Chair
		}
		l.Delay.ApprovedBy = Contact{Name: s.who.Name, Title: role.In(s.c.Lang)}
		l.Signatory = l.Delay.ApprovedBy
	}
	return l
}

// Stayed suspends a case: its clocks stand still until it is resumed.
type Stayed struct {
	Ground   string `json:"ground"`
	Reason   string `json:"reason"`
	From     Date   `json:"from"`
	ReviewOn Date   `json:"review_on"`
	Until    Date   `json:"until"`          // then the committee decides whether it goes on
	Back     State  `json:"back,omitempty"` // filled in: the state in which it was
}

// Kind names the fact in the log.
func (*Stayed) Kind() string { return "suspended" }

func (f *Stayed) apply(c *Case, e *Event) error {
	x := *f
	x.Back = c.State
	c.Stay, c.State = &x, Suspended
	c.Pauses = append(c.Pauses, Span{From: e.At, Ground: f.Ground})
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// StayReviewed says that a suspension was looked at again and goes on.
type StayReviewed struct {
	Reason   string `json:"reason"`
	ReviewOn Date   `json:"review_on"`
}

// Kind names the fact in the log.
func (*StayReviewed) Kind() string { return "suspension_reviewed" }

func (f *StayReviewed) apply(c *Case, e *Event) error {
	if c.Stay == nil {
		return fmt.Errorf("the case is not suspended")
	}
	c.Stay.ReviewOn = f.ReviewOn
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// Resumed lets the clocks run again from At, with the limit counted anew.
type Resumed struct {
	Why string    `json:"why"` // answered, unanswered, or words
	To  time.Time `json:"to"`  // end of the pause: earlier than the event if nobody was there to see it
	Due Deadline  `json:"due"`
}

// Kind names the fact in the log.
func (*Resumed) Kind() string { return "resumed" }

func (f *Resumed) apply(c *Case, e *Event) error {
	n := len(c.Pauses)
	if n == 0 || !c.Pauses[n-1].To.IsZero() {
		return fmt.Errorf("the clocks are running")
	}
	c.Pauses[n-1].To = f.To
	if c.appealed() {
		c.Appeal.Due = f.Due
	} else {
		c.Due = f.Due
	}
	switch {
	case c.State == Suspended && c.Stay != nil:
		c.State = c.Stay.Back
	case c.State == AwaitingClient:
		c.State = Investigating
	}
	c.Stay = nil
	c.note(e, f.Kind(), f.Why)
	return nil
}

// outside is the ground of a pause while another body has the case.
const outside = "outside"

// runOn ends whatever keeps the clocks of a case from running.
func (c *Case) runOn(at time.Time) {
	if n := len(c.Pauses); n > 0 && c.Pauses[n-1].To.IsZero() {
		c.Pauses[n-1].To = at
	}
	c.Stay, c.ExtensionAsked = nil, nil
}

// suspend is #中止; said of a suspended case it is the review that lets the
// suspension go on.
func (s *session) suspend(c *Command) (string, error) {
	if s.c.appealed() && !slices.Contains(s.free(Chair), s.who) {
		return "", Refuse("申诉审查期间由主任委员决定中止。", "While an appeal is considered, the chair decides on a suspension.")
	}
	if st := s.c.Stay; st != nil {
		if !s.today().Before(st.Until) && !slices.Contains(s.free(Chair), s.who) {
			return "", Refuse("中止已满 %[1]d 日，是否继续由委员会决定：请主任委员发送 #中止 或 #恢复。", "The suspension has lasted %[1]d days; the committee decides whether it goes on: the chair sends #suspend or #resume.", s.p.SuspensionMax)
		}
		s.do(&StayReviewed{Reason: c.Text, ReviewOn: s.p.Calendar.NextWorking(s.today().Add(s.p.SuspensionReview))})
		return s.tr("已复核，继续中止；下次复核日 %s。", "Reviewed: the suspension goes on, to be reviewed on %s.", s.c.Stay.ReviewOn.In(s.lang)), nil
	}
	ground, err := c.ground(suspending)
	if err != nil {
		return "", err
	}
	_, d := s.c.limit()
	old, today := d.Due, s.today()
	s.do(&Stayed{Ground: ground, Reason: c.Text, From: today, ReviewOn: s.p.Calendar.NextWorking(today.Add(s.p.SuspensionReview)), Until: today.Add(s.p.SuspensionMax)})
	l := s.delayLetter(DelayPause, ground, c.Text, old)
	l.Delay.From, l.Delay.ReviewOn = today, s.c.Stay.ReviewOn
	if err := s.issue(l, "delayed"); err != nil {
		return "", err
	}
	s.spread(s.tr("本案已中止（%s）：%s", "The case is suspended (%s): %s", GroundWords(ground, s.lang), c.Text), "")
	return s.tr("已中止，期限停止计算，投诉人将收到书面告知；复核日 %s，最长至 %s。", "Suspended: the clock stands still and the client is told in writing. Review on %s; %s at the latest.",
		s.c.Stay.ReviewOn.In(s.lang), s.c.Stay.Until.In(s.lang)), nil
}

// resume is #恢复: a suspension ends, or the client has answered by telephone
// or post.
func (s *session) resume(c *Command) (string, error) {
	stay := s.c.Stay
	switch {
	case stay != nil && s.c.appealed() && !slices.Contains(s.free(Chair), s.who), stay != nil && !slices.Contains(s.free(Head, Chair), s.who):
		return "", Refuse("中止的案件由负责人恢复；申诉审查期间由主任委员恢复。", "A suspended case is resumed by the head; by the chair while an appeal is considered.")
	case c.Text == "":
		return "", Refuse("请写明恢复的原因，如：判决已生效。", "Say why it is resumed, such as: the judgment is final.")
	}
	_, d := s.c.limit()
	old := d.Due
	s.goOn(c.Text, s.at)
	_, d = s.c.limit()
	if stay != nil {
		l := s.delayLetter(DelayResume, stay.Ground, c.Text, old)
		l.Delay.From, l.Delay.NewDue = s.today(), *d
		if err := s.issue(l, "delayed"); err != nil {
			return "", err
		}
	} else if s.c.Complainant.Addr != "" {
		s.tellClient("resumed", Facts{Subject: s.c.Subject, Reason: "answered", Level: old.String()})
	}
	s.spread(s.tr("本案已恢复办理，期限为 %s：%s", "The case goes on, due by %s: %s", d.Due.In(s.lang), c.Text), "")
	return s.tr("已恢复；期限由 %s 改为 %s。", "Resumed: the limit moves from %s to %s.", old.In(s.lang), d.Due.In(s.lang)), nil
}

// goOn ends the pause at a time and counts the limit anew.
func (s *session) goOn(why string, to time.Time) {
	pauses := slices.Clone(s.c.Pauses)
	if n := len(pauses); n > 0 {
		pauses[n-1].To = to
	}
	_, d := s.c.limit()
	s.do(&Resumed{Why: why, To: to, Due: s.p.Calendar.WorkingDays(d.Start, d.Limit, ranAt(pauses, s.p.Location))})
}

// Progressed says that the client was told how the case stands (C14).
type Progressed struct{}

// Kind names the fact in the log.
func (*Progressed) Kind() string { return "progress" }

func (f *Progressed) apply(c *Case, e *Event) error {
	c.note(e, f.Kind(), "")
	return nil
}

// draftLate puts the letter that tells the client of the missed report before
// those who may approve it. What it gives as the reason is what the case shows.
func (s *session) draftLate() {
	approvers := s.reviewers()
	if len(approvers) == 0 {
		return
	}
	zh, en := "尚未确定调查责任人", "nobody has taken the investigation on yet"
	switch {
	case s.c.State == ReportReview || s.c.State == CommitteePre:
		zh, en = "书面调查报告已经提交，尚在审核", "the written report has been filed and is still under review"
	case len(s.c.unanswered()) > 0:
		zh = fmt.Sprintf("您反映的%d项事项中，尚有%d项未查清", len(s.c.Allegations), len(s.c.unanswered()))
		en = fmt.Sprintf("of the %d points that you raised, %d have not been established yet", len(s.c.Allegations), len(s.c.unanswered()))
	case s.c.Handler != "":
		zh, en = "调查已有结论，书面报告尚未完成", "the investigation has reached its findings, but the written report is not complete"
	}
	l := s.lateLetter(pick(s.c.Lang, "至期限届满时，"+zh+"。", "When the time ran out, "+en+"."), Date{})
	s.do(&Drafted{Letter: l})
	if d := s.c.pendingDraft(); d != nil {
		for _, p := range approvers {
			m := s.tell(p, "draft_approval", Facts{From: Address{Addr: TheDesk}})
			m.LetterNo, m.Draft = d.Letter.No, true
		}
	}
}
