package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// How says by which key a message was placed.
type How struct {
	By     By
	Outbox int64  // number of the outgoing mail that a return-path token or a message-id names; 0: none
	Guess  string // reference that was named without the right to; "" if none
	Person string // By token of staff: whose
}

// By is the kind of key that placed a message.
type By string

// The keys, strongest first (mail.md, “Which case”).
const (
	ByToken     By = "token"     // a signed token in the recipient address
	ByMessageID By = "reference" // In-Reply-To or References
	ByRef       By = "ref"       // the number in the subject, from one who may use it
	ByNone      By = ""
)

// LockCase finds the case that a message belongs to and locks it until the end
// of the transaction. Keys are tried strongest first: a signed token in the
// recipient address; the message-ids it refers to, if we sent them or they
// belong to a case; the reference number in the subject, if the sender is the
// case's complainant or stands in the staff register. The case is nil if there
// is none: How.Guess then names what was asked for without right.
func (tx *Tx) LockCase(ctx context.Context, k complaints.CaseKeys, m *complaints.Message, keys complaints.Keyring, at time.Time) (*complaints.Case, How, error) {
	var how How
	var ref string
	var outbox int64
	if t := k.Token; t != nil && len(t.Ref) <= 40 {
		switch {
		case !keys.Verify(*t, m.From.Addr, at):
			how.Guess = complaints.FindRef(t.Ref)
		case t.Purpose == complaints.ForBounce:
			outbox, _ = strconv.ParseInt(t.Ref, 10, 64)
		default:
			ref = t.Ref
			if t.Purpose == complaints.ForStaff {
				how.Person = m.From.Addr
			}
		}
	}
	ids := make([]string, 0, len(k.MessageIDs)+1)
	if m.DSN != nil && m.DSN.MessageID != "" {
		ids = append(ids, clean(m.DSN.MessageID))
	}
	for _, id := range k.MessageIDs {
		if id != "" {
			ids = append(ids, clean(id))
		}
	}
	if ref == "" && outbox == 0 && len(ids) == 0 && k.Ref == "" { // a new complaint, most often
		return nil, how, nil
	}
	var (
		body, head []byte
		by         string
		found      string
		sent       sql.NullInt64
	)
	// Each branch gives at most a few candidates; the best one is locked. The
	// last branch alone asks who the sender is.
	err := tx.tx.QueryRowContext(ctx, `
		with candidates as (
			select 1 as rank, 0::bigint as n, $1::text as ref, null::bigint as outbox where $1::text <> ''
			union all
			select 1, 0, case_ref, id from outbox where id = $2::bigint and case_ref is not null
			union all
			select 2, i.n, o.case_ref, o.id
			from unnest($3::text[]) with ordinality i(id, n) join outbox o on o.message_id = i.id where o.case_ref is not null
			union all
			select 2, i.n, m.case_ref, null
			from unnest($3::text[]) with ordinality i(id, n) join messages m on m.message_id = i.id and m.message_id <> '' where m.case_ref is not null
			union all
			select 3, 0, ref, null from cases
			where ref = $4::text and (complainant = $5::text or body -> 'members' @> jsonb_build_array(jsonb_build_object('addr', $5::text)) or exists (select from staff where address = $5::text and active))),
		best as (
			select c.rank, c.ref, c.outbox from candidates c join cases using (ref)
			order by c.rank, c.n, c.outbox nulls last limit 1)
		select best.rank, best.outbox, cases.ref, cases.head, cases.body
		from best join cases using (ref) for update of cases`,
		ref, outbox, pq.Array(ids), clean(k.Ref), strings.ToLower(clean(m.From.Addr))).Scan(&by, &sent, &found, &head, &body)
	if errors.Is(err, sql.ErrNoRows) {
		if how.Guess == "" {
			how.Guess = k.Ref
		}
		return nil, how, nil
	}
	if err != nil {
		return nil, how, fmt.Errorf("find case: %w", err)
	}
	how.By = map[string]By{"1": ByToken, "2": ByMessageID, "3": ByRef}[by]
	how.Outbox = sent.Int64
	if how.By == ByToken || how.Guess == found {
		how.Guess = ""
	}
	c, err := tx.keep(found, head, body)
	return c, how, err
}

// LockRef locks a case by its reference, for what comes from no message:
// reminders, delivery results, the command line. ErrNotFound if there is none.
func (tx *Tx) LockRef(ctx context.Context, ref string) (*complaints.Case, error) {
	var head, body []byte
	err := tx.tx.QueryRowContext(ctx, `select head, body from cases where ref = $1 for update`, clean(ref)).Scan(&head, &body)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("lock case %.40s: %w", ref, err)
	}
	return tx.keep(ref, head, body)
}

// keep reads a locked case row and remembers the end of its chain.
func (tx *Tx) keep(ref string, head, body []byte) (*complaints.Case, error) {
	c := &complaints.Case{}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("case %s: %w", ref, err)
	}
	tx.heads[ref] = head
	return c, nil
}

