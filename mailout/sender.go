package mailout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"complaints"
	"complaints/letters"
	"complaints/mailout/smime"
	"complaints/store"
	"complaints/templates"
)

// Sender works the outbox off: it composes each mail once, freezes the bytes,
// and submits them.
type Sender struct {
	DB      *store.DB
	Policy  func(context.Context) (*complaints.Policy, error) // in force now
	Relay   *Relay
	Mails   *templates.MailSet
	Printer *letters.Printer
	Signer  *smime.Signer // signs mails that carry an issued letter; nil: none is signed
	Journal string        // address that gets a blind copy of every mail; "" for none
	Owner   string        // names this sender in the outbox
	Log     *slog.Logger
	Now     func() time.Time
	Poll    time.Duration     // look at the outbox at least this often; 0 is 5 s
	Point   func(name string) // crash points of the tests: claimed, frozen, marked; nil otherwise

	// JournalWait is how long the copy of a mail in doubt may take to the
	// journal before staff are told; 0 is at once.
	JournalWait time.Duration

	painted painted
	inHand  atomic.Int64 // the number of the mail that Step works at; 0 is none
}

// maxForward is how many bytes of a client's files go with one mail to staff;
// larger ones are named, and stay on file.
const maxForward = 15 << 20

// Run sends until ctx ends. What an earlier owner of the same name left is
// looked after first.
func (s *Sender) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	wake := make(chan struct{}, 1)
	g.Go(func() error {
		return s.DB.Listen(ctx, func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
	})
	g.Go(func() error { return s.beat(ctx) })
	g.Go(func() error {
		defer s.Relay.Close()
		return s.work(ctx, wake)
	})
	return g.Wait()
}

// work claims one mail after the other, and waits when nothing is due. What was
// in hand when something failed, the database above all, is looked after before
// the next claim: a claim may have been made though its answer was lost.
func (s *Sender) work(ctx context.Context, wake <-chan struct{}) error {
	poll := s.Poll
	if poll == 0 {
		poll = 5 * time.Second
	}
	left := true // by the predecessor of the same name
	for ctx.Err() == nil {
		if left {
			left = s.recover(ctx, s.Owner) != nil
		}
		did, err := s.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrFenced):
			s.Log.Warn("a mail was taken from this sender", "err", err)
			continue
		case err != nil:
			s.Log.Error("outbox", "err", err)
			left = true
			pause(ctx, nil, time.Second)
		case !did:
			pause(ctx, wake, poll)
		}
	}
	return nil
}

func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}

// beat keeps the leases of what is in hand, and looks after dead owners.
func (s *Sender) beat(ctx context.Context) error {
	t := time.NewTicker(10 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if id := s.inHand.Load(); id != 0 {
			if err := s.DB.Beat(ctx, s.Owner, id); err != nil && ctx.Err() == nil {
				s.Log.Warn("outbox", "err", err)
			}
		}
		s.recover(ctx, "") // what fails is done ten seconds later
	}
}

// recover puts what dead owners were sending into doubt, or lets it be sent
// again where the relay cannot have it, and tells staff of what has been in
// doubt for too long.
func (s *Sender) recover(ctx context.Context, owner string) error {
	p, err := s.Policy(ctx)
	var doubtful []*store.Outgoing
	if err == nil {
		doubtful, err = s.DB.Recover(ctx, owner, s.JournalWait, s.follow(ctx, p))
	}
	for _, o := range doubtful {
		s.Log.Warn("in doubt", "outbox", o.ID, "case", o.CaseRef, "msgid", o.MessageID)
	}
	if err == nil {
		err = s.DB.Untold(ctx, s.follow(ctx, p))
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("outbox", "err", err)
	}
	return err
}

// follow records what follows from the state that a mail has got.
func (s *Sender) follow(ctx context.Context, p *complaints.Policy) func(*store.Tx, *store.Outgoing) error {
	return func(tx *store.Tx, o *store.Outgoing) error { return tx.Follow(ctx, o, p, s.Now()) }
}

// Step claims one mail and does what is to be done next with it: compose and
// freeze, or submit and mark. It reports whether there was one.
//
// When ctx ends in the middle, what is in hand is finished: it gets another 20
// seconds, so that a stop leaves no mail in doubt.
func (s *Sender) Step(ctx context.Context) (did bool, err error) {
	p, err := s.Policy(ctx)
	if err != nil {
		return false, err
	}
	o, err := s.DB.Claim(ctx, s.Owner, p.AutomaticPerHour)
	if err != nil || o == nil {
		return false, err
	}
	s.inHand.Store(o.ID)
	defer s.inHand.Store(0)
	s.point("claimed")
	ctx, cancel := linger(ctx, 20*time.Second)
	defer cancel()
	if o.Frozen == nil {
		return true, s.freeze(ctx, p, o)
	}
	return true, s.submit(ctx, p, o)
}

