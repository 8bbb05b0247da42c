package playground

import (
	"context"
	"fmt"
	"io"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"complaints/mailin"
)

const (
	desk   = "complaints@firm.example"
	li     = "li@firm.example"
	client = "zhang@client.example"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("", 8*3600))

func start(t *testing.T) *Servers {
	t.Helper()
	s, err := Start(Options{Accounts: []string{desk, li, client}, Password: "demo", AuthservID: "mx.firm.example", Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func send(s *Servers, login, from string, to []string, raw string) error {
	var auth smtp.Auth
	if login != "" {
		auth = smtp.PlainAuth("", login, "demo", "127.0.0.1")
	}
	return smtp.SendMail(s.SMTP, auth, from, to, []byte(raw))
}

func dial(t *testing.T, s *Servers, user string, news chan uint32) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.IMAP, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil && news != nil {
				news <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, "demo").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatLandsInTheMailbox(t *testing.T) {
	s := start(t)
	const (
		forged = "Authentication-Results: mx.firm.example;\r\n dmarc=pass\r\nauthentication-results : \"MX.firm.example\"; auth=pass\r\n" +
			"Authentication-Results: mx.client.example; dkim=pass\r\nSubject: hello\r\n\r\nAuthentication-Results: mx.firm.example; stays\r\n.\r\n"
		rest = "Authentication-Results: mx.client.example; dkim=pass\r\nSubject: hello\r\n\r\nAuthentication-Results: mx.firm.example; stays\r\n.\r\n"
		by   = "Received: from localhost by mx.firm.example; Tue, 24 Nov 2026 12:00:00 +0800\r\n"
	)
	tests := []struct{ login, from, to, top string }{
		{"", client, "Complaints+T2026-0001.abc@firm.example", "Return-Path: <zhang@client.example>\r\nDelivered-To: Complaints+T2026-0001.abc@firm.example\r\n" + by},
		{li, li, desk, "Return-Path: <li@firm.example>\r\nDelivered-To: complaints@firm.example\r\n" +
			"Authentication-Results: mx.firm.example; auth=pass smtp.auth=li@firm.example\r\n" + by},
		{desk, "", desk, "Return-Path: <>\r\nDelivered-To: complaints@firm.example\r\n" +
			"Authentication-Results: mx.firm.example; auth=pass smtp.auth=complaints@firm.example\r\n" + by},
	}
	for i, tc := range tests {
		if err := send(s, tc.login, tc.from, []string{tc.to}, forged); err != nil {
			t.Fatal(err)
		}
		got, err := s.Inbox(desk)
		if err != nil || len(got) != i+1 {
			t.Fatalf("%d mails, %v", len(got), err)
		}
		if want := tc.top + rest; string(got[i]) != want {
			t.Errorf("got\n%s\nwant\n%s", got[i], want)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := start(t)
	err := send(s, "", client, []string{"nobody@firm.example"}, "Subject: x\r\n\r\n")
	if e, ok := err.(*textproto.Error); !ok || e.Code != 550 {
		t.Errorf("unknown recipient: %v", err)
	}
	err = smtp.SendMail(s.SMTP, smtp.PlainAuth("", li, "wrong", "127.0.0.1"), li, []string{desk}, []byte("Subject: x\r\n\r\n"))
	if e, ok := err.(*textproto.Error); !ok || e.Code != 535 {
		t.Errorf("wrong password by SMTP: %v", err)
	}
	c, err := imapclient.DialInsecure(s.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(li, "wrong").Wait(); err == nil {
		t.Error("wrong password by IMAP was taken")
	}
	err = send(s, li, client, []string{desk}, "Subject: x\r\n\r\n")
	if e, ok := err.(*textproto.Error); !ok || e.Code != 553 {
		t.Errorf("another account's address: %v", err)
	}
}

// AUTH LOGIN, as old programs do it.
func TestAuthLogin(t *testing.T) {
	s := start(t)
	c, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(&oldLogin{}); err != nil {
		t.Fatal(err)
	}
}

type oldLogin struct{ asked int }

func (l *oldLogin) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }
func (l *oldLogin) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	return []byte([]string{"", li, "demo"}[l.asked]), nil
}

// What the daemon does with its mailbox works here as on a real server, by
// IDLE and without.
func TestWatch(t *testing.T) {
	for _, quick := range []time.Duration{0, -1} {
		t.Run(fmt.Sprint(quick), func(t *testing.T) {
			s := start(t)
			ctx, cancel := context.WithCancel(context.Background())
			got := make(chan string, 100)
			server := &mailin.Server{Addr: s.IMAP, TLS: "none", User: desk, Password: func() (string, error) { return "demo", nil },
				Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine", Quick: quick}
			done := make(chan error, 1)
			go func() {
				done <- server.Watch(ctx, func(_ context.Context, f *mailin.Fetched) (mailin.Disposition, error) {
					_, subject, _ := strings.Cut(string(f.Raw), "Subject: ")
					subject, _, _ = strings.Cut(subject, "\r\n")
					got <- subject
					if subject == "bad" {
						return mailin.Quarantined, nil
					}
					return mailin.Processed, nil
				}, mailin.Hooks{})
			}()
			for i := range 70 {
				want := fmt.Sprint("mail ", i)
				if i == 30 {
					want = "bad"
				}
				if err := send(s, "", client, []string{desk}, "Subject: "+want+"\r\n\r\nbody\r\n"); err != nil {
					t.Fatal(err)
				}
				if i%10 == 0 {
					time.Sleep(15 * time.Millisecond)
				}
			}
			for i := range 70 {
				select {
				case subject := <-got:
					if subject != fmt.Sprint("mail ", i) && i != 30 {
						t.Errorf("%q came as number %d", subject, i)
					}
				case <-time.After(5 * time.Second):
					t.Fatalf("mail %d does not come", i)
				}
			}
			c := dial(t, s, desk, nil)
			for folder, want := range map[string]uint32{"INBOX": 0, "Processed": 69, "Quarantine": 1} {
				for n := uint32(0); ; n++ {
					d, err := c.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
					if err == nil && *d.NumMessages == want {
						break
					}
					if n > 200 {
						t.Fatalf("%s: %v, %v", folder, d, err)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// Everybody's program at work at once.
func TestManyAtOnce(t *testing.T) {
	s := start(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				if err := send(s, li, li, []string{desk, client}, "Subject: x\r\n\r\n"+strings.Repeat("a line of a mail\r\n", 300)); err != nil {
					t.Error(err)
				}
			}
		})
		c := dial(t, s, client, nil)
		all.Go(func() {
			c.Select("INBOX", nil).Wait()
			for range 25 {
				cmd := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{{}}})
				for m := cmd.Next(); m != nil; m = cmd.Next() {
					for item := m.Next(); item != nil; item = m.Next() {
						if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
							io.Copy(io.Discard, body.Literal)
						}
					}
				}
				if err := cmd.Close(); err != nil && !strings.Contains(err.Error(), "NO") {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, who := range []string{desk, client} {
		if got, _ := s.Inbox(who); len(got) != 100 {
			t.Errorf("%s received %d", who, len(got))
		}
	}
}
