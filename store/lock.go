package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"
)

// ErrTaken says that another daemon holds the lock.
var ErrTaken = errors.New("another daemon holds it")

// Lock is the sole right to work on a mailbox: a session advisory lock on a
// connection of its own. Each new holder has a higher epoch, and Tx.Fence holds
// every change against it, so that a holder which has lost its connection
// without noticing cannot do harm.
type Lock struct {
	Epoch int64 // of this holder

	name string
	mu   sync.Mutex // one statement at a time on conn
	conn *sql.Conn
	lost chan struct{}
	once sync.Once
}

// LockMailbox takes the lock of a mailbox, or gives ErrTaken at once.
func (db *DB) LockMailbox(ctx context.Context, mailbox string) (*Lock, error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock mailbox: %w", away(ctx, err))
	}
	l := &Lock{name: "mailbox " + clean(mailbox), conn: conn, lost: make(chan struct{})}
	err = l.take(ctx)
	if err != nil {
		l.Release()
		return nil, fmt.Errorf("lock mailbox: %w", away(ctx, err))
	}
	return l, nil
}

func (l *Lock) take(ctx context.Context) error {
	var got bool
	err := l.conn.QueryRowContext(ctx, `select pg_try_advisory_lock(hashtextextended('complaintsd ' || $1, 0))`, l.name).Scan(&got)
	if err != nil {
		return err
	}
	if !got {
		return ErrTaken
	}
	tx, err := l.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(ctx, `
		insert into epochs as e (name, epoch) values ($1, 1)
		on conflict (name) do update set epoch = e.epoch + 1 returning epoch`, l.name).Scan(&l.Epoch)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// Watch asks every so often whether the lock is still held, until ctx ends
// (nil) or it is not (an error; Lost is closed then).
func (l *Lock) Watch(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.lost:
			return fmt.Errorf("lock of %s: %w", l.name, ErrFenced)
		case <-tick.C:
		}
		if err := l.ping(ctx, every); err != nil && ctx.Err() == nil {
			l.lose()
			return fmt.Errorf("lock of %s lost: %w", l.name, err)
		}
	}
}

// ping asks the server itself: behind a connection pooler the session may have
// been changed for another.
func (l *Lock) ping(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, max(limit, time.Second))
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	var held bool
	err := l.conn.QueryRowContext(ctx, `
		select exists (select from pg_locks, hashtextextended('complaintsd ' || $1, 0) as key
			where locktype = 'advisory' and pid = pg_backend_pid() and granted
			and (classid::bigint << 32) | objid::bigint = key)`, l.name).Scan(&held)
	if err == nil && !held {
		err = ErrFenced
	}
	return err
}

func (l *Lock) lose() { l.once.Do(func() { close(l.lost) }) }

// Lost is closed when the lock is known to be lost or was released.
func (l *Lock) Lost() <-chan struct{} { return l.lost }

// Release gives the lock back. Its connection is then closed, not put back into
// the pool, so that the lock ends with it in any case.
func (l *Lock) Release() {
	l.lose()
	l.mu.Lock()
	defer l.mu.Unlock()
	// The server takes a moment to notice a closed connection; whoever waits
	// for the lock need not. If this fails the lock ends with the connection.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if l.Epoch != 0 {
		l.conn.ExecContext(ctx, `select pg_advisory_unlock(hashtextextended('complaintsd ' || $1, 0))`, l.name)
	}
	l.conn.Raw(func(any) error { return driver.ErrBadConn })
	l.conn.Close()
}

// Under makes AddMessage fail with ErrFenced if another has taken the lock
// since; and nobody can take it before the transaction ends.
func (tx *Tx) Under(l *Lock) { tx.lock = l }

// Fence makes the transaction fail with ErrFenced if another has taken the lock
// since; and nobody can take it before the transaction ends.
func (tx *Tx) Fence(ctx context.Context, l *Lock) error {
	var epoch int64
	err := tx.tx.QueryRowContext(ctx, `select epoch from epochs where name = $1 for share`, l.name).Scan(&epoch)
	if err != nil {
		return fmt.Errorf("fence: %w", err)
	}
	if epoch != l.Epoch {
		return fmt.Errorf("%s: %w", l.name, ErrFenced)
	}
	return nil
}

// Listen calls wake whenever a transaction has put mail into the outbox, and
// after each time the connection was lost, until ctx ends. It is only a hint
// that saves waiting: whoever depends on it polls as well. wake must not block.
func (db *DB) Listen(ctx context.Context, wake func()) error {
	l := pq.NewListener(db.url, time.Second, time.Minute, func(e pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			db.log.Debug("listen", "event", int(e), "err", err)
		}
	})
	defer l.Close()
	// Listen blocks until there is a connection; Close lets it go.
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	if err := l.Listen("outbox"); err != nil && ctx.Err() == nil {
		return away(ctx, err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-l.Notify: // nil after a new connection
			if !open {
				return nil
			}
			wake()
		case <-time.After(90 * time.Second): // a dead connection shows itself by a ping
			l.Ping()
		}
	}
}
