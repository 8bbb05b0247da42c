package daemon

import (
	"context"
	"sync"
	"time"

	"complaints"
)

const (
	// deafFor is how long a folder may be in trouble before the administrator is
	// told: a server that starts anew is no news.
	deafFor = 10 * time.Minute

	// wellFor is how long a folder must be well before its trouble is over. One
	// out of which no mail can be moved is well at each try, until it is refused.
	wellFor = 30 * time.Second

	// skew is how far the clock of this machine and the database's may differ:
	// limits are counted by the one, and what is sent waits by the other.
	skew = 5 * time.Second
)

// health is what is wrong with the folders that are watched, and with the clock.
type health struct {
	mu      sync.Mutex // of folders, which the loops that hear tell of; the sweep alone knows the rest
	folders map[string]*trouble
	clock   bool // that the clocks differ was told
	flood   bool // that automatic mails are put off was told
}

type trouble struct {
	since, well time.Time // well: it has been since then; zero: it is not
	detail      string
	told        bool
}

// healthy is told how a folder is.
func (d *Daemon) healthy(mailbox string, ok bool, detail string) {
	h, now := &d.health, d.Now()
	h.mu.Lock()
	t := h.folders[mailbox]
	switch {
	case ok && t != nil && t.well.IsZero():
		t.well = now
	case ok:
	case t == nil || !t.well.IsZero() && now.Sub(t.well) >= wellFor:
		if h.folders == nil {
			h.folders = map[string]*trouble{}
		}
		h.folders[mailbox] = &trouble{since: now, detail: detail}
	default:
		t.well, t.detail = time.Time{}, detail
	}
	h.mu.Unlock()
	if d.State == nil {
		return
	}
	if ok {
		d.State("watching " + mailbox)
	} else {
		d.State(mailbox + ": " + detail)
	}
}

// forget is for when another daemon may hear in this one's place.
func (h *health) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.folders = nil
}

// examine tells the administrator by mail, once, of a folder that has been in
// trouble for long, of automatic mails that are put off, and of clocks that
// differ.
func (d *Daemon) examine(ctx context.Context) error {
	p, err := d.rules.current(ctx)
	if err != nil {
		return err
	}
	h, now := &d.health, d.Now()
	for name, t := range h.overdue(now) {
		d.Log.Error("a folder is in trouble", "mailbox", name, "since", t.since, "what", t.detail)
		if err := d.DB.Send(ctx, p.Deaf(name, t.detail, t.since, now).Mails, now); err != nil {
			return err
		}
		h.told(name)
	}
	put, err := d.DB.PutOff(ctx, p.AutomaticPerHour)
	if err != nil {
		return err
	}
	if err := d.once(ctx, &h.flood, put > 0, func() complaints.Outcome {
		d.Log.Warn("automatic mails are put off", "mails", put, "an_hour", p.AutomaticPerHour)
		return p.TooMany(put, now)
	}); err != nil {
		return err
	}
	before := d.Machine()
	there, err := d.DB.Clock(ctx)
	if err != nil {
		return err
	}
	ahead := max(before.Sub(there), there.Sub(d.Machine())) // at least; below 0 where they may agree
	return d.once(ctx, &h.clock, ahead > skew, func() complaints.Outcome {
		d.Log.Error("the clocks of this machine and of the database differ", "by", ahead.Round(time.Second))
		return p.ClocksDiffer(ahead, now)
	})
}

// overdue gives the folders of whose trouble the administrator is to be told, and
// forgets those that are well again.
func (h *health) overdue(now time.Time) map[string]trouble {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]trouble{}
	for name, t := range h.folders {
		switch {
		case !t.well.IsZero() && now.Sub(t.well) >= wellFor:
			delete(h.folders, name)
		case t.well.IsZero() && !t.told && now.Sub(t.since) >= deafFor:
			out[name] = *t
		}
	}
	return out
}

// told notes that the administrator knows of a folder's trouble.
func (h *health) told(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.folders[name]; t != nil {
		t.told = true
	}
}

// once tells of what is wrong when it begins, and not again until it was over.
func (d *Daemon) once(ctx context.Context, told *bool, wrong bool, tell func() complaints.Outcome) error {
	if wrong && !*told {
		if err := d.DB.Send(ctx, tell().Mails, d.Now()); err != nil {
			return err
		}
	}
	*told = wrong
	return nil
}
