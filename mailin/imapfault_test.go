package mailin

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"pgregory.net/rapid"

	"complaints/mailin/mailtest"
)

// bodyAt returns how many bytes the server sends on a fresh connection of Watch
// before the text, and how many until the end.
func bodyAt(t *testing.T, b *box, text string) (before, all int) {
	t.Helper()
	var seen bytes.Buffer
	s := b.server()
	s.Addr = spoiled(t, b.IMAP, func(p []byte) []byte { seen.Write(p); return p })
	s.ReadOnly, s.Quick = true, -1
	if err := s.Once(context.Background(), func(context.Context, *Fetched) (Disposition, error) { return Keep, nil }); err != nil {
		t.Fatal(err)
	}
	return strings.Index(seen.String(), text), seen.Len()
}

// spoiled is a proxy that changes what the server says.
func spoiled(t testing.TB, target string, change func([]byte) []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", target)
			if err != nil {
				c.Close()
				continue
			}
			go func() { io.Copy(s, c); s.Close() }()
			go func() {
				defer c.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := s.Read(buf)
					if err != nil {
						return
					}
					c.Write(change(buf[:n]))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// What go-imap does by itself when the connection ends inside a literal: a
// short mail and no error. This is why read compares lengths.
func TestLibraryTakesAShortLiteralForWhole(t *testing.T) {
	b := newBox(t)
	b.deliver(1, 200_000)
	p := mailtest.StartProxy(t, b.IMAP)
	p.Inject(mailtest.Fault{Do: mailtest.Cut, After: 100_000})
	c, err := imapclient.DialInsecure(p.Addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(imapUser, mailtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	cmd := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	msg := cmd.Next()
	for item := msg.Next(); item != nil; item = msg.Next() {
		if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
			raw, err := io.ReadAll(body.Literal)
			if err != nil || int64(len(raw)) == body.Literal.Size() {
				t.Skipf("the library has been mended: %d of %d bytes, %v", len(raw), body.Literal.Size(), err)
			}
			break // Next would read on beside the library's own reader, which is a data race
		}
	}
	<-c.Closed()
}

// The connection is cut at every sixteenth of the mail: nothing short is ever
// handed over, and the mail comes in the end.
func TestCutInsideAMail(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(1, 100_000)
	want := imapMail("mail 1", 100_000)
	before, _ := bodyAt(t, b, "From: a@client.example")
	p := mailtest.StartProxy(t, b.IMAP)
	for i := range 16 {
		p.Inject(mailtest.Fault{Do: mailtest.Cut, After: before + i*len(want)/16, Times: 1})
		s := b.server()
		s.Addr, s.ReadOnly, s.Pause = p.Addr, true, 10*time.Millisecond
		d := watch(t, s, &watched{})
		d.has(1)
		d.stop()
		if !bytes.Equal(d.mails[0].Raw, want) || len(d.mails) != 1 || p.Struck() != i+1 {
			t.Fatalf("cut %d: %d mails, %d of %d bytes, struck %d", i, len(d.mails), len(d.mails[0].Raw), len(want), p.Struck())
		}
		if i > 0 && !strings.Contains(d.logged(), "short literal") {
			t.Errorf("cut %d is not in the log", i)
		}
	}
}

// A mail on which the connection breaks each time does not stop the others.
func TestMailThatBreaksTheConnection(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(1, 3000)
	p := mailtest.StartProxy(t, b.IMAP)
	p.Inject(mailtest.Fault{Do: mailtest.Cut, At: "Subject: mail 1\r\n"})
	b.deliver(3, 3000)
	s := b.server()
	s.Addr, s.Pause = p.Addr, 5*time.Millisecond
	d := watch(t, s, &watched{})
	d.has(3)
	d.until("poison", 15*time.Second, func() bool { return len(d.poison) > 0 })
	b.settled(0, 3)
	if got := strings.Join(d.subjects(), ","); got != "mail 2,mail 3,mail 4" || b.holds("Quarantine") != 1 || d.poison[0].Raw != nil {
		t.Errorf("%s, %d in quarantine", got, b.holds("Quarantine"))
	}
}

// A stall inside a literal is given up after Progress; a slow line is not.
func TestStallAndSlowness(t *testing.T) {
	b := newBox(t)
	b.deliver(1, 300_000)
	p := mailtest.StartProxy(t, b.IMAP)
	p.Inject(mailtest.Fault{Do: mailtest.Stall, After: 100_000, Times: 1})
	s := b.server()
	s.Addr, s.Pause, s.Progress = p.Addr, 10*time.Millisecond, time.Second
	d := watch(t, s, &watched{})
	d.until("stall", 5*time.Second, func() bool { return strings.Contains(strings.Join(d.states, "|"), "no byte for 1s") })
	d.has(1)
	b.settled(0, 1)
	d.stop()

	b.deliver(1, 300_000)
	p.Heal()
	p.Speed(120_000) // 2.5 s for the mail, well above Progress
	d = watch(t, s, &watched{})
	d.has(1)
	for _, state := range d.states {
		if strings.HasPrefix(state, "false") {
			t.Errorf("state: %s", state)
		}
	}
}

// A server that estimates RFC822.SIZE is believed when two fetches agree.
func TestWrongSize(t *testing.T) {
	b := newBox(t)
	b.deliver(3, 500)
	size := regexp.MustCompile(`RFC822\.SIZE \d+`)
	s := b.server()
	s.Addr = spoiled(t, b.IMAP, func(p []byte) []byte { return size.ReplaceAll(p, []byte("RFC822.SIZE 999")) })
	s.Pause = 10 * time.Millisecond
	d := watch(t, s, &watched{})
	d.has(3)
	b.settled(0, 3)
	if m := d.mails[0]; !bytes.Equal(m.Raw, imapMail("mail 1", 500)) || m.Size != int64(len(m.Raw)) || len(d.poison) > 0 {
		t.Errorf("%d bytes, size %d, poison %d", len(m.Raw), m.Size, len(d.poison))
	}
}

// A response that names the UID behind the body gets lost in go-imap without an
// error: the mail is missed, and in the end quarantined, never forgotten.
func TestUIDBehindTheBody(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(1, 500)
	s := b.server()
	s.Addr = spoiled(t, b.IMAP, func(p []byte) []byte {
		if bytes.Contains(p, []byte("(UID 1 ")) && bytes.Contains(p, []byte("BODY[]")) {
			p = bytes.Replace(p, []byte("(UID 1 "), []byte("("), 1)
			p = bytes.Replace(p, []byte("\n)\r\n"), []byte("\n UID 1)\r\n"), 1)
		}
		return p
	})
	s.Pause = 10 * time.Millisecond
	d := watch(t, s, &watched{})
	d.until("poison", 15*time.Second, func() bool { return len(d.poison) == 1 })
	b.settled(0, 0)
	if b.holds("Quarantine") != 1 || len(d.mails) != 0 {
		t.Errorf("%d mails, %d in quarantine", len(d.mails), b.holds("Quarantine"))
	}
}

// If mail cannot be moved it is handed over once all the same, and moved later.
func TestMoveIsRefused(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.deliver(2, 100)
	p := spoiled(t, b.IMAP, func(p []byte) []byte { return p })
	s := b.server()
	s.Addr, s.Pause, s.Processed = p, 100*time.Millisecond, "in//valid"
	d := watch(t, s, &watched{})
	d.until("sick", 5*time.Second, func() bool {
		return strings.Contains(strings.Join(d.states, "|"), "false mail is recorded but cannot be moved: move to in//valid: imap: NO")
	})
	b.deliver(1, 100)
	d.has(3)
	time.Sleep(700 * time.Millisecond)
	d.stop()
	b.settled(3, 0)
	if len(d.mails) != 3 {
		t.Errorf("handed over %d times", len(d.mails))
	}
}

// TLS: no fallback, and one clear sentence for what is wrong.
func TestTLS(t *testing.T) {
	good := mailtest.NewCertificate(t, "127.0.0.1", false)
	for _, tc := range []struct {
		name, mode string
		cert       *mailtest.Certificate
		want       string // in the state; "" if mail comes
	}{
		{"implicit", "implicit", good, ""},
		{"starttls", "starttls", good, ""},
		{"expired", "implicit", mailtest.NewCertificate(t, "127.0.0.1", true), "TLS: tls: failed to verify certificate: x509: certificate has expired"},
		{"other name", "starttls", mailtest.NewCertificate(t, "imap.other.example", false), "STARTTLS: tls: failed to verify certificate: x509"},
		{"no starttls", "starttls", nil, "STARTTLS: imap: BAD"},
		{"no such mode", "maybe", nil, `tls = "maybe"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := &box{Dovecot: mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{imapUser}, TLS: tc.cert}), t: t}
			b.deliver(1, 100)
			s := b.server()
			s.TLS = tc.mode
			if tc.mode == "implicit" {
				s.Addr = b.IMAPS
			}
			if tc.cert != nil {
				s.TLSConfig = &tls.Config{RootCAs: tc.cert.Pool()}
			}
			d := watch(t, s, &watched{})
			if tc.want == "" {
				d.has(1)
				return
			}
			d.until("state", 5*time.Second, func() bool { return len(d.states) > 0 })
			if !strings.Contains(d.states[0], tc.want) {
				t.Errorf("state: %s", d.states[0])
			}
			time.Sleep(100 * time.Millisecond)
			if d.stop(); len(d.mails) > 0 {
				t.Error("mail came")
			}
		})
	}
}

// With 2,000 mails waiting, a mail of now does not wait for all of them, and
// memory does not grow with the backlog.
func TestBacklog(t *testing.T) {
	b := newBox(t)
	b.deliver(2000, 4000)
	var handed, fresh atomic.Int64
	release := make(chan struct{})
	d := watch(t, b.server(), &watched{take: func(f *Fetched) (Disposition, error) {
		n := handed.Add(1)
		if n == 100 {
			<-release
		}
		if f.UID > 2000 {
			fresh.CompareAndSwap(0, n)
		}
		return Processed, nil
	}})
	d.until("100 mails", 15*time.Second, func() bool { return handed.Load() == 100 })
	b.deliver(1, 100)
	close(release)
	d.until("all", 60*time.Second, func() bool { return len(d.mails) == 2001 })
	b.settled(0, 2001)
	if n := fresh.Load(); n > 500 {
		t.Errorf("the mail of now came as number %d", n)
	} else {
		t.Logf("the mail of now came as number %d", n)
	}
	seen := map[uint32]bool{}
	for _, m := range d.mails {
		if seen[m.UID] {
			t.Errorf("uid %d twice", m.UID)
		}
		seen[m.UID] = true
	}
}

// The journal is watched beside the inbox; both go to Processed.
// The folder of blind copies is watched beside the inbox, and made if there is
// none.
func TestJournal(t *testing.T) {
	b := newBox(t)
	s := b.server()
	s.Journal = "Journal"
	d := watch(t, s, &watched{})
	d.until("both open", 5*time.Second, func() bool { return len(d.states) == 2 })
	mailtest.Append(t, b.Dovecot, imapUser, "Journal", imapMail("copy", 100))
	d.has(1)
	b.deliver(1, 100)
	d.has(2)
	b.settled(0, 2)
	if d.mails[0].Mailbox != "Journal" || d.mails[1].Mailbox != "INBOX" {
		t.Errorf("mailboxes %s, %s", d.mails[0].Mailbox, d.mails[1].Mailbox)
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (set imap.UIDSet, in map[imap.UID]bool) {
			in = map[imap.UID]bool{}
			for _, n := range rapid.SliceOf(rapid.Uint32Range(1, 40)).Draw(t, name) {
				set.AddNum(imap.UID(n))
				in[imap.UID(n)] = true
			}
			return set, in
		}
		a, inA := draw("a")
		b, inB := draw("b")
		rest := without(a, b)
		for n := imap.UID(1); n <= 40; n++ {
			if rest.Contains(n) != (inA[n] && !inB[n]) {
				t.Fatalf("%v without %v is %v", a, b, rest)
			}
		}
		want, _ := rest.Nums()
		n := rapid.IntRange(0, 10).Draw(t, "n")
		if all := count(rest); all != len(want) {
			t.Fatalf("count %d of %v", all, rest)
		}
		if got := pop(&rest, n); !slices.Equal(got, want[:min(n, len(want))]) || count(rest) != len(want)-len(got) {
			t.Fatalf("pop %d of %v gives %v", n, want, got)
		}
	})
}

func TestOnce(t *testing.T) {
	b := newBox(t)
	b.deliver(3, 100)
	s := b.server()
	s.ReadOnly = true
	n := 0
	err := s.Once(context.Background(), func(context.Context, *Fetched) (Disposition, error) { n++; return Keep, nil })
	if n != 3 || err != nil {
		t.Errorf("%d mails, %v", n, err)
	}
	bad := errors.New("no")
	err = s.Once(context.Background(), func(context.Context, *Fetched) (Disposition, error) { return Keep, fmt.Errorf("take: %w", bad) })
	if !errors.Is(err, bad) {
		t.Errorf("error: %v", err)
	}
	s.Folder = "Nowhere"
	if err := s.Once(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "open Nowhere: imap: NO") {
		t.Errorf("error: %v", err)
	}
}

// Fetching and moving mails of 20 kB.
func BenchmarkWatch(b *testing.B) {
	d := newBox(b)
	d.deliver(b.N, 20_000)
	var handed atomic.Int64
	var peak uint64
	b.ResetTimer()
	w := watch(b, d.server(), &watched{take: func(f *Fetched) (Disposition, error) {
		f.Raw = nil // watched keeps all
		if handed.Add(1)%100 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		return Processed, nil
	}})
	for handed.Load() < int64(b.N) || d.holds("INBOX") > 0 {
		time.Sleep(5 * time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64(peak)/(1<<20), "MiB-heap")
	w.stop()
}
