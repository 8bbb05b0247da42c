package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"complaints"
	"complaints/mailin"
)

const quarantineUsage = "complaintsd quarantine -config FILE list | show ID | retry ID [REF] | -why TEXT discard ID"

// quarantine looks at mail that was kept but not taken in. Nothing is deleted:
// what is discarded stays kept, and no longer waits.
func quarantine(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("quarantine")
	file := fs.String("config", "", "the configuration `file`")
	why := fs.String("why", "", "discard: the reason; it is kept")
	all := fs.Bool("all", false, "list: those that no longer wait as well")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	rest := fs.Args()
	if len(rest) == 1 && rest[0] == "list" {
		return withDesk(ctx, "quarantine", *file, stderr, func(k *office) error { return k.listHeld(ctx, stdout, *all) })
	}
	if len(rest) != 2 && (len(rest) != 3 || rest[0] != "retry") {
		return fail(stderr, "quarantine", usagef("%s", quarantineUsage))
	}
	id, err := strconv.ParseInt(rest[1], 10, 64)
	if err != nil {
		return fail(stderr, "quarantine", usagef("%q is no number of a held mail", rest[1]))
	}
	if rest[0] == "discard" && *why == "" {
		return fail(stderr, "quarantine", usagef("say why: -why TEXT"))
	}
	return withDesk(ctx, "quarantine", *file, stderr, func(k *office) error {
		switch rest[0] {
		case "show":
			_, raw, err := k.db.QuarantineShow(ctx, id)
			if err == nil {
				_, err = stdout.Write(raw)
			}
			return err
		case "retry":
			return k.retryHeld(ctx, id, strings.Join(rest[2:], ""))
		case "discard":
			return k.db.QuarantineDiscard(ctx, id, operator(), *why, time.Now())
		}
		return usagef("%s", quarantineUsage)
	})
}

func (k *office) listHeld(ctx context.Context, stdout io.Writer, all bool) error {
	state := "held"
	if all {
		state = ""
	}
	list, err := k.db.QuarantineList(ctx, state)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, h := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%s\t%s\n", h.ID, h.State, h.HeldAt.In(k.cfg.Location).Format("2006-01-02 15:04"), h.Size, h.From, h.Subject, h.Reason)
	}
	return w.Flush()
}

// retryHeld takes a held mail in: to the case that the operator names, or as it
// is read now, as a complaint of its own if it belongs to no case.
func (k *office) retryHeld(ctx context.Context, id int64, ref string) error {
	p, err := k.casePolicy(ctx), error(nil)
	if len(p.Keys) == 0 {
		if p.Keys, err = k.db.TokenKeys(ctx); err != nil {
			return err
		}
	}
	r := &mailin.Receiver{DB: k.db, Desk: k.reading(), Log: k.log, Now: time.Now, Policy: func(context.Context) (*complaints.Policy, error) { return p, nil }}
	reason, err := r.Retry(ctx, id, strings.ToUpper(ref), operator())
	if err == nil && reason != "" {
		err = fmt.Errorf("held mail %d is held again: %s", id, reason)
	}
	return err
}
