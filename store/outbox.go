package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"complaints"
)

// MailState is where an outgoing mail stands (architecture.md, “Exactly once”).
type MailState string

// The states of the outbox.
const (
	Ready     MailState = "ready"     // to be composed, or frozen and to be sent
	Composing MailState = "composing" // leased by the sender that composes it
	Sending   MailState = "sending"   // committed before the sender connects
	Retrying  MailState = "retry"     // it was not taken, and may be tried again
	Accepted  MailState = "accepted"  // the relay took it
	Failed    MailState = "failed"    // refused for good
	InDoubt   MailState = "in_doubt"  // it may or may not have been taken
	Settled   MailState = "settled"   // was in doubt, counts as accepted
)

// lease is how long a claimed mail is its owner's without a sign of life.
const lease = 30 * time.Second

// giveUp is how long a mail is tried (RFC 5321 section 4.5.4.1: 4–5 days).
const giveUp = 5 * 24 * time.Hour

// Outgoing is one row of the outbox: a mail to one recipient.
type Outgoing struct {
	ID      int64
	CaseRef string // "" if it belongs to no case
	Mail    complaints.Mail
	State   MailState
	Held    bool // by a person: not sent, and what comes after it waits

	Epoch   int64  // of the claim; Freeze and Mark must give it
	Attempt int    // submissions begun, this one included
	Owner   string // of the claim

	Frozen    []byte // the composed mail; nil if it is not composed yet (or not asked for, in lists)
	SHA256    string // of Frozen, hex
	MessageID string // without <>
	MailFrom  string // "" is the null path
	RcptTo    string

	CreatedAt, DueAt, FrozenAt      time.Time
	FirstAt, SendingAt, DoneAt      time.Time
	JournalAt                       time.Time // when the blind copy was seen: evidence that the relay took it
	Code                            int       // SMTP reply of the last attempt, 0 if there was none
	Reply, SettledBy, SettledReason string
}

const outgoingColumns = `o.id, coalesce(o.case_ref, ''), o.mail, o.state, o.held, o.epoch, o.attempt, o.owner, coalesce(encode(o.frozen, 'hex'), ''),
	coalesce(o.message_id, ''), coalesce(o.mail_from, ''), coalesce(o.rcpt_to, ''), o.created_at, o.due_at, o.frozen_at, o.first_at,
	o.sending_at, o.done_at, o.journal_at, o.code, o.reply, o.settled_by, o.settled_why`

func scanOutgoing(row interface{ Scan(...any) error }) (*Outgoing, error) {
	o := &Outgoing{}
	var mail []byte
	var frozen, first, sending, done, journal sql.NullTime
	err := row.Scan(&o.ID, &o.CaseRef, &mail, &o.State, &o.Held, &o.Epoch, &o.Attempt, &o.Owner, &o.SHA256, &o.MessageID, &o.MailFrom, &o.RcptTo,
		&o.CreatedAt, &o.DueAt, &frozen, &first, &sending, &done, &journal, &o.Code, &o.Reply, &o.SettledBy, &o.SettledReason)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	for _, t := range []*time.Time{&o.CreatedAt, &o.DueAt} {
		*t = t.UTC()
	}
	o.FrozenAt, o.FirstAt, o.SendingAt, o.DoneAt, o.JournalAt = frozen.Time.UTC(), first.Time.UTC(), sending.Time.UTC(), done.Time.UTC(), journal.Time.UTC()
	if err := json.Unmarshal(mail, &o.Mail); err != nil {
		return nil, fmt.Errorf("mail %d: %w", o.ID, err)
	}
	return o, nil
}

