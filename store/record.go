package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"complaints"
)

// numbers are the numbers that the events of one outcome lack, taken in one
// statement. The counters' rows are locked until the transaction ends: numbers
// have no gaps, and two transactions never get the same one. It is a
// complaints.Numbers.
type numbers map[string][]int

func counter(series string, year int) string { return fmt.Sprintf("%s/%d", series, year) }

// numbers takes what the events want, from 1.
func (tx *Tx) numbers(ctx context.Context, events []complaints.Event) (numbers, error) {
	want := map[string]int{}
	var series []string
	var years, counts []int64
	for i := range events {
		s, y, ok := events[i].Wants()
		if !ok {
			continue
		}
		if want[counter(s, y)]++; want[counter(s, y)] == 1 {
			series, years = append(series, clean(s)), append(years, int64(y))
		}
	}
	if len(series) == 0 {
		return nil, nil
	}
	for i := range series {
		counts = append(counts, int64(want[counter(series[i], int(years[i]))]))
	}
	// In one order, so that two transactions never wait for each other.
	rows, err := tx.tx.QueryContext(ctx, `
		insert into counters as c (series, year, n)
		select * from unnest($1::text[], $2::int[], $3::int[]) as x(series, year, n) order by series, year
		on conflict (series, year) do update set n = c.n + excluded.n returning series, year, n`,
		pq.Array(series), pq.Array(years), pq.Array(counts))
	if err != nil {
		return nil, fmt.Errorf("next numbers: %w", err)
	}
	defer rows.Close()
	all := numbers{}
	for rows.Next() {
		var s string
		var y, last int
		if err := rows.Scan(&s, &y, &last); err != nil {
			return nil, err
		}
		for n := last - want[counter(s, y)] + 1; n <= last; n++ {
			all[counter(s, y)] = append(all[counter(s, y)], n)
		}
	}
	return all, rows.Err()
}

// Next gives the next number of a series and year.
func (n numbers) Next(series string, year int) (int, error) {
	key := counter(clean(series), year)
	if len(n[key]) == 0 {
		return 0, fmt.Errorf("no number of %s was taken", key)
	}
	i := n[key][0]
	n[key] = n[key][1:]
	return i, nil
}

// Record writes an outcome, whole. c is the case before the events: locked by
// LockCase or LockRef, or a new &complaints.Case{} for one that the first event
// opens, or nil if the outcome belongs to no case and so has no events. m is
// the message that caused it, or nil. nextAt says when the case's clocks are to
// be looked at next; the zero time means never.
//
// Events are numbered, applied to c and appended to its chain; events[i].Seq
// and the numbers within (reference, letter number) are filled in. m is linked
// with the case. Mails go into the outbox, unless one of the same key is there.
// Outcome.Hold puts m into the quarantine; Outcome.Other is recorded first, since
// the events of c may name the number that a case of it gets. An outcome must not be recorded
// again in another transaction: it carries the numbers of the first.
func (tx *Tx) Record(ctx context.Context, c *complaints.Case, m *complaints.Message, o complaints.Outcome, nextAt func(*complaints.Case) time.Time) error {
	if c == nil && len(o.Events) > 0 {
		return errors.New("record: events of no case")
	}
	if len(o.Events) > 0 {
		tx.at = micro(o.Events[0].At)
	}
	var err error
	for i := range o.Other {
		p := &o.Other[i]
		if err := tx.Record(ctx, p.Case, nil, complaints.Outcome{Events: p.Events, Mails: p.Mails}, nextAt); err != nil {
			return err
		}
	}
	if len(o.Other) > 0 && len(o.Events) > 0 {
		tx.at = micro(o.Events[0].At)
	}
	if p := o.Meeting; p != nil {
		if tx.at.IsZero() && len(p.Events) > 0 {
			tx.at = micro(p.Events[0].At)
		}
		ref, err := tx.recordMeeting(ctx, p, m)
		if err != nil {
			return fmt.Errorf("record meeting: %w", err)
		}
		for i := range o.Mails {
			if o.Mails[i].Meeting == complaints.NewMeeting {
				o.Mails[i].Meeting = ref
			}
		}
	}
	if o.Hold != "" && m != nil {
		no, err := tx.holdMessage(ctx, m, o.Hold, "")
		if err != nil {
			return fmt.Errorf("hold mail: %w", err)
		}
		for i := range o.Mails {
			for j := range o.Mails[i].Facts.Held {
				if h := &o.Mails[i].Facts.Held[j]; h.No == 0 {
					h.No = no
				}
			}
		}
	}
	switch {
	case c == nil || len(o.Events) == 0:
		if c != nil && c.Seq == 0 {
			c = nil
		}
		err = tx.send(ctx, c, m, o.Mails)
	default:
		err = tx.append(ctx, c, m, o, nextAt)
	}
	if err == nil && (o.Proposed != nil || o.Loaded != nil) && m != nil {
		at := tx.at
		if at.IsZero() { // a mail that was kept earlier
			at = micro(m.Date)
		}
		err = tx.tables(ctx, o, at)
	}
	if err == nil && m != nil {
		err = tx.prove(ctx, m, o)
	}
	if err == nil {
		return nil
	}
	if e := pq.As(err, pqerror.UniqueViolation); e != nil && e.Table == "events" {
		err = fmt.Errorf("%w: %w", ErrConflict, err)
	}
	if c != nil && c.Ref != "" {
		return fmt.Errorf("record case %s: %w", c.Ref, err)
	}
	return fmt.Errorf("record: %w", err)
}

