package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin/mailtest"
)

// A long backlog is taken in several mails at a time. What belongs together
// keeps its order all the same: of each client a complaint and a copy of it that a
// server has delivered twice, a second complaint that looks like the first, and
// an answer or a copy; and of somebody else the same words.
func TestLongBacklogSideBySide(t *testing.T) {
	const clients, each = 140, 5
	s, err := play.Parse([]byte("-- staff.csv --\naddress,name,department,role,manager,active,licence\nzhoumin@firm.example,周敏,客户服务部,officer+head,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w := unstarted(t, s, mailtest.PostfixOptions{}, 1)
	var abreast, most atomic.Int32
	w.options = func(o *daemon.Options) {
		now := o.Now
		o.Now = func() time.Time { // is asked while a mail is taken in
			most.Store(max(most.Load(), abreast.Add(1)))
			defer abreast.Add(-1)
			time.Sleep(100 * time.Microsecond)
			return now()
		}
	}
	words := func(n int) string { return fmt.Sprintf("In matter %d nobody has called me back for two weeks.\r\n", n) }
	put(t, mailtest.Dial(t, w.dovecot, deskAddr), complaint("first@client.example", 0)) // which makes the folder
	w.dovecot.Fill(deskAddr, clients*each, func(n int) []byte {
		client, no := (n-1)/each+1, (n-1)%each
		from, id, subject, trace, more, text := fmt.Sprintf("client%d@client.example", client), fmt.Sprintf("<%d.0@client.example>", client), fmt.Sprintf("Matter %d", client), "", "", words(client)
		switch {
		case no == 1:
			trace = "Received: from relay.client.example by mx.firm.example; Mon, 30 Nov 2026 09:00:00 +0800\r\n"
		case no == 3:
			from, id, subject = fmt.Sprintf("partner%d@client.example", client), fmt.Sprintf("<%d.3@client.example>", client), "Our matter"
		case no == 4 && client%10 == 0:
			more, id, text = "In-Reply-To: "+id+"\r\n", fmt.Sprintf("<%d.4@client.example>", client), "And the bill is wrong, too.\r\n"
		case no > 0: // of most a copy of the second
			id, subject, text = fmt.Sprintf("<%d.2@client.example>", client), subject+" again", fmt.Sprintf("Still nobody has called client %d.\r\n", client)
		}
		return fmt.Appendf(nil, "%sFrom: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: %s\r\nDate: Mon, 30 Nov 2026 09:00:00 +0800\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s",
			trace, from, deskAddr, subject, id, more, text)
	})
	w.start("en")
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	err = waitFor(ctx, 2*time.Minute, func() (bool, string, error) {
		c, err := w.db.Counts(ctx)
		return c.Arrivals == clients*each+1, fmt.Sprintf("%d mails taken in", c.Arrivals), err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.db.Rows(ctx, allCases)
	if err != nil || len(rows) != 3*clients+1 {
		t.Fatalf("%d cases of %d complaints: %v", len(rows), 3*clients+1, err)
	}
	cases := map[string][]*complaints.Case{}
	for _, r := range rows {
		c, err := w.db.Case(ctx, r.Ref)
		if err != nil {
			t.Fatal(err)
		}
		cases[c.Complainant.Addr] = append(cases[c.Complainant.Addr], c)
	}
	bad := 0
	for n := range clients {
		own, other := cases[fmt.Sprintf("client%d@client.example", n+1)], cases[fmt.Sprintf("partner%d@client.example", n+1)]
		if len(own) != 2 || len(other) != 1 {
			t.Fatalf("client %d: %d cases, and %d of their partner", n+1, len(own), len(other))
		}
		slices.SortFunc(own, func(a, b *complaints.Case) int { return len(a.Similar) - len(b.Similar) })
		first, again := own[0], own[1]
		looks := func(c *complaints.Case) bool {
			return len(c.Similar) == 1 && c.Similar[0].Ref == first.Ref
		}
		if len(first.Similar) != 0 || !looks(again) || !looks(other[0]) {
			if bad++; bad < 5 {
				t.Errorf("client %d: %s looks like %v, %s like %v, their partner's %s like %v", n+1, first.Ref, first.Similar, again.Ref, again.Similar, other[0].Ref, other[0].Similar)
			}
		}
	}
	if most.Load() < 2 {
		t.Errorf("%d mail at a time", most.Load())
	}
}