// linger gives a context that ends some time after its parent.
func linger(parent context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		t := time.NewTimer(more)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { stop(); cancel() }
}

// submit sends frozen bytes and writes down what became of it.
func (s *Sender) submit(ctx context.Context, p *complaints.Policy, o *store.Outgoing) error {
	e := Envelope{From: o.MailFrom, To: []string{o.RcptTo}, Dot: func(ctx context.Context) error { return s.DB.Dot(ctx, o.ID, o.Epoch) }}
	if s.Journal != "" { // notices to staff too: a person who must settle a doubt costs more than a copy
		e.To = append(e.To, s.Journal)
	}
	r := s.Relay.Submit(ctx, e, o.Frozen)
	state := map[State]store.MailState{Accepted: store.Accepted, Retry: store.Retrying, Failed: store.Failed, InDoubt: store.InDoubt}[r.State]
	reply := r.Reply
	if reply == "" && r.Err != nil {
		reply = r.Err.Error()
	}
	log := s.Log.Info
	if r.State != Accepted {
		log = s.Log.Warn
	}
	if r.Journal != "" {
		s.Log.Warn("the journal refused its copy: there will be no evidence of this mail", "outbox", o.ID)
	}
	if r.Relay {
		s.Log.Error("the relay or its configuration is at fault", "outbox", o.ID, "result", r.String())
	}
	log("mail out", "outbox", o.ID, "case", o.CaseRef, "msgid", o.MessageID, "template", o.Mail.Template, "attempt", o.Attempt, "queued", r.QueuedAs, "result", r.String())
	// The result is written down even while the daemon stops, and however long
	// the database is away: without it the mail would be in doubt.
	ctx, cancel := linger(ctx, 20*time.Second)
	defer cancel()
	for {
		err := s.DB.Mark(ctx, o.ID, o.Epoch, store.Result{State: state, Code: r.Code, Reply: reply, Wait: s.JournalWait}, func(tx *store.Tx, o *store.Outgoing) error {
			if o.State == store.InDoubt {
				return nil // evidence may come
			}
			return tx.Follow(ctx, o, p, s.Now())
		})
		if err == nil && r.State == InDoubt {
			err = s.DB.Untold(ctx, s.follow(ctx, p))
		}
		if err == nil || !store.Away(err) || ctx.Err() != nil {
			s.point("marked")
			return err
		}
		pause(ctx, nil, 500*time.Millisecond)
	}
}

// freeze composes a mail and keeps its bytes. What can never be composed has
// failed, and staff are told; it does not hold up what comes after it.
func (s *Sender) freeze(ctx context.Context, p *complaints.Policy, o *store.Outgoing) error {
	m, letter, err := s.compose(ctx, p, o)
	refused := complaints.AsRefusal(err)
	if refused != nil && (o.Mail.Template == "ack" || o.Mail.Template == "letter_failed") {
		// The client is not to wait for an acknowledgement because of a letter
		// that cannot be printed: it goes without, and staff are told why. So
		// does the news for staff that it could not go.
		plain := *o
		plain.Mail.LetterNo = 0
		m, letter, err = s.compose(ctx, p, &plain)
	}
	if err != nil {
		if store.Away(err) || ctx.Err() != nil {
			return err
		}
		state := store.Retrying
		reply := err.Error()
		if r := complaints.AsRefusal(err); r != nil || o.Epoch >= 5 {
			state = store.Failed
			if r != nil {
				reply = r.In(p.Language)
			}
		}
		s.Log.Error("compose", "outbox", o.ID, "case", o.CaseRef, "template", o.Mail.Template, "err", err)
		return s.DB.Mark(ctx, o.ID, o.Epoch, store.Result{State: state, Reply: reply}, func(tx *store.Tx, o *store.Outgoing) error {
			return tx.Follow(ctx, o, p, s.Now())
		})
	}
	err = s.DB.Freeze(ctx, o.ID, o.Epoch, *m, func(tx *store.Tx) error {
		if refused != nil && !o.Mail.Staff {
			c, err := tx.LockRef(ctx, o.CaseRef)
			if err != nil {
				return err
			}
			return tx.Record(ctx, c, nil, p.Undelivered(c, o.Mail, refused.In(p.Language), s.Now()), p.NextAt)
		}
		return s.keep(ctx, tx, p, o, letter)
	})
	if err == nil {
		s.point("frozen")
	}
	return err
}

