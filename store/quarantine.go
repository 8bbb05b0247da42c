package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// Held is a mail that was kept but not taken in, or that a person must place.
type Held struct {
	ID        int64
	Message   int64 // the store's number if it was parsed and stored; 0 if not
	SHA256    string
	Size      int64
	Arrival   Arrival
	From      string // as far as it could be read
	Subject   string
	Reason    string
	Guess     string // reference of the case it may belong to
	HeldAt    time.Time
	State     string // held, retry (to be taken in again), taken, discarded
	By, Why   string // of the last change
	ChangedAt time.Time
}

// Quarantine keeps the bytes of a mail that cannot be taken in. The same mail
// held twice is held once. m is what could be read of it, or nil.
func (tx *Tx) Quarantine(ctx context.Context, m *complaints.Message, raw []byte, a Arrival, reason string, at time.Time) error {
	tx.at = micro(at)
	key, err := tx.putBytes(ctx, raw)
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	if m == nil {
		m = &complaints.Message{}
	}
	_, err = tx.tx.ExecContext(ctx, `
		insert into quarantine (sha256, mailbox, uidvalidity, uid, from_addr, subject, reason, guess, held_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
		key, clean(a.Mailbox), int64(a.UIDValidity), int64(a.UID), clean(m.From.Addr), clean(m.Subject), clean(reason),
		complaints.FindRef(m.Subject), tx.at)
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	return nil
}

// holdMessage puts a stored message into the holding pen, and gives the number
// that it has there.
func (tx *Tx) holdMessage(ctx context.Context, m *complaints.Message, reason, guess string) (no int64, err error) {
	// The best guess: the number that the policy or the subject names, else the
	// last case of whoever wrote it, or of whom a bounce speaks.
	for _, text := range []string{reason, m.Subject} {
		if guess == "" {
			guess = complaints.FindRef(text)
		}
	}
	about := strings.ToLower(clean(m.From.Addr))
	if m.DSN != nil && m.DSN.Recipient != "" {
		about = strings.ToLower(clean(m.DSN.Recipient))
	}
	_, err = tx.tx.ExecContext(ctx, `
		insert into quarantine (sha256, message, mailbox, uidvalidity, uid, from_addr, subject, reason, guess, held_at)
		select m.sha256, m.id, coalesce(a.mailbox, ''), coalesce(a.uidvalidity, 0), coalesce(a.uid, 0), m.from_addr, m.subject, $2,
			coalesce(nullif($3, ''), (select ref from cases where complainant = $4 and $4 <> '' order by open desc, registered_at desc limit 1), ''), m.received_at
		from messages m left join arrivals a on a.message = m.id where m.id = $1
		order by a.at limit 1
		on conflict do nothing`, m.ID, clean(reason), guess, about)
	if err == nil {
		err = tx.tx.QueryRowContext(ctx, `select coalesce(max(id), 0) from quarantine where message = $1`, m.ID).Scan(&no)
	}
	return no, err
}

const heldColumns = `q.id, coalesce(q.message, 0), encode(q.sha256, 'hex'), b.size, q.mailbox, q.uidvalidity, q.uid, q.from_addr, q.subject,
	q.reason, q.guess, q.held_at, q.state, q.by, q.why, coalesce(q.changed_at, q.held_at)`

func scanHeld(row interface{ Scan(...any) error }) (*Held, error) {
	h := &Held{}
	var validity, uid int64
	err := row.Scan(&h.ID, &h.Message, &h.SHA256, &h.Size, &h.Arrival.Mailbox, &validity, &uid, &h.From, &h.Subject, &h.Reason, &h.Guess,
		&h.HeldAt, &h.State, &h.By, &h.Why, &h.ChangedAt)
	h.Arrival.UIDValidity, h.Arrival.UID = uint32(validity), uint32(uid)
	h.HeldAt, h.ChangedAt = h.HeldAt.UTC(), h.ChangedAt.UTC()
	return h, err
}

// QuarantineList lists held mails in a state ("" any), oldest first.
func (db *DB) QuarantineList(ctx context.Context, state string) (list []*Held, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		list = nil
		rows, err := tx.tx.QueryContext(ctx, `
			select `+heldColumns+` from quarantine q join blobs b using (sha256) where $1 = '' or q.state = $1 order by q.id`, clean(state))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			h, err := scanHeld(rows)
			if err != nil {
				return err
			}
			list = append(list, h)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	return list, nil
}

// QuarantineShow gives a held mail and its raw bytes.
func (db *DB) QuarantineShow(ctx context.Context, id int64) (h *Held, raw []byte, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		list, err := tx.tx.QueryContext(ctx, `select `+heldColumns+` from quarantine q join blobs b using (sha256) where q.id = $1`, id)
		if err != nil {
			return err
		}
		defer list.Close()
		if !list.Next() {
			return errors.Join(list.Err(), ErrNotFound)
		}
		if h, err = scanHeld(list); err != nil {
			return err
		}
		list.Close()
		raw, err = tx.blob(ctx, h.SHA256)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("held mail %d: %w", id, err)
	}
	return h, raw, nil
}

// QuarantineRetry marks a held mail to be taken in again: the receiver lists
// state "retry" and calls QuarantineTaken in the transaction that does it.
func (db *DB) QuarantineRetry(ctx context.Context, id int64, by string, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error { return tx.changeHeld(ctx, id, "retry", by, "", at) })
}

// Decide records what a person decided on a held mail. One that is released
// waits in state "retry", with the case that the person named as its guess.
func (tx *Tx) Decide(ctx context.Context, r complaints.Release, at time.Time) error {
	if r.Discard {
		return tx.changeHeld(ctx, r.No, "discarded", r.By, r.Why, at)
	}
	if err := tx.changeHeld(ctx, r.No, "retry", r.By, "", at); err != nil {
		return err
	}
	_, err := tx.tx.ExecContext(ctx, `update quarantine set guess = $2 where id = $1`, r.No, clean(r.Ref))
	return err
}

// HeldAgain says that a mail that was released is held as before, and why.
func (tx *Tx) HeldAgain(ctx context.Context, id int64, by, reason string, at time.Time) error {
	if err := tx.changeHeld(ctx, id, "held", by, "", at); err != nil {
		return err
	}
	_, err := tx.tx.ExecContext(ctx, `update quarantine set reason = $2 where id = $1`, id, clean(reason))
	return err
}

// LockHeld reads a held mail and locks it, so that two who release it do so
// once. ErrNotFound if it is not in a state.
func (tx *Tx) LockHeld(ctx context.Context, id int64, state string) (*Held, error) {
	h, err := scanHeld(tx.tx.QueryRowContext(ctx, `
		select `+heldColumns+` from quarantine q join blobs b using (sha256) where q.id = $1 and q.state = $2 for update of q`, id, state))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("held mail %d: %w", id, err)
	}
	return h, nil
}

// Holds reports whether a message, or the arrival of a mail that was never
// read, waits in the holding pen: after a crash it still belongs there.
func (tx *Tx) Holds(ctx context.Context, message int64, a Arrival) (held bool, err error) {
	err = tx.tx.QueryRowContext(ctx, `
		select exists (select from quarantine where message = $1 and mailbox = $2 and uidvalidity = $3 and uid = $4)`,
		message, clean(a.Mailbox), int64(a.UIDValidity), int64(a.UID)).Scan(&held)
	return held, err
}

// HeldAs gives the number under which a message is held and undecided; 0: it is not.
func (tx *Tx) HeldAs(ctx context.Context, message int64) (no int64, err error) {
	err = tx.tx.QueryRowContext(ctx, `select coalesce(max(id), 0) from quarantine where message = $1 and state = 'held'`, message).Scan(&no)
	return no, err
}

// Pen lists the mails that are held, oldest first, each with the case that it
// may belong to, and those of the numbers with what their authors wrote.
func (tx *Tx) Pen(ctx context.Context, numbers []int64) (list []complaints.HeldMail, err error) {
	rows, err := tx.tx.QueryContext(ctx, `
		select q.id, q.held_at, q.from_addr, q.subject, q.reason, q.guess, encode(q.sha256, 'hex'), b.size,
			case when q.id = any($1) then m.body ->> 'own_words' end, c.body
		from quarantine q join blobs b using (sha256) left join messages m on m.id = q.message left join cases c on c.ref = q.guess
		where q.state = 'held' order by q.id`, pq.Array(numbers))
	if err != nil {
		return nil, fmt.Errorf("list the holding pen: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h complaints.HeldMail
		var words sql.NullString
		var body []byte
		if err := rows.Scan(&h.No, &h.At, &h.From, &h.Subject, &h.Reason, &h.Guess, &h.SHA256, &h.Size, &words, &body); err != nil {
			return nil, err
		}
		h.At, h.Words = h.At.UTC(), words.String
		if body != nil {
			h.Of = &complaints.Case{}
			if err := json.Unmarshal(body, h.Of); err != nil {
				return nil, fmt.Errorf("list the holding pen: %w", err)
			}
		}
		list = append(list, h)
	}
	return list, rows.Err()
}

// Pen is Tx.Pen in a transaction of its own.
func (db *DB) Pen(ctx context.Context) (list []complaints.HeldMail, err error) {
	err = db.read(ctx, func(tx *Tx) error { list, err = tx.Pen(ctx, nil); return err })
	return list, err
}

// Quarantined counts the mails that were moved into the quarantine folder of
// the IMAP server, from wherever they came; but for those that were taken in
// again out of the folder of processed mail, and lie there still. sure are those
// that were held before a time: the others may not have been moved yet.
func (db *DB) Quarantined(ctx context.Context, processed string, before time.Time) (n, sure int, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select count(*), count(*) filter (where held_at < $2) from quarantine where mailbox <> $1 and uid > 0`,
			clean(processed), micro(before)).Scan(&n, &sure)
	})
	return n, sure, err
}

