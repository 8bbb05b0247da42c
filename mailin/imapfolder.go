package mailin

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints"
)

const (
	batchMails = 50
	batchBytes = 8 << 20

	// tries is how often a mail may fail before it is poison. A lost
	// connection is rarely the mail's fault, so that many more are allowed,
	// but after tries of them the mail no longer stands before the others.
	tries     = 3
	lostTries = 10

	// From longBacklog waiting mails on, every fourth batch is taken from the
	// newest, so that a mail of today does not wait for those of last month; and
	// mails that have nothing to do with each other are taken in side by side.
	// Mail is moved once nothing waits, or moveMails at a time, because a server
	// with maildirs reads the whole folder again for each MOVE.
	longBacklog = 500
	moveMails   = 500
)

// folder is what is known of one mailbox. It outlives connections, and is
// forgotten when UIDVALIDITY says that UIDs mean other mails now.
type folder struct {
	server *Server
	name   string
	take   Take
	hooks  Hooks
	place  *complaints.Place // of a command folder; nil: it is none

	validity uint32
	next     imap.UID       // UIDs from here on were not searched yet
	waiting  imap.UIDSet    // found, not handed over
	newest   imap.UID       // waiting mails from here on came after the first search
	kept     imap.UIDSet    // handed over, and to be left where they are
	moving   [2]imap.UIDSet // recorded, not moved yet: to Processed, to Quarantine
	failures map[imap.UID]*failure
	later    imap.UIDSet // failed, and waiting for retry
	retry    <-chan time.Time
	pauses   backoff // between retries
	pause    backoff // between connections
	alone    int     // so many mails are fetched one by one, to find out which one fails
	held     bool    // the server refuses to move mail
	batches  int

	side sync.Mutex // of well: mails that are taken in side by side tell it
	well bool
}

// failure counts what happened to one UID.
type failure struct {
	taken, lost int
	length      int // of a body that was not as long as RFC822.SIZE
}

func newFolder(s *Server, name string, take Take, h Hooks) *folder {
	if h.State == nil {
		h.State = func(string, bool, string) {}
	}
	if h.Point == nil {
		h.Point = func(string) {}
	}
	f := &folder{server: s, name: name, take: take, hooks: h, pauses: backoff{min: s.Pause, max: 300 * s.Pause}}
	f.pause = f.pauses
	f.forget()
	return f
}

// forget starts from nothing.
func (f *folder) forget() {
	f.kept, f.moving, f.later, f.retry = nil, [2]imap.UIDSet{}, nil, nil
	f.failures = map[imap.UID]*failure{}
}

// run keeps a session going until ctx ends.
func (f *folder) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.session(ctx, func(c *imapConn) error {
			f.pause.reset()
			retried, err := c.wait(ctx, f.retry)
			if retried {
				f.again()
			}
			return err
		})
		if ctx.Err() != nil {
			return
		}
		d := f.pause.next()
		f.sick("the mailbox cannot be read", err, d)
		sleep(ctx, d)
	}
}

// session works on one connection, with rest between finding nothing to do and
// looking again. It returns only with an error.
func (f *folder) session(ctx context.Context, rest func(*imapConn) error) error {
	c, err := f.server.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	open := func() error { return c.open(f.name) }
	if err = open(); f.name == f.server.Journal && refused(err) != nil && !f.server.ReadOnly {
		err = c.orCreate(f.name, open) // the first copy may be long in coming
	}
	if err != nil {
		return err
	}
	f.opened(c)
	f.next, f.waiting, f.newest, f.held = 1, nil, 0, false
	for {
		if err := f.look(c); err != nil {
			return err
		}
		f.healthy()
		if err := f.work(ctx, c); err != nil {
			return err
		}
		if err := rest(c); err != nil {
			return err
		}
	}
}

// look searches for mails above those that are known.
func (f *folder) look(c *imapConn) error {
	select { // whatever was announced until here, the search will see
	case <-c.news:
	default:
	}
	found, err := c.search(f.next)
	if err != nil || len(found) == 0 {
		return err
	}
	first, idle := f.next == 1, len(f.waiting) == 0
	f.next = found[len(found)-1].Stop + 1
	for _, known := range []imap.UIDSet{f.kept, f.moving[0], f.moving[1], f.later} {
		found = without(found, known)
	}
	f.waiting.AddSet(found)
	if idle {
		f.newest = f.next
	}
	if first {
		f.server.Log.Info("mailbox is open", "mailbox", f.name, "waiting", count(found))
	}
	return nil
}

