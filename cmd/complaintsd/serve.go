package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/daemon"
	"complaints/letters"
	"complaints/mailin"
	"complaints/mailout"
	"complaints/store"
	"complaints/store/cluster"
)

// serve is the daemon: it works until it is told to stop.
func serve(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("serve")
	file := fs.String("config", "", "the configuration `file`")
	dry := fs.Bool("dry-run", false, "read what lies in the mailbox, write and send nothing, say what would be done")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	cfg, err := loadConfig(*file)
	if err != nil {
		return fail(stderr, "serve", err)
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	sup := supervisor{log}
	err = work(ctx, cfg, log, sup, *dry, stdout)
	if ctx.Err() != nil { // told to stop, which may be at any moment
		log.Info("complaintsd ends")
		return exitDone
	}
	return fail(stderr, "serve", err)
}

// work brings the desk up and keeps it at work until ctx ends.
func work(ctx context.Context, cfg *config.Config, log *slog.Logger, sup supervisor, dry bool, stdout io.Writer) error {
	desk, err := openDesk(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer desk.close()
	if err := desk.importRegister(ctx); err != nil {
		return err
	}
	if dry {
		return dryRun(ctx, desk, stdout)
	}
	d, err := desk.daemon(sup.status)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.Run(gctx) })
	g.Go(func() error { return sup.watch(gctx, d.Alive) })
	if desk.cluster != nil {
		g.Go(func() error { return desk.cluster.Run(gctx) })
	}
	log.Info("complaintsd works", "address", cfg.Submission.From, "mailbox", cfg.Mailbox.Addr)
	sup.ready()
	defer sup.stopping()
	return g.Wait()
}

// office is what most subcommands need: the configuration and the database.
type office struct {
	cfg     *config.Config
	db      *store.DB
	cluster *cluster.Cluster // the private one, or nil
	log     *slog.Logger
	visit   bool         // a command beside the daemon: it does not stop the daemon's database
	lock    *os.File     // of the state folder, while a daemon works there
	point   func(string) // crash points of the tests; nil otherwise
}

// loadConfig reads the configuration file that a -config flag names.
func loadConfig(file string) (*config.Config, error) {
	if file == "" {
		return nil, usagef("give the configuration: -config FILE")
	}
	return config.Load(file)
}

// openDesk opens the database, starting the private cluster if the
// configuration names none, and brings its schema up to date.
func openDesk(ctx context.Context, cfg *config.Config, log *slog.Logger) (*office, error) {
	k := &office{cfg: cfg, log: log}
	url := cfg.Database.DSN()
	if url == "" {
		c, err := cluster.Start(ctx, cluster.Options{Dir: filepath.Join(cfg.StateDir, "postgres"), User: cfg.Database.User, Log: log})
		if err != nil {
			return nil, &awayError{err}
		}
		k.cluster = c
		if err := c.CreateDB(ctx, "complaints"); err != nil {
			k.close()
			return nil, &awayError{err}
		}
		url = c.URL("complaints")
	}
	db, err := store.Open(ctx, url, log)
	if err == nil {
		k.db, err = db, db.Migrate(ctx)
	}
	if err != nil {
		k.close()
		return nil, outward(err)
	}
	return k, nil
}

// outward gives an error of the store the exit code that scripts rely on.
func outward(err error) error {
	if store.Away(err) {
		return &awayError{err}
	}
	return err
}

func (k *office) close() {
	if k.lock != nil {
		k.lock.Close()
	}
	if k.db != nil {
		k.db.Close()
	}
	if k.cluster != nil && !(k.visit && k.cluster.Adopted()) {
		if err := k.cluster.Close(); err != nil {
			k.log.Warn("database", "err", err)
		}
	}
}

// importRegister makes the file that the configuration names the register.
func (k *office) importRegister(ctx context.Context) error {
	if k.cfg.Staff.Register == "" {
		return nil
	}
	people, err := config.ReadRegister(k.cfg.Staff.Register)
	if err != nil {
		return err
	}
	_, err = k.db.ReplaceRegister(ctx, people, "serve", time.Now())
	return outward(err)
}

// policy is the part of the policy that the configuration says.
func (k *office) policy() complaints.Policy {
	c := k.cfg
	return complaints.Policy{
		Parameters: c.Policy.Parameters, Firm: c.Firm, Address: c.Submission.From, Security: c.Staff.Security, Language: c.Language,
		Location: c.Location, Routes: c.ExternalRoute, Keys: c.Authentication.Keys, Management: c.Staff.Management, Admins: c.Staff.Admins,
		WebForm:       c.Policy.WebForm,
		RequireDomain: c.Authentication.AuthservID != "" || c.Authentication.DKIM,
		Confirm:       c.Authentication.AuthservID == "" && !c.Authentication.DKIM,
	}
}

// daemon wires the daemon that works in the state folder of the configuration.
func (k *office) daemon(state func(string)) (*daemon.Daemon, error) {
	owner, err := k.takeStateDir()
	if err != nil {
		return nil, err
	}
	return k.wire(state, owner)
}

