package store

import (
	"errors"
	"testing"
	"time"
)

// A sender dies: what it was composing is composed again, what it was sending
// is in doubt and stays so until there is evidence or a person decides.
func TestDeadOwner(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 3)
	sent := dotted(t, db, "dead")
	second := claimed(t, db, "dead")
	if doubtful, err := db.Recover(ctx, "", time.Hour, nil); err != nil || doubtful != nil {
		t.Fatalf("a live owner's mail was touched: %v %v", doubtful, err)
	}
	lapse(t, db)
	must(t, db.Beat(ctx, "dead", sent.ID))
	must(t, db.Beat(ctx, "dead", second.ID))
	if doubtful, err := db.Recover(ctx, "other", time.Hour, nil); err != nil || doubtful != nil {
		t.Fatalf("an owner that shows life lost its mail: %v %v", doubtful, err)
	}
	lapse(t, db)
	doubtful, err := db.Recover(ctx, "", time.Hour, nil)
	must(t, err)
	if len(doubtful) != 1 || doubtful[0].ID != sent.ID || doubtful[0].State != InDoubt {
		t.Fatalf("in doubt: %+v", doubtful)
	}
	if err := db.Freeze(ctx, second.ID, second.Epoch, composed(second), nil); !errors.Is(err, ErrFenced) {
		t.Fatalf("the dead one's letter was frozen: %v", err)
	}
	for range 2 { // 2 and 3 can be sent; 1 cannot
		o := sending(t, db, "alive")
		if o.ID == sent.ID {
			t.Fatal("a mail in doubt was sent again")
		}
		must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: Accepted, Code: 250}, nil))
	}
	nothing(t, db, "the rest is in doubt")
}

// dotted takes the next mail to the moment before its final dot leaves.
func dotted(t testing.TB, db *DB, owner string) *Outgoing {
	t.Helper()
	o := sending(t, db, owner)
	must(t, db.Dot(t.Context(), o.ID, o.Epoch))
	return o
}

// Before the final dot nothing is in doubt: the mail of a dead sender is sent
// again at once, and a sender that was only slow cannot let its dot go any more.
func TestDeadBeforeTheDot(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 1)
	first := sending(t, db, "slow")
	lapse(t, db)
	if doubtful, err := db.Recover(ctx, "", time.Hour, nil); err != nil || doubtful != nil {
		t.Fatalf("%v %v", doubtful, err)
	}
	if err := db.Dot(ctx, first.ID, first.Epoch); !errors.Is(err, ErrFenced) {
		t.Errorf("the dot of a mail that was taken away: %v", err)
	}
	second := dotted(t, db, "next")
	if second.ID != first.ID || second.Attempt != 2 || string(second.Frozen) != string(first.Frozen) {
		t.Errorf("%+v", second)
	}
	if err := db.Dot(ctx, first.ID, first.Epoch); !errors.Is(err, ErrFenced) {
		t.Errorf("the dot of an earlier claim: %v", err)
	}
	if err := db.Mark(ctx, first.ID, first.Epoch, Result{State: Retrying}, nil); !errors.Is(err, ErrFenced) {
		t.Errorf("the result of an earlier claim: %v", err)
	}
	must(t, db.Mark(ctx, second.ID, second.Epoch, Result{State: Retrying, Code: 451}, nil))
	if err := db.Dot(ctx, second.ID, second.Epoch); !errors.Is(err, ErrFenced) {
		t.Errorf("a dot after the result: %v", err)
	}
}