// history is what one Record adds to a case.
type history struct {
	entries []*entry
	letters []letter
}

// letter is a change to the register of issued letters.
type letter struct {
	complaints.LetterNumber
	no        int
	kind      string
	at        time.Time
	draftHash string
	pdf       []byte // set: only this
}

// apply numbers the events, applies them and links them into the chain.
func (tx *Tx) apply(ctx context.Context, c *complaints.Case, m *complaints.Message, events []complaints.Event) (*history, error) {
	l := &history{}
	head := tx.heads[c.Ref]
	if head == nil && c.Seq > 0 {
		var seq int
		var err error
		if seq, head, err = tx.head(ctx, c.Ref); err != nil {
			return nil, err
		}
		if seq != c.Seq {
			return nil, fmt.Errorf("%w: it is at event %d, the log at %d", ErrConflict, c.Seq, seq)
		}
	}
	taken, err := tx.numbers(ctx, events)
	if err != nil {
		return nil, err
	}
	for i := range events {
		e := &events[i]
		e.Seq, e.At, e.By = c.Seq+1, micro(e.At), clean(e.By)
		if e.Message == 0 && m != nil {
			e.Message = m.ID
		}
		if err := e.Number(taken); err != nil {
			return nil, err
		}
		if err := c.Apply(*e); err != nil {
			return nil, err
		}
		kind, body, err := complaints.EncodeFact(e.Fact)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		en := &entry{stream: c.Ref, seq: e.Seq, at: e.At, by: e.By, kind: kind, message: e.Message, body: cleanJSON(body)}
		en.link(head)
		head = en.digest
		l.entries = append(l.entries, en)
		l.letters = append(l.letters, letterOf(c, e)...)
	}
	tx.heads[c.Ref] = head
	return l, nil
}

// letterOf says what an event changes in the register of letters.
func letterOf(c *complaints.Case, e *complaints.Event) []letter {
	switch f := e.Fact.(type) {
	case *complaints.Issued:
		no := f.No
		if no == 0 {
			no = len(c.Letters)
		}
		return []letter{{LetterNumber: f.Number, no: no, kind: string(c.Letters[no-1].Letter.Kind), at: e.At, draftHash: f.DraftHash}}
	case *complaints.Sealed:
		if sum, err := hex.DecodeString(f.SHA256); err == nil {
			return []letter{{no: f.No, pdf: sum}}
		}
	}
	return nil
}

