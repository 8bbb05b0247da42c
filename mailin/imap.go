package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
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

	Poll     time.Duration // look for mail at least this often, also beside IDLE; 0 is one minute
	Progress time.Duration // give the connection up after this long without a byte that is due; 0 is one minute
	Quick    time.Duration // on a loopback connection, NOOP this often instead of IDLE; 0 is 10 ms, below 0 never
	Limit    int64         // bytes of a mail that is fetched whole; 0 is 100 MB
	Pause    time.Duration // the first pause between connections that fail, the longest is 300 times that; 0 is a second
	Log      *slog.Logger
}

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

	behind time.Duration // how long it will take to work off what waits with it; 0 unless that is a long backlog

	read chan *complaints.Message // what Receiver.ahead makes of it; nil: nothing yet
}

// Disposition is what becomes of a mail after it was handed over.
type Disposition int

const (
	Keep        Disposition = iota // leave it where it is; it is not handed over again by this Watch
	Processed                      // recorded: move it to Server.Processed
	Quarantined                    // kept but not taken in: move it to Server.Quarantine
)

// Take records one mail and says where to put it. Nil means committed: only
// then does the mail leave the inbox. The same mail may come again, after a
// crash or a change of UIDVALIDITY. With a journal, two calls may overlap.
type Take func(ctx context.Context, f *Fetched) (Disposition, error)

// Hooks are what Watch tells the outside. Each may be nil.
type Hooks struct {
	// State says whether a mailbox is being watched well, and what is wrong.
	State func(mailbox string, healthy bool, detail string)
	// Poison records a mail that Take or the server refused three times. After
	// nil it is moved to the quarantine folder; otherwise it stays where it is.
	// f.Raw is nil when the server could not be brought to send it.
	Poison func(ctx context.Context, f *Fetched, err error) error
	// Ahead is told of mails that were fetched and will be handed over, one by
	// one, so that they can be read while the first is being recorded.
	Ahead func(ctx context.Context, mails []*Fetched)
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
//  3. Hand over those that are whole, one by one.
//  4. Move what was recorded (RFC 6851).
//  5. When nothing waits: IDLE (RFC 2177) or poll, search what is new, go to 2.
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
	err = c.wire.due(func() (err error) {
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