// compose writes the mail: the letter, the words, the files, and the addresses
// that carry its proof.
func (s *Sender) compose(ctx context.Context, p *complaints.Policy, o *store.Outgoing) (*store.Composed, *printed, error) {
	m, now := o.Mail, s.Now()
	var c *complaints.Case
	var err error
	if o.CaseRef != "" {
		if c, err = s.DB.Case(ctx, o.CaseRef); err != nil {
			return nil, nil, err
		}
	}
	m = fit(p, c, m)
	letter, err := s.letter(ctx, p, c, m)
	if err != nil {
		return nil, nil, err
	}
	var meeting *complaints.Meeting
	if m.Meeting != "" {
		if meeting, err = s.DB.Meeting(ctx, m.Meeting); err != nil {
			return nil, nil, err
		}
		if meeting, m, err = s.fitMinutes(ctx, p, meeting, m); err != nil {
			return nil, nil, err
		}
		if letter.file, err = s.minutes(ctx, meeting, m); err != nil {
			return nil, nil, err
		}
	}
	var body Body
	if letter.file != nil {
		body.Attachments = append(body.Attachments, *letter.file)
	}
	if letter.preview != nil {
		body.Pictures = letter.pictures
		for _, f := range letter.facts { // the next commands quote this hash
			if err := c.Apply(complaints.Event{Seq: c.Seq + 1, At: now, By: complaints.TheDesk, Fact: f}); err != nil {
				return nil, nil, err
			}
		}
	}
	files, err := s.files(ctx, m.Facts.Attachments)
	if err != nil {
		return nil, nil, err
	}
	body.Attachments = append(body.Attachments, files...)
	var rows []complaints.Row
	if m.Template == "list" {
		if rows, err = s.DB.Rows(ctx, store.Filter{Open: true, Handler: m.Facts.Of, Reader: p.Register.Find(m.To.Addr), Today: complaints.DateOf(now.In(p.Location))}); err != nil {
			return nil, nil, err
		}
		for i := range rows {
			if m.Facts.Level == "metadata" { // administrators see that there are cases, and not whose
				rows[i].Name, rows[i].Subject = "", ""
			}
		}
	}
	replyTo := p.Address
	if m.Staff && p.Register.Find(m.To.Addr).Is(complaints.AnyStaff) { // it proves the person, and opens no case
		replyTo = complaints.Detailed(p.Address, p.Keys.Sign(complaints.ForDesk, complaints.ForStaff, m.To.Addr, now))
	}
	if m.Template == "digest" && len(m.Facts.Items) == 1 { // an answer can only be about this case
		replyTo = complaints.Detailed(p.Address, p.Keys.Sign(m.Facts.Items[0].Ref, complaints.ForStaff, m.To.Addr, now))
	}
	if o.CaseRef != "" {
		purpose, person := complaints.ForClient, ""
		if m.Staff {
			purpose, person = complaints.ForStaff, m.To.Addr
		}
		replyTo = complaints.Detailed(p.Address, p.Keys.Sign(o.CaseRef, purpose, person, now))
	}
	if meeting != nil {
		replyTo = complaints.Detailed(p.Address, p.Keys.Sign(meeting.Ref, complaints.ForStaff, m.To.Addr, now))
		if rows, err = s.docket(ctx, p, meeting, p.Register.Find(m.To.Addr)); err != nil {
			return nil, nil, err
		}
		if strings.HasPrefix(m.Template, "meeting_c") || m.Template == "meeting_moved" { // call and cancellation
			body.Calendar = invitation(p, meeting, replyTo, m.Lang, now)
			body.Attachments = append(body.Attachments, File{Name: "meeting.ics", Type: "application/ics", Content: []byte(body.Calendar.Content)})
		}
	}
	v := NewView(p, m, c, rows, p.Next(c, p.Register.Find(m.To.Addr), now), replyTo, letter.hash, now)
	v.show(letter.preview)
	if meeting != nil {
		v = v.on(meeting)
	}
	if m.Template == "digest" {
		err := v.agenda(func(ref string) (*complaints.Case, error) { return s.DB.Case(ctx, ref) },
			func(ref string) string {
				return complaints.Detailed(p.Address, p.Keys.Sign(ref, complaints.ForStaff, m.To.Addr, now))
			})
		if err != nil {
			return nil, nil, err
		}
	}
	var subject string
	if subject, body.Text, body.HTML, err = s.Mails.Render(m.Lang, m.Template, v); err != nil {
		return nil, nil, err
	}
	verp := p.Keys.Sign(strconv.FormatInt(o.ID, 10), complaints.ForBounce, "", now)
	id := messageID(o.ID, verp, p.Address)
	h := Header{
		From: complaints.Address{Name: deskName(p.Firm, m.Lang), Addr: p.Address}, To: m.To, ReplyTo: complaints.Address{Addr: replyTo}, Subject: subject,
		MessageID: id, InReplyTo: m.InReplyTo, Date: now.In(p.Location), Auto: "auto-generated", Loop: verp,
	}
	if m.InReplyTo != "" {
		h.References, h.Auto = []string{m.InReplyTo}, "auto-replied"
	}
	raw, err := Compose(h, body)
	if err == nil && s.Signer != nil && letter.file != nil && !m.Draft && !m.Staff {
		if fault := s.Signer.Fit(p.Address, now); fault != nil {
			// A letter is not held up by its signature: the law does not ask for one.
			s.Log.Error("a letter goes without a signature", "outbox", o.ID, "case", o.CaseRef, "err", fault)
		} else {
			raw, err = s.Signer.Sign(raw, now)
		}
	}
	if err == nil {
		err = checkBytes(raw)
	}
	if err != nil {
		return nil, nil, err
	}
	out := &store.Composed{Raw: raw, MessageID: id, RcptTo: m.To.Addr}
	if !m.Auto {
		out.MailFrom = complaints.Detailed(p.Address, verp)
	}
	return out, letter, nil
}

