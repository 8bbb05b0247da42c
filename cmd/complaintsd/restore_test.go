package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints/store"
	"complaints/store/cluster"
)

// A backup of the database is put back, older than what the desk has taken in
// and sent since. No mail goes out until somebody has brought the database up
// to what the mailbox knows; nobody gets a letter twice, nothing is lost.
func TestRestoredFromABackup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Options{Log: quiet(), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.CreateDB(ctx, "desk"); err != nil {
		t.Fatal(err)
	}
	s := stationOn(t, site{url: c.URL("desk"), clients: 4, journal: "20s"})
	work := func(n int) { // one complaint with all that follows, its copies in the journal read
		t.Helper()
		s.serve()
		s.complainFrom(client(n), n)
		s.until("it is acknowledged", func() bool { return s.acknowledged(client(n)) == 1 })
		s.settled(ctx, time.Minute)
		s.until("the journal is read", func() bool { return len(s.dovecot.Names(deskAddr, "Journal")) == 0 })
		s.stop(syscall.SIGTERM)
	}
	work(1)
	// The second complaint is taken in when the backup is made, and nothing has
	// been sent of it.
	s.complainFrom(client(2), 2)
	for s.ask(`select count(*) from cases`) < 2 {
		s.run("claimed")
		s.died()
	}
	s.db.Close()
	if err := c.CreateFromTemplate(ctx, "backup", "desk"); err != nil {
		t.Fatal(err)
	}
	s.reopen(c.URL("desk"))
	s.serve()
	s.until("it is acknowledged", func() bool { return s.acknowledged(client(2)) == 1 })
	s.stop(syscall.SIGTERM)
	work(3)
	sent := len(s.dovecot.Names("zhou@firm.example", "INBOX"))

	s.reopen(c.URL("backup"))
	s.serve()
	s.until("the desk holds its mail", func() bool { return s.log.has("all outgoing mail is held") })
	s.complainFrom(client(4), 4)
	s.until("mail is taken in all the same", func() bool {
		return len(s.dovecot.Names(deskAddr, "Processed")) > 0 && s.ask(`select count(*) from cases`) == 3
	})
	time.Sleep(time.Second)
	if s.acknowledged(client(2)) != 1 || s.acknowledged(client(4)) != 0 || len(s.dovecot.Names("zhou@firm.example", "INBOX")) != sent {
		t.Error("mail went out of a database that had gone back")
	}
	_, out, _ := complaintsd(t, "outbox", "-config", s.config, "list")
	if !strings.Contains(out, "All outgoing mail is held since") || !strings.Contains(out, "reconcile") {
		t.Errorf("outbox list:\n%s", out)
	}
	s.stop(syscall.SIGTERM)
	s.serve() // it does not forget why

	code, out, stderr := complaintsd(t, "outbox", "-config", s.config, "-why", "restored the backup of the night", "reconcile")
	if code != exitDone || !strings.Contains(out, "1 that came in were taken in again") || !strings.Contains(out, "forgotten by the database: "+client(3)) {
		t.Errorf("reconcile: %d\n%s%s", code, out, stderr)
	}
	s.until("the fourth is acknowledged", func() bool { return s.acknowledged(client(4)) == 1 })
	held, err := s.db.Outbox(ctx, store.OutboxFilter{Held: true})
	if err != nil || len(held) == 0 {
		t.Fatalf("%d mails are held, %v", len(held), err)
	}
	for _, o := range held {
		if o.Mail.To.Addr != client(3) && !o.Mail.Staff {
			t.Errorf("a mail to %s is held", o.Mail.To.Addr)
		}
		s.decide(o.ID, "discard")
	}
	s.settled(ctx, time.Minute)
	if n := s.ask(`select count(*) from cases`); n != 4 {
		t.Errorf("%d cases of 4 complaints", n)
	}
	for n := range 4 {
		if got := s.acknowledged(client(n + 1)); got != 1 {
			t.Errorf("%s has %d acknowledgements", client(n+1), got)
		}
	}
	s.oracle(ctx)
	s.stop(syscall.SIGTERM)
	// The three mails that are lost for good hold nothing again, not even where
	// nobody knows how the database stood.
	if err := os.Remove(filepath.Join(s.dir, "state-complaintsd", "standing.json")); err != nil {
		t.Fatal(err)
	}
	s.complainFrom(client(4), 5)
	s.serve()
	s.until("a further mail of the fourth is answered", func() bool { return len(s.dovecot.Names(client(4), "INBOX")) > 1 })
	s.stop(syscall.SIGTERM)
}

// reopen makes another database the station's.
func (s *station) reopen(url string) {
	s.t.Helper()
	s.db.Close()
	db, err := store.Open(context.Background(), url, quiet())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	s.db, s.url = db, url
	s.config = s.configure("complaintsd", s.dovecot.IMAP, s.postfix.Submission, "journal = \""+journalAddr+"\"\njournal_wait = \"20s\"\n")
}
