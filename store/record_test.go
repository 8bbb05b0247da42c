package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// A complaint comes in: bytes, case, log and outgoing mail are there, and the
// folded log is the row.
func TestRecordNewCase(t *testing.T) {
	db := open(t)
	c := complaint(t, db, 1)
	if c.Ref != "T2026-0001" || c.Seq != 1 {
		t.Fatalf("case %s at %d", c.Ref, c.Seq)
	}
	fold(t, db, c.Ref)
	list, err := db.Outbox(t.Context(), OutboxFilter{CaseRef: c.Ref})
	must(t, err)
	if len(list) != 2 || list[0].Mail.Template != "notice" || list[1].Mail.Template != "ack" || list[1].State != Ready {
		t.Fatalf("outbox %+v", list)
	}
}

// fold checks that the stored events of a case give the stored row.
func fold(t *testing.T, db *DB, ref string) {
	t.Helper()
	row, err := db.Case(t.Context(), ref)
	must(t, err)
	events, err := db.Events(t.Context(), ref)
	must(t, err)
	sum := &complaints.Case{}
	for _, e := range events {
		must(t, sum.Apply(e))
	}
	if got, want := asJSON(t, sum), asJSON(t, row); got != want {
		t.Errorf("the log folds to\n%s\nthe row is\n%s", got, want)
	}
	n, err := db.VerifyChain(t.Context(), ref)
	must(t, err)
	if n != row.Seq {
		t.Errorf("chain of %d events, case at %d", n, row.Seq)
	}
}

// Fifty complaints at once: references without a gap and without a double.
func TestNumbersHaveNoGaps(t *testing.T) {
	db, ctx := open(t), t.Context()
	const n = 50
	errs := make(chan error, n)
	for i := range n {
		go func() {
			m, raw := letterFrom(fmt.Sprintf("c%d@mail.example", i), fmt.Sprintf("c%d@x", i), fmt.Sprint(i))
			errs <- db.Tx(ctx, func(tx *Tx) error {
				if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, uint32(i)}, noon); err != nil {
					return err
				}
				if err := tx.Record(ctx, &complaints.Case{}, m, opening(m), nil); err != nil {
					return err
				}
				if i%5 == 0 {
					return errUnwanted // its number must go to another
				}
				return nil
			})
		}()
	}
	for range n {
		if err := <-errs; err != nil && !errors.Is(err, errUnwanted) {
			t.Fatal(err)
		}
	}
	for i := range n * 4 / 5 {
		ref := complaints.FormatRef(2026, i+1)
		if n, err := db.VerifyChain(ctx, ref); err != nil || n != 1 {
			t.Errorf("%s: %d events, %v", ref, n, err)
		}
	}
	if rows, err := db.Rows(ctx, Filter{}); err != nil || len(rows) != n*4/5 {
		t.Errorf("%d cases, %v", len(rows), err)
	}
}

var errUnwanted = errors.New("unwanted")

