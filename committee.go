package complaints

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Docket is a major case before the committee, ahead of its decision (chapter
// 7): who sits, what they think, and what the chair drew from it.
type Docket struct {
	At       time.Time `json:"at"`
	Question string    `json:"question"`
	Ballot   bool      `json:"ballot,omitempty"` // members are asked to vote as well
	Due      Deadline  `json:"due"`              // for their answers
	Panel    []string  `json:"panel,omitempty"`
	Recused  []Recused `json:"recused,omitempty"`  // from these deliberations only
	Opinions []Opined  `json:"opinions,omitempty"` // one of each member
	Closed   time.Time `json:"closed,omitzero"`
	Opinion  string    `json:"opinion,omitempty"` // the committee's, once closed
	Stance   Stance    `json:"stance,omitempty"`  // of a ballot: what it came to
}

// Stance is a vote on anything but an appeal.
type Stance string

// The stances.
const (
	InFavour Stance = "for"
	Opposed  Stance = "against"
	Abstains Stance = "abstain"
)

var stanceWords = map[Stance][2]string{InFavour: {"同意", "agree"}, Opposed: {"不同意", "disagree"}, Abstains: {"弃权", "abstain"}}

// In gives the stance in words; "" for none.
func (s Stance) In(lang string) string { return inWords(s, lang, stanceWords) }

// Docketed puts a major case before the committee: the members who sit, those
// who are recused and why.
type Docketed struct {
	Question string    `json:"question"`
	Ballot   bool      `json:"ballot,omitempty"`
	Due      Deadline  `json:"due"`
	Panel    []string  `json:"panel"`
	Recused  []Recused `json:"recused,omitempty"`
}

// Kind names the fact in the log.
func (*Docketed) Kind() string { return "docketed" }

func (f *Docketed) apply(c *Case, e *Event) error {
	c.Docket = &Docket{At: e.At, Question: f.Question, Ballot: f.Ballot, Due: f.Due, Panel: f.Panel, Recused: f.Recused}
	c.State = CommitteePre
	c.note(e, f.Kind(), f.Question)
	return nil
}

// Opined is one member's opinion on a major case, with a vote where one was
// asked for; a later one of the same member replaces it.
type Opined struct {
	Member string `json:"member"`
	Stance Stance `json:"stance,omitempty"`
	Text   string `json:"text"`
}

// Kind names the fact in the log.
func (*Opined) Kind() string { return "opined" }

func (f *Opined) apply(c *Case, e *Event) error {
	if c.Docket == nil {
		return fmt.Errorf("the case is not before the committee")
	}
	c.note(e, f.Kind(), strings.TrimSpace(string(f.Stance)+" "+f.Text))
	for i, o := range c.Docket.Opinions {
		if SameAddr(o.Member, f.Member) {
			c.Docket.Opinions[i] = *f
			return nil
		}
	}
	c.Docket.Opinions = append(c.Docket.Opinions, *f)
	return nil
}

// Advised closes the deliberations: the committee's opinion, on which the
// result is drafted.
type Advised struct {
	Stance Stance `json:"stance,omitempty"`
	Text   string `json:"text"`
}

// Kind names the fact in the log.
func (*Advised) Kind() string { return "advised" }

func (f *Advised) apply(c *Case, e *Event) error {
	if c.Docket == nil {
		return fmt.Errorf("the case is not before the committee")
	}
	c.Docket.Closed, c.Docket.Opinion, c.Docket.Stance = e.At, f.Text, f.Stance
	c.State = DecisionDraft
	c.note(e, f.Kind(), strings.TrimSpace(string(f.Stance)+" "+f.Text))
	return nil
}

// AlternatesCalled seats alternates where recusals left too few.
type AlternatesCalled struct {
	Members []string `json:"members"`
}

// Kind names the fact in the log.
func (*AlternatesCalled) Kind() string { return "alternates_called" }

func (f *AlternatesCalled) apply(c *Case, e *Event) error {
	seats := c.seats()
	if seats == nil {
		return fmt.Errorf("nobody sits on this case")
	}
	*seats = append(slices.Clone(*seats), f.Members...)
	c.note(e, f.Kind(), strings.Join(f.Members, " "))
	return nil
}

// ChairNamed names who takes the chair on this case, because the chair is
// complained of or recused.
type ChairNamed struct {
	Person string `json:"person"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*ChairNamed) Kind() string { return "chair_named" }

func (f *ChairNamed) apply(c *Case, e *Event) error {
	c.ActingChair = f.Person
	c.note(e, f.Kind(), strings.TrimSpace(f.Person+" "+f.Reason))
	return nil
}

// seats are the members who sit on a case now, or did last; nil if it never
// came before the committee.
func (c *Case) seats() *[]string {
	switch {
	case c.Docket != nil && (c.State == CommitteePre || c.Appeal == nil):
		return &c.Docket.Panel
	case c.Appeal != nil:
		return &c.Appeal.Panel
	}
	return nil
}

// sits reports whether a person sits on the case.
func (c *Case) sits(p *Person) bool {
	seats := c.seats()
	return p != nil && seats != nil && slices.ContainsFunc(*seats, func(a string) bool { return SameAddr(a, p.Address) })
}

// silent reports whether a person sits on the case and has not voted or given
// an opinion yet: silence is not consent, and so they are reminded.
func (c *Case) silent(p *Person) bool {
	if !c.sits(p) {
		return false
	}
	switch {
	case c.State == CommitteePre:
		return !slices.ContainsFunc(c.Docket.Opinions, func(o Opined) bool { return SameAddr(o.Member, p.Address) })
	case c.State == AppealReview:
		return !slices.ContainsFunc(c.Appeal.Votes, func(v Voted) bool { return SameAddr(v.Member, p.Address) })
	}
	return false
}

// awaitsCommittee reports whether a major case still needs the committee's
// opinion on its report before it is decided.
func (c *Case) awaitsCommittee() bool {
	if !c.Severity.Major() {
		return false
	}
	d := c.Docket
	return d == nil || d.Closed.IsZero() || c.Report != nil && d.At.Before(c.Report.ApprovedAt)
}

// votingDue is by when the members answer: on a major case, or on an appeal.
// It is zero if nobody is asked.
func (p *Policy) votingDue(c *Case) Deadline {
	switch {
	case c.State == CommitteePre && c.Docket != nil:
		return c.Docket.Due
	case c.State == AppealReview && c.Appeal != nil:
		return c.Appeal.VoteBy
	}
	return Deadline{}
}

// panel names who sits on a case on a day, and who is recused and why: nobody
// judges an appeal against a decision of their own. A member whose term is over
// does not sit; alternates do where fewer than the quorum are left.
func (p *Policy) panel(c *Case, day Date) (sits []string, recused []Recused) {
	for _, m := range p.members(day) {
		switch reason := c.barred(m); {
		case m.AlternateFor != "":
		case reason == "":
			sits = append(sits, m.Address)
		case !c.hasRecused(m.Address):
			recused = append(recused, Recused{Person: m.Address, Reason: reason, Appeal: reason != respondent})
		}
	}
	return append(sits, p.alternates(c, sits, day)...), recused
}

// members are the members, the chair and the alternates whose term runs.
func (p *Policy) members(day Date) []*Person {
	return slices.DeleteFunc(slices.Clone(p.Register.With(Member, Chair)), func(m *Person) bool { return !m.Term.IsZero() && m.Term.Before(day) })
}

// alternates are who is called in beside those who sit, so that the quorum is
// reached: first those whose own member is missing, then those for anybody.
func (p *Policy) alternates(c *Case, sits []string, day Date) []string {
	var own, others []string
	for _, m := range p.members(day) {
		switch {
		case m.AlternateFor == "" || c.barred(m) != "" || slices.Contains(sits, m.Address):
		case strings.EqualFold(m.AlternateFor, AnyMember):
			others = append(others, m.Address)
		case !slices.ContainsFunc(sits, func(a string) bool { return SameAddr(a, m.AlternateFor) }):
			own = append(own, m.Address)
		}
	}
	all := append(own, others...)
	return all[:min(len(all), max(0, p.Quorum-len(sits)))]
}

func (c *Case) madeDecision(addr string) bool {
	if c.Report != nil && SameAddr(c.Report.Approver, addr) {
		return true
	}
	r := c.Answer()
	return r != nil && SameAddr(r.Approver, addr)
}

func (c *Case) hasRecused(addr string) bool {
	return slices.ContainsFunc(c.Recusals, func(r Recused) bool { return SameAddr(r.Person, addr) })
}

// quorate reports whether enough members have voted: the quorum, and more than
// half of those who sit. Silence is no consent.
func (p *Policy) quorate(c *Case) bool {
	seats, n := c.seats(), 0
	switch {
	case seats == nil:
		return false
	case c.State == CommitteePre:
		n = len(c.Docket.Opinions)
	default:
		n = len(c.Appeal.Votes)
	}
	return n >= p.Quorum && 2*n > len(*seats)
}

// leading gives the ruling with the most votes; several if they tie, and then
// the chair's choice decides.
func (a *Appeal) leading() []Ruling {
	count, most := map[Ruling]int{}, 0
	for _, v := range a.Votes {
		count[v.Ruling]++
		most = max(most, count[v.Ruling])
	}
	var out []Ruling
	for _, r := range []Ruling{Affirm, Vary, Quash, Remit} {
		if count[r] == most && most > 0 {
			out = append(out, r)
		}
	}
	return out
}

// Tally counts the votes of an appeal.
func (a *Appeal) Tally() map[Ruling]int {
	out := map[Ruling]int{}
	for _, v := range a.Votes {
		out[v.Ruling]++
	}
	return out
}

func rulings(rs []Ruling, lang string) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.In(lang))
	}
	return strings.Join(out, pick(lang, "或", " or "))
}

// panelMembers names those who sit and those who are recused, as letters do.
func (p *Policy) panelMembers(sit []string, recused []Recused, lang string) (members, out []PanelMember) {
	for _, a := range sit {
		if m := p.Register.Find(a); m != nil {
			members = append(members, PanelMember{Name: m.Name, Capacity: capacity(m, lang)})
		}
	}
	for _, r := range recused {
		if m := p.Register.Find(r.Person); m.Is(Member, Chair) {
			out = append(out, PanelMember{Name: m.Name, Capacity: capacity(m, lang), Reason: RecusalWords(r.Reason, lang)})
		}
	}
	return members, out
}

// capacity is the part in which a member sits (chapter 7): the firm's own words
// if the register has them.
func capacity(p *Person, lang string) string {
	switch {
	case p.Capacity != "":
		return p.Capacity
	case p.Is(Counsel):
		return Counsel.In(lang)
	case p.Is(Head):
		return Head.In(lang)
	case lang == "en":
		return "representative of " + p.Department
	default:
		return p.Department + "代表"
	}
}

// toCommittee is #上会: a major case goes before the committee once its report
// is approved.
func (s *session) toCommittee(c *Command) (string, error) {
	switch {
	case !s.c.Severity.Major():
		return "", Refuse("本案级别为“%[1]s”；只有重大和特别重大的案件上会。确属重大的，先用 #定级 重大。", "The case is graded %[2]s; only major and critical cases go before the committee. If it is major, say so first: #severity major.",
			cmp.Or(s.c.Severity.In("zh"), "未定"), cmp.Or(s.c.Severity.In("en"), "not at all"))
	case !s.c.awaitsCommittee():
		return s.tr("委员会已就本案提出意见，没有改动。", "The committee has given its opinion on this case already; nothing changed."), nil
	}
	due := s.p.Calendar.WorkingDays(s.today(), s.p.VoteDays, nil)
	day, err := s.date(c, "due")
	if err != nil {
		return "", err
	}
	if !day.IsZero() {
		due = Deadline{Start: s.today(), Due: day}
	}
	panel, recused := s.p.panel(s.c, s.today())
	if len(panel) < s.p.Quorum {
		return "", Refuse("回避后可审议的委员只有 %[1]d 人，不足法定的 %[2]d 人；请管理员在名册中增补委员或候补委员，再重新上会。",
			"After recusals only %[1]d members may sit and %[2]d are needed; please have members or alternates added to the register, and refer the case again.", len(panel), s.p.Quorum)
	}
	question := cmp.Or(c.Text, s.tr("是否同意按调查报告的意见答复投诉人，有无需要补充或者更正之处", "Whether to answer the complainant as the report proposes, and what should be added or corrected"))
	s.do(&Docketed{Question: question, Ballot: yes(c.Args["ballot"]), Due: due, Panel: panel, Recused: recused})
	s.sendPapers(panel)
	s.askForChair()
	return s.tr("已提请委员会审议，材料已送 %s，请于 %s 前答复。", "It is before the committee; the papers are with %s, who answer by %s.", s.named(panel), due.Due.In(s.lang)), nil
}

func yes(v string) bool {
	return slices.Contains([]string{"是", "yes", "y", "true"}, strings.ToLower(v))
}

// opine is #意见, and #表决 on a major case: one member's opinion, with a vote
// where one was asked for.
func (s *session) opine(c *Command) (string, error) {
	f := &Opined{Member: s.who.Address, Text: c.Text}
	if len(c.Words) > 0 {
		var ok bool
		if f.Stance, ok = parseWord(c.Words[0], stanceWords); !ok {
			f.Text = strings.TrimSpace(c.Words[0] + " " + c.Text)
		}
	}
	switch {
	case f.Stance == "" && (s.c.Docket.Ballot || c.verb.En[0] == "vote"):
		return "", Refuse("请写明同意、不同意或者弃权，并写明理由，如 #表决 同意 理由。", "Say whether you agree, disagree or abstain, and why, as in #vote agree reasons.")
	case f.Text == "" && (f.Stance == "" || s.c.Docket.Ballot):
		return "", Refuse("缺少内容。用法：%[1]s", "The text is missing. Usage: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	case slices.Contains(s.c.Docket.Opinions, *f):
		return s.tr("您已这样答复，没有改动。", "You have said so already; nothing changed."), nil
	}
	before := s.p.quorate(s.c)
	s.do(f)
	if all := !slices.ContainsFunc(s.c.Docket.Panel, func(a string) bool { return s.c.silent(s.p.Register.Find(a)) }); all || !before && s.p.quorate(s.c) {
		for _, p := range s.p.chairOf(s.c) {
			s.tell(p, "opinions_in", Facts{})
		}
	}
	return s.tr("已记录您的意见。主任委员作出结论前可再次发送以更改。", "Your opinion is on record. Until the chair closes the matter you may change it by sending another."), nil
}

// advise is #决定 on a major case: the chair draws the committee's opinion from
// what the members said, and the result can be drafted.
func (s *session) advise(c *Command) (string, error) {
	d := s.c.Docket
	f := &Advised{Text: c.Text}
	if len(c.Words) > 0 {
		var ok bool
		if f.Stance, ok = parseWord(c.Words[0], stanceWords); !ok {
			f.Text = strings.TrimSpace(c.Words[0] + " " + c.Text)
		}
	}
	leading := d.leading()
	switch {
	case !s.p.quorate(s.c):
		return "", Refuse("答复人数不足：已答复 %[1]d 人，需要 %[2]d 人，且须超过应审委员的半数。", "Too few answers: %[1]d have answered, %[2]d are needed, and more than half of those who sit.", len(d.Opinions), s.p.Quorum)
	case f.Text == "":
		return "", Refuse("请写明委员会的意见：#决定 同意 意见内容", "Write down the committee's opinion: #decide agree text")
	case d.Ballot && !slices.Contains(leading, f.Stance):
		return "", Refuse("本案经表决，结论须与表决结果一致：%[1]s。", "The members have voted, and the conclusion must be theirs: %[2]s.", stances(leading, "zh"), stances(leading, "en"))
	}
	s.do(f)
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "committee_opinion", Facts{From: s.who.Mailbox(), Text: f.Text})
		}
	}
	return s.tr("委员会意见已记录并告知办案人员；现在可以拟稿，处理结果告知书由主任委员签发。", "The committee's opinion is on record and with those who work on the case. The result can be drafted; the chair issues it."), nil
}

// leading gives the stance that most who did not abstain take; both if they
// tie, and then the chair's choice decides.
func (d *Docket) leading() []Stance {
	count := map[Stance]int{}
	for _, o := range d.Opinions {
		count[o.Stance]++
	}
	switch {
	case count[InFavour] > count[Opposed]:
		return []Stance{InFavour}
	case count[InFavour] < count[Opposed]:
		return []Stance{Opposed}
	}
	return []Stance{InFavour, Opposed}
}

func stances(list []Stance, lang string) string {
	var out []string
	for _, x := range list {
		out = append(out, x.In(lang))
	}
	return strings.Join(out, pick(lang, "或", " or "))
}

func (s *session) named(addrs []string) string {
	var out []*Person
	for _, a := range addrs {
		if p := s.p.Register.Find(a); p != nil {
			out = append(out, p)
		}
	}
	return people(out, s.lang)
}

// voteLevels are when members who have not answered are spoken to: the working
// day before the last, on the last, and when it is over, with the chair.
func (p *Policy) voteLevels(k ticking, yield func(level) bool) {
	on := func(id string, d Date) bool {
		return !k.Due.Start.Before(d) || yield(level{id, d.Midnight(p.Location).Add(clockTime(p.RemindAt)), nil})
	}
	_ = on("T-1", p.Calendar.back(k.Due.Due, 1)) && on("T", k.Due.Due) && yield(level{"over", k.Due.At(p.Location), []Role{Chair}})
}

// remindSilent reminds the members who have not answered; silence is no consent.
func (s *session) remindSilent(k ticking, l level) {
	var told []*Person
	for _, a := range *s.c.seats() {
		if who := s.p.Register.Find(a); who.Is(AnyStaff) && s.c.silent(who) {
			told = append(told, who)
		}
	}
	if len(told) == 0 {
		return
	}
	if l.ID == "over" { // who knows then whom to call, or concludes with those who answered
		for _, who := range s.p.chairOf(s.c) {
			if !slices.Contains(told, who) {
				told = append(told, who)
			}
		}
	}
	for _, who := range told {
		m := s.tell(who, "reminder", Facts{Clock: k.ID, Level: l.ID, Reason: k.Due.Due.String()})
		m.Key = fmt.Sprintf("%s/reminder/%s/%s", s.c.Ref, k.mark(l), who.Address)
	}
}