// append writes events, case row, link of the message and outgoing mail in one
// statement: the round trips are what the time goes into.
func (tx *Tx) append(ctx context.Context, c *complaints.Case, m *complaints.Message, o complaints.Outcome, nextAt func(*complaints.Case) time.Time) error {
	before := c.Seq
	l, err := tx.apply(ctx, c, m, o.Events)
	if err != nil {
		return err
	}
	var next time.Time
	if nextAt != nil {
		next = nextAt(c)
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	var due any
	if !c.Due.Due.IsZero() {
		due = c.Due.Due.String()
	}
	keys, to, auto, mails, err := columns(o.Mails)
	if err != nil {
		return err
	}
	var (
		seqs, messages         []int64
		ats                    []string
		bys, kinds, bodies     []string
		prevs, payloads, hashs [][]byte
	)
	for _, e := range l.entries {
		seqs, messages, ats = append(seqs, int64(e.seq)), append(messages, e.message), append(ats, e.at.Format(time.RFC3339Nano))
		bys, kinds, bodies = append(bys, e.by), append(kinds, e.kind), append(bodies, string(e.body))
		prevs, payloads, hashs = append(prevs, e.prev), append(payloads, e.payloadHash), append(hashs, e.digest)
	}
	var message int64
	if m != nil {
		message = m.ID
	}
	issued, sealed := issues(l.letters)
	var changed, told int
	err = tx.tx.QueryRowContext(ctx, `
		with c as (
			insert into cases as old (ref, seq, head, state, open, complainant, name, subject, handler, assignee,
				registered_at, due, next_at, closed_at, body)
			values ($1, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::date, $14::timestamptz, $15::timestamptz, $16::jsonb)
			on conflict (ref) do update set seq = excluded.seq, head = excluded.head, state = excluded.state, open = excluded.open,
				complainant = excluded.complainant, name = excluded.name, subject = excluded.subject, handler = excluded.handler,
				assignee = excluded.assignee, registered_at = excluded.registered_at, due = excluded.due,
				next_at = excluded.next_at, closed_at = excluded.closed_at, body = excluded.body
				where old.seq = $3
			returning ref),
		e as (
			insert into events (stream, seq, at, by, kind, message, prev_hash, payload_hash, hash)
			select $1, x.seq, x.at, x.by, x.kind, nullif(x.message, 0), x.prev, x.payload, x.hash
			from unnest($17::int[], $18::timestamptz[], $19::text[], $20::text[], $21::bigint[], $22::bytea[], $23::bytea[], $24::bytea[])
				as x(seq, at, by, kind, message, prev, payload, hash)),
		p as (
			insert into payloads (stream, seq, body)
			select $1, x.seq, x.body::json from unnest($17::int[], $25::text[]) as x(seq, body)),
		m as (update messages set case_ref = $1 where id = $26 and case_ref is distinct from $1),
		o as (
			insert into outbox (key, case_ref, to_addr, auto, mail, created_at, due_at)
			select x.key, $1, x.to_addr, x.auto, x.mail::json, $27::timestamptz, clock_timestamp() + $39::interval
			from unnest($28::text[], $29::text[], $30::bool[], $31::text[]) with ordinality as x(key, to_addr, auto, mail, n) order by x.n
			on conflict (key) do nothing returning id),
		l as (
			insert into letters (series, year, number, case_ref, no, kind, issued_at, draft_hash)
			select x.series, x.year, x.number, $1, x.no, x.kind, x.issued_at, x.draft_hash
			from unnest($32::text[], $33::int[], $34::int[], $35::int[], $36::text[], $37::timestamptz[], $38::text[])
				as x(series, year, number, no, kind, issued_at, draft_hash))
		select (select count(*) from c), (select count(pg_notify('outbox', '')) from (select from o where $39::interval = '0' limit 1) told)`,
		c.Ref, c.Seq, before, tx.heads[c.Ref], string(c.State), c.State.Open(), strings.ToLower(clean(c.Complainant.Addr)),
		clean(c.Complainant.Name), clean(c.Subject), strings.ToLower(clean(c.Handler)), strings.ToLower(clean(c.Assignee)),
		micro(c.Registered), due, null(next), null(c.ClosedAt), string(cleanJSON(body)),
		pq.Array(seqs), pq.Array(ats), pq.Array(bys), pq.Array(kinds), pq.Array(messages), pq.Array(prevs), pq.Array(payloads),
		pq.Array(hashs), pq.Array(bodies), message, tx.at, pq.Array(keys), pq.Array(to), pq.Array(auto), pq.Array(mails),
		pq.Array(issued.series), pq.Array(issued.years), pq.Array(issued.numbers), pq.Array(issued.nos), pq.Array(issued.kinds), pq.Array(issued.ats),
		pq.Array(issued.drafts), interval(tx.later)).Scan(&changed, &told)
	if err != nil {
		return err
	}
	if changed == 0 {
		return ErrConflict
	}
	return tx.seal(ctx, c.Ref, sealed)
}

// issued are the columns of letters that were issued.
type issued struct {
	series, kinds, ats, drafts []string
	years, numbers, nos        []int64
}

// issues parts letters that were issued from those whose PDF was sealed.
func issues(list []letter) (out issued, sealed []letter) {
	for _, l := range list {
		if l.pdf != nil {
			sealed = append(sealed, l)
			continue
		}
		out.series, out.kinds, out.drafts = append(out.series, clean(l.Kind)), append(out.kinds, l.kind), append(out.drafts, clean(l.draftHash))
		out.ats = append(out.ats, l.at.Format(time.RFC3339Nano))
		out.years, out.numbers, out.nos = append(out.years, int64(l.Year)), append(out.numbers, int64(l.N)), append(out.nos, int64(l.no))
	}
	return out, sealed
}

// seal notes the hashes of issued PDFs.
func (tx *Tx) seal(ctx context.Context, ref string, letters []letter) error {
	for _, l := range letters {
		if _, err := tx.tx.ExecContext(ctx, `update letters set pdf_sha256 = $3 where case_ref = $1 and no = $2`, ref, l.no, l.pdf); err != nil {
			return fmt.Errorf("letter %d: %w", l.no, err)
		}
	}
	return nil
}

// send puts mails into the outbox without events: to a case that stays as it
// is, or to none.
func (tx *Tx) send(ctx context.Context, c *complaints.Case, m *complaints.Message, list []complaints.Mail) error {
	var ref any
	if c != nil {
		ref = c.Ref
		if m != nil && m.ID != 0 {
			if _, err := tx.tx.ExecContext(ctx, `update messages set case_ref = $2 where id = $1 and case_ref is distinct from $2`, m.ID, ref); err != nil {
				return err
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	keys, to, auto, mails, err := columns(list)
	if err != nil {
		return err
	}
	_, err = tx.tx.ExecContext(ctx, `
		with o as (
			insert into outbox (key, case_ref, to_addr, auto, mail, created_at, due_at)
			select x.key, $1, x.to_addr, x.auto, x.mail::json, coalesce($2::timestamptz, now()), clock_timestamp() + $7::interval
			from unnest($3::text[], $4::text[], $5::bool[], $6::text[]) with ordinality as x(key, to_addr, auto, mail, n) order by x.n
			on conflict (key) do nothing returning id)
		select pg_notify('outbox', '') from o limit 1`,
		ref, null(tx.at), pq.Array(keys), pq.Array(to), pq.Array(auto), pq.Array(mails), interval(tx.later))
	return err
}

// columns gives mails as columns of the outbox.
func columns(list []complaints.Mail) (keys, to []string, auto []bool, mails []string, err error) {
	for i := range list {
		m := &list[i]
		if m.Key == "" || m.To.Addr == "" {
			return nil, nil, nil, nil, fmt.Errorf("mail %s: no key or no recipient", m.Template)
		}
		b, err := json.Marshal(m)
		if err != nil {
			return nil, nil, nil, nil, fmt.Errorf("mail %s: %w", m.Template, err)
		}
		keys, to = append(keys, clean(m.Key)), append(to, strings.ToLower(clean(m.To.Addr)))
		auto, mails = append(auto, m.Auto), append(mails, string(cleanJSON(b)))
	}
	return keys, to, auto, mails, nil
}
