// Package wire gives a connection up on which nothing moves. go-imap knows no
// contexts, and its reply timeouts are of a kind that a slow server breaks and a
// dead one does not.
package wire

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Conn is a connection that is given up when a byte is due and none comes. A
// slow server may take as long as it likes while it sends something; go-imap's
// fixed read deadlines (30 s a reply, 5 min a literal) are ignored.
type Conn struct {
	net.Conn
	limit time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stalled bool
}

// New wraps conn; limit is the longest time without a byte.
func New(conn net.Conn, limit time.Duration) *Conn {
	return &Conn{Conn: conn, limit: limit}
}

// Due runs f, during which bytes are due.
func (w *Conn) Due(f func() error) error {
	w.mu.Lock()
	w.timer = time.AfterFunc(w.limit, w.giveUp)
	w.mu.Unlock()
	err := f()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.timer = nil
	if err != nil && w.stalled {
		return fmt.Errorf("no byte for %v: %w", w.limit, err)
	}
	return err
}

func (w *Conn) giveUp() {
	w.mu.Lock()
	w.stalled = true
	w.mu.Unlock()
	w.Conn.Close()
}

// Read reads, and starts the time anew when something came.
func (w *Conn) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.mu.Lock()
		if w.timer != nil {
			w.timer.Reset(w.limit)
		}
		w.mu.Unlock()
	}
	return n, err
}

// SetDeadline sets the deadline of writing alone.
func (w *Conn) SetDeadline(t time.Time) error { return w.Conn.SetWriteDeadline(t) }

// SetReadDeadline does nothing: Due watches reading.
func (w *Conn) SetReadDeadline(t time.Time) error { return nil }
