package complaints

import (
	"fmt"
	"slices"
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
	c.Appeal = &Appeal{At: e.At, Grounds: f.Grounds, Late: f.Late, Due: f.Due}
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
}

// Kind names the fact in the log.
func (*ReferredToPanel) Kind() string { return "referred_to_panel" }

func (f *ReferredToPanel) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.Appeal.Panel = f.Panel
	c.Recusals = append(c.Recusals, f.Recusals...)
	c.State = AppealReview
	c.note(e, f.Kind(), "")
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
	Ruling  Ruling `json:"ruling"`
	Reasons string `json:"reasons"`
}

// Kind names the fact in the log.
func (*Ruled) Kind() string { return "ruled" }

func (f *Ruled) apply(c *Case, e *Event) error {
	if c.Appeal == nil {
		return fmt.Errorf("there is no appeal")
	}
	c.Appeal.Ruling, c.Appeal.Reasons = f.Ruling, f.Reasons
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
	c.note(e, f.Kind(), f.Text)
	return nil
}

// WithdrawalSought is the client's wish to withdraw; staff confirm it.
type WithdrawalSought struct {
	Text string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*WithdrawalSought) Kind() string { return "withdrawal_sought" }

func (f *WithdrawalSought) apply(c *Case, e *Event) error {
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
	c.Remedies, c.Measures = nil, nil
	for i := range c.Allegations {
		c.Allegations[i].Finding, c.Allegations[i].Reason, c.Allegations[i].Evidence = "", "", nil
	}
	c.note(e, f.Kind(), "")
	return nil
}

// clientAppeals lodges the client's own appeal, if the window is open. A late
// one goes to staff: whether it is admitted is for a person to decide.
func (s *session) clientAppeals(grounds string) (notice string) {
	if s.c.State != Decided && s.c.State != Closed || s.late() {
		s.answer("unclear", Facts{})
		return "client_replied"
	}
	if strings.TrimSpace(grounds) == "" {
		grounds = s.m.OwnWords
	}
	s.lodge(grounds, false)
	s.answer("appeal_received", Facts{Text: excerpt(grounds, 1000)})
	return "appeal_lodged"
}

// late reports whether the appeal window has closed, or never opened.
func (s *session) late() bool { return s.c.AppealUntil.IsZero() || s.c.AppealUntil.Before(s.today()) }

// appealFor lodges an appeal that came by telephone or post.
func (s *session) appealFor(c *Command) (string, error) {
	if s.c.LastLetter(ResultLetter) == nil {
		return "", Refuse("本案还没有发出处理结果告知书，不能申诉。", "No result letter has been issued; there is nothing to appeal against.")
	}
	late := s.late()
	if late && !s.who.Is(Chair) {
		return "", Refuse("申诉期限已过，是否接纳由主任委员决定：请主任委员发送 #申诉 并写明理由。", "The time for an appeal is over; the chair decides whether to admit it, by #appeal with the reason.")
	}
	s.lodge(c.Text, late)
	return s.tr("申诉已登记并送交委员会。", "The appeal is lodged and before the committee."), nil
}

// lodge takes an appeal in and puts it before the committee.
func (s *session) lodge(grounds string, late bool) {
	s.do(&Appealed{Grounds: grounds, Late: late, Due: s.p.Calendar.WorkingDays(s.today(), s.p.CommitteeDays, nil)})
	panel, recused := s.p.panel(s.c)
	if len(panel) < s.p.Quorum {
		for _, p := range append(s.free(Chair, Officer, Head), s.free(Management)...) {
			s.tell(p, "case_news", Facts{Text: s.tr("申诉已登记，但回避后可审理的委员只有 %d 人，不足法定的 %d 人；请增补委员。",
				"An appeal is lodged, but only %d members may sit after recusals and %d are needed; please name further members.", len(panel), s.p.Quorum)})
		}
		return
	}
	s.do(&ReferredToPanel{Panel: panel, Recusals: recused})
	for _, r := range recused {
		if r.Reason == respondent {
			continue
		}
		s.tell(s.p.Register.Find(r.Person), "case_news", Facts{Text: s.tr("投诉人已提出申诉。因您%s，委员会审查期间您回避本案，不查阅、不表决；决定作出后您可继续办理。",
			"The client has appealed. Because you %s, you are recused while the committee considers it: you neither read the case nor vote. Afterwards you work on it as before.", recusalReason(r.Reason, s.lang))})
	}
	for _, a := range panel {
		s.tell(s.p.Register.Find(a), "appeal_papers", Facts{Text: grounds, From: s.c.Complainant.Mailbox(), Level: s.c.Appeal.Due.Due.String()})
	}
}

