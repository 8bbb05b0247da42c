package complaints

import "time"

// Opened registers a complaint (chapter 4): the five fields, when it was
// received and through which channel.
type Opened struct {
	Ref         string       `json:"ref"` // given by the store when it records the event
	Year        int          `json:"year"`
	Complainant Complainant  `json:"complainant"`
	Channel     string       `json:"channel"`
	Subject     string       `json:"subject"`
	Matter      string       `json:"matter"`
	Received    time.Time    `json:"received"`
	Lang        string       `json:"lang"`
	Policy      string       `json:"policy"`
	MessageID   string       `json:"message_id,omitempty"`
	Missing     []string     `json:"missing,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Due         Deadline     `json:"due"`
}

// Kind names the fact in the log.
func (*Opened) Kind() string { return "opened" }

func (f *Opened) apply(c *Case, e *Event) error {
	c.Ref, c.State, c.Lang, c.Policy = f.Ref, Registered, f.Lang, f.Policy
	c.Channel, c.Complainant, c.Subject, c.Matter = f.Channel, f.Complainant, f.Subject, f.Matter
	c.Received, c.Registered, c.Missing, c.Due = f.Received, e.At, f.Missing, f.Due
	c.LastMessage = f.MessageID
	c.keep(e, f.Complainant.Addr, f.Attachments)
	c.note(e, f.Kind(), "")
	return nil
}

// Heard adds a mail to the case.
type Heard struct {
	From        Address      `json:"from"`
	Who         string       `json:"who"` // client, staff, other, auto
	Text        string       `json:"text"`
	MessageID   string       `json:"message_id"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Heard) Kind() string { return "heard" }

func (f *Heard) apply(c *Case, e *Event) error {
	c.keep(e, f.From.Addr, f.Attachments)
	c.note(e, "heard_"+f.Who, f.Text)
	if f.Who == "client" {
		c.LastMessage = f.MessageID
		if c.State == AwaitingClient {
			c.State = Investigating
		}
	}
	return nil
}

// LanguageSet changes the language in which the client is written to.
type LanguageSet struct {
	Lang string `json:"lang"`
}

// Kind names the fact in the log.
func (*LanguageSet) Kind() string { return "language_set" }

func (f *LanguageSet) apply(c *Case, e *Event) error {
	c.Lang = f.Lang
	c.note(e, f.Kind(), f.Lang)
	return nil
}
