package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"complaints"
)

// Which case a mail belongs to (mail.md), as a table over who writes and what
// the mail names.
func TestLockCase(t *testing.T) {
	db, ctx := open(t), t.Context()
	keys, err := db.TokenKeys(ctx)
	must(t, err)
	_, err = db.ReplaceRegister(ctx, []complaints.Person{
		{Address: "li@firm.example", Name: "李", Roles: []complaints.Role{complaints.Investigator}, Active: true},
		{Address: "gone@firm.example", Name: "前", Active: false},
	}, "admin@firm.example", noon)
	must(t, err)
	one, two := complaint(t, db, 1), complaint(t, db, 2)
	ack := sending(t, db, "w") // number 1: the acknowledgement of the first case
	must(t, db.Mark(ctx, ack.ID, ack.Epoch, Result{State: Accepted, Code: 250}, nil))

	token := func(ref string, p complaints.Purpose, person string, at time.Time) *complaints.Token {
		tok, ok := complaints.ParseToken(keys.Sign(ref, p, person, at))
		if !ok {
			t.Fatal("the token has not the form of one")
		}
		return &tok
	}
	forged := func(ref string) *complaints.Token {
		tok, _ := complaints.ParseToken(complaints.Keyring{make([]byte, 32)}.Sign(ref, complaints.ForClient, "", noon))
		return &tok
	}
	const client, stranger, staff = "Client1@mail.example", "mallory@evil.example", "li@firm.example"
	for _, c := range []struct {
		what  string
		from  string
		keys  complaints.CaseKeys
		dsn   string
		ref   string // "" none
		by    By
		guess string
	}{
		{what: "a new complaint", from: stranger},
		{what: "client's token, from anywhere", from: stranger, keys: complaints.CaseKeys{Token: token(one.Ref, complaints.ForClient, "", noon)}, ref: one.Ref, by: ByToken},
		{what: "token beats message-id and number", from: client, keys: complaints.CaseKeys{Token: token(two.Ref, complaints.ForClient, "", noon), MessageIDs: []string{ack.MessageID}, Ref: one.Ref}, ref: two.Ref, by: ByToken},
		{what: "staff token of this person", from: staff, keys: complaints.CaseKeys{Token: token(one.Ref, complaints.ForStaff, staff, noon)}, ref: one.Ref, by: ByToken},
		{what: "staff token of another person", from: stranger, keys: complaints.CaseKeys{Token: token(one.Ref, complaints.ForStaff, staff, noon)}, guess: one.Ref},
		{what: "token that has expired", from: stranger, keys: complaints.CaseKeys{Token: token(one.Ref, complaints.ForClient, "", noon.AddDate(-3, 0, 0))}, guess: one.Ref},
		{what: "forged token", from: stranger, keys: complaints.CaseKeys{Token: forged(one.Ref)}, guess: one.Ref},
		{what: "forged token, but the client with the number", from: client, keys: complaints.CaseKeys{Token: forged(one.Ref), Ref: one.Ref}, ref: one.Ref, by: ByRef},
		{what: "forged token for another case than the client's", from: client, keys: complaints.CaseKeys{Token: forged(two.Ref), Ref: one.Ref}, ref: one.Ref, by: ByRef, guess: two.Ref},
		{what: "return path of our mail", from: "mailer-daemon@mx.example", keys: complaints.CaseKeys{Token: token("1", complaints.ForBounce, "", noon)}, ref: one.Ref, by: ByToken},
		{what: "return path of a mail that never was", from: "mailer-daemon@mx.example", keys: complaints.CaseKeys{Token: token("999", complaints.ForBounce, "", noon)}},
		{what: "return path with a number that is none", from: "mailer-daemon@mx.example", keys: complaints.CaseKeys{Token: token("99999999999999999999", complaints.ForBounce, "", noon)}},
		{what: "token for a case that is not", from: stranger, keys: complaints.CaseKeys{Token: token("T2026-0099", complaints.ForClient, "", noon)}},
		{what: "answer to our mail", from: stranger, keys: complaints.CaseKeys{MessageIDs: []string{"unknown@x", ack.MessageID}}, ref: one.Ref, by: ByMessageID},
		{what: "answer to the client's own mail", from: stranger, keys: complaints.CaseKeys{MessageIDs: []string{"c2@mail.example"}}, ref: two.Ref, by: ByMessageID},
		{what: "answers to both: the newest counts", from: stranger, keys: complaints.CaseKeys{MessageIDs: []string{"c2@mail.example", ack.MessageID}}, ref: two.Ref, by: ByMessageID},
		{what: "bounce that quotes the Message-ID", from: "mailer-daemon@mx.example", dsn: ack.MessageID, ref: one.Ref, by: ByMessageID},
		{what: "number from the client", from: client, keys: complaints.CaseKeys{Ref: one.Ref}, ref: one.Ref, by: ByRef},
		{what: "number from staff", from: "Li@Firm.example", keys: complaints.CaseKeys{Ref: two.Ref}, ref: two.Ref, by: ByRef},
		{what: "number from a former member of staff", from: "gone@firm.example", keys: complaints.CaseKeys{Ref: two.Ref}, guess: two.Ref},
		{what: "number from the client of another case", from: client, keys: complaints.CaseKeys{Ref: two.Ref}, guess: two.Ref},
		{what: "number from a stranger", from: stranger, keys: complaints.CaseKeys{Ref: one.Ref}, guess: one.Ref},
		{what: "empty message-ids and no sender", from: "", keys: complaints.CaseKeys{MessageIDs: []string{"", "\x00"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := &complaints.Message{From: complaints.Address{Addr: c.from}}
			if c.dsn != "" {
				m.DSN = &complaints.DSN{MessageID: c.dsn}
			}
			must(t, db.Tx(ctx, func(tx *Tx) error {
				got, how, err := tx.LockCase(ctx, c.keys, m, keys, noon)
				if err != nil {
					return err
				}
				ref := ""
				if got != nil {
					ref = got.Ref
				}
				if ref != c.ref || how.By != c.by || how.Guess != c.guess {
					t.Errorf("case %q by %q, guess %q; want %q by %q, guess %q", ref, how.By, how.Guess, c.ref, c.by, c.guess)
				}
				if (how.Outbox == 1) != (c.by != ByNone && (c.dsn != "" || c.what == "return path of our mail" || c.what == "answer to our mail")) {
					t.Errorf("outgoing mail %d", how.Outbox)
				}
				return nil
			}))
		})
	}
}

// A locked case is locked: the second transaction sees what the first wrote.
func TestCaseIsLocked(t *testing.T) {
	db, ctx := open(t), t.Context()
	ref := complaint(t, db, 1).Ref
	const n = 20
	errs := make(chan error, n)
	for i := range n {
		go func() {
			errs <- db.Tx(ctx, func(tx *Tx) error {
				c, err := tx.LockRef(ctx, ref)
				if err != nil {
					return err
				}
				return tx.Record(ctx, c, nil, note(fmt.Sprint(i)), nil)
			})
		}()
	}
	for range n {
		must(t, <-errs)
	}
	c, err := db.Case(ctx, ref)
	must(t, err)
	if c.Seq != n+1 {
		t.Errorf("case at event %d, want %d", c.Seq, n+1)
	}
	fold(t, db, ref)
}

func note(lang string) complaints.Outcome {
	return complaints.Outcome{Events: []complaints.Event{{At: noon.Add(time.Minute), By: "li@firm.example", Fact: &complaints.LanguageSet{Lang: lang}}}}
}

// A case that was read without a lock cannot overwrite what came in between.
func TestConflict(t *testing.T) {
	db, ctx := open(t), t.Context()
	c := complaint(t, db, 1)
	stale := c.Clone()
	write := func(c *complaints.Case) error {
		return db.Tx(ctx, func(tx *Tx) error { return tx.Record(ctx, c, nil, note("en"), nil) })
	}
	must(t, write(c))
	if err := write(stale); !errors.Is(err, ErrConflict) {
		t.Fatalf("%v", err)
	}
	fold(t, db, c.Ref)
}

func TestListsOfCases(t *testing.T) {
	db, ctx := open(t), t.Context()
	for i := range 3 {
		complaint(t, db, i+1)
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		c, err := tx.LockRef(ctx, "T2026-0002")
		if err != nil {
			return err
		}
		closed := complaints.Outcome{Events: []complaints.Event{
			{At: noon, By: "li@firm.example", Fact: &complaints.Assigned{Person: "Li@firm.example"}},
			{At: noon, By: "li@firm.example", Fact: &complaints.ClosedCase{}},
		}}
		return tx.Record(ctx, c, nil, closed, func(*complaints.Case) time.Time { return noon })
	}))
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{}, "T2026-0001! T2026-0003! T2026-0002"},
		{Filter{Open: true}, "T2026-0001! T2026-0003!"},
		{Filter{Handler: "li@firm.example"}, "T2026-0002"},
		{Filter{Complainant: "CLIENT3@mail.example"}, "T2026-0003!"},
		{Filter{State: "REGISTERED", Limit: 1}, "T2026-0001!"},
	} {
		c.f.Today = complaints.Date{Year: 2026, Month: 12, Day: 4}
		rows, err := db.Rows(ctx, c.f)
		must(t, err)
		got := ""
		for i, r := range rows {
			if i > 0 {
				got += " "
			}
			if got += r.Ref; r.Overdue {
				got += "!"
			}
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.f, got, c.want)
		}
	}
	due, err := db.DueCases(ctx, noon.Add(24*time.Hour), 10)
	must(t, err)
	if fmt.Sprint(due) != "[T2026-0002 T2026-0001 T2026-0003]" { // a closed case may have something coming, too
		t.Errorf("due: %v", due)
	}
	if due, err = db.DueCases(ctx, noon.Add(23*time.Hour), 10); err != nil || fmt.Sprint(due) != "[T2026-0002]" {
		t.Errorf("due too early: %v %v", due, err)
	}
	if _, err := db.Case(ctx, "T2026-0099"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
	if _, err := db.Events(ctx, "T2026-0099"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
}

// A complaint without the number of a matter still looks like an open case of
// the same sender.
func TestSimilarBySenderAlone(t *testing.T) {
	db := open(t)
	ctx := context.Background()
	c := complaint(t, db, 1)
	must(t, db.Tx(ctx, func(tx *Tx) error {
		list, err := tx.Similar(ctx, strings.ToUpper(c.Complainant.Addr), "something else", "Quite other words than before.", time.Now().Add(-time.Hour))
		if err == nil && (len(list) != 1 || list[0].Ref != c.Ref || list[0].Why[0] != "sender") {
			t.Errorf("similar: %+v, want %s by its sender", list, c.Ref)
		}
		return err
	}))
}

// What a new complaint looks like: the sender's open cases, the same words from
// anybody, and cases about the same matter; never a closed one.
func TestSimilar(t *testing.T) {
	db, ctx := open(t), t.Context()
	const words = "律师没有到场，请退还代理费。"
	m, raw := letterFrom("a@mail.example", "s1@x", words)
	first := register(t, db, m, raw, 1)
	m, raw = letterFrom("b@mail.example", "s2@x", "关于（2026）京0105民初1234号案的投诉")
	o := opening(m)
	o.Events[0].Fact.(*complaints.Opened).Marks = complaints.Marks(m.OwnWords)
	second := &complaints.Case{}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, 2}, noon); err != nil {
			return err
		}
		return tx.Record(ctx, second, m, o, nil)
	}))
	find := func(sender, subject, text string) string {
		var got string
		must(t, db.Tx(ctx, func(tx *Tx) error {
			list, err := tx.Similar(ctx, sender, subject, text, noon.Add(-24*time.Hour))
			got = fmt.Sprint(list)
			return err
		}))
		return got
	}
	for _, c := range []struct{ sender, subject, text, want string }{
		{"A@mail.example", "另一件事", "别的话别的话别的话", "[{" + first.Ref + " [sender]}]"},
		{"a@mail.example", "投诉", "别的话别的话别的话", "[{" + first.Ref + " [subject]}]"},
		{"a@mail.example", "投诉", words, "[{" + first.Ref + " [subject words]}]"},
		{"c@mail.example", "投诉", words, "[{" + first.Ref + " [words]}]"},
		{"c@mail.example", "投诉", "我也是(2026)京0105民初1234号的当事人", "[{" + second.Ref + " [matter]}]"},
		{"c@mail.example", "投诉", "毫不相干的一件事情", "[]"},
		{"c@mail.example", "投诉", "见附件", "[]"},
		{"", "", "", "[]"},
	} {
		if got := find(c.sender, c.subject, c.text); got != c.want {
			t.Errorf("%s %s %s: %s, want %s", c.sender, c.subject, c.text, got, c.want)
		}
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		c, err := tx.LockRef(ctx, first.Ref)
		if err != nil {
			return err
		}
		return tx.Record(ctx, c, nil, complaints.Outcome{Events: []complaints.Event{{At: noon, By: "kefu@firm.example", Fact: &complaints.ClosedCase{Code: "withdrawn"}}}}, nil)
	}))
	if got := find("a@mail.example", "投诉", words); got != "[]" {
		t.Errorf("a closed case is like it: %s", got)
	}
}

