package complaints

import (
	"slices"
	"strings"
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
}

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
	free, accused := []*Person{}, false
	for _, who := range all {
		if c.respondent(who) {
			accused = true
		} else if !c.Conflicted(who) {
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
			if c.Appeal != nil && slices.Contains(c.Appeal.Panel, who.Address) {
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
	return p.allows(c, who, v.Roles)
}

// MayRead reports whether a person may see what a case holds (casework B.4):
// the roles that #show is for, without a conflict. Mails to anybody else tell
// them what concerns them and nothing of the case.
func (p *Policy) MayRead(c *Case, who *Person) bool {
	if c == nil || !who.Is(AnyStaff) {
		return false
	}
	if who.Is(Management) && c.Severity.Major() && !c.Conflicted(who) {
		return true
	}
	return p.mayUse(c, who, findVerb("show"))
}
