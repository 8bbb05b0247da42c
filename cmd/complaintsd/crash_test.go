package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"complaints/cmd/complaintsd/config"
	"complaints/mailin/mailtest"
	"complaints/store"
	"complaints/store/cluster/clustertest"
)

// crashingDaemon is the real daemon, which sends itself SIGKILL the first time
// it comes to a point.
func crashingDaemon(point string) {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	cfg, err := config.Load(os.Getenv("COMPLAINTSD_CONFIG"))
	must(err)
	k, err := openDesk(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	must(err)
	must(k.importRegister(ctx))
	k.point = func(name string) {
		if name == point {
			must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
			select {}
		}
	}
	d, err := k.daemon(nil)
	must(err)
	must(d.Run(ctx))
	os.Exit(0)
}

// station is the daemon as a process of its own between real servers.
type station struct {
	world
	url    string // of the database
	dir    string
	config string
	proc   *exec.Cmd
	log    *output
}

// output is what a process says, which may be read while it speaks.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String gives the last hundred lines; of no process it is empty.
func (o *output) String() string {
	if o == nil {
		return ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.Split(o.b.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-100):], "\n")
}

// has reports whether something was said.
func (o *output) has(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.b.Bytes(), []byte(text))
}

// site is what a station has beside the usual.
type site struct {
	url     string   // of an empty database; "" is one of the shared cluster
	clients int      // c1@client.example and so on
	alone   []string // of the staff: each has a command folder
	journal string   // how long a mail in doubt waits for its blind copy; "" is no journal
}

// journalAddr is delivered into a folder of the desk's mailbox.
const journalAddr = "journal@firm.example"

func newStation(t testing.TB) *station {
	t.Helper()
	return stationOn(t, site{})
}

// stationOn makes a station whose daemon does not run yet.
func stationOn(t testing.TB, at site) *station {
	t.Helper()
	mailtest.Need(t)
	if at.url == "" {
		at.url = clustertest.URL(t)
	}
	s := &station{world: world{t: t, alone: at.alone}, url: at.url, dir: t.TempDir()}
	o := mailtest.DovecotOptions{Users: []string{deskAddr, "zhou@firm.example", "marsh@firm.example", "hart@client.example"}, Alone: at.alone}
	for n := range at.clients {
		o.Users = append(o.Users, client(n+1))
	}
	more := ""
	if at.journal != "" {
		o.Into = map[string]string{journalAddr: deskAddr + "/Journal"}
		more = fmt.Sprintf("journal = %q\njournal_wait = %q\n", journalAddr, at.journal)
	}
	s.dovecot = mailtest.StartDovecot(t, o)
	s.postfix = mailtest.StartPostfix(t, s.dovecot, mailtest.PostfixOptions{})
	ctx := context.Background()
	db, err := store.Open(ctx, at.url, quiet())
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s.db = db
	s.write("password", mailtest.Password+"\n")
	s.write("staff.csv", "address,name,department,role,manager,active,licence\nzhou@firm.example,Grace Zhou,Client Services,officer,,yes,\nmarsh@firm.example,Peter Marsh,Client Services,head+chair,,yes,\n")
	s.config = s.configure("complaintsd", s.dovecot.IMAP, s.postfix.Submission, more)
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	return s
}

func client(n int) string { return fmt.Sprintf("c%d@client.example", n) }

func (s *station) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// configure writes a configuration with a state folder of its own. submission
// is more of that table.
func (s *station) configure(name, imap, smtp, submission string) (path string) {
	s.t.Helper()
	journal := ""
	if submission != "" {
		journal = "journal = \"Journal\"\n"
	}
	if s.alone != nil {
		journal += "commands = \"Commands/%u\"\n"
	}
	return s.write(name+".toml", fmt.Sprintf(`language = "en"
timezone = "Asia/Shanghai"
state_dir = %q
[firm]
name = "明律律师事务所"
name_en = "Minglü Law Firm"
short = "明"
address = "18 Wanghe Road, Chaoyang, Beijing"
postcode = "100020"
phone = "010-5550 1234"
email = "complaints@firm.example"
[mailbox]
server = %q
tls = "none"
user = "complaints@firm.example"
password_file = "password"
poll = "1s"
%s[submission]
server = %q
tls = "none"
user = "complaints@firm.example"
password_file = "password"
from = "complaints@firm.example"
%s[database]
url = %q
[staff]
register = "staff.csv"
security = "marsh@firm.example"
[authentication]
authserv_id = "mx.firm.example"
position = 1
dkim = false
[policy]
automatic_per_hour = 100000
[[external_route]]
name = "北京市律师协会"
name_en = "Beijing Lawyers Association"
for = "执业纪律"
for_en = "professional conduct"
contact = "010-5550 0001"
`, filepath.Join(s.dir, "state-"+name), imap, journal, smtp, submission, s.url))
}

