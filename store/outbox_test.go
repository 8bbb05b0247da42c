package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"complaints"
)

// mails puts n mails of no case into the outbox.
func mails(t testing.TB, db *DB, n int) {
	t.Helper()
	must(t, db.Tx(t.Context(), func(tx *Tx) error {
		var o complaints.Outcome
		for i := range n {
			o.Mails = append(o.Mails, complaints.Mail{Key: fmt.Sprintf("k%d", i), To: complaints.Address{Addr: fmt.Sprintf("p%d@x.example", i)}, Template: "notice"})
		}
		return tx.Record(t.Context(), nil, nil, o, nil)
	}))
}

// claimed claims the next mail, which must be there.
func claimed(t testing.TB, db *DB, owner string) *Outgoing {
	t.Helper()
	o, err := db.Claim(t.Context(), owner, 0)
	must(t, err)
	if o == nil {
		t.Fatal("nothing to claim")
	}
	return o
}

func nothing(t testing.TB, db *DB, why string) {
	t.Helper()
	o, err := db.Claim(t.Context(), "w", 0)
	must(t, err)
	if o != nil {
		t.Fatalf("claimed mail %d (%s, %s): %s", o.ID, o.Mail.Key, o.State, why)
	}
}

func composed(o *Outgoing) Composed {
	return Composed{Raw: fmt.Appendf(nil, "mail %d", o.ID), MessageID: fmt.Sprintf("out%d@desk.example", o.ID), MailFrom: "desk@firm.example", RcptTo: o.Mail.To.Addr}
}

// sending takes the next mail to the moment before its sender connects.
func sending(t testing.TB, db *DB, owner string) *Outgoing {
	t.Helper()
	o := claimed(t, db, owner)
	if o.Frozen == nil {
		must(t, db.Freeze(t.Context(), o.ID, o.Epoch, composed(o), nil))
		id := o.ID
		if o = claimed(t, db, owner); o.ID != id {
			t.Fatalf("mail %d came before the frozen %d", o.ID, id)
		}
	}
	if o.State != Sending || string(o.Frozen) != fmt.Sprintf("mail %d", o.ID) {
		t.Fatalf("mail %d is %s with %q", o.ID, o.State, o.Frozen)
	}
	return o
}

// again makes a mail due whose wait is not over yet.
func again(t testing.TB, db *DB) {
	t.Helper()
	must(t, db.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.tx.ExecContext(t.Context(), `update outbox set due_at = now() - interval '1 s' where state in ('ready', 'retry')`)
		return err
	}))
}

// lapse ends all leases.
func lapse(t testing.TB, db *DB) {
	t.Helper()
	must(t, db.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.tx.ExecContext(t.Context(), `update outbox set lease_until = now() - interval '1 s' where lease_until is not null`)
		return err
	}))
}

func state(t testing.TB, db *DB, id int64) *Outgoing {
	t.Helper()
	o, err := db.OutgoingMail(t.Context(), id)
	must(t, err)
	return o
}

// The life of one mail, with each result marked twice as after a lost reply.
func TestOneMail(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 1)
	o := claimed(t, db, "w")
	if o.State != Composing || o.Frozen != nil || o.Attempt != 0 {
		t.Fatalf("first claim: %+v", o)
	}
	nothing(t, db, "it is being composed")
	records := 0
	for range 2 {
		must(t, db.Freeze(ctx, o.ID, o.Epoch, composed(o), func(*Tx) error { records++; return nil }))
	}
	if err := db.Freeze(ctx, o.ID, o.Epoch+1, composed(o), nil); !errors.Is(err, ErrFenced) {
		t.Fatalf("freezing for another claim: %v", err)
	}
	o = claimed(t, db, "w")
	if o.State != Sending || string(o.Frozen) != "mail 1" || o.MessageID != "out1@desk.example" || o.Attempt != 1 || o.SendingAt.IsZero() {
		t.Fatalf("second claim: %+v", o)
	}
	nothing(t, db, "it is being sent")
	mark := func(o *Outgoing, s MailState) error {
		return db.Mark(ctx, o.ID, o.Epoch, Result{State: s, Code: 451, Reply: "later"}, func(tx *Tx, now *Outgoing) error {
			records++
			if now.State != s {
				t.Errorf("record sees %s, want %s", now.State, s)
			}
			return nil
		})
	}
	for range 2 {
		must(t, mark(o, Retrying))
	}
	nothing(t, db, "it waits")
	wait := state(t, db, o.ID).DueAt.Sub(o.SendingAt)
	if wait < 29*time.Second || wait > 60*time.Second {
		t.Errorf("the first retry is after %v", wait)
	}
	again(t, db)
	late := o
	o = claimed(t, db, "w")
	if o.Attempt != 2 || string(o.Frozen) != "mail 1" || o.MessageID != "out1@desk.example" {
		t.Fatalf("third claim: %+v", o)
	}
	if err := mark(late, Accepted); !errors.Is(err, ErrFenced) {
		t.Fatalf("a result of the claim before: %v", err)
	}
	for range 2 {
		must(t, mark(o, Accepted))
	}
	if err := mark(o, Failed); !errors.Is(err, ErrFenced) {
		t.Fatalf("another result afterwards: %v", err)
	}
	again(t, db)
	nothing(t, db, "it was accepted")
	if records != 3 {
		t.Errorf("%d records, want 3: a repeated mark records nothing", records)
	}
	if err := db.Mark(ctx, o.ID, o.Epoch, Result{State: Ready}, nil); err == nil {
		t.Error("ready was taken for a result")
	}
}

