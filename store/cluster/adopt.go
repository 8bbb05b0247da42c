package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// adopt returns the server that a daemon left running in the folder when it was
// killed, nil if there is none. It waits for one that is starting or stopping.
func (c *Cluster) adopt(ctx context.Context) (*server, error) {
	for {
		pid, socket, err := c.pidfile()
		if err != nil || pid == 0 {
			return nil, err
		}
		if !c.isPostmaster(pid) {
			return nil, c.stale(pid)
		}
		why := c.fits(ctx, socket)
		if why == nil {
			c.socket = socket
			return c.watch(pid), nil
		}
		if errors.Is(why, errOtherSettings) {
			if err := c.watch(pid).stop(Fast); err != nil {
				return nil, fmt.Errorf("start PostgreSQL in %s: %w", c.dir, err)
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("start PostgreSQL: a server (pid %d) holds %s and does not answer (%v): %w", pid, c.dir, why, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errOtherSettings = errors.New("it runs with other settings")

// fits says whether the server behind the socket is ours and as durable as it
// is to be.
func (c *Cluster) fits(ctx context.Context, socket string) error {
	return ping(ctx, socket, func(db *sql.DB) error {
		var dir, fsync string
		err := db.QueryRowContext(ctx, `select current_setting('data_directory'), current_setting('fsync')`).Scan(&dir, &fsync)
		if err != nil {
			return err
		}
		if dir != c.data() {
			return fmt.Errorf("its data are in %s", dir)
		}
		if (fsync == "off") != c.opt.Ephemeral {
			return errOtherSettings
		}
		return nil
	})
}

// watch follows a process that is not our child.
func (c *Cluster) watch(pid int) *server {
	s := &server{pid: pid, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for c.isPostmaster(pid) {
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return s
}

// pidfile reads data/postmaster.pid, whose lines are: pid, data folder, start
// time, port, socket folder, … A missing file gives pid 0.
func (c *Cluster) pidfile() (pid int, socket string, err error) {
	b, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	lines := strings.Split(string(b), "\n")
	pid, _ = strconv.Atoi(lines[0])
	if len(lines) > 4 {
		socket = lines[4]
	}
	return pid, socket, nil
}

// isPostmaster says whether the process is the server of this folder. A zombie
// has no command line and is not.
func (c *Cluster) isPostmaster(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	args := strings.Split(string(b), "\x00")
	return strings.HasSuffix(args[0], "postgres") && slices.Contains(args, c.data())
}

// stale removes a pid file whose number now belongs to another process of the
// same user, as happens after a reboot or in a new container: the server would
// take that process for itself and refuse to start. A number nobody has, the
// server clears by itself. As long as any child of the old server runs, the file
// stays: it is what keeps two servers off one folder.
func (c *Cluster) stale(pid int) error {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return nil
	}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		var st syscall.Stat_t
		if syscall.Stat(p, &st) != nil || int(st.Uid) != c.as.uid {
			continue
		}
		title, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		if !strings.HasPrefix(string(title), "postgres: ") {
			continue
		}
		if cwd, err := os.Readlink(filepath.Join(p, "cwd")); err != nil || cwd == c.data() {
			return nil
		}
	}
	err := os.Remove(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return nil
}
