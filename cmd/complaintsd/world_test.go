package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/mailout"
	"complaints/store"
	"complaints/store/cluster/clustertest"
)

const deskAddr = "complaints@firm.example"

// world is the desk between real servers: Postfix, Dovecot, PostgreSQL.
type world struct {
	t       testing.TB
	dovecot *mailtest.Dovecot
	postfix *mailtest.Postfix
	db      *store.DB
	daemon  *daemon.Daemon
	days    string                // jurisdiction of the calendar; "" is the daemon's own
	open    bool                  // nobody verifies who sends mail
	hops    int                   // Received fields of our own hosts above the field that is believed
	verify  mailin.Verifier       // of DKIM signatures; nil: none
	sent    int                   // mails to the desk
	stop    func()                // ends the daemon
	alone   []string              // who has a command folder
	options func(*daemon.Options) // what a test wants otherwise; nil: nothing

	mu  sync.Mutex
	set time.Time // what the desk's clock was set to
	at  time.Time // when that was
}

// now is the desk's clock: it runs on from where it was set.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.set.Add(time.Since(w.at))
}

// testDatabase gives a fresh database with the schema.
func testDatabase(t testing.TB) *store.DB {
	t.Helper()
	ctx := context.Background()
	url := clustertest.Filled(t, "schema", func(url string) error {
		db, err := store.Open(ctx, url, quiet())
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(ctx)
	})
	db, err := store.Open(ctx, url, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func quiet() *slog.Logger {
	if os.Getenv("COMPLAINTSD_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

var shanghai = func() *time.Location {
	l, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return l
}()

// The office in London: it does not exist either.
var (
	londonFirm = complaints.Firm{
		Name: "Ashby Lane LLP", NameEn: "Ashby Lane LLP", Short: "AL", Address: "14 Lamb's Passage, London", Postcode: "EC1Y 8TE", Phone: "020 7946 0018", Email: deskAddr,
	}
	londonRoutes = []complaints.Route{
		{Name: "Legal Ombudsman", NameEn: "Legal Ombudsman", For: "poor service, at no charge to you", ForEn: "poor service, at no charge to you", Contact: "legalombudsman.org.uk",
			Limit: "within six months of our final response, and within one year of what you complain of or of when you should have known of it", LimitEn: "within six months of our final response, and within one year of what you complain of or of when you should have known of it"},
		{Name: "Solicitors Regulation Authority", NameEn: "Solicitors Regulation Authority", For: "a solicitor's conduct", ForEn: "a solicitor's conduct", Contact: "sra.org.uk"},
	}
	london = func() *time.Location {
		l, err := time.LoadLocation("Europe/London")
		if err != nil {
			panic(err)
		}
		return l
	}()
)

// officePolicy is the policy of the office that counts these days: of the one
// in London where they are those of England and Wales.
func officePolicy(lang, days string) complaints.Policy {
	p := testPolicy(lang)
	if days == "en-gb" {
		p.Firm, p.Routes, p.Location = londonFirm, londonRoutes, london
	}
	return p
}

// testPolicy is the policy of the demo's firm.
func testPolicy(lang string) complaints.Policy {
	return complaints.Policy{
		Parameters: complaints.DefaultParameters(), Firm: demoFirm, Address: deskAddr, Language: lang, Location: shanghai,
		Routes: demoRoutes, RequireDomain: true, Security: "postmaster@firm.example", WebForm: "form@firm.example",
	}
}

// newWorld starts the servers for a script's cast and the daemon between them.
func newWorld(t testing.TB, s *play.Script, lang string) *world {
	t.Helper()
	return newWorldWith(t, s, lang, mailtest.PostfixOptions{}, 1)
}

// newWorldWith is newWorld with a Postfix of some kind, and hops as the
// configuration has it.
func newWorldWith(t testing.TB, s *play.Script, lang string, o mailtest.PostfixOptions, hops int) *world {
	t.Helper()
	w := unstarted(t, s, o, hops)
	w.start(lang)
	return w
}

// unstarted is a world whose daemon is still to be started.
func unstarted(t testing.TB, s *play.Script, o mailtest.PostfixOptions, hops int) *world {
	t.Helper()
	mailtest.Need(t)
	users := []string{deskAddr, "postmaster@firm.example"}
	for _, a := range s.Cast {
		if !gone(a.Address) && !slices.Contains(users, a.Address) {
			users = append(users, a.Address)
		}
	}
	w := &world{t: t, days: s.Calendar, open: s.Open, hops: hops, db: testDatabase(t), at: time.Now(), set: time.Now()}
	for _, short := range s.Alone {
		w.alone = append(w.alone, s.Cast[short].Address)
	}
	w.dovecot = mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: users, Alone: w.alone})
	w.postfix = mailtest.StartPostfix(t, w.dovecot, o)
	people, err := config.ParseRegister("staff.csv", []byte(s.Staff))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.ReplaceRegister(context.Background(), people, "test", w.now()); err != nil {
		t.Fatal(err)
	}
	return w
}

// start runs the daemon until the test ends.
func (w *world) start(lang string) {
	t := w.t
	password := func() (string, error) { return mailtest.Password, nil }
	policy, desk := officePolicy(lang, w.days), mailin.Desk{AuthservID: mailtest.AuthservID, Position: w.hops}
	if w.open {
		policy.RequireDomain, policy.Confirm, desk = false, true, mailin.Desk{}
	}
	desk.VerifyDKIM = w.verify
	desk.Limits.Time = raced() * 5 * time.Second
	o := daemon.Options{
		DB: w.db, Policy: policy, Jurisdiction: w.days, Owner: "test", Log: quiet(), Now: w.now, Every: time.Hour,
		Mailbox: &mailin.Server{Addr: w.dovecot.IMAP, TLS: "none", User: deskAddr, Password: password, Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine",
			Poll: time.Second, Log: quiet()},
		Desk:  desk,
		Relay: &mailout.Relay{Addr: w.postfix.Submission, TLS: "none", User: deskAddr, Password: password},
	}
	if w.alone != nil {
		o.Mailbox.Commands, o.Mailbox.Poll = "Commands/%u", 200*time.Millisecond
	}
	if w.options != nil {
		w.options(&o)
	}
	d, err := daemon.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.daemon = d
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
	})
	t.Cleanup(w.stop)
}

