package main

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints/store"
	"complaints/store/cluster"
)

// away is how long a server stays away in these tests.
const away20 = 20 * time.Second

// settled waits longer than Settle does, for servers that come back and
// attempts that wait their turn.
func (s *station) settled(ctx context.Context, most time.Duration) {
	s.t.Helper()
	end := time.Now().Add(most)
	for {
		err := s.Settle(ctx)
		c, cerr := s.db.Counts(ctx)
		if err == nil && cerr == nil && c.Retrying == 0 {
			return
		}
		if time.Now().After(end) {
			s.stop(syscall.SIGKILL)
			s.t.Fatalf("%v %v %+v\n%s", err, cerr, c, s.log)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// whole says that n complaints came in, each once, and each was acknowledged
// once; and that the daemon is the one that was started.
func (s *station) whole(ctx context.Context, n int) {
	t := s.t
	t.Helper()
	rows, err := s.db.Rows(ctx, allCases)
	if err != nil || len(rows) != n {
		t.Errorf("%d cases, want %d; %v", len(rows), n, err)
	}
	if got := s.acknowledgements(); got != min(n, 3) { // three a day to one correspondent
		t.Errorf("%d acknowledgements", got)
	}
	if in := len(s.dovecot.Mails(deskAddr, "INBOX")); in != 0 {
		t.Errorf("%d mails left in the inbox", in)
	}
	s.oracle(ctx)
	s.stop(syscall.SIGTERM)
	if strings.Contains(s.log.String(), "panic") {
		t.Error(s.log)
	}
}

// ownCluster is a PostgreSQL that a test may stop, with an empty database desk.
func ownCluster(ctx context.Context, t testing.TB) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(ctx, cluster.Options{Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.CreateDB(ctx, "desk"); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := ownCluster(ctx, t)
	s := stationOn(t, site{url: c.URL("desk")})
	s.serve()
	s.complain(1)
	s.settled(ctx, time.Minute)
	if err := c.Stop(cluster.Immediate); err != nil {
		t.Fatal(err)
	}
	s.complain(2)
	time.Sleep(away20)
	if n := len(s.dovecot.Mails(deskAddr, "INBOX")); n != 1 {
		t.Errorf("without a database the mail must wait in the inbox; there are %d", n)
	}
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	s.complain(3)
	s.settled(ctx, 2*time.Minute)
	s.whole(ctx, 3)
}

func TestMailboxAway(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newStation(t)
	s.serve()
	s.complain(1)
	s.settled(ctx, time.Minute)
	s.dovecot.Stop()
	s.complain(2)
	time.Sleep(away20)
	s.dovecot.Start()
	s.postfix.Flush()
	s.complain(3)
	s.settled(ctx, 2*time.Minute)
	s.whole(ctx, 3)
}

// deferring is a station that has taken in one complaint, whose relay does not
// yet take mail for its client.
func deferring(t *testing.T) *station {
	t.Helper()
	s := newStation(t)
	s.serve()
	s.postfix.Refuse("hart@client.example", "451 4.7.1 greylisted, please try again later")
	s.complain(1)
	return s
}

func TestRelayDefers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := deferring(t)
	deadline := time.Now().Add(30 * time.Second)
	for {
		if list := s.outbox(ctx, store.Retrying); len(list) == 1 {
			if list[0].Code != 451 || !strings.Contains(list[0].Reply, "greylisted") {
				t.Errorf("the relay's words: %d %q", list[0].Code, list[0].Reply)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing waits for another attempt\n%s", s.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(away20)
	s.postfix.Refuse("", "")
	s.settled(ctx, 3*time.Minute)
	s.whole(ctx, 1)
}

// The database took a claim and went away before it could say so: the sender
// does not know that the mail is its own. Nobody waits for a restart.
func TestClaimWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := deferring(t)
	s.until("a mail waits for another attempt", func() bool { return len(s.outbox(ctx, store.Retrying)) == 1 })
	if n := s.ask(`
		with o as (
			update outbox set state = 'sending', epoch = epoch + 1, attempt = attempt + 1, lease_until = clock_timestamp() + interval '30 s', dot_at = null
			where state = 'retry' returning id, epoch, owner),
		a as (insert into attempts (outbox, epoch, owner, began_at) select id, epoch, owner, now() from o)
		select count(*) from o`); n != 1 {
		t.Fatalf("%d mails were claimed", n)
	}
	s.postfix.Refuse("", "")
	s.settled(ctx, 2*time.Minute)
	s.whole(ctx, 1)
}