// QuarantineDiscard says that a held mail is not wanted, and why. Its bytes
// stay, and it may still be retried.
func (db *DB) QuarantineDiscard(ctx context.Context, id int64, by, why string, at time.Time) error {
	if strings.TrimSpace(clean(why)) == "" {
		return fmt.Errorf("held mail %d: say why it is discarded", id)
	}
	return db.Tx(ctx, func(tx *Tx) error { return tx.changeHeld(ctx, id, "discarded", by, why, at) })
}

// QuarantineTaken says that a held mail was taken in.
func (tx *Tx) QuarantineTaken(ctx context.Context, id int64, by string, at time.Time) error {
	return tx.changeHeld(ctx, id, "taken", by, "", at)
}

func (tx *Tx) changeHeld(ctx context.Context, id int64, state, by, why string, at time.Time) error {
	r, err := tx.tx.ExecContext(ctx, `
		update quarantine set state = $2, by = $3, why = $4, changed_at = $5
		where id = $1 and state <> 'taken'`, id, state, clean(by), clean(why), micro(at))
	if err != nil {
		return fmt.Errorf("held mail %d: %w", id, err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return fmt.Errorf("held mail %d: %w, or taken in already", id, ErrNotFound)
	}
	return nil
}

// codeKey is how a confirmation code is kept: who reads the table learns none.
func codeKey(code string) []byte {
	sum := sha256.Sum256([]byte("confirmation " + code))
	return sum[:]
}

// Waiting finds the commands that a code confirms, with the mail that holds
// them and the content of its files, and locks them; nil if there are none.
func (tx *Tx) Waiting(ctx context.Context, code string) (*complaints.Confirmation, error) {
	w := &complaints.Confirmation{Code: code, Mail: &complaints.Message{}}
	var used sql.NullTime
	var body []byte
	err := tx.tx.QueryRowContext(ctx, `
		select c.person, c.case_ref, c.digest, c.expires_at, c.used_at, m.id, m.body
		from confirmations c join messages m on m.id = c.message where c.code = $1 for update of c`, codeKey(code)).
		Scan(&w.Person, &w.Ref, &w.Digest, &w.Expires, &used, &w.Mail.ID, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		id := w.Mail.ID
		err = json.Unmarshal(body, w.Mail)
		w.Used, w.Mail.ID = used.Time, id
	}
	for i := range w.Mail.Attachments {
		if a := &w.Mail.Attachments[i]; err == nil && a.Size <= chunk {
			a.Content, err = tx.blob(ctx, a.SHA256)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("commands that wait: %w", err)
	}
	return w, nil
}

// prove records what an outcome says of proof: commands that wait, a code that
// was used, an address or a code that was not the sender's.
func (tx *Tx) prove(ctx context.Context, m *complaints.Message, o complaints.Outcome) error {
	if w := o.Ask; w != nil {
		_, err := tx.tx.ExecContext(ctx, `
			insert into confirmations (code, person, case_ref, digest, message, expires_at) values ($1, $2, $3, $4, $5, $6)`,
			codeKey(w.Code), strings.ToLower(clean(w.Person)), clean(w.Ref), w.Digest, m.ID, micro(w.Expires))
		if err != nil {
			return fmt.Errorf("commands that wait: %w", err)
		}
	}
	for _, r := range o.Released {
		at := tx.at
		if at.IsZero() {
			at = micro(m.Date)
		}
		if err := tx.Decide(ctx, r, at); err != nil {
			return err
		}
	}
	if o.Confirmed != "" {
		r, err := tx.tx.ExecContext(ctx, `update confirmations set used_at = now(), used_by = $2 where code = $1 and used_at is null`, codeKey(o.Confirmed), m.ID)
		if err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		if n, _ := r.RowsAffected(); n != 1 {
			return fmt.Errorf("use a code: %w", ErrConflict)
		}
	}
	if o.Misuse != "" {
		_, err := tx.tx.ExecContext(ctx, `insert into misuses (at, from_addr, what, message) select coalesce($1::timestamptz, now()), $2, $3, $4`,
			null(tx.at), strings.ToLower(clean(m.From.Addr)), clean(o.Misuse), m.ID)
		if err != nil {
			return fmt.Errorf("note a misuse: %w", err)
		}
	}
	return nil
}

// Misuses counts the reply addresses and codes that were not their sender's in
// the hour before a time: by anybody, and by one address.
func (tx *Tx) Misuses(ctx context.Context, addr string, at time.Time) (all, by int, err error) {
	err = tx.tx.QueryRowContext(ctx, `
		select count(*), count(*) filter (where from_addr = $1) from misuses where at > $2::timestamptz - interval '1 hour' and at <= $2`,
		strings.ToLower(clean(addr)), micro(at)).Scan(&all, &by)
	if err != nil {
		err = fmt.Errorf("count misuses: %w", err)
	}
	return all, by, err
}

// Waits notes that a mail waits in its mailbox, and gives since when. What was
// noted long ago is forgotten: such mails were taken in, or removed.
func (db *DB) Waits(ctx context.Context, sha string, at time.Time) (since time.Time, err error) {
	key, err := hex.DecodeString(sha)
	if err != nil {
		return since, fmt.Errorf("note a wait: %w", err)
	}
	err = db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `delete from waits where since < $1::timestamptz - interval '30 days'`, micro(at)); err != nil {
			return err
		}
		// The update changes nothing, and returns what is there.
		return tx.tx.QueryRowContext(ctx, `insert into waits (sha256, since) values ($1, $2) on conflict (sha256) do update set since = waits.since returning since`,
			key, micro(at)).Scan(&since)
	})
	if err != nil {
		err = fmt.Errorf("note a wait: %w", err)
	}
	return since, err
}

// Repeats finds an earlier mail about a case with the same sender, date and
// words as this one: a copy that somebody has sent again under other trace
// fields. It gives its number, or 0.
func (tx *Tx) Repeats(ctx context.Context, m *complaints.Message) (id int64, err error) {
	if m.OwnWords == "" {
		return 0, nil
	}
	date, err := json.Marshal(m.Date)
	if err != nil {
		return 0, err
	}
	err = tx.tx.QueryRowContext(ctx, `
		select coalesce(min(id + 0), 0) from messages
		where md5(body ->> 'own_words') = md5($1) and case_ref is not null and from_addr = $2 and body ->> 'date' = $3 and id <> $4`,
		clean(m.OwnWords), strings.ToLower(clean(m.From.Addr)), strings.Trim(string(date), `"`), m.ID).Scan(&id)
	if err != nil {
		err = fmt.Errorf("look for a copy: %w", err)
	}
	return id, err
}
