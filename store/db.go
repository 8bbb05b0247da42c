// Package store remembers: PostgreSQL through lib/pq, behind a guard for that
// driver's faults. Nothing else in the program knows SQL.
//
//  1. Open connects; Migrate brings the schema up to this program.
//  2. A received mail is taken in within one transaction (DB.Tx): AddMessage
//     keeps its bytes, LockCase finds and locks the case it belongs to, the
//     policy decides, Record writes events, case row and outgoing mail. The
//     bytes are then safe, and only then may the mail leave the inbox.
//  3. A sender claims outgoing mail (Claim), composes and freezes it (Freeze),
//     claims it again to send, and says what became of it (Mark). What was
//     being sent when its owner died is in doubt (Recover) until there is
//     evidence (ConfirmByJournal) or a person decides (Settle).
//  4. Every effect stands under a unique key, so that whoever lost the reply
//     to a commit runs the same transaction again and nothing happens twice.
//
// Errors: ErrAway says that the database cannot be reached or cannot write now,
// and that waiting helps; ErrUnknown that a commit may or may not have happened.
// Time stamps come from the caller; leases and due times of the outbox are by
// the database's clock, which all daemons share.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Errors that callers tell apart.
var (
	ErrAway        = errors.New("the database is away")                                   // wait and try again
	ErrUnknown     = errors.New("no reply to the commit: it may or may not have counted") // run the transaction again; also Away
	ErrNotFound    = errors.New("not found")
	ErrFenced      = errors.New("somebody else has taken over") // the epoch or the owner has changed
	ErrConflict    = errors.New("the case was changed meanwhile")
	ErrNewerSchema = errors.New("the database was made by a newer version of complaintsd: install that version")
)

// DB is the desk's memory. Its methods may be called from several goroutines.
type DB struct {
	sql *sql.DB
	url string // for Listen, which has a connection of its own
	log *slog.Logger
}

// Tx is one transaction. It is good only within the function given to DB.Tx.
type Tx struct {
	tx    *sql.Tx
	at    time.Time         // of the caller, once AddMessage or Record was told
	lazy  bool              // see CommitLazily
	later time.Duration     // see Later
	lock  *Lock             // see Under
	heads map[string][]byte // hash of the last event of each stream that was locked
}

const (
	connections = 8
	attempts    = 10 // of a transaction that loses against another
)

