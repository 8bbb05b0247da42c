package complaints

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Role is what a member of staff may be on the desk; several are joined by +.
type Role string

// The roles of the register.
const (
	Officer      Role = "officer"      // 客服专员
	Head         Role = "head"         // 客服部负责人
	Investigator Role = "investigator" // 调查责任人
	Member       Role = "member"       // 委员
	Chair        Role = "chair"        // 主任委员
	Counsel      Role = "counsel"      // 法律顾问
	Management   Role = "management"
	HR           Role = "hr"
	Auditor      Role = "auditor"
	Admin        Role = "admin"
	AnyStaff     Role = "staff"
)

// Roles lists every role that the register knows.
var roles = []Role{Officer, Head, Investigator, Member, Chair, Counsel, Management, HR, Auditor, Admin, AnyStaff}

// Person is one row of the staff register.
type Person struct {
	Address    string
	Name       string
	Department string
	Roles      []Role
	Manager    string // address of the superior, for escalation
	Active     bool
	Licence    string // practising certificate number, or ""

	// Of members of the committee (chapter 7); all may be empty.
	Capacity     string // in which the member sits, in the firm's words
	Term         Date   // last day of the term; zero: without end
	AlternateFor string // address of the member whom this one stands in for, or AnyMember; "": an ordinary member
}

// AnyMember in Person.AlternateFor stands in for whoever is missing.
const AnyMember = "any"

// Is reports whether the person has one of the roles. Everybody is AnyStaff.
func (p *Person) Is(any ...Role) bool {
	if p == nil || !p.Active {
		return false
	}
	for _, r := range any {
		if r == AnyStaff || slices.Contains(p.Roles, r) {
			return true
		}
	}
	return false
}

// Mailbox gives the person's address with the name.
func (p *Person) Mailbox() Address { return Address{Name: p.Name, Addr: p.Address} }

