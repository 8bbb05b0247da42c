package store

import (
	"bytes"
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

// Arrival is where a mail lies on the IMAP server (RFC 3501 section 2.3.1.1).
type Arrival struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
}

// AddMessage keeps a received mail: its raw bytes, its attachments' bytes, and
// the parsed message. It sets m.ID and m.Automatic.
//
// isNew is false if the mail was taken before: by this arrival, as these very
// bytes, or as another copy (same Message-ID and same content, other trace
// fields). The arrival is then recorded for the first message, whose number
// m.ID becomes, and the caller has nothing more to do. A mail with a known
// Message-ID and other content is new; so is one whose content is known under
// another Message-ID, or under none: m.Problems says so.
func (tx *Tx) AddMessage(ctx context.Context, m *complaints.Message, raw []byte, a Arrival, at time.Time) (isNew bool, err error) {
	tx.at = micro(at)
	sum := sha256.Sum256(raw)
	key := sum[:]
	if m.SHA256 != "" && m.SHA256 != hex.EncodeToString(key) {
		return false, fmt.Errorf("add message: the parsed message has hash %.12s, the bytes have %x", m.SHA256, key[:6])
	}
	if len(raw) > chunk { // a large mail is written apart; a usual one in the same statement
		if err := tx.writeBlob(ctx, key, int64(len(raw)), bytes.NewReader(raw)); err != nil {
			return false, fmt.Errorf("add message: %w", err)
		}
		raw = nil
	}
	m.SHA256 = hex.EncodeToString(key)
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("add message: %w", err)
	}
	files, large := gather(m.Attachments)
	var (
		id, same, alike sql.NullInt64
		sender          = strings.ToLower(clean(m.From.Addr))
	)
	commits := "on"
	if tx.lazy {
		commits = "off"
	}
	held, epoch := "", sql.NullInt64{}
	if tx.lock != nil {
		held = tx.lock.name
	}
	// min(id + 0), as min(id) would be answered by a walk along the primary key.
	err = tx.tx.QueryRowContext(ctx, `
		with k as materialized (select epoch from epochs where name = $18 for share),
		b as (
			insert into blobs (sha256, size) select $1, octet_length($2::bytea) where $2::bytea is not null
			on conflict do nothing returning sha256),
		c as (insert into chunks (sha256, n, bytes) select sha256, 0, $2::bytea from b),
		x as (select * from unnest($13::bytea[], $14::int[], $15::int[]) as x(sha256, place, size)),
		f as (insert into blobs (sha256, size) select sha256, size from x on conflict do nothing returning sha256),
		g as (
			insert into chunks (sha256, n, bytes)
			select sha256, 0, substring($16::bytea from place for size) from f join x using (sha256)),
		m as (
			insert into messages (sha256, message_id, content_hash, class, from_addr, subject, received_at, body)
			values ($1, $3, $4, $5, $6, $7, $8, $9)
			on conflict do nothing returning id),
		a as (
			insert into arrivals (mailbox, uidvalidity, uid, sha256, message, at)
			select $10, $11, $12, $1, id, $8 from m)
		select (select id from m),
			(select min(id + 0) from messages where message_id = $3 and message_id <> ''),
			(select min(id + 0) from messages where content_hash = $4 and content_hash <> '' and from_addr = $6),
			(select count(*) from outbox where auto and to_addr = $6 and created_at > $8::timestamptz - interval '24 hours'),
			set_config('synchronous_commit', $17, true), (select epoch from k)`,
		key, raw, clean(m.MessageID), clean(m.ContentHash), clean(string(m.Class)), sender, clean(m.Subject), tx.at,
		string(cleanJSON(body)), clean(a.Mailbox), int64(a.UIDValidity), int64(a.UID),
		pq.Array(files.sums), pq.Array(files.places), pq.Array(files.sizes), files.bytes, commits, held).Scan(&id, &same, &alike, &m.Automatic, &commits, &epoch)
	if err != nil {
		return false, fmt.Errorf("add message: %w", err)
	}
	if tx.lock != nil && epoch.Int64 != tx.lock.Epoch {
		return false, fmt.Errorf("add message: %s: %w", held, ErrFenced)
	}
	if !id.Valid {
		return false, tx.linkCopy(ctx, m, key, a)
	}
	m.ID = id.Int64
	for _, content := range large {
		if _, err := tx.putBytes(ctx, content); err != nil {
			return false, fmt.Errorf("add message: attachment: %w", err)
		}
	}
	return true, tx.noteLikeness(ctx, m, same, alike)
}

// bundle is several small files in one parameter of a statement.
type bundle struct {
	sums          [][]byte
	places, sizes []int64 // within bytes, from 1
	bytes         []byte
}

// gather puts the contents of attachments together, each once, as long as they
// fit into one chunk; the others are large.
func gather(files []complaints.Attachment) (b bundle, large [][]byte) {
	seen := map[[sha256.Size]byte]bool{}
	b.bytes = []byte{}
	for _, f := range files {
		sum := sha256.Sum256(f.Content)
		switch {
		case f.Content == nil || seen[sum]:
		case len(b.bytes)+len(f.Content) > chunk:
			large = append(large, f.Content)
		default:
			seen[sum] = true
			b.sums = append(b.sums, sum[:])
			b.places, b.sizes = append(b.places, int64(len(b.bytes)+1)), append(b.sizes, int64(len(f.Content)))
			b.bytes = append(b.bytes, f.Content...)
		}
	}
	return b, large
}

