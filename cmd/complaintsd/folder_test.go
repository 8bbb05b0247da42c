package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/store"
)

// kill -9 at each point on the way of a command mail out of its folder: the
// commands are carried out once, answered once, and the mail is moved.
func TestKilledOverACommandFolder(t *testing.T) {
	t.Parallel()
	const zhou = "zhou@firm.example"
	ctx := context.Background()
	s := stationOn(t, site{alone: []string{zhou}})
	s.serve()
	s.complain(1)
	s.settled(ctx, time.Minute)
	s.stop(syscall.SIGTERM)
	reply := ""
	for _, m := range s.dovecot.Mails(zhou, "INBOX") {
		reply = mailin.Parse(m.Raw, mailin.Desk{}).ReplyTo
	}
	answers := func(id string) (n int) {
		for _, m := range s.dovecot.Mails(zhou, "INBOX") {
			if p := mailin.Parse(m.Raw, mailin.Desk{}); slices.Contains(p.InReplyTo, id) && strings.Contains(p.Subject, "Done") {
				n++
			}
		}
		return n
	}
	points := []string{"fetched", "before-commit", "after-commit", "before-move"}
	for i, point := range points {
		id := fmt.Sprintf("note%d@firm.example", i)
		s.run(point)
		mail := fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: Re: [T2026-0001]\r\nMessage-ID: <%s>\r\nDate: %s\r\n\r\n#note Called, number %d.\r\n", zhou, reply, id, time.Now().Format(time.RFC1123Z), i)
		if err := s.File(ctx, zhou, zhou, []byte(mail)); err != nil {
			t.Fatal(err)
		}
		s.died()
		s.serve()
		s.until(point+": the commands are answered, and their mail is moved", func() bool {
			return answers(id) > 0 && len(s.dovecot.Mails(deskAddr, "Commands/"+zhou)) == 0 && len(s.dovecot.Names(deskAddr, "Processed")) == i+2
		})
		s.settled(ctx, time.Minute)
		s.stop(syscall.SIGTERM)
		if n := answers(id); n != 1 {
			t.Errorf("%s: %d answers", point, n)
		}
		if n := s.ask(`select count(*) from events where kind = 'noted'`); n != i+1 {
			t.Errorf("%s: %d notes on file of %d", point, n, i+1)
		}
	}
	s.oracle(ctx)
}

// After a restore nobody knows any more that a mail came out of a command folder:
// it runs nothing, is no forgery, and its author hears what to do.
func TestRestoredCommandsOfAFolder(t *testing.T) {
	s, err := play.Parse([]byte("-- cast --\nzhou Grace Zhou <zhou@firm.example>\n-- command folders --\nzhou\n-- staff.csv --\naddress,name,department,role,manager,active,licence\nzhou@firm.example,Grace Zhou,Client Services,officer,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w, ctx := newWorld(t, s, "en"), context.Background()
	raw := "From: <zhou@firm.example>\r\nTo: <" + deskAddr + ">\r\nSubject: by telephone\r\nMessage-ID: <r1@firm.example>\r\nDate: " + w.now().Format(time.RFC1123Z) + "\r\n\r\n#list\r\n"
	held, err := w.daemon.Receive(ctx, []byte(raw), store.Arrival{Mailbox: "Processed", UIDValidity: 7, UID: 9})
	if err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(w.dovecot.Mails("postmaster@firm.example", "INBOX")); n > 0 {
		t.Errorf("%d alerts", n)
	}
	mails := w.dovecot.Mails("zhou@firm.example", "INBOX")
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	if text := mailin.Parse(mails[0].Raw, mailin.Desk{}).Text; !strings.Contains(strings.Join(strings.Fields(text), " "), "was restored from an earlier backup") || !strings.Contains(text, "#list") {
		t.Errorf("%s", text)
	}
}