// ParseRoles reads "officer+member". An unknown role is a Refusal.
func ParseRoles(s string) ([]Role, error) {
	var out []Role
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == '+' || r == ' ' || r == '、' }) {
		r := Role(strings.ToLower(f))
		if !slices.Contains(roles, r) {
			return nil, Refuse("角色“%s”不存在。", "There is no role %q.", f)
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// Register is the staff of the firm as the desk knows it, in the order of
// addresses.
type Register struct{ people []*Person }

// NewRegister makes a register; a later row for the same address wins.
func NewRegister(people []Person) *Register {
	by := map[string]*Person{}
	for _, p := range people {
		p.Address = strings.ToLower(strings.TrimSpace(p.Address))
		by[p.Address] = &p
	}
	r := &Register{}
	for _, p := range by {
		r.people = append(r.people, p)
	}
	slices.SortFunc(r.people, func(a, b *Person) int { return strings.Compare(a.Address, b.Address) })
	return r
}

// Find gives the person with this address, or nil.
func (r *Register) Find(addr string) *Person {
	if r == nil {
		return nil
	}
	addr = strings.ToLower(strings.TrimSpace(addr))
	i, ok := slices.BinarySearchFunc(r.people, addr, func(p *Person, a string) int { return strings.Compare(p.Address, a) })
	if !ok {
		return nil
	}
	return r.people[i]
}

// With lists the active people who have one of the roles.
func (r *Register) With(any ...Role) []*Person {
	var out []*Person
	if r == nil {
		return nil
	}
	for _, p := range r.people {
		if p.Is(any...) {
			out = append(out, p)
		}
	}
	return out
}

// Addresses gives those of all active people.
func (r *Register) Addresses() []string {
	var out []string
	for _, p := range r.With(AnyStaff) {
		out = append(out, p.Address)
	}
	return out
}

// Named finds an active person by address or by full name, for commands in
// which a person is named either way; nil if none or more than one fits.
func (r *Register) Named(s string) *Person {
	if p := r.Find(s); p != nil && p.Active {
		return p
	}
	var found *Person
	for _, p := range r.With(AnyStaff) {
		if p.Name == strings.TrimSpace(s) {
			if found != nil {
				return nil
			}
			found = p
		}
	}
	return found
}

// acting lists who holds some roles on a case: the people of the role without
// a conflict. Where its holder is complained of, or nobody of the role is left,
// the role goes one level up: from the head to the chair, from the chair to
// management, and from management to the chair. c may be nil.
func (p *Policy) acting(c *Case, any ...Role) []*Person {
	var out []*Person
	for _, r := range any {
		for _, who := range p.holders(c, r, 2) {
			if !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Person) int { return strings.Compare(a.Address, b.Address) })
	return out
}

// above names the role to which a role's work goes if its holder cannot do it.
var above = map[Role]Role{Head: Chair, Chair: Management, Management: Chair}

func (p *Policy) holders(c *Case, r Role, steps int) []*Person {
	all := p.Register.With(r)
	if c == nil {
		return all
	}
	if sub := p.substitute(c); r == Chair && sub != nil {
		return []*Person{sub}
	}
	free, accused := []*Person{}, false
	for _, who := range all {
		if c.respondent(who) {
			accused = true
		} else if !c.Conflicted(who) && (r != Chair || c.chairs(who)) {
			free = append(free, who)
		}
	}
	up, has := above[r]
	if has && steps > 0 && (accused || len(free) == 0 && len(all) > 0) {
		if next := p.holders(c, up, steps-1); len(next) > 0 {
			return next
		}
	}
	return free
}

// allows reports whether a person has one of the roles on a case, those among
// them that one has on a single case.
func (p *Policy) allows(c *Case, who *Person, roles []Role) bool {
	for _, r := range roles {
		switch r {
		case TheHandler:
			if SameAddr(c.Handler, who.Address) {
				return true
			}
		case TheAssignee:
			if SameAddr(c.Assignee, who.Address) {
				return true
			}
		case ThePanel:
			if c.sits(who) {
				return true
			}
		case TheSilent:
			if c.silent(who) {
				return true
			}
		case TheSenior:
			if who != nil && p.senior(c) == who {
				return true
			}
		case TheOwner:
			if p.owns(c, who) {
				return true
			}
		case TheRespondent:
			if c.respondent(who) {
				return true
			}
		case AnyStaff:
			if who.Is(AnyStaff) {
				return true
			}
		default:
			if slices.Contains(p.holders(c, r, 2), who) {
				return true
			}
		}
	}
	return false
}

// ownPart reports whether a verb is for the respondent of the case, who may do
// nothing else there.
func (p *Policy) ownPart(c *Case, who *Person, v *Verb) bool {
	return slices.Contains(v.Roles, TheRespondent) && c.respondent(who)
}

// mayUse reports whether a person may use a verb on a case, whatever its state.
func (p *Policy) mayUse(c *Case, who *Person, v *Verb) bool {
	if c.Conflicted(who) && !p.ownPart(c, who, v) {
		return false
	}
	if v.En[0] == "show" && !c.Severity.Major() { // management reads major cases in full, of the others the lists
		return p.allows(c, who, slices.DeleteFunc(slices.Clone(v.Roles), func(r Role) bool { return r == Management }))
	}
	return p.allows(c, who, v.Roles)
}

// MayRead reports whether a person may see what a case holds (casework B.4):
// the roles that #show is for, without a conflict. Mails to anybody else tell
// them what concerns them and nothing of the case.
func (p *Policy) MayRead(c *Case, who *Person) bool {
	if c == nil || !who.Is(AnyStaff) {
		return false
	}
	return p.mayUse(c, who, findVerb("show"))
}

// The reasons for which the desk itself recuses a member. They are codes: the
// letter says them in its own language.
const (
	madeDecision = "made_decision" // approved the report or the result that is appealed against
	approved     = "approved"      // approved the report that is before the committee
	investigated = "investigated"  // was responsible for the investigation
	respondent   = "respondent"    // is complained of
	ownReason    = "own"           // has stepped aside: on record already
)

var recusalWords = map[string][2]string{
	madeDecision: {"曾批准被申诉的处理结果", "approved the result under appeal"},
	approved:     {"曾审核批准本案调查报告", "approved the report of the investigation"},
	investigated: {"曾负责本案调查", "investigated the case"},
	respondent:   {"系被投诉人", "is complained of"},
	"remitted":   {"曾负责本案原调查", "led the first investigation"},
	ownReason:    {"已申请回避", "has stepped aside"},
}

// RecusalWords gives a recusal's reason in words; a person's own reason stays
// as it was written.
func RecusalWords(r, lang string) string {
	if w, ok := recusalWords[r]; ok {
		return pick(lang, w[0], w[1])
	}
	return r
}

// barred says why a member may not sit on a case; "" if they may.
func (c *Case) barred(m *Person) string {
	appeal := c.State == AppealLodged || c.State == AppealReview
	switch {
	case c.respondent(m):
		return respondent
	case c.Conflicted(m):
		return ownReason
	case appeal && c.madeDecision(m.Address):
		return madeDecision
	case !appeal && c.Report != nil && SameAddr(c.Report.Approver, m.Address):
		return approved
	case SameAddr(c.Handler, m.Address):
		return investigated
	}
	return ""
}

// chairOf gives who takes the chair on a case: the committee's chair; if that
// one is complained of or recused the substitute who was named, and until then
// management.
func (p *Policy) chairOf(c *Case) []*Person { return p.holders(c, Chair, 2) }

// isChair reports whether a person takes the chair on a case.
func (p *Policy) isChair(c *Case, who *Person) bool {
	return who != nil && slices.ContainsFunc(p.chairOf(c), func(x *Person) bool { return SameAddr(x.Address, who.Address) })
}

// substitute gives the person who was named to take the chair on a case, or
// nil.
func (p *Policy) substitute(c *Case) *Person {
	if c == nil || c.ActingChair == "" {
		return nil
	}
	if who := p.Register.Find(c.ActingChair); who.Is(AnyStaff) && !c.Conflicted(who) {
		return who
	}
	return nil
}

// senior gives the member with the longest term of those who may sit on a case,
// the chair apart; nil if there is none.
func (p *Policy) senior(c *Case) *Person {
	var best *Person
	for _, m := range p.Register.With(Member) {
		if m.Is(Chair) || m.AlternateFor != "" || c.barred(m) != "" {
			continue
		}
		if best == nil || !best.Term.IsZero() && (m.Term.IsZero() || best.Term.Before(m.Term)) {
			best = m
		}
	}
	return best
}

// nameChair is #代理主任: who takes the chair on this case instead of a chair
// who is complained of or recused.
func (s *session) nameChair(c *Command) (string, error) {
	var who *Person
	if len(c.Words) > 0 {
		who = s.p.Register.Named(c.Words[0])
	}
	switch {
	case s.p.mayChair(s.c):
		return "", Refuse("主任委员可以履职，无须另行指定。", "The chair can act on this case; no substitute is needed.")
	case who == nil:
		return "", Refuse("请写明由哪位委员代理，如 #代理主任 %[1]s。", "Say which member takes the chair, as in #name-chair %[1]s.", s.p.chairCandidate(s.c))
	case !who.Is(Member) || s.c.barred(who) != "":
		return "", Refuse("%s 不是委员，或者应当回避，不能代理。", "%s is no member of the committee, or is recused, and cannot take the chair.", who.Name)
	case SameAddr(s.c.ActingChair, who.Address):
		return s.tr("%s 已是本案代理主任委员，没有改动。", "%s has the chair on this case already; nothing changed.", who.Name), nil
	}
	s.do(&ChairNamed{Person: who.Address, Reason: c.Text})
	if who != s.who {
		s.tell(who, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("您被指定为本案代理主任委员，在本案中行使主任委员的职责。", "You have been named to take the chair on this case, with all that the chair may do.")})
	}
	return s.tr("%s 为本案代理主任委员。", "%s takes the chair on this case.", who.Name), nil
}

// mayChair reports whether the committee's own chair can act on a case.
func (p *Policy) mayChair(c *Case) bool {
	return slices.ContainsFunc(p.Register.With(Chair), c.chairs)
}

func (p *Policy) chairCandidate(c *Case) string {
	if m := p.senior(c); m != nil {
		return m.Address
	}
	return pick(p.Language, "地址", "address")
}

// chairs reports whether the committee's chair may act as such on the case: not
// with a conflict, nor ahead of the decision on a report of their own approval.
func (c *Case) chairs(who *Person) bool {
	if c.State == CommitteePre {
		return c.barred(who) == ""
	}
	return !c.Conflicted(who)
}

// askForChair tells the member with the longest term and management that the
// chair cannot act and that one of them names who does.
func (s *session) askForChair() {
	if s.p.mayChair(s.c) || s.p.substitute(s.c) != nil {
		return
	}
	told := s.p.management(s.c)
	if m := s.p.senior(s.c); m != nil && !slices.Contains(told, m) {
		told = append(told, m)
	}
	for _, p := range told {
		s.tell(p, "case_news", Facts{Text: s.tr("主任委员应当回避本案。请您指定一位委员代理：#代理主任 %s", "The chair is recused from this case. Please name a member to take the chair: #name-chair %s", s.p.chairCandidate(s.c))})
	}
}

// refill calls alternates in where a recusal has left fewer than the quorum.
func (s *session) refill() {
	seats := s.c.seats()
	if seats == nil || s.c.State != CommitteePre && s.c.State != AppealReview {
		return
	}
	if extra := s.p.alternates(s.c, *seats, s.today()); len(extra) > 0 {
		s.do(&AlternatesCalled{Members: extra})
		s.sendPapers(extra)
	}
	if n := len(*s.c.seats()); n < s.p.Quorum {
		s.tooFew(n)
	}
	s.askForChair()
}

// tooFew tells those who can help that the committee is not quorate.
func (s *session) tooFew(n int) {
	told := s.free(Chair, Officer, Head)
	for _, p := range s.p.management(s.c) {
		if !slices.Contains(told, p) {
			told = append(told, p)
		}
	}
	for _, p := range told {
		s.tell(p, "case_news", Facts{Text: s.tr("回避后可审理本案的委员只有 %[1]d 人，不足法定的 %[2]d 人。请管理员在名册中增补委员或候补委员；申诉案件随后由主任委员回复 #受理申诉，重大案件重新 #上会。",
			"After recusals only %[1]d members may sit on this case and %[2]d are needed. Please have members or alternates added to the register; then the chair replies #admit-appeal on an appeal, or the case is referred again.", n, s.p.Quorum)})
	}
}

// chairTitle is how the chair of this case signs.
func (s *session) chairTitle(lang string) string {
	if s.c.ActingChair != "" && SameAddr(s.c.ActingChair, s.who.Address) {
		return pick(lang, "代理主任委员", "Acting Chair")
	}
	return Chair.In(lang)
}

// TermsEnding tells administrators and the chair of members whose term ends
// soon, and again when it has ended: from then on they sit on nothing new.
func (p *Policy) TermsEnding(at time.Time) (mails []Mail) {
	today := DateOf(at.In(p.Location))
	for _, m := range p.Register.With(Member, Chair) {
		level := "soon"
		switch {
		case m.Term.IsZero() || today.Add(p.TermNotice).Before(m.Term):
			continue
		case m.Term.Before(today):
			level = "over"
		}
		told := p.admins()
		for _, who := range p.Register.With(Chair) {
			if !slices.Contains(told, who) {
				told = append(told, who)
			}
		}
		for _, who := range told {
			mails = append(mails, Mail{Key: fmt.Sprintf("term/%s/%s/%s/%s", m.Address, m.Term, level, who.Address), To: who.Mailbox(), Lang: p.Language, Template: "term_ending", Staff: true,
				Facts: Facts{From: m.Mailbox(), Reason: m.Term.String(), Of: capacity(m, p.Language), Subject: level}})
		}
	}
	return mails
}
