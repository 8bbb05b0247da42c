package mailin

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"complaints"
	"complaints/mailin/wire"
)

// handledKeyword marks mail that was handed over, on servers that can neither
// move it nor expunge it alone.
const handledKeyword = imap.Flag("$Processed")

// headerLimit is how much of the header of a mail that is too big is fetched.
const headerLimit = 1 << 20

// errIncomplete says that the server sent less than it announced. go-imap
// itself reports a connection cut inside a literal as a short mail and no error.
var errIncomplete = errors.New("the server did not send the whole mail")

// imapConn is one connection with one folder open. go-imap knows neither
// contexts nor reply timeouts; the connection below it is closed instead, by
// ctx and by wire.
type imapConn struct {
	server *Server
	wire   *wire.Conn
	client *imapclient.Client
	caps   imap.CapSet
	stop   func() bool   // stops watching ctx
	news   chan struct{} // the server announced a new number of mails
	noIdle bool
	local  bool

	folder   string
	validity uint32
	keywords bool // the folder keeps handledKeyword
}

// connect dials and logs in. Its errors are sentences for the administrator.
func (s *Server) connect(ctx context.Context) (*imapConn, error) {
	raw, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &imapConn{server: s, wire: wire.New(raw, s.Progress), news: make(chan struct{}, 1)}
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	if a, ok := raw.RemoteAddr().(*net.TCPAddr); ok {
		c.local = a.IP.IsLoopback()
	}
	if err := c.wire.Due(func() error { return c.greet(ctx) }); err != nil {
		c.close()
		return nil, err
	}
	if err := c.wire.Due(c.login); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// greet does the TLS handshake where one is due, and reads the greeting.
func (c *imapConn) greet(ctx context.Context) error {
	s := c.server
	conf := &tls.Config{}
	if s.TLSConfig != nil {
		conf = s.TLSConfig.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName, _, _ = net.SplitHostPort(s.Addr)
	}
	options := &imapclient.Options{
		TLSConfig: conf,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				select {
				case c.news <- struct{}{}:
				default:
				}
			}
		}},
	}
	switch s.TLS {
	case "implicit":
		conn := tls.Client(c.wire, conf)
		if err := conn.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		c.client = imapclient.New(conn, options)
	case "starttls":
		client, err := imapclient.NewStartTLS(c.wire, options)
		if err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
		c.client = client
	case "none":
		c.client = imapclient.New(c.wire, options)
	default:
		return fmt.Errorf("tls = %q: it is implicit, starttls or none", s.TLS)
	}
	if err := c.client.WaitGreeting(); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	return nil
}

// login logs in and asks what the server can do. It asks itself: go-imap may
// still hold the capabilities of before the login.
func (c *imapConn) login() error {
	s := c.server
	caps, err := c.client.Capability().Wait()
	if err != nil {
		return fmt.Errorf("capability: %w", err)
	}
	if caps.Has(imap.CapLoginDisabled) {
		return errors.New("the server takes no password on this connection (LOGINDISABLED): use tls = implicit or starttls")
	}
	if c.client.State() == imap.ConnStateNotAuthenticated {
		password, err := s.Password()
		if err != nil {
			return fmt.Errorf("password: %w", err)
		}
		if err := c.client.Login(s.User, password).Wait(); err != nil {
			return fmt.Errorf("login as %s: %w", s.User, err)
		}
	}
	if c.caps, err = c.client.Capability().Wait(); err != nil {
		return fmt.Errorf("capability: %w", err)
	}
	if c.caps.Has(imap.CapID) { // RFC 2971; 163.com, 126.com and yeah.net open no folder without it
		if _, err := c.client.ID(&imap.IDData{Name: "complaintsd"}).Wait(); refused(err) == nil && err != nil {
			return fmt.Errorf("id: %w", err)
		}
	}
	return nil
}