// wire wires a daemon as the configuration says.
func (k *office) wire(state func(string), owner string) (*daemon.Daemon, error) {
	c := k.cfg
	mailbox, err := mailboxServer(c, k.log)
	if err != nil {
		return nil, err
	}
	smtpTLS, err := c.Submission.TLSConfig()
	if err != nil {
		return nil, err
	}
	return daemon.New(daemon.Options{
		DB: k.db, Policy: k.policy(), Jurisdiction: c.Policy.Calendar, Log: k.log, Now: time.Now, State: state, Point: k.point, Owner: owner,
		StandingFile: filepath.Join(c.StateDir, "standing.json"),
		Mailbox:      mailbox,
		Desk:         k.reading(),
		Relay: &mailout.Relay{
			Addr: c.Submission.Addr, TLS: c.Submission.TLS, TLSConfig: smtpTLS, User: c.Submission.User, Password: readAgain(c.Submission.PasswordPath, c.Submission.Password),
		},
		Journal: c.Submission.Journal, JournalWait: time.Duration(c.Submission.JournalWait),
		Seal: c.Letters.Image, Signer: c.SMIME.Signer,
		Fonts: letters.Fonts{Body: c.Fonts.Body, Title: c.Fonts.Title, Heading: c.Fonts.Heading, Kai: c.Fonts.Kai},
	})
}

// mailboxServer is the IMAP server that the configuration names.
func mailboxServer(c *config.Config, log *slog.Logger) (*mailin.Server, error) {
	tlsConfig, err := c.Mailbox.TLSConfig()
	if err != nil {
		return nil, err
	}
	m := c.Mailbox
	return &mailin.Server{
		Addr: m.Addr, TLS: m.TLS, TLSConfig: tlsConfig, User: m.User, Password: readAgain(m.PasswordPath, m.Password),
		Folder: m.Folder, Processed: m.Processed, Quarantine: m.Quarantine, Journal: m.Journal, Commands: m.Commands,
		Poll: time.Duration(m.Poll), Limit: int64(c.Limits.Stored), Log: log,
	}, nil
}

// takeStateDir makes sure that one daemon works in the state folder, and names
// it: the next one to work there knows what this one left in the outbox.
func (k *office) takeStateDir() (owner string, err error) {
	path := filepath.Join(k.cfg.StateDir, "lock")
	if err := os.MkdirAll(k.cfg.StateDir, 0o750); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return "", err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return "", fmt.Errorf("another daemon works in %s (%w)", k.cfg.StateDir, err)
	}
	k.lock = f // held until the process ends
	host, err := os.Hostname()
	return host + ":" + k.cfg.StateDir, err
}

// reading is how mail is read under this configuration.
func (k *office) reading() mailin.Desk { return readingDesk(k.cfg) }

func readingDesk(c *config.Config) mailin.Desk {
	l := c.Limits
	d := mailin.Desk{
		Address: c.Submission.From, AuthservID: c.Authentication.AuthservID, Position: c.Authentication.Position,
		Limits: mailin.Limits{
			Parsed: int(l.Parsed), Header: int(l.Header), Depth: l.Depth, Parts: l.Parts, Addresses: l.Addresses, Attachments: l.Attachments,
			Decoded: int(l.Decoded), Text: int(l.Text), Hops: l.Hops, Time: time.Duration(l.CPU),
		},
	}
	if c.Authentication.DKIM {
		d.VerifyDKIM = func(raw []byte) (domains, away []string) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			return mailin.DKIMDomains(raw, func(domain string) ([]string, error) { return net.DefaultResolver.LookupTXT(ctx, domain) }, 5)
		}
	}
	return d
}

// readAgain reads a secret at each login, so that one that was changed is
// found; if its file cannot be read now, what it held at start is used.
func readAgain(path string, atStart config.Secret) func() (string, error) {
	return func() (string, error) {
		if path == "" {
			return string(atStart), nil
		}
		s, err := config.ReadSecret(path)
		if err != nil {
			return string(atStart), nil
		}
		return string(s), nil
	}
}

// dryRun reads every mail that lies in the mailbox and says what would be
// done; the transaction of each is rolled back.
func dryRun(ctx context.Context, k *office, stdout io.Writer) error {
	d, err := k.daemon(nil)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(stdout)
	enc.SetEscapeHTML(false)
	return d.DryRun(ctx, func(f *mailin.Fetched, m *complaints.Message, ref string, o complaints.Outcome) {
		line := map[string]any{"uid": f.UID, "from": m.From.Addr, "subject": m.Subject, "class": m.Class, "why": m.Why, "case": ref, "hold": o.Hold}
		var events, mails []string
		for _, e := range o.Events {
			events = append(events, e.Fact.Kind())
		}
		for _, x := range o.Mails {
			mails = append(mails, x.Template+" → "+x.To.Addr)
		}
		line["events"], line["mails"] = events, mails
		_ = enc.Encode(line)
	})
}
