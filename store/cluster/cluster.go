// Package cluster runs a private PostgreSQL cluster from the binaries that are
// installed on the machine: for the daemon when it is given no database, for
// the demonstration, and for tests. It opens no network port, and PostgreSQL
// never runs as root.
//
//  1. Start finds the binaries (newest major version, or the one the data were
//     made by) and the user to run them as.
//  2. A folder without data gets them from initdb, made beside their place and
//     renamed: a crash in initdb leaves nothing half done.
//  3. A server left running in the folder by a killed daemon is adopted.
//     Otherwise a new one is started in a session of its own.
//  4. The server is ready when a connection succeeds. The way in is a unix
//     socket in a folder of mode 0700; whoever can enter that folder is let in.
//  5. Run watches a server and starts it again if it ends by itself.
//  6. Stop ends the server; Close also removes what was temporary.
//
// Layout of the folder: data/ is PGDATA, socket/ holds the socket (a short
// folder under /tmp takes its place where the path would be too long), and
// postgres.log is what the server says.
package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "github.com/lib/pq" // the driver "postgres" of database/sql

	"complaints/store/cluster/lastwill"
)

// owner is the superuser of the cluster, and the role of every connection.
const owner = "complaints"

// Options say where and how a cluster runs.
type Options struct {
	Dir       string       // the cluster's own folder, made if missing; "" = a temporary folder, removed by Close
	User      string       // system user to run as when this process is root; "" = complaintsd, postgres or nobody, the first that exists
	Ephemeral bool         // for tests and demonstrations: no fsync, and the cluster ends with this process
	Log       *slog.Logger // nil = slog.Default()
}

// Cluster is a PostgreSQL server of our own. Its methods may be called from
// several goroutines.
type Cluster struct {
	opt  Options
	dir  string // absolute
	temp bool   // dir is removed by Close
	bin  string // folder of the binaries
	as   identity

	mu     sync.Mutex // guards what follows, and that one Start or Stop runs at a time
	found  bool       // the server ran already when it was last started
	server *server    // nil when stopped by Stop
	socket string     // folder of the socket
	will   *lastwill.Will
}

// Start returns a running cluster that accepts connections. It waits for
// crash recovery as long as ctx allows. The errors say what to do.
func Start(ctx context.Context, opt Options) (*Cluster, error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	c := &Cluster{opt: opt, dir: opt.Dir}
	var err error
	if c.as, err = runAs(opt.User); err != nil {
		return nil, err
	}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "pg"); err != nil {
			return nil, fmt.Errorf("start PostgreSQL: %w", err)
		}
		c.temp = true
	} else if c.dir, err = filepath.Abs(c.dir); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := c.Start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Start starts a stopped cluster again. It does nothing if the server runs.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server.alive() {
		return nil
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	s, adopted, err := c.launch(ctx)
	for err != nil && strings.Contains(err.Error(), "shared memory block") && ctx.Err() == nil {
		// The last children of a server that was killed are still leaving.
		time.Sleep(50 * time.Millisecond)
		s, adopted, err = c.launch(ctx)
	}
	if err != nil {
		return err
	}
	c.server, c.found = s, adopted
	if c.opt.Ephemeral && c.will == nil {
		if c.will, err = c.leaveWill(); err != nil {
			return err
		}
	}
	c.opt.Log.Info("postgresql runs", "dir", c.dir, "pid", s.pid, "adopted", adopted, "user", c.as.name)
	return nil
}

// Adopted reports whether the server ran already when Start came: somebody
// else's, or left by a killed daemon.
func (c *Cluster) Adopted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found
}

// leaveWill ends the server and removes what is temporary once this process
// is gone. The pid is read then, as the server may have been started again.
func (c *Cluster) leaveWill() (*lastwill.Will, error) {
	temp := ""
	if c.temp {
		temp = c.dir
	}
	return lastwill.Leave(`p=$(head -n1 "$1/postmaster.pid") && kill -QUIT "$p" && sleep 0.2
		[ -z "$2" ] || rm -rf "$2" || { sleep 1; rm -rf "$2"; }`, c.data(), temp)
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// URL returns the connection string of a database for lib/pq. It holds while
// the server runs, and across Stop and Start unless the path of the folder is
// too long for a socket.
func (c *Cluster) URL(database string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return connString(c.socket, database)
}

func connString(socket, database string) string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	return fmt.Sprintf("host='%s' port=5432 user=%s dbname='%s' sslmode=disable",
		quote.Replace(socket), owner, quote.Replace(database))
}

// Pid returns the process id of the server, 0 if it does not run. Tests send
// it signals.
func (c *Cluster) Pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.server.alive() {
		return 0
	}
	return c.server.pid
}

// CreateDB makes an empty database. A database that exists is left as it is.
func (c *Cluster) CreateDB(ctx context.Context, name string) error {
	return c.create(ctx, name, "template0")
}

// CreateFromTemplate makes a database as a copy of another, which nobody may be
// connected to at that moment. A database that exists is left as it is.
func (c *Cluster) CreateFromTemplate(ctx context.Context, name, template string) error {
	return c.create(ctx, name, template)
}

func (c *Cluster) create(ctx context.Context, name, template string) error {
	return c.admin(ctx, "create database "+name, func(db *sql.Conn) error {
		var exists bool
		err := db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&exists)
		if err != nil || exists {
			return err
		}
		_, err = db.ExecContext(ctx, "create database "+ident(name)+" template "+ident(template))
		return err
	})
}

// DropDB removes a database and cuts its connections. One that does not exist
// is no error.
func (c *Cluster) DropDB(ctx context.Context, name string) error {
	return c.admin(ctx, "drop database "+name, func(db *sql.Conn) error {
		_, err := db.ExecContext(ctx, "drop database if exists "+ident(name)+" with (force)")
		return err
	})
}

// admin runs f on one connection to the maintenance database.
func (c *Cluster) admin(ctx context.Context, what string, f func(*sql.Conn) error) error {
	db, err := sql.Open("postgres", c.URL("postgres"))
	if err == nil {
		defer db.Close()
		var conn *sql.Conn
		if conn, err = db.Conn(ctx); err == nil {
			defer conn.Close()
			err = f(conn)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Run watches the server and starts it again when it ends without Stop, with a
// pause that grows from 1 s to 30 s while that fails. It returns nil when ctx
// ends, and leaves the server running: Close ends it.
func (c *Cluster) Run(ctx context.Context) error {
	pause := time.Second
	for {
		c.mu.Lock()
		s := c.server
		c.mu.Unlock()
		if s != nil {
			select {
			case <-ctx.Done():
				return nil
			case <-s.done:
			}
		}
		c.mu.Lock()
		stopped := c.server == nil // by Stop, which is not a fault
		c.mu.Unlock()
		if !stopped {
			c.opt.Log.Warn("postgresql ended, starting it again", "dir", c.dir)
			err := c.Start(ctx)
			if err == nil {
				pause = time.Second
				continue
			}
			if ctx.Err() == nil {
				c.opt.Log.Error("start postgresql again", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, 30*time.Second)
	}
}

// Close stops the server in fast mode and removes what was temporary. It may be
// called more than once.
func (c *Cluster) Close() error {
	err := c.Stop(Fast)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.will.Revoke()
	c.will = nil
	if c.temp {
		err = errors.Join(err, os.RemoveAll(c.dir))
	}
	return err
}