// minutes renders the minutes that a mail carries, if any: a draft without
// number and date for who presided, or as they were issued.
func (s *Sender) minutes(ctx context.Context, meeting *complaints.Meeting, m complaints.Mail) (*File, error) {
	if m.Template != "minutes" && m.Template != "minutes_approval" || meeting.Minutes == nil || m.Facts.Level == recused {
		return nil, nil
	}
	l := meeting.Minutes.Letter
	if m.Draft {
		l.Number.N, l.Date = 0, complaints.Date{}
	}
	var b bytes.Buffer
	if err := s.Printer.Render(&b, l); err != nil {
		return nil, err
	}
	if !m.Draft {
		sum := sha256.Sum256(b.Bytes())
		if err := s.DB.SealMinutes(ctx, meeting.Ref, sum[:]); err != nil {
			return nil, err
		}
	}
	return &File{Name: letterName(l, m.Draft, m.Lang), Type: "application/pdf", Content: b.Bytes()}, nil
}

// docket lists the cases on the agenda of a meeting as a member may see them:
// of a case from which they are recused, its number alone.
func (s *Sender) docket(ctx context.Context, p *complaints.Policy, m *complaints.Meeting, who *complaints.Person) ([]complaints.Row, error) {
	var rows []complaints.Row
	for _, ref := range m.Docket {
		c, err := s.DB.Case(ctx, ref)
		if err != nil {
			return nil, err
		}
		r := complaints.Row{Ref: ref}
		if !c.Conflicted(who) {
			due, late := p.Overdue(c, s.Now())
			r = complaints.Row{Ref: ref, State: c.State, Name: c.Complainant.Name, Subject: c.Subject, Handler: c.Handler, Due: due, Overdue: late}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// files loads what is sent along; what is too large stays on file.
func (s *Sender) files(ctx context.Context, list []complaints.Attachment) ([]File, error) {
	var out []File
	total := 0
	for _, a := range list {
		if total += a.Size; total > maxForward {
			break
		}
		b, err := s.DB.BlobBytes(ctx, a.SHA256)
		if err != nil {
			return nil, fmt.Errorf("attachment %.12s: %w", a.SHA256, err)
		}
		out = append(out, File{Name: a.Name, Type: a.Type, Content: b})
	}
	return out, nil
}

// messageID names an outgoing mail for ever; nobody can guess another one.
func messageID(outbox int64, verp, desk string) string {
	sum := sha256.Sum256([]byte("message-id\n" + verp))
	_, domain, _ := strings.Cut(desk, "@")
	return fmt.Sprintf("%d.%x@%s", outbox, sum[:12], domain)
}

func deskName(f complaints.Firm, lang string) string {
	if lang == "en" {
		return f.In(lang) + " Client Services"
	}
	return f.In(lang) + "客户服务部"
}

func (s *Sender) point(name string) {
	if s.Point != nil {
		s.Point(name)
	}
}
