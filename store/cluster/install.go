package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrNotInstalled is returned when the machine has no PostgreSQL server.
var ErrNotInstalled = errors.New("PostgreSQL is not installed: apt-get install --no-install-recommends postgresql")

// binaries returns the folder with initdb and postgres, and its major version.
// want is the major version that the data were made by, 0 for none yet.
func binaries(want int) (dir string, major int, err error) {
	found := map[int]string{}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, p := range debian {
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p)))); err == nil {
			found[v] = filepath.Dir(p)
		}
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real // initdb stands beside the real file
		}
		if v := versionOf(p); v != 0 && found[v] == "" {
			found[v] = filepath.Dir(p)
		}
	}
	for v, d := range found {
		if _, err := os.Stat(filepath.Join(d, "initdb")); err != nil {
			delete(found, v)
		}
		major = max(major, v)
	}
	switch {
	case len(found) == 0:
		return "", 0, ErrNotInstalled
	case want == 0:
		return found[major], major, nil
	case found[want] != "":
		return found[want], want, nil
	}
	return "", 0, fmt.Errorf("the data are of PostgreSQL %d, installed is %d: apt-get install postgresql-%d, or move the data with pg_dump", want, major, want)
}

// versionOf asks a postgres binary for its major version; 0 if it does not say.
func versionOf(postgres string) int {
	out, err := exec.Command(postgres, "--version").Output()
	words := strings.Fields(string(out)) // postgres (PostgreSQL) 15.18 (Debian …)
	if err != nil || len(words) < 3 {
		return 0
	}
	major, _, _ := strings.Cut(words[2], ".")
	v, _ := strconv.Atoi(major)
	return v
}

// identity is whom the server runs as.
type identity struct {
	name     string
	uid, gid int
	drop     bool // this process is root and must change to it
}

// runAs chooses the user. PostgreSQL refuses to run as root, so root steps down.
func runAs(name string) (identity, error) {
	if os.Geteuid() != 0 {
		u, err := user.Current()
		if err != nil {
			return identity{}, fmt.Errorf("start PostgreSQL: %w", err)
		}
		if name != "" && name != u.Username {
			return identity{}, fmt.Errorf("start PostgreSQL: only root can run it as user %s, this is %s", name, u.Username)
		}
		return identity{name: u.Username, uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	candidates := []string{"complaintsd", "postgres", "nobody"}
	if name != "" {
		candidates = []string{name}
	}
	for _, n := range candidates {
		u, err := user.Lookup(n)
		if err != nil {
			continue
		}
		id := identity{name: n, drop: true}
		id.uid, _ = strconv.Atoi(u.Uid)
		id.gid, _ = strconv.Atoi(u.Gid)
		if id.uid == 0 {
			return identity{}, errors.New("start PostgreSQL: it never runs as root, name another user")
		}
		return id, nil
	}
	return identity{}, fmt.Errorf("start PostgreSQL: no user %s: adduser --system --group %s", strings.Join(candidates, ", "), candidates[0])
}

// attr starts a child in a session of its own (Ctrl-C at the terminal is for
// the daemon, which then stops the server in order) and as the right user.
func (id identity) attr() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	if id.drop {
		a.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid), Groups: []uint32{uint32(id.gid)}}
	}
	return a
}

// own gives one file or folder to the user.
func (id identity) own(path string) error {
	if !id.drop {
		return nil
	}
	return os.Chown(path, id.uid, id.gid)
}

// reach checks that the user can enter every folder above path. initdb would
// only say "Permission denied", and of which folder it would not say.
func (id identity) reach(path string) error {
	if !id.drop {
		return nil
	}
	for d := filepath.Dir(path); ; d = filepath.Dir(d) {
		var st syscall.Stat_t
		if err := syscall.Stat(d, &st); err != nil {
			return fmt.Errorf("start PostgreSQL: stat %s: %w", d, err)
		}
		bit := uint32(0o001)
		if int(st.Uid) == id.uid {
			bit = 0o100
		} else if int(st.Gid) == id.gid {
			bit = 0o010
		}
		if st.Mode&bit == 0 {
			return fmt.Errorf("start PostgreSQL: user %s cannot enter %s: chmod o+x %s, or choose another folder", id.name, d, d)
		}
		if d == "/" {
			return nil
		}
	}
}

// environment is what a server process gets: nothing of ours that could change
// its behaviour (PGDATA, PGPORT, LC_MESSAGES …).
func environment() []string {
	return []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"}
}
