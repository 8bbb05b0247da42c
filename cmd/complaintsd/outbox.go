package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"complaints/store"
)

const outboxUsage = "complaintsd outbox -config FILE [-all] list [STATE] | [-raw] show ID | -why TEXT hold|release|discard|resend|confirm-sent ID | -why TEXT reconcile"

// outbox looks at outgoing mail, and carries out what a person decides on it.
func outbox(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("outbox")
	file := fs.String("config", "", "the configuration `file`")
	why := fs.String("why", "", "the reason of a decision; it is kept")
	raw := fs.Bool("raw", false, "show: print the mail as it is sent")
	all := fs.Bool("all", false, "list: mails that are done as well")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	rest := fs.Args()
	if len(rest) == 0 {
		return fail(stderr, "outbox", usagef("%s", outboxUsage))
	}
	if rest[0] == "list" && len(rest) <= 2 {
		return withDesk(ctx, "outbox", *file, stderr, func(k *office) error {
			return k.listOutbox(ctx, stdout, strings.Join(rest[1:], ""), *all)
		})
	}
	if len(rest) == 1 && rest[0] == "reconcile" && *why != "" {
		return withDesk(ctx, "outbox", *file, stderr, func(k *office) error { return k.reconcile(ctx, stdout, *why) })
	}
	if len(rest) != 2 {
		return fail(stderr, "outbox", usagef("%s", outboxUsage))
	}
	id, err := strconv.ParseInt(rest[1], 10, 64)
	if err != nil {
		return fail(stderr, "outbox", usagef("%q is no number of an outgoing mail", rest[1]))
	}
	if rest[0] != "show" && *why == "" {
		return fail(stderr, "outbox", usagef("say why: -why TEXT"))
	}
	return withDesk(ctx, "outbox", *file, stderr, func(k *office) error {
		switch rest[0] {
		case "show":
			return k.showOutgoing(ctx, stdout, id, *raw)
		case "hold":
			return k.db.Hold(ctx, id, operator(), *why, time.Now())
		case "release":
			return k.db.Release(ctx, id, operator(), *why, time.Now())
		case "resend", "confirm-sent", "discard":
			p := k.casePolicy(ctx)
			return k.db.Settle(ctx, id, store.Decision(rest[0]), operator(), *why, time.Now(), func(tx *store.Tx, o *store.Outgoing) error {
				return tx.Follow(ctx, o, p, time.Now())
			})
		}
		return usagef("%s", outboxUsage)
	})
}

func (k *office) listOutbox(ctx context.Context, stdout io.Writer, state string, all bool) error {
	list, err := k.db.Outbox(ctx, store.OutboxFilter{State: store.MailState(strings.ReplaceAll(state, "-", "_"))})
	if err != nil {
		return err
	}
	if since, reason, err := k.db.Resting(ctx); err != nil {
		return err
	} else if !since.IsZero() {
		fmt.Fprintf(stdout, "All outgoing mail is held since %s: %s.\nLook into it, then: complaintsd outbox -config FILE -why TEXT reconcile\n",
			since.In(k.cfg.Location).Format("2006-01-02 15:04"), reason)
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, o := range list {
		if done := o.State == store.Accepted || o.State == store.Settled; done && !all && state == "" {
			continue
		}
		held := ""
		if o.Held {
			held = " (held)"
		}
		fmt.Fprintf(w, "%d\t%s%s\t%s\t%s\t%s\t%d\t%s\n", o.ID, o.State, held, o.CaseRef, o.Mail.Template, o.Mail.To.Addr, o.Attempt, o.Reply)
	}
	return w.Flush()
}

// reconcile brings a database that has gone back up to what the mailbox knows.
func (k *office) reconcile(ctx context.Context, stdout io.Writer, why string) error {
	d, err := k.wire(nil, operator())
	if err != nil {
		return err
	}
	r, err := d.Reconcile(ctx, operator(), why)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d mails had been sent, as their copies in the journal show; %d that came in were taken in again.\n", r.Sent, r.Taken)
	for _, l := range r.Lost {
		fmt.Fprintf(stdout, "sent, and forgotten by the database: %s\n", l)
	}
	if r.Held > 0 {
		fmt.Fprintf(stdout, "%d mails may say the same again and stay held: release or discard each (complaintsd outbox list)\n", r.Held)
	}
	return nil
}

func (k *office) showOutgoing(ctx context.Context, stdout io.Writer, id int64, raw bool) error {
	o, err := k.db.OutgoingMail(ctx, id)
	if err != nil {
		return err
	}
	if raw {
		_, err := stdout.Write(o.Frozen)
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	row := func(name string, v any) { fmt.Fprintf(w, "%s\t%v\n", name, v) }
	moment := func(name string, t time.Time) {
		if !t.IsZero() {
			row(name, t.In(k.cfg.Location).Format("2006-01-02 15:04:05"))
		}
	}
	row("mail", o.ID)
	row("state", o.State)
	if o.Held {
		row("held", "by a person")
	}
	row("case", o.CaseRef)
	row("template", o.Mail.Template)
	row("to", o.Mail.To)
	row("message-id", o.MessageID)
	row("mail from", "<"+o.MailFrom+">")
	row("sha256", o.SHA256)
	row("attempts", o.Attempt)
	moment("created", o.CreatedAt)
	moment("frozen", o.FrozenAt)
	moment("sending", o.SendingAt)
	moment("done", o.DoneAt)
	moment("journal", o.JournalAt)
	if o.Code != 0 || o.Reply != "" {
		row("reply", fmt.Sprintf("%d %s", o.Code, o.Reply))
	}
	if o.SettledBy != "" {
		row("settled", o.SettledBy+": "+o.SettledReason)
	}
	return w.Flush()
}

// operator names who sits at the keyboard, for the log of decisions.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return "command line"
	}
	return u.Username + " (command line)"
}
