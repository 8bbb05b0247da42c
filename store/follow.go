package store

import (
	"context"
	"errors"
	"time"

	"complaints"
)

// NotFound reports whether an error says that what was asked for is not there.
func NotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// Follow records what follows from the state that an outgoing mail has just
// got: a letter that was accepted is delivered, one that failed or is in doubt
// is a task for staff. It runs in the transaction that set the state.
func (tx *Tx) Follow(ctx context.Context, o *Outgoing, p *complaints.Policy, at time.Time) error {
	var c *complaints.Case
	if o.CaseRef != "" {
		var err error
		if c, err = tx.LockRef(ctx, o.CaseRef); err != nil {
			return err
		}
	}
	var out complaints.Outcome
	switch o.State {
	case Accepted, Settled:
		out = p.Delivered(c, o.Mail, o.Reply, at)
	case Failed:
		out = p.Undelivered(c, o.Mail, o.Reply, at)
	case InDoubt:
		out = p.Doubtful(c, o.Mail, o.ID, at)
	}
	if len(out.Events) == 0 && len(out.Mails) == 0 {
		return nil
	}
	return tx.Record(ctx, c, nil, out, p.NextAt)
}

// Counts is how much lies where: for health, for an alarm when mailbox and
// database differ, and for tests that wait until all is worked off.
type Counts struct {
	Arrivals int // mails seen in mailboxes, copies included
	Held     int // waiting in the quarantine
	Open     int // cases
	Pending  int // outgoing mails that are due now or in work
	Retrying int // outgoing mails that wait for another attempt
	InDoubt  int
	Failed   int
}

// Counts counts.
func (db *DB) Counts(ctx context.Context) (c Counts, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select (select count(*) from arrivals), (select count(*) from quarantine where state = 'held'), (select count(*) from cases where open),
				count(*) filter (where state in ('ready', 'composing', 'sending') and not held), count(*) filter (where state = 'retry'),
				count(*) filter (where state = 'in_doubt'), count(*) filter (where state = 'failed')
			from outbox`).Scan(&c.Arrivals, &c.Held, &c.Open, &c.Pending, &c.Retrying, &c.InDoubt, &c.Failed)
	})
	return c, err
}
