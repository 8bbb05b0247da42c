package complaints

import (
	"strings"
	"time"
)

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

// open registers a new complaint: never refused for what is missing.
func (s *session) open() {
	m := s.m
	lang := languageOf(m.Subject+m.OwnWords, s.p.Language)
	name := strings.TrimSpace(m.From.Name)
	if name == "" {
		name, _, _ = strings.Cut(m.From.Addr, "@")
	}
	received := s.at
	matter := strings.TrimSpace(m.OwnWords)
	if matter == "" {
		matter = strings.TrimSpace(m.Text)
	}
	due := s.p.Calendar.WorkingDays(DateOf(s.at.In(s.p.Location)), s.p.InvestigationDays, nil)
	s.c, s.lang = &Case{}, lang
	s.do(&Opened{
		Year: s.at.In(s.p.Location).Year(), Complainant: Complainant{Name: name, Addr: m.From.Addr}, Channel: "email",
		Subject: strings.TrimSpace(m.Subject), Matter: matter, Received: received, Lang: lang, Policy: s.p.Version,
		MessageID: m.MessageID, Missing: missing(m, matter), Attachments: m.Attachments, Due: due,
	})
	s.acknowledge(received, due)
	for _, p := range s.desk() {
		s.tell(p, "new_case", Facts{Text: matter, From: m.From, Subject: m.Subject, Attachments: m.Attachments})
	}
}

// missing names which of the five fields of chapter 4 the mail does not give.
// The contact and the time are always there: the address and the arrival.
func missing(m *Message, matter string) []string {
	var out []string
	if strings.TrimSpace(m.From.Name) == "" {
		out = append(out, "name")
	}
	if m.From.Addr == "" {
		out = append(out, "contact")
	}
	if matter == "" {
		out = append(out, "matter")
	}
	if len(m.Attachments) == 0 {
		out = append(out, "evidence")
	}
	return out
}

// acknowledge issues the letter of acknowledgement. Without an address to
// answer, or to a robot, nothing is sent: staff see the case all the same.
func (s *session) acknowledge(received time.Time, due Deadline) {
	if s.m.From.Addr == "" || s.damped() {
		return
	}
	var files []string
	for _, a := range s.c.Evidence {
		files = append(files, a.Name)
	}
	l := s.letter(AckLetter)
	l.Ack = &AckFacts{
		Received: received.In(s.p.Location), Registered: s.at.In(s.p.Location), Channel: s.c.Channel, Summary: excerpt(s.c.Matter, 400), Attachments: files,
		Missing: s.c.Missing, Due: due, ReplyTo: s.p.Address,
	}
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	if mail := s.answer("ack", Facts{Attachments: s.m.Attachments}); mail != nil {
		mail.LetterNo, mail.Facts.Attachments = len(s.c.Letters), nil
	}
}

// letter begins a letter of a kind to the complainant.
func (s *session) letter(k LetterKind) Letter {
	contact := Contact{Phone: s.p.Firm.Phone, Email: s.p.Address, Name: pick(s.c.Lang, "客户服务部", "Client Services"), Title: ""}
	if h := s.p.Register.Find(s.c.Handler); h != nil {
		contact.Name, contact.Title = h.Name, pick(s.c.Lang, "调查责任人", "Responsible person")
	}
	return Letter{
		Kind: k, Lang: s.c.Lang, Ref: s.c.Ref, Firm: s.p.Firm, To: s.c.Complainant.Mailbox(), Subject: s.c.Subject,
		Number: LetterNumber{Firm: s.p.Firm.Short, Kind: series[k], Year: s.today().Year}, Contact: contact, Routes: s.p.Routes, Policy: s.c.Policy,
	}
}