// raced is how much slower the race detector makes reading a mail.
func raced() time.Duration {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return 10
	}
	return 1
}

// Send hands a mail to Postfix: with the sender's account, or as a stranger.
func (w *world) Send(ctx context.Context, from string, auth bool, to string, raw []byte) error {
	if strings.HasPrefix(to, "complaints") {
		w.sent++
	}
	if auth {
		return mailtest.Send(w.postfix.Submission, from, from, []string{to}, raw)
	}
	return mailtest.Send(w.postfix.MX, "", from, []string{to}, raw)
}

// File puts a mail into a command folder by IMAP.
func (w *world) File(ctx context.Context, who, owner string, raw []byte) error {
	w.sent++
	mailtest.Append(w.t, w.dovecot, who, "Commands/"+owner, raw)
	return nil
}

// Inbox reads a person's real maildir.
func (w *world) Inbox(ctx context.Context, addr string) ([][]byte, error) {
	if gone(addr) {
		return nil, nil
	}
	var out [][]byte
	for _, m := range w.dovecot.Mails(addr, "INBOX") {
		out = append(out, m.Raw)
	}
	return out, nil
}

// gone reports whether every mail to an address bounces.
func gone(addr string) bool { return strings.HasSuffix(addr, "@"+mailtest.Gone) }

// Settle waits until the desk has taken in all that was sent, has sent all
// that follows, and Postfix has delivered it.
func (w *world) Settle(ctx context.Context) error {
	return waitFor(ctx, 2*time.Minute, func() (bool, string, error) {
		c, err := w.db.Counts(ctx)
		if err != nil {
			return false, "", err
		}
		state := func() string {
			return fmt.Sprintf("%d of %d mails taken in, %d to be sent, %d in doubt, %d failed", c.Arrivals, w.sent, c.Pending, c.InDoubt, c.Failed)
		}
		if c.Arrivals < w.sent || c.Pending > 0 {
			return false, state(), nil
		}
		// A bounce may be on its way back to the desk: the queue first, then the
		// inbox, then once more what the desk has to send.
		if n := w.postfix.Queued(); n > 0 {
			return false, fmt.Sprintf("%s, %d in the queue of Postfix", state(), n), nil
		}
		if n := len(w.dovecot.Mails(deskAddr, "INBOX")); n > 0 {
			return false, fmt.Sprintf("%s, %d in the inbox", state(), n), nil
		}
		for _, owner := range w.alone {
			if n := len(w.dovecot.Mails(deskAddr, "Commands/"+owner)); n > 0 {
				return false, fmt.Sprintf("%s, %d in the folder of %s", state(), n, owner), nil
			}
		}
		c, err = w.db.Counts(ctx)
		return err == nil && c.Pending == 0, state(), err
	})
}

// setClock sets the desk's clock, which goes on from there.
func (w *world) setClock(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set, w.at = at, time.Now()
}

// Jump sets the desk's clock and waits for what follows.
func (w *world) Jump(ctx context.Context, at time.Time) error {
	w.setClock(at)
	if err := w.daemon.Sweep(ctx); err != nil {
		return err
	}
	return w.Settle(ctx)
}

var allCases = store.Filter{Limit: 100_000}

// delivered compares the outbox with the real maildirs: what was accepted lies
// there once, byte for byte, and nothing else that the desk has ever composed.
func (w *world) delivered(ctx context.Context) {
	t := w.t
	t.Helper()
	out, err := w.db.Outbox(ctx, store.OutboxFilter{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	boxes := map[string]map[string][][]byte{} // recipient, Message-ID
	for _, o := range out {
		if o.MessageID == "" || gone(o.RcptTo) {
			continue
		}
		if boxes[o.RcptTo] == nil {
			boxes[o.RcptTo] = w.byMessageID(o.RcptTo)
		}
		want := 0
		if o.State == store.Accepted || o.State == store.Settled {
			want = 1
		}
		copies := boxes[o.RcptTo]["<"+o.MessageID+">"]
		if len(copies) != want {
			t.Errorf("mail %d (%s to %s) is %s and lies %d times in the maildir", o.ID, o.Mail.Template, o.RcptTo, o.State, len(copies))
		}
		if len(copies) == 0 {
			continue
		}
		if o, err = w.db.OutgoingMail(ctx, o.ID); err != nil {
			t.Fatal(err)
		}
		for _, raw := range copies {
			if !bytes.HasSuffix(raw, o.Frozen) {
				t.Errorf("mail %d (%s to %s) has other bytes in the maildir than in the outbox", o.ID, o.Mail.Template, o.RcptTo)
			}
		}
	}
}

// byMessageID reads a person's inbox.
func (w *world) byMessageID(addr string) map[string][][]byte {
	found := map[string][][]byte{}
	for _, m := range w.dovecot.Mails(addr, "INBOX") {
		head, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
		for line := range bytes.Lines(head) {
			if name, value, _ := bytes.Cut(line, []byte(":")); strings.EqualFold(string(name), "Message-ID") {
				id := string(bytes.TrimSpace(value))
				found[id] = append(found[id], m.Raw)
			}
		}
	}
	return found
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
