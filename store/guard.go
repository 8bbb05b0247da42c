package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// errLost says that the connection broke while a statement was under way.
var errLost = errors.New("the connection to the database was lost")

// guarded wraps lib/pq's connector. Two faults of lib/pq 1.12.3 leave a broken
// connection in the pool: an error text above 30,000 bytes is not read to its
// end, so later replies are taken for those of other statements; and an error
// followed by the end of the connection leaves it “already in a query”. The
// guard gives up a connection on every error that is not a well-formed error
// reply of the server. It also keeps database/sql from running a statement
// again whose reply was lost.
type guarded struct {
	*pq.Connector
	prepare bool // keep prepared statements on the connections
}

// Connect opens a guarded connection.
func (g guarded) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(pqConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("lib/pq's connection is a %T that lacks what the guard needs", c)
	}
	guard := &conn{pqConn: full}
	if g.prepare {
		guard.prepared = map[string]statement{}
	}
	return guard, nil
}

// pqConn is what lib/pq's connection offers to database/sql.
type pqConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	pqConn
	bad      atomic.Bool
	prepared map[string]statement // by text; nil: none are kept
}

// judge looks at an error of a statement. A connection whose state is in doubt
// never goes back into the pool.
func (c *conn) judge(err error) error {
	if err == nil || errors.Is(err, driver.ErrSkip) {
		return err
	}
	if e := pq.As(err); e != nil && e.Severity == "ERROR" {
		switch e.Code {
		case "26000", "42P05": // no such prepared statement, or it exists already
			c.bad.Store(true)
			return fmt.Errorf("%w: a connection pooler stands before PostgreSQL: add prepared_statements=no to the connection string: %w", errLost, err)
		case "0A000": // the plan was made for an older schema
			c.bad.Store(true)
		}
		return err
	}
	c.bad.Store(true)
	if badConn(err) {
		// database/sql runs a statement again on ErrBadConn. It may have been
		// done already; the caller decides.
		return fmt.Errorf("%w: %w", errLost, io.ErrUnexpectedEOF)
	}
	return err
}

func (c *conn) IsValid() bool { return !c.bad.Load() && c.pqConn.IsValid() }

func (c *conn) ResetSession(ctx context.Context) error {
	if c.bad.Load() {
		return driver.ErrBadConn
	}
	return c.pqConn.ResetSession(ctx)
}

// BeginTx passes ErrBadConn on: to begin again on another connection is safe.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.pqConn.BeginTx(ctx, opts)
	if err != nil {
		if badConn(err) {
			c.bad.Store(true)
			return nil, err
		}
		return nil, c.judge(err)
	}
	return &guardedTx{tx, c}, nil
}

// ExecContext runs a statement that has parameters as a prepared one.
func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.statement(ctx, q, len(args))
	if err != nil {
		return nil, c.judge(err)
	}
	var r driver.Result
	if st != nil {
		r, err = st.ExecContext(ctx, args)
	} else {
		r, err = c.pqConn.ExecContext(ctx, q, args)
	}
	return r, c.judge(err)
}

// QueryContext runs a query that has parameters as a prepared one.
func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.statement(ctx, q, len(args))
	if err != nil {
		return nil, c.judge(err)
	}
	var r driver.Rows
	if st != nil {
		r, err = st.QueryContext(ctx, args)
	} else {
		r, err = c.pqConn.QueryContext(ctx, q, args)
	}
	if err != nil {
		return nil, c.judge(err)
	}
	return &guardedRows{r, c}, nil
}

// statement prepares a statement once for the connection: parsing and planning
// is half the work of taking in a mail. The statements of this package are
// constants, so there are only so many. nil means to run it directly.
func (c *conn) statement(ctx context.Context, q string, args int) (statement, error) {
	if c.prepared == nil || args == 0 {
		return nil, nil
	}
	if st, ok := c.prepared[q]; ok {
		return st, nil
	}
	if len(c.prepared) >= 200 {
		return nil, nil
	}
	st, err := c.pqConn.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	full, ok := st.(statement)
	if !ok {
		st.Close()
		return nil, nil
	}
	c.prepared[q] = full
	return full, nil
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// PrepareContext is not used by this package: the guard prepares by itself, and
// a statement prepared from outside would pass by it.
func (c *conn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, errors.New("prepared statements are not guarded")
}

// Prepare is refused like PrepareContext.
func (c *conn) Prepare(string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), "")
}

type guardedTx struct {
	driver.Tx
	c *conn
}

func (t *guardedTx) Commit() error   { return t.c.judge(t.Tx.Commit()) }
func (t *guardedTx) Rollback() error { return t.c.judge(t.Tx.Rollback()) }

type guardedRows struct {
	driver.Rows
	c *conn
}

func (r *guardedRows) Close() error { return r.c.judge(r.Rows.Close()) }

func (r *guardedRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == io.EOF { // the end of the rows, not of the connection
		return err
	}
	return r.c.judge(err)
}

func badConn(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone)
}

// dialer sets TCP keepalive on our side, so that a black hole ends as well.
type dialer struct{}

func (dialer) Dial(network, address string) (net.Conn, error) {
	return dialer{}.DialContext(context.Background(), network, address)
}

func (dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return dialer{}.DialContext(ctx, network, address)
}

func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}}
	return d.DialContext(ctx, network, address)
}