// A failing record leaves the mail as it was.
func TestMarkIsOneTransaction(t *testing.T) {
	db := open(t)
	mails(t, db, 1)
	o := sending(t, db, "w")
	broken := errors.New("the case cannot be written")
	err := db.Mark(t.Context(), o.ID, o.Epoch, Result{State: Accepted, Code: 250}, func(*Tx, *Outgoing) error { return broken })
	if !errors.Is(err, broken) || state(t, db, o.ID).State != Sending {
		t.Fatalf("%v; the mail is %s", err, state(t, db, o.ID).State)
	}
}

// Two workers, 500 mails: each mail is composed once and sent once.
func TestTwoWorkers(t *testing.T) {
	db := open(t)
	const n = 500
	mails(t, db, n)
	var mu sync.Mutex
	composedBy, sentBy := map[int64]int{}, map[int64]int{}
	work := func(ctx context.Context, owner string) error {
		for {
			o, err := db.Claim(ctx, owner, 0)
			if err != nil || o == nil {
				return err
			}
			mu.Lock()
			if o.Frozen == nil {
				composedBy[o.ID]++
			} else {
				sentBy[o.ID]++
			}
			mu.Unlock()
			if o.Frozen == nil {
				err = db.Freeze(ctx, o.ID, o.Epoch, composed(o), nil)
			} else {
				err = db.Mark(ctx, o.ID, o.Epoch, Result{State: Accepted, Code: 250}, nil)
			}
			if err != nil {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for _, owner := range []string{"a", "b"} {
		wg.Go(func() {
			if err := work(t.Context(), owner); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for id := int64(1); id <= n; id++ {
		if composedBy[id] != 1 || sentBy[id] != 1 {
			t.Errorf("mail %d: composed %d times, sent %d times", id, composedBy[id], sentBy[id])
		}
	}
	list, err := db.Outbox(t.Context(), OutboxFilter{State: Accepted})
	must(t, err)
	if len(list) != n {
		t.Errorf("%d of %d accepted", len(list), n)
	}
}

// Within a case, what goes to one person goes in order; others need not wait.
func TestOrderWithinCase(t *testing.T) {
	db, ctx := open(t), t.Context()
	c := complaint(t, db, 1) // 1 acknowledgement to the client, 2 notice to the desk
	more := func(key, to string) {
		must(t, db.Tx(ctx, func(tx *Tx) error {
			return tx.Record(ctx, c, nil, complaints.Outcome{Mails: []complaints.Mail{{Key: key, To: complaints.Address{Addr: to}, Template: "question"}}}, nil)
		}))
	}
	more("question", "Client1@mail.example") // 3
	more("question", "client1@mail.example") // the same effect: nothing is added
	a, b := sending(t, db, "a"), sending(t, db, "b")
	if a.ID != 1 || b.ID != 2 {
		t.Fatalf("claimed %d and %d", a.ID, b.ID)
	}
	nothing(t, db, "the question comes after the acknowledgement")
	must(t, db.Mark(ctx, a.ID, a.Epoch, Result{State: Retrying, Code: 451}, nil))
	nothing(t, db, "the acknowledgement is not out yet")
	again(t, db)
	must(t, db.Hold(ctx, 1, "admin@firm.example", "wrong template", noon))
	nothing(t, db, "the acknowledgement is held")
	must(t, db.Release(ctx, 1, "admin@firm.example", "", noon))
	a = sending(t, db, "a")
	must(t, db.Mark(ctx, a.ID, a.Epoch, Result{State: InDoubt}, nil))
	if q := sending(t, db, "a"); q.Mail.Key != "question" || q.CaseRef != c.Ref {
		t.Fatalf("then came %+v", q)
	}
	if n, err := db.VerifyChain(ctx, desk); err != nil || n != 2 {
		t.Errorf("the desk's log has %d events, %v", n, err)
	}
}

// What cannot be composed waits longer each time, and can be given up.
func TestComposingFails(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 1)
	o := claimed(t, db, "w")
	must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: Retrying, Reply: "no font has 𬱖"}, nil))
	again(t, db)
	o = claimed(t, db, "w")
	if o.State != Composing || o.Reply != "no font has 𬱖" {
		t.Fatalf("%+v", o)
	}
	if err := db.Mark(ctx, o.ID, o.Epoch, Result{State: Accepted}, nil); err == nil {
		t.Fatal("a mail that was never composed was marked accepted")
	}
	must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: Failed, Reply: "given up"}, nil))
	nothing(t, db, "it failed")
	must(t, db.Settle(ctx, o.ID, Resend, "admin@firm.example", "the font is there now", noon, nil))
	if o := sending(t, db, "w"); o.ID != 1 {
		t.Fatalf("%+v", o)
	}
}

