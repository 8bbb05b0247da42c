package mailin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"complaints"
	"complaints/store"
)

// Receiver takes mail from the mailbox into the database.
type Receiver struct {
	DB      *store.DB
	Server  *Server
	Policy  func(context.Context) (*complaints.Policy, error) // in force now
	Desk    Desk                                              // IsStaff and OwnMark are filled in from the policy
	Log     *slog.Logger
	Now     func() time.Time
	Point   func(name string) // crash points of the tests; nil otherwise
	Lock    *store.Lock       // of the mailbox: whoever has lost it records nothing; nil: none is held
	Healthy func(mailbox string, healthy bool, detail string)

	later *later // mails that wait for the DNS; nil: none does
	pace  *pace  // of a long backlog; nil: no answer is put off

	// Dry, if set, is told what would be recorded, and nothing is.
	Dry func(m *complaints.Message, ref string, o complaints.Outcome)
}

// errDry rolls a transaction back after Dry was told.
var errDry = errors.New("dry run")

// Run watches the mailbox until ctx ends.
func (r *Receiver) Run(ctx context.Context) error {
	r.later, r.pace = &later{}, &pace{}
	return r.Server.Watch(ctx, r.Take, Hooks{State: r.Healthy, Poison: r.poison, Durable: r.durable, Ahead: r.ahead, Apart: r.apart, Point: r.Point})
}

