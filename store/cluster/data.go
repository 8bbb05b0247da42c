package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prepare makes the folders and the data, if they are not there, and finds the
// binaries that fit the data.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(c.dir), 0o755); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	want, err := c.existing()
	if err != nil {
		return err
	}
	bin, _, err := binaries(want)
	if err != nil {
		return fmt.Errorf("start PostgreSQL in %s: %w", c.dir, err)
	}
	c.bin = bin
	if err := c.as.reach(c.dir); err != nil {
		return err
	}
	for _, d := range []string{c.dir, filepath.Join(c.dir, "socket")} {
		if err := os.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		if err := c.as.own(d); err != nil {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		// Whoever can enter is let in without a password.
		if err := os.Chmod(d, 0o700); err != nil {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
	if want != 0 {
		return nil
	}
	return c.initdb(ctx)
}

// existing returns the major version that made the data, 0 if there are none.
// Data of another user are served as that user, where that is possible.
func (c *Cluster) existing() (int, error) {
	b, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("start PostgreSQL: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("start PostgreSQL: %s is not a folder of PostgreSQL: %w", c.data(), err)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(c.data(), &st); err != nil {
		return 0, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if int(st.Uid) == c.as.uid {
		return major, nil
	}
	if !c.as.drop || c.opt.User != "" || st.Uid == 0 {
		return 0, fmt.Errorf("start PostgreSQL: %s belongs to uid %d, not to user %s: chown -R %s %s", c.data(), st.Uid, c.as.name, c.as.name, c.dir)
	}
	c.as.uid, c.as.gid, c.as.name = int(st.Uid), int(st.Gid), strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(c.as.name); err == nil {
		c.as.name = u.Username
	}
	return major, nil
}

// initdb makes the data beside their place and moves them there when they are
// complete.
func (c *Cluster) initdb(ctx context.Context) error {
	fresh := c.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	args := []string{"-D", fresh, "-U", owner, "--locale=C.UTF-8", "--encoding=UTF8",
		"--auth-local=trust", "--auth-host=reject", "--data-checksums"}
	if c.opt.Ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), c.as.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb in %s: %w: %s", c.dir, err, complaint(string(out)))
	}
	if err := os.Rename(fresh, c.data()); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	return nil
}

// complaint picks the line that says what is wrong out of a server's output,
// with the detail below it.
func complaint(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, l := range lines {
		for _, mark := range []string{"FATAL:", "PANIC:", "error:"} {
			_, said, found := strings.Cut(l, mark)
			if !found {
				continue
			}
			said = strings.TrimSpace(said)
			if i+1 < len(lines) {
				for _, more := range []string{"DETAIL:", "HINT:"} {
					if _, detail, ok := strings.Cut(lines[i+1], more); ok {
						said += " (" + strings.TrimSpace(detail) + ")"
					}
				}
			}
			return said
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
