package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"complaints"
	"github.com/lib/pq"
)

// Beat prolongs the lease of a mail that an owner has in hand. An owner that
// takes longer than the lease calls it every ten seconds. What it has claimed
// and does not know of, because the answer to its claim was lost, is not
// prolonged, and Recover finds it.
func (db *DB) Beat(ctx context.Context, owner string, id int64) error {
	return db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `
			update outbox set lease_until = clock_timestamp() + $2::interval
			where id = $3 and lease_until is not null and owner = $1`, clean(owner), interval(lease), id)
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
// owner names an owner that has nothing in hand: one that has just started,
// whose predecessor of that name may have had something, or one that lost the
// database in the middle; "" is nobody. All others are taken for dead when their
// lease has run out.
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
	Discard Decision = "discard"      // a held mail will not be sent
)

// Settle carries out a person's decision on a mail. A mail in doubt can be
// confirmed; a held one can be discarded, from which nothing follows; whatever
// is not on its way can be sent again, and it is the person who answers for a
// second copy. The decision is kept in the desk's log. record,
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
		case d == Discard && o.Held && (o.State == Ready || o.State == Retrying):
			state = Failed
		case d == Resend && (o.State == InDoubt || o.State == Failed || o.State == Retrying || o.State == Accepted || o.State == Settled):
			state = Ready
		default:
			return fmt.Errorf("it is %s: %s does not apply", o.State, d)
		}
		// The epoch grows so that a sender that comes back late cannot
		// overrule the person; the five days of trying begin anew.
		_, err = tx.tx.ExecContext(ctx, `
			update outbox set state = $2, held = false, epoch = epoch + 1, settled_by = $3, settled_why = $4, due_at = clock_timestamp(),
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
		if o, err = tx.Outgoing(ctx, id); err != nil || record == nil || d == Discard {
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

// Standing says which database this is, and how far it has come.
type Standing struct {
	System   string `json:"system"`   // of the cluster, and of every copy of its files
	Timeline string `json:"timeline"` // another one where a copy was promoted, or a backup rolled forward
	Database int64  `json:"database"` // another one where a dump was restored
	Log      int64  `json:"log"`      // bytes of its log that a crash leaves
	Woken    int64  `json:"-"`        // the last rest of outgoing mail that somebody ended
}

// Standing reads where the database stands.
func (db *DB) Standing(ctx context.Context) (s Standing, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select (select system_identifier::text from pg_control_system()), substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8),
				(select oid::bigint from pg_database where datname = current_database()), (pg_current_wal_flush_lsn() - '0/0')::bigint,
				(select coalesce(max(id), 0) from rests where ended_at is not null)`).
			Scan(&s.System, &s.Timeline, &s.Database, &s.Log, &s.Woken)
	})
	if err != nil {
		return s, fmt.Errorf("standing of the database: %w", err)
	}
	return s, nil
}

// Same reports whether s is the database that was, and no copy of it.
func (s Standing) Same(was Standing) bool {
	s.Log, s.Woken = was.Log, was.Woken
	return s == was
}

// Unknown gives those of some Message-IDs under which nothing came in and
// nothing was sent, as far as the database knows. A mail that a person has told
// to be sent once more counts as sent, and one that Wake was told of as known.
func (db *DB) Unknown(ctx context.Context, ids []string) (unknown []string, err error) {
	for i := range ids {
		ids[i] = clean(ids[i])
	}
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select coalesce(array_agg(id), '{}') from unnest($1::text[]) as i(id) where id <> ''
				and not exists (select from messages m where m.message_id = i.id and m.message_id <> '')
				and not exists (select from outbox o where o.message_id = i.id and (o.state not in ('ready', 'retry') or o.settled_by <> ''))
				and not exists (select from rests r where r.lost @> array[i.id] and r.ended_at is not null)`, pq.Array(ids)).Scan(pq.Array(&unknown))
	})
	if err != nil {
		return nil, fmt.Errorf("look for message-ids: %w", err)
	}
	return unknown, nil
}

// Rest holds all outgoing mail of all daemons until Wake: the database is older
// than what the desk has sent, so it may be about to say things twice. last is
// the highest number of an outgoing mail that is known to have been used: the
// next ones are given far above it, so that no Message-ID is used again. It
// does nothing if the mail rests already. ErrConflict says that somebody has let
// mail go after seen was read: what was found wrong may be mended since.
func (db *DB) Rest(ctx context.Context, reason string, last int64, seen Standing, at time.Time) error {
	err := db.Tx(ctx, func(tx *Tx) error {
		var woken bool
		err := tx.tx.QueryRowContext(ctx, `select exists (select from rests where ended_at is not null and id > $1)`, seen.Woken).Scan(&woken)
		if woken {
			return ErrConflict
		}
		if err != nil {
			return err
		}
		r, err := tx.tx.ExecContext(ctx, `insert into rests (since, reason) values ($1, $2) on conflict do nothing`, micro(at), clean(reason))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.tx.ExecContext(ctx, `
			select setval(pg_get_serial_sequence('outbox', 'id'), 10000 + greatest($1, (select coalesce(max(id), 0) from outbox)))`, last)
		if err != nil {
			return err
		}
		return tx.deskEvent(ctx, "", "outbox_rests", map[string]any{"why": reason}, at)
	})
	if err != nil {
		return fmt.Errorf("hold outgoing mail: %w", err)
	}
	return nil
}

// Resting tells since when and why all outgoing mail is held; a zero time if
// it is not.
func (db *DB) Resting(ctx context.Context) (since time.Time, reason string, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select since, reason from rests where ended_at is null`).Scan(&since, &reason)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, "", nil
	}
	if err != nil {
		return time.Time{}, "", fmt.Errorf("held outgoing mail: %w", err)
	}
	return since.UTC(), reason, nil
}