// Staff are told of a doubt once, and not before evidence has had its time.
func TestUntold(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 3)
	var told []int64
	tell := func(_ *Tx, o *Outgoing) error { told = append(told, o.ID); return nil }
	soon, later, proved := sending(t, db, "w"), sending(t, db, "w"), sending(t, db, "w")
	must(t, db.Mark(ctx, soon.ID, soon.Epoch, Result{State: InDoubt}, nil))
	must(t, db.Mark(ctx, later.ID, later.Epoch, Result{State: InDoubt, Wait: time.Hour}, nil))
	must(t, db.Mark(ctx, proved.ID, proved.Epoch, Result{State: InDoubt}, nil))
	if _, err := db.ConfirmByJournal(ctx, proved.MessageID, nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := db.Untold(ctx, func(*Tx, *Outgoing) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for range 2 {
		must(t, db.Untold(ctx, tell))
	}
	if len(told) != 1 || told[0] != soon.ID {
		t.Errorf("told of %v, want %d once", told, soon.ID)
	}
}

// A daemon that starts again finds its own mail at once, without the lease.
func TestRestart(t *testing.T) {
	db := open(t)
	mails(t, db, 1)
	o := dotted(t, db, "host1")
	doubtful, err := db.Recover(t.Context(), "host1", time.Hour, nil)
	must(t, err)
	if len(doubtful) != 1 || doubtful[0].ID != o.ID {
		t.Fatalf("%+v", doubtful)
	}
}

// The owner was not dead, only slow: its late result counts.
func TestLateResult(t *testing.T) {
	for _, r := range []MailState{Accepted, Retrying, Failed} {
		db, ctx := open(t), t.Context()
		mails(t, db, 1)
		o := dotted(t, db, "slow")
		lapse(t, db)
		if _, err := db.Recover(ctx, "", time.Hour, nil); err != nil {
			t.Fatal(err)
		}
		must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: r, Code: 250}, nil))
		if s := state(t, db, o.ID).State; s != r {
			t.Errorf("the mail is %s, want %s", s, r)
		}
	}
}

// The blind copy proves that the relay took a mail, before or after the doubt.
func TestJournal(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 4)
	told := 0
	tell := func(*Tx, *Outgoing) error { told++; return nil }

	after := sending(t, db, "w")
	must(t, db.Mark(ctx, after.ID, after.Epoch, Result{State: InDoubt}, nil))
	for range 2 {
		o, err := db.ConfirmByJournal(ctx, after.MessageID, tell)
		must(t, err)
		if o.State != Settled || o.SettledBy != "journal" {
			t.Fatalf("%+v", o)
		}
	}
	before := sending(t, db, "w")
	o, err := db.ConfirmByJournal(ctx, before.MessageID, tell)
	must(t, err)
	if o.State != Sending {
		t.Fatalf("a mail on its way is %s", o.State)
	}
	must(t, db.Mark(ctx, before.ID, before.Epoch, Result{State: InDoubt}, func(_ *Tx, o *Outgoing) error {
		if o.State != Settled {
			t.Errorf("record sees %s", o.State)
		}
		return nil
	}))
	dead := dotted(t, db, "dead")
	if _, err := db.ConfirmByJournal(ctx, dead.MessageID, tell); err != nil {
		t.Fatal(err)
	}
	lapse(t, db)
	if doubtful, err := db.Recover(ctx, "", time.Hour, tell); err != nil || len(doubtful) != 0 {
		t.Fatalf("in doubt in spite of evidence: %v %v", doubtful, err)
	}
	refused := sending(t, db, "w") // the relay said 451 and delivered all the same
	must(t, db.Mark(ctx, refused.ID, refused.Epoch, Result{State: Retrying, Code: 451}, nil))
	if _, err := db.ConfirmByJournal(ctx, refused.MessageID, tell); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{after.ID, before.ID, dead.ID, refused.ID} {
		if s := state(t, db, id).State; s != Settled {
			t.Errorf("mail %d is %s", id, s)
		}
	}
	if told != 3 { // before was told by Mark
		t.Errorf("recorded %d times, want 3", told)
	}
	if _, err := db.ConfirmByJournal(ctx, "never@sent.example", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("a mail we never sent: %v", err)
	}
}

