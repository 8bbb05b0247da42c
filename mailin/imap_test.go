package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints/mailin/mailtest"
)

const imapUser = "complaints@firm.example"

// box is a private Dovecot with the desk's account.
type box struct {
	*mailtest.Dovecot
	t    testing.TB
	last int
}

func newBox(t testing.TB, without ...string) *box {
	t.Helper()
	return &box{Dovecot: mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{imapUser}, Without: without}), t: t}
}

// deliver appends mails of about size bytes, named "mail 1" and so on.
func (b *box) deliver(n, size int) (subjects []string) {
	b.t.Helper()
	c := mailtest.Dial(b.t, b.Dovecot, imapUser)
	defer c.Close()
	for range n {
		b.last++
		s := fmt.Sprintf("mail %d", b.last)
		subjects = append(subjects, s)
		raw := imapMail(s, size)
		cmd := c.Append("INBOX", int64(len(raw)), nil)
		cmd.Write(raw)
		cmd.Close()
		if _, err := cmd.Wait(); err != nil {
			b.t.Fatal(err)
		}
	}
	return subjects
}

func imapMail(subject string, size int) []byte {
	head := fmt.Sprintf("From: a@client.example\r\nTo: complaints@firm.example\r\nSubject: %s\r\n\r\n", subject)
	return []byte(head + strings.Repeat("0123456789abcdef0123456789abcdef0123456789abcdef0123456789\r\n", size/60+1))
}

func (b *box) holds(folder string) int { return len(b.Mails(imapUser, folder)) }

func (b *box) server() *Server {
	return &Server{Addr: b.IMAP, TLS: "none", User: imapUser, Password: func() (string, error) { return mailtest.Password, nil },
		Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine", Poll: 2 * time.Second, Progress: 2 * time.Second}
}

// remove is what another mail program does to a mail.
func (b *box) remove(uid imap.UID) {
	c := mailtest.Dial(b.t, b.Dovecot, imapUser)
	defer c.Close()
	c.Select("INBOX", nil).Wait()
	c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
	if err := c.UIDExpunge(imap.UIDSetNum(uid)).Close(); err != nil {
		b.t.Error(err)
	}
}

// watched is a Watch under test: what was handed over, and what it said.
type watched struct {
	t      testing.TB
	mu     sync.Mutex
	mails  []*Fetched
	states []string
	log    bytes.Buffer
	poison []*Fetched
	change chan struct{}
	take   func(f *Fetched) (Disposition, error) // may be nil
	point  func(string)
	stop   func()
}

func watch(t testing.TB, s *Server, d *watched) *watched {
	t.Helper()
	d.t, d.change = t, make(chan struct{}, 1)
	s.Log = slog.New(slog.NewTextHandler(locked{d, &d.log}, nil))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	take := func(ctx context.Context, f *Fetched) (Disposition, error) {
		disp, err := Processed, error(nil)
		if d.take != nil {
			disp, err = d.take(f)
		}
		if err == nil {
			d.note(func() { d.mails = append(d.mails, f) })
		}
		return disp, err
	}
	hooks := Hooks{
		State: func(mailbox string, ok bool, detail string) {
			d.note(func() { d.states = append(d.states, fmt.Sprintf("%v %s", ok, detail)) })
		},
		Poison: func(ctx context.Context, f *Fetched, err error) error {
			d.note(func() { d.poison = append(d.poison, f) })
			return nil
		},
		Point: d.point,
	}
	go func() { done <- s.Watch(ctx, take, hooks) }()
	d.stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Watch: %v", err)
			}
			done <- nil
		case <-time.After(5 * time.Second):
			t.Error("Watch did not end within 5 s")
		}
	}
	done2 := make(chan error, 1)
	go func(in chan error) { done2 <- <-in }(done)
	done = done2
	t.Cleanup(func() {
		d.stop()
		if t.Failed() {
			t.Logf("log:\n%s", d.logged())
		}
	})
	return d
}

type locked struct {
	d *watched
	w io.Writer
}

func (l locked) Write(p []byte) (int, error) {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	return l.w.Write(p)
}

func (d *watched) note(f func()) {
	d.mu.Lock()
	f()
	d.mu.Unlock()
	select {
	case d.change <- struct{}{}:
	default:
	}
}

func (d *watched) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// until waits for a condition on what the desk holds.
func (d *watched) until(what string, within time.Duration, ok func() bool) {
	d.t.Helper()
	timeout := time.After(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		d.mu.Lock()
		good := ok()
		d.mu.Unlock()
		if good {
			return
		}
		select {
		case <-d.change:
		case <-tick.C:
		case <-timeout:
			d.t.Fatalf("not within %v: %s (%d mails, states %q)", within, what, len(d.mails), d.states)
		}
	}
}

func (d *watched) has(n int) {
	d.t.Helper()
	d.until(fmt.Sprintf("%d mails", n), 15*time.Second, func() bool { return len(d.mails) >= n })
}

func (d *watched) subjects() (s []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.mails {
		s = append(s, subjectOf(m.Raw))
	}
	return s
}