// durable waits until mails are recorded for good. The journal's are believed,
// or recorded at once.
func (r *Receiver) durable(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (missing []uint32, err error) {
	if mailbox == r.Server.Journal {
		return nil, nil
	}
	missing, err = r.DB.Durable(ctx, mailbox, uidvalidity, uids)
	return missing, r.away(err)
}

// Receive takes one mail in: the bytes, what they say, what follows from it,
// in one transaction. It reports whether the mail is held for a person.
func (r *Receiver) Receive(ctx context.Context, raw []byte, a store.Arrival) (held bool, err error) {
	return r.receive(ctx, &Fetched{Raw: raw}, a)
}

func (r *Receiver) receive(ctx context.Context, f *Fetched, a store.Arrival) (held bool, err error) {
	at, raw := r.Now(), f.Raw
	p, err := r.Policy(ctx)
	if err != nil {
		return false, err
	}
	if r.later.early(a, at) {
		return false, ErrLater
	}
	var m *complaints.Message
	if f.read != nil {
		m, f.read = <-f.read, nil
	} else {
		m = read(f, r.desk(p))
	}
	if m.Auth.Away && (m.Class == complaints.Staff || complaints.SameAddr(m.From.Addr, p.WebForm)) && r.Dry == nil && r.later != nil {
		since, err := r.DB.Waits(ctx, m.SHA256, at)
		if err != nil {
			return false, err
		}
		if pause := r.later.next(a, since, at); pause > 0 {
			r.Log.Warn("the DNS is away: a mail from staff waits", "msgid", m.MessageID, "uid", a.UID, "again_in", pause)
			return false, ErrLater
		}
	}
	m.Recovered = r.Server != nil && r.Server.Processed != "" && a.Mailbox == r.Server.Processed
	put := r.pace.wait(f.behind, at)
	var o complaints.Outcome
	var proven int64 // the number of this mail in the holding pen
	err = r.DB.Tx(ctx, func(tx *store.Tx) error {
		m.ID, o, proven = 0, complaints.Outcome{}, 0
		if r.Server == nil || a.Mailbox != r.Server.Journal { // for which durable does not wait
			tx.CommitLazily()
		}
		tx.Later(put)
		tx.Under(r.Lock)
		isNew, err := tx.AddMessage(ctx, m, raw, a, at)
		if err != nil {
			return err
		}
		if !isNew { // one that was held, and could not be moved before a crash, is held still
			if held, err = tx.Holds(ctx, m.ID, a); err == nil && m.Auth.Folder != "" && !held {
				proven, err = tx.HeldAs(ctx, m.ID)
			}
			return err
		}
		if canary(m, p, at) { // kept as it was read, and nothing follows
			return nil
		}
		c, how, err := tx.LockCase(ctx, complaints.KeysOf(m, p.Address), m, p.Keys, at)
		if err != nil {
			return err
		}
		if c, err = r.lookUp(ctx, tx, p, c, m, at); err != nil {
			return err
		}
		if c, o, err = r.decide(ctx, tx, p, c, how, m, at); err != nil {
			return err
		}
		if r.Dry != nil {
			ref := ""
			if c != nil {
				ref = c.Ref
			}
			r.Dry(m, ref, o)
			return errDry
		}
		r.point("before-commit")
		return tx.Record(ctx, c, m, o, p.NextAt)
	})
	if err != nil {
		return false, fmt.Errorf("receive uid %d: %w", a.UID, err)
	}
	r.later.done(a)
	r.point("after-commit")
	if proven != 0 {
		return false, r.prove(ctx, p, proven, f)
	}
	r.tell(m, a, o)
	if len(o.Released) > 0 {
		if err := r.Released(ctx); err != nil { // the daemon looks again
			r.Log.Warn("released mails", "err", err)
		}
	}
	return held || o.Hold != "", nil
}

// read reads one mail. Of one in a command folder no server of ours has said
// anything: whatever it says so itself is its author's.
func read(f *Fetched, d Desk) *complaints.Message {
	if f.Place != nil {
		d.AuthservID, d.VerifyDKIM = "", nil
	}
	m := Parse(f.Raw, d)
	if m.Place = f.Place; m.Place != nil && m.Place.Owner != "" && m.Froms == 1 && complaints.SameAddr(m.From.Addr, m.Place.Owner) {
		m.Auth.Folder, m.Auth.By = m.Place.Owner, "folder"
	}
	return m
}

// canary reports whether a mail is a test of the mail system: it came to an
// address that only the desk can have signed.
func canary(m *complaints.Message, p *complaints.Policy, at time.Time) bool {
	t := complaints.KeysOf(m, p.Address).Token
	return t != nil && t.Purpose == complaints.ForCanary && p.Keys.Verify(*t, "", at)
}

// lookUp finds what the policy has to know beside the mail and its case: the
// case in which a merged one goes on, the mail that is passed on, the cases
// that commands name, and those that a new complaint looks like.
func (r *Receiver) lookUp(ctx context.Context, tx *store.Tx, p *complaints.Policy, c *complaints.Case, m *complaints.Message, at time.Time) (*complaints.Case, error) {
	if m.Class == complaints.Bounce || m.Hold != "" {
		return c, nil
	}
	c, err := tx.Lead(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := r.proof(ctx, tx, p, m, at); err != nil {
		return nil, err
	}
	if c == nil && m.RSVP != nil && m.Class != complaints.Staff {
		if m.Meeting, err = tx.FindMeeting(ctx, complaints.KeysOf(m, p.Address), m); err != nil {
			return nil, err
		}
	}
	if m.Class == complaints.Staff {
		if err := r.forCommands(ctx, tx, p, c, m, at); err != nil {
			return nil, err
		}
		if code := complaints.Confirms(m); code != "" {
			if m.Waiting, err = tx.Waiting(ctx, code); err != nil {
				return nil, err
			}
			if m.Waiting != nil {
				if err := r.forCommands(ctx, tx, p, c, m.Waiting.Mail, at); err != nil {
					return nil, err
				}
			}
		}
		if c == nil && len(complaints.ParseCommands(m.OwnWords)) == 0 {
			m.Forwarded = Forwarded(m, r.desk(p))
		}
	}
	sender, words := p.Correspondent(m), m.OwnWords
	if err := automatic(ctx, tx, c, sender, m, at); err != nil {
		return nil, err
	}
	if c != nil || m.Class != complaints.Public && complaints.SameAddr(sender, m.From.Addr) {
		return c, nil
	}
	if m.Forwarded != nil {
		words = m.Forwarded.OwnWords
	}
	m.Similar, err = tx.Similar(ctx, sender, m.Subject, words, at.Add(-similarFor))
	return c, err
}

// forCommands looks up what the commands of a mail name beside its case.
func (r *Receiver) forCommands(ctx context.Context, tx *store.Tx, p *complaints.Policy, c *complaints.Case, m *complaints.Message, at time.Time) (err error) {
	if m.Upheld, err = tx.Upheld(ctx, p.Accused(m), at.AddDate(-1, 0, 0)); err != nil {
		return err
	}
	if numbers, asks := complaints.Pen(m); asks {
		if m.Pen, err = tx.Pen(ctx, numbers); err != nil {
			return err
		}
	}
	if c == nil { // first: the minutes that a mail approves name cases
		if m.Meeting, err = tx.FindMeeting(ctx, complaints.KeysOf(m, p.Address), m); err != nil {
			return err
		}
	}
	if c != nil && complaints.Approves(m) {
		if m.Issued, err = tx.IssuedBy(ctx, m.From.Addr, at.Add(-24*time.Hour)); err != nil {
			return err
		}
	}
	if m.Others, err = tx.Others(ctx, c, m); err != nil || c != nil {
		return err
	}
	if complaints.CallsMeeting(m) {
		if m.Committee, err = tx.Committee(ctx, p, at); err != nil {
			return err
		}
	}
	if complaints.Approves(m) {
		m.Tables, err = tx.Tables(ctx)
	}
	return err
}

// proof looks up what the policy holds against a mail from staff: a copy that
// came before, and how often somebody has just tried addresses or codes.
func (r *Receiver) proof(ctx context.Context, tx *store.Tx, p *complaints.Policy, m *complaints.Message, at time.Time) (err error) {
	if m.Class == complaints.Staff {
		if m.Repeats, err = tx.Repeats(ctx, m); err != nil {
			return err
		}
	}
	t := complaints.KeysOf(m, p.Address).Token
	if t != nil && !p.Keys.Verify(*t, m.From.Addr, at) || complaints.Confirms(m) != "" {
		m.Misuses, m.MisusesBy, err = tx.Misuses(ctx, m.From.Addr, at)
	}
	return err
}

// automatic counts the automatic mails of the day to everybody whom an answer
// to a mail may reach: to its sender the store has counted already, but not to
// one who writes from a detail of a mailbox, nor to the complainant if somebody
// else writes to the case. Two robots behind one case would go on for ever.
func automatic(ctx context.Context, tx *store.Tx, c *complaints.Case, sender string, m *complaints.Message, at time.Time) error {
	ask := []string{}
	if local, _, _ := strings.Cut(sender, "@"); !complaints.SameAddr(sender, m.From.Addr) || strings.Contains(local, "+") {
		ask = append(ask, sender)
		if !complaints.SameAddr(sender, m.From.Addr) {
			m.Automatic = 0 // of the form, or of the colleague who passes it on
		}
	}
	if c != nil && m.Class == complaints.Public && !complaints.SameAddr(c.Complainant.Addr, sender) {
		ask = append(ask, c.Complainant.Addr)
	}
	for _, addr := range ask {
		n, err := tx.AutomaticTo(ctx, addr, at)
		if err != nil {
			return err
		}
		m.Automatic = max(m.Automatic, n)
	}
	return nil
}

// similarFor is how far back the words of earlier mails are compared.
const similarFor = 30 * 24 * time.Hour

// decide asks the policy what the mail means.
func (r *Receiver) decide(ctx context.Context, tx *store.Tx, p *complaints.Policy, c *complaints.Case, how store.How, m *complaints.Message, at time.Time) (*complaints.Case, complaints.Outcome, error) {
	if m.Hold != "" {
		return nil, complaints.Outcome{Hold: m.Hold}, nil
	}
	if m.Class == complaints.Bounce && how.Outbox != 0 && failed(m) && m.Place == nil {
		sent, err := tx.Outgoing(ctx, how.Outbox)
		if err != nil {
			return nil, complaints.Outcome{}, err
		}
		return c, p.Undelivered(c, sent.Mail, diagnosis(m), at), nil
	}
	if c == nil && how.Guess != "" && m.Class == complaints.Public && m.Place == nil {
		of, err := tx.LockRef(ctx, how.Guess)
		if err == nil {
			of, err = tx.Lead(ctx, of)
		}
		if err != nil && !store.NotFound(err) {
			return nil, complaints.Outcome{}, err
		}
		return nil, p.Unplaced(m, how.Guess, of, at), nil
	}
	base, o := p.Receive(c, m, at)
	if c == nil && how.Guess != "" && o.Hold != "" {
		o.Hold += "; it names " + how.Guess
	}
	return base, o, nil
}

// failed reports whether a bounce says that the mail will not arrive; a
// warning of delay does not.
func failed(m *complaints.Message) bool {
	if m.DSN == nil || m.DSN.Action == "" {
		return true
	}
	return m.DSN.Action == "failed"
}

// diagnosis is what a bounce says, on one line.
func diagnosis(m *complaints.Message) string {
	if m.DSN != nil && m.DSN.Diagnostic+m.DSN.Status != "" {
		return m.DSN.Status + " " + m.DSN.Diagnostic
	}
	return m.Subject
}

// desk is the Desk with what the policy knows of staff and keys.
func (r *Receiver) desk(p *complaints.Policy) Desk {
	d := r.Desk
	d.Address = p.Address
	d.IsStaff = func(addr string) bool { return p.Register.Find(addr).Is(complaints.AnyStaff) }
	d.OwnMark = func(mark string) bool {
		t, ok := complaints.ParseToken(mark)
		return ok && t.Purpose == complaints.ForBounce && p.Keys.Verify(t, "", r.Now())
	}
	return d
}

// Take is what Watch calls for each mail.
func (r *Receiver) Take(ctx context.Context, f *Fetched) (Disposition, error) {
	a := store.Arrival{Mailbox: f.Mailbox, UIDValidity: f.UIDValidity, UID: f.UID}
	if f.Mailbox == r.Server.Journal && f.Mailbox != "" {
		if ours, err := r.witness(ctx, f.Raw); ours || err != nil {
			return Processed, r.away(err)
		}
	}
	if f.TooBig {
		return Quarantined, r.away(r.hold(ctx, f, fmt.Sprintf("larger than the limit: %d bytes; the header alone is kept here, the mail lies in the quarantine folder", f.Size)))
	}
	held, err := r.receive(ctx, f, a)
	if errors.Is(err, errDry) {
		return Keep, nil
	}
	if err != nil {
		return Keep, r.away(err)
	}
	if held {
		return Quarantined, nil
	}
	return Processed, nil
}

// witness takes the blind copy of a mail of ours as evidence that the relay
// accepted it. Somebody may write to the journal's address: that is not ours,
// and is taken in like any mail.
func (r *Receiver) witness(ctx context.Context, raw []byte) (ours bool, err error) {
	p, err := r.Policy(ctx)
	if err != nil {
		return false, err
	}
	m := Parse(raw, r.desk(p))
	_, err = r.DB.ConfirmByJournal(ctx, m.MessageID, func(tx *store.Tx, o *store.Outgoing) error {
		return tx.Follow(ctx, o, p, r.Now())
	})
	if err != nil && !store.NotFound(err) {
		return false, err
	}
	r.Log.Info("journal", "msgid", m.MessageID, "known", err == nil)
	return err == nil || m.Class == complaints.Own, nil
}

// poison keeps a mail that could not be taken in three times.
func (r *Receiver) poison(ctx context.Context, f *Fetched, cause error) error {
	r.Log.Error("mail cannot be taken in", "uid", f.UID, "mailbox", f.Mailbox, "err", cause)
	return r.away(r.hold(ctx, f, "it could not be taken in: "+cause.Error()))
}

func (r *Receiver) hold(ctx context.Context, f *Fetched, reason string) error {
	p, err := r.Policy(ctx)
	if err != nil {
		return err
	}
	var m *complaints.Message
	if f.TooBig {
		m = Parse(f.Raw, r.desk(p))
	}
	return r.DB.Tx(ctx, func(tx *store.Tx) error {
		a := store.Arrival{Mailbox: f.Mailbox, UIDValidity: f.UIDValidity, UID: f.UID}
		if err := tx.Quarantine(ctx, m, f.Raw, a, reason, r.Now()); err != nil {
			return err
		}
		return tx.Record(ctx, nil, nil, p.HeldMail(reason, r.Now()), p.NextAt)
	})
}

// away marks the errors for which no mail is to blame.
func (r *Receiver) away(err error) error {
	if err != nil && store.Away(err) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}

// tell writes one line for the mail; nothing of its content.
func (r *Receiver) tell(m *complaints.Message, a store.Arrival, o complaints.Outcome) {
	args := []any{"msgid", m.MessageID, "uid", a.UID, "class", m.Class, "events", len(o.Events), "mails", len(o.Mails)}
	if len(m.Problems) > 0 {
		args = append(args, "problems", len(m.Problems))
	}
	if o.Hold != "" {
		args = append(args, "held", o.Hold)
	}
	r.Log.Info("mail in", args...)
	for _, al := range o.Alerts {
		r.Log.Warn("alert", "kind", al.Kind, "text", al.Text)
	}
}

func (r *Receiver) point(name string) {
	if r.Point != nil {
		r.Point(name)
	}
}

// Forgotten looks among the latest n mails of the folder of processed mail (0:
// all of them) for those that the database does not know: it has then gone back
// behind what the mailbox knows. take, if not nil, is given each of them, oldest
// first. last is the highest number that one of our own mails among them bears.
func (r *Receiver) Forgotten(ctx context.Context, n int, take func(*Fetched, *complaints.Message) error) (unknown int, last int64, err error) {
	p, err := r.Policy(ctx)
	if err != nil {
		return 0, 0, err
	}
	d := r.desk(p)
	err = r.Server.Look(ctx, r.Server.Processed, n, func(heads []*Fetched) (uids []uint32, err error) {
		ids, read := make([]string, len(heads)), make([]*complaints.Message, len(heads))
		for i, f := range heads {
			read[i] = Parse(f.Raw, d)
			ids[i] = read[i].MessageID
		}
		missing, err := r.DB.Unknown(ctx, ids)
		for i, f := range heads {
			if slices.Contains(missing, ids[i]) {
				uids = append(uids, f.UID)
				last = max(last, Numbered(read[i]))
			}
		}
		unknown += len(uids)
		return uids, err
	}, func(f *Fetched) error {
		if take == nil {
			return nil
		}
		return take(f, Parse(f.Raw, d))
	})
	return unknown, last, err
}