// A case with its letters: the register of 发文字号 follows from the events.
func TestRegisterOfLetters(t *testing.T) {
	db, ctx := open(t), t.Context()
	c := complaint(t, db, 1)
	ack := complaints.Letter{Kind: complaints.AckLetter, Lang: "zh"}
	result := complaints.Letter{Kind: complaints.ResultLetter, Lang: "zh"}
	hash := strings.Repeat("ab", 32)
	must(t, db.Tx(ctx, func(tx *Tx) error {
		c, err := tx.LockRef(ctx, c.Ref)
		if err != nil {
			return err
		}
		number := func(series string) complaints.LetterNumber {
			return complaints.LetterNumber{Firm: "明", Kind: series, Year: 2026}
		}
		return tx.Record(ctx, c, nil, complaints.Outcome{Events: []complaints.Event{
			{At: noon, By: complaints.TheDesk, Fact: &complaints.Issued{Letter: &ack, Number: number("律投受")}},
			{At: noon, By: "li@firm.example", Fact: &complaints.Drafted{Letter: result}},
			{At: noon, By: "wang@firm.example", Fact: &complaints.Issued{No: 2, Number: number("律投告"), DraftHash: "0123456789ab"}},
			{At: noon, By: complaints.TheDesk, Fact: &complaints.Sealed{No: 2, SHA256: hash}},
		}}, nil)
	}))
	fold(t, db, c.Ref)
	var got string
	must(t, db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select string_agg(concat_ws(' ', series, year, number, no, kind, draft_hash, encode(pdf_sha256, 'hex')), '; ' order by no) from letters`).Scan(&got)
	}))
	if want := "律投受 2026 1 1 acknowledgement ; 律投告 2026 1 2 result 0123456789ab " + hash; got != want {
		t.Errorf("register: %s\nwant      %s", got, want)
	}
	row, err := db.Case(ctx, c.Ref)
	must(t, err)
	if n := row.Letters[1].Letter.Number.String(); n != "明律投告〔2026〕1号" {
		t.Errorf("number of the letter: %s", n)
	}
}

// The log refuses to be changed; erasing content leaves the chain whole; a
// change behind the trigger's back is found.
func TestLogIsAppendOnly(t *testing.T) {
	db, ctx := open(t), t.Context()
	ref := complaint(t, db, 1).Ref
	must(t, db.Tx(ctx, func(tx *Tx) error {
		c, err := tx.LockRef(ctx, ref)
		if err != nil {
			return err
		}
		return tx.Record(ctx, c, nil, note("en"), nil)
	}))
	exec := func(sql string) error {
		return db.Tx(ctx, func(tx *Tx) error { _, err := tx.tx.ExecContext(ctx, sql); return err })
	}
	for _, sql := range []string{
		`update events set by = 'mallory'`, `delete from events`, `truncate events cascade`,
		`delete from payloads`, `truncate payloads`, `update payloads set body = '{"lang":"zh"}' where seq = 2`,
		`update payloads set seq = 3, body = null, erased_at = now() where seq = 2`,
	} {
		if err := exec(sql); pq.As(err, "23000") == nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	fold(t, db, ref)
	must(t, exec(`update payloads set body = null, erased_at = now() where seq = 2`))
	if n, err := db.VerifyChain(ctx, ref); err != nil || n != 2 {
		t.Errorf("after erasing: %d, %v", n, err)
	}
	if err := exec(`update payloads set body = '{}', erased_at = null where seq = 2`); err == nil {
		t.Error("erased content was written anew")
	}
	for _, c := range []struct{ sql, want string }{
		{`update events set by = 'mallory' where seq = 1`, "event 1 was changed"},
		{`update events set at = at + interval '1 s' where seq = 2`, "event 2 was changed"},
		{`update events set prev_hash = hash where seq = 2`, "event 2 does not follow"},
		{`update payloads set body = '{"lang":"zh"}' where seq = 1`, "content of event 1"},
		{`delete from payloads where seq = 2; delete from events where seq = 2`, "row stands at event 2"},
		{`delete from payloads where seq = 1; delete from events where seq = 1`, "event 1 is missing"},
	} {
		change := errors.New("undone")
		err := db.Tx(ctx, func(tx *Tx) error {
			if _, err := tx.tx.ExecContext(ctx, `set local session_replication_role = replica; `+c.sql); err != nil {
				return err
			}
			if _, err := tx.verify(ctx, ref); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: found %v", c.sql, err)
			}
			return change
		})
		if !errors.Is(err, change) {
			t.Fatal(err)
		}
	}
}

// What Record refuses, and that it then leaves nothing.
func TestRecordRefuses(t *testing.T) {
	db, ctx := open(t), t.Context()
	c := complaint(t, db, 1)
	mail := complaints.Mail{Key: "k", To: complaints.Address{Addr: "a@b.example"}}
	bad := complaints.Event{At: noon, By: "li@firm.example", Fact: &complaints.Sealed{No: 7}}
	for what, err := range map[string]error{
		"events of no case": db.Tx(ctx, func(tx *Tx) error { return tx.Record(ctx, nil, nil, note("en"), nil) }),
		"a mail without a key": db.Tx(ctx, func(tx *Tx) error {
			return tx.Record(ctx, nil, nil, complaints.Outcome{Mails: []complaints.Mail{{To: mail.To}}}, nil)
		}),
		"an event that cannot be": db.Tx(ctx, func(tx *Tx) error {
			return tx.Record(ctx, c.Clone(), nil, complaints.Outcome{Events: []complaints.Event{note("en").Events[0], bad}, Mails: []complaints.Mail{mail}}, nil)
		}),
	} {
		if err == nil {
			t.Errorf("%s was recorded", what)
		}
	}
	if list, err := db.Outbox(ctx, OutboxFilter{}); err != nil || len(list) != 2 {
		t.Errorf("%d mails, %v", len(list), err)
	}
	fold(t, db, c.Ref)
}

// An outcome that touches a second case is recorded whole, and the event of the
// first names the number that the second got.
func TestRecordFurtherCases(t *testing.T) {
	db, ctx := open(t), t.Context()
	lead, merged := complaint(t, db, 1), complaint(t, db, 2)
	merge := func(last complaints.Fact, key string) error {
		return db.Tx(ctx, func(tx *Tx) error {
			c, err := tx.LockRef(ctx, merged.Ref)
			if err != nil {
				return err
			}
			other, err := tx.LockRef(ctx, lead.Ref)
			if err != nil {
				return err
			}
			return tx.Record(ctx, c, nil, complaints.Outcome{
				Events: []complaints.Event{{At: noon, By: "kefu@firm.example", Fact: last}},
				Mails:  []complaints.Mail{{Key: "merged" + key, To: complaints.Address{Addr: "client2@mail.example"}, Template: "merged"}},
				Other: []complaints.Part{{Case: other,
					Events: []complaints.Event{{At: noon, By: "kefu@firm.example", Fact: &complaints.Absorbed{Ref: merged.Ref, Received: noon, Registered: noon}}},
					Mails:  []complaints.Mail{{Key: "absorbed" + key, To: complaints.Address{Addr: "kefu@firm.example"}, Template: "case_news", Staff: true}}}},
			}, nil)
		})
	}
	before, err := db.Case(ctx, lead.Ref)
	must(t, err)
	if err := merge(&complaints.Found{No: 7}, "broken"); err == nil { // there is no allegation 7
		t.Fatal("an outcome whose last event does not fit was recorded")
	}
	after, err := db.Case(ctx, lead.Ref)
	must(t, err)
	if asJSON(t, before) != asJSON(t, after) {
		t.Error("half of an outcome was recorded")
	}
	must(t, merge(&complaints.MergedInto{Ref: lead.Ref}, ""))
	for ref, state := range map[string]complaints.State{lead.Ref: complaints.Registered, merged.Ref: complaints.Merged} {
		c, err := db.Case(ctx, ref)
		must(t, err)
		if c.State != state {
			t.Errorf("%s is %s, want %s", ref, c.State, state)
		}
		fold(t, db, ref)
		list, err := db.Outbox(ctx, OutboxFilter{CaseRef: ref})
		must(t, err)
		if len(list) != 3 {
			t.Errorf("%s has %d mails", ref, len(list))
		}
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		c, err := tx.LockRef(ctx, merged.Ref)
		if err != nil {
			return err
		}
		if c, err = tx.Lead(ctx, c); err != nil || c.Ref != lead.Ref {
			t.Errorf("a mail to the merged case goes to %s: %v", c.Ref, err)
		}
		return nil
	}))
}

// Two hundred letters are issued at once, in cases of their own and by several
// connections; every seventh transaction rolls back after its number was given
// out, as one does that loses its connection or finds the case changed. The
// register holds each number once, from 1, without a gap.
func TestLetterNumbersUnderConcurrency(t *testing.T) {
	db, ctx := open(t), t.Context()
	const n, cases = 200, 40
	refs := make([]string, cases)
	for i := range refs {
		refs[i] = complaint(t, db, i+1).Ref
	}
	issue := func(i int) error {
		l := complaints.Letter{Kind: complaints.ResultLetter, Lang: "zh", Result: &complaints.ResultFacts{}}
		return db.Tx(ctx, func(tx *Tx) error {
			c, err := tx.LockRef(ctx, refs[i%cases])
			if err != nil {
				return err
			}
			e := complaints.Event{Seq: c.Seq + 1, At: noon, By: "zhao@firm.example", Fact: &complaints.Issued{Letter: &l,
				Number: complaints.LetterNumber{Firm: "明", Kind: "律投告", Year: 2026}, Date: complaints.Date{Year: 2026, Month: 11, Day: 24}}}
			if err := tx.Record(ctx, c, nil, complaints.Outcome{Events: []complaints.Event{e}}, nil); err != nil {
				return err
			}
			if i%7 == 0 {
				return errUnwanted
			}
			return nil
		})
	}
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- issue(i) }()
	}
	rolled := 0
	for range n {
		switch err := <-errs; {
		case errors.Is(err, errUnwanted):
			rolled++
		case err != nil:
			t.Fatal(err)
		}
	}
	var count, distinct, last, inCases int
	must(t, db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select count(*), count(distinct number), max(number),
				(select count(*) from events where kind = 'issued') from letters where series = '律投告' and year = 2026`).Scan(&count, &distinct, &last, &inCases)
	}))
	if want := n - rolled; rolled != 29 || count != want || distinct != want || last != want || inCases != want {
		t.Errorf("%d issued and %d rolled back: %d rows, %d numbers, the last is %d, %d events", n-rolled, rolled, count, distinct, last, inCases)
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		for who, want := range map[string]int{"Zhao@firm.example": n - rolled, "li@firm.example": 0} {
			if got, err := tx.IssuedBy(ctx, who, noon.Add(-time.Hour)); err != nil || got != want {
				t.Errorf("%s has issued %d, want %d: %v", who, got, want, err)
			}
		}
		if got, err := tx.IssuedBy(ctx, "zhao@firm.example", noon.Add(time.Hour)); err != nil || got != 0 {
			t.Errorf("%d were issued after that: %v", got, err)
		}
		return nil
	}))
	for _, ref := range refs {
		fold(t, db, ref)
	}
}
