package playground

import (
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// look is how often a mailbox that is idled on is looked at.
const look = 20 * time.Millisecond

// mailboxes is the session of one IMAP connection: the memory server's, with
// two of its faults mended. The embedded session is nil until Login; the server
// lets nothing else through before.
type mailboxes struct {
	*imapmemserver.UserSession
	world *Servers
}

// Login opens the mailboxes of an account.
func (m *mailboxes) Login(name, password string) error {
	a := m.world.account(name)
	if a == "" || password != m.world.opt.Password {
		return imapserver.ErrAuthFailed
	}
	m.UserSession = imapmemserver.NewUserSession(m.world.users[a])
	return nil
}

// Close is called also where nobody logged in.
func (m *mailboxes) Close() error {
	if m.UserSession == nil {
		return nil
	}
	return m.UserSession.Close()
}

// Move copies and expunges. The memory server's own reports each mail as
// expunged twice, the first time under a wrong number, and writes a broken
// COPYUID where there is nothing to move.
func (m *mailboxes) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	data, err := m.Copy(set, to)
	if err != nil || len(data.SourceUIDs) == 0 {
		return err
	}
	uids := data.SourceUIDs
	if err := m.Store(nil, uids, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil); err != nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	return m.Expunge(nil, &uids) // the numbers follow with the tagged reply
}

// Idle tells what is new. The memory server's own forgets what happened
// between the last command and IDLE until something else happens.
func (m *mailboxes) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			if err := m.Poll(w, true); err != nil {
				return err
			}
		}
	}
}
