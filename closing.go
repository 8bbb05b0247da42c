package complaints

import "time"

// ClosedCase ends the work, with a closing code of casework E.6.
type ClosedCase struct {
	Code   string `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*ClosedCase) Kind() string { return "closed" }

func (f *ClosedCase) apply(c *Case, e *Event) error {
	c.State, c.ClosedAt, c.ClosingCode = Closed, e.At, f.Code
	c.note(e, f.Kind(), f.Code+" "+f.Reason)
	return nil
}

// Reopened takes a closed case up again, with the reason.
type Reopened struct {
	Reason string   `json:"reason"`
	Due    Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Reopened) Kind() string { return "reopened" }

func (f *Reopened) apply(c *Case, e *Event) error {
	c.State, c.ClosedAt, c.ClosingCode, c.Due = Investigating, time.Time{}, "", f.Due
	c.note(e, f.Kind(), f.Reason)
	return nil
}