// CommitLazily lets the commit of a transaction that adds a message return
// before it is on disk. The mail must not leave the inbox until Durable says
// that it is; what the sender sends is on disk in any case, since its own
// commits, which come later in the log, are not lazy.
func (tx *Tx) CommitLazily() { tx.lazy = true }

// Later puts off the outgoing mails that the transaction records. In a long
// backlog the mails that are still to be taken in come first, and the answer to
// a mail that has just come does not wait behind those to old ones.
func (tx *Tx) Later(d time.Duration) { tx.later = d }

// Durable waits until every earlier commit is on disk, and then tells which of
// these mails are not recorded after all: a server that crashed in between has
// forgotten them, and they are to be taken in again.
func (db *DB) Durable(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (missing []uint32, err error) {
	want := make([]int64, len(uids))
	for i, u := range uids {
		want[i] = int64(u)
	}
	err = db.Tx(ctx, func(tx *Tx) error {
		missing = nil
		// The message makes this commit write, and so wait for the disk.
		rows, err := tx.tx.QueryContext(ctx, `
			with w as materialized (select pg_logical_emit_message(true, 'complaintsd', ''))
			select u from unnest($3::bigint[]) u, w
			where not exists (select from arrivals where mailbox = $1 and uidvalidity = $2 and uid = u)
			and not exists (select from quarantine where mailbox = $1 and uidvalidity = $2 and uid = u)`,
			clean(mailbox), int64(uidvalidity), pq.Array(want))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u int64
			if err := rows.Scan(&u); err != nil {
				return err
			}
			missing = append(missing, uint32(u))
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("wait for the disk: %w", err)
	}
	return missing, nil
}

// linkCopy records the arrival of a mail that was taken before.
func (tx *Tx) linkCopy(ctx context.Context, m *complaints.Message, key []byte, a Arrival) error {
	err := tx.tx.QueryRowContext(ctx, `
		with first as (
			select id from messages
			where sha256 = $1 or (message_id = $2 and content_hash = $3 and $2 <> '')
			order by (sha256 = $1) desc, id limit 1),
		a as (
			insert into arrivals (mailbox, uidvalidity, uid, sha256, message, at)
			select $4, $5, $6, $1, id, $7 from first on conflict do nothing)
		select id from first`,
		key, clean(m.MessageID), clean(m.ContentHash), clean(a.Mailbox), int64(a.UIDValidity), int64(a.UID), tx.at).Scan(&m.ID)
	if err != nil {
		return fmt.Errorf("add message: link copy: %w", err)
	}
	return nil
}

// noteLikeness says in the message's problems that another one has the same
// Message-ID, or the same content. same and alike are those messages' numbers.
func (tx *Tx) noteLikeness(ctx context.Context, m *complaints.Message, same, alike sql.NullInt64) error {
	if !same.Valid && !alike.Valid {
		return nil
	}
	if same.Valid {
		m.Problems = append(m.Problems, fmt.Sprintf("the Message-ID is that of message %d, the content is another: both are kept", same.Int64))
	}
	if alike.Valid {
		m.Problems = append(m.Problems, fmt.Sprintf("probably a duplicate: the content is that of message %d", alike.Int64))
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("add message: %w", err)
	}
	_, err = tx.tx.ExecContext(ctx, `update messages set body = $2, duplicate_of = $3 where id = $1`, m.ID, string(cleanJSON(body)), alike)
	if err != nil {
		return fmt.Errorf("add message: %w", err)
	}
	return nil
}

// Seen reports whether the mail of this arrival was taken, so that a mail that
// lies in the inbox after a crash need not be fetched again.
func (db *DB) Seen(ctx context.Context, a Arrival) (seen bool, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select exists (
			select from arrivals where mailbox = $1 and uidvalidity = $2 and uid = $3)`,
			clean(a.Mailbox), int64(a.UIDValidity), int64(a.UID)).Scan(&seen)
	})
	return seen, err
}

// Message reads a message as it was parsed. Attachments are without Content:
// their bytes are blobs. ErrNotFound if there is none.
func (db *DB) Message(ctx context.Context, id int64) (m *complaints.Message, err error) {
	err = db.read(ctx, func(tx *Tx) error { m, err = tx.Message(ctx, id); return err })
	return m, err
}

// Message is DB.Message within a transaction.
func (tx *Tx) Message(ctx context.Context, id int64) (*complaints.Message, error) {
	var body []byte
	err := tx.tx.QueryRowContext(ctx, `select body from messages where id = $1`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("message %d: %w", id, err)
	}
	m := &complaints.Message{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("message %d: %w", id, err)
	}
	m.ID = id
	return m, nil
}

// Arrived finds the first message of a Message-ID, and its raw bytes.
// ErrNotFound if there is none.
func (db *DB) Arrived(ctx context.Context, messageID string) (m *complaints.Message, raw []byte, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		var id int64
		err := tx.tx.QueryRowContext(ctx, `select min(id + 0) from messages where message_id = $1 having count(*) > 0`, clean(messageID)).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if m, err = tx.Message(ctx, id); err != nil {
			return err
		}
		raw, err = tx.blob(ctx, m.SHA256)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("message %s: %w", messageID, err)
	}
	return m, raw, nil
}
