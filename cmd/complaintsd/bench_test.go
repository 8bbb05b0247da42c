package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/daemon"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/mailout"
	"complaints/store"
	"complaints/store/cluster"
)

// benchMail is a complaint of about 20 kB with one attachment; no two are alike.
func benchMail(n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	file := make([]byte, 13_000)
	r.Read(file)
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <c%[1]d@client.example>\r\nReceived: from mail.client.example by mx.firm.example; Tue, 24 Nov 2026 09:00:00 +0800\r\n"+
		"From: =?UTF-8?B?5byg5aCD?= <c%[1]d@client.example>\r\nTo: complaints@firm.example\r\nSubject: =?UTF-8?B?5YWz5LqO6YCA6LS555qE5oqV6K+J?= %[1]d\r\nMessage-ID: <b%[1]d@client.example>\r\n"+
		"Date: Tue, 24 Nov 2026 09:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n"+
		"--=_b\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%[2]s\r\n--=_b\r\nContent-Type: application/pdf; name=\"contract.pdf\"\r\n"+
		"Content-Disposition: attachment; filename=\"contract.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", n, wrap(base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("第%d件：我委托贵所代理，律师没有到庭，请退还代理费。\n", n)))))
	b.WriteString(wrap(base64.StdEncoding.EncodeToString(file)) + "\r\n--=_b--\r\n")
	return b.Bytes()
}

func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}

// benchServers starts a durable PostgreSQL, and Dovecot.
func benchServers(b *testing.B) (*cluster.Cluster, *store.DB, *mailtest.Dovecot) {
	b.Helper()
	mailtest.Need(b)
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Options{Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	for _, name := range []string{"desk", "pgbench"} {
		if err := c.CreateDB(ctx, name); err != nil {
			b.Fatal(err)
		}
	}
	db, err := store.Open(ctx, c.URL("desk"), quiet())
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	people, err := config.ParseRegister("staff.csv", []byte("address,name,department,role,manager,active,licence\nzhou@firm.example,Grace Zhou,Client Services,officer,,yes,\n"))
	if err == nil {
		_, err = db.ReplaceRegister(ctx, people, "bench", time.Now())
	}
	if err != nil {
		b.Fatal(err)
	}
	return c, db, mailtest.StartDovecot(b, mailtest.DovecotOptions{Users: []string{deskAddr}})
}

// newBenchDaemon makes a daemon on these servers.
func newBenchDaemon(b *testing.B, db *store.DB, d *mailtest.Dovecot, smtp string) *daemon.Daemon {
	b.Helper()
	x, err := daemon.New(daemon.Options{
		DB: db, Policy: testPolicy("zh"), Owner: "bench", Log: quiet(), Now: time.Now,
		Mailbox: &mailin.Server{Addr: d.IMAP, TLS: "none", User: deskAddr, Password: func() (string, error) { return mailtest.Password, nil },
			Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine", Log: quiet()},
		Relay: &mailout.Relay{Addr: smtp, TLS: "none"},
	})
	if err != nil {
		b.Fatal(err)
	}
	return x
}

// BenchmarkIntake takes mails of 20 kB in, from one IMAP mailbox to committed
// cases with the acknowledgement in the outbox; and in the same run, on the same
// PostgreSQL with fsync on, pgbench inserts the same bytes, one row a
// transaction, on one connection.
func BenchmarkIntake(b *testing.B) {
	const mails = 600
	for b.Loop() {
		c, db, dovecot := benchServers(b)
		fill(b, dovecot, mails)
		before := pgbench(b, c)
		ctx, cancel := context.WithCancel(context.Background())
		d := newBenchDaemon(b, db, dovecot, "127.0.0.1:1")
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- d.Hear(ctx) }()
		for {
			n, err := db.Counts(ctx)
			if err != nil {
				b.Fatal(err)
			}
			if n.Open == mails {
				break
			}
			time.Sleep(40 * time.Millisecond)
		}
		rate := mails / time.Since(start).Seconds()
		cancel()
		<-done
		after := pgbench(b, c)
		b.ReportMetric(rate, "mails/s")
		b.ReportMetric((before+after)/2, "pgbench/s")
		b.ReportMetric(100*rate/((before+after)/2), "%ofpgbench")
	}
}

// fill puts mails into the desk's inbox.
func fill(b testing.TB, d *mailtest.Dovecot, mails int) {
	b.Helper()
	c := mailtest.Dial(b, d, deskAddr)
	for n := range mails {
		put(b, c, benchMail(n))
	}
}

// put appends one mail over a connection that is open.
func put(b testing.TB, c *imapclient.Client, raw []byte) {
	b.Helper()
	cmd := c.Append("INBOX", int64(len(raw)), nil)
	if _, err := cmd.Write(raw); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// pgbench inserts 300 rows of 20 kB, one a transaction, and gives rows a second.
func pgbench(b *testing.B, c *cluster.Cluster) float64 {
	b.Helper()
	script := filepath.Join(b.TempDir(), "insert.sql")
	sql := "create table if not exists mails (id bigserial primary key, raw bytea not null);\n"
	run := func(args ...string) string {
		bin, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
		if len(bin) == 0 {
			b.Skip("pgbench is not installed: apt-get install postgresql")
		}
		cmd := exec.Command(bin[len(bin)-1], append(args, c.URL("pgbench"))...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench: %v\n%s", err, out)
		}
		return string(out)
	}
	write := func(text string) {
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	write(sql)
	run("-n", "-t", "1", "-f", script)
	write("insert into mails (raw) values ('\\\\x" + hex.EncodeToString(benchMail(7)) + "');\n")
	out := run("-n", "-c", "1", "-t", "300", "-f", script)
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		b.Fatalf("pgbench said:\n%s", out)
	}
	tps, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return tps
}

// BenchmarkLatency measures from APPEND into the desk's mailbox to the
// acknowledgement, with its letter, handed to SMTP.
func BenchmarkLatency(b *testing.B) {
	_, db, dovecot := benchServers(b)
	relay := mailtest.StartScript(b)
	d := newBenchDaemon(b, db, dovecot, relay.Addr)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done })
	var took []time.Duration
	n := 0
	client := mailtest.Dial(b, dovecot, deskAddr)
	one := func() {
		n++
		raw := benchMail(n)
		start := time.Now()
		put(b, client, raw)
		to := fmt.Sprintf("c%d@client.example", n)
		for !slices.ContainsFunc(relay.Taken(), func(t mailtest.Taken) bool { return slices.Contains(t.To, to) }) {
			time.Sleep(time.Millisecond)
			if time.Since(start) > 20*time.Second {
				b.Fatal("no acknowledgement")
			}
		}
		took = append(took, time.Since(start))
		for { // let the notices to staff go out before the next mail
			if c, err := db.Counts(ctx); err != nil || c.Pending == 0 {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	one() // connections, fonts
	took = nil
	for b.Loop() {
		one()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}