// open selects the folder.
func (c *imapConn) open(folder string) error {
	return c.wire.Due(func() error {
		s := c.server
		data, err := c.client.Select(folder, &imap.SelectOptions{ReadOnly: s.ReadOnly}).Wait()
		if err != nil {
			return fmt.Errorf("open %s: %w", folder, err)
		}
		c.folder, c.validity = folder, data.UIDValidity
		c.keywords = slices.ContainsFunc(data.PermanentFlags, func(f imap.Flag) bool {
			return f == imap.FlagWildcard || strings.EqualFold(string(f), string(handledKeyword))
		})
		return nil
	})
}

// places lists the command folders and whose they are. One is nobody's if its
// name fits none of the owners, or two of them.
func (c *imapConn) places(ctx context.Context) (map[string]*complaints.Place, error) {
	s := c.server
	owners, err := s.Owners(ctx)
	if err != nil {
		return nil, fmt.Errorf("the register: %w", err)
	}
	owner := map[string]*complaints.Place{}
	for _, a := range owners {
		name := s.commandFolder(a)
		if owner[name] != nil {
			owner[name] = doubtful("%s 对应不止一人", "%s fits several people", name)
		} else {
			owner[name] = &complaints.Place{Owner: a}
		}
	}
	before, after, _ := strings.Cut(strings.ReplaceAll(s.Commands, "%n", "%u"), "%u")
	places := map[string]*complaints.Place{}
	err = c.wire.Due(func() error {
		list, err := c.client.List("", before+"*"+after, nil).Collect()
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		for _, l := range list {
			name, delim := l.Mailbox, string(l.Delim)
			middle := strings.TrimSuffix(strings.TrimPrefix(name, before), after)
			switch p := owner[name]; {
			case slices.Contains(l.Attrs, imap.MailboxAttrNoSelect), slices.Contains([]string{s.Folder, s.Processed, s.Quarantine, s.Journal}, name):
			case p != nil:
				places[name] = p
			case middle != "" && middle != name && !strings.Contains(middle, delim):
				places[name] = doubtful("%s 不属于名册上的任何人", "%s belongs to nobody in the register", name)
			}
		}
		return nil
	})
	return places, err
}

// writers names those beside the owner and the desk who may put mail into a
// folder, or let themselves do so (RFC 4314 section 4). asked is false where the
// server does not say.
func (c *imapConn) writers(folder, owner string) (others []string, asked bool, err error) {
	if !c.caps.Has(imap.CapACL) {
		return nil, false, nil
	}
	local, _, _ := strings.Cut(owner, "@")
	err = c.wire.Due(func() error {
		acl, err := c.client.GetACL(folder).Wait()
		if err != nil {
			return fmt.Errorf("getacl: %w", err)
		}
		for id, rights := range acl.Rights {
			who := string(id)
			own := strings.EqualFold(who, owner) || strings.EqualFold(who, local) || strings.EqualFold(who, c.server.User) || who == "owner"
			if !own && !strings.HasPrefix(who, "-") && strings.ContainsAny(rights.String(), "ipa") {
				others = append(others, who)
			}
		}
		return nil
	})
	if refused(err) != nil { // to ask takes the right a
		return nil, false, nil
	}
	slices.Sort(others)
	return others, err == nil, err
}

// mayTake tells whether the desk may read a folder's mail and move it away.
func (c *imapConn) mayTake(folder string) error {
	if !c.caps.Has(imap.CapACL) {
		return nil
	}
	return c.wire.Due(func() error {
		mine, err := c.client.MyRights(folder).Wait()
		if err != nil {
			return fmt.Errorf("myrights: %w", err)
		}
		for _, right := range "rte" {
			if !strings.ContainsRune(mine.Rights.String(), right) {
				return fmt.Errorf("the desk has the rights %s there, and needs %c too: r reads, t and e move mail away", mine.Rights, right)
			}
		}
		return nil
	})
}

// close ends the connection at once. The wire goes first: go-imap's own Close
// waits for whoever still reads.
func (c *imapConn) close() {
	c.stop()
	c.wire.Close()
	if c.client != nil {
		c.client.Close()
	}
}