func subjectOf(raw []byte) string {
	_, rest, _ := strings.Cut(string(raw), "Subject: ")
	s, _, _ := strings.Cut(rest, "\r\n")
	return s
}

func (b *box) settled(inbox, processed int) {
	b.t.Helper()
	var i, p int
	for range 250 {
		if i, p = b.holds("INBOX"), b.holds("Processed"); i == inbox && p == processed {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("INBOX holds %d, Processed %d; want %d and %d", i, p, inbox, processed)
}

func TestMailIsHandedOverOldestFirstAndMoved(t *testing.T) {
	b := newBox(t)
	want := b.deliver(120, 200)
	d := watch(t, b.server(), &watched{})
	d.has(120)
	b.settled(0, 120)
	if got := d.subjects(); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("order: %v", got)
	}
	m := d.mails[0]
	if !bytes.Equal(m.Raw, imapMail("mail 1", 200)) || m.Size != int64(len(m.Raw)) || m.Mailbox != "INBOX" || m.UID != 1 || m.UIDValidity == 0 || m.Internal.IsZero() {
		t.Errorf("first mail: %+v", m)
	}
	for _, m := range b.Mails(imapUser, "Processed") {
		if m.Flags != "" {
			t.Errorf("mail was marked: %s", m.Flags)
		}
	}
}

// A mail that arrives is handed over at once, though Dovecot keeps the news of
// IDLE back for 500 ms.
func TestLatency(t *testing.T) {
	for _, tc := range []struct {
		name  string
		quick time.Duration
		limit time.Duration
	}{{"quick", 0, 150 * time.Millisecond}, {"IDLE", -1, 900 * time.Millisecond}} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBox(t)
			s := b.server()
			s.Quick, s.Poll = tc.quick, time.Minute
			d := watch(t, s, &watched{})
			d.until("open", 5*time.Second, func() bool { return len(d.states) > 0 })
			best := time.Hour
			for i := range 5 {
				time.Sleep(100 * time.Millisecond)
				b.deliver(1, 2000)
				start := time.Now()
				d.has(i + 1)
				took := time.Since(start)
				t.Logf("handed over after %v", took)
				best = min(best, took)
			}
			if best > tc.limit { // the best of five: the machine may be busy
				t.Errorf("handed over after %v at best", best)
			}
			b.settled(0, 5)
		})
	}
}

// IDLE refused: polling does it.
func TestPolling(t *testing.T) {
	t.Parallel()
	b := newBox(t, "IDLE")
	s := b.server()
	s.Quick, s.Poll = -1, 200*time.Millisecond
	d := watch(t, s, &watched{})
	d.until("open", 5*time.Second, func() bool { return len(d.states) > 0 })
	b.deliver(3, 100)
	d.has(3)
	b.settled(0, 3)
}

// Servers without MOVE: copied and expunged alone. Without UIDPLUS as well
// nobody else's deleted mail may be expunged: it stays, marked.
func TestWithoutMove(t *testing.T) {
	t.Run("UIDPLUS", func(t *testing.T) {
		b := newBox(t, "MOVE")
		b.deliver(3, 100)
		var points []string
		d := watch(t, b.server(), &watched{point: func(p string) { points = append(points, p) }})
		d.has(3)
		b.settled(0, 3)
		d.stop()
		if got := strings.Join(points, " "); got != "fetched fetched fetched before-move copied" {
			t.Errorf("points: %s", got)
		}
	})
	t.Run("neither", func(t *testing.T) {
		b := newBox(t, "MOVE", "UIDPLUS", "ESEARCH")
		b.deliver(3, 100)
		c := mailtest.Dial(t, b.Dovecot, imapUser)
		defer c.Close()
		c.Select("INBOX", nil).Wait()
		if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			t.Fatal(err)
		}
		d := watch(t, b.server(), &watched{})
		d.has(3)
		b.deliver(1, 100)
		d.has(4)
		time.Sleep(200 * time.Millisecond)
		d.stop()
		b.settled(4, 0)
		again := watch(t, b.server(), &watched{})
		b.deliver(1, 100)
		again.has(1)
		if got := again.subjects(); got[0] != "mail 5" {
			t.Errorf("after a restart marked mail was read again: %v", got)
		}
	})
}

// What fails is put behind the others, tried three times, and quarantined.
func TestPoison(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(4, 100)
	var tries atomic.Int64
	d := watch(t, b.server(), &watched{take: func(f *Fetched) (Disposition, error) {
		switch f.UID {
		case 1:
			if tries.Add(1) == 2 {
				panic("at the second try")
			}
			return Keep, errors.New("cannot be read")
		case 3:
			return Quarantined, nil
		}
		return Processed, nil
	}})
	d.until("poison", 20*time.Second, func() bool { return len(d.poison) == 1 })
	if tries.Load() != 3 || d.poison[0].UID != 1 || d.poison[0].Raw == nil {
		t.Errorf("%d tries, poison: %+v", tries.Load(), d.poison[0])
	}
	b.settled(0, 2)
	if n := b.holds("Quarantine"); n != 2 {
		t.Errorf("Quarantine holds %d", n)
	}
}