// A person settles what is in doubt; a late sender cannot overrule that.
func TestSettle(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 2)
	a, b := sending(t, db, "w"), sending(t, db, "w")
	if err := db.Settle(ctx, a.ID, Resend, "admin@firm.example", "", noon, nil); err == nil {
		t.Fatal("a mail on its way was sent again")
	}
	for _, o := range []*Outgoing{a, b} {
		must(t, db.Mark(ctx, o.ID, o.Epoch, Result{State: InDoubt}, nil))
	}
	must(t, db.Settle(ctx, a.ID, WasSent, "admin@firm.example", "the client has it", noon, nil))
	must(t, db.Settle(ctx, b.ID, Resend, "admin@firm.example", "the client has it not", noon, nil))
	if err := db.Mark(ctx, b.ID, b.Epoch, Result{State: Accepted}, nil); !errors.Is(err, ErrFenced) {
		t.Fatalf("a late result: %v", err)
	}
	o := sending(t, db, "w")
	if o.ID != b.ID || o.MessageID != b.MessageID || o.SHA256 != b.SHA256 {
		t.Fatalf("sent again is %+v", o)
	}
	if o := state(t, db, a.ID); o.State != Settled || o.SettledBy != "admin@firm.example" || o.SettledReason != "the client has it" {
		t.Fatalf("%+v", o)
	}
	if err := db.Settle(ctx, a.ID, WasSent, "admin@firm.example", "", noon, nil); err == nil {
		t.Error("confirmed twice")
	}
	if err := db.Settle(ctx, 99, Resend, "admin@firm.example", "", noon, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such mail: %v", err)
	}
	if n, err := db.VerifyChain(ctx, desk); err != nil || n != 2 {
		t.Errorf("the desk's log: %d events, %v", n, err)
	}
}

// While outgoing mail rests nothing is claimed, and numbers go on far above
// what may have been used; then it goes, except what a person must look at.
func TestOutgoingMailRests(t *testing.T) {
	db, ctx := open(t), t.Context()
	mails(t, db, 3)
	list, err := db.Outbox(ctx, OutboxFilter{})
	must(t, err)
	standing, err := db.Standing(ctx)
	must(t, err)
	must(t, db.Rest(ctx, "the database has gone back", list[0].ID+50, standing, noon))
	must(t, db.Rest(ctx, "another daemon says so too", 0, standing, noon))
	if o, err := db.Claim(ctx, "w", 0); o != nil || err != nil {
		t.Errorf("mail %v was claimed, %v", o, err)
	}
	since, why, err := db.Resting(ctx)
	if err != nil || !since.Equal(noon) || why != "the database has gone back" {
		t.Errorf("%v %q %v", since, why, err)
	}
	held, err := db.Wake(ctx, "marsh", "looked", list[1].ID,
		[]Composed{{RcptTo: list[0].Mail.To.Addr, MessageID: "o7.gone@firm.example"}, {RcptTo: list[1].Mail.To.Addr}}, false, noon)
	if err != nil || held != 1 {
		t.Errorf("%d held, %v", held, err)
	}
	if _, err := db.Wake(ctx, "marsh", "again", 0, nil, false, noon); err == nil {
		t.Error("it was let go twice")
	}
	if err := db.Rest(ctx, "seen before it was let go", 0, standing, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("what was seen before holds the mail again: %v", err)
	}
	o, err := db.Claim(ctx, "w", 0)
	if err != nil || o == nil || o.ID == list[0].ID {
		t.Errorf("claimed %v, %v", o, err)
	}
	if n, err := db.Unknown(ctx, []string{"nobody@example", "", "o7.gone@firm.example"}); err != nil || len(n) != 1 {
		t.Errorf("unknown: %v, %v", n, err)
	}
	was, err := db.Standing(ctx)
	must(t, err)
	must(t, db.Settle(ctx, list[0].ID, Discard, "marsh", "said already", noon, nil))
	now, err := db.Standing(ctx)
	must(t, err)
	if !now.Same(was) || now.Log <= was.Log {
		t.Errorf("%+v, then %+v", was, now)
	}
	was.Timeline = "00000002"
	if now.Same(was) {
		t.Error("a promoted copy is taken for the same database")
	}
}
