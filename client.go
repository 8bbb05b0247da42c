package complaints

import (
	"strings"
	"time"
	"unicode"
)

// clientMail decides on a mail from outside the firm.
func (s *session) clientMail() {
	if s.c == nil {
		s.open()
		return
	}
	client := SameAddr(s.m.From.Addr, s.c.Complainant.Addr)
	who := "client"
	if !client {
		who = "other"
	}
	s.do(&Heard{From: s.m.From, Who: who, Text: s.m.OwnWords, MessageID: s.m.MessageID, Attachments: s.m.Attachments})
	s.lang = s.c.Lang
	w := readWish(s.m.OwnWords)
	if !client {
		w = wish{} // a stranger who holds the reply address adds to the case and decides nothing
	}
	told := s.grant(w)
	for _, p := range s.handlers() {
		s.tell(p, told, Facts{Text: s.m.OwnWords, From: s.m.From, Subject: s.m.Subject, Attachments: s.m.Attachments})
	}
}

// grant does what the client clearly wishes, and gives the template of the
// notice to staff. What is doubtful goes to staff as a question.
func (s *session) grant(w wish) (notice string) {
	notice = "client_replied"
	if w.kind != "" && !w.clear {
		s.answer("unclear", Facts{})
		return notice
	}
	switch w.kind {
	case "status":
		s.answer("status", Facts{})
	case "appeal":
		return s.clientAppeals(w.text)
	case "accept":
		if s.c.State == Decided && len(s.c.Remedies) > 0 {
			s.do(&OfferAccepted{Text: s.m.OwnWords})
			s.answer("offer_accepted", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	case "withdraw":
		if s.c.State.Open() {
			s.do(&WithdrawalSought{Text: s.m.OwnWords})
			s.answer("withdrawal", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	default:
		s.answer("received", Facts{Attachments: s.m.Attachments})
	}
	return notice
}

// answer sends the client an automatic mail, unless the damper is down: two
// robots that answer each other stop after a few.
func (s *session) answer(template string, f Facts) *Mail {
	if s.damped() {
		return nil
	}
	f.Subject = s.m.Subject
	m := s.tellClient(template, f)
	m.Auto, m.InReplyTo = true, s.m.MessageID
	return m
}

func (s *session) damped() bool {
	if s.m.Automatic < s.p.AutomaticPerDay {
		return false
	}
	if s.m.Automatic == s.p.AutomaticPerDay {
		s.out.Alerts = append(s.out.Alerts, Alert{Kind: "damped", Text: "automatic answers to one correspondent have stopped for today"})
	}
	return true
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

// languageOf tells in which language a text is written: Chinese characters →
// zh, else Latin letters → en, else the default.
func languageOf(text, otherwise string) string {
	latin := 0
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			return "zh"
		}
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			latin++
		}
	}
	if latin >= 20 {
		return "en"
	}
	return otherwise
}
