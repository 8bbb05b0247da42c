package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"complaints"
	"complaints/mailin"
	"complaints/store"
)

// recent is how many mails of the folder of processed mail are looked at to see
// whether the database knows what the mailbox knows.
const recent = 200

// guard keeps a database that has gone back from saying things twice: one that
// was restored from a backup, or a copy that took over without the latest
// transactions. It looks
//
//  1. at the start, and when the database is another than before: whether all of
//     the latest mails in the folder of processed mail, our own blind copies
//     among them, stand in the database;
//  2. every ten seconds: whether its log has become shorter.
//
// If so all outgoing mail rests until somebody runs “complaintsd outbox
// reconcile”. known is closed when the loops may begin.
func (d *Daemon) guard(ctx context.Context, known chan<- struct{}) error {
	was := d.readStanding()
	begun := false
	for ctx.Err() == nil {
		now, err := d.DB.Standing(ctx)
		same := err == nil && was != nil && now.Same(*was)
		switch {
		case err != nil:
		case same && now.Log < was.Log:
			err = d.rest(ctx, fmt.Sprintf("the database has gone back: its log ended at %d and ends at %d now", was.Log, now.Log), 0, now)
		case !same || !begun:
			var unknown int
			var last int64
			look, cancel := context.WithTimeout(ctx, time.Minute)
			if unknown, last, err = d.receiver.Forgotten(look, recent, nil); err == nil && unknown > 0 {
				err = d.rest(ctx, fmt.Sprintf("the database does not know %d of the latest %d mails that the desk has processed or sent", unknown, recent), last, now)
			}
			cancel()
			if err != nil && same && !begun && !errors.Is(err, store.ErrConflict) {
				// The mailbox is away, and the log speaks for the database.
				d.Log.Warn("the mailbox was not compared with the database", "err", err)
				err = nil
			}
		}
		if err == nil {
			was = &now
			d.writeStanding(now)
			if !begun {
				begun = true
				close(known)
			}
		} else if ctx.Err() == nil {
			d.Log.Warn("database and mailbox are not compared yet", "err", err)
		}
		if begun {
			pause(ctx, 10*time.Second)
		} else {
			pause(ctx, time.Second)
		}
	}
	return nil
}

func (d *Daemon) rest(ctx context.Context, reason string, last int64, seen store.Standing) error {
	if err := d.DB.Rest(ctx, reason, last, seen, d.Now()); err != nil {
		return err
	}
	d.Log.Error("all outgoing mail is held until “complaintsd outbox reconcile”", "reason", reason)
	return nil
}

// readStanding reads where the database stood when a daemon last worked in this
// state folder; nil if nobody knows.
func (d *Daemon) readStanding() *store.Standing {
	b, err := os.ReadFile(d.StandingFile)
	s := &store.Standing{}
	if err != nil || json.Unmarshal(b, s) != nil {
		return nil
	}
	return s
}

// writeStanding keeps it for the next start; if it cannot, the next start looks
// into the mailbox.
func (d *Daemon) writeStanding(s store.Standing) {
	if d.StandingFile == "" {
		return
	}
	b, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(d.StandingFile+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(d.StandingFile+".new", d.StandingFile)
	}
	if err != nil {
		d.Log.Warn("standing of the database", "err", err)
	}
}

// Reconciled is what Reconcile has found.
type Reconciled struct {
	Sent  int      // mails that the database believed unsent, and of which the journal has a copy
	Taken int      // mails of others that it had forgotten, taken in again
	Lost  []string // our own mails that it has forgotten for good: recipient and subject
	Held  int      // mails that may say again what one of those said, for a person to release or discard
}

// Reconcile brings a database that has gone back up to what the folder of
// processed mail knows, and then lets outgoing mail go again.
func (d *Daemon) Reconcile(ctx context.Context, by, why string) (r Reconciled, err error) {
	p, err := d.rules.current(ctx)
	if err != nil {
		return r, err
	}
	newest, err := d.DB.Outbox(ctx, store.OutboxFilter{Limit: 1})
	if err != nil {
		return r, err
	}
	after := int64(0)
	if len(newest) > 0 {
		after = newest[0].ID
	}
	var lost []store.Composed
	_, _, err = d.receiver.Forgotten(ctx, 0, func(f *mailin.Fetched, m *complaints.Message) error {
		id := mailin.Numbered(m)
		if id == 0 {
			r.Taken++
			_, err := d.Receive(ctx, f.Raw, store.Arrival{Mailbox: f.Mailbox, UIDValidity: f.UIDValidity, UID: f.UID})
			return err
		}
		to := ""
		if len(m.To) > 0 {
			to = m.To[0].Addr
		}
		copied := store.Composed{Raw: mailin.WithoutTrace(f.Raw), MessageID: m.MessageID, RcptTo: to}
		ours, err := d.DB.Adopt(ctx, id, copied, m.Subject, func(tx *store.Tx, o *store.Outgoing) error { return d.adopted(ctx, tx, p, o, m) })
		switch {
		case err != nil:
			return err
		case ours:
			r.Sent++
		default:
			lost = append(lost, copied)
			r.Lost = append(r.Lost, to+": "+m.Subject)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	r.Held, err = d.DB.Wake(ctx, by, why, after, lost, d.Journal == "", d.Now())
	return r, err
}

// adopted records what the sender would have recorded: the hash of the letter
// that went out, and what follows from its delivery.
func (d *Daemon) adopted(ctx context.Context, tx *store.Tx, p *complaints.Policy, o *store.Outgoing, m *complaints.Message) error {
	if o.CaseRef != "" && o.Mail.LetterNo > 0 && !o.Mail.Draft && !o.Mail.Staff {
		c, err := tx.LockRef(ctx, o.CaseRef)
		if err != nil {
			return err
		}
		for _, a := range m.Attachments {
			if a.Type != "application/pdf" || o.Mail.LetterNo > len(c.Letters) || c.Letters[o.Mail.LetterNo-1].Hash != "" {
				continue
			}
			e := complaints.Event{Seq: c.Seq + 1, At: d.Now(), By: complaints.TheDesk, Fact: &complaints.Sealed{No: o.Mail.LetterNo, SHA256: a.SHA256}}
			if err := tx.Record(ctx, c, nil, complaints.Outcome{Events: []complaints.Event{e}}, p.NextAt); err != nil {
				return err
			}
			break
		}
	}
	return tx.Follow(ctx, o, p, d.Now())
}
