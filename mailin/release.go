package mailin

import (
	"context"
	"fmt"
	"sync"
	"time"

	"complaints"
	"complaints/store"
)

// Retry takes in a mail that was held: to the case ref, or, if that is "", to
// the case it belongs to as it is read now, or as a complaint of its own. Who
// releases it answers for it: limits and marks of robots do not hold it again.
// Nobody answers for the commands of somebody else: they are looked at anew,
// and without proof of their author they are words. If the mail cannot be taken
// in even so, it is held on, and reason says why.
func (r *Receiver) Retry(ctx context.Context, id int64, ref, by string) (reason string, err error) {
	return r.retry(ctx, id, "", ref, by)
}

// retry is Retry for a mail in a state; "" is any in which it may be retried.
func (r *Receiver) retry(ctx context.Context, id int64, state, ref, by string) (reason string, err error) {
	at := r.Now()
	p, err := r.Policy(ctx)
	if err != nil {
		return "", err
	}
	seen, raw, err := r.DB.QuarantineShow(ctx, id)
	if err != nil {
		return "", err
	}
	if state == "" {
		state = seen.State
	}
	m := Parse(raw, r.desk(p))
	if m.Class == complaints.Auto || m.Class == complaints.Bounce {
		m.Class = complaints.Public
	}
	err = r.DB.Tx(ctx, func(tx *store.Tx) error {
		h, err := tx.LockHeld(ctx, id, state)
		if err != nil {
			return err
		}
		m.ID, m.Hold, m.Arrived, m.Released = h.Message, "", h.HeldAt, by
		if m.ID == 0 {
			if _, err := tx.AddMessage(ctx, m, raw, h.Arrival, at); err != nil {
				return err
			}
		}
		var c *complaints.Case
		if ref != "" {
			c, err = tx.LockRef(ctx, ref)
		} else {
			c, _, err = tx.LockCase(ctx, complaints.KeysOf(m, p.Address), m, p.Keys, at)
		}
		if err != nil {
			return err
		}
		if c, err = r.lookUp(ctx, tx, p, c, m, at); err != nil {
			return err
		}
		base, o := p.Receive(c, m, at)
		if reason, o.Hold = o.Hold, ""; reason != "" {
			if err := tx.HeldAgain(ctx, id, by, reason, at); err != nil {
				return err
			}
			again := p.HeldAgain(complaints.Release{No: id, By: by, Ref: ref}, reason, at)
			return tx.Record(ctx, nil, m, again, p.NextAt)
		}
		if err := tx.Record(ctx, base, m, o, p.NextAt); err != nil {
			return err
		}
		return tx.QuarantineTaken(ctx, id, by, at)
	})
	if err != nil {
		return "", fmt.Errorf("retry held mail %d: %w", id, err)
	}
	r.Log.Info("held mail", "held", id, "msgid", m.MessageID, "taken", reason == "", "reason", reason)
	return reason, nil
}

// Released takes in the mails that were released by command. One that cannot
// be is held on, with the error as its reason: it stops no other.
func (r *Receiver) Released(ctx context.Context) error {
	list, err := r.DB.QuarantineList(ctx, "retry")
	if err != nil {
		return err
	}
	for _, h := range list {
		_, err := r.retry(ctx, h.ID, "retry", h.Guess, h.By)
		if err == nil || store.NotFound(err) { // another daemon was quicker
			continue
		}
		if store.Away(err) || ctx.Err() != nil {
			return err
		}
		r.Log.Error("held mail", "held", h.ID, "err", err)
		if err := r.heldAgain(ctx, h, "it could not be taken in: "+err.Error(), r.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (r *Receiver) heldAgain(ctx context.Context, h *store.Held, reason string, at time.Time) error {
	p, err := r.Policy(ctx)
	if err != nil {
		return err
	}
	return r.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.HeldAgain(ctx, h.ID, h.By, reason, at); err != nil {
			return err
		}
		return tx.Record(ctx, nil, nil, p.HeldAgain(complaints.Release{No: h.ID, By: h.By, Ref: h.Guess}, reason, at), p.NextAt)
	})
}

// How long a mail from staff waits for the DNS in which the key of its signature
// stands: tried again after a minute, two, four …, and after patience taken in
// without a proof of its sender, who is then asked for a code.
const (
	firstPause   = time.Minute
	longestPause = 15 * time.Minute
	patience     = 4 * time.Hour
)

// later are the mails that wait in the inbox, and when each is tried again. Since
// when they wait stands in the database; the mails themselves lie where they came.
type later struct {
	mu    sync.Mutex
	mails map[store.Arrival]waited
}

type waited struct {
	until time.Time
	pause time.Duration
}

// early reports whether it is too early to try a mail again.
func (l *later) early(a store.Arrival, now time.Time) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.mails[a]
	return ok && now.Before(w.until)
}

// next lets a mail that waits since a time wait once more, and says for how
// long: 0 if it has waited for long enough.
func (l *later) next(a store.Arrival, since, now time.Time) time.Duration {
	if now.Sub(since) >= patience {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.mails[a]
	w.pause = min(max(2*w.pause, firstPause), longestPause)
	w.until = now.Add(w.pause)
	if l.mails == nil {
		l.mails = map[store.Arrival]waited{}
	}
	l.mails[a] = w
	return w.pause
}

// done forgets a mail that was taken in.
func (l *later) done(a store.Arrival) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mails, a)
}
