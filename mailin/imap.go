package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints"
)

// ErrAway says that something the desk needs, such as its database, cannot be
// reached just now. A take that wraps it blames no mail: Watch pauses, holds
// the mail in its hand and tries the same one again.
var ErrAway = errors.New("away")

// Server is where the mailbox lives (IMAP4rev1, RFC 3501), and how to watch it.
type Server struct {
	Addr      string // host:port
	TLS       string // implicit, starttls or none; there is no fallback from one to another
	TLSConfig *tls.Config
	User      string
	Password  func() (string, error) // read at each login: a secret that was changed is picked up

	Folder     string // the inbox of the desk
	Processed  string // where mail goes once it is recorded; created if missing
	Quarantine string // where mail goes that could not be taken in; created if missing
	Journal    string // a second folder to watch, for blind copies of our own letters; "" if there is none
	ReadOnly   bool   // EXAMINE instead of SELECT: nothing is marked, moved or created

	// Commands is the form of the names of folders into each of which one member
	// of staff alone may put mail: %u is their addr-spec, %n the part of it before
	// the @; "" if there are none. Owners gives the addr-specs in lower case.
	Commands string
	Owners   func(context.Context) ([]string, error)

	Poll     time.Duration // look for mail at least this often, also beside IDLE; 0 is one minute
	Progress time.Duration // give the connection up after this long without a byte that is due; 0 is one minute
	Quick    time.Duration // on a loopback connection, NOOP this often instead of IDLE; 0 is 10 ms, below 0 never
	Limit    int64         // bytes of a mail that is fetched whole; 0 is 100 MB
	Pause    time.Duration // the first pause between connections that fail, the longest is 300 times that; 0 is a second
	Log      *slog.Logger
}

// ErrNoFolder says that somebody has no command folder that the desk can see.
var ErrNoFolder = errors.New("it is not there")

// ErrLater says that a mail cannot be judged yet. It stays where it is, others
// go on, and it is handed over again after a while; that is no failure of its own.
var ErrLater = errors.New("later")

// Fetched is one mail as the server holds it. Unless TooBig, Raw is whole: its
// length was compared with the literal's and with RFC822.SIZE, and the FETCH
// ended well.
type Fetched struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	Flags       []string  // as the server spells them; compare without regard to case
	Internal    time.Time // INTERNALDATE: when it was put into the mailbox
	Size        int64     // RFC822.SIZE, bytes
	Raw         []byte    // the mail; of one that is too big the header, at most 1 MiB; nil if it could not be read
	TooBig      bool      // bigger than Server.Limit

	Place *complaints.Place // the command folder in which it lay, or nil

	behind int                      // how many mails wait with it; 0 unless that is a long backlog
	read   chan *complaints.Message // what Receiver.ahead or apart makes of it; nil: nothing yet
}

// Disposition is what becomes of a mail after it was handed over.
type Disposition int

const (
	Keep        Disposition = iota // leave it where it is; it is not handed over again by this Watch
	Processed                      // recorded: move it to Server.Processed
	Quarantined                    // kept but not taken in: move it to Server.Quarantine
)

// Take records one mail and says where to put it. Nil means committed: only
// then does the mail leave the inbox. It may come again; calls may overlap.
type Take func(ctx context.Context, f *Fetched) (Disposition, error)