// A reader with a conflict does not see that there is a case.
func TestRowsLeaveOutConflicts(t *testing.T) {
	db, ctx := open(t), t.Context()
	a, b := complaint(t, db, 1), complaint(t, db, 2)
	add := func(ref string, f complaints.Fact) {
		must(t, db.Tx(ctx, func(tx *Tx) error {
			c, err := tx.LockRef(ctx, ref)
			if err != nil {
				return err
			}
			return tx.Record(ctx, c, nil, complaints.Outcome{Events: []complaints.Event{{At: noon, By: "kefu@firm.example", Fact: f}}}, nil)
		}))
	}
	add(a.Ref, &complaints.Alleged{No: 1, Text: "态度恶劣", Respondent: "zhao@firm.example"})
	add(b.Ref, &complaints.Recused{Person: "zhao@firm.example", Reason: "made_decision", Appeal: true})
	for _, c := range []struct {
		reader *complaints.Person
		want   int
	}{
		{nil, 2}, {&complaints.Person{Address: "kefu@firm.example", Name: "周敏"}, 2}, {&complaints.Person{Address: "zhao@firm.example", Name: "赵刚"}, 1},
	} {
		list, err := db.Rows(ctx, Filter{Open: true, Reader: c.reader})
		must(t, err)
		if len(list) != c.want {
			t.Errorf("%v sees %d cases, want %d", c.reader, len(list), c.want)
		}
	}
}
