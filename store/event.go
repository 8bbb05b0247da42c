package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"complaints"
)

// desk is the stream of what belongs to no case: register, working days, keys.
const desk = "desk"

// entry is one event as it is stored.
type entry struct {
	stream                    string
	seq                       int
	at                        time.Time
	by, kind                  string
	message                   int64 // 0: none
	body                      []byte
	prev, payloadHash, digest []byte
}

// link puts an event into the chain of its stream after prev, the hash of the
// event before it. Lengths stand before texts, so that no two events give the
// same bytes.
func (e *entry) link(prev []byte) {
	if e.seq == 1 {
		prev = origin(e.stream)
	}
	payload := sha256.Sum256(e.body)
	e.prev, e.payloadHash = prev, payload[:]
	e.digest = e.chained()
}

// add writes an event that has its place in its chain.
func (tx *Tx) add(ctx context.Context, e *entry) error {
	_, err := tx.tx.ExecContext(ctx, `
		with e as (
			insert into events (stream, seq, at, by, kind, message, prev_hash, payload_hash, hash) values ($1, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9))
		insert into payloads (stream, seq, body) values ($1, $2, $10)`,
		e.stream, e.seq, e.at, e.by, e.kind, e.message, e.prev, e.payloadHash, e.digest, string(e.body))
	if err != nil {
		return fmt.Errorf("%s: %w", e.kind, err)
	}
	return nil
}

func (e *entry) chained() []byte {
	h := sha256.New()
	h.Write(e.prev)
	binary.Write(h, binary.BigEndian, int64(e.seq))
	binary.Write(h, binary.BigEndian, e.at.UnixMicro())
	for _, s := range []string{e.by, e.kind} {
		binary.Write(h, binary.BigEndian, int64(len(s)))
		h.Write([]byte(s))
	}
	h.Write(e.payloadHash)
	return h.Sum(nil)
}

// origin stands before the first event, and binds the chain to its stream.
func origin(stream string) []byte {
	h := sha256.Sum256([]byte("complaintsd stream " + stream))
	return h[:]
}

// head gives number and hash of the last event of a stream.
func (tx *Tx) head(ctx context.Context, stream string) (seq int, hash []byte, err error) {
	err = tx.tx.QueryRowContext(ctx, `select seq, hash from events where stream = $1 order by seq desc limit 1`, clean(stream)).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return seq, hash, err
}

// Events reads the history of a case, oldest first. ErrNotFound if there is
// no such case. An event whose content was erased is an error: the case row
// stands for what is left.
func (db *DB) Events(ctx context.Context, ref string) (all []complaints.Event, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		all = nil
		return tx.entries(ctx, ref, func(e *entry) error {
			f, err := complaints.DecodeFact(e.kind, e.body)
			if err != nil {
				return err
			}
			all = append(all, complaints.Event{Seq: e.seq, At: e.at, By: e.by, Message: e.message, Fact: f})
			return nil
		})
	})
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("events of %.40s: %w", ref, err)
	}
	return all, nil
}

// entries calls f for each event of a stream in order.
func (tx *Tx) entries(ctx context.Context, stream string, f func(*entry) error) error {
	rows, err := tx.tx.QueryContext(ctx, `
		select e.seq, e.at, e.by, e.kind, coalesce(e.message, 0), e.prev_hash, e.payload_hash, e.hash, p.body
		from events e left join payloads p on p.stream = e.stream and p.seq = e.seq
		where e.stream = $1 order by e.seq`, clean(stream))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e := &entry{stream: stream}
		if err := rows.Scan(&e.seq, &e.at, &e.by, &e.kind, &e.message, &e.prev, &e.payloadHash, &e.digest, &e.body); err != nil {
			return err
		}
		e.at = e.at.UTC()
		if err := f(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// IssuedBy counts the letters that a person has issued since a time.
func (tx *Tx) IssuedBy(ctx context.Context, addr string, since time.Time) (n int, err error) {
	err = tx.tx.QueryRowContext(ctx, `
		select count(*) from events where kind = 'issued' and lower(by) = $1 and at > $2
		and stream in (select case_ref from letters where issued_at > $2)`, strings.ToLower(clean(addr)), micro(since)).Scan(&n)
	if err != nil {
		err = fmt.Errorf("count letters issued: %w", err)
	}
	return n, err
}

// VerifyChain checks the log of a case, of a meeting, or of "desk": numbers without a gap,
// each hash right and following the one before, each content that was not
// erased the one that was hashed, and the row at the chain's end. It gives
// how many events there are; the error names the first that is wrong.
func (db *DB) VerifyChain(ctx context.Context, stream string) (n int, err error) {
	err = db.read(ctx, func(tx *Tx) (err error) {
		n, err = tx.verify(ctx, stream)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("chain of %.40s: %w", stream, err)
	}
	return n, nil
}

func (tx *Tx) verify(ctx context.Context, stream string) (n int, err error) {
	prev := origin(stream)
	err = tx.entries(ctx, stream, func(e *entry) error {
		n++
		sum := sha256.Sum256(e.body)
		switch {
		case e.seq != n:
			return fmt.Errorf("event %d is missing", n)
		case !bytes.Equal(e.prev, prev):
			return fmt.Errorf("event %d does not follow the one before it", n)
		case !bytes.Equal(e.digest, e.chained()):
			return fmt.Errorf("event %d was changed", n)
		case e.body != nil && !bytes.Equal(sum[:], e.payloadHash):
			return fmt.Errorf("the content of event %d was changed", n)
		}
		prev = e.digest
		return nil
	})
	if err != nil || stream == desk {
		return n, err
	}
	var seq int
	var head []byte
	err = tx.tx.QueryRowContext(ctx, `
		select seq, head from cases where ref = $1 union all select seq, head from meetings where ref = $1`, clean(stream)).Scan(&seq, &head)
	if errors.Is(err, sql.ErrNoRows) {
		return n, ErrNotFound
	}
	if err == nil && (seq != n || !bytes.Equal(head, prev)) {
		err = fmt.Errorf("the row stands at event %d, the log ends at %d", seq, n)
	}
	return n, err
}
