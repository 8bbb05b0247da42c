package mailout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/wneessen/go-mail/smtp"
)

// Envelope says who gets a mail, apart from what its header says.
type Envelope struct {
	From string   // the return path; "" is the null path <>
	To   []string // the recipient, then the journal if a copy goes there

	// Dot, if not nil, is called when all is said but the final dot. After an
	// error of it the dot does not leave, and the relay does not take the mail.
	Dot func(context.Context) error
}

// Submit sends stored bytes in one SMTP transaction and tells what became of
// them. It returns in Longest at the latest. When ctx ends, the connection is
// closed: before the final dot the mail may be tried again, after it the mail
// is in doubt.
//
// The first of e.To decides. If one of the others, the journal, is refused,
// the mail goes without it and Result.Journal says so; it never goes to the
// journal alone.
func (r *Relay) Submit(ctx context.Context, e Envelope, raw []byte) Result {
	m, err := newOutgoing(e, raw)
	if err != nil {
		return Result{State: Failed, Stage: StageCheck, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, r.Longest())
	defer cancel()

	if s := r.take(); s != nil {
		res := s.submit(ctx, m)
		// A kept connection may have been closed meanwhile. Nothing was said
		// on it but MAIL, so that a new one may be tried at once.
		if res.Stage != StageMail || res.Code != 0 && res.Code != 421 || ctx.Err() != nil {
			return res
		}
	}
	s, err := r.open(ctx)
	if err != nil {
		return judge(StageConnect, err)
	}
	return s.submit(ctx, m)
}

// submit runs one transaction and leaves the connection either kept or closed.
func (s *session) submit(ctx context.Context, m *outgoing) Result {
	stop := context.AfterFunc(ctx, s.wire.abort)
	res := s.transact(ctx, m)
	if err := ctx.Err(); res.Code == 0 && !errors.Is(res.Err, err) {
		res.Err = errors.Join(res.Err, err)
	}
	switch {
	case !stop():
		s.wire.abort()
	case res.State == Accepted:
		s.relay.keep(s)
	case res.Code != 0 && res.Code != 421 && res.Stage != StageBody && res.Stage != StageDot:
		s.quit()
	default:
		// Within DATA a QUIT would end the mail, and some servers take what
		// they have for a whole one.
		s.wire.abort()
	}
	return res
}

// transact is MAIL, RCPT, DATA and the bytes. Whatever goes wrong, the place
// at which it did decides what may be done with the mail.
func (s *session) transact(ctx context.Context, m *outgoing) Result {
	c := s.client
	if err := m.fits(c); err != nil {
		return Result{State: Failed, Stage: StageCheck, Err: err}
	}
	c.SkipSMTPUTF8(!m.utf8)
	s.allow(s.t.Mail)
	if err := c.Mail(m.from); err != nil {
		return judge(StageMail, err)
	}
	journal := ""
	for i, to := range m.to {
		s.allow(s.t.Rcpt)
		err := c.Rcpt(to)
		if err == nil {
			continue
		}
		res := judge(StageRcpt, err)
		if i == 0 || res.Code == 0 || res.Code == 421 {
			return res
		}
		journal = oneLine(fmt.Sprintf("%d %s %s", res.Code, res.Enhanced, res.Reply), maxReply)
	}
	s.allow(s.t.Data)
	w, err := c.Data()
	if err != nil {
		return judge(StageData, err)
	}
	if err := s.body(ctx, w, m.raw); err != nil {
		return judge(StageBody, err)
	}
	if m.dot != nil {
		if err := m.dot(ctx); err != nil {
			return Result{State: Retry, Stage: StageBody, Err: err}
		}
	}
	s.relay.point("before-dot")
	s.allow(s.t.Dot)
	// Close writes the final dot: from here on only a reply of the relay can
	// tell what became of the mail.
	res := Result{State: Accepted, Stage: StageDot}
	if err := w.Close(); err != nil {
		res = judge(StageDot, err)
	} else if d, ok := w.(*smtp.DataCloser); ok {
		res.read(250, d.ServerResponse())
	}
	res.Journal = journal
	if res.State == Accepted {
		s.relay.point("after-250")
	}
	return res
}

// block is how much of a mail is written under one deadline.
const block = 32 << 10

// body writes all bytes and no dot.
func (s *session) body(ctx context.Context, w io.Writer, raw []byte) error {
	half := len(raw) / 2
	for at := 0; at < len(raw); {
		end := min(at+block, len(raw))
		if at < half {
			end = min(end, half) // a block ends here, for the crash point
		}
		s.allow(s.t.Block)
		if _, err := w.Write(raw[at:end]); err != nil {
			return err
		}
		if end == half && s.relay.Point != nil {
			if err := s.client.Text.W.Flush(); err != nil {
				return err
			}
			s.relay.Point("in-data")
		}
		at = end
	}
	if err := ctx.Err(); err != nil {
		return err // the last moment at which nothing is in doubt
	}
	if s.client.Text.R.Buffered() > 0 {
		return errors.New("the relay answered before the mail was sent; its next answer could not be trusted")
	}
	return nil
}

// outgoing is a mail whose envelope and bytes have been looked at.
type outgoing struct {
	from  string   // with brackets
	to    []string // likewise
	raw   []byte
	utf8  bool // an address or the header is beyond ASCII: SMTPUTF8 (RFC 6531)
	eight bool // the body is: 8BITMIME (RFC 6152)
	dot   func(context.Context) error
}

func newOutgoing(e Envelope, raw []byte) (*outgoing, error) {
	m := &outgoing{raw: raw, dot: e.Dot}
	var err error
	if m.from, err = path(e.From); err != nil {
		return nil, fmt.Errorf("return path: %w", err)
	}
	if len(e.To) == 0 {
		return nil, errors.New("no recipient")
	}
	for _, to := range e.To {
		p, err := path(to)
		if err == nil && p == "<>" {
			err = errAddress
		}
		if err != nil {
			return nil, fmt.Errorf("recipient: %w", err)
		}
		m.to = append(m.to, p)
		m.utf8 = m.utf8 || !isASCII(p)
	}
	if err := checkBytes(raw); err != nil {
		return nil, err
	}
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("the mail has no end of its header")
	}
	m.utf8 = m.utf8 || !isASCII(m.from) || !isASCII(head)
	m.eight = !isASCII(body)
	return m, nil
}

// fits asks whether the relay said in EHLO that it can take such a mail. What
// it cannot take it would refuse for good, or mangle.
func (m *outgoing) fits(c *smtp.Client) error {
	if ok, _ := c.Extension("SMTPUTF8"); m.utf8 && !ok {
		return errors.New("the recipient's address is not ASCII before its @, and the relay does not offer SMTPUTF8")
	}
	if ok, _ := c.Extension("8BITMIME"); m.eight && !ok {
		return errors.New("the body is not 7-bit, and the relay does not offer 8BITMIME")
	}
	_, size := c.Extension("SIZE") // RFC 1870: none or 0 is no limit
	if n, err := strconv.Atoi(size); err == nil && n > 0 && len(m.raw) > n {
		return fmt.Errorf("the mail has %d octets, and the relay takes %d", len(m.raw), n)
	}
	return nil
}

func (r *Relay) point(name string) {
	if r.Point != nil {
		r.Point(name)
	}
}
