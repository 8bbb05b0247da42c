package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/store"
)

// until waits for something that takes a moment.
func (s *station) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.stop(syscall.SIGKILL)
			s.t.Fatalf("never: %s\n%s", what, s.log)
		}
	}
}

// notices counts the mails with which a person was told of a doubt.
func (s *station) notices(addr string) (list []*complaints.Message) {
	for _, m := range s.dovecot.Mails(addr, "INBOX") {
		if p := mailin.Parse(m.Raw, mailin.Desk{}); strings.Contains(p.Subject, "Not known whether sent") {
			list = append(list, p)
		}
	}
	return list
}

// The first mail of the outbox: the acknowledgement with its letter.
func (s *station) first() *store.Outgoing {
	s.t.Helper()
	list, err := s.db.Outbox(context.Background(), store.OutboxFilter{})
	if err != nil || len(list) == 0 {
		return &store.Outgoing{}
	}
	return list[len(list)-1]
}

// A letter of which nobody knows whether the relay took it is settled by its
// blind copy: no person is asked, and what follows from a delivery follows.
func TestJournalSettlesADoubt(t *testing.T) {
	ctx := context.Background()
	for name, doubt := range map[string]func(*station){
		"killed after the 250": func(s *station) {
			s.run("after-250")
			s.complain(1)
			s.died()
			s.serve()
		},
		"the reply is lost": func(s *station) {
			p := mailtest.StartProxy(s.t, s.postfix.Submission)
			p.Inject(mailtest.Fault{Do: mailtest.Cut, At: "queued as", Times: 1})
			s.config = s.configure("proxied", s.dovecot.IMAP, p.Addr, `journal = "`+journalAddr+"\"\njournal_wait = \"30s\"\n")
			s.serve()
			s.complain(1)
			s.until("the reply is lost", func() bool { return p.Struck() == 1 })
		},
		"killed while the reply is slow": func(s *station) {
			p := mailtest.StartProxy(s.t, s.postfix.Submission)
			p.Inject(mailtest.Fault{Do: mailtest.Stall, At: "queued as", Times: 1})
			s.config = s.configure("proxied", s.dovecot.IMAP, p.Addr, `journal = "`+journalAddr+"\"\njournal_wait = \"30s\"\n")
			s.serve()
			s.complain(1)
			// The evidence is here before there is a doubt.
			s.until("the journal has a copy", func() bool { o := s.first(); return o.State == store.Sending && !o.JournalAt.IsZero() })
			s.stop(syscall.SIGKILL)
			s.serve()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stationOn(t, site{journal: "30s"})
			doubt(s)
			s.until("the letter is settled", func() bool { return s.first().State == store.Settled })
			if err := s.Settle(ctx); err != nil {
				t.Fatalf("%v\n%s", err, s.log)
			}
			if o := s.first(); o.SettledBy != "journal" || o.Mail.Template != "ack" {
				t.Errorf("%s was settled by %q", o.Mail.Template, o.SettledBy)
			}
			row, err := s.db.Rows(ctx, allCases)
			if err != nil || len(row) != 1 {
				t.Fatalf("%d cases, %v", len(row), err)
			}
			c, err := s.db.Case(ctx, row[0].Ref)
			if err != nil || c.Letters[0].Delivery != complaints.DeliveryAccepted {
				t.Errorf("the letter is %q, %v", c.Letters[0].Delivery, err)
			}
			if n := len(s.notices("zhou@firm.example")); n > 0 {
				t.Errorf("staff were told of a doubt %d times", n)
			}
			s.until("every mail has its copy", func() bool {
				for _, o := range s.outbox(ctx, "") {
					if o.JournalAt.IsZero() {
						return false
					}
				}
				return true
			})
			if n := s.acknowledgements(); n != 1 {
				t.Errorf("%d acknowledgements", n)
			}
			s.oracle(ctx)
		})
	}
}

// Without a blind copy staff are told, once, when the waiting time is over; the
// command that stands in the notice settles it.
func TestDoubtWithoutEvidence(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := stationOn(t, site{journal: "3s"})
	s.run("before-dot")
	s.complain(1)
	s.died()
	s.serve()
	s.until("the letter is in doubt", func() bool { return s.first().State == store.InDoubt })
	if n := len(s.notices("zhou@firm.example")); n > 0 {
		t.Error("staff were told before the waiting time was over")
	}
	s.until("staff are told", func() bool { return len(s.notices("zhou@firm.example")) > 0 })
	if waited := time.Since(s.first().DoneAt); waited < 3*time.Second {
		t.Errorf("they were told after %v", waited)
	}
	s.until("nothing else is under way", func() bool { // or the kill would make another doubt
		c, err := s.db.Counts(ctx)
		return err == nil && c.Pending == 0
	})
	s.stop(syscall.SIGKILL)
	s.serve() // nobody is told again
	notice := s.notices("zhou@firm.example")[0]
	line := regexp.MustCompile(`complaintsd (outbox) (-config) FILE (-why) "…" (resend) (\d+)`).FindStringSubmatch(notice.Text)
	if line == nil || line[5] != fmt.Sprint(s.first().ID) {
		t.Fatalf("the notice names no command for mail %d:\n%s", s.first().ID, notice.Text)
	}
	code, _, stderr := complaintsd(t, line[1], line[2], s.config, line[3], "not in the log of the mail server", line[4], line[5])
	if code != exitDone {
		t.Fatal(stderr)
	}
	if err := s.Settle(ctx); err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	if n := len(s.notices("zhou@firm.example")); n != 1 {
		t.Errorf("staff were told %d times", n)
	}
	if n := s.acknowledgements(); n != 1 {
		t.Errorf("%d acknowledgements", n)
	}
	s.oracle(ctx)
}

// What somebody writes to the journal's address is not lost: it is taken in
// like any other mail.
func TestStrangerInTheJournal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := stationOn(t, site{journal: "30s"})
	s.serve()
	raw := "From: hart@client.example\r\nTo: journal@firm.example\r\nSubject: Complaint\r\nMessage-ID: <astray@client.example>\r\n\r\nMy lawyer did not come to the hearing.\r\n"
	if err := s.Send(ctx, "hart@client.example", false, journalAddr, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	s.until("it is acknowledged", func() bool { return s.acknowledgements() == 1 })
	s.until("its folder is empty", func() bool { return len(s.dovecot.Mails(deskAddr, "Journal")) == 0 })
	if err := s.Settle(ctx); err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	rows, err := s.db.Rows(ctx, allCases)
	if err != nil || len(rows) != 1 {
		t.Errorf("%d cases, %v", len(rows), err)
	}
	s.oracle(ctx)
}