// Open connects to a database, given as a URL or as key=value pairs of libpq.
// prepared_statements=no among them is for a pooler that changes sessions
// between transactions and does not know prepared statements (PgBouncer before
// 1.21). The error names what to do.
func Open(ctx context.Context, url string, log *slog.Logger) (*DB, error) {
	const unprepared = "prepared_statements=no" // ours, not lib/pq's
	prepare := !strings.Contains(url, unprepared)
	url = strings.ReplaceAll(url, unprepared, "")
	cfg, err := pq.NewConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open database: the connection string is not understood (want postgres://user@host/name or host=… dbname=…): %w", redact(err, url))
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg.BinaryParameters = true // one round trip a statement, and no hex for bytea
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	if cfg.ApplicationName == "" || cfg.ApplicationName == "pqgo" {
		cfg.ApplicationName = "complaintsd"
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for k, v := range map[string]string{
		"statement_timeout": "60s", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "120s",
		// Where the server is reached over TCP, a black hole must end too.
		"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
		"timezone": "UTC", "default_transaction_isolation": "read committed",
	} {
		if cfg.Runtime[k] == "" {
			cfg.Runtime[k] = v
		}
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", redact(err, url))
	}
	connector.Dialer(dialer{})
	db := &DB{sql: sql.OpenDB(guarded{connector, prepare}), url: url, log: log}
	db.sql.SetMaxOpenConns(connections)
	db.sql.SetMaxIdleConns(connections)
	db.sql.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.sql.PingContext(ctx); err != nil {
		db.sql.Close()
		return nil, fmt.Errorf("open database at %s, user %s: %s: %w", place(cfg), cfg.User, advice(err), away(ctx, err))
	}
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return away(ctx, db.sql.PingContext(ctx)) }

// place names the server without any secret of the connection string.
func place(cfg pq.Config) string {
	return fmt.Sprintf("%s port %d, database %s", cfg.Host, cfg.Port, cfg.Database)
}

// redact keeps a password that stands in the connection string out of an error.
func redact(err error, url string) error {
	if strings.Contains(url, "password") || strings.Contains(url, "@") {
		return errors.New("check its form, quoting and escapes")
	}
	return err
}

// advice says what to do about an error of the first connection.
func advice(err error) string {
	if e := pq.As(err); e != nil {
		switch e.Code {
		case pqerror.InvalidPassword, pqerror.InvalidAuthorizationSpecification:
			return "the server refuses this user: check user, password and pg_hba.conf"
		case pqerror.InvalidCatalogName:
			return "there is no such database: make it with createdb"
		case pqerror.TooManyConnections:
			return "the server has no connection left: raise max_connections"
		}
	}
	switch {
	case errors.Is(err, syscall.ENOENT):
		return "no socket there: is PostgreSQL running, and is host its socket folder?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: is PostgreSQL running?"
	case errors.Is(err, syscall.EACCES):
		return "no permission to use the socket"
	case errors.Is(err, pq.ErrSSLNotSupported):
		return "the server speaks no TLS: add sslmode=disable if it is local"
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the host's name is not known"
	}
	return "cannot connect"
}

// Tx runs f in a transaction and commits if f returns nil. A transaction that
// loses against another (SQLSTATE 40001, 40P01) is run again, up to ten times:
// f must compute everything anew and do no I/O of its own. An error that wraps
// ErrUnknown came from the commit itself.
func (db *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	return db.tx(ctx, false, f)
}

// read runs f in a read-only transaction: one snapshot a statement, and never
// a statement outside a transaction, which database/sql might run twice.
func (db *DB) read(ctx context.Context, f func(*Tx) error) error {
	return db.tx(ctx, true, f)
}

func (db *DB) tx(ctx context.Context, readOnly bool, f func(*Tx) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, readOnly, f)
		if err == nil || try == attempts || pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) == nil {
			return away(ctx, err)
		}
		db.log.Debug("transaction again", "try", try, "err", err)
		pause := time.Duration(1+rand.IntN(5<<min(try, 6))) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (db *DB) once(ctx context.Context, readOnly bool, f func(*Tx) error) (err error) {
	tx, err := db.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done { // f failed or panicked
			tx.Rollback()
		}
	}()
	if err := f(&Tx{tx: tx, heads: map[string][]byte{}}); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		if pq.As(err) == nil && !readOnly {
			return fmt.Errorf("commit: %w: %w", ErrUnknown, err)
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Away reports whether an error says that the database cannot be reached or
// cannot write at the moment: the caller waits and tries again.
func Away(err error) bool { return errors.Is(err, ErrAway) }

// away marks errors that waiting heals with ErrAway.
func away(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ErrAway) {
		return err
	}
	if e := ctx.Err(); e != nil {
		return fmt.Errorf("%w: %w", e, err)
	}
	if heals(err) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}

func heals(err error) bool {
	if e := pq.As(err); e != nil {
		switch {
		case e.Code.Class() == "08" || e.Code.Class() == "53" || e.Code.Class() == "58", // connection, resources, files
			strings.HasPrefix(string(e.Code), "57"): // shutdown, start-up, time limit
			return true
		}
		switch e.Code {
		case "25006", // read-only transaction
			"25P03", // idle in transaction for too long
			"55P03", // lock not available in time
			"40001", "40P01":
			return true
		}
		return false
	}
	var netErr net.Error
	return errors.Is(err, ErrUnknown) || errors.Is(err, errLost) || badConn(err) || errors.As(err, &netErr) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ECONNRESET)
}

// Clock gives the time by the database's clock.
func (db *DB) Clock(ctx context.Context) (at time.Time, err error) {
	err = db.read(ctx, func(tx *Tx) error { return tx.tx.QueryRowContext(ctx, `select clock_timestamp()`).Scan(&at) })
	return at, err
}
