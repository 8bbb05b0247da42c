package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"complaints"
	"complaints/store/cluster/clustertest"
)

// kinds of pool: lib/pq as it is, and the guard in both its ways.
var kinds = []string{"bare", "guard", "guard, unprepared"}

// onePool opens a pool of one connection, with the guard or without it. Both speak
// the protocol as Open does.
func onePool(t *testing.T, url string, kind string) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnector(url + " binary_parameters=yes")
	must(t, err)
	db := sql.OpenDB(connector)
	switch kind {
	case "guard":
		db = sql.OpenDB(guarded{connector, true})
	case "guard, unprepared":
		db = sql.OpenDB(guarded{connector, false})
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// works reports whether the pool still answers right.
func works(t *testing.T, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var n int
	done := make(chan error, 1)
	go func() { done <- db.QueryRowContext(ctx, `select $1::int`, 7).Scan(&n) }()
	select {
	case err := <-done:
		if err == nil && n != 7 {
			err = errors.New("the answer to another question")
		}
		return err
	case <-time.After(4 * time.Second):
		return errors.New("it hangs past its context")
	}
}

// First fault of lib/pq: an error text above 30,000 bytes leaves the connection
// out of step, in the pool.
func TestGuardLongError(t *testing.T) {
	long := strings.Repeat("7x", 20_000)
	for _, kind := range kinds {
		guard := kind != "bare"
		db := onePool(t, clustertest.URL(t), kind)
		must(t, works(t, db))
		if err := db.QueryRowContext(t.Context(), `select $1::int`, long).Scan(new(int)); err == nil {
			t.Fatal("that was a number")
		}
		err := works(t, db)
		if guard && err != nil {
			t.Errorf("with the "+kind+" the next query fails: %v", err)
		}
		if !guard && err == nil {
			t.Error("lib/pq heals by itself now: the guard has lost this reason")
		}
	}
}

// Second fault: an error reply followed by the end of the connection leaves it
// “already in a query”, in the pool.
func TestGuardErrorThenEOF(t *testing.T) {
	for _, kind := range kinds {
		guard := kind != "bare"
		p := startProxy(t, clustertest.Cluster(t).URL("postgres"))
		p.failOn = "select 'marked'"
		db := onePool(t, p.url, kind)
		must(t, works(t, db))
		p.armed.Store(true)
		var e *pq.Error
		if err := db.QueryRowContext(t.Context(), `select 'marked' where $1`, true).Scan(new(string)); !errors.As(err, &e) {
			t.Fatalf("the marked query: %v", err)
		}
		p.armed.Store(false)
		err := works(t, db)
		if err != nil && guard { // the first to notice may fail, not the next
			err = works(t, db)
		}
		if guard && err != nil {
			t.Errorf("with the "+kind+" the pool stays broken: %v", err)
		}
		if !guard && (err == nil || works(t, db) == nil) {
			t.Error("lib/pq heals by itself now: the guard has lost this reason")
		}
	}
}

// Third: when a reply is lost, database/sql runs a statement outside of a
// transaction again. The guard says that the connection was lost instead.
func TestGuardNeverTwice(t *testing.T) {
	for _, kind := range kinds {
		guard := kind != "bare"
		p := startProxy(t, clustertest.URL(t))
		p.dropOn = "the value"
		db := onePool(t, p.url, kind)
		_, err := db.ExecContext(t.Context(), `create table twice (v text)`)
		must(t, err)
		p.armed.Store(true) // once: the proxy disarms itself
		_, err = db.ExecContext(t.Context(), `insert into twice values ($1)`, "the value")
		var n int
		must(t, db.QueryRowContext(t.Context(), `select count(*) from twice`).Scan(&n))
		if guard && (n != 1 || !errors.Is(err, errLost)) {
			t.Errorf("with the "+kind+": %d rows, error %v", n, err)
		}
		if !guard && (n != 2 || err != nil) {
			t.Errorf("without the guard: %d rows, error %v; database/sql has changed", n, err)
		}
	}
}

// The reply to COMMIT is lost: the caller learns that it does not know, runs
// the same transaction again, and nothing is there twice (C-17).
func TestCommitReplyLost(t *testing.T) {
	direct := url(t)
	p := startProxy(t, direct)
	p.dropOn = "COMMIT"
	db := openURL(t, p.url)
	m, raw := letterFrom("client@mail.example", "a@mail.example", "退费")
	take := func() error {
		return db.Tx(t.Context(), func(tx *Tx) error {
			isNew, err := tx.AddMessage(t.Context(), m, raw, Arrival{"INBOX", 1, 1}, noon)
			if err != nil || !isNew {
				return err
			}
			return tx.Record(t.Context(), &complaints.Case{}, m, opening(m), nil)
		})
	}
	p.armed.Store(true)
	err := take()
	if !errors.Is(err, ErrUnknown) || !Away(err) {
		t.Fatalf("the lost reply gives %v", err)
	}
	must(t, take())
	rows, err := db.Rows(t.Context(), Filter{})
	must(t, err)
	out, err := db.Outbox(t.Context(), OutboxFilter{})
	must(t, err)
	if len(rows) != 1 || len(out) != 2 {
		t.Errorf("%d cases, %d mails; want 1 and 2", len(rows), len(out))
	}
}

// proxy stands between the driver and a real server, and does harm on demand.
type proxy struct {
	url    string
	armed  atomic.Bool
	failOn string // answer a request that holds this with an error, and hang up
	dropOn string // pass a request that holds this on, and hang up instead of the reply
}

func startProxy(t *testing.T, url string) *proxy {
	t.Helper()
	cfg, err := pq.NewConfig(url)
	must(t, err)
	server := filepath.Join(cfg.Host, ".s.PGSQL.5432")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	p := &proxy{url: strings.Replace(url, "host='"+cfg.Host+"' port=5432", "host=127.0.0.1 port="+strconv.Itoa(port), 1)}
	if p.url == url {
		t.Fatalf("the cluster's connection string has changed: %s", url)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c, server)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn, server string) {
	defer client.Close()
	back, err := net.Dial("unix", server)
	if err != nil {
		return
	}
	defer back.Close()
	var mute atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := back.Read(buf)
			if n > 0 && mute.Load() {
				return // the server has answered: it has done it
			}
			if n > 0 {
				client.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if p.armed.Load() {
			if p.failOn != "" && bytes.Contains(buf[:n], []byte(p.failOn)) {
				text := "SERROR\x00VERROR\x00CXX000\x00Mtorn off\x00\x00"
				client.Write(append([]byte{'E', 0, 0, 0, byte(len(text) + 4)}, text...))
				return
			}
			if p.dropOn != "" && bytes.Contains(buf[:n], []byte(p.dropOn)) {
				p.armed.Store(false)
				mute.Store(true)
			}
		}
		if _, err := back.Write(buf[:n]); err != nil {
			return
		}
	}
}
