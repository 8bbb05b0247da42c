package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// A transaction that loses is run again, from its beginning (C-18).
func TestRetrySerialization(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `create sequence tries;
			create function lose() returns trigger language plpgsql as $$
			begin
				if nextval('tries') < 4 then raise exception 'lost' using errcode = '40001'; end if;
				return new;
			end $$;
			create trigger lose before insert on cases for each row execute function lose()`)
		return err
	}))
	tries := 0
	m, raw := letterFrom("client@mail.example", "a@mail.example", "退费")
	must(t, db.Tx(ctx, func(tx *Tx) error {
		tries++
		if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, 1}, noon); err != nil {
			return err
		}
		return tx.Record(ctx, &complaints.Case{}, m, opening(m), nil)
	}))
	if tries != 4 {
		t.Errorf("%d tries, want 4", tries)
	}
	c, err := db.Case(ctx, "T2026-0001") // the numbers of the lost ones were given back
	must(t, err)
	fold(t, db, c.Ref)
}

func TestRetryEnds(t *testing.T) {
	db := open(t)
	tries := 0
	err := db.Tx(t.Context(), func(tx *Tx) error {
		tries++
		_, err := tx.tx.ExecContext(t.Context(), `do $$ begin raise exception 'lost' using errcode = '40001'; end $$`)
		return err
	})
	if tries != attempts || !Away(err) {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// Two transactions take two cases in opposite order.
func TestRetryDeadlock(t *testing.T) {
	db, ctx := open(t), t.Context()
	a, b := complaint(t, db, 1).Ref, complaint(t, db, 2).Ref
	var runs atomic.Int32
	var holding sync.WaitGroup // both hold their first case before either asks for its second
	holding.Add(2)
	both := func(first, second string) error {
		return db.Tx(ctx, func(tx *Tx) error {
			run := runs.Add(1)
			for _, ref := range []string{first, second} {
				c, err := tx.LockRef(ctx, ref)
				if err != nil {
					return err
				}
				if err := tx.Record(ctx, c, nil, note("en"), nil); err != nil {
					return err
				}
				if run <= 2 && ref == first {
					holding.Done()
					holding.Wait()
				}
			}
			return nil
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- both(a, b) }()
	go func() { errs <- both(b, a) }()
	for range 2 {
		must(t, <-errs)
	}
	if runs.Load() < 3 {
		t.Error("there was no deadlock: the test shows nothing")
	}
	for _, ref := range []string{a, b} {
		if c, err := db.Case(ctx, ref); err != nil || c.Seq != 3 {
			t.Errorf("%s: %v %v", ref, c, err)
		}
		fold(t, db, ref)
	}
}

// The server ends a connection in the middle of a transaction: the caller is
// told that the database is away, and the next transaction works (C-21).
func TestBackendKilled(t *testing.T) {
	db, ctx := open(t), t.Context()
	err := db.Tx(ctx, func(tx *Tx) error {
		var pid int
		if err := tx.tx.QueryRowContext(ctx, `select pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		must(t, db.Tx(ctx, func(other *Tx) error {
			_, err := other.tx.ExecContext(ctx, `select pg_terminate_backend($1)`, pid)
			return err
		}))
		time.Sleep(50 * time.Millisecond)
		_, err := tx.LockRef(ctx, "T2026-0001")
		return err
	})
	if !Away(err) {
		t.Fatalf("not away: %v", err)
	}
	complaint(t, db, 1)
	// All idle connections at once, as when the server was restarted.
	must(t, db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid()`)
		return err
	}))
	complaint(t, db, 2)
	complaint(t, db, 3)
}

// What waiting heals is Away; what it does not heal is not.
func TestAway(t *testing.T) {
	db, ctx := open(t), t.Context()
	for code, want := range map[string]bool{
		"53100": true, "53300": true, "53200": true, "25006": true, "57P01": true, "57P03": true, "57014": true, "55P03": true, "08006": true,
		"23505": false, "42601": false, "22P02": false, "28P01": false,
	} {
		err := db.once(ctx, false, func(tx *Tx) error {
			_, err := tx.tx.ExecContext(ctx, fmt.Sprintf(`do $$ begin raise exception 'x' using errcode = '%s'; end $$`, code))
			return err
		})
		if pq.As(err) == nil {
			t.Fatalf("%s: %v", code, err)
		}
		if got := Away(away(ctx, err)); got != want {
			t.Errorf("%s: away %v", code, got)
		}
	}
	must(t, db.Ping(ctx))
	readOnly := openURL(t, url(t)+" default_transaction_read_only=on")
	err := readOnly.Tx(ctx, func(tx *Tx) error {
		return tx.Record(ctx, nil, nil, complaints.Outcome{Mails: []complaints.Mail{{Key: "k", To: complaints.Address{Addr: "a@b"}}}}, nil)
	})
	// BEGIN says READ WRITE, which a session may; a standby may not.
	if err != nil && !Away(err) {
		t.Errorf("read-only: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := db.Tx(ended, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) || Away(err) {
		t.Errorf("a cancelled caller: %v", err)
	}
}

// A slow statement ends with its context, and the pool is fine afterwards.
func TestCancel(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `select pg_sleep(20)`)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	complaint(t, db, 1)
}

// A panic in a transaction rolls it back and does not eat a connection.
func TestPanicRollsBack(t *testing.T) {
	db := open(t)
	for range connections + 1 {
		func() {
			defer func() { recover() }()
			db.Tx(t.Context(), func(tx *Tx) error { panic("a bug") })
		}()
	}
	complaint(t, db, 1)
}

// The errors of Open say what to do and keep the password.
func TestOpenErrors(t *testing.T) {
	good := url(t)
	cfg, err := pq.NewConfig(good)
	must(t, err)
	empty := t.TempDir()
	must(t, os.WriteFile(filepath.Join(empty, "x"), nil, 0o600))
	for _, c := range []struct{ url, want string }{
		{"host=" + empty + " dbname=x user=complaints password=geheim sslmode=disable", "is PostgreSQL running"},
		{"postgres://complaints:geheim@127.0.0.1:1/x?sslmode=disable", "is PostgreSQL running"},
		{"host=" + cfg.Host + " dbname=nosuch user=complaints password=geheim sslmode=disable", "createdb"},
		{"host=" + cfg.Host + " dbname=postgres user=nobody password=geheim sslmode=disable", "check user"},
		{"postgres://complaints:geheim@%zz/x", "not understood"},
		{"host='unfinished password=geheim", "not understood"},
	} {
		db, err := Open(t.Context(), c.url, nil)
		if err == nil {
			db.Close()
			t.Errorf("%s opened", c.url)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s\n\tgives %v\n\twant %q and no password", c.url, err, c.want)
		}
	}
}
