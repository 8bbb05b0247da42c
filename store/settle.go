package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Beat prolongs the leases of all that an owner has claimed. An owner that
// takes longer than the lease calls it every ten seconds.
func (db *DB) Beat(ctx context.Context, owner string) error {
	return db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `
			update outbox set lease_until = clock_timestamp() + $2::interval
			where lease_until is not null and owner = $1`, clean(owner), interval(lease))
		return err
	})
}

// Recover looks after what dead owners left. A mail that was being composed is
// ready again, and so is one that was being sent, as long as its final dot had
// not been allowed to leave (Dot). After that it is in doubt: nobody can know
// how far it got, and it is not sent again; Untold gives it when wait is over.
// Of a mail for which the journal holds evidence record is run, if it is not
// nil, in the same transaction. The mails that came into doubt are returned.
//
// owner names an owner that has just started and so has nothing in hand, though
// its predecessor of that name may have had; "" is nobody. All others are taken
// for dead when their lease has run out.
func (db *DB) Recover(ctx context.Context, owner string, wait time.Duration, record func(*Tx, *Outgoing) error) (doubtful []*Outgoing, err error) {
	err = db.Tx(ctx, func(tx *Tx) error {
		doubtful = nil
		found, err := tx.recover(ctx, owner, wait)
		for _, o := range found {
			switch {
			case err != nil:
			case o.State == InDoubt:
				doubtful = append(doubtful, o)
			case record != nil:
				err = record(tx, o)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recover outbox: %w", err)
	}
	return doubtful, nil
}

// recover gives what came into doubt and what evidence has settled.
func (tx *Tx) recover(ctx context.Context, owner string, wait time.Duration) (found []*Outgoing, err error) {
	// What is composed again and again without an end waits longer each
	// time: one letter that kills its composer must not stop the others.
	rows, err := tx.tx.QueryContext(ctx, `
		with was as (
			select id, case
				when state = 'composing' then 'ready'
				when journal_at is not null then 'settled'
				when dot_at is null then 'retry'
				else 'in_doubt' end as next
			from outbox
			where lease_until is not null and (lease_until < clock_timestamp() or owner = nullif($1, '')) for update skip locked),
		o as (
			update outbox o set state = next, lease_until = null,
				due_at = case when next = 'ready' and o.epoch > 2 then clock_timestamp() + interval '5 s' * least(2 ^ (o.epoch - 2), 1440)
					when next = 'retry' then clock_timestamp() else o.due_at end,
				settled_by = case when next = 'settled' then 'journal' else o.settled_by end,
				done_at = case when next in ('settled', 'in_doubt') then clock_timestamp() else o.done_at end,
				tell_at = case when next = 'in_doubt' then clock_timestamp() + $2::interval end,
				reply = case when next = 'ready' then o.reply else 'the sender ended before it knew the result' end
			from was where o.id = was.id
			returning o.*),
		a as (
			update attempts a set ended_at = clock_timestamp(), state = case when o.state = 'retry' then 'retry' else 'in_doubt' end, reply = o.reply
			from o where a.outbox = o.id and a.epoch = o.epoch and o.state <> 'ready')
		select `+outgoingColumns+` from o where o.state in ('in_doubt', 'settled') order by o.id`, clean(owner), interval(wait))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		o, err := scanOutgoing(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	return found, rows.Err()
}

// Untold runs record for each mail that is in doubt, and for which evidence
// has been waited for long enough, by the database's clock: each in a transaction
// of its own, which also notes that staff were told, so that they are told once.
func (db *DB) Untold(ctx context.Context, record func(*Tx, *Outgoing) error) error {
	for more := true; more; {
		err := db.Tx(ctx, func(tx *Tx) error {
			o, err := scanOutgoing(tx.tx.QueryRowContext(ctx, `
				with o as (
					update outbox o set tell_at = null where id = (
						select id from outbox where state = 'in_doubt' and tell_at <= clock_timestamp() order by id limit 1 for update skip locked)
					returning o.*)
				select `+outgoingColumns+` from o`))
			if more = err == nil; errors.Is(err, ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			return record(tx, o)
		})
		if err != nil {
			return fmt.Errorf("mails in doubt: %w", err)
		}
	}
	return nil
}

// ConfirmByJournal takes the blind copy of a mail, seen in the journal mailbox,
// as evidence that the relay took that mail. A mail in doubt, or one that was
// to be tried again, is settled; one still being sent will be, should its
// result be in doubt. record, if not nil, runs in the same transaction if this
// settled the mail. ErrNotFound if we never sent this Message-ID.
func (db *DB) ConfirmByJournal(ctx context.Context, messageID string, record func(*Tx, *Outgoing) error) (o *Outgoing, err error) {
	err = db.Tx(ctx, func(tx *Tx) error {
		before, err := scanOutgoing(tx.tx.QueryRowContext(ctx, `
			select `+outgoingColumns+` from outbox o where message_id = $1 for update`, clean(messageID)))
		if err != nil {
			return err
		}
		_, err = tx.tx.ExecContext(ctx, `
			update outbox set journal_at = coalesce(journal_at, clock_timestamp()),
				done_at = case when state in ('in_doubt', 'retry', 'ready') and attempt > 0 then clock_timestamp() else done_at end,
				settled_by = case when state in ('in_doubt', 'retry', 'ready') and attempt > 0 then 'journal' else settled_by end,
				state = case when state in ('in_doubt', 'retry', 'ready') and attempt > 0 then 'settled' else state end
			where id = $1`, before.ID)
		if err != nil {
			return err
		}
		if o, err = tx.Outgoing(ctx, before.ID); err != nil || record == nil || o.State == before.State {
			return err
		}
		return record(tx, o)
	})
	if err != nil {
		return nil, fmt.Errorf("confirm by journal: %w", err)
	}
	return o, nil
}

// Decision is how a person settles a mail.
type Decision string

// The decisions.
const (
	WasSent Decision = "confirm-sent" // a mail in doubt counts as accepted
	Resend  Decision = "resend"       // the same bytes once more, or a fresh try at composing
)

// Settle carries out a person's decision on a mail. A mail in doubt can be
// confirmed; whatever is not on its way can be sent again, and it is the person
// who answers for a second copy. The decision is kept in the desk's log. record,
// if not nil, runs in the same transaction and sees the mail as it is then.
func (db *DB) Settle(ctx context.Context, id int64, d Decision, by, why string, at time.Time, record func(*Tx, *Outgoing) error) error {
	err := db.Tx(ctx, func(tx *Tx) error {
		o, err := tx.lockOutgoing(ctx, id)
		if err != nil {
			return err
		}
		if by == "" {
			return fmt.Errorf("say who decides")
		}
		state := Settled
		switch {
		case d == WasSent && o.State == InDoubt:
		case d == Resend && (o.State == InDoubt || o.State == Failed || o.State == Retrying || o.State == Accepted || o.State == Settled):
			state = Ready
		default:
			return fmt.Errorf("it is %s: %s does not apply", o.State, d)
		}
		// The epoch grows so that a sender that comes back late cannot
		// overrule the person; the five days of trying begin anew.
		_, err = tx.tx.ExecContext(ctx, `
			update outbox set state = $2, epoch = epoch + 1, settled_by = $3, settled_why = $4, due_at = clock_timestamp(),
				first_at = case when $2 = 'ready' then null else first_at end,
				done_at = case when $2 = 'ready' then null else clock_timestamp() end,
				attempt = case when $2 = 'ready' then 0 else attempt end,
				journal_at = case when $2 = 'ready' then null else journal_at end
			where id = $1`, id, string(state), clean(by), clean(why))
		if err != nil {
			return err
		}
		fact := map[string]any{"mail": id, "case": o.CaseRef, "message_id": o.MessageID, "was": o.State, "decision": d, "why": why}
		if err := tx.deskEvent(ctx, by, "mail_settled", fact, at); err != nil {
			return err
		}
		if o, err = tx.Outgoing(ctx, id); err != nil || record == nil {
			return err
		}
		return record(tx, o)
	})
	if err != nil {
		return fmt.Errorf("settle mail %d: %w", id, err)
	}
	return nil
}

// Hold keeps a mail from being sent until it is released; later mails of the
// same case to the same person wait with it.
func (db *DB) Hold(ctx context.Context, id int64, by, why string, at time.Time) error {
	return db.setHeld(ctx, id, true, by, why, at)
}

// Release lets a held mail go.
func (db *DB) Release(ctx context.Context, id int64, by, why string, at time.Time) error {
	return db.setHeld(ctx, id, false, by, why, at)
}

func (db *DB) setHeld(ctx context.Context, id int64, held bool, by, why string, at time.Time) error {
	what := map[bool]string{true: "mail_held", false: "mail_released"}[held]
	err := db.Tx(ctx, func(tx *Tx) error {
		o, err := tx.lockOutgoing(ctx, id)
		if err != nil || o.Held == held {
			return err
		}
		if held && o.State != Ready && o.State != Retrying {
			return fmt.Errorf("it is %s: only what waits can be held", o.State)
		}
		if _, err := tx.tx.ExecContext(ctx, `update outbox set held = $2 where id = $1`, id, held); err != nil {
			return err
		}
		if !held {
			if _, err := tx.tx.ExecContext(ctx, `select pg_notify('outbox', '')`); err != nil {
				return err
			}
		}
		return tx.deskEvent(ctx, by, what, map[string]any{"mail": id, "case": o.CaseRef, "why": why}, at)
	})
	if err != nil {
		return fmt.Errorf("%s %d: %w", what, id, err)
	}
	return nil
}
