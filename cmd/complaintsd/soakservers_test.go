package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"complaints/cmd/complaintsd/daemon"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/mailout"
	"complaints/store/cluster"
)

// PostgreSQL is stopped as a crash stops it, amid mail; what had not reached
// its log is gone. The daemon goes on by itself.
func databaseStops(t *testing.T, stops, mails int) {
	ctx := context.Background()
	c := ownCluster(ctx, t)
	s := newSoak(t, site{url: c.URL("desk"), clients: mails, journal: "20s"})
	s.serve()
	s.until("it works", func() bool { return s.log.has("complaintsd works") }) // before that it ends, and is started again
	pid := s.proc.Process.Pid
	n := 0
	for k := range stops {
		stop := time.After(s.between(300*time.Millisecond, 1200*time.Millisecond))
		for ; n*stops < mails*(k+1); n++ {
			s.complainFrom(client(n+1), n+1)
		}
		<-stop
		if err := c.Stop(cluster.Immediate); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	s.drain(n, 20*time.Second)
	if s.proc.Process.Pid != pid || syscall.Kill(pid, 0) != nil {
		t.Error("the daemon has not lived through it")
	}
	s.judge(n)
	s.row("immediate stops of PostgreSQL", fmt.Sprintf("%d stops over %d mails", stops, n))
}

// The IMAP connection is cut after a random number of bytes, in either
// direction. No short mail is ever kept, none is missed.
func connectionCuts(t *testing.T, cuts int) {
	s := newSoak(t, site{})
	p := mailtest.StartProxy(t, s.dovecot.IMAP)
	password := func() (string, error) { return mailtest.Password, nil }
	d, err := daemon.New(daemon.Options{
		DB: s.db, Policy: testPolicy("zh"), Owner: "soak", Log: quiet(), Now: time.Now, Relay: &mailout.Relay{Addr: s.postfix.Submission, TLS: "none"},
		Mailbox: &mailin.Server{Addr: p.Addr, TLS: "none", User: deskAddr, Password: password, Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine",
			Pause: 100 * time.Microsecond, Poll: time.Second, Log: quiet()},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Hear(ctx) }()
	box := mailtest.Dial(t, s.dovecot, deskAddr)
	want := map[string]bool{}
	size := rand.New(rand.NewPCG(s.seed, 1)) // of the proxy's goroutines s.rand is
	fill := func() {
		for range 12 {
			raw := complaint(client(len(want)+1), len(want)+1)
			raw = append(raw, bytes.Repeat([]byte("I waited in vain.\r\n"), size.IntN(1000))...)
			put(t, box, raw)
			want[fmt.Sprintf("%x", sha256.Sum256(raw))] = true
		}
	}
	fill()
	// From the server's first words up to a hundred kilobytes, each order of
	// magnitude as often as the next; of what the client says up to 3 kB.
	p.Each(func() mailtest.Fault {
		f := mailtest.Fault{After: int(math.Exp(s.rand.Float64()*5 + 6.5))}
		if s.rand.IntN(5) == 0 {
			f.ToServer, f.After = true, s.rand.IntN(3000)
		}
		if s.rand.IntN(4) == 0 {
			f.Do = mailtest.Reset
		}
		return f
	})
	for before, still := -1, time.Now(); p.Struck() < cuts; time.Sleep(5 * time.Millisecond) {
		if n := p.Struck(); n != before {
			before, still = n, time.Now()
		}
		if time.Since(still) > time.Second { // a connection that has little to say
			p.CutAll()
			still = time.Now()
		}
		if len(s.dovecot.Names(deskAddr, "INBOX")) < 4 {
			if fill(); len(want)%1200 == 0 { // a maildir is read whole for each MOVE
				s.dovecot.Archive(deskAddr, "Processed")
			}
		}
	}
	p.Heal()
	for end := time.Now().Add(2 * time.Minute); len(s.dovecot.Names(deskAddr, "INBOX")) > 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	short, found := s.ask(`select count(*) from messages`), s.sums()
	for sum := range want {
		switch n := found[sum]; n {
		case 0:
			s.lost++
			t.Errorf("a mail is not in the database: %s", sum)
		default:
			short -= n
			s.twice += n - 1
		}
	}
	held := len(s.dovecot.Names(deskAddr, "Quarantine"))
	if short > 0 {
		t.Errorf("%d mails are in the database that nobody has sent", short)
	}
	if n := s.ask(`select count(*) from cases`); n != len(want)-held {
		t.Errorf("%d cases of %d mails", n, len(want))
	}
	s.row("the IMAP connection cut at random bytes", fmt.Sprintf("%d cuts over %d mails, %d short mails kept, %d held after ten cuts in a row", p.Struck(), len(want), short, held))
}

// sums counts the mails that are kept by what they are, bytes for bytes.
func (s *soak) sums() map[string]int {
	s.t.Helper()
	db, err := sql.Open("postgres", s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`select encode(sha256, 'hex') from messages`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			s.t.Fatal(err)
		}
		found[sum]++
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return found
}

// Three daemons on one database and one mailbox. The connection that holds the
// mailbox's lock is cut, and now and then any other connection; one of the
// daemons is killed and started again, or frozen beyond its leases.
func lockLosses(t *testing.T, losses, mails int) {
	s := newSoak(t, site{clients: mails, journal: "20s"})
	type one struct {
		config string
		proc   *exec.Cmd
		log    *output
	}
	var all []*one
	start := func(d *one) {
		d.proc, d.log = s.spawn([]string{"serve", "-config", d.config}, "COMPLAINTSD_RUN=1")
	}
	end := func(d *one, sig syscall.Signal) {
		_ = d.proc.Process.Signal(syscall.SIGCONT)
		_ = d.proc.Process.Signal(sig)
		_ = d.proc.Wait()
	}
	for i := range 3 {
		d := &one{config: s.configure(fmt.Sprintf("daemon%d", i), s.dovecot.IMAP, s.postfix.Submission, "journal = \""+journalAddr+"\"\njournal_wait = \"20s\"\n")}
		start(d)
		t.Cleanup(func() { end(d, syscall.SIGKILL) })
		all = append(all, d)
	}
	const holder = `select coalesce(max(pid), 0) from pg_locks join pg_stat_activity using (pid)
		where locktype = 'advisory' and granted and datname = current_database() and application_name = 'complaintsd'`
	n, kills, freezes, others := 0, 0, 0, 0
	frozen, thaw := -1, time.Time{}
	for k := range losses {
		for ; n*losses < mails*(k+1); n++ {
			s.complainFrom(client(n+1), n+1)
		}
		pid := 0
		for wait := time.Now().Add(time.Minute); pid == 0; pid = s.ask(holder) {
			if time.Now().After(wait) {
				t.Fatal("nobody takes the lock")
			}
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(s.between(0, 600*time.Millisecond))
		s.ask(fmt.Sprintf(`select count(pg_terminate_backend(%d))`, pid))
		if frozen >= 0 && time.Now().After(thaw) {
			_ = all[frozen].proc.Process.Signal(syscall.SIGCONT)
			frozen = -1
		}
		switch s.rand.IntN(12) {
		case 0: // a random connection of any daemon, whatever it is doing
			others += s.ask(`select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity
				where datname = current_database() and application_name = 'complaintsd' and pid <> pg_backend_pid() order by random() limit 1) x`)
		case 1:
			if d := s.rand.IntN(3); d != frozen {
				end(all[d], syscall.SIGKILL)
				start(all[d])
				kills++
			}
		case 2:
			if frozen < 0 {
				frozen, thaw = s.rand.IntN(3), time.Now().Add(35*time.Second) // a lease is 30 s
				_ = all[frozen].proc.Process.Signal(syscall.SIGSTOP)
				freezes++
			}
		}
	}
	if frozen >= 0 {
		time.Sleep(time.Until(thaw))
		_ = all[frozen].proc.Process.Signal(syscall.SIGCONT)
	}
	s.drain(n, 40*time.Second)
	for _, d := range all {
		end(d, syscall.SIGTERM)
		if d.log.has("panic: ") {
			t.Error(d.log)
		}
	}
	s.judge(n)
	s.row("three daemons on one mailbox, its lock lost", fmt.Sprintf("%d losses, %d kills, %d freezes of 35 s and %d cut connections more, over %d mails", losses, kills, freezes, others, n))
}

// So many mails of 4.3 kB lie in the mailbox when the daemon starts. It takes
// them in, with all that follows, and hands the acknowledgements to a relay that
// takes everything; half-way a new mail comes.
func backlog(t *testing.T, mails int) {
	s := newSoak(t, site{})
	relay := mailtest.StartScript(t, mailtest.Rule{On: ".", Light: true})
	s.config = s.configure("backlog", s.dovecot.IMAP, relay.Addr, "")
	put(t, mailtest.Dial(t, s.dovecot, deskAddr), complaint(client(mails), mails)) // which makes the folder
	s.dovecot.Fill(deskAddr, mails-1, func(n int) []byte {
		raw := complaint(client(n), n)
		for i := 0; len(raw) < 4300; i++ {
			raw = fmt.Appendf(raw, "Line %d of complaint %d: I waited in vain and nobody answered.\r\n", i, n)
		}
		return raw
	})
	s.serve()
	s.began = time.Now()
	db, err := sql.Open("postgres", s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ask := func(query string) (n int) { // over one connection: counting is not what takes the time
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	wait := func(n int) time.Duration {
		for ask(`select coalesce(max(id), 0) from messages`) < n {
			if time.Since(s.began) > time.Hour {
				s.stop(syscall.SIGKILL)
				t.Fatalf("an hour is over\n%s", s.log)
			}
			time.Sleep(100 * time.Millisecond)
		}
		return time.Since(s.began)
	}
	// The first hundred are the start of the process and the first SELECT.
	start, tenth := wait(mails/100), wait(mails/10)
	half := wait(mails / 2)
	s.complainFrom("hart@client.example", mails+1)
	came := time.Now()
	for ask(`select count(*) from cases where complainant = 'hart@client.example'`) == 0 {
		time.Sleep(50 * time.Millisecond)
	}
	served := time.Since(came)
	answered := make(chan time.Duration, 1)
	go func() {
		for !slices.ContainsFunc(relay.Taken(), func(m mailtest.Taken) bool { return slices.Contains(m.To, "hart@client.example") }) {
			time.Sleep(200 * time.Millisecond)
		}
		answered <- time.Since(came)
	}()
	last, end := wait(mails*9/10), wait(mails+1)
	rate := func(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
	first, final := rate(mails/10-mails/100, tenth-start), rate(mails/10, end-last)
	if n := ask(`select count(*) from cases`); n != mails+1 {
		t.Errorf("%d cases of %d complaints", n, mails+1)
		s.lost = mails + 1 - n
	}
	gone := len(relay.Taken())
	s.row("a backlog in the mailbox", fmt.Sprintf("%d mails of 4.3 kB: %.0f/s in all, %.0f/s in the first tenth, %.0f/s in the last; a new mail half-way (after %.0f s) taken in within %.1f s and answered within %.1f s; at most %d MiB of memory; %d mails had gone out by then",
		mails, rate(mails, end), first, final, half.Seconds(), served.Seconds(), (<-answered).Seconds(), memory(t, s.proc.Process.Pid)>>20, gone))
	s.stop(syscall.SIGTERM)
}

// memory is what a process has had in memory at most, in bytes.
func memory(t *testing.T, pid int) (n int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		if _, err := fmt.Sscanf(string(line), "VmHWM: %d kB", &n); err == nil {
			return n << 10
		}
	}
	t.Fatal("the kernel does not say how much memory the process has had")
	return 0
}
