package mailin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints"
	"complaints/mailin/lanes"
	"complaints/store"
)

const (
	// abreast is how many mails of a long backlog are taken in at a time: the
	// database and this process work meanwhile, where one waited for the other.
	abreast = 3

	// usualRate and lowestRate are how many mails a second are taken in, where
	// that is not known, or looks as if a clock had been set.
	usualRate, lowestRate = 200, 20
)

// pace is how fast a long backlog is worked off: the answers to its mails are put
// off until after its end, for they would hold up the mails behind it.
type pace struct {
	mu    sync.Mutex
	since time.Time
	n     int
	each  time.Duration // that a mail took, of the last moveMails; 0: not known yet
}

// wait gives how long the answer to a mail is put off with which so many wait.
func (p *pace) wait(behind int, now time.Time) time.Duration {
	if behind == 0 || p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n == 0 {
		p.since = now
	}
	if p.n++; p.n > moveMails {
		p.each, p.n = now.Sub(p.since)/moveMails, 0
	}
	each := min(max(p.each, time.Second/usualRate), time.Second/lowestRate)
	return time.Duration(behind) * each * 5 / 4
}

// inTurn hands mails over that were fetched: one after the other, or in a long
// backlog side by side those that have nothing to do with each other.
func (f *folder) inTurn(ctx context.Context, mails []*Fetched) error {
	waiting := count(f.waiting)
	for _, m := range mails {
		if waiting > longBacklog && imap.UID(m.UID) < f.newest {
			m.behind = waiting
		}
	}
	type outcome struct {
		d   Disposition
		err error
	}
	done := make([]outcome, len(mails))
	hand := func(i int) {
		if ctx.Err() == nil {
			f.hooks.Point("fetched")
			d, err := f.hand(ctx, func() (Disposition, error) { return f.take(ctx, mails[i]) })
			done[i] = outcome{d, err}
		}
	}
	settle := func(i int) {
		m, d, err := mails[i], done[i].d, done[i].err
		switch uid := imap.UID(m.UID); {
		case errors.Is(err, ErrLater):
			f.pauses.pause = 2 * f.pauses.min // who takes it knows when it is time
			f.postpone(uid)
		case err != nil:
			f.fail(ctx, m, err)
		default:
			f.settle(uid, d)
		}
	}
	if f.hooks.Apart != nil && waiting > longBacklog && len(mails) > 1 {
		lanes.Of(f.hooks.Apart(ctx, mails)).Run(abreast, hand)
		for i := range mails {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			settle(i)
		}
		return nil
	}
	if f.hooks.Ahead != nil && len(mails) > 1 {
		f.hooks.Ahead(ctx, mails)
	}
	for i := range mails {
		hand(i)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		settle(i)
	}
	return nil
}

// hand runs take or poison, and again as long as it says that something is
// away. A panic is an error of the mail.
func (f *folder) hand(ctx context.Context, do func() (Disposition, error)) (Disposition, error) {
	pause := &backoff{min: 250 * time.Millisecond, max: 15 * time.Second}
	for {
		d, err := guarded(do)
		if err == nil {
			f.healthy()
		}
		if !errors.Is(err, ErrAway) || ctx.Err() != nil {
			return d, err
		}
		wait := pause.next()
		f.sick("mail cannot be recorded", err, wait)
		sleep(ctx, wait)
	}
}

func guarded(do func() (Disposition, error)) (d Disposition, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// ahead reads mails, one after the other, while earlier ones are recorded.
func (r *Receiver) ahead(ctx context.Context, mails []*Fetched) {
	p, err := r.Policy(ctx)
	if err != nil {
		return // each is read when its turn comes
	}
	for _, f := range mails {
		if r.readable(f) {
			f.read = make(chan *complaints.Message, 1)
		}
	}
	d := r.desk(p)
	go func() { // ends by itself: nothing in it waits
		for _, f := range mails {
			if f.read != nil {
				f.read <- read(f, d)
			}
		}
	}()
}

// readable tells of a mail that it is read in any case: one in the journal may
// be ours, and of one that is too big there is only the header.
func (r *Receiver) readable(f *Fetched) bool { return f.Mailbox != r.Server.Journal && !f.TooBig }

// apart reads mails, two at a time where there are two processors, and names
// what each has to do with: a new complaint with its sender, and with others
// that are a copy of it or say the same. Whatever else may come, an answer to a
// case or commands for many, goes alone.
func (r *Receiver) apart(ctx context.Context, mails []*Fetched) (names [][]string) {
	names = make([][]string, len(mails))
	p, err := r.Policy(ctx)
	if err != nil {
		return names // each is read when its turn comes
	}
	d := r.desk(p)
	lanes.Each(len(mails)).Run(runtime.GOMAXPROCS(0), func(i int) {
		f := mails[i]
		if !r.readable(f) {
			return
		}
		m := read(f, d)
		f.read = make(chan *complaints.Message, 1)
		f.read <- m
		keys := complaints.KeysOf(m, p.Address)
		if m.Class != complaints.Public || m.Hold != "" || m.Place != nil || m.RSVP != nil || complaints.SameAddr(m.From.Addr, p.WebForm) ||
			keys.Token != nil || keys.Ref != "" || len(keys.MessageIDs) > 0 {
			return
		}
		words := sha256.Sum256([]byte(m.OwnWords))
		names[i] = []string{"from " + strings.ToLower(m.From.Addr), "same " + m.ContentHash, "words " + string(words[:])}
		if m.MessageID != "" {
			names[i] = append(names[i], "id "+m.MessageID)
		}
	})
	return names
}

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
		base, o, err := r.reconsider(ctx, tx, p, ref, m, at)
		if err != nil {
			return err
		}
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

// reconsider asks the policy anew what a mail means that was held: for the case
// ref, or for the one it belongs to if that is "".
func (r *Receiver) reconsider(ctx context.Context, tx *store.Tx, p *complaints.Policy, ref string, m *complaints.Message, at time.Time) (base *complaints.Case, o complaints.Outcome, err error) {
	var c *complaints.Case
	if ref != "" {
		c, err = tx.LockRef(ctx, ref)
	} else {
		c, _, err = tx.LockCase(ctx, complaints.KeysOf(m, p.Address), m, p.Keys, at)
	}
	if err != nil {
		return nil, o, err
	}
	if c, err = r.lookUp(ctx, tx, p, c, m, at); err != nil {
		return nil, o, err
	}
	base, o = p.Receive(c, m, at)
	return base, o, nil
}

// prove takes in a mail that came before and is held, as nobody vouched for it:
// now its author has put it into the folder that only they may write.
func (r *Receiver) prove(ctx context.Context, p *complaints.Policy, no int64, f *Fetched) error {
	at, m := r.Now(), read(f, r.desk(p))
	err := r.DB.Tx(ctx, func(tx *store.Tx) error {
		h, err := tx.LockHeld(ctx, no, "held")
		if err != nil {
			return err
		}
		m.ID, m.Arrived = h.Message, h.HeldAt
		base, o, err := r.reconsider(ctx, tx, p, "", m, at)
		if err != nil || o.Hold != "" { // proof does not mend what is wrong with it
			return err
		}
		if err := tx.Record(ctx, base, m, o, p.NextAt); err != nil {
			return err
		}
		return tx.QuarantineTaken(ctx, no, m.From.Addr, at)
	})
	if store.NotFound(err) { // somebody has decided on it meanwhile
		return nil
	}
	return err
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