// After five days of retries a mail has failed.
func TestGivingUp(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 1)
	o := sending(t, db, "w")
	must(t, db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `update outbox set first_at = now() - interval '5 days'`)
		return err
	}))
	saw := MailState("")
	must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: Retrying, Code: 451, Reply: "greylisted"}, func(_ *Tx, o *Outgoing) error { saw = o.State; return nil }))
	if saw != Failed || state(t, db, 1).State != Failed {
		t.Fatalf("record saw %q", saw)
	}
}

func TestBackoff(t *testing.T) {
	total := time.Duration(0)
	for i, want := range []string{"30s", "2m0s", "7m30s", "15m0s", "30m0s", "1h0m0s", "2h0m0s", "4h0m0s", "8h0m0s", "16h0m0s", "24h0m0s", "24h0m0s"} {
		got := Backoff(i + 1)
		total += got
		if got.String() != want {
			t.Errorf("after attempt %d: %v, want %s", i+1, got, want)
		}
	}
	if total > giveUp {
		t.Errorf("twelve attempts take %v", total)
	}
}

// Automatic mails go out at the pace that is set, and none is lost; others do
// not wait for them. What was begun is gone on with.
func TestAutomaticMailsArePaced(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.Tx(ctx, func(tx *Tx) error {
		var o complaints.Outcome
		for i := range 5 {
			o.Mails = append(o.Mails, complaints.Mail{Key: fmt.Sprint(i), To: complaints.Address{Addr: fmt.Sprintf("p%d@x.example", i)}, Template: "ack", Auto: i != 3})
		}
		return tx.Record(ctx, nil, nil, o, nil)
	}))
	const perHour = 2
	var sent []string
	next := func() (key string) {
		t.Helper()
		o, err := db.Claim(ctx, "w", perHour)
		must(t, err)
		if o == nil {
			return ""
		}
		if o.Frozen == nil {
			must(t, db.Freeze(ctx, o.ID, o.Epoch, composed(o), nil))
			o, err = db.Claim(ctx, "w", perHour)
			must(t, err)
		}
		return o.Mail.Key
	}
	for range 4 {
		sent = append(sent, next())
	}
	if fmt.Sprint(sent) != "[0 1 3 ]" {
		t.Errorf("sent within the hour: %q", sent)
	}
	put, err := db.PutOff(ctx, perHour)
	must(t, err)
	unlimited, err := db.PutOff(ctx, 0)
	must(t, err)
	if raised, err := db.PutOff(ctx, 3); put != 2 || unlimited != 0 || raised != 0 || err != nil {
		t.Errorf("put off: %d at %d an hour, %d at 3, %d without a limit; %v", put, perHour, raised, unlimited, err)
	}
	// The first of them is an hour old now, and is to be sent again.
	_, err = db.sql.ExecContext(ctx, `update outbox set first_at = first_at - interval '61 minutes', state = 'retry', lease_until = null where key = '0'`)
	must(t, err)
	again := []string{}
	for range 3 {
		again = append(again, next())
	}
	if fmt.Sprint(again) != "[0 2 ]" {
		t.Errorf("an hour later: %q", again)
	}
}
