package complaints

import (
	"fmt"
	"time"
)

// RemedyOffered adds a remedy to what the result letter will offer.
type RemedyOffered struct {
	Remedy
}

// Kind names the fact in the log.
func (*RemedyOffered) Kind() string { return "remedy_offered" }

func (f *RemedyOffered) apply(c *Case, e *Event) error {
	c.Remedies = append(c.Remedies, f.Remedy)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// MeasureSet adds an improvement measure, with owner and date (chapter 12).
type MeasureSet struct {
	Measure
}

// Kind names the fact in the log.
func (*MeasureSet) Kind() string { return "measure_set" }

func (f *MeasureSet) apply(c *Case, e *Event) error {
	c.Measures = append(c.Measures, f.Measure)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// Drafted puts a letter before a second person. A draft that is still pending
// is replaced: its approval, if any, is void.
type Drafted struct {
	Letter Letter `json:"letter"` // No: 0 for a new letter
}

// Kind names the fact in the log.
func (*Drafted) Kind() string { return "drafted" }

func (f *Drafted) apply(c *Case, e *Event) error {
	if d := c.pendingDraft(); d != nil {
		f.Letter.No = d.Letter.No
		*d = LetterRecord{Letter: f.Letter, Version: d.Version + 1, Drafter: e.By}
	} else {
		f.Letter.No = len(c.Letters) + 1
		c.Letters = append(c.Letters, LetterRecord{Letter: f.Letter, Version: 1, Drafter: e.By})
	}
	c.Letters[f.Letter.No-1].Letter.Ref = c.Ref
	c.note(e, f.Kind(), string(f.Letter.Kind))
	return nil
}

// DraftRendered is the hash of the PDF that the drafter and the approver saw:
// SHA-256, hex. It is recorded by the sender when it composes their mail.
type DraftRendered struct {
	No      int    `json:"no"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
}

// Kind names the fact in the log.
func (*DraftRendered) Kind() string { return "draft_rendered" }

func (f *DraftRendered) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	if r.Version == f.Version {
		r.DraftHash = f.SHA256
	}
	c.note(e, f.Kind(), f.SHA256)
	return nil
}

// DraftReturned sends a draft back with a reason.
type DraftReturned struct {
	No     int    `json:"no"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*DraftReturned) Kind() string { return "draft_returned" }

func (f *DraftReturned) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.DraftHash = ""
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// Issued gives a letter its number and date (签发): from now on it is sent.
// DraftHash is the draft that was approved; both hashes stand in the log.
type Issued struct {
	No        int          `json:"no"` // 0: a letter without a draft, in Letter
	Letter    *Letter      `json:"letter,omitempty"`
	Number    LetterNumber `json:"number"`
	Date      Date         `json:"date"`
	DraftHash string       `json:"draft_hash,omitempty"`
	Signatory Contact      `json:"signatory"`
}

// Kind names the fact in the log.
func (*Issued) Kind() string { return "issued" }

func (f *Issued) apply(c *Case, e *Event) error {
	no := f.No
	if no == 0 {
		no = len(c.Letters) + 1
		c.Letters = append(c.Letters, LetterRecord{Letter: *f.Letter, Version: 1, Drafter: e.By})
	}
	r, err := c.letter(no)
	if err != nil {
		return err
	}
	r.Letter.No, r.Letter.Ref = no, c.Ref
	r.Letter.Number, r.Letter.Date = f.Number, f.Date
	r.Issued, r.Approver = true, e.By
	c.note(e, f.Kind(), f.Number.String())
	return nil
}

// Sealed is the hash of the issued PDF.
type Sealed struct {
	No     int    `json:"no"`
	SHA256 string `json:"sha256"`
}

// Kind names the fact in the log.
func (*Sealed) Kind() string { return "sealed" }

func (f *Sealed) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.Hash = f.SHA256
	c.note(e, f.Kind(), f.SHA256)
	return nil
}

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

func (c *Case) letter(no int) (*LetterRecord, error) {
	if no < 1 || no > len(c.Letters) {
		return nil, fmt.Errorf("there is no letter %d", no)
	}
	return &c.Letters[no-1], nil
}
