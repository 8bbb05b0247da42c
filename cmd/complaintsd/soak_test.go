package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // to look into the desk's database

	"complaints/store"
)

// soakPlan is how hard the servers and the daemon are treated.
type soakPlan struct {
	Kills, KillMails  int // kill -9 of the daemon at random moments
	Points            int // runs of each named crash point
	Stops, StopMails  int // immediate stops of PostgreSQL
	Cuts              int // of the IMAP connection at random bytes
	Losses, LossMails int // of the mailbox's lock, among three daemons
	Backlog           int // mails that lie in the mailbox; 0: not tried
}

// The short plan is part of every test run; “make soak” carries out the long one.
func plan() soakPlan {
	if os.Getenv("COMPLAINTSD_SOAK") == "" {
		return soakPlan{Kills: 60, KillMails: 60, Points: 1, Stops: 3, StopMails: 12, Cuts: 50, Losses: 4, LossMails: 12}
	}
	p := soakPlan{Kills: 1000, KillMails: 5000, Points: 20, Stops: 100, StopMails: 1500, Cuts: 10_000, Losses: 200, LossMails: 1000, Backlog: 10_000}
	for _, s := range []struct {
		name  string
		value *int
	}{
		{"KILLS", &p.Kills}, {"KILL_MAILS", &p.KillMails}, {"POINTS", &p.Points}, {"STOPS", &p.Stops}, {"STOP_MAILS", &p.StopMails},
		{"CUTS", &p.Cuts}, {"LOSSES", &p.Losses}, {"LOSS_MAILS", &p.LossMails}, {"BACKLOG", &p.Backlog},
	} {
		if n, err := strconv.Atoi(os.Getenv("SOAK_" + s.name)); err == nil {
			*s.value = n
		}
	}
	return p
}

// soak is one row of the table.
type soak struct {
	*station
	rand *rand.Rand
	seed uint64

	began                  time.Time
	doubtful, byHand, lost int
	twice                  int
}

// newSoak makes a station whose figures go into the table. The seed is that of
// COMPLAINTSD_SEED, or new.
func newSoak(t *testing.T, at site) *soak {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("COMPLAINTSD_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64() % 1_000_000
	}
	t.Logf("COMPLAINTSD_SEED=%d", seed)
	return &soak{station: stationOn(t, at), rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, began: time.Now()}
}

// between gives a random time.
func (s *soak) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.rand.Int64N(int64(to-from)))
}

// row prints the figures of a run, as they stand in the README.
func (s *soak) row(what, figure string) {
	s.t.Helper()
	settled := ""
	if s.doubtful > 0 {
		settled = fmt.Sprintf("; %d mails were in doubt, %d settled by the journal, %d by a person", s.doubtful, s.doubtful-s.byHand, s.byHand)
	}
	s.t.Logf("| %s | %s: %d lost, %d twice%s | %.0f s, seed %d |", what, figure, s.lost, s.twice, settled, time.Since(s.began).Seconds(), s.seed)
}

// TestSoak is the matrix of faults, with real servers. What must hold after
// each: every mail that was sent has become one case, each client has one
// acknowledgement, every mail that was accepted lies once with its recipient,
// byte for byte, and nothing is left half done.
func TestSoak(t *testing.T) {
	p := plan()
	t.Run("kills", func(t *testing.T) { killed(t, p.Kills, p.KillMails) })
	t.Run("points", func(t *testing.T) { killedAtEachPoint(t, p.Points) })
	t.Run("postgresql", func(t *testing.T) { databaseStops(t, p.Stops, p.StopMails) })
	t.Run("imap", func(t *testing.T) { connectionCuts(t, p.Cuts) })
	t.Run("locks", func(t *testing.T) { lockLosses(t, p.Losses, p.LossMails) })
	if p.Backlog > 0 { // make soak tries it
		t.Run("backlog", func(t *testing.T) { backlog(t, p.Backlog) })
	}
}

// kill -9 at random moments: from the start of the process, or a moment after it
// has said something, so that the kills fall into the work however slow the
// machine is. The journal settles what is in doubt afterwards.
func killed(t *testing.T, kills, mails int) {
	s := newSoak(t, site{clients: mails, journal: "20s"})
	n := 0
	for k := range kills {
		s.serve()
		life := s.between(0, 250*time.Millisecond)
		after := []string{"", "complaintsd works", "mail in", "mail in", "mail out", "mail out"}[s.rand.IntN(6)]
		for ; n*kills < mails*(k+1); n++ {
			s.complainFrom(client(n+1), n+1)
		}
		for end := time.Now().Add(3 * time.Second); !s.log.has(after) && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(life)
		s.stop(syscall.SIGKILL)
	}
	c, err := s.db.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	s.drain(n, 20*time.Second)
	s.judge(n)
	s.row("kill -9 at random moments", fmt.Sprintf("%d kills over %d mails, %d of them taken in before the last kill", kills, n, c.Arrivals))
}