// While the database is away the same mail is held, and nothing is counted.
func TestAway(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(2, 100)
	var calls atomic.Int64
	d := watch(t, b.server(), &watched{take: func(f *Fetched) (Disposition, error) {
		if calls.Add(1) <= 4 {
			return Keep, fmt.Errorf("begin: %w", ErrAway)
		}
		return Processed, nil
	}})
	d.has(2)
	b.settled(0, 2)
	if got := strings.Join(d.subjects(), ","); got != "mail 1,mail 2" || calls.Load() != 6 || len(d.poison) != 0 {
		t.Errorf("%d calls, order %s, poison %d", calls.Load(), got, len(d.poison))
	}
	if all := strings.Join(d.states, "|"); !strings.HasPrefix(all, "true |false mail cannot be recorded: begin: away|") || !strings.HasSuffix(all, "|true ") {
		t.Errorf("states: %s", all)
	}
}

func TestKeep(t *testing.T) {
	b := newBox(t)
	b.deliver(2, 100)
	s := b.server()
	s.ReadOnly = true
	d := watch(t, s, &watched{})
	d.has(2)
	b.deliver(1, 100)
	d.has(3)
	time.Sleep(300 * time.Millisecond)
	d.stop()
	b.settled(3, 0)
	if len(d.mails) != 3 {
		t.Errorf("handed over %d times", len(d.mails))
	}
}

func TestTooBig(t *testing.T) {
	b := newBox(t)
	b.deliver(1, 300_000)
	b.deliver(1, 100)
	s := b.server()
	s.Limit = 100_000
	d := watch(t, s, &watched{})
	d.has(2)
	b.settled(0, 2)
	if m := d.mails[0]; !m.TooBig || m.Size < 300_000 || !strings.HasSuffix(string(m.Raw), "Subject: mail 1\r\n\r\n") {
		t.Errorf("%v %d %q", m.TooBig, m.Size, m.Raw)
	}
	if m := d.mails[1]; m.TooBig || int64(len(m.Raw)) != m.Size {
		t.Errorf("%v %d", m.TooBig, m.Size)
	}
}

func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(2, 100)
	d := watch(t, b.server(), &watched{take: func(f *Fetched) (Disposition, error) { return Keep, nil }})
	d.has(2)
	b.Doveadm("mailbox", "update", "-u", imapUser, "--uid-validity", "99", "INBOX")
	b.deliver(1, 100)
	d.until("all mails again", 15*time.Second, func() bool { return len(d.mails) >= 5 })
	d.stop()
	if len(d.mails) != 5 {
		t.Errorf("handed over %d times", len(d.mails))
	}
	for _, m := range d.mails[2:] {
		if m.UIDValidity != 99 {
			t.Errorf("uid %d under UIDVALIDITY %d", m.UID, m.UIDValidity)
		}
	}
}

func TestWrongPasswordThenRightOne(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(1, 100)
	s := b.server()
	s.Progress = 10 * time.Second // Dovecot delays the refusal
	var logins atomic.Int64
	s.Password = func() (string, error) {
		if logins.Add(1) == 1 {
			return "old", nil
		}
		return mailtest.Password, nil
	}
	d := watch(t, s, &watched{})
	d.has(1)
	if got := d.states[0]; !strings.HasPrefix(got, "false the mailbox cannot be read: login as complaints@firm.example: imap: NO [AUTHENTICATIONFAILED]") {
		t.Errorf("state: %s", got)
	}
	if strings.Contains(d.logged(), "old") {
		t.Error("the password is logged")
	}
}

func TestServerAwayForTwoSeconds(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	d := watch(t, b.server(), &watched{})
	b.deliver(1, 100)
	d.has(1)
	b.Stop()
	time.Sleep(2 * time.Second)
	b.Start()
	b.deliver(1, 100)
	d.has(2)
	b.settled(0, 2)
}

// A mail that a person removes while it is in work is left out; the others go on.
func TestExpungedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(3, 100)
	d := watch(t, b.server(), &watched{take: func(f *Fetched) (Disposition, error) {
		if f.UID == 1 {
			b.remove(1) // before it is moved
		}
		return Processed, nil
	}})
	d.has(3)
	b.settled(0, 2)
	b.deliver(1, 100)
	d.has(4)
	b.settled(0, 3)
}

// SIGSTOP of the server while a mail is awaited: given up after Progress.
func TestStall(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	s := b.server()
	s.Progress = 500 * time.Millisecond
	d := watch(t, s, &watched{})
	b.deliver(1, 100)
	d.has(1)
	b.Signal(syscall.SIGSTOP)
	d.until("stall", 10*time.Second, func() bool { return strings.Contains(strings.Join(d.states, "|"), "no byte for 500ms") })
	b.Signal(syscall.SIGCONT)
	b.deliver(1, 100)
	d.has(2)
}