// work hands over all that waits.
func (f *folder) work(ctx context.Context, c *imapConn) error {
	for {
		if len(f.waiting) == 0 {
			select {
			case <-f.retry:
				f.again()
			default:
			}
		}
		if len(f.waiting) == 0 || count(f.moving[0])+count(f.moving[1]) >= moveMails {
			if err := f.move(ctx, c); err != nil {
				return err
			}
		}
		uids := f.pick()
		if len(uids) == 0 {
			return nil
		}
		if err := f.batch(ctx, c, uids); err != nil {
			return err
		}
		if len(f.waiting) > 0 {
			if err := f.look(c); err != nil {
				return err
			}
		}
	}
}

// pick takes the next batch out of waiting: the oldest mails, or in a long
// backlog now and then the newest.
func (f *folder) pick() []imap.UID {
	n := batchMails
	if f.alone > 0 {
		n, f.alone = 1, f.alone-1
	}
	if f.batches++; f.batches%4 == 0 && count(f.waiting) > longBacklog {
		fresh := without(f.waiting, imap.UIDSet{{Start: 1, Stop: f.newest - 1}})
		if uids := pop(&fresh, n); len(uids) > 0 {
			f.waiting = without(f.waiting, imap.UIDSetNum(uids...))
			return uids
		}
	}
	return pop(&f.waiting, n)
}

// batch fetches mails and hands them over, in groups of bounded size.
func (f *folder) batch(ctx context.Context, c *imapConn, uids []imap.UID) error {
	heads, err := c.heads(uids)
	if err := f.missing(ctx, c, uids, heads, err); err != nil {
		return err
	}
	for len(heads) > 0 {
		n, size := 1, heads[0].Size
		for n < len(heads) && size+heads[n].Size <= min(batchBytes, f.server.Limit) {
			size += heads[n].Size
			n++
		}
		mails, err := c.bodies(heads[:n])
		mails = slices.DeleteFunc(mails, f.odd)
		for _, m := range mails {
			m.Place = f.place
		}
		if err := f.missing(ctx, c, uidsOf(heads[:n]), mails, err); err != nil {
			return err
		}
		heads = heads[n:]
		if err := f.inTurn(ctx, mails); err != nil {
			return err
		}
	}
	return nil
}

// odd tells whether the length of the mail contradicts RFC822.SIZE. Some
// servers only estimate that size: a second FETCH that agrees with the first
// is believed.
func (f *folder) odd(m *Fetched) bool {
	if m.TooBig || int64(len(m.Raw)) == m.Size {
		return false
	}
	l := f.failure(imap.UID(m.UID))
	again := l.length == len(m.Raw)
	f.server.Log.Warn("a mail is not as long as its RFC822.SIZE", "mailbox", f.name, "uid", m.UID, "size", m.Size, "bytes", len(m.Raw), "believed", again)
	l.length, m.Size = len(m.Raw), int64(len(m.Raw))
	return !again
}

// missing deals with mails that were asked for and not returned whole, and with
// the error of the FETCH. Several are asked for again one by one; a single one
// is at fault, unless somebody has removed it. It returns an error if the
// connection is lost.
func (f *folder) missing(ctx context.Context, c *imapConn, wanted []imap.UID, got []*Fetched, err error) error {
	none := &Fetched{Mailbox: f.name, UIDValidity: f.validity, UID: uint32(wanted[0]), Size: -1}
	if err != nil && refused(err) == nil {
		if len(wanted) > 1 {
			f.alone = len(wanted)
		} else if ctx.Err() == nil {
			f.lost(ctx, none, err)
		}
		return err
	}
	absent := without(imap.UIDSetNum(wanted...), imap.UIDSetNum(uidsOf(got)...))
	if len(absent) == 0 {
		return nil
	}
	still, serr := c.searchIn(absent, 1)
	if serr != nil {
		return serr
	}
	if gone := without(absent, still); len(gone) > 0 {
		f.server.Log.Info("mail was removed by somebody else", "mailbox", f.name, "uids", gone.String())
	}
	switch {
	case len(still) == 0:
	case len(wanted) > 1:
		f.alone = count(still)
		f.waiting.AddSet(still)
	case err != nil:
		f.fail(ctx, none, err)
	default:
		f.fail(ctx, none, errIncomplete)
	}
	return nil
}

func (f *folder) failure(uid imap.UID) *failure {
	if f.failures[uid] == nil {
		f.failures[uid] = &failure{}
	}
	return f.failures[uid]
}

// fail counts a failure of the mail itself.
func (f *folder) fail(ctx context.Context, m *Fetched, err error) {
	l := f.failure(imap.UID(m.UID))
	l.taken++
	f.server.Log.Warn("a mail could not be taken in", "mailbox", f.name, "uid", m.UID, "failures", l.taken, "error", err)
	if l.taken < tries {
		f.postpone(imap.UID(m.UID))
	} else {
		f.poison(ctx, m, err)
	}
}