// search returns the UIDs of the folder from the given one on. A server that
// can (RFC 4731) answers in ranges, which keeps 100,000 waiting mails small.
func (c *imapConn) search(from imap.UID) (imap.UIDSet, error) {
	return c.searchIn(imap.UIDSet{{Start: from, Stop: 0}}, from)
}

func (c *imapConn) searchIn(in imap.UIDSet, from imap.UID) (found imap.UIDSet, err error) {
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{in}}
	if c.keywords && !c.moves() {
		criteria.NotFlag = []imap.Flag{handledKeyword}
	}
	options := &imap.SearchOptions{ReturnAll: c.caps.Has(imap.CapESearch)}
	err = c.wire.Due(func() error {
		data, err := c.client.UIDSearch(criteria, options).Wait()
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		all, _ := data.All.(imap.UIDSet)
		for _, r := range all {
			// "n:*" also finds the last mail when its UID is below n.
			if r.Stop >= from {
				found.AddRange(max(r.Start, from), r.Stop)
			}
		}
		return nil
	})
	return found, err
}

// heads fetches everything but the bodies, sorted by UID. A mail that is gone
// is left out.
func (c *imapConn) heads(uids []imap.UID) ([]*Fetched, error) {
	return c.fetch(uids, &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, InternalDate: true})
}

// bodies fetches the mails whole, sorted by UID. One that is not whole is left
// out; none is returned unless the FETCH ended well.
func (c *imapConn) bodies(heads []*Fetched) ([]*Fetched, error) {
	part := &imap.FetchItemBodySection{Peek: true}
	if len(heads) == 1 && heads[0].Size > c.server.Limit {
		part = &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, Partial: &imap.SectionPartial{Size: headerLimit}}
	}
	uids := make([]imap.UID, len(heads))
	for i, h := range heads {
		uids[i] = imap.UID(h.UID)
	}
	mails, err := c.fetch(uids, &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{part}})
	return slices.DeleteFunc(mails, func(m *Fetched) bool { return m.Raw == nil }), err
}

// fetch runs one UID FETCH to its end.
func (c *imapConn) fetch(uids []imap.UID, options *imap.FetchOptions) (mails []*Fetched, err error) {
	err = c.wire.Due(func() error {
		cmd := c.client.Fetch(imap.UIDSetNum(uids...), options)
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			f, err := c.read(msg)
			if err != nil {
				// Next and Close would read on in the broken literal, beside
				// go-imap's own reader: wait for the end of that instead.
				c.wire.Close()
				<-c.client.Closed()
				return err
			}
			if f.UID != 0 {
				mails = append(mails, f)
			}
		}
		if err := cmd.Close(); err != nil {
			return fmt.Errorf("fetch: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(mails, func(a, b *Fetched) int { return cmp.Compare(a.UID, b.UID) })
	return mails, nil
}

// read takes one FETCH response. A body that is shorter than announced is an
// error, for then the connection has ended.
func (c *imapConn) read(msg *imapclient.FetchMessageData) (*Fetched, error) {
	f := &Fetched{Mailbox: c.folder, UIDValidity: c.validity, Size: -1}
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			f.UID = uint32(item.UID)
		case imapclient.FetchItemDataFlags:
			for _, flag := range item.Flags {
				f.Flags = append(f.Flags, string(flag))
			}
		case imapclient.FetchItemDataInternalDate:
			f.Internal = item.Time
		case imapclient.FetchItemDataRFC822Size:
			f.Size = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue // NIL
			}
			if item.Literal.Size() > c.server.Limit {
				c.wire.Close()
				io.Copy(io.Discard, item.Literal)
				return nil, fmt.Errorf("uid %d: a literal of %d bytes was not asked for", f.UID, item.Literal.Size())
			}
			raw := make([]byte, item.Literal.Size()) // bounded just above
			if n, err := io.ReadFull(item.Literal, raw); err != nil {
				return nil, fmt.Errorf("uid %d: short literal, %d of %d bytes: %w", f.UID, n, len(raw), errIncomplete)
			}
			f.Raw = raw
			f.TooBig = item.Section.Specifier == imap.PartSpecifierHeader
		}
	}
	return f, nil
}