// run starts the daemon; at the named point it kills itself, "" never.
func (s *station) run(point string) {
	s.t.Helper()
	if point == "" {
		point = "never"
	}
	s.proc, s.log = s.spawn(nil, "COMPLAINTSD_CRASH="+point, "COMPLAINTSD_CONFIG="+s.config)
}

// serve runs the daemon as it is installed.
func (s *station) serve() {
	s.t.Helper()
	s.proc, s.log = s.spawn([]string{"serve", "-config", s.config}, "COMPLAINTSD_RUN=1")
}

// spawn starts this test binary as another program.
func (s *station) spawn(args []string, env ...string) (*exec.Cmd, *output) {
	s.t.Helper()
	log := &output{}
	proc := exec.Command(os.Args[0], args...)
	proc.Env = append(os.Environ(), env...)
	proc.Stderr = log
	if err := proc.Start(); err != nil {
		s.t.Fatal(err)
	}
	return proc, log
}

// died waits until the daemon has killed itself.
func (s *station) died() {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.proc.Wait() }()
	select {
	case <-done:
		if ws, ok := s.proc.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
			s.t.Fatalf("the daemon ended with %v, not by its own hand:\n%s", s.proc.ProcessState, s.log)
		}
	case <-time.After(30 * time.Second):
		s.t.Fatalf("the daemon did not come to the point:\n%s", s.log)
	}
	s.proc = nil
}

func (s *station) stop(sig syscall.Signal) {
	if s.proc == nil {
		return
	}
	_ = s.proc.Process.Signal(sig)
	_ = s.proc.Wait()
	s.proc = nil
}

// complain sends one complaint from the client.
func (s *station) complain(n int) {
	s.t.Helper()
	s.complainFrom("hart@client.example", n)
}

func (s *station) complainFrom(from string, n int) {
	s.t.Helper()
	if err := s.Send(context.Background(), from, false, deskAddr, complaint(from, n)); err != nil {
		s.t.Fatal(err)
	}
}

func complaint(from string, n int) []byte {
	return fmt.Appendf(nil, "From: Jane Hart <%s>\r\nTo: complaints@firm.example\r\nSubject: Complaint %d\r\nMessage-ID: <c%d@client.example>\r\n"+
		"Date: Tue, 24 Nov 2026 09:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nMy lawyer did not come to the hearing, number %d.\r\n", from, n, n, n)
}

// acknowledgements counts the letters in the client's real maildir.
func (s *station) acknowledgements() int { return s.acknowledged("hart@client.example") }

func (s *station) acknowledged(addr string) int {
	n := 0
	for _, m := range s.dovecot.Mails(addr, "INBOX") {
		if bytes.Contains(m.Raw, []byte("application/pdf")) {
			n++
		}
	}
	return n
}

func (s *station) outbox(ctx context.Context, state store.MailState) []*store.Outgoing {
	s.t.Helper()
	list, err := s.db.Outbox(ctx, store.OutboxFilter{State: state})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// SIGTERM ends the daemon cleanly while mail is on its way, and the next one
// goes on.
func TestStoppedInTheMiddle(t *testing.T) {
	s := newStation(t)
	ctx := context.Background()
	cmd := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "serve", "-config", s.config)
		c.Env = append(os.Environ(), "COMPLAINTSD_RUN=1")
		s.log = &output{}
		c.Stderr = s.log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for n := 1; n <= 6; n++ {
		c := cmd()
		for i := range 3 {
			s.complain(n*10 + i)
		}
		time.Sleep(time.Duration(n) * 150 * time.Millisecond)
		_ = c.Process.Signal(syscall.SIGTERM)
		// Before its first word the process has not yet come so far as to listen
		// to signals, and ends as any process does.
		if err := c.Wait(); err != nil && s.log.String() != "" {
			t.Fatalf("the daemon ended with %v:\n%s", err, s.log)
		}
	}
	s.proc = cmd()
	if err := s.Settle(ctx); err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	rows, err := s.db.Rows(ctx, allCases)
	if err != nil || len(rows) != 18 {
		t.Errorf("%d cases, %v", len(rows), err)
	}
	if list := s.outbox(ctx, store.InDoubt); len(list) > 0 {
		t.Errorf("a clean stop left %d mails in doubt", len(list))
	}
	s.oracle(ctx)
}
