package complaints

import (
	"fmt"
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