// moves tells whether mail can be moved. Without MOVE (RFC 6851) and without
// UIDPLUS (RFC 4315) it could be removed only by an EXPUNGE that also removes
// what other people marked as deleted: then it can only be marked.
func (c *imapConn) moves() bool {
	return c.caps.Has(imap.CapMove) || c.caps.Has(imap.CapUIDPlus)
}

// move puts mails into another folder, which it creates if it is missing. On a
// server that can neither move nor expunge single mails they stay where they
// are, marked with handledKeyword; if it cannot do that either nothing happens,
// and after a restart the database recognises them.
func (c *imapConn) move(uids imap.UIDSet, to string, point func(string)) error {
	return c.wire.Due(func() error {
		var err error
		switch {
		case c.caps.Has(imap.CapMove):
			err = c.orCreate(to, func() error { _, err := c.client.Move(uids, to).Wait(); return err })
		case c.caps.Has(imap.CapUIDPlus):
			err = c.orCreate(to, func() error { _, err := c.client.Copy(uids, to).Wait(); return err })
			if err == nil {
				point("copied")
				err = c.client.Store(uids, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
			}
			if err == nil {
				err = c.client.UIDExpunge(uids).Close()
			}
		case c.keywords:
			err = c.client.Store(uids, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{handledKeyword}}, nil).Close()
		}
		if err != nil {
			return fmt.Errorf("move to %s: %w", to, err)
		}
		return nil
	})
}

// orCreate runs f, and if it is refused and the folder can be created, again.
// Not every server sends [TRYCREATE].
func (c *imapConn) orCreate(folder string, f func() error) error {
	err := f()
	if refused(err) == nil || c.client.Create(folder, nil).Wait() != nil {
		return err
	}
	if err := c.client.Subscribe(folder).Wait(); err != nil && refused(err) == nil {
		return err
	}
	return f()
}

// wait returns when there may be new mail: the server said so, or poll has
// passed, or retry fires. Dovecot holds the news of IDLE back by half a second;
// on a loopback connection, where a NOOP costs 0.1 ms, the server is asked
// often instead.
func (c *imapConn) wait(ctx context.Context, retry <-chan time.Time) (retried bool, err error) {
	poll := time.NewTimer(c.server.Poll)
	defer poll.Stop()
	quick := c.local && c.server.Quick > 0
	end := func() error { return nil }
	if !quick && !c.noIdle && c.caps.Has(imap.CapIdle) {
		err = c.wire.Due(func() error {
			idle, err := c.client.Idle()
			if err == nil {
				end = func() error { return errors.Join(idle.Close(), idle.Wait()) }
			}
			return err
		})
		if refused(err) != nil {
			c.server.Log.Warn("IDLE is refused, polling instead", "mailbox", c.folder, "reply", err.Error())
			c.noIdle = true
		} else if err != nil {
			return false, fmt.Errorf("idle: %w", err)
		}
	}
	var tick <-chan time.Time
	if quick {
		t := time.NewTicker(c.server.Quick)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-tick:
			if err := c.wire.Due(c.client.Noop().Wait); err != nil {
				return false, fmt.Errorf("noop: %w", err)
			}
			continue
		case <-c.news:
		case <-poll.C:
		case <-retry:
			retried = true
		case <-c.client.Closed():
		case <-ctx.Done():
			return false, ctx.Err()
		}
		if err := c.wire.Due(end); err != nil {
			return false, fmt.Errorf("end of idle: %w", err)
		}
		return retried, nil
	}
}

// refused returns the server's NO or BAD, after which the connection is still
// good; nil for any other error and for none.
func refused(err error) *imap.Error {
	var e *imap.Error
	if errors.As(err, &e) && (e.Type == imap.StatusResponseTypeNo || e.Type == imap.StatusResponseTypeBad) {
		return e
	}
	return nil
}

func uidsOf(mails []*Fetched) []imap.UID {
	uids := make([]imap.UID, len(mails))
	for i, m := range mails {
		uids[i] = imap.UID(m.UID)
	}
	return uids
}
