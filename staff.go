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