// lost counts a connection that ended while this mail alone was fetched.
func (f *folder) lost(ctx context.Context, m *Fetched, err error) {
	l := f.failure(imap.UID(m.UID))
	switch l.lost++; {
	case l.lost >= lostTries:
		f.poison(ctx, m, err)
	case l.lost >= tries:
		f.postpone(imap.UID(m.UID))
	}
}

// poison has the mail recorded as one that cannot be taken in. If even that
// fails it stays in its folder, behind all others.
func (f *folder) poison(ctx context.Context, m *Fetched, cause error) {
	uid := imap.UID(m.UID)
	if f.hooks.Poison == nil {
		f.settle(uid, Keep)
		return
	}
	_, err := f.hand(ctx, func() (Disposition, error) { return Quarantined, f.hooks.Poison(ctx, m, cause) })
	if err != nil {
		if ctx.Err() == nil {
			f.server.Log.Error("a mail can neither be taken in nor quarantined", "mailbox", f.name, "uid", uid, "error", err)
		}
		f.postpone(uid)
		return
	}
	f.server.Log.Error("a mail is quarantined", "mailbox", f.name, "uid", uid, "error", cause)
	f.settle(uid, Quarantined)
}

// postpone puts a mail behind all others.
func (f *folder) postpone(uid imap.UID) {
	f.later.AddNum(uid)
	f.rearm()
}

func (f *folder) rearm() {
	if f.retry == nil {
		f.retry = time.After(f.pauses.next())
	}
}

// again lets everything that failed be tried once more.
func (f *folder) again() {
	f.waiting.AddSet(f.later)
	f.later, f.retry, f.held = nil, nil, false
}

// settle notes what is to become of a mail that is done.
func (f *folder) settle(uid imap.UID, d Disposition) {
	if delete(f.failures, uid); len(f.failures) == 0 && !f.held {
		f.pauses.reset()
	}
	switch {
	case d == Keep || f.server.ReadOnly:
		f.kept.AddNum(uid)
	case d == Quarantined:
		f.moving[1].AddNum(uid)
	default:
		f.moving[0].AddNum(uid)
	}
}

// move moves what is settled. If the server refuses that, the mails are not
// handed over again, and moving them is tried again later.
func (f *folder) move(ctx context.Context, c *imapConn) error {
	for i, to := range []string{f.server.Processed, f.server.Quarantine} {
		for len(f.moving[i]) > 0 && !f.held {
			rest := slices.Clone(f.moving[i])
			uids, err := f.durable(ctx, imap.UIDSetNum(pop(&rest, moveMails)...))
			if err != nil {
				return err
			}
			if len(uids) == 0 {
				f.moving[i] = rest
				continue
			}
			f.hooks.Point("before-move")
			err = c.move(uids, to, f.hooks.Point)
			if err != nil && refused(err) == nil {
				return err
			}
			if err != nil {
				f.held = true
				f.rearm()
				f.sick("mail is recorded but cannot be moved", err, f.pauses.pause)
				return nil
			}
			f.moving[i] = rest
			f.pause.reset()
			if !c.moves() {
				f.kept.AddSet(uids)
			}
			f.healthy()
		}
	}
	return nil
}

// durable waits until mails are recorded for good, and gives those that are.
// The others wait to be handed over again.
func (f *folder) durable(ctx context.Context, uids imap.UIDSet) (imap.UIDSet, error) {
	if f.hooks.Durable == nil {
		return uids, nil
	}
	nums, _ := uids.Nums()
	list := make([]uint32, len(nums))
	for i, u := range nums {
		list[i] = uint32(u)
	}
	var missing []uint32
	_, err := f.hand(ctx, func() (d Disposition, err error) {
		missing, err = f.hooks.Durable(ctx, f.name, f.validity, list)
		return Keep, err
	})
	if err != nil || len(missing) == 0 {
		return uids, err
	}
	f.server.Log.Warn("the database has forgotten mails that it had recorded; taking them in again", "mailbox", f.name, "mails", len(missing))
	var again imap.UIDSet
	for _, u := range missing {
		again.AddNum(imap.UID(u))
	}
	f.waiting.AddSet(again)
	return without(uids, again), nil
}

func (f *folder) healthy() {
	f.side.Lock()
	defer f.side.Unlock()
	if !f.well && !f.held {
		f.well = true
		f.hooks.State(f.name, true, "")
	}
}

func (f *folder) sick(what string, err error, pause time.Duration) {
	f.side.Lock()
	defer f.side.Unlock()
	f.well = false
	f.server.Log.Warn(what, "mailbox", f.name, "server", f.server.Addr, "error", err, "again_in", pause.Round(time.Millisecond))
	f.hooks.State(f.name, false, fmt.Sprintf("%s: %v", what, err))
}
