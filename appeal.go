package complaints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Appeal is the further complaint to the committee (chapter 7).
type Appeal struct {
	At      time.Time `json:"at"`
	Grounds string    `json:"grounds"` // the client's words; may be empty
	Late    bool      `json:"late,omitempty"`
	Due     Deadline  `json:"due"` // C10
	Panel   []string  `json:"panel,omitempty"`
	Votes   []Voted   `json:"votes,omitempty"`
	Ruling  Ruling    `json:"ruling,omitempty"`
	Reasons string    `json:"reasons,omitempty"`

	VoteBy   Deadline        `json:"vote_by,omitzero"`   // for the members' votes
	Findings map[int]Finding `json:"findings,omitempty"` // that the decision puts in place of earlier ones, by allegation
	Admitted string          `json:"admitted,omitempty"` // why a late appeal was admitted
	Declined string          `json:"declined,omitempty"` // why it was not

	From     State     `json:"from"` // where the case stood before it
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Code     string    `json:"code,omitempty"`
}

// Appealed lodges an appeal.
type Appealed struct {
	Grounds string   `json:"grounds"`
	Late    bool     `json:"late,omitempty"`
	Due     Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Appealed) Kind() string { return "appealed" }

func (f *Appealed) apply(c *Case, e *Event) error {
	c.Appeal = &Appeal{At: e.At, Grounds: f.Grounds, Late: f.Late, Due: f.Due, From: c.State, ClosedAt: c.ClosedAt, Code: c.ClosingCode}
	c.State = AppealLodged
	c.ClosedAt, c.ClosingCode = time.Time{}, ""
	c.note(e, f.Kind(), f.Grounds)
	return nil
}

// ReferredToPanel puts the appeal before the committee: who sits, and who is
// recused and why.
type ReferredToPanel struct {
	Panel    []string  `json:"panel"`
	Recusals []Recused `json:"recusals,omitempty"`
	VoteBy   Deadline  `json:"vote_by,omitzero"`
}

// Kind names the fact in the log.
func (*ReferredToPanel) Kind() string { return "referred_to_panel" }

func (f *ReferredToPanel) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.Appeal.Panel, c.Appeal.VoteBy = f.Panel, f.VoteBy
	c.Recusals = append(c.Recusals, f.Recusals...)
	c.State = AppealReview
	c.note(e, f.Kind(), "")
	return nil
}

// AppealAdmitted admits an appeal that came after its time, with the reason.
type AppealAdmitted struct {
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*AppealAdmitted) Kind() string { return "appeal_admitted" }

func (f *AppealAdmitted) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.Appeal.Admitted = f.Reason
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// AppealDeclined does not admit an appeal, with the reason: the case is again
// where it was before.
type AppealDeclined struct {
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*AppealDeclined) Kind() string { return "appeal_declined" }

