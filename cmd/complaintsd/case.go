package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"complaints"
	"complaints/mailout"
	"complaints/store"
)

// withDesk opens the database for a subcommand that reads or changes it.
func withDesk(ctx context.Context, name, file string, stderr io.Writer, f func(*office) error) int {
	cfg, err := loadConfig(file)
	if err != nil {
		return fail(stderr, name, err)
	}
	k, err := openDesk(ctx, cfg, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return fail(stderr, name, err)
	}
	k.visit = true
	defer k.close()
	return fail(stderr, name, outward(f(k)))
}

// cases lists cases, or shows one whole.
func cases(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("case")
	file := fs.String("config", "", "the configuration `file`")
	asJSON := fs.Bool("json", false, "print JSON")
	all := fs.Bool("all", false, "list: closed cases as well")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	switch rest := fs.Args(); {
	case len(rest) == 1 && rest[0] == "list":
		return withDesk(ctx, "case", *file, stderr, func(k *office) error { return k.listCases(ctx, stdout, *all, *asJSON) })
	case len(rest) == 2 && rest[0] == "show":
		return withDesk(ctx, "case", *file, stderr, func(k *office) error { return k.showCase(ctx, stdout, rest[1], *asJSON) })
	}
	return fail(stderr, "case", usagef("complaintsd case -config FILE [-json] list | show REF"))
}

func (k *office) listCases(ctx context.Context, stdout io.Writer, all, asJSON bool) error {
	rows, err := k.db.Rows(ctx, store.Filter{Open: !all, Today: complaints.DateOf(time.Now().In(k.cfg.Location))})
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(stdout, rows)
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		mark := ""
		if r.Overdue {
			mark = "!"
		}
		fmt.Fprintf(w, "%s\t%s\t%s%s\t%s\t%s\t%s\n", r.Ref, r.State, r.Due, mark, r.Handler, r.Name, r.Subject)
	}
	return w.Flush()
}

// showCase prints the case file: what it is, how its limit was counted, its
// log, its letters and its evidence with their hashes, and whether the chain of
// events is whole.
func (k *office) showCase(ctx context.Context, stdout io.Writer, ref string, asJSON bool) error {
	ref = strings.ToUpper(ref)
	c, err := k.db.Case(ctx, ref)
	if err != nil {
		return err
	}
	events, err := k.db.VerifyChain(ctx, ref)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(stdout, c)
	}
	mails, err := mailout.Mails()
	if err != nil {
		return err
	}
	m := complaints.Mail{Lang: k.cfg.Language, Template: "view"}
	_, text, _, err := mails.Render(m.Lang, m.Template, mailout.NewView(k.casePolicy(ctx), m, c, nil, nil, "", "", time.Now()))
	if err == nil {
		_, err = fmt.Fprintf(stdout, "%s\n%d events, the chain of hashes is whole\n", text, events)
	}
	return err
}

// casePolicy is the policy with the register, so that addresses have names, and
// with the working days that the office counts.
func (k *office) casePolicy(ctx context.Context) *complaints.Policy {
	p := k.policy()
	if reg, _, err := k.db.Register(ctx); err == nil {
		p.Register = reg
	}
	if cal, err := k.db.Calendar(ctx, k.cfg.Policy.Calendar); err == nil {
		p.Calendar = cal
	}
	return &p
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
