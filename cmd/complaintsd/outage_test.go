package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"

	"github.com/emersion/go-msgauth/dkim"
)

// outage is a DNS that holds one key, and can be away.
type outage struct {
	txt string

	mu    sync.Mutex
	away  bool
	asked int
	waits int // lines of the desk's log that say a mail waits
}

// Write reads a line of the desk's log.
func (o *outage) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if bytes.Contains(line, []byte("a mail from staff waits")) {
		o.waits++
	}
	return len(line), nil
}

func (o *outage) said() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waits
}

func (o *outage) lookup(string) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked++; o.away {
		return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	}
	return []string{o.txt}, nil
}

func (o *outage) set(away bool) (asked int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
	return o.asked
}

// waiting is a desk whose DNS is away, to which a signed mail from staff has
// come. answers counts the answers to it.
func waiting(t *testing.T, ctx context.Context) (w *world, dns *outage, answers func() int, until func(what string, holds func() bool)) {
	t.Helper()
	s, err := play.Parse([]byte(`-- cast --
张堃 张堃 <zhangkun@client.example>
周敏 周敏 <zhoumin@firm.example>
-- staff.csv --
address,name,department,role,manager,active,licence
zhoumin@firm.example,周敏,客户服务部,officer+head,,yes,
`), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dns = &outage{txt: "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), away: true}
	w = unstarted(t, s, mailtest.PostfixOptions{}, 0)
	w.verify = func(raw []byte) (domains, away []string) { return mailin.DKIMDomains(raw, dns.lookup, 5) }
	w.set = time.Date(2026, 11, 25, 10, 0, 0, 0, shanghai)
	w.options = func(o *daemon.Options) { o.Log = slog.New(slog.NewTextHandler(dns, nil)) }
	w.start("zh")
	mail := "From: =?utf-8?B?5ZGo5pWP?= <zhoumin@firm.example>\r\nTo: " + deskAddr + "\r\nSubject: list\r\nMessage-ID: <1@firm.example>\r\nDate: Wed, 25 Nov 2026 10:00:00 +0800\r\n\r\n#list\r\n"
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, strings.NewReader(mail), &dkim.SignOptions{Domain: "firm.example", Selector: "desk", Signer: crypto.Signer(key)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Send(ctx, "zhoumin@firm.example", false, deskAddr, signed.Bytes()); err != nil {
		t.Fatal(err)
	}
	until = func(what string, holds func() bool) {
		t.Helper()
		if err := waitFor(ctx, 30*time.Second, func() (bool, string, error) { return holds(), what, nil }); err != nil {
			t.Fatal(err)
		}
	}
	answers = func() (n int) {
		for _, m := range w.dovecot.Mails("zhoumin@firm.example", "INBOX") {
			if slices.Contains(mailin.Parse(m.Raw, mailin.Desk{}).InReplyTo, "1@firm.example") {
				n++
			}
		}
		return n
	}
	return w, dns, answers, until
}

// While the DNS is away, a mail from staff that only its signature proves waits
// in the inbox; others are dealt with meanwhile, and it is carried out once the
// key can be asked for.
func TestCommandsWaitForTheDNS(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, dns, answers, until := waiting(t, ctx)
	later := func(d time.Duration) { w.setClock(w.now().Add(d)) }
	asked := func(n int) func() bool { return func() bool { return dns.set(true) >= n } }
	until("the key is asked for", asked(1))
	if err := w.Send(ctx, "zhangkun@client.example", false, deskAddr,
		[]byte("From: zhangkun@client.example\r\nTo: "+deskAddr+"\r\nSubject: fees\r\nMessage-ID: <2@client.example>\r\nDate: Wed, 25 Nov 2026 10:00:00 +0800\r\n\r\nI was charged twice.\r\n")); err != nil {
		t.Fatal(err)
	}
	until("the client is answered meanwhile", func() bool { return len(w.dovecot.Mails("zhangkun@client.example", "INBOX")) == 1 })
	if n := dns.set(true); n != 1 {
		t.Errorf("the DNS was asked %d times within the first minute", n)
	}
	later(61 * time.Second)
	until("the key is asked for again", asked(2))
	if c, err := w.db.Counts(ctx); err != nil || c.Held != 0 || answers() != 0 || len(w.dovecot.Mails(deskAddr, "INBOX")) != 1 {
		t.Errorf("it does not wait in the inbox: %+v, %d answers, %v", c, answers(), err)
	}
	dns.set(false)
	later(121 * time.Second)
	until("the commands are carried out", func() bool { return answers() == 1 })
	until("the inbox is empty", func() bool { return len(w.dovecot.Mails(deskAddr, "INBOX")) == 0 })
	if n := len(w.dovecot.Mails(deskAddr, "Processed")); n != 2 {
		t.Errorf("%d mails are processed", n)
	}
}

// It waits for four hours in all, however often the daemon starts meanwhile.
func TestTheWaitOutlivesTheDaemon(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, dns, answers, until := waiting(t, ctx)
	until("the wait is noted", func() bool { return dns.said() >= 1 })
	for i := range 3 {
		w.stop()
		w.setClock(w.now().Add(79 * time.Minute))
		w.start("zh")
		until("it waits on after a start", func() bool { return dns.said() >= 2+i })
		if n := len(w.dovecot.Mails(deskAddr, "INBOX")); n != 1 || answers() != 0 {
			t.Fatalf("after %d starts: %d mails wait, %d answers", i+1, n, answers())
		}
	}
	w.stop()
	w.setClock(w.now().Add(5 * time.Minute))
	w.start("zh")
	until("it is taken in without the DNS", func() bool { return answers() == 1 && len(w.dovecot.Mails(deskAddr, "INBOX")) == 0 })
}
