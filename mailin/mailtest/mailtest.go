// Package mailtest runs a real Postfix and a real Dovecot for tests, from the
// installed packages, with everything they write in a temporary folder. Nothing
// of the machine's own configuration is read or changed, nothing listens but on
// 127.0.0.1, and no mail leaves: an address outside the hosted domains bounces.
//
//  1. StartDovecot serves IMAP and LMTP for a list of addresses, every one with
//     the same Password, and reads delivered mails from the real maildirs.
//  2. StartPostfix receives on two ports and hands over to that Dovecot: MX is
//     where the world's mail comes in, Submission where authenticated users send.
//  3. Send, Append and Dovecot.Wait are what a person with a mail program does.
//  4. Faults: servers stop, freeze and start again; Postfix.Refuse; Proxy cuts,
//     stalls, slows and swallows; Script is an SMTP server that misbehaves as told.
//
// Servers end with their test, and with the test binary, however that ends.
//
// # Authentication-Results
//
// The MX port removes fields that claim to be from AuthservID in the usual
// spellings (any case, with a version number). Other spellings go through, as
// they do through real software: "mx.firm.example"; in quotes, a comment before
// it. The submission port removes the same and adds one field of its own:
//
//	Authentication-Results: mx.firm.example; auth=pass smtp.auth=li@firm.example
//
// A mail from the MX port with an envelope sender named in Options.Results gets
// a field with those results. In the maildir the order from the top is:
//
//	Return-Path: <li@firm.example>                     (Dovecot, LMTP)
//	Delivered-To: complaints+token@firm.example        (Dovecot, LMTP: the recipient with its detail)
//	Received: from mx.firm.example by imap.firm.example with LMTP … (Dovecot)
//	Authentication-Results: mx.firm.example; …         (Postfix)
//	Received: from … by mx.firm.example (Postfix) …    (Postfix)
//	the mail as it was sent, with every older field
//
// So the field to believe is the one that stands directly above the Received
// field of our own host; whatever stands below that Received field was brought
// along by the sender.
package mailtest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// What every account and server of the package has.
const (
	Password   = "correct-horse"   // of every Dovecot account
	AuthservID = "mx.firm.example" // host name of Postfix, and its authserv-id
	install    = "apt-get install --no-install-recommends dovecot-imapd dovecot-lmtpd postfix"
	deadline   = 20 * time.Second // for a server to start or to end
)

// Need skips the test where it cannot run: Dovecot or Postfix is missing, or
// this is not root, whom Postfix wants. With CI=true it fails instead.
func Need(t testing.TB) {
	t.Helper()
	for _, name := range []string{"dovecot", "postfix"} {
		if find(name) == "" {
			lack(t, name+" is not installed: "+install)
		}
	}
	if os.Geteuid() != 0 {
		lack(t, "Postfix runs only as root: run the tests as root")
	}
}

func lack(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// find looks for a server's program, also where a user's PATH does not.
func find(name string) string {
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	p := filepath.Join("/usr/sbin", name)
	if _, err := os.Stat(p); err == nil {
		return p
	}
	return ""
}

// folder makes a temporary folder with a short path, for sockets, which the
// servers' users can enter; t.TempDir is neither.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mt")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("MAILTEST_KEEP") != "" {
			t.Logf("kept: %s", dir)
			return
		}
		// A server that is ending may still make a file.
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("cannot remove %s", dir)
	})
	return dir
}

// freePort returns a port on 127.0.0.1 that nobody listens on, below the range
// from which the kernel takes ports for outgoing connections: it is still free
// when a stopped server starts again.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := "127.0.0.1:" + strconv.Itoa(10000+rand.IntN(20000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no free port on 127.0.0.1")
	return ""
}

// write puts a configuration file in its place.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ids returns the numbers of a system user.
func ids(t testing.TB, name string) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid
}

// process is a server in a session, and so a process group, of its own.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// run starts a server in the foreground, and waits until ready says so. What
// the server says is appended to the file log, and shown if it does not start.
func run(t testing.TB, log string, ready func() error, name string, args ...string) *process {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() { cmd.Wait(); close(p.done) }()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return p
		}
		select {
		case <-p.done:
			ctx = nil
		case <-ctx.Done():
			p.stop()
			ctx = nil
		case <-time.After(5 * time.Millisecond):
		}
		if ctx == nil {
			said, _ := os.ReadFile(log)
			t.Fatalf("%s does not start: %v\n%s", filepath.Base(name), err, said)
		}
	}
}

// stop ends the server and all its children, and waits for the end.
func (p *process) stop() {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		syscall.Kill(-p.cmd.Process.Pid, sig)
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGCONT) // a frozen one hears SIGTERM only then
		select {
		case <-p.done:
			// Children that did not end with their master.
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			return
		case <-time.After(deadline / 4):
		}
	}
	<-p.done
}

// greets returns a check that the server at addr sends its greeting; "" is
// content with a connection.
func greets(addr, greeting string) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		timer := time.AfterFunc(2*time.Second, func() { c.Close() })
		defer timer.Stop()
		b := make([]byte, len(greeting))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != greeting {
			return fmt.Errorf("greeting %q: %w", b, err)
		}
		return nil
	}
}

// endGroup is the will of a server: $1 is its process group, $2 its folder.
const endGroup = `kill -TERM -"$1"; sleep 0.5; kill -KILL -"$1"; rm -rf "$2"`
