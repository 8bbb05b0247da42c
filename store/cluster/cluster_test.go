package cluster

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start starts a cluster below the test's own folder, which PostgreSQL's user
// can enter, and closes it at the end.
func start(t *testing.T, opt Options) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := Start(ctx, opt)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// folder is a place for a cluster that its user can reach, unlike t.TempDir.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "pg")
}

// note writes a row, notes reads how many there are.
func note(t *testing.T, c *Cluster) {
	t.Helper()
	query(t, c, "create table if not exists note (n int)", "insert into note values (1)")
}

func notes(t *testing.T, c *Cluster) (n int) {
	t.Helper()
	db := open(t, c)
	if err := db.QueryRow("select count(*) from note").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t *testing.T, c *Cluster) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func query(t *testing.T, c *Cluster, statements ...string) {
	t.Helper()
	db := open(t, c)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func setting(t *testing.T, c *Cluster, name string) (v string) {
	t.Helper()
	if err := open(t, c).QueryRow("select current_setting($1)", name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDurableClusterThroughStopCrashAndAdoption(t *testing.T) {
	dir := folder(t)
	c := start(t, Options{Dir: dir})
	for name, want := range map[string]string{
		"listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"server_encoding": "UTF8", "data_checksums": "on", "unix_socket_permissions": "0700",
	} {
		if got := setting(t, c, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	var st syscall.Stat_t
	if err := syscall.Stat(fmt.Sprintf("/proc/%d", c.Pid()), &st); err != nil || st.Uid == 0 {
		t.Errorf("the server runs as uid %d (%v)", st.Uid, err)
	}
	for _, d := range []string{dir, filepath.Dir(socketOf(c))} {
		if fi, err := os.Stat(d); err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("%s is open to others: %v %v", d, fi.Mode(), err)
		}
	}
	note(t, c)

	t.Run("stopped and started", func(t *testing.T) {
		if err := c.Stop(Fast); err != nil {
			t.Fatal(err)
		}
		if c.Pid() != 0 {
			t.Error("still there")
		}
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := notes(t, c); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
	t.Run("killed with its children in place", func(t *testing.T) {
		note(t, c)
		if err := syscall.Kill(c.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-c.server.done
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := notes(t, c); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
	t.Run("adopted by a second daemon", func(t *testing.T) {
		second := start(t, Options{Dir: dir})
		if second.Pid() != c.Pid() {
			t.Fatalf("pid %d, want %d", second.Pid(), c.Pid())
		}
		if n := notes(t, second); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if err := second.Stop(Immediate); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c.server.done:
		case <-time.After(5 * time.Second):
			t.Error("the adopted server did not end")
		}
	})
	t.Run("number of the killed server taken by another process", func(t *testing.T) {
		stranger := exec.Command("/bin/sleep", "60")
		stranger.SysProcAttr = c.as.attr()
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		defer stranger.Wait()
		defer stranger.Process.Kill()
		pidfile := filepath.Join(c.data(), "postmaster.pid")
		lines := strings.Repeat("x\n", 6)
		if err := os.WriteFile(pidfile, []byte(strconv.Itoa(stranger.Process.Pid)+"\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.as.own(pidfile); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := notes(t, c); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
	t.Run("of another version", func(t *testing.T) {
		if err := c.Stop(Fast); err != nil {
			t.Fatal(err)
		}
		version := filepath.Join(c.data(), "PG_VERSION")
		was, err := os.ReadFile(version)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err = c.Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the data are of PostgreSQL 9") || !strings.Contains(err.Error(), "apt-get install postgresql-9") {
			t.Errorf("error %v", err)
		}
		if err := os.WriteFile(version, was, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

func socketOf(c *Cluster) string { return filepath.Join(c.socket, ".s.PGSQL.5432") }

func TestEphemeralClusterIsReplacedByADurableOne(t *testing.T) {
	dir := folder(t)
	c := start(t, Options{Dir: dir, Ephemeral: true})
	if got := setting(t, c, "fsync"); got != "off" {
		t.Errorf("fsync = %s", got)
	}
	if got := setting(t, c, "synchronous_commit"); got != "on" {
		t.Errorf("synchronous_commit = %s: an immediate stop would lose commits", got)
	}
	note(t, c)
	durable := start(t, Options{Dir: dir})
	if got := setting(t, durable, "fsync"); got != "on" {
		t.Errorf("the adopted server has fsync = %s", got)
	}
	if n := notes(t, durable); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestPathTooLongForASocket(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("a long name, with 'quotes' ", 6))
	c := start(t, Options{Dir: dir, Ephemeral: true})
	note(t, c)
	short := c.socket
	if len(socketOf(c)) > 107 || strings.HasPrefix(short, dir) {
		t.Errorf("socket %s", socketOf(c))
	}
	if err := c.Stop(Fast); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(short); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the socket is left: %v", err)
	}
}

func TestRunStartsAgainWhatEnded(t *testing.T) {
	var log bytes.Buffer
	c := start(t, Options{Ephemeral: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	was := c.Pid()
	if err := syscall.Kill(was, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if pid := c.Pid(); pid != 0 && pid != was {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	note(t, c)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "starting it again") {
		t.Errorf("log: %s", log.String())
	}
}

func TestDatabases(t *testing.T) {
	c := start(t, Options{Ephemeral: true})
	ctx := t.Context()
	odd := `it's "odd"\`
	for range 2 { // the second time they exist
		if err := c.CreateDB(ctx, "template"); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateFromTemplate(ctx, odd, "template"); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("postgres", c.URL(odd))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name string
	if err := db.QueryRow("select current_database()").Scan(&name); err != nil || name != odd {
		t.Errorf("%q, %v", name, err)
	}
	if err := c.DropDB(ctx, odd); err != nil {
		t.Error(err)
	}
	if err := c.CreateFromTemplate(ctx, "copy", "missing"); err == nil || !strings.Contains(err.Error(), "create database copy") {
		t.Errorf("error %v", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	if _, err := runAs("no-such-user"); err == nil {
		t.Error("a user that does not exist is taken")
	}
	if os.Geteuid() != 0 {
		t.Skip("the rest wants root")
	}
	locked := t.TempDir()
	if err := os.Chmod(locked, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: filepath.Join(locked, "pg"), Ephemeral: true})
	if err == nil || !strings.Contains(err.Error(), "cannot enter "+locked) {
		t.Errorf("error %v", err)
	}
	if _, err := runAs("root"); err == nil {
		t.Error("runs as root")
	}
}

// TestMain lets the test binary be the process that dies: see below.
func TestMain(m *testing.M) {
	if os.Getenv("CLUSTER_TEST_DIES") == "" {
		os.Exit(m.Run())
	}
	c, err := Start(context.Background(), Options{Ephemeral: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.dir, c.Pid())
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func TestEphemeralClusterEndsWithItsProcess(t *testing.T) {
	start(t, Options{Ephemeral: true}).Close() // skips where there is no PostgreSQL
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLUSTER_TEST_DIES=1")
	out, err := cmd.Output()
	var dir string
	var pid int
	if _, scan := fmt.Sscan(string(out), &dir, &pid); scan != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for range 200 {
		_, there := os.Stat(dir)
		if errors.Is(there, os.ErrNotExist) && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("server %d or folder %s are left behind", pid, dir)
}
