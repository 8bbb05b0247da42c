package complaints

import "strings"

// The reasons for which the desk itself recuses a member from an appeal. They
// are codes: the letter says them in its own language.
const (
	madeDecision = "made_decision" // approved the report or the result that is appealed against
	investigated = "investigated"  // was responsible for the investigation
	respondent   = "respondent"    // is complained of
)

var recusalWords = map[string][2]string{
	madeDecision: {"曾批准被申诉的处理结果", "approved the result under appeal"},
	investigated: {"曾负责本案调查", "investigated the case"},
	respondent:   {"系被投诉人", "is complained of"},
	"remitted":   {"曾负责本案原调查", "led the first investigation"},
}

// recusalReason gives a recusal's reason in words; a person's own reason stays
// as it was written.
func recusalReason(r, lang string) string {
	if w, ok := recusalWords[r]; ok {
		return pick(lang, w[0], w[1])
	}
	return r
}

// panel names who sits on an appeal, and who is recused and why: nobody judges
// an appeal against a decision of their own.
func (p *Policy) panel(c *Case) (sits []string, recused []Recused) {
	for _, m := range p.Register.With(Member, Chair) {
		reason := ""
		switch {
		case c.madeDecision(m.Address):
			reason = madeDecision
		case SameAddr(c.Handler, m.Address):
			reason = investigated
		case c.Conflicted(m):
			if c.hasRecused(m.Address) {
				continue
			}
			reason = respondent
		}
		if reason == "" {
			sits = append(sits, m.Address)
		} else if !c.hasRecused(m.Address) {
			recused = append(recused, Recused{Person: m.Address, Reason: reason, Appeal: reason != respondent})
		}
	}
	return sits, recused
}

func (c *Case) madeDecision(addr string) bool {
	if c.Report != nil && SameAddr(c.Report.Approver, addr) {
		return true
	}
	r := c.LastLetter(ResultLetter)
	return r != nil && SameAddr(r.Approver, addr)
}

func (c *Case) hasRecused(addr string) bool {
	for _, r := range c.Recusals {
		if SameAddr(r.Person, addr) {
			return true
		}
	}
	return false
}

// quorate reports whether enough members have voted: the quorum, and more than
// half of those who sit. Silence is no consent.
func (p *Policy) quorate(c *Case) bool {
	n := len(c.Appeal.Votes)
	return n >= p.Quorum && 2*n > len(c.Appeal.Panel)
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

// capacity is the part in which a member sits (chapter 7).
func capacity(p *Person, lang string) string {
	switch {
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
