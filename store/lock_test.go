package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// One daemon holds the mailbox; when its connection is cut it notices, another
// takes over, and what the first still wants to commit fails (C-21, C-33).
func TestLockMailbox(t *testing.T) {
	u := url(t)
	one, two, ctx := openURL(t, u), openURL(t, u), t.Context()
	a, err := one.LockMailbox(ctx, "complaints@firm.example INBOX")
	must(t, err)
	defer a.Release()
	if _, err := two.LockMailbox(ctx, "complaints@firm.example INBOX"); !errors.Is(err, ErrTaken) {
		t.Fatalf("the second holder: %v", err)
	}
	other, err := two.LockMailbox(ctx, "another")
	must(t, err)
	other.Release()
	fence := func(db *DB, l *Lock) error { return db.Tx(ctx, func(tx *Tx) error { return tx.Fence(ctx, l) }) }
	must(t, fence(one, a))

	watched := make(chan error, 1)
	go func() { watched <- a.Watch(ctx, 20*time.Millisecond) }()
	must(t, two.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted`)
		return err
	}))
	select {
	case <-a.Lost():
	case <-time.After(5 * time.Second):
		t.Fatal("the loss was not noticed")
	}
	if err := <-watched; err == nil {
		t.Error("Watch ended without an error")
	}
	var b *Lock
	for range 50 { // the server needs a moment to end the session
		if b, err = two.LockMailbox(ctx, "complaints@firm.example INBOX"); !errors.Is(err, ErrTaken) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	must(t, err)
	if b.Epoch != a.Epoch+1 {
		t.Errorf("epochs %d and %d", a.Epoch, b.Epoch)
	}
	if err := fence(one, a); !errors.Is(err, ErrFenced) {
		t.Errorf("the former holder: %v", err)
	}
	must(t, fence(two, b))
	b.Release()
	c, err := one.LockMailbox(ctx, "complaints@firm.example INBOX")
	must(t, err)
	c.Release()
}

// A holder in the middle of a transaction is not overtaken before it ends.
func TestFenceHolds(t *testing.T) {
	u := url(t)
	one, two, ctx := openURL(t, u), openURL(t, u), t.Context()
	a, err := one.LockMailbox(ctx, "m")
	must(t, err)
	taken := make(chan error, 1)
	must(t, one.Tx(ctx, func(tx *Tx) error {
		if err := tx.Fence(ctx, a); err != nil {
			return err
		}
		a.Release() // its connection is lost just now
		go func() {
			for {
				l, err := two.LockMailbox(ctx, "m")
				if errors.Is(err, ErrTaken) {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				if err == nil {
					l.Release()
				}
				taken <- err
				return
			}
		}()
		select {
		case err := <-taken:
			t.Errorf("overtaken within the transaction: %v", err)
		case <-time.After(150 * time.Millisecond):
		}
		return nil
	}))
	must(t, <-taken)
}

// A transaction that puts mail into the outbox wakes who listens.
func TestListen(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	woken := make(chan bool, 10)
	ended := make(chan error, 1)
	go func() { ended <- db.Listen(ctx, func() { woken <- true }) }()
	heard := false
	for i := 0; i < 100 && !heard; i++ { // until LISTEN has reached the server
		complaint(t, db, i+1)
		select {
		case <-woken:
			heard = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	if !heard {
		t.Error("nobody was woken")
	}
	cancel()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(5 * time.Second):
		t.Error("Listen does not end")
	}
}