// Claim leases the next mail that is due to owner, by the database's clock; nil
// if none is. A mail without Frozen is to be composed: the owner composes it
// and calls Freeze, after which it is claimed again. A mail with Frozen is to be
// sent: its state is “sending”, committed, and the owner now connects and then
// calls Mark. A mail waits for earlier ones of the same case and recipient.
//
// Automatic mails wait while perHour of them have gone out within the hour; 0 is
// no limit.
//
// The lease is 30 s: an owner that is at work longer calls Beat.
func (db *DB) Claim(ctx context.Context, owner string, perHour int) (o *Outgoing, err error) {
	err = db.Tx(ctx, func(tx *Tx) (err error) {
		o, err = scanOutgoing(tx.tx.QueryRowContext(ctx, `
			with next as (
				select id, frozen from outbox n
				where state in ('ready', 'retry') and not held and due_at <= clock_timestamp()
				and not exists (select from rests where ended_at is null)
				and (not auto or first_at is not null or $1 = 0 or $1 > (`+sentAutomatically+`))
				and not exists (
					select from outbox e where e.case_ref = n.case_ref and e.to_addr = n.to_addr and e.id < n.id
					and e.state in ('ready', 'composing', 'sending', 'retry'))
				order by due_at, id limit 1 for update skip locked),
			o as (
				update outbox o set epoch = epoch + 1, owner = $2, lease_until = clock_timestamp() + $3::interval,
					state = case when o.frozen is null then 'composing' else 'sending' end,
					attempt = attempt + case when o.frozen is null then 0 else 1 end,
					first_at = case when o.frozen is null then first_at else coalesce(first_at, clock_timestamp()) end,
					sending_at = case when o.frozen is null then sending_at else clock_timestamp() end,
					dot_at = null
				from next where o.id = next.id returning o.*),
			a as (
				insert into attempts (outbox, epoch, owner, began_at)
				select id, epoch, owner, sending_at from o where state = 'sending')
			select `+outgoingColumns+` from o`, perHour, clean(owner), interval(lease)))
		if err != nil || o.SHA256 == "" {
			return err
		}
		o.Frozen, err = tx.blob(ctx, o.SHA256)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim mail: %w", err)
	}
	return o, nil
}

// sentAutomatically counts the automatic mails that have begun to go out within
// the hour, up to $1 of them.
const sentAutomatically = `select count(*) from (select from outbox where auto and first_at > clock_timestamp() - interval '1 hour' limit $1::int) sent`

// PutOff counts the automatic mails that are due and wait for others, as Claim has it.
func (db *DB) PutOff(ctx context.Context, perHour int) (n int, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select count(*) from outbox where auto and state in ('ready', 'retry') and not held and first_at is null and due_at <= clock_timestamp()
				and $1 > 0 and $1 = (`+sentAutomatically+`)`, perHour).Scan(&n)
	})
	if err != nil {
		err = fmt.Errorf("count mails put off: %w", err)
	}
	return n, err
}

// blob reads kept bytes whole within a transaction.
func (tx *Tx) blob(ctx context.Context, sum string) (b []byte, err error) {
	key, err := hex.DecodeString(sum)
	if err != nil {
		return nil, err
	}
	rows, err := tx.tx.QueryContext(ctx, `select bytes from chunks where sha256 = $1 order by n`, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var part sql.RawBytes
		if err := rows.Scan(&part); err != nil {
			return nil, err
		}
		b = append(b, part...)
	}
	return b, rows.Err()
}

func interval(d time.Duration) string { return fmt.Sprintf("%d microseconds", d.Microseconds()) }

// Composed is a mail ready to go: the bytes that are sent, whatever happens.
type Composed struct {
	Raw       []byte
	MessageID string // without <>; never used before
	MailFrom  string // "" is the null path
	RcptTo    string
}

// Freeze keeps the composed mail of a claim and makes the mail ready to be sent.
// record, if not nil, runs in the same transaction: it records what composing
// brought about, such as the hash of a letter. Freezing the same bytes twice
// is one freezing, and record does not run again. ErrFenced if the claim is
// no longer the caller's.
func (db *DB) Freeze(ctx context.Context, id, epoch int64, m Composed, record func(*Tx) error) error {
	err := db.Tx(ctx, func(tx *Tx) error {
		o, err := tx.lockOutgoing(ctx, id)
		if err != nil {
			return err
		}
		if o.SHA256 != "" && o.Epoch == epoch && o.MessageID == clean(m.MessageID) {
			return nil // the reply to the commit had been lost
		}
		if o.State != Composing || o.Epoch != epoch {
			return ErrFenced
		}
		key, err := tx.putBytes(ctx, m.Raw)
		if err != nil {
			return err
		}
		_, err = tx.tx.ExecContext(ctx, `
			update outbox set state = 'ready', lease_until = null, frozen = $2, frozen_at = clock_timestamp(), message_id = $3,
				mail_from = $4, rcpt_to = $5 where id = $1`, id, key, clean(m.MessageID), clean(m.MailFrom), clean(m.RcptTo))
		if err == nil && record != nil {
			err = record(tx)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("freeze mail %d: %w", id, err)
	}
	return nil
}

// Dot says that the final dot of a claimed mail is about to leave. It commits
// that, and the caller sends the dot only if there is no error: until then the
// mail can be taken from an owner that is slow or dead and be sent again at
// once; from then on it may be in doubt. ErrFenced if it was taken.
func (db *DB) Dot(ctx context.Context, id, epoch int64) error {
	err := db.Tx(ctx, func(tx *Tx) error {
		r, err := tx.tx.ExecContext(ctx, `update outbox set dot_at = clock_timestamp() where id = $1 and epoch = $2 and state = 'sending'`, id, epoch)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrFenced, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("dot of mail %d: %w", id, err)
	}
	return nil
}

// Result is what became of a claim.
type Result struct {
	State MailState // Accepted, Retrying, Failed or InDoubt; of a mail that could not be composed Retrying or Failed
	Code  int       // SMTP reply code, 0 if there was none
	Reply string    // the server's words, or why it could not be composed

	Wait time.Duration // InDoubt: how long evidence may still come before Untold gives the mail
}

// Mark writes down the result of a claim. A retry after five days of trying is
// a failure; a doubt for which the journal already holds evidence is settled.
// record, if not nil, runs in the same transaction and sees the mail with the
// state that it got. Marking the same result twice is marking once, without
// record. A late result of the owner is taken even if its lease had run out, as
// long as nobody else has claimed or settled the mail: else ErrFenced.
func (db *DB) Mark(ctx context.Context, id, epoch int64, r Result, record func(*Tx, *Outgoing) error) error {
	switch r.State {
	case Accepted, Retrying, Failed, InDoubt:
	default:
		return fmt.Errorf("mark mail %d: %q is no result", id, r.State)
	}
	err := db.Tx(ctx, func(tx *Tx) error {
		o, err := tx.lockOutgoing(ctx, id)
		if err != nil {
			return err
		}
		late := o.State == InDoubt && r.State != InDoubt
		switch {
		case o.Epoch != epoch:
			return ErrFenced
		case o.State != Sending && o.State != Composing && !late:
			if o.State == Settled && r.State == Accepted || tx.marked(ctx, o, r) {
				return nil
			}
			return ErrFenced
		case o.State == Composing && r.State != Retrying && r.State != Failed:
			return fmt.Errorf("it was being composed and cannot be %s", r.State)
		}
		if err := tx.mark(ctx, o, r); err != nil {
			return err
		}
		if record == nil {
			return nil
		}
		if o, err = tx.Outgoing(ctx, id); err != nil {
			return err
		}
		return record(tx, o)
	})
	if err != nil {
		return fmt.Errorf("mark mail %d %s: %w", id, r.State, err)
	}
	return nil
}

// marked reports whether this very result stands already.
func (tx *Tx) marked(ctx context.Context, o *Outgoing, r Result) bool {
	var state string
	err := tx.tx.QueryRowContext(ctx, `select state from attempts where outbox = $1 and epoch = $2`, o.ID, o.Epoch).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) { // composing leaves no attempt
		state = string(o.State)
	}
	return state == string(r.State)
}

func (tx *Tx) mark(ctx context.Context, o *Outgoing, r Result) error {
	reply := clean(r.Reply)
	if len(reply) > 2000 {
		reply = clean(reply[:2000])
	}
	failures := o.Attempt
	if o.State == Composing {
		failures = int(o.Epoch)
	}
	_, err := tx.tx.ExecContext(ctx, `
		with w as (
			select id, case
				when $2 = 'retry' and first_at <= clock_timestamp() - $6::interval then 'failed'
				when $2 = 'in_doubt' and journal_at is not null then 'settled'
				else $2 end as state
			from outbox where id = $1),
		o as (
			update outbox o set state = w.state, lease_until = null, code = $3, reply = $4,
				due_at = clock_timestamp() + $5::interval,
				tell_at = case when w.state = 'in_doubt' then clock_timestamp() + $7::interval end,
				done_at = case when w.state = 'retry' then null else clock_timestamp() end,
				settled_by = case when w.state = 'settled' then 'journal' else o.settled_by end
			from w where o.id = w.id returning o.id, o.epoch, o.state),
		a as (
			update attempts a set ended_at = clock_timestamp(), state = $2, code = $3, reply = $4
			from o where a.outbox = o.id and a.epoch = o.epoch)
		select from o`,
		o.ID, string(r.State), r.Code, reply, interval(Backoff(failures)), interval(giveUp), interval(r.Wait))
	return err
}

// Backoff is the wait after a number of attempts that were not taken: 30 s,
// 2 min, then 7.5 min doubling, at most a day. No jitter: the due times of
// mails differ as it is.
func Backoff(attempt int) time.Duration {
	switch {
	case attempt <= 1:
		return 30 * time.Second
	case attempt == 2:
		return 2 * time.Minute
	}
	return min(450*time.Second<<min(attempt-3, 10), 24*time.Hour)
}

// lockOutgoing locks a row of the outbox.
func (tx *Tx) lockOutgoing(ctx context.Context, id int64) (*Outgoing, error) {
	return scanOutgoing(tx.tx.QueryRowContext(ctx, `select `+outgoingColumns+` from outbox o where id = $1 for update`, id))
}

// Outgoing reads an outgoing mail by its number, without its bytes. ErrNotFound
// if there is none.
func (tx *Tx) Outgoing(ctx context.Context, id int64) (*Outgoing, error) {
	return scanOutgoing(tx.tx.QueryRowContext(ctx, `select `+outgoingColumns+` from outbox o where id = $1`, id))
}

// OutgoingByMessageID reads the mail that was sent under a Message-ID.
func (tx *Tx) OutgoingByMessageID(ctx context.Context, messageID string) (*Outgoing, error) {
	return scanOutgoing(tx.tx.QueryRowContext(ctx, `select `+outgoingColumns+` from outbox o where message_id = $1`, clean(messageID)))
}

// OutboxFilter chooses outgoing mails. A zero field does not restrict.
type OutboxFilter struct {
	State   MailState
	CaseRef string
	Held    bool
	Limit   int // 0: 1000
}

// Outbox lists outgoing mails without their bytes, the newest first.
func (db *DB) Outbox(ctx context.Context, f OutboxFilter) (list []*Outgoing, err error) {
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	err = db.read(ctx, func(tx *Tx) error {
		list = nil
		rows, err := tx.tx.QueryContext(ctx, `
			select `+outgoingColumns+` from outbox o
			where ($1 = '' or state = $1) and ($2 = '' or case_ref = $2) and (held or not $3) order by id desc limit $4`,
			clean(string(f.State)), strings.ToUpper(clean(f.CaseRef)), f.Held, f.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			o, err := scanOutgoing(rows)
			if err != nil {
				return err
			}
			list = append(list, o)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list outbox: %w", err)
	}
	return list, nil
}

// OutgoingMail reads one outgoing mail with its bytes.
func (db *DB) OutgoingMail(ctx context.Context, id int64) (o *Outgoing, err error) {
	err = db.read(ctx, func(tx *Tx) (err error) {
		if o, err = tx.Outgoing(ctx, id); err == nil && o.SHA256 != "" {
			o.Frozen, err = tx.blob(ctx, o.SHA256)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("mail %d: %w", id, err)
	}
	return o, nil
}
