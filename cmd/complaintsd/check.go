package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
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
	findings, stored := probe(ctx, cfg)
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
	for _, line := range advice(cfg, register) {
		fmt.Fprintf(stdout, "%-10s  %s\n", "consider", line)
	}
	fmt.Fprintln(stdout, kinds(cfg.Authentication))
	return code
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

// finding is what trying one server showed.
type finding struct {
	name  string
	found string
	err   error
}

// probe tries the three servers at the same time, and gives the register that
// the database holds, or nil.
func probe(ctx context.Context, cfg *config.Config) (out []finding, register *complaints.Register) {
	out = []finding{{name: "mailbox"}, {name: "submission"}, {name: "database"}}
	var all sync.WaitGroup
	for i, try := range []func() (string, error){
		func() (string, error) { return tryMailbox(ctx, cfg.Mailbox) },
		func() (string, error) { return trySubmission(ctx, cfg.Submission) },
		func() (found string, err error) {
			found, register, err = tryDatabase(ctx, cfg)
			return found, err
		},
	} {
		all.Go(func() { out[i].found, out[i].err = try() })
	}
	all.Wait()
	return out, register
}

// advice lists what is allowed and yet probably not meant.
func advice(cfg *config.Config, register *complaints.Register) []string {
	out := cfg.Advice()
	if register == nil || len(register.With(complaints.AnyStaff)) == 0 {
		return append(out, "there is no staff register yet: name one as staff.register, or import it with complaintsd staff import")
	}
	return append(out, config.Gaps(register, cfg.Policy.Parameters)...)
}

// kinds says which kinds of command staff may send by mail, and on what
// evidence: reading, writing what can be undone, and what goes outside or
// cannot be undone. Every kind also wants one From address, an active row in
// the register, and a role that permits it.
func kinds(a config.Authentication) string {
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
