// Package daemon wires the desk: three loops over one database, which begin
// when it is known that the database has not gone back (see guard).
//
//  1. Hear: whoever holds the mailbox's lock watches it and takes mail in.
//  2. Speak: the sender works the outbox off.
//  3. Remind: every half minute the cases whose clocks are due are looked at;
//     once a working day each person gets a digest of what is due with them.
//
// Any of them ends when the context does, and each finishes or rolls back
// what it has in hand.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"complaints"
	"complaints/letters"
	"complaints/mailin"
	"complaints/mailout"
	"complaints/mailout/smime"
	"complaints/store"
)

// Options are what a daemon is made of.
type Options struct {
	DB           *store.DB
	Policy       complaints.Policy // register, calendar and, if it has none, keys come from the database
	Jurisdiction string            // of the calendar; "" is cn
	Mailbox      *mailin.Server
	Desk         mailin.Desk
	Relay        *mailout.Relay
	Journal      string // address of the journal mailbox, or ""
	JournalWait  time.Duration
	Fonts        letters.Fonts
	Seal         []byte        // PNG of the firm's seal; nil: none
	Signer       *smime.Signer // of mails that carry a letter; nil: none
	Owner        string        // names this daemon in the outbox
	StandingFile string        // where the standing of the database is kept from one run to the next; "" is nowhere
	Log          *slog.Logger
	Now          func() time.Time
	Machine      func() time.Time  // the clock of this machine, to be compared with the database's; nil is time.Now
	Every        time.Duration     // how often the clocks are looked at; 0 is 30 s
	Point        func(name string) // crash points of the tests; nil otherwise
	State        func(text string) // a line for the supervisor; nil otherwise
}

// Daemon is the desk at work.
type Daemon struct {
	Options
	rules    *rules
	receiver *mailin.Receiver
	sender   *mailout.Sender
	beat     atomic.Int64 // when the reminder loop last came round, Unix seconds
	sweeping sync.Mutex
	health   health
	day      complaints.Date // whose digest was sent
}

// New makes a daemon. It renders every mail once against sample data and
// parses the typefaces, so that what is missing is known now.
func New(o Options) (*Daemon, error) {
	if o.Jurisdiction == "" {
		o.Jurisdiction = "cn"
	}
	if o.Machine == nil {
		o.Machine = time.Now
	}
	if o.Every == 0 {
		o.Every = 30 * time.Second
	}
	printer, err := letters.New(o.Fonts)
	if err != nil {
		return nil, fmt.Errorf("typefaces: %w", err)
	}
	if o.Seal != nil {
		if printer, err = printer.WithSeal(o.Seal); err != nil {
			return nil, err
		}
		o.Policy.Seal = true
	}
	o.Policy.Check, o.Policy.Proof, o.Policy.Words = printer.Check, printer.Proof, printer.Words
	mails, err := mailout.Mails()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	d := &Daemon{Options: o, rules: &rules{db: o.DB, base: o.Policy, jurisdiction: o.Jurisdiction}}
	d.receiver = &mailin.Receiver{DB: o.DB, Server: o.Mailbox, Policy: d.rules.current, Desk: o.Desk, Log: o.Log, Now: o.Now, Point: o.Point, Healthy: d.healthy}
	if o.Mailbox != nil {
		o.Mailbox.Owners = d.owners
	}
	d.sender = &mailout.Sender{DB: o.DB, Policy: d.rules.current, Relay: o.Relay, Mails: mails, Printer: printer, Signer: o.Signer, Journal: o.Journal,
		JournalWait: o.JournalWait, Owner: o.Owner, Log: o.Log, Now: o.Now, Point: o.Point}
	if o.Point != nil {
		o.Relay.Point = o.Point
	}
	d.beat.Store(time.Now().Unix())
	return d, nil
}

// Run works until ctx ends.
func (d *Daemon) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	known := make(chan struct{})
	when := func(f func(context.Context) error) func() error {
		return func() error {
			select {
			case <-known:
				return f(ctx)
			case <-ctx.Done():
				return nil
			}
		}
	}
	g.Go(func() error { return d.guard(ctx, known) })
	g.Go(when(d.Hear))
	g.Go(when(d.sender.Run))
	g.Go(when(d.remind))
	return g.Wait()
}

// Policy gives the policy in force.
func (d *Daemon) Policy(ctx context.Context) (*complaints.Policy, error) { return d.rules.current(ctx) }

