package complaints

import (
	"fmt"
	"time"
)

// Delivered says that the relay accepted a letter (SMTP 250). For the result
// letter it opens the appeal window; for the decision it ends the internal
// procedure.
type Delivered struct {
	No          int    `json:"no"`
	To          string `json:"to"`
	Reply       string `json:"reply"` // the server's words
	AppealUntil Date   `json:"appeal_until,omitzero"`
}

// Kind names the fact in the log.
func (*Delivered) Kind() string { return "delivered" }

func (f *Delivered) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.Delivery, r.Delivered = DeliveryAccepted, e.At
	switch r.Letter.Kind {
	case ResultLetter:
		if c.State == DecisionDraft {
			c.State = Decided
		}
		c.AppealUntil = f.AppealUntil
	case DecisionLetter:
		if c.State == AppealReview {
			c.State = AppealDecided
			for no, f := range c.Appeal.Findings { // what the committee found instead
				if a := c.allegation(no); a != nil {
					a.Finding = f
				}
			}
		}
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s → %s: %s", r.Letter.Number, f.To, f.Reply))
	return nil
}

// NotDelivered says that a mail to the client was refused or came back. A
// result letter that came back opens no appeal window.
type NotDelivered struct {
	No    int       `json:"no,omitempty"` // the letter it carried; 0: none
	To    string    `json:"to"`
	Reply string    `json:"reply"`
	At    time.Time `json:"at,omitzero"`
}

// Kind names the fact in the log.
func (*NotDelivered) Kind() string { return "undelivered" }

func (f *NotDelivered) apply(c *Case, e *Event) error {
	if f.No > 0 {
		r, err := c.letter(f.No)
		if err != nil {
			return err
		}
		r.Delivery = DeliveryFailed
		if r.Letter.Kind == ResultLetter {
			c.AppealUntil = Date{}
			if c.State == Decided {
				c.State = DecisionDraft
			}
		}
	}
	c.note(e, f.Kind(), f.To+": "+f.Reply)
	return nil
}

// Delivered decides what follows when the relay has accepted a mail. reply is
// the server's words. It is called once for each mail that carried an issued
// letter, in the transaction that marks it as accepted.
func (p *Policy) Delivered(c *Case, m Mail, reply string, at time.Time) Outcome {
	if c == nil || m.LetterNo == 0 || m.Draft || m.Staff {
		return Outcome{}
	}
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	r, err := s.c.letter(m.LetterNo)
	if err != nil || r.Delivery == DeliveryFailed && r.Letter.Kind == AckLetter {
		return Outcome{} // the mail arrived, its letter could not be printed
	}
	f := &Delivered{No: m.LetterNo, To: m.To.Addr, Reply: reply}
	if res := r.Letter.Result; res != nil {
		f.AppealUntil = s.appealDay(s.today())
		if f.AppealUntil.Before(res.AppealUntil) {
			f.AppealUntil = res.AppealUntil
		}
	}
	first := s.c.appealed() // of a group each member gets it
	s.do(f)
	if r.Letter.Result != nil || r.Letter.Decision != nil {
		s.hand()
	}
	switch r.Letter.Kind {
	case DecisionLetter:
		if first {
			s.afterDecision()
		}
		fallthrough
	case ResultLetter:
		for _, who := range s.handlers() {
			n := s.tell(who, "letter_sent", Facts{Reason: reply})
			n.LetterNo, n.Draft = m.LetterNo, false
			n.Key = fmt.Sprintf("%s/letter_sent/%d/%s", s.c.Ref, m.LetterNo, who.Address)
		}
	}
	return s.out
}

// afterDecision carries out what the committee ruled: an appeal that was
// remitted is investigated anew by somebody else, with a new limit.
func (s *session) afterDecision() {
	if s.c.Appeal == nil || s.c.Appeal.Ruling != Remit {
		return
	}
	s.do(&Remitted{Due: s.p.Calendar.WorkingDays(s.today(), s.p.InvestigationDays, nil)})
}

// Undelivered decides what follows when a mail was refused for good, or came
// back: it becomes a task for staff, and never a second attempt.
func (p *Policy) Undelivered(c *Case, m Mail, reply string, at time.Time) Outcome {
	if c == nil {
		s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
		if m.Template != "alert" { // an alert that cannot be delivered must not raise another
			s.alert("undelivered", "a mail of the desk could not be delivered: "+reply)
		}
		return s.out
	}
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	if m.Staff {
		s.alert("undelivered", "a mail to staff on "+c.Ref+" could not be delivered: "+reply)
		return s.out
	}
	no := m.LetterNo
	if m.Draft || c.member(m.To.Addr) != nil { // the letter of a group stands if one of them does not get it
		no = 0
	}
	if no > 0 && c.Letters[no-1].Delivery == DeliveryFailed {
		return Outcome{} // said before
	}
	s.do(&NotDelivered{No: no, To: m.To.Addr, Reply: reply})
	for _, who := range s.handlers() {
		n := s.tell(who, "letter_failed", Facts{Reason: reply, Subject: m.Template, From: m.To})
		n.LetterNo = 0
		n.Key = fmt.Sprintf("%s/letter_failed/%s/%s", s.c.Ref, m.Key, who.Address)
	}
	return s.out
}

// Doubtful decides what follows when nobody can know whether the relay took a
// mail to the client: it is not sent again, and a person is told. Without the
// journal's evidence a person settles it.
func (p *Policy) Doubtful(c *Case, m Mail, outbox int64, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	if c != nil {
		s.c = c.Clone()
	}
	if c == nil || m.Staff {
		s.alert("doubt", fmt.Sprintf("mail %d may or may not have been taken by the relay: complaintsd outbox show %d", outbox, outbox))
		return s.out
	}
	for _, who := range s.handlers() {
		n := s.tell(who, "letter_in_doubt", Facts{Reason: fmt.Sprint(outbox), Subject: m.Template, From: m.To})
		n.LetterNo = m.LetterNo
		n.Key = fmt.Sprintf("%s/letter_in_doubt/%d/%s", s.c.Ref, outbox, who.Address)
	}
	s.alert("doubt", fmt.Sprintf("mail %d on %s may or may not have been taken by the relay", outbox, s.c.Ref))
	return s.out
}

// HeldMail decides what follows when a mail was put into quarantine unread: the
// administrator is told.
func (p *Policy) HeldMail(reason string, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	s.alert("held", "a mail was put into quarantine: "+reason)
	return s.out
}
