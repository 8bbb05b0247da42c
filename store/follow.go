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
