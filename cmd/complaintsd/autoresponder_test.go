package main

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"complaints/cmd/complaintsd/play"
	"complaints/mailin/mailtest"
)

// robot is the vacation program of a client's mailbox: it answers every mail
// that comes, and heeds no mark of automatic mail.
type robot struct {
	name     string
	marks    string // header fields that its answers have
	from     string // whose name its answers bear, if not the mailbox's; %d is another one each time
	changes  bool   // another subject each time
	forgets  bool   // answers to the desk's own address, and refers to nothing
	most     int    // of the desk's mails that may go to it
	answered map[string]bool
}

func (r *robot) addr() string { return r.name + "@client.example" }

// answer writes to the desk for each mail that it has not answered yet.
func (r *robot) answer(t *testing.T, w *world) (sent int) {
	t.Helper()
	for id, copies := range w.byMessageID(r.addr()) {
		if r.answered[id] {
			continue
		}
		r.answered[id] = true
		m, err := mail.ReadMessage(bytes.NewReader(copies[0]))
		if err != nil {
			t.Fatal(err)
		}
		n := len(r.answered)
		from, subject, refer, to := r.addr(), "Re: "+m.Header.Get("Subject"), "In-Reply-To: "+id+"\r\nReferences: "+id+"\r\n", m.Header.Get("Reply-To")
		if r.from != "" {
			from = strings.ReplaceAll(r.from, "%d", fmt.Sprint(n))
		}
		if r.changes {
			subject = fmt.Sprintf("Concerning your message %d", n)
		}
		if r.forgets {
			refer, to = "", deskAddr
		}
		if a, err := mail.ParseAddress(to); err == nil {
			to = a.Address
		}
		raw := fmt.Sprintf("From: Robert Hart <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s%d@client.example>\r\n%s%s\r\nThank you, I have your message number %d and shall see to it.\r\n", from, to, subject, r.name, n, refer, r.marks, n)
		if err := w.Send(context.Background(), from, false, to, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		sent++
	}
	return sent
}

// Two robots that answer each other stop after a few mails, whatever the other
// one does: the damper alone must do it where the peer sends no marks. The
// administrator is told, once.
func TestAutoresponders(t *testing.T) {
	robots := []*robot{
		{name: "marked", marks: "Auto-Submitted: auto-replied\r\n", most: 1},
		{name: "plain", most: 3},
		{name: "forwarded", from: "elsewhere@client.example", most: 3},
		{name: "strange", from: "strange%d@client.example", changes: true, most: 3},
		{name: "forgetful", forgets: true, changes: true, most: 3},
		{name: "many", from: "many+%d@client.example", forgets: true, changes: true, most: 3},
	}
	script := "-- cast --\nzhou Grace Zhou <zhou@firm.example>\n"
	for _, r := range robots {
		script += r.name + " Robert Hart <" + r.addr() + ">\n"
	}
	s, err := play.Parse([]byte(script+"-- staff.csv --\naddress,name,department,role,manager,active,licence\nzhou@firm.example,Grace Zhou,Client Services,officer,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w, ctx := newWorld(t, s, "en"), context.Background()
	for _, r := range robots {
		r.answered = map[string]bool{}
		first := fmt.Sprintf("From: Robert Hart <%s>\r\nTo: complaints@firm.example\r\nSubject: fees\r\nMessage-ID: <first-%s@client.example>\r\n\r\nMy fee of %s was wrong.\r\n", r.addr(), r.name, r.name)
		if err := w.Send(ctx, r.addr(), false, deskAddr, []byte(first)); err != nil {
			t.Fatal(err)
		}
	}
	rounds, sent := 0, 1
	for ; rounds < 10 && sent > 0; rounds++ {
		if err := w.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		sent = 0
		for _, r := range robots {
			sent += r.answer(t, w)
		}
	}
	if sent > 0 {
		t.Errorf("after %d rounds they still answer each other", rounds)
	}
	if n := len(w.dovecot.Mails("postmaster@firm.example", "INBOX")); n != 1 {
		t.Errorf("%d alerts", n)
	}
	for _, r := range robots {
		mails := w.byMessageID(r.addr())
		if len(mails) == 0 || len(mails) > r.most {
			t.Errorf("%s: %d mails went to the robot, at most %d wanted", r.name, len(mails), r.most)
		}
		for _, copies := range mails { // our own mail, sent back to us as it stands, is no news
			w.sent++
			if err := mailtest.Send(w.postfix.MX, "", r.addr(), []string{deskAddr}, copies[0]); err != nil {
				t.Fatal(err)
			}
		}
		r.most = len(mails)
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	for _, r := range robots {
		if n := len(w.byMessageID(r.addr())); n != r.most {
			t.Errorf("%s: %d mails after our own came back, %d before", r.name, n, r.most)
		}
	}
}