// drain waits until n complaints were taken in and everything that follows has
// gone out and arrived. A mail that is still in doubt when the journal's time
// is over is settled as a person would: nobody has a copy, so it is sent again.
func (s *soak) drain(n int, wait time.Duration) {
	s.t.Helper()
	ctx := context.Background()
	last, still := "", time.Now()
	for {
		c, err := s.db.Counts(ctx)
		state := fmt.Sprintf("%+v %v, %d queued", c, err, s.postfix.Queued())
		if err == nil && c.Arrivals >= n && c.Pending+c.Retrying+c.InDoubt == 0 && s.postfix.Queued() == 0 && len(s.dovecot.Names(deskAddr, "INBOX")) == 0 {
			break
		}
		if state != last {
			last, still = state, time.Now()
		}
		if time.Since(still) > wait+10*time.Second {
			for _, o := range s.outbox(ctx, store.InDoubt) {
				if len(s.byMessageID(o.RcptTo)["<"+o.MessageID+">"]) > 0 {
					s.t.Errorf("mail %d has arrived and is still in doubt: the journal has not settled it", o.ID)
				}
				s.decide(o.ID, "resend")
				s.byHand++
			}
		}
		if time.Since(still) > wait+3*time.Minute {
			s.stop(syscall.SIGKILL)
			s.t.Fatalf("it does not come to rest: %s\n%s", state, s.log)
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.doubtful = s.ask(`select count(distinct outbox) from attempts where state = 'in_doubt'`)
}

// decide settles a mail in doubt by the command line.
func (s *station) decide(id int64, decision string) {
	s.t.Helper()
	proc, log := s.spawn([]string{"outbox", "-config", s.config, "-why", "looked into the client's mailbox", decision, strconv.FormatInt(id, 10)}, "COMPLAINTSD_RUN=1")
	if err := proc.Wait(); err != nil {
		s.t.Fatalf("outbox %s %d: %v\n%s", decision, id, err, log)
	}
}

// ask puts a question with one number for an answer to the database.
func (s *station) ask(query string) (n int) {
	s.t.Helper()
	db, err := sql.Open("postgres", s.url)
	if err == nil {
		defer db.Close()
		err = db.QueryRow(query).Scan(&n)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// judge counts what was lost and what came twice, of n complaints.
func (s *soak) judge(n int) {
	s.t.Helper()
	ctx := context.Background()
	rows, err := s.db.Rows(ctx, allCases)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(rows) != n {
		s.t.Errorf("%d cases of %d complaints", len(rows), n)
	}
	if extra := s.ask(`select count(*) - count(distinct complainant) from cases`); extra > 0 {
		s.twice += extra
		s.t.Errorf("%d complaints have become two cases", extra)
	}
	s.lost += max(0, n-len(rows))
	for i := range n {
		switch got := s.acknowledged(client(i + 1)); {
		case got == 0:
			s.lost++
			s.t.Errorf("%s has no acknowledgement", client(i+1))
		case got > 1:
			s.twice += got - 1
			s.t.Errorf("%s has %d acknowledgements", client(i+1), got)
		}
	}
	if left := len(s.dovecot.Names(deskAddr, "INBOX")); left > 0 {
		s.t.Errorf("%d mails left in the inbox", left)
	}
	s.oracle(ctx)
	s.stop(syscall.SIGTERM)
	if s.log != nil && s.log.has("panic: ") {
		s.t.Error(s.log)
	}
}

// kill -9 at each point on a mail's way, from the mailbox into the database and
// out again to the relay. Where nobody can know whether the relay has the mail
// it is in doubt, and a person settles it.
func killedAtEachPoint(t *testing.T, runs int) {
	points := []struct {
		point    string
		decision string // of the operator; "": nothing is in doubt
	}{
		{point: "fetched"}, {point: "before-commit"}, {point: "after-commit"}, {point: "before-move"}, {point: "claimed"}, {point: "frozen"},
		{point: "in-data"}, {point: "before-dot", decision: "resend"}, {point: "after-250", decision: "confirm-sent"}, {point: "marked"},
	}
	s := newSoak(t, site{clients: runs * len(points)})
	ctx := context.Background()
	n := 0
	for range runs {
		for _, p := range points {
			n++
			s.run(p.point)
			s.complainFrom(client(n), n)
			s.died()
			s.run("")
			s.settled(ctx, time.Minute)
			doubtful := s.outbox(ctx, store.InDoubt)
			if (len(doubtful) == 1) != (p.decision != "") {
				t.Errorf("%s: %d mails in doubt", p.point, len(doubtful))
			}
			for _, o := range doubtful {
				s.decide(o.ID, p.decision)
			}
			s.settled(ctx, time.Minute)
			if got, done := s.acknowledged(client(n)), len(s.dovecot.Names(deskAddr, "Processed")); got != 1 || done != n {
				t.Errorf("%s: %d acknowledgements, %d mails processed of %d", p.point, got, done, n)
			}
			s.stop(syscall.SIGTERM)
		}
	}
	s.judge(n)
	s.row("kill -9 at named points", fmt.Sprintf("%d points × %d", len(points), runs))
}
