package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"

	"complaints"
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

// TokenKeys gives the keys that sign reply addresses, newest first. The first
// call on a database makes one.
func (db *DB) TokenKeys(ctx context.Context) (keys complaints.Keyring, err error) {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails
	err = db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `insert into secrets (name, n, key) values ('token', 1, $1) on conflict do nothing`, fresh)
		if err != nil {
			return err
		}
		keys, err = tx.secrets(ctx, "token")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read token keys: %w", err)
	}
	return keys, nil
}

// AddTokenKey makes a new key that signs from now on. The one before verifies
// until the last address that it signed has expired.
func (db *DB) AddTokenKey(ctx context.Context, by string, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error { return tx.addTokenKey(ctx, by, at) })
}

func (tx *Tx) addTokenKey(ctx context.Context, by string, at time.Time) error {
	fresh := make([]byte, 32)
	rand.Read(fresh)
	_, err := tx.tx.ExecContext(ctx, `
		insert into secrets (name, n, key, made_at) select 'token', coalesce(max(n), 0) + 1, $1, $2 from secrets where name = 'token'`, fresh, micro(at))
	if err != nil {
		return fmt.Errorf("add token key: %w", err)
	}
	return tx.deskEvent(ctx, by, "token_key_added", struct{}{}, at)
}

// RevokeTokenKey ends a key at once: every reply address that it signed is
// refused from now on. If it is the one that signs, a new one takes its place.
func (db *DB) RevokeTokenKey(ctx context.Context, n int, by, why string, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error {
		var newest int
		err := tx.tx.QueryRowContext(ctx, `
			update secrets set revoked_at = $2 where name = 'token' and n = $1 and revoked_at is null
			returning (select max(n) from secrets where name = 'token')`, n, micro(at)).Scan(&newest)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("token key %d: %w, or revoked already", n, ErrNotFound)
		}
		if err != nil {
			return fmt.Errorf("revoke token key %d: %w", n, err)
		}
		if n == newest {
			if err := tx.addTokenKey(ctx, by, at); err != nil {
				return err
			}
		}
		return tx.deskEvent(ctx, by, "token_key_revoked", map[string]any{"n": n, "why": clean(why)}, at)
	})
}

// TokenKey is what is known of a key, without the key.
type TokenKey struct {
	N       int
	Made    time.Time
	Until   time.Time // from which on it verifies nothing more; zero for the one that signs
	Revoked time.Time // zero: it was not
}

// TokenKeyList lists the keys that sign or have signed, newest first.
func (db *DB) TokenKeyList(ctx context.Context) (list []TokenKey, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		list = nil
		rows, err := tx.tx.QueryContext(ctx, `
			select n, made_at, revoked_at, lag(made_at) over (order by n desc) from secrets where name = 'token' order by n desc`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k TokenKey
			var revoked, next sql.NullTime
			if err := rows.Scan(&k.N, &k.Made, &revoked, &next); err != nil {
				return err
			}
			k.Made, k.Revoked = k.Made.UTC(), revoked.Time.UTC()
			if !revoked.Valid {
				k.Revoked = time.Time{}
			}
			if next.Valid {
				k.Until = next.Time.UTC().Add(complaints.TokenLife)
			}
			list = append(list, k)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list token keys: %w", err)
	}
	return list, nil
}

// secrets gives the keys of a name that verify, newest first: not those that
// were revoked, nor those whose every address has expired.
func (tx *Tx) secrets(ctx context.Context, name string) (keys [][]byte, err error) {
	rows, err := tx.tx.QueryContext(ctx, `
		select key from (
			select n, key, revoked_at, lag(made_at) over (order by n desc) as next_at from secrets where name = $1) s
		where revoked_at is null and (next_at is null or next_at > now() - $2::interval) order by n desc`, name, interval(complaints.TokenLife))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
