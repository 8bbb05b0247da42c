package complaints

import "fmt"

// Asked is a question put to the client, or to a member of staff, from the
// case's address.
type Asked struct {
	To   string `json:"to"`
	Text string `json:"text"`
	Due  Date   `json:"due,omitzero"`
}

// Kind names the fact in the log.
func (*Asked) Kind() string { return "asked" }

func (f *Asked) apply(c *Case, e *Event) error {
	c.note(e, f.Kind(), f.Text)
	return nil
}

// Noted is something the investigator puts on file: a note, an interview, a
// document.
type Noted struct {
	What        string       `json:"what"` // note, interview, document
	With        string       `json:"with,omitempty"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Noted) Kind() string { return "noted" }

func (f *Noted) apply(c *Case, e *Event) error {
	c.keep(e, e.By, f.Attachments)
	text := f.Text
	if f.With != "" {
		text = f.With + ": " + text
	}
	c.note(e, f.What, text)
	return nil
}

// Found is the finding on one allegation, with its reason.
type Found struct {
	No       int      `json:"no"`
	Finding  Finding  `json:"finding"`
	Reason   string   `json:"reason"`
	Evidence []string `json:"evidence,omitempty"`
}

// Kind names the fact in the log.
func (*Found) Kind() string { return "found" }

func (f *Found) apply(c *Case, e *Event) error {
	a := c.allegation(f.No)
	if a == nil {
		return fmt.Errorf("there is no allegation %d", f.No)
	}
	a.Finding, a.Reason, a.Evidence = f.Finding, f.Reason, f.Evidence
	c.note(e, f.Kind(), fmt.Sprintf("%d %s: %s", f.No, f.Finding, f.Reason))
	return nil
}

// RootCause is a cause by the code of casework E.4, with text.
type RootCause struct {
	Code string `json:"code"`
	Text string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*RootCause) Kind() string { return "root_cause" }

func (f *RootCause) apply(c *Case, e *Event) error {
	for i, r := range c.RootCauses {
		if r.Code == f.Code {
			c.RootCauses[i] = *f
			c.note(e, f.Kind(), f.Code+" "+f.Text)
			return nil
		}
	}
	c.RootCauses = append(c.RootCauses, *f)
	c.note(e, f.Kind(), f.Code+" "+f.Text)
	return nil
}