// Wake lets outgoing mail go again. lost are mails that the database has
// forgotten for good; Unknown does not name them again. Each waiting mail with a
// number above after that goes to the recipient of one of them stays held, for a
// person to release or discard; with all, every waiting mail. It returns how
// many.
func (db *DB) Wake(ctx context.Context, by, why string, after int64, lost []Composed, all bool, at time.Time) (held int, err error) {
	ids, people := make([]string, len(lost)), make([]string, len(lost))
	for i, m := range lost {
		ids[i], people[i] = clean(m.MessageID), m.RcptTo
	}
	err = db.Tx(ctx, func(tx *Tx) error {
		r, err := tx.tx.ExecContext(ctx, `update rests set ended_at = $1, ended_by = $2, why = $3, lost = $4 where ended_at is null`,
			micro(at), clean(by), clean(why), pq.Array(ids))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(errors.New("outgoing mail is not held"), err)
		}
		r, err = tx.tx.ExecContext(ctx, `
			update outbox set held = true where state in ('ready', 'retry') and not held and ($3 or id > $1 and to_addr = any ($2))`, after, pq.Array(people), all)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if held = int(n); err != nil {
			return err
		}
		if _, err := tx.tx.ExecContext(ctx, `select pg_notify('outbox', '')`); err != nil {
			return err
		}
		return tx.deskEvent(ctx, by, "outbox_wakes", map[string]any{"why": why, "held": held}, at)
	})
	if err != nil {
		return 0, fmt.Errorf("let outgoing mail go: %w", err)
	}
	return held, nil
}

// Adopt takes a copy from the journal as the mail of that number, which the
// database believes it has yet to send: it has been sent. It reports whether
// the mail is that one. record runs in the same transaction if it is.
func (db *DB) Adopt(ctx context.Context, id int64, m Composed, subject string, record func(*Tx, *Outgoing) error) (ours bool, err error) {
	err = db.Tx(ctx, func(tx *Tx) error {
		ours = false
		o, err := tx.lockOutgoing(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		same := o.MessageID == clean(m.MessageID) || o.SHA256 == "" && strings.EqualFold(o.Mail.To.Addr, m.RcptTo) && strings.Contains(subject, o.CaseRef)
		if !same || o.State != Ready && o.State != Retrying && o.State != InDoubt {
			return nil
		}
		ours = true
		if o.SHA256 == "" {
			key, err := tx.putBytes(ctx, m.Raw)
			if err != nil {
				return err
			}
			_, err = tx.tx.ExecContext(ctx, `
				update outbox set frozen = $2, frozen_at = clock_timestamp(), message_id = $3, mail_from = $4, rcpt_to = $5 where id = $1`,
				id, key, clean(m.MessageID), clean(m.MailFrom), clean(m.RcptTo))
			if err != nil {
				return err
			}
		}
		_, err = tx.tx.ExecContext(ctx, `
			update outbox set state = 'settled', settled_by = 'journal', settled_why = 'sent before the database went back', journal_at = clock_timestamp(),
				done_at = clock_timestamp(), epoch = epoch + 1, held = false, tell_at = null where id = $1`, id)
		if err != nil {
			return err
		}
		if o, err = tx.Outgoing(ctx, id); err != nil || record == nil {
			return err
		}
		return record(tx, o)
	})
	if err != nil {
		return false, fmt.Errorf("adopt mail %d: %w", id, err)
	}
	return ours, nil
}

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
