package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/doctor"
	"complaints/mailin"
	"complaints/mailout"
)

// checkTime is how long all servers together have to answer.
const checkTime = 30 * time.Second

// check finds what is wrong with a configuration.
//
//  1. Every mistake in the file and in the register it names: one line each on
//     stderr, exit 78.
//  2. With -offline that is all, and only the text of the file is read.
//  3. Otherwise the three servers are tried at once, with the passwords of the
//     configuration; nothing is written there. A server that refuses: exit 1;
//     one that is away: exit 75.
//  4. What works but should be thought over, and which kinds of command the
//     mail set-up allows, is printed on stdout.
func check(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("check")
	file := fs.String("config", "", "the configuration `FILE`")
	offline := fs.Bool("offline", false, "look at the text of the file only: open no other file and no connection")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	if *file == "" || fs.NArg() > 0 {
		return fail(stderr, "check", usagef("name the configuration: complaintsd check -config FILE"))
	}
	cfg, people, err := readAll(*file, *offline)
	if err != nil {
		return fail(stderr, "check", err)
	}
	if *offline {
		fmt.Fprintf(stdout, "%s: no mistake in the text; passwords, fonts, register and servers were not looked at\n", *file)
		return exitDone
	}
	fmt.Fprintf(stdout, "%s: no mistake\n", *file)

	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	code := exitDone
	findings, stored, verdict := probe(ctx, cfg)
	for _, r := range findings {
		if r.err == nil {
			fmt.Fprintf(stdout, "%-10s  %s\n", r.name, r.found)
			continue
		}
		// A refusal needs a person, a server that is away only time.
		if c := fail(stderr, "check", fmt.Errorf("%s: %w", r.name, r.err)); code != exitError {
			code = c
		}
	}
	register := stored
	if people != nil { // imported at start, in place of what is stored
		register = complaints.NewRegister(people)
	}
	if cfg.Mailbox.Commands != "" && findings[0].err == nil {
		if c := folders(ctx, cfg, register, stdout, stderr); code == exitDone {
			code = c
		}
	}
	for _, line := range advice(cfg, register) {
		fmt.Fprintf(stdout, "%-10s  %s\n", "consider", line)
	}
	fmt.Fprintln(stdout, kinds(cfg.Authentication, cfg.Mailbox.Commands))
	if stored != nil && cfg.Authentication.AuthservID != "" {
		fmt.Fprintln(stdout, judged(verdict, cfg, time.Now()))
	}
	return code
}

// staleVerdict is how long an examination of the mail system is good for.
const staleVerdict = 90 * 24 * time.Hour

// judged says what complaintsd doctor found out, and when it should look again.
func judged(v *complaints.Verdict, cfg *config.Config, now time.Time) string {
	p := complaints.Policy{Location: cfg.Location, Language: "en"}
	switch {
	case v == nil:
		return "doctor      nobody has examined whether forged marks get through: run complaintsd doctor -config FILE"
	case !v.Off && now.Sub(v.At) > staleVerdict:
		return "doctor      " + p.VerdictWords(v) + " That is long ago: run complaintsd doctor -config FILE"
	}
	return "doctor      " + p.VerdictWords(v)
}

