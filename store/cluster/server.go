package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Mode is how a server is stopped.
type Mode syscall.Signal

// The modes of Stop. Immediate is a crash: the next start recovers from the log.
const (
	Fast      = Mode(syscall.SIGINT)
	Immediate = Mode(syscall.SIGQUIT)
)

// server is one postmaster process, a child or adopted.
type server struct {
	pid  int
	done chan struct{} // closed when the process has ended
}

func (s *server) alive() bool {
	if s == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// launch adopts the server that holds the folder, or starts one, and returns
// when it accepts connections.
func (c *Cluster) launch(ctx context.Context) (*server, bool, error) {
	s, err := c.adopt(ctx)
	if s != nil || err != nil {
		return s, s != nil, err
	}
	if err := c.chooseSocket(); err != nil {
		return nil, false, err
	}
	log, err := c.openLog()
	if err != nil {
		return nil, false, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false, fmt.Errorf("start PostgreSQL: %w", err)
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), c.settings()...)
	// Not CommandContext: the server outlives the context of its start.
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), c.as.attr()
	cmd.Stdout, cmd.Stderr = log, log // a file, so that it can outlive this process too
	if err := cmd.Start(); err != nil {
		return nil, false, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s = &server{pid: cmd.Process.Pid, done: make(chan struct{})}
	go func() { cmd.Wait(); close(s.done) }()
	if err := c.ready(ctx, s); err != nil {
		s.stop(Immediate)
		said := make([]byte, 8192)
		n, _ := log.ReadAt(said, from)
		return nil, false, fmt.Errorf("start PostgreSQL in %s: %w: %s", c.dir, err, complaint(string(said[:n])))
	}
	return s, false, nil
}

// settings are the server's command line. Settings a person made in
// data/postgresql.conf hold where they do not stand here.
func (c *Cluster) settings() []string {
	set := []string{
		"listen_addresses=",
		"port=5432",
		"unix_socket_directories=" + c.socket,
		"unix_socket_permissions=0700",
		"logging_collector=off",
		"log_timezone=UTC",
		"timezone=UTC",
		"log_checkpoints=off",
	}
	if c.opt.Ephemeral {
		// A machine that goes down may lose everything, a server that is
		// killed loses nothing: synchronous_commit stays on.
		set = append(set, "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_wal_size=512MB")
	} else {
		set = append(set, "fsync=on", "synchronous_commit=on", "full_page_writes=on")
	}
	args := []string{"-D", c.data()}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}

// openLog opens the server's log. One of more than 10 MB is set aside once.
func (c *Cluster) openLog() (*os.File, error) {
	name := filepath.Join(c.dir, "postgres.log")
	if st, err := os.Stat(name); err == nil && st.Size() > 10<<20 {
		if err := os.Rename(name, name+".old"); err != nil {
			return nil, fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return f, c.as.own(name)
}

// chooseSocket takes the folder's own socket/ if the path fits in a sockaddr_un
// (108 bytes with the final NUL), else a folder of a random name under /tmp.
func (c *Cluster) chooseSocket() error {
	c.socket = filepath.Join(c.dir, "socket")
	// The server puts its lock beside the socket under a longer name.
	if len(c.socket)+len("/.s.PGSQL.5432") < 108 && !strings.ContainsAny(c.socket, ",\"") {
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", "pg") // 0700, and nobody can have made it before
	if err == nil {
		err = c.as.own(dir)
	}
	if err != nil {
		return fmt.Errorf("start PostgreSQL: folder of the socket: %w", err)
	}
	c.socket = dir
	return nil
}

// ready waits until the server lets us in, or ends, or ctx does.
func (c *Cluster) ready(ctx context.Context, s *server) error {
	for {
		err := ping(ctx, c.socket, func(*sql.DB) error { return nil })
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return errors.New("the server ended")
		case <-ctx.Done():
			return fmt.Errorf("%w while waiting (%v)", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ping connects within 2 s and, connected, calls f.
func ping(ctx context.Context, socket string, f func(*sql.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	db, err := sql.Open("postgres", connString(socket, "postgres")+" connect_timeout=2")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	return f(db)
}

// Stop ends the server and waits for its end: in fast mode 60 s before it is
// ended at once. It does nothing if the server does not run.
func (c *Cluster) Stop(mode Mode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.server
	c.server = nil
	if s.alive() {
		if err := s.stop(mode); err != nil {
			return fmt.Errorf("stop PostgreSQL in %s: %w", c.dir, err)
		}
		c.opt.Log.Info("postgresql stopped", "dir", c.dir, "pid", s.pid)
	}
	if c.socket != "" && filepath.Dir(c.socket) != c.dir {
		os.RemoveAll(c.socket)
	}
	return nil
}

func (s *server) stop(mode Mode) error {
	steps := []struct {
		sig  syscall.Signal
		wait time.Duration
	}{
		{syscall.Signal(mode), 60 * time.Second},
		{syscall.SIGQUIT, 10 * time.Second},
		{syscall.SIGKILL, 10 * time.Second},
	}
	for _, step := range steps {
		if err := syscall.Kill(s.pid, step.sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal %d: %w", s.pid, err)
		}
		syscall.Kill(s.pid, syscall.SIGCONT) // a test may have stopped it
		select {
		case <-s.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("process %d does not end", s.pid)
}
