package complaints

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ClosedCase ends the work, with a closing code of casework E.6.
type ClosedCase struct {
	Code   string `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*ClosedCase) Kind() string { return "closed" }

func (f *ClosedCase) apply(c *Case, e *Event) error {
	answered := c.State == Decided || c.State == InRemedy || c.State == AppealDecided
	c.State, c.ClosedAt, c.ClosingCode, c.Withdrawing, c.Outside = Closed, e.At, f.Code, false, nil
	if to, ok := exits[f.Code]; ok && (f.Code != "not_pursued" || !answered) { // a remedy that nobody fetches leaves the measures to do
		c.State = to
	}
	c.endPause(e.At)
	c.note(e, f.Kind(), f.Code+" "+f.Reason)
	return nil
}

// endPause lets no clock of a case that has ended stand still for ever.
func (c *Case) endPause(at time.Time) {
	if n := len(c.Pauses); n > 0 && c.Pauses[n-1].To.IsZero() {
		c.Pauses[n-1].To = at
	}
	c.Stay = nil
}

// exits are the end states beside the main path, by the closing code that leads
// to them (casework B.1).
var exits = map[string]State{"withdrawn": Withdrawn, "not_pursued": NotPursued, "referred": Referred, "declined": Declined, "not_complaint": NotComplaint}

// reopenable are the ends after which a case can be taken up again; and a case
// whose remedy fails.
var reopenable = []State{InRemedy, Closed, NotComplaint, Declined, Referred, Withdrawn, NotPursued}

// Outside is a case that an outside body deals with.
type Outside struct {
	Body   string `json:"body"`
	Number string `json:"number,omitempty"` // the body's own
	Due    Date   `json:"due,omitzero"`     // when it will be asked again
	Reason string `json:"reason,omitempty"`
	Back   State  `json:"back,omitempty"` // where the case stood; filled in
}

// Kind names the fact in the log.
func (*Outside) Kind() string { return "outside" }

func (f *Outside) apply(c *Case, e *Event) error {
	x := *f
	x.Back = c.State
	if c.Outside != nil {
		x.Back = c.Outside.Back
	}
	c.Outside, c.State = &x, External
	if n := len(c.Pauses); n == 0 || !c.Pauses[n-1].To.IsZero() {
		c.Pauses = append(c.Pauses, Span{From: e.At, Ground: outside})
	}
	c.note(e, f.Kind(), strings.TrimSpace(f.Body+" "+f.Number+" "+f.Reason))
	return nil
}

// outsideDue is the day on which the outside body is asked again.
func outsideDue(_ *Policy, c *Case) Deadline {
	if c.Outside == nil {
		return Deadline{}
	}
	return Deadline{Due: c.Outside.Due}
}

// CameBack is what the outside body decided; the case goes on where it stood.
type CameBack struct {
	Text string `json:"text"`
}

// Kind names the fact in the log.
func (*CameBack) Kind() string { return "came_back" }

func (f *CameBack) apply(c *Case, e *Event) error {
	if c.Outside == nil {
		return errors.New("the case is with no outside body")
	}
	c.State, c.Outside = c.Outside.Back, nil
	c.note(e, f.Kind(), f.Text)
	return nil
}

// WithdrawalAnswered is the client's answer when asked to confirm.
type WithdrawalAnswered struct {
	Confirmed bool   `json:"confirmed"`
	Text      string `json:"text,omitempty"`
	Member    bool   `json:"member,omitempty"` // one of a group, who speaks for nobody else
}

// Kind names the fact in the log.
func (*WithdrawalAnswered) Kind() string { return "withdrawal_answered" }

func (f *WithdrawalAnswered) apply(c *Case, e *Event) error {
	if f.Member {
		c.stays(e.By)
	} else {
		c.Withdrawing = false
	}
	c.note(e, f.Kind(), f.Text)
	return nil
}

// withdraws reports whether an address was asked to confirm a withdrawal: the
// complainant of the complaint, a member of a group of their own part.
func (c *Case) withdraws(addr string) bool {
	if c.member(addr) == nil {
		return c.Withdrawing
	}
	return slices.ContainsFunc(c.Leaving, func(a string) bool { return SameAddr(a, addr) })
}

// stays takes a member off the list of those who are asked.
func (c *Case) stays(addr string) {
	if c.Leaving = slices.DeleteFunc(slices.Clone(c.Leaving), func(a string) bool { return SameAddr(a, addr) }); len(c.Leaving) == 0 {
		c.Leaving = nil
	}
}

// ExOfficio keeps a case going whatever the client withdraws, or takes it up
// again after that.
type ExOfficio struct {
	Reason string   `json:"reason"`
	Due    Deadline `json:"due,omitzero"` // of a case that is taken up again: the new limit
}

// Kind names the fact in the log.
func (*ExOfficio) Kind() string { return "ex_officio" }

func (f *ExOfficio) apply(c *Case, e *Event) error {
	c.ExOfficio = true
	if c.State == Withdrawn {
		if c.takeUp(e.At); !f.Due.Due.IsZero() {
			c.Due = f.Due
		}
	}
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// takeUp makes an ended case an open one.
func (c *Case) takeUp(at time.Time) {
	c.runOn(at)
	c.State, c.ClosedAt, c.ClosingCode, c.Settlement = Investigating, time.Time{}, "", nil
	if c.Handler == "" {
		c.State = Triage
	}
}

// Reopened takes a closed case up again, with the reason.
type Reopened struct {
	Reason string   `json:"reason"`
	Due    Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Reopened) Kind() string { return "reopened" }

func (f *Reopened) apply(c *Case, e *Event) error {
	c.takeUp(e.At)
	c.Due = f.Due
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// close ends the case and tells the client. While the appeal window is open
// only an accepted offer ends it.
func (s *session) close(c *Command) (string, error) {
	accepted := s.c.accepted()
	answered := s.c.State == Decided || s.c.State == InRemedy && !s.c.ruled()
	code := "no_appeal"
	switch {
	case !answered:
		code = "appeal_decided"
	case accepted:
		code = "settled"
	}
	if v := c.Args["code"]; v != "" {
		got, ok := parseWord(v, closingCodes)
		if !ok {
			return "", Refuse("没有结案代码“%[1]s”。代码：%[2]s", "There is no closing code %[1]q. Codes: %[3]s", v, codeList(closingCodes, "zh"), codeList(closingCodes, "en"))
		}
		code = got
	}
	withdrawn := code == "withdrawn" && s.c.Withdrawing
	switch {
	case withdrawn:
	case answered && !s.late() && !accepted:
		return "", Refuse("申诉期限到 %[1]s 才届满，期间不能结案；投诉人接受方案或撤回的除外。", "The time for an appeal runs until %[2]s; until then the case can be closed only if the client accepts the offer or withdraws.",
			s.c.AppealUntil.In("zh"), s.c.AppealUntil.In("en"))
	case !answered && s.c.State != AppealDecided && s.c.State != InRemedy:
		return "", Refuse("本案现为“%[1]s”，尚未答复投诉人，不能结案；投诉人已书面要求撤回的，用 #结案 代码=撤回。", "The case is %[2]s and the client has no answer yet, so it cannot be closed; if the client has asked in writing to withdraw, use #close code=withdrawn.",
			s.c.State.In("zh"), s.c.State.In("en"))
	}
	unhelped := code == "not_pursued" && strings.TrimSpace(c.Text) != "" // the client does not say where the refund shall go
	if left := s.c.outstanding(); len(left) > 0 && !withdrawn && !unhelped {
		return "", Refuse("第%[1]s项补救尚未履行，不能结案；履行后请发送 #履行 并附凭证。投诉人不配合、无法履行的，用 #结案 代码=未配合，并写明经过。",
			"Remedies not performed yet: %[1]s. The case is closed once they are; record it with #performed and the proof. If the client does not cooperate, use #close code=not_pursued and say what was tried.",
			strings.Trim(strings.Join(strings.Fields(fmt.Sprint(left)), ", "), "[]"))
	}
	l := s.closure(code, c.Text)
	if !withdrawn && s.p.Check != nil { // a withdrawal that nobody has confirmed has no letter that confirms it
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.do(&ClosedCase{Code: code, Reason: c.Text})
	if !withdrawn {
		if err := s.issue(l, "closed"); err != nil {
			return "", err
		}
		if m := &s.out.Mails[len(s.out.Mails)-1]; m.Template == "closed" {
			m.Facts.Text, m.Facts.Level = strings.TrimSpace(c.Text), code
		}
	} else if s.c.Complainant.Addr != "" {
		s.tellClient("closed", Facts{Subject: s.c.Subject, Text: strings.TrimSpace(c.Text), Level: code})
	}
	return s.tr("已结案：%s。", "Closed: %s.", ClosingWords(code, s.lang)), nil
}

// route finds a body of the configuration by its name, or a part of it.
func (s *session) route(c *Command) (*Route, error) {
	name := strings.TrimSpace(c.Args["body"])
	var list []string
	for i := range s.p.Routes {
		r := &s.p.Routes[i]
		if name != "" && (strings.Contains(r.Name, name) || strings.Contains(strings.ToLower(r.NameEn), strings.ToLower(name))) {
			return r, nil
		}
		list = append(list, fmt.Sprintf("%s（%s）", r.In(s.lang).Name, r.In(s.lang).For))
	}
	all := strings.Join(list, pick(s.lang, "；", "; "))
	if name == "" {
		return nil, Refuse("请写明机构：机构=。已配置：%[1]s", "Name the body: body=. Configured: %[1]s", all)
	}
	return nil, Refuse("配置中没有机构“%[1]s”。已配置：%[2]s", "No body %[1]q is configured. Configured: %[2]s", name, all)
}

// declinedFacts is what a letter says that does not take a complaint in.
func (s *session) declinedFacts(c *Command, bodies []Route) *DeclinedFacts {
	until := s.appealDay(s.lastIssueDay())
	return &DeclinedFacts{
		Received: DateOf(s.c.Received.In(s.p.Location)), Complaint: excerpt(s.c.Matter, 400), Ground: c.Args["ground"], Facts: paragraphs(c.Text),
		Bodies: bodies, ContestUntil: until, ContestTo: s.p.Address,
	}
}

// decline is #不予受理: the letter is drafted, and a second person issues it.
func (s *session) decline(c *Command) (string, error) {
	approvers := s.reviewers()
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	l := s.letter(DeclinedLetter)
	l.Declined, l.Signatory = s.declinedFacts(c, s.p.Routes), Contact{Name: approvers[0].Name, Title: Head.In(s.c.Lang)}
	return s.draftFor(l, approvers)
}

// draftFor checks a letter and puts it before a second person.
func (s *session) draftFor(l Letter, approvers []*Person) (string, error) {
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.putBefore(l, approvers)
	return s.tr("草稿已生成，随信发给您和 %s。批准人核对 PDF 后引用校验码批准。", "The draft goes to you and to %s, who approves it by quoting its hash.", people(approvers, s.lang)), nil
}

// afterIssue is what the issue of a drafted letter does to the case.
func (s *session) afterIssue(k LetterKind) {
	if k == DeclinedLetter {
		d := s.c.LastLetter(DeclinedLetter).Letter.Declined
		s.do(&ClosedCase{Code: "declined", Reason: cmp.Or(d.Ground, excerpt(strings.Join(d.Facts, "\n"), 60))})
	}
}

// end closes a case by one of its exits, with the letter that says why.
func (s *session) end(code, reason string, l Letter) (string, error) {
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.do(&ClosedCase{Code: code, Reason: reason})
	if err := s.issue(l, "ended"); err != nil {
		return "", err
	}
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "closed_staff", Facts{From: Address{Addr: s.by}, Reason: reason})
		}
	}
	return s.tr("本案转为“%s”，函件已签发给投诉人。", "The case is now: %s. The letter to the complainant has been issued.", s.c.State.In(s.lang)), nil
}

// notComplaint is #非投诉: what was taken for a complaint is none.
func (s *session) notComplaint(c *Command) (string, error) {
	return s.end("not_complaint", c.Text, s.closure("not_complaint", c.Text))
}

// closure builds the letter that confirms that a case is closed.
func (s *session) closure(code, reason string) Letter {
	l := s.letter(ClosureLetter)
	l.Closure = &ClosureFacts{Withdrawn: code == "withdrawn", Received: DateOf(s.c.Received.In(s.p.Location)), On: s.today(), Reason: reason, Code: code, ReopenTo: s.p.Address}
	if l.Closure.Withdrawn {
		l.Closure.Confirmed = s.today()
	}
	for _, p := range s.c.Performed {
		r := s.c.Remedies[p.No-1]
		r.Due = p.On
		l.Closure.Remedies = append(l.Closure.Remedies, r)
	}
	for i, m := range s.c.Measures {
		if s.c.done(i+1) == nil && !m.Inner {
			l.Closure.Continues = append(l.Closure.Continues, fmt.Sprintf(pick(s.c.Lang, "%s（%s，%s前完成）", "%s (%s, by %s)"), strings.TrimRight(m.Text, "。；;. "), m.Owner, m.Due.In(s.c.Lang)))
		}
	}
	return l
}

// refer is #转介: the complaint belongs to another body, which the letter names.
func (s *session) refer(c *Command) (string, error) {
	r, err := s.route(c)
	if err != nil {
		return "", err
	}
	l := s.letter(ReferralLetter)
	l.Referral = s.declinedFacts(c, []Route{*r})
	return s.end("referred", r.Name+pick(s.lang, "：", ": ")+c.Text, l)
}

// notPursued is #未配合: the client did not answer what was asked in time.
func (s *session) notPursued(c *Command) (string, error) {
	r := s.c.Request
	switch {
	case r == nil:
		return "", Refuse("尚未以 #补正 要求投诉人补充材料，不能以未配合结案。", "The client has not been asked for anything by #request, so the case cannot be closed as not pursued.")
	case s.today().Before(r.Due.Due) || s.today() == r.Due.Due:
		return "", Refuse("补充材料的期限 %[1]s 未过。", "The client has until %[2]s to answer.", r.Due.Due.In("zh"), r.Due.Due.In("en"))
	case slices.ContainsFunc(s.c.Log, func(e Entry) bool { return e.What == "heard_client" && e.At.After(r.At) }):
		return "", Refuse("投诉人在要求补充之后已有来信，不能以未配合结案。", "The client has written since being asked, so the case cannot be closed as not pursued.")
	}
	l := s.letter(NotPursuedLetter)
	f := &NotPursuedFacts{Received: DateOf(s.c.Received.In(s.p.Location)), Decision: paragraphs(c.Text), ReopenTo: s.p.Address, AppealUntil: s.appealDay(s.today()), AppealTo: s.p.Address}
	for _, it := range r.Items {
		f.Requests = append(f.Requests, LimitLine{What: it.Text, Start: DateOf(r.At.In(s.p.Location)), Due: r.Due.Due})
	}
	for _, e := range s.c.Evidence {
		f.Held = append(f.Held, e.Name)
	}
	l.NotPursued = f
	return s.end("not_pursued", c.Text, l)
}

// goOutside is #外部: an outside body deals with the matter.
func (s *session) goOutside(c *Command) (string, error) {
	if c.Args["body"] == "" {
		_, err := s.route(c)
		return "", err
	}
	due, err := s.date(c, "due")
	if err != nil {
		return "", err
	}
	if n := len(s.c.Pauses); n > 0 && s.c.Pauses[n-1].To.IsZero() { // an outside body is waited for in another way
		s.goOn("outside", s.at)
	}
	f := &Outside{Body: c.Args["body"], Number: c.Args["number"], Due: due, Reason: c.Text}
	s.do(f)
	if s.c.Complainant.Addr != "" {
		s.tellClient("outside", Facts{Subject: s.c.Subject})
	}
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("本案由%s处理。%s", "The matter is now with %s. %s", strings.TrimSpace(f.Body+" "+f.Number), c.Text)})
		}
	}
	return s.tr("已记录：本案由%s处理，已告知投诉人。结果用 #外部结果 记录。", "Recorded: the matter is with %s, and the client has been told. Record its outcome by #outcome.", f.Body), nil
}

// outcome is #外部结果: the case is closed with it, or goes on where it stood.
func (s *session) outcome(c *Command) (string, error) {
	if s.c.Outside == nil {
		return "", Refuse("本案没有由外部机构处理。", "The case is with no outside body.")
	}
	body := s.c.Outside.Body
	if v := strings.ToLower(c.Args["then"]); v == "继续" || v == "continue" {
		s.do(&CameBack{Text: body + ": " + c.Text})
		if n := len(s.c.Pauses); n > 0 && s.c.Pauses[n-1].To.IsZero() && s.c.Pauses[n-1].Ground == outside {
			s.goOn(outside, s.at)
		}
		s.tellOn(outside, body)
		for _, p := range s.handlers() {
			if p != s.who {
				s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("%s的处理结果：%s\n\n本案继续办理。", "Outcome at %s: %s\n\nThe case goes on.", body, c.Text)})
			}
		}
		return s.tr("已记录外部结果，本案继续办理，现为“%s”。", "The outcome is on record and the case goes on: %s.", s.c.State.In(s.lang)), nil
	}
	s.do(&CameBack{Text: body + ": " + c.Text})
	return s.end("external", c.Text, s.closure("external", pick(s.c.Lang, body+"已作出处理："+c.Text, "The outcome at "+body+": "+c.Text)))
}

// continueAnyway is #续查: the firm goes on of its own accord.
func (s *session) continueAnyway(c *Command) (string, error) {
	f := &ExOfficio{Reason: c.Text}
	if s.c.State == Withdrawn {
		f.Due = s.p.Calendar.WorkingDays(s.today(), s.p.InvestigationDays, nil)
	}
	if s.do(f); !f.Due.Due.IsZero() {
		s.tellOn("continued", "")
	}
	return s.tr("已记录：无论投诉人是否撤回，本案依职权继续办理。", "Recorded: the case goes on of the firm's own accord, whether or not the client withdraws."), nil
}

// withdrawn ends a case that the client has confirmed to withdraw, unless the
// firm goes on with it: it is major, or staff said so. It gives the template of
// the notice to staff.
func (s *session) withdrawn() (notice string) {
	if p := s.c.member(s.m.From.Addr); p != nil { // the group goes on without one of its members
		s.do(&MemberLeft{Addr: p.Addr})
		s.answer("received", Facts{})
		return "client_replied"
	}
	s.do(&WithdrawalAnswered{Confirmed: true, Text: s.m.OwnWords})
	if s.c.Severity.Major() || s.c.ExOfficio || len(s.c.Members) > 0 {
		s.answer("continues", Facts{})
		return "client_replied"
	}
	var panel []string // who need not vote any more
	if seats := s.c.seats(); seats != nil && (s.c.appealed() || s.c.State == CommitteePre) {
		panel = *seats
	}
	s.do(&ClosedCase{Code: "withdrawn"})
	for _, a := range panel {
		if p := s.p.Register.Find(a); p.Is(AnyStaff) && !slices.Contains(s.handlers(), p) {
			s.tell(p, "closed_staff", Facts{From: s.m.From})
		}
	}
	l := s.closure("withdrawn", "")
	if s.p.Check == nil || s.p.Check(l) == nil {
		s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
		s.tellClient("ended", Facts{Subject: s.c.Subject}).LetterNo = len(s.c.Letters)
	} else {
		s.tellClient("closed", Facts{Subject: s.c.Subject, Level: "withdrawn"})
	}
	return "closed_staff"
}

// tellOn tells the client that a case goes on that had ended, or that an outside
// body had.
func (s *session) tellOn(why, body string) {
	if s.c.Complainant.Addr != "" {
		s.do(&Progressed{})
		s.tellClient("resumed", Facts{Subject: s.c.Subject, Reason: why, Of: body})
	}
}

func (s *session) reopen(c *Command) (string, error) {
	s.do(&Reopened{Reason: c.Text, Due: s.p.Calendar.WorkingDays(s.today(), s.p.InvestigationDays, nil)})
	s.tellOn("reopened", "")
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("本案已重开：%s", "The case has been reopened: %s", c.Text)})
		}
	}
	return s.tr("已重开；新的调查期限为 %s。", "Reopened; the investigation is now due by %s.", s.c.Due.Due.In(s.lang)), nil
}