// examine is complaintsd doctor: it sends forged mails through the MX and
// switches commands off, or on again, by what arrives.
func examine(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("doctor")
	file := fs.String("config", "", "the configuration `FILE`")
	mx := fs.String("mx", "", "the server to which the world sends, `HOST:PORT` (default: the MX of the desk's domain, port 25)")
	wait := fs.Duration("wait", 2*time.Minute, "how long the mails have to arrive")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	if *file == "" || fs.NArg() > 0 {
		return fail(stderr, "doctor", usagef("name the configuration: complaintsd doctor -config FILE"))
	}
	return withDesk(ctx, "doctor", *file, stderr, func(k *office) error {
		id := k.cfg.Authentication.AuthservID
		if id == "" {
			fmt.Fprintln(stdout, "authentication.authserv_id is not set: no mark that a mail brings along is believed, and there is nothing to examine")
			return nil
		}
		if *mx == "" {
			_, domain, _ := strings.Cut(k.cfg.Submission.From, "@")
			found, err := net.DefaultResolver.LookupMX(ctx, domain)
			if err != nil || len(found) == 0 {
				return &awayError{fmt.Errorf("the MX of %s cannot be found (%v): name it with -mx HOST:PORT", domain, err)}
			}
			*mx = net.JoinHostPort(strings.TrimSuffix(found[0].Host, "."), "25")
		}
		p := k.casePolicy(ctx)
		var err error
		if len(p.Keys) == 0 {
			if p.Keys, err = k.db.TokenKeys(ctx); err != nil {
				return err
			}
		}
		if p.Verdict, err = k.db.Verdict(ctx); err != nil {
			return err
		}
		if d, err := k.daemon(nil); err == nil { // no daemon works here: the mails are taken in all the same
			hearing, stop := context.WithCancel(ctx)
			defer stop()
			go func() { _ = d.Hear(hearing) }()
		}
		v, err := doctor.Visit(ctx, doctor.Options{DB: k.db, Policy: p, MX: *mx, AuthservID: id, Wait: *wait, Now: time.Now, Submit: k.submitOwn})
		if v != nil {
			w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			for _, t := range v.Findings {
				fmt.Fprintf(w, "%s\t%s\t%s\n", t.What, t.Result, t.Detail)
			}
			w.Flush()
		}
		if err != nil {
			return &awayError{err}
		}
		if err := k.db.RecordVerdict(ctx, v, operator(), p.Judged(v, time.Now()).Mails, time.Now()); err != nil {
			return err
		}
		p.Language = "en"
		if v.Off {
			return errors.New(p.VerdictWords(v))
		}
		fmt.Fprintln(stdout, p.VerdictWords(v))
		return nil
	})
}

// submitOwn hands in a mail under the desk's own account.
func (k *office) submitOwn(ctx context.Context, to string, raw []byte) error {
	s := k.cfg.Submission
	conf, err := s.TLSConfig()
	if err != nil {
		return err
	}
	relay := &mailout.Relay{Addr: s.Addr, TLS: s.TLS, TLSConfig: conf, User: s.User, Password: readAgain(s.PasswordPath, s.Password)}
	r := relay.Submit(ctx, mailout.Envelope{From: s.From, To: []string{to}, Dot: func(context.Context) error { return nil }}, raw)
	if r.State != mailout.Accepted {
		return fmt.Errorf("submission: %s", r)
	}
	return nil
}

// readAll reads the configuration and the register, and gives the mistakes of
// both as one error. The register is nil where none is named.
func readAll(file string, offline bool) (*config.Config, []complaints.Person, error) {
	if offline {
		cfg, err := config.Read(file, "", false)
		return cfg, nil, err
	}
	cfg, err := config.Load(file)
	if err != nil || cfg.Staff.Register == "" {
		return cfg, nil, err
	}
	people, err := config.ReadRegister(cfg.Staff.Register)
	return cfg, people, err
}

// folders says of each command folder whether it can be used: exit 1 if one
// cannot. That somebody has none is no mistake, unless nobody has.
func folders(ctx context.Context, cfg *config.Config, register *complaints.Register, stdout, stderr io.Writer) int {
	server, err := mailboxServer(cfg, nil)
	if err != nil {
		return fail(stderr, "check", err)
	}
	server.Owners = func(context.Context) ([]string, error) { return register.Addresses(), nil }
	all, err := server.CommandFolders(ctx)
	if err != nil {
		return fail(stderr, "check", away(fmt.Errorf("command folders: %w", err)))
	}
	code, good := exitDone, 0
	var without []string
	for _, f := range all {
		consider := func(format string, args ...any) {
			fmt.Fprintf(stdout, "%-10s  %s %s\n", "consider", f.Name, fmt.Sprintf(format, args...))
		}
		switch {
		case errors.Is(f.Err, mailin.ErrNoFolder):
			without = append(without, f.Owner)
		case f.Err != nil && f.Owner == "":
			consider("is nobody's: %v; mail in it is held", f.Err)
		case f.Err != nil:
			code = fail(stderr, "check", fmt.Errorf("command folder %s: %w", f.Name, f.Err))
		case len(f.Others) > 0:
			good++
			consider("may be written by others (%s): it proves nothing, and mail in it is held, until their rights i, p and a are taken away", strings.Join(f.Others, ", "))
		case !f.Asked:
			good++
			consider("is believed to be %s's alone: the server does not say who may write there (the desk needs ACL of RFC 4314, and the right a)", f.Owner)
		default:
			good++
		}
	}
	fmt.Fprintf(stdout, "%-10s  %d command folders can be read\n", "folders", good)
	if good == 0 && code == exitDone {
		return fail(stderr, "check", fmt.Errorf("mailbox.commands: there is no folder of the form %s that the desk can see: make them, and let %s read them", cfg.Mailbox.Commands, cfg.Mailbox.User))
	}
	if len(without) > 0 && good > 0 {
		fmt.Fprintf(stdout, "%-10s  without a command folder: %s\n", "consider", strings.Join(without, ", "))
	}
	return code
}

