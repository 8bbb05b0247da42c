package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/cmd/complaintsd/playground"
	"complaints/mailin"
	"complaints/mailout"
	"complaints/store"
	"complaints/store/cluster"
)

//go:embed demo/*.txtar
var demoScripts embed.FS

// The firm of the demo and of the tests. It does not exist.
var (
	demoFirm = complaints.Firm{
		Name: "明律律师事务所", NameEn: "Minglü Law Firm", Short: "明", Address: "北京市朝阳区望和路18号和平大厦6层", Postcode: "100020",
		Phone: "010-5550 1234", Email: demoDesk,
	}
	demoRoutes = []complaints.Route{
		{Name: "北京市律师协会投诉受理查处中心", NameEn: "Beijing Lawyers Association, Complaints Centre", For: "律师执业行为和执业纪律", ForEn: "a lawyer's professional conduct",
			Contact: "010-5550 0001"},
		{Name: "朝阳区司法局", NameEn: "Chaoyang District Bureau of Justice", For: "律师和律师事务所的违法执业行为", ForEn: "unlawful practice by a lawyer or a law firm", Contact: "010-5550 0002"},
		{Name: "北京市律师协会律师收费争议调解委员会", NameEn: "Beijing Lawyers Association, Fee Dispute Mediation", For: "代理费争议的调解，不收费", ForEn: "mediation of fee disputes, free of charge",
			Contact: "010-5550 0003", Limit: "争议发生之日起一年内", LimitEn: "within one year of the dispute"},
	}
)

const (
	demoDesk     = "complaints@firm.example"
	demoPassword = "demo"
)

// demo plays one complaint from the first mail to the committee's decision:
// the same daemon, on a private database and servers within the process, with
// a clock that jumps.
func demo(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("demo")
	out := fs.String("out", "demo-out", "the `folder` for the mails and letters")
	lang := fs.String("lang", "zh", "the language: zh or en")
	keep := fs.Bool("keep", false, "stay up afterwards, so that a mail program can play any part")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	src, err := demoScripts.ReadFile("demo/" + *lang + ".txtar")
	if err != nil {
		return fail(stderr, "demo", usagef("the demo speaks zh and en, not %q", *lang))
	}
	d := &demonstration{lang: *lang, out: *out, stdout: stdout, colour: isTerminal(stdout)}
	if err := d.play(ctx, src, *keep); err != nil {
		return fail(stderr, "demo", err)
	}
	return exitDone
}

// demonstration is one run of the demo.
type demonstration struct {
	lang, out string
	stdout    io.Writer
	colour    bool

	servers *playground.Servers
	db      *store.DB
	daemon  *daemon.Daemon
	script  *play.Script
	sent    int
	mails   int
	letters int
	day     string

	mu  sync.Mutex
	set time.Time
	at  time.Time
}

func (d *demonstration) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.set.Add(time.Since(d.at))
}

func (d *demonstration) play(ctx context.Context, src []byte, keep bool) error {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return err
	}
	if d.script, err = play.Parse(src, loc); err != nil {
		return err
	}
	d.set, d.at = d.script.Steps[0].At, time.Now()
	if err := d.prepare(); err != nil {
		return err
	}
	stop, err := d.start(ctx, loc)
	if err != nil {
		return err
	}
	defer stop()
	d.head()
	p := &play.Player{Script: d.script, Post: d, Desk: demoDesk, Seen: d.show}
	if err := p.Play(ctx); err != nil {
		return err
	}
	d.foot()
	if keep {
		d.invite()
		<-ctx.Done()
	}
	return nil
}