// Case reads a case as it stands. ErrNotFound if there is none.
func (db *DB) Case(ctx context.Context, ref string) (c *complaints.Case, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		var body []byte
		if err := tx.tx.QueryRowContext(ctx, `select body from cases where ref = $1`, clean(ref)).Scan(&body); err != nil {
			return err
		}
		c = &complaints.Case{}
		return json.Unmarshal(body, c)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("case %.40s: %w", ref, err)
	}
	return c, nil
}

// Filter chooses cases for a list. A zero field does not restrict.
type Filter struct {
	Open        bool               // only those in which work remains
	Handler     string             // address of the responsible person or the assignee
	Complainant string             // address
	State       string             // one state
	Reader      *complaints.Person // cases in which they have a conflict are left out; nil: none is
	Today       complaints.Date    // for Row.Overdue
	Limit       int                // 0: 1000
}

// Rows lists cases: open ones that are due first, then by reference.
func (db *DB) Rows(ctx context.Context, f Filter) (list []complaints.Row, err error) {
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	err = db.read(ctx, func(tx *Tx) error {
		list = nil
		rows, err := tx.tx.QueryContext(ctx, `
			select ref, state, open, name, subject, case when handler <> '' then handler else assignee end, coalesce(to_char(due, 'YYYY-MM-DD'), ''),
				jsonb_build_object('state', state, 'allegations', body -> 'allegations', 'recusals', body -> 'recusals', 'stay', body -> 'stay',
					'appeal', case when body ? 'appeal' then '{}'::jsonb end)
			from cases
			where (open or not $1) and ($2 = '' or handler = $2 or assignee = $2
				or case state when 'APPEAL_REVIEW' then body #> '{appeal,panel}' when 'COMMITTEE_PRE' then body #> '{docket,panel}' end ? $2) and ($3 = '' or complainant = $3) and ($4 = '' or state = $4)
			order by open desc, due nulls last, ref limit $5`,
			f.Open, strings.ToLower(clean(f.Handler)), strings.ToLower(clean(f.Complainant)), clean(f.State), f.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r complaints.Row
			var open bool
			var due string
			var parties []byte
			if err := rows.Scan(&r.Ref, &r.State, &open, &r.Name, &r.Subject, &r.Handler, &due, &parties); err != nil {
				return err
			}
			if f.Reader != nil {
				var c complaints.Case // what Conflicted asks for
				if err := json.Unmarshal(parties, &c); err != nil {
					return fmt.Errorf("%s: %w", r.Ref, err)
				}
				if c.Conflicted(f.Reader) {
					continue
				}
			}
			r.Due, _ = complaints.ParseDate(due)
			r.Overdue = open && !r.Due.IsZero() && !f.Today.IsZero() && r.Due.Before(f.Today)
			list = append(list, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return list, nil
}

// dueCases and openCases are the questions of every sweep. A test holds their
// plans: none may read a closed case.
const (
	dueCases  = `select ref from cases where next_at is not null and next_at <= $1 order by next_at, ref limit $2`
	openCases = `select body from cases where open and ref > $1 and ($2 = '' or due <= nullif($2, '')::date or state <> 'INVESTIGATING') order by ref limit $3`
)

// DueCases lists open cases of which a clock is to be looked at by now, the
// longest waiting first.
func (db *DB) DueCases(ctx context.Context, now time.Time, limit int) (refs []string, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		refs = nil
		rows, err := tx.tx.QueryContext(ctx, dueCases, micro(now), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ref string
			if err := rows.Scan(&ref); err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list due cases: %w", err)
	}
	return refs, nil
}

// OpenCases gives open cases after a reference, in the order of references, at
// most limit. With soon, those are left out whose limit lies after that day and
// on which nothing else can be due: what is being investigated.
func (db *DB) OpenCases(ctx context.Context, after string, soon complaints.Date, limit int) (list []*complaints.Case, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		list = nil
		rows, err := tx.tx.QueryContext(ctx, openCases, clean(after), soon.String(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			c := &complaints.Case{}
			if err := json.Unmarshal(body, c); err != nil {
				return err
			}
			list = append(list, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list open cases: %w", err)
	}
	return list, nil
}

// Similar lists open cases that a new complaint looks like, at most five, those
// with the most reasons first: of the same sender, of the same words in a mail
// that came after since, or about the same court case or contract.
func (tx *Tx) Similar(ctx context.Context, sender, subject, words string, since time.Time) (list []complaints.Similar, err error) {
	words = strings.TrimSpace(clean(words))
	if len(words) < 12 { // “see attachment” is no likeness
		words = ""
	}
	marks := append([]string{}, complaints.Marks(subject+"\n"+words)...) // an empty array, never NULL
	// Only the branches that can find something are asked: an empty array of
	// marks would walk the whole index.
	q := `select ref, case when lower(subject) = lower($2) and $2 <> '' then 'subject' else 'sender' end as why
		from cases where open and complainant = $1 and $1 <> '' and $3::text is not null and $4::timestamptz is not null and $5::text[] is not null`
	if words != "" {
		q += ` union select c.ref, 'words' from messages m join cases c on c.ref = m.case_ref
			where c.open and md5(m.body ->> 'own_words') = md5($3) and m.received_at > $4`
	}
	if len(marks) > 0 {
		q += ` union select ref, 'matter' from cases where open and body -> 'marks' ?| $5::text[]`
	}
	rows, err := tx.tx.QueryContext(ctx, `
		select ref, array_agg(why order by why) from (`+q+`) found group by ref order by count(*) desc, ref desc limit 5`,
		strings.ToLower(clean(sender)), strings.TrimSpace(clean(subject)), words, micro(since), pq.Array(marks))
	if err != nil {
		return nil, fmt.Errorf("find similar cases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s complaints.Similar
		if err := rows.Scan(&s.Ref, pq.Array(&s.Why)); err != nil {
			return nil, fmt.Errorf("find similar cases: %w", err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// Lead gives the case in which a merged one goes on, locked, or c itself.
func (tx *Tx) Lead(ctx context.Context, c *complaints.Case) (*complaints.Case, error) {
	for range 10 { // a case cannot be merged into one that is merged, so this ends
		if c == nil || c.MergedInto == "" {
			return c, nil
		}
		next, err := tx.LockRef(ctx, c.MergedInto)
		if err != nil {
			return nil, err
		}
		c = next
	}
	return c, nil
}

// Others locks the further cases that a mail's commands name, or that get the
// follow-ups of the minutes it approves: of a merged one the case in which it
// goes on. Those that do not exist are left out.
func (tx *Tx) Others(ctx context.Context, c *complaints.Case, m *complaints.Message) ([]*complaints.Case, error) {
	var out []*complaints.Case
	for _, ref := range complaints.Names(m) {
		if c != nil && ref == c.Ref {
			continue
		}
		o, err := tx.LockRef(ctx, ref)
		if NotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	for _, ref := range complaints.Resolving(m) {
		if slices.ContainsFunc(out, func(o *complaints.Case) bool { return strings.EqualFold(o.Ref, ref) }) {
			continue
		}
		o, err := tx.LockRef(ctx, ref)
		if err == nil {
			o, err = tx.Lead(ctx, o)
		}
		switch {
		case NotFound(err):
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(out, func(x *complaints.Case) bool { return x.Ref == o.Ref }):
			out = append(out, o)
		}
	}
	return out, nil
}

// upheldCases counts the cases in which something was upheld against a person,
// by a report approved since a time. Its first two conditions are those of the
// index cases_respondent.
const upheldCases = `
	select count(*) from cases
	where body -> 'allegations' @> jsonb_build_array(jsonb_build_object('respondent', $1::text)) and body #>> '{report,approved_at}' is not null
		and (body #>> '{report,approved_at}')::timestamptz >= $2 and state <> 'MERGED'
		and exists (select from jsonb_array_elements(body -> 'allegations') a where a ->> 'respondent' = $1 and a ->> 'finding' in ('upheld', 'partly'))`

// Upheld counts for each of some people, by address, the cases in which a
// complaint against them was upheld, wholly or in part, by a report approved
// since a time. Of a merged case only the one in which it went on counts.
func (tx *Tx) Upheld(ctx context.Context, people []string, since time.Time) (map[string]int, error) {
	out := map[string]int{}
	for _, who := range people {
		who = strings.ToLower(clean(who))
		var n int
		err := tx.tx.QueryRowContext(ctx, upheldCases, who, micro(since)).Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("count what was upheld: %w", err)
		}
		if n > 0 {
			out[who] = n
		}
	}
	return out, nil
}

// AutomaticTo counts the automatic mails to an address in the day before a
// time. The details of one mailbox (RFC 5233: li+a@, li+b@) are one address:
// a robot may write from another one each time.
func (tx *Tx) AutomaticTo(ctx context.Context, addr string, at time.Time) (n int, err error) {
	addr = strings.ToLower(clean(addr))
	local, domain, _ := strings.Cut(addr, "@")
	base, _, detailed := strings.Cut(local, "+")
	if !detailed || base == "" {
		err = tx.tx.QueryRowContext(ctx, `select count(*) from outbox where auto and to_addr = $1 and created_at > $2::timestamptz - interval '24 hours'`,
			addr, micro(at)).Scan(&n)
	} else {
		err = tx.tx.QueryRowContext(ctx, `
			select count(*) from outbox where auto and created_at > $3::timestamptz - interval '24 hours'
				and (to_addr = $1 || '@' || $2 or starts_with(to_addr, $1 || '+') and right(to_addr, length($2) + 1) = '@' || $2)`,
			base, domain, micro(at)).Scan(&n)
	}
	if err != nil {
		return 0, fmt.Errorf("count automatic mails: %w", err)
	}
	return n, nil
}