// vote records one member's vote; when there is a quorum the chair gets the
// tally.
func (s *session) vote(c *Command) (string, error) {
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
		for _, p := range s.free(Chair) {
			s.tell(p, "votes_in", Facts{})
		}
	}
	return s.tr("已记录您的表决：%s。决定作出前可再次发送以更改。", "Your vote is on record: %s. Until the decision you may change it by voting again.", r.In(s.lang)), nil
}

// decide draws up the decision as voted and gives it to the chair to check.
func (s *session) decide(c *Command) (string, error) {
	a := s.c.Appeal
	if !s.p.quorate(s.c) {
		return "", Refuse("表决人数不足：已表决 %[1]d 人，需要 %[2]d 人，且须超过应审委员的半数。", "Too few votes: %[1]d have voted, %[2]d are needed, and more than half of those who sit.", len(a.Votes), s.p.Quorum)
	}
	if len(c.Words) == 0 {
		return "", Refuse("缺少决定。用法：%[1]s", "The ruling is missing. Usage: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	r, ok := ParseRuling(c.Words[0])
	if !ok {
		return "", Refuse("“%s”不是决定；可写：维持、变更、撤销、发回。", "%q is no ruling; write affirm, vary, quash or remit.", c.Words[0])
	}
	if leading := a.leading(); !slices.Contains(leading, r) {
		return "", Refuse("表决结果是“%[1]s”，不能决定“%[3]s”。", "The committee voted to %[2]s; the decision cannot be to %[4]s.", rulings(leading, "zh"), rulings(leading, "en"), r.In("zh"), r.In("en"))
	}
	s.do(&Ruled{Ruling: r, Reasons: c.Text})
	l := s.decisionLetter()
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.putBefore(l, []*Person{s.who})
	return s.tr("决定书草稿随信发给您；核对 PDF 后引用校验码 #批准，即签发给投诉人。", "The draft decision is on its way to you; check the PDF and issue it by #approve with its hash."), nil
}

// decisionLetter builds the committee's decision from the appeal.
func (s *session) decisionLetter() Letter {
	a, reg := s.c.Appeal, s.p.Register
	l := s.letter(DecisionLetter)
	d := &DecisionFacts{
		Appealed: DateOf(a.At.In(s.p.Location)), Grounds: excerpt(a.Grounds, 1500), Allegation: s.c.Allegations, Decision: a.Ruling,
		Reasons: paragraphs(a.Reasons), Votes: map[Ruling]int{}, Measures: s.c.Measures, Chair: Contact{Name: s.who.Name, Title: Chair.In(s.c.Lang)},
	}
	if r := s.c.LastLetter(ResultLetter); r != nil {
		d.Contested, d.IssuedOn = r.Letter.Number, r.Letter.Date
	}
	for _, m := range a.Panel {
		if p := reg.Find(m); p != nil {
			d.Members = append(d.Members, PanelMember{Name: p.Name, Capacity: capacity(p, s.c.Lang)})
		}
	}
	for _, r := range s.c.Recusals {
		if p := reg.Find(r.Person); p.Is(Member, Chair) {
			d.Recused = append(d.Recused, PanelMember{Name: p.Name, Capacity: capacity(p, s.c.Lang), Reason: recusalReason(r.Reason, s.c.Lang)})
		}
	}
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

// materials lists what the committee had before it.
func (s *session) materials() []string {
	zh := s.c.Lang != "en"
	out := []string{pick(s.c.Lang, "您的投诉与申诉", "Your complaint and your appeal")}
	if r := s.c.LastLetter(ResultLetter); r != nil {
		out = append(out, pick(s.c.Lang, "处理结果告知书（"+r.Letter.Number.String()+"）", "The result letter ("+r.Letter.Number.String()+")"))
	}
	if s.c.Report != nil {
		out = append(out, pick(s.c.Lang, "书面调查报告", "The written report of the investigation"))
	}
	if n := len(s.c.Evidence); n > 0 {
		if zh {
			out = append(out, fmt.Sprintf("案卷证据材料%d件", n))
		} else {
			out = append(out, fmt.Sprintf("%d documents on the file", n))
		}
	}
	return out
}

func paragraphs(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