func (f *AppealDeclined) apply(c *Case, e *Event) error {
	a := c.Appeal
	if a == nil {
		return fmt.Errorf("there is no appeal")
	}
	a.Declined = f.Reason
	c.State, c.ClosedAt, c.ClosingCode = a.From, a.ClosedAt, a.Code
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// Voted is one member's vote with reasons; a later vote of the same member
// replaces it.
type Voted struct {
	Member string `json:"member"`
	Ruling Ruling `json:"ruling"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*Voted) Kind() string { return "voted" }

func (f *Voted) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s: %s", f.Ruling, f.Reason))
	for i, v := range c.Appeal.Votes {
		if SameAddr(v.Member, f.Member) {
			c.Appeal.Votes[i] = *f
			return nil
		}
	}
	c.Appeal.Votes = append(c.Appeal.Votes, *f)
	return nil
}

// Ruled is the committee's decision as the chair settles it.
type Ruled struct {
	Ruling   Ruling          `json:"ruling"`
	Reasons  string          `json:"reasons"`
	Findings map[int]Finding `json:"findings,omitempty"` // that take the place of earlier ones
}

// Kind names the fact in the log.
func (*Ruled) Kind() string { return "ruled" }

func (f *Ruled) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.Appeal.Ruling, c.Appeal.Reasons, c.Appeal.Findings = f.Ruling, f.Reasons, f.Findings
	c.note(e, f.Kind(), string(f.Ruling)+": "+f.Reasons)
	return nil
}

// OfferAccepted is the client's acceptance of what the result letter offered.
type OfferAccepted struct {
	Text string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*OfferAccepted) Kind() string { return "offer_accepted" }

func (f *OfferAccepted) apply(c *Case, e *Event) error {
	if c.State == Decided && len(c.outstanding()) > 0 {
		c.State = InRemedy
	}
	c.note(e, f.Kind(), f.Text)
	return nil
}

// accepted reports whether the client has accepted what was offered.
func (c *Case) accepted() bool {
	if r := c.Answer(); r != nil && r.Issued && r.Letter.Settlement != nil {
		return true
	}
	return slices.ContainsFunc(c.Log, func(e Entry) bool { return e.What == "offer_accepted" })
}

// ruled reports whether the committee's decision is the last word.
func (c *Case) ruled() bool {
	return c.Appeal != nil && c.Appeal.Ruling != "" && c.Appeal.Ruling != Remit
}

// WithdrawalSought is the client's wish to withdraw, which they are asked to
// confirm.
type WithdrawalSought struct {
	Text   string `json:"text,omitempty"`
	Member bool   `json:"member,omitempty"` // one of a group, who speaks for nobody else
}

// Kind names the fact in the log.
func (*WithdrawalSought) Kind() string { return "withdrawal_sought" }

func (f *WithdrawalSought) apply(c *Case, e *Event) error {
	if f.Member {
		c.Leaving = append(slices.Clip(c.Leaving), e.By)
	} else {
		c.Withdrawing = true
	}
	c.note(e, f.Kind(), f.Text)
	return nil
}

// Remitted sends the case back for a new investigation by somebody else: a
// new limit, and whoever investigated before is off the case.
type Remitted struct {
	Due Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Remitted) Kind() string { return "remitted" }

func (f *Remitted) apply(c *Case, e *Event) error {
	if c.Handler != "" {
		c.Recusals = append(c.Recusals, Recused{Person: c.Handler, Reason: "remitted"})
	}
	c.State, c.Handler, c.Assignee, c.Due = Triage, "", "", f.Due
	c.followUpsOnly()
	c.Remedies, c.Performed, c.Docket, c.AppealUntil = nil, nil, nil, Date{}
	for i := range c.Allegations {
		c.Allegations[i].Finding, c.Allegations[i].Reason, c.Allegations[i].Evidence = "", "", nil
	}
	c.note(e, f.Kind(), "")
	return nil
}

// clientAppeals lodges the client's own appeal. A late one waits until the
// chair has said whether it is admitted; after the committee's decision there is
// none.
func (s *session) clientAppeals(grounds string) (notice string) {
	if s.c.exhausted() {
		s.answer("appeal_declined", Facts{Level: "exhausted", Notes: s.outsideRoutes()})
		return "client_replied"
	}
	if s.c.State != Decided && s.c.State != InRemedy && s.c.State != Closed || s.c.AppealUntil.IsZero() {
		s.answer("unclear", Facts{})
		return "client_replied"
	}
	if strings.TrimSpace(grounds) == "" {
		grounds = s.m.OwnWords
	}
	s.lodge(grounds, s.late(), "")
	s.answer("appeal_received", Facts{Text: excerpt(grounds, 1000)})
	return "appeal_lodged"
}

// exhausted reports whether the committee has decided for good.
func (c *Case) exhausted() bool {
	return c.Appeal != nil && slices.Contains([]Ruling{Affirm, Vary, Quash}, c.Appeal.Ruling)
}

// outsideRoutes names the bodies outside the firm, one a line.
func (s *session) outsideRoutes() []string {
	var out []string
	for _, r := range s.p.Routes {
		r = r.In(s.c.Lang)
		parts := slices.DeleteFunc([]string{r.For, r.Contact, r.Limit}, func(x string) bool { return x == "" })
		out = append(out, r.Name+pick(s.c.Lang, "："+strings.Join(parts, "；"), ": "+strings.Join(parts, "; ")))
	}
	return out
}

// late reports whether the appeal window has closed, or never opened.
func (s *session) late() bool { return s.c.AppealUntil.IsZero() || s.c.AppealUntil.Before(s.today()) }

// appealFor lodges an appeal that came by telephone or post.
func (s *session) appealFor(c *Command) (string, error) {
	switch {
	case s.c.Answer() == nil:
		return "", Refuse("本案还没有发出处理结果告知书，不能申诉。", "No result letter has been issued; there is nothing to appeal against.")
	case s.c.exhausted():
		return "", Refuse("委员会已就本案作出申诉决定，内部程序已终结；投诉人可循外部途径。", "The committee has decided on this case; the internal procedure is over. The client may turn to the bodies outside the firm.")
	}
	late, reason := s.late(), ""
	if late && s.p.isChair(s.c, s.who) {
		if reason = c.Text; reason == "" {
			return "", Refuse("申诉期限已过；接纳须写明理由。", "The time for an appeal is over; admitting it needs a reason.")
		}
	}
	s.lodge(c.Text, late, reason)
	if s.c.Complainant.Addr != "" {
		s.tellClient("appeal_received", Facts{Subject: s.c.Subject, Text: excerpt(c.Text, 1000)})
	}
	switch s.c.State {
	case AppealReview:
		return s.tr("申诉已登记并送交委员会。", "The appeal is lodged and before the committee."), nil
	case AppealLodged:
		if late && reason == "" {
			return s.tr("申诉已登记；期限已过，是否受理由主任委员决定。", "The appeal is lodged. It is late, and the chair decides whether it is admitted."), nil
		}
	}
	return s.tr("申诉已登记；委员不足，尚未送交审查。", "The appeal is lodged; too few members can sit, so it is not before the committee yet."), nil
}

// lodge takes an appeal in and puts it before the committee; a late one only
// once the chair has admitted it with a reason.
func (s *session) lodge(grounds string, late bool, reason string) {
	s.do(&Appealed{Grounds: grounds, Late: late, Due: s.p.Calendar.WorkingDays(s.today(), s.p.CommitteeDays, nil)})
	if late && reason == "" {
		for _, p := range s.p.chairOf(s.c) {
			s.tell(p, "appeal_late", Facts{Text: grounds, From: s.c.Complainant.Mailbox(), Level: s.c.AppealUntil.String()})
		}
		return
	}
	if late {
		s.do(&AppealAdmitted{Reason: reason})
	}
	s.seat()
}

// seat puts an appeal before those who may sit on it.
func (s *session) seat() {
	panel, recused := s.p.panel(s.c, s.today())
	if len(panel) < s.p.Quorum {
		s.tooFew(len(panel))
		return
	}
	s.do(&ReferredToPanel{Panel: panel, Recusals: recused, VoteBy: s.p.Calendar.WorkingDays(s.today(), s.p.VoteDays, nil)})
	for _, r := range recused {
		if r.Reason == respondent {
			continue
		}
		s.tell(s.p.Register.Find(r.Person), "case_news", Facts{Text: s.tr("投诉人已提出申诉。因您%s，委员会审查期间您回避本案，不查阅、不表决；决定作出后您可继续办理。",
			"The client has appealed. Because you %s, you are recused while the committee considers it: you neither read the case nor vote. Afterwards you work on it as before.", RecusalWords(r.Reason, s.lang))})
	}
	s.sendPapers(panel)
	s.askForChair()
}

// admitAppeal is #受理申诉: the chair admits a late appeal with the reason, or
// seats the committee once there are members enough.
func (s *session) admitAppeal(c *Command) (string, error) {
	a := s.c.Appeal
	if a.Late && a.Admitted == "" {
		if c.Text == "" {
			return "", Refuse("申诉期限已过；受理须写明理由。", "The appeal is late; admitting it needs a reason.")
		}
		s.do(&AppealAdmitted{Reason: c.Text})
	}
	s.seat()
	if s.c.State != AppealReview {
		return s.tr("已受理；委员不足，尚未送交审查。", "Admitted; too few members can sit, so it is not before the committee yet."), nil
	}
	return s.tr("已受理，材料已送各委员，请于 %s 前表决。", "Admitted; the papers are with the members, who vote by %s.", a.VoteBy.Due.In(s.lang)), nil
}

// declineAppeal is #不受理申诉: the client is told why, and where else to turn.
func (s *session) declineAppeal(c *Command) (string, error) {
	if !s.c.Appeal.Late {
		return "", Refuse("申诉在期限内提出，应当审查，不能不予受理。", "The appeal came in time; it must be considered and cannot be declined.")
	}
	s.do(&AppealDeclined{Reason: c.Text})
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("逾期申诉未被受理：%s", "The late appeal was not admitted: %s", c.Text)})
		}
	}
	if s.c.Complainant.Addr == "" {
		return s.tr("已记录；投诉人没有电子邮件地址，请以信函告知理由和外部途径。", "On record; the client has no email address, so please write to them with the reason and the bodies outside the firm."), nil
	}
	s.tellClient("appeal_declined", Facts{Subject: s.c.Subject, Reason: c.Text, Level: "late", Notes: s.outsideRoutes()})
	return s.tr("已记录，并告知投诉人理由和外部途径。", "On record; the client is told the reason and the bodies outside the firm."), nil
}

// vote records one member's vote; when there is a quorum the chair gets the
// tally.
func (s *session) vote(c *Command) (string, error) {
	if s.c.State == CommitteePre {
		return s.opine(c)
	}
	if len(c.Words) == 0 {
		return "", Refuse("缺少表决意见。用法：%[1]s", "The vote is missing. Usage: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	r, ok := ParseRuling(c.Words[0])
	if !ok {
		return "", Refuse("“%s”不是表决意见；可写：维持、变更、撤销、发回。", "%q is no vote; write affirm, vary, quash or remit.", c.Words[0])
	}
	for _, v := range s.c.Appeal.Votes {
		if SameAddr(v.Member, s.who.Address) && v.Ruling == r && v.Reason == c.Text {
			return s.tr("您已这样表决，没有改动。", "You have voted so already; nothing changed."), nil
		}
	}
	s.do(&Voted{Member: s.who.Address, Ruling: r, Reason: c.Text})
	if s.p.quorate(s.c) {
		for _, p := range s.p.chairOf(s.c) {
			s.tell(p, "votes_in", Facts{})
		}
	}
	return s.tr("已记录您的表决：%s。决定作出前可再次发送以更改。", "Your vote is on record: %s. Until the decision you may change it by voting again.", r.In(s.lang)), nil
}

// decide draws up the decision as voted and gives it to the chair to check. On
// a major case it closes the deliberations.
func (s *session) decide(c *Command) (string, error) {
	if s.c.State == CommitteePre {
		return s.advise(c)
	}
	a := s.c.Appeal
	if !s.p.quorate(s.c) {
		return "", Refuse("表决人数不足：已表决 %[1]d 人，需要 %[2]d 人，且须超过应审委员的半数。", "Too few votes: %[1]d have voted, %[2]d are needed, and more than half of those who sit.", len(a.Votes), s.p.Quorum)
	}
	if len(c.Words) == 0 {
		return "", Refuse("缺少决定。用法：%[1]s", "The ruling is missing. Usage: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	r, ok := ParseRuling(c.Words[0])
	switch leading := a.leading(); {
	case !ok:
		return "", Refuse("“%s”不是决定；可写：维持、变更、撤销、发回。", "%q is no ruling; write affirm, vary, quash or remit.", c.Words[0])
	case !slices.Contains(leading, r):
		return "", Refuse("表决结果是“%[1]s”，不能决定“%[3]s”。", "The committee voted to %[2]s; the decision cannot be to %[4]s.", rulings(leading, "zh"), rulings(leading, "en"), r.In("zh"), r.In("en"))
	case c.Text == "":
		return "", Refuse("缺少决定理由。用法：%[1]s", "The reasons are missing. Usage: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	if open := unansweredGrounds(a.Grounds, c.Text); len(open) > 0 {
		return "", Refuse("申诉人逐条写明了理由，第%[1]s条尚未答复；请在决定理由中逐条写明，如“理由1=……”，每条一行。",
			"The client numbered the grounds, and ground %[2]s has no answer; answer each on a line of its own, as in: ground1=…", strings.Join(open, "、"), strings.Join(open, ", "))
	}
	findings, err := s.newFindings(c, r)
	if err != nil {
		return "", err
	}
	s.do(&Ruled{Ruling: r, Reasons: c.Text, Findings: findings})
	l := s.decisionLetter()
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.putBefore(l, []*Person{s.who})
	return s.tr("决定书草稿随信发给您；核对 PDF 后引用校验码 #批准，即签发给投诉人。", "The draft decision is on its way to you; check the PDF and issue it by #approve with its hash."), nil
}

// newFindings reads what the decision finds in place of the earlier result:
// 1=成立. Only a decision that changes or quashes can.
func (s *session) newFindings(c *Command, r Ruling) (map[int]Finding, error) {
	out := map[int]Finding{}
	for key, v := range c.Args {
		no, err := strconv.Atoi(key)
		if err != nil {
			continue
		}
		_, f, err := s.finding(no, v)
		switch {
		case err != nil:
			return nil, err
		case r != Vary && r != Quash:
			return nil, Refuse("只有变更或撤销的决定才能改变认定。", "Only a decision to vary or to quash can change a finding.")
		}
		out[no] = f
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// decisionLetter builds the committee's decision from the appeal.
func (s *session) decisionLetter() Letter {
	a := s.c.Appeal
	l := s.letter(DecisionLetter)
	d := &DecisionFacts{
		Appealed: DateOf(a.At.In(s.p.Location)), Grounds: excerpt(a.Grounds, 1500), Allegation: slices.Clone(s.c.Allegations), Decision: a.Ruling,
		Reasons: answersTo(a.Reasons, s.c.Lang), Votes: map[Ruling]int{}, Measures: s.c.promised(), Chair: Contact{Name: s.who.Name, Title: s.chairTitle(s.c.Lang)},
	}
	for i, x := range d.Allegation {
		if f, ok := a.Findings[x.No]; ok {
			d.Allegation[i].Finding = f
		}
	}
	if r := s.c.Answer(); r != nil {
		d.Contested, d.IssuedOn, d.Settled = r.Letter.Number, r.Letter.Date, r.Letter.Kind == SettlementLetter
	}
	d.Members, d.Recused = s.p.panelMembers(a.Panel, s.c.Recusals, s.c.Lang)
	for _, v := range a.Votes {
		d.Votes[v.Ruling]++
		if v.Ruling != a.Ruling {
			d.Minority = append(d.Minority, v.Ruling.In(s.c.Lang)+pick(s.c.Lang, "：", ": ")+v.Reason)
		}
	}
	d.Materials = s.materials()
	l.Decision = d
	return l
}

// appealUntil, appealAckDue and rulingDue are the limits of an appeal: C8, C9, C10.
func appealUntil(p *Policy, c *Case) Deadline {
	return Deadline{Limit: p.AppealDays, Due: c.AppealUntil}
}

func appealAckDue(p *Policy, c *Case) Deadline {
	return p.Calendar.after(p.day(c.Appeal.At), p.AppealAckDays)
}

func rulingDue(_ *Policy, c *Case) Deadline { return c.Appeal.Due }