// owners are the addresses of those who may have a command folder.
func (d *Daemon) owners(ctx context.Context) ([]string, error) {
	p, err := d.rules.current(ctx)
	if err != nil {
		return nil, err
	}
	return p.Register.Addresses(), nil
}

// Receive takes one mail in that does not come from the mailbox: a retry from
// the quarantine.
func (d *Daemon) Receive(ctx context.Context, raw []byte, a store.Arrival) (held bool, err error) {
	return d.receiver.Receive(ctx, raw, a)
}

// DryRun reads every mail that lies in the mailbox now and says what would be
// done with it. Nothing is moved, recorded or sent.
func (d *Daemon) DryRun(ctx context.Context, say func(f *mailin.Fetched, m *complaints.Message, ref string, o complaints.Outcome)) error {
	server := *d.Mailbox
	server.ReadOnly, server.Journal, server.Commands = true, "", ""
	r := *d.receiver
	r.Server = &server
	return server.Once(ctx, func(ctx context.Context, f *mailin.Fetched) (mailin.Disposition, error) {
		r.Dry = func(m *complaints.Message, ref string, o complaints.Outcome) { say(f, m, ref, o) }
		return r.Take(ctx, f)
	})
}

// Alive reports whether the loops still come round.
func (d *Daemon) Alive() bool {
	return time.Since(time.Unix(d.beat.Load(), 0)) < 10*d.Every+5*time.Minute
}

// Hear watches the mailbox while its lock is held, and waits for it otherwise:
// several daemons may run on one database, one of them hears.
func (d *Daemon) Hear(ctx context.Context) error {
	waiting := false
	for ctx.Err() == nil {
		lock, err := d.DB.LockMailbox(ctx, d.Mailbox.User+"@"+d.Mailbox.Addr+"/"+d.Mailbox.Folder)
		if err != nil {
			switch {
			case errors.Is(err, store.ErrTaken):
				if !waiting {
					d.Log.Info("another daemon holds the mailbox; waiting for it")
				}
				waiting = true
			case ctx.Err() == nil:
				d.Log.Warn("mailbox lock", "err", err)
			}
			pause(ctx, 2*time.Second)
			continue
		}
		waiting = false
		d.watch(ctx, lock)
	}
	return nil
}

// watch hears as long as the lock is held.
func (d *Daemon) watch(ctx context.Context, lock *store.Lock) {
	defer lock.Release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		if err := lock.Watch(ctx, 5*time.Second); err != nil {
			d.Log.Warn("mailbox lock", "err", err)
		}
	}()
	defer d.health.forget()
	r := *d.receiver
	r.Lock = lock
	if err := r.Run(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error("mailbox", "err", err)
		pause(ctx, time.Second)
	}
}

// remind looks at the clocks every so often.
func (d *Daemon) remind(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := d.Sweep(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("reminders", "err", err)
		}
		d.beat.Store(time.Now().Unix())
		pause(ctx, d.Every)
	}
	return nil
}

// Sweep looks at every case of which a clock is due by now, and then at what is
// due of the desk itself.
func (d *Daemon) Sweep(ctx context.Context) error {
	d.sweeping.Lock()
	defer d.sweeping.Unlock()
	if err := d.examine(ctx); err != nil {
		return err
	}
	if err := d.recount(ctx); err != nil {
		return err
	}
	if err := d.strike(ctx); err != nil {
		return err
	}
	if err := d.receiver.Released(ctx); err != nil {
		return err
	}
	return d.daily(ctx)
}

func (d *Daemon) strike(ctx context.Context) error {
	last := ""
	for {
		refs, err := d.DB.DueCases(ctx, d.Now(), 100)
		if err != nil || len(refs) == 0 || refs[0] == last {
			return err
		}
		last = refs[0]
		p, err := d.rules.current(ctx)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if err := d.look(ctx, p, ref); err != nil {
				return fmt.Errorf("remind %s: %w", ref, err)
			}
		}
	}
}

func (d *Daemon) look(ctx context.Context, p *complaints.Policy, ref string) error {
	return d.DB.Tx(ctx, func(tx *store.Tx) error {
		c, err := tx.LockRef(ctx, ref)
		if err != nil {
			return err
		}
		return tx.Record(ctx, c, nil, p.Remind(c, d.Now()), p.NextAt)
	})
}

func pause(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