// prepare makes the folder; what an earlier demo left in it is removed.
func (d *demonstration) prepare() error {
	if err := os.MkdirAll(d.out, 0o755); err != nil {
		return err
	}
	for _, pattern := range []string{"*.eml", "*.pdf"} {
		old, _ := filepath.Glob(filepath.Join(d.out, pattern))
		for _, f := range old {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// start brings up the database, the servers and the daemon.
func (d *demonstration) start(ctx context.Context, loc *time.Location) (stop func(), err error) {
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("COMPLAINTSD_DEMO_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	var undo []func()
	stop = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	c, err := cluster.Start(ctx, cluster.Options{Ephemeral: true, Log: log})
	if err != nil {
		return nil, err
	}
	undo = append(undo, func() { c.Close() })
	if err := c.CreateDB(ctx, "complaints"); err != nil {
		return nil, err
	}
	if d.db, err = store.Open(ctx, c.URL("complaints"), log); err != nil {
		return nil, err
	}
	undo = append(undo, func() { d.db.Close() })
	if err := d.db.Migrate(ctx); err != nil {
		return nil, err
	}
	people, err := config.ParseRegister("staff.csv", []byte(d.script.Staff))
	if err != nil {
		return nil, err
	}
	if _, err := d.db.ReplaceRegister(ctx, people, "demo", d.now()); err != nil {
		return nil, err
	}
	accounts := []string{demoDesk}
	for _, a := range d.script.Cast {
		accounts = append(accounts, a.Address)
	}
	if d.servers, err = playground.Start(playground.Options{Accounts: accounts, Password: demoPassword, Now: d.now, AuthservID: "mx.firm.example"}); err != nil {
		return nil, err
	}
	undo = append(undo, func() { d.servers.Close() })
	password := func() (string, error) { return demoPassword, nil }
	d.daemon, err = daemon.New(daemon.Options{
		DB: d.db, Log: log, Now: d.now, Owner: "demo",
		Policy: complaints.Policy{Parameters: complaints.DefaultParameters(), Firm: demoFirm, Address: demoDesk, Language: d.lang, Location: loc, Routes: demoRoutes, RequireDomain: true},
		Mailbox: &mailin.Server{Addr: d.servers.IMAP, TLS: "none", User: demoDesk, Password: password, Folder: "INBOX", Processed: "Processed",
			Quarantine: "Quarantine", Poll: time.Second, Log: log},
		Desk:  mailin.Desk{AuthservID: "mx.firm.example"},
		Relay: &mailout.Relay{Addr: d.servers.SMTP, TLS: "none", User: demoDesk, Password: password},
	})
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.daemon.Run(run) }()
	undo = append(undo, func() { cancel(); <-done })
	return stop, nil
}

// Send hands a mail to the server: with the sender's account, or as a stranger.
func (d *demonstration) Send(ctx context.Context, from string, auth bool, to string, raw []byte) error {
	if strings.HasPrefix(to, "complaints") {
		d.sent++
	}
	r := &mailout.Relay{Addr: d.servers.SMTP, TLS: "none"}
	defer r.Close()
	if auth {
		r.User, r.Password = from, func() (string, error) { return demoPassword, nil }
	}
	if res := r.Submit(ctx, mailout.Envelope{From: from, To: []string{to}}, raw); res.State != mailout.Accepted {
		return fmt.Errorf("send: %s", res)
	}
	return nil
}

// Inbox gives a person's mails.
func (d *demonstration) Inbox(_ context.Context, addr string) ([][]byte, error) {
	return d.servers.Inbox(addr)
}

// Settle waits until the desk has worked off all that was sent.
func (d *demonstration) Settle(ctx context.Context) error {
	return waitFor(ctx, 30*time.Second, func() (bool, string, error) {
		c, err := d.db.Counts(ctx)
		return err == nil && c.Arrivals >= d.sent && c.Pending == 0,
			fmt.Sprintf("%d of %d mails taken in, %d to be sent, %d retrying, %d in doubt", c.Arrivals, d.sent, c.Pending, c.Retrying, c.InDoubt), err
	})
}

// Jump sets the clock and lets the desk look at its limits.
func (d *demonstration) Jump(ctx context.Context, at time.Time) error {
	d.mu.Lock()
	d.set, d.at = at, time.Now()
	d.mu.Unlock()
	if err := d.daemon.Sweep(ctx); err != nil {
		return err
	}
	return d.Settle(ctx)
}

// waitFor asks until it is so; the error says what it waited for in vain.
func waitFor(ctx context.Context, most time.Duration, ask func() (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		ok, state, err := ask()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the desk does not come to rest: %s", state)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