// Hooks are what Watch tells the outside. Each may be nil.
type Hooks struct {
	// State says whether a mailbox is being watched well, and what is wrong.
	State func(mailbox string, healthy bool, detail string)
	// Poison records a mail that Take or the server refused three times. After
	// nil it is moved to the quarantine folder; otherwise it stays where it is.
	// f.Raw is nil when the server could not be brought to send it.
	Poison func(ctx context.Context, f *Fetched, err error) error
	// Ahead reads mails that will be handed over while the first is recorded.
	Ahead func(ctx context.Context, mails []*Fetched)
	// Apart reads mails at once, and names for each what it has to do with:
	// those that share no name may go side by side, one without any goes alone.
	Apart func(ctx context.Context, mails []*Fetched) (names [][]string)
	// Durable waits until what Take recorded of these mails will survive a
	// crash, and gives those that are not recorded after all. It is asked
	// before mails are moved.
	Durable func(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (missing []uint32, err error)
	// Point is called at "fetched", "before-move" and, on a server without
	// MOVE, "copied": the places where crash tests stop the process.
	Point func(name string)
}

// Watch hands over every mail of the folder, oldest first, then each one that
// arrives, until ctx ends; it returns nil then. Its procedure:
//
//  1. Connect, log in, select, search all. On any fault come back here after
//     a pause of 1 s to 5 min.
//  2. Fetch up to 50 mails and 8 MiB, without marking them (PEEK).
//  3. Hand over those that are whole, one by one; see Hooks.Apart.
//  4. Move what was recorded (RFC 6851).
//  5. When nothing waits: IDLE (RFC 2177) or poll, search what is new, go to 2.
//
// The command folders share one connection, and each has its turn once in Poll.
//
// A mail that fails is put behind the others, and tried again after a pause
// that grows; after three failures it goes to Hooks.Poison.
func (s *Server) Watch(ctx context.Context, take Take, h Hooks) error {
	var both sync.WaitGroup
	for _, name := range []string{s.Folder, s.Journal} {
		if name == "" {
			continue
		}
		f := newFolder(s.withDefaults(), name, take, h)
		both.Go(func() { f.run(ctx) })
	}
	if s.Commands != "" {
		r := &rounds{server: s.withDefaults(), take: take, hooks: h, folders: map[string]*folder{}}
		both.Go(func() { r.run(ctx) })
	}
	both.Wait()
	return nil
}

// Once hands over the mails that lie in the folder now, once each, and returns.
// Nothing is tried again: the first error of the server or of take ends it.
func (s *Server) Once(ctx context.Context, take Take) error {
	var failed error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFolder(s.withDefaults(), s.Folder, func(ctx context.Context, m *Fetched) (Disposition, error) {
		d, err := take(ctx, m)
		if err != nil {
			failed = err
			cancel()
		}
		return d, err
	}, Hooks{})
	err := f.session(ctx, func(*imapConn) error { return errDone })
	if failed != nil {
		return failed
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// Look shows want the headers of the latest n mails of a folder (0: of all), in
// batches, the oldest first, and hands over whole those that it picks by their
// UIDs. Nothing is changed; a folder that does not exist has no mails.
func (s *Server) Look(ctx context.Context, folder string, n int, want func(heads []*Fetched) ([]uint32, error), take func(*Fetched) error) error {
	t := s.withDefaults()
	t.ReadOnly = true
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.open(folder); err != nil {
		if refused(err) != nil {
			return nil
		}
		return err
	}
	all, err := c.search(1)
	if err != nil {
		return err
	}
	if skip := count(all) - n; n > 0 && skip > 0 {
		pop(&all, skip)
	}
	header := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, Partial: &imap.SectionPartial{Size: headerLimit}}
	for len(all) > 0 {
		heads, err := c.fetch(pop(&all, 200), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{header}})
		if err != nil {
			return err
		}
		uids, err := want(heads)
		if err != nil {
			return err
		}
		for _, f := range heads {
			if take == nil || !slices.Contains(uids, f.UID) {
				continue
			}
			whole, err := c.bodies([]*Fetched{f})
			if err == nil && len(whole) == 1 {
				err = take(whole[0])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Count gives the number of mails in a folder; 0 if the folder is not there.
func (s *Server) Count(ctx context.Context, folder string) (n int, err error) {
	c, err := s.withDefaults().connect(ctx)
	if err != nil {
		return 0, err
	}
	defer c.close()
	var status *imap.StatusData
	err = c.wire.Due(func() (err error) {
		status, err = c.client.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
		return err
	})
	if refused(err) != nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if status.NumMessages != nil {
		n = int(*status.NumMessages)
	}
	return n, nil
}

// Left is mail that nobody has taken out of a folder.
type Left struct {
	Folder string
	Mails  int // at least: no more than 200 are counted
	Since  time.Time
}

// Left looks into every folder out of which the desk takes its mail for what
// was put there before a time. A folder that cannot be opened is passed over:
// Watch reports it. Of a server on which mails cannot be moved nothing is said.
func (s *Server) Left(ctx context.Context, before time.Time) (all []Left, err error) {
	t := s.withDefaults()
	t.ReadOnly = true
	c, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if !c.moves() {
		return nil, nil
	}
	folders := []string{s.Folder, s.Journal}
	if s.Commands != "" {
		places, err := c.places(ctx)
		if err != nil {
			return nil, err
		}
		folders = append(folders, slices.Sorted(maps.Keys(places))...)
	}
	for _, name := range folders {
		if name == "" || refused(c.open(name)) != nil {
			continue
		}
		lies, err := c.search(1) // fails too where opening it did
		if err != nil {
			return all, err
		}
		if len(lies) == 0 {
			continue
		}
		heads, err := c.heads(pop(&lies, 200))
		if err != nil {
			return all, err
		}
		l := Left{Folder: name}
		for _, h := range heads {
			if h.Internal.Before(before) {
				if l.Mails++; l.Since.IsZero() || h.Internal.Before(l.Since) {
					l.Since = h.Internal
				}
			}
		}
		if l.Mails > 0 {
			all = append(all, l)
		}
	}
	return all, nil
}

// rounds looks into the command folders, one after the other.
type rounds struct {
	server  *Server
	take    Take
	hooks   Hooks
	folders map[string]*folder // all that were ever seen
}

func (r *rounds) run(ctx context.Context) {
	pause := backoff{min: r.server.Pause, max: 300 * r.server.Pause}
	for ctx.Err() == nil {
		err := r.session(ctx, pause.reset)
		if ctx.Err() == nil {
			d := pause.next()
			r.server.Log.Warn("the command folders cannot be read", "server", r.server.Addr, "error", err, "again_in", d.Round(time.Millisecond))
			sleep(ctx, d)
		}
	}
}

// session goes round on one connection, and returns only with an error.
func (r *rounds) session(ctx context.Context, well func()) error {
	c, err := r.server.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	for _, f := range r.folders {
		f.next, f.waiting = 1, nil
	}
	for ctx.Err() == nil {
		places, err := c.places(ctx)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(places)) {
			if r.folders[name] == nil {
				r.folders[name] = newFolder(r.server, name, r.take, r.hooks)
				r.folders[name].next = 1
			}
			if err := r.folders[name].visit(ctx, c, places[name]); err != nil {
				return err
			}
		}
		for name, f := range r.folders {
			if places[name] == nil && f.well {
				f.sick("a command folder is gone", errors.New("it is not listed any more"), r.server.Poll)
			}
		}
		well()
		sleep(ctx, r.server.Poll)
	}
	return ctx.Err()
}

// visit works off what lies in a command folder. One that cannot be opened
// keeps nobody from the next.
func (f *folder) visit(ctx context.Context, c *imapConn, place *complaints.Place) error {
	if err := c.open(f.name); refused(err) != nil {
		f.sick("a command folder cannot be read", err, f.server.Poll)
		return nil
	} else if err != nil {
		return err
	}
	if f.opened(c); f.held {
		f.held = false // moving mail is tried again
	}
	if err := f.look(c); err != nil {
		return err
	}
	f.healthy()
	if f.place = place; place.Owner != "" && len(f.waiting)+len(f.later) > 0 {
		others, _, err := c.writers(f.name, place.Owner)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			f.place = doubtful("%[1]s 也可以向 %[2]s 写入邮件", "%[1]s may write into %[2]s too", strings.Join(others, ", "), f.name)
		}
	}
	return f.work(ctx, c)
}

// opened notes which folder it is that was opened.
func (f *folder) opened(c *imapConn) {
	if f.validity == c.validity {
		return
	}
	if f.validity != 0 {
		f.server.Log.Warn("UIDVALIDITY has changed, reading all mail again", "mailbox", f.name, "was", f.validity, "is", c.validity)
	}
	f.forget()
	f.validity, f.next, f.waiting = c.validity, 1, nil
}

// errDone ends a session that is not to wait for more mail.
var errDone = errors.New("done")

// withDefaults returns a copy in which every limit is set.
func (s *Server) withDefaults() *Server {
	t := *s
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&t.Poll, time.Minute}, {&t.Progress, time.Minute}, {&t.Quick, 10 * time.Millisecond}, {&t.Pause, time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.Limit == 0 {
		t.Limit = 100 << 20
	}
	if t.Log == nil {
		t.Log = slog.New(slog.DiscardHandler)
	}
	return &t
}

// backoff is a row of growing pauses: each is twice the one before, from min
// to max, then spread by a third either way, so that clients of a server that
// was away do not come back all at once.
type backoff struct {
	min, max time.Duration
	pause    time.Duration
}

// next returns the pause to make now.
func (b *backoff) next() time.Duration {
	b.pause = min(max(2*b.pause, b.min), b.max)
	return time.Duration(float64(b.pause) * (2 + 2*rand.Float64()) / 3)
}

// reset starts again at min: things went well.
func (b *backoff) reset() { b.pause = 0 }

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// pop takes the n lowest UIDs out of the set.
func pop(set *imap.UIDSet, n int) []imap.UID {
	var uids []imap.UID
	for len(*set) > 0 && len(uids) < n {
		r := &(*set)[0]
		uids = append(uids, r.Start)
		if r.Start == r.Stop {
			*set = (*set)[1:]
		} else {
			r.Start++
		}
	}
	return uids
}

// without returns a new set: the UIDs of a that are not in b.
func without(a, b imap.UIDSet) imap.UIDSet {
	var out imap.UIDSet
	for _, r := range a {
		start, done := r.Start, false
		for len(b) > 0 && b[0].Stop < start {
			b = b[1:]
		}
		for _, hole := range b {
			if hole.Start > r.Stop {
				break
			}
			if hole.Start > start {
				out = append(out, imap.UIDRange{Start: start, Stop: hole.Start - 1})
			}
			if hole.Stop >= r.Stop {
				done = true
				break
			}
			start = hole.Stop + 1
		}
		if !done {
			out = append(out, imap.UIDRange{Start: start, Stop: r.Stop})
		}
	}
	return out
}

// count returns how many UIDs the set holds.
func count(set imap.UIDSet) int {
	n := 0
	for _, r := range set {
		n += int(r.Stop-r.Start) + 1
	}
	return n
}