// finding is what trying one server showed.
type finding struct {
	name  string
	found string
	err   error
}

// probe tries the three servers at the same time, and gives the register that
// the database holds, and what was found out about the mail system, or nil.
func probe(ctx context.Context, cfg *config.Config) (out []finding, register *complaints.Register, verdict *complaints.Verdict) {
	out = []finding{{name: "mailbox"}, {name: "submission"}, {name: "database"}}
	var all sync.WaitGroup
	for i, try := range []func() (string, error){
		func() (string, error) { return tryMailbox(ctx, cfg.Mailbox) },
		func() (string, error) { return trySubmission(ctx, cfg.Submission) },
		func() (found string, err error) {
			found, register, verdict, err = tryDatabase(ctx, cfg)
			return found, err
		},
	} {
		all.Go(func() { out[i].found, out[i].err = try() })
	}
	all.Wait()
	return out, register, verdict
}

// advice lists what is allowed and yet probably not meant.
func advice(cfg *config.Config, register *complaints.Register) []string {
	out := cfg.Advice(time.Now())
	if register == nil || len(register.With(complaints.AnyStaff)) == 0 {
		return append(out, "there is no staff register yet: name one as staff.register, or import it with complaintsd staff import")
	}
	return append(out, config.Gaps(register, cfg.Policy.Parameters)...)
}

// kinds says which kinds of command staff may send by mail, and on what
// evidence: reading, writing what can be undone, and what goes outside or
// cannot be undone. Every kind also wants one From address, an active row in
// the register, and a role that permits it.
func kinds(a config.Authentication, folders string) string {
	var rows []string
	switch {
	case a.AuthservID != "":
		evidence := "dmarc=pass from " + a.AuthservID
		if a.DKIM {
			evidence += ", or a DKIM signature of the sender's domain"
		}
		rows = []string{
			"R  reading (#help, #list, #show)        yes: " + evidence,
			"W  what can be undone                   yes: the same, and the reply token of one of the desk's mails",
			"X  letters, closing, roles              yes: the same, and smtp.auth of this person from " + a.AuthservID + "; without it by confirmation or a second person",
		}
	case a.DKIM:
		rows = []string{
			"R  reading (#help, #list, #show)        yes: a DKIM signature of the sender's domain",
			"W  what can be undone                   yes: the same, and the reply token of one of the desk's mails",
			"X  letters, closing, roles              by confirmation to the registered address, or a second person",
		}
	default:
		rows = []string{
			"R  reading (#help, #list, #show)        yes: on the sender's word; the answer goes to the registered address",
			"W  what can be undone                   with the reply token, and only after a confirmation to the registered address",
			"X  letters, closing, roles              no: set authentication.authserv_id or authentication.dkim",
		}
	}
	if folders != "" {
		rows = append(rows, "W, X  in "+folders+", %u or %n being the member: yes: for a mail of theirs, and the reply token")
	}
	return "commands by mail:\n  " + strings.Join(rows, "\n  ")
}

// away marks an error of the network, which the same command may not meet the
// next time; every other error is given back as it is.
func away(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*awayError](err); ok {
		return err
	}
	return &awayError{err}
}
