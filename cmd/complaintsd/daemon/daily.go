package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"complaints"
	"complaints/store"
)

// batch is how many cases are read at a time.
const batch = 200

// recount counts the running limits of all open cases anew when a table of
// working days was loaded, and then tells the desk what has changed. It may be
// broken off and begun again: each case knows by which table it was counted.
func (d *Daemon) recount(ctx context.Context) error {
	table, err := d.DB.Uncounted(ctx)
	if err != nil || table == 0 {
		return err
	}
	p, version, err := d.rules.at(ctx)
	if err == nil && version < table { // read before it was loaded
		d.rules.forget()
		p, version, err = d.rules.at(ctx)
	}
	if err != nil || version < table {
		return err
	}
	var changed []string
	err = d.open(ctx, complaints.Date{}, func(c *complaints.Case) error {
		err := d.DB.Tx(ctx, func(tx *store.Tx) error {
			if c, err = tx.LockRef(ctx, c.Ref); err != nil {
				return err
			}
			return tx.Record(ctx, c, nil, p.Recount(c, table, d.Now()), p.NextAt)
		})
		if err != nil {
			return fmt.Errorf("recount %s: %w", c.Ref, err)
		}
		for _, r := range c.Recounts {
			if r.Table == table && r.Old != r.New {
				changed = append(changed, p.Change(c, r))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Log.Info("working days", "table", table, "changed", len(changed))
	return d.DB.Counted(ctx, table, p.TableChanged(table, changed), d.Now())
}

// daily sends what the desk says once a day: each person's digest on working
// days, the question for next year's working days, and what the day brings to
// the committee. A digest is made for today only, whatever was missed.
func (d *Daemon) daily(ctx context.Context) error {
	p, err := d.rules.current(ctx)
	if err != nil {
		return err
	}
	now := d.Now()
	day, ok := p.DigestDay(now)
	if !ok || day == d.day {
		return nil
	}
	var tasks []complaints.Task
	soon := p.Calendar.WorkingDays(day, 2, nil).Due
	err = d.open(ctx, soon, func(c *complaints.Case) error {
		tasks = append(tasks, p.Tasks(c, now)...)
		return nil
	})
	if err != nil {
		return err
	}
	pen, err := d.DB.Pen(ctx)
	if err != nil {
		return err
	}
	notes, err := d.notes(ctx, p)
	if err != nil {
		return err
	}
	said := slices.Concat(p.Digest(tasks, day), p.CalendarDue(now), p.TermsEnding(now), p.PenDigest(pen, notes, day))
	if err := d.DB.Send(ctx, said, now); err != nil {
		return err
	}
	if err := d.DB.CommitteeDay(ctx, p, now); err != nil {
		return err
	}
	d.day = day
	return nil
}

// countTime is how long the mail server has to say how many mails lie in a
// folder. If it does not, nothing is said of it: the loop that hears knows.
const countTime = 30 * time.Second

// countSlack is how long a mail that is held may wait to be moved, and leftFor
// how long a mail may lie in a folder out of which the desk takes its mail.
const (
	countSlack = 10 * time.Minute
	leftFor    = time.Hour
)

// notes says what is wrong between the mail system and the desk, one sentence
// each.
func (d *Daemon) notes(ctx context.Context, p *complaints.Policy) (notes []string, err error) {
	asking, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	lies, err := d.Mailbox.Count(asking, d.Mailbox.Quarantine)
	if err != nil {
		d.Log.Warn("the quarantine folder cannot be counted", "err", err)
	} else {
		known, sure, err := d.DB.Quarantined(ctx, d.Mailbox.Processed, d.Now().Add(-countSlack))
		if err != nil {
			return nil, err
		}
		if lies < sure || lies > known {
			d.Log.Error("mailbox and database differ", "folder", d.Mailbox.Quarantine, "mailbox", lies, "database", known)
			notes = append(notes, p.CountsDiffer(lies, known))
		}
	}
	left, err := d.Mailbox.Left(asking, time.Now().Add(-leftFor))
	if err != nil {
		d.Log.Warn("it cannot be seen whether mail was left lying", "err", err)
	}
	for _, l := range left {
		d.Log.Error("mail was left lying", "folder", l.Folder, "mails", l.Mails, "since", l.Since)
		notes = append(notes, p.MailLeft(l.Folder, l.Mails, l.Since))
	}
	if p.Verdict != nil && p.Verdict.Off {
		notes = append(notes, p.VerdictWords(p.Verdict))
	}
	return notes, nil
}

// open calls f for each open case.
func (d *Daemon) open(ctx context.Context, soon complaints.Date, f func(*complaints.Case) error) error {
	for after := ""; ; {
		list, err := d.DB.OpenCases(ctx, after, soon, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := f(c); err != nil {
				return err
			}
			after = c.Ref
		}
	}
}
