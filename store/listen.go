package store

import (
	"context"
	"time"

	"github.com/lib/pq"
)

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
