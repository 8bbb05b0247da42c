// Package playground is a mail world within the process, for the demo: an IMAP
// and an SMTP server on loopback, with an account for each person.
//
//  1. Start opens both servers on free ports.
//  2. SMTP takes mail as an MX does, from anybody to the accounts; and as a
//     submission server does, from an account that logs in, under its own
//     address only. Foreign Authentication-Results under our own name are
//     taken out; a submitted mail gets ours (RFC 8601).
//  3. A mail is put into the INBOX of its recipient; a +detail of the address
//     is left aside (RFC 5233). An unknown recipient is refused with 550.
//  4. IMAP serves the mailboxes to the daemon, and to any mail program.
package playground

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Options are who lives in the world.
type Options struct {
	Accounts   []string         // addresses, which are login names as well
	Password   string           // of every account
	AuthservID string           // our name in Authentication-Results
	Now        func() time.Time // stamps Received and INTERNALDATE
}

// Servers are the two servers at work.
type Servers struct {
	IMAP, SMTP string // host:port

	opt   Options
	users map[string]*imapmemserver.User
	imap  *imapserver.Server
	smtp  *smtp.Server

	mu    sync.Mutex
	boxes map[string][][]byte
}

// Start opens the servers.
func Start(opt Options) (*Servers, error) {
	s := &Servers{opt: opt, users: map[string]*imapmemserver.User{}, boxes: map[string][][]byte{}}
	for _, a := range opt.Accounts {
		u := imapmemserver.NewUser(a, opt.Password)
		for _, folder := range []string{"INBOX", "Processed", "Quarantine", "Sent", "Trash"} {
			if err := u.Create(folder, nil); err != nil {
				return nil, err
			}
		}
		s.users[strings.ToLower(a)] = u
	}
	quiet := log.New(io.Discard, "", 0)
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &mailboxes{world: s}, nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}, imap.CapMove: {}, imap.CapUIDPlus: {}, imap.CapNamespace: {}, imap.CapESearch: {},
			imap.CapListExtended: {}, imap.CapListStatus: {}, imap.CapStatusSize: {}},
		Logger: quiet, InsecureAuth: true,
	})
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{world: s}, nil }))
	s.smtp.Domain, s.smtp.AllowInsecureAuth, s.smtp.ErrorLog = opt.AuthservID, true, quiet
	s.smtp.MaxLineLength = 1 << 20 // programs break the limit of 998 (RFC 5322 2.1.1); real servers bear it
	s.smtp.MaxMessageBytes, s.smtp.MaxRecipients, s.smtp.EnableSMTPUTF8 = 100<<20, 100, true
	inbound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	outbound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		inbound.Close()
		return nil, err
	}
	s.IMAP, s.SMTP = inbound.Addr().String(), outbound.Addr().String()
	go s.imap.Serve(inbound)
	go s.smtp.Serve(outbound)
	return s, nil
}

// Close ends both servers.
func (s *Servers) Close() error { return errors.Join(s.smtp.Close(), s.imap.Close()) }

// Inbox gives every mail that an account has got, oldest first, whatever its
// owner did with it since.
func (s *Servers) Inbox(addr string) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.boxes[strings.ToLower(addr)]), nil
}

// account is the account behind an address, without its detail; "" if there
// is none.
func (s *Servers) account(addr string) string {
	local, domain, _ := strings.Cut(strings.ToLower(addr), "@")
	local, _, _ = strings.Cut(local, "+")
	if a := local + "@" + domain; s.users[a] != nil {
		return a
	}
	return ""
}

// deliver puts a mail into an inbox, with the trace fields of RFC 5321 4.4.
func (s *Servers) deliver(from, login, to string, raw []byte) error {
	now := s.opt.Now()
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, to)
	if login != "" {
		fmt.Fprintf(&b, "Authentication-Results: %s; auth=pass smtp.auth=%s\r\n", s.opt.AuthservID, login)
	}
	fmt.Fprintf(&b, "Received: from localhost by %s; %s\r\n", s.opt.AuthservID, now.Format(time.RFC1123Z))
	b.Write(raw)
	account := s.account(to)
	_, err := s.users[account].Append("INBOX", literal{bytes.NewReader(b.Bytes())}, &imap.AppendOptions{Time: now})
	if err == nil {
		s.mu.Lock()
		s.boxes[account] = append(s.boxes[account], b.Bytes())
		s.mu.Unlock()
	}
	return err
}

// literal is a mail as APPEND takes it.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }
