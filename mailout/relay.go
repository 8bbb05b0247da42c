package mailout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Relay is the submission server (RFC 6409) and the connections kept to it.
// Its fields are set before the first Submit; it may be used by several
// goroutines at once.
type Relay struct {
	Addr      string                 // host:port
	TLS       string                 // implicit (RFC 8314), starttls, or none: on the same machine only
	TLSConfig *tls.Config            // nil: the system's roots, the host of Addr, TLS 1.2
	User      string                 // "": no authentication
	Password  func() (string, error) // asked for at each connection, so that a changed one is found
	Hello     string                 // our name in EHLO; "": the host's name
	Timeouts  Timeouts
	Keep      time.Duration     // how long an idle connection is kept for the next mail; 0: 10 s, negative: not at all
	Point     func(name string) // crash points of the tests: in-data, before-dot, after-250; nil otherwise

	mu   sync.Mutex
	idle []*session
}

// Timeouts are how long the relay may take for each step. Zero means the value
// of RFC 5321 section 4.5.3.2, named at each.
type Timeouts struct {
	Connect time.Duration // TCP: 30 s
	Open    time.Duration // the greeting, and again for EHLO, STARTTLS and AUTH together: 5 min
	Mail    time.Duration // 5 min
	Rcpt    time.Duration // 5 min
	Data    time.Duration // 2 min
	Block   time.Duration // each block of the mail: 3 min
	Dot     time.Duration // 10 min
	Whole   time.Duration // all of it; then the connection is closed: 45 min
}

func (t Timeouts) orDefault() Timeouts {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&t.Connect, 30*time.Second)
	or(&t.Open, 5*time.Minute)
	or(&t.Mail, 5*time.Minute)
	or(&t.Rcpt, 5*time.Minute)
	or(&t.Data, 2*time.Minute)
	or(&t.Block, 3*time.Minute)
	or(&t.Dot, 10*time.Minute)
	or(&t.Whole, 45*time.Minute)
	return t
}

// Longest is how long a Submit can take. What is in doubt may be settled only
// after a longer time than this.
func (r *Relay) Longest() time.Duration { return r.Timeouts.orDefault().Whole }

// farewell is how long the relay may take to answer QUIT, when nothing hangs
// on the answer.
const farewell = 2 * time.Second

// Close ends the connections that are kept. Those in use are not kept after it
// only if no Submit follows.
func (r *Relay) Close() {
	for s := r.take(); s != nil; s = r.take() {
		s.quit()
	}
}

// take gives a kept connection, or nil.
func (r *Relay) take() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.idle)
	if n == 0 {
		return nil
	}
	s := r.idle[n-1]
	r.idle = r.idle[:n-1]
	s.bored.Stop()
	return s
}

// keep lays a connection by for the next mail until it has been idle too long.
func (r *Relay) keep(s *session) {
	d := r.Keep
	if d == 0 {
		d = 10 * time.Second
	}
	if d < 0 {
		s.quit()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, s)
	s.bored = time.AfterFunc(d, func() {
		if r.drop(s) {
			s.quit()
		}
	})
}

// drop takes a certain connection out of those that are kept, if it is there.
func (r *Relay) drop(s *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range r.idle {
		if k == s {
			r.idle = append(r.idle[:i], r.idle[i+1:]...)
			return true
		}
	}
	return false
}

// session is one connection that has been greeted and, if need be,
// authenticated. It belongs to one goroutine at a time.
type session struct {
	relay  *Relay
	t      Timeouts
	wire   *wire
	client *smtp.Client
	bored  *time.Timer
}

// open connects up to the end of AUTH.
func (r *Relay) open(ctx context.Context) (*session, error) {
	s := &session{relay: r, t: r.Timeouts.orDefault()}
	host, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return nil, fmt.Errorf("relay address: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("relay address: port %q is no number", port)
	}
	config := r.TLSConfig.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	opts := []gomail.Option{
		gomail.WithPort(n), gomail.WithTimeout(s.t.Open), gomail.WithTLSConfig(config), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithDialContextFunc(func(dctx context.Context, _, _ string) (net.Conn, error) { return s.dial(dctx, ctx, config) }),
	}
	switch r.TLS {
	case "implicit":
		opts = append(opts, gomail.WithSSL())
	case "starttls":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "none":
	default:
		return nil, fmt.Errorf("relay: tls %q: want implicit, starttls or none", r.TLS)
	}
	if r.Hello != "" {
		opts = append(opts, gomail.WithHELO(r.Hello))
	}
	if r.User != "" {
		if r.Password == nil {
			return nil, errors.New("relay: a user without a password")
		}
		password, err := r.Password()
		if err != nil {
			return nil, fmt.Errorf("relay password: %w", err)
		}
		opts = append(opts, gomail.WithSMTPAuthCustom(&login{session: s, user: r.User, password: password}))
	}
	client, err := gomail.NewClient(host, opts...)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	s.client, err = client.DialToSMTPClientWithContext(ctx)
	if s.wire != nil {
		s.wire.stop()
	}
	if err != nil {
		// The library leaves the connection open.
		if s.wire != nil {
			s.wire.abort()
		}
		return nil, fmt.Errorf("connect: %w", errors.Join(err, ctx.Err()))
	}
	return s, nil
}

// dial makes the connection itself, so that it can be closed at any time
// whatever the library waits for. dctx ends with the dialling, ctx with the
// submission.
func (s *session) dial(dctx, ctx context.Context, config *tls.Config) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: s.t.Connect}).DialContext(dctx, "tcp", s.relay.Addr)
	if err != nil {
		return nil, err
	}
	s.wire = &wire{Conn: conn, left: maxReplies}
	s.wire.stop = context.AfterFunc(ctx, s.wire.abort)
	if s.relay.TLS == "none" && !s.wire.local() {
		return nil, errors.New("no encryption is configured, and the relay is on another machine")
	}
	if s.relay.TLS != "implicit" {
		return s.wire, nil
	}
	enc := tls.Client(s.wire, config)
	if err := enc.HandshakeContext(dctx); err != nil {
		return nil, err
	}
	return enc, nil
}

// quit takes leave. It is called only outside DATA.
func (s *session) quit() {
	_ = s.client.UpdateDeadline(farewell)
	_ = s.client.Quit() // whatever the answer, the connection ends
	s.wire.abort()
}

// allow gives the relay time for the next step.
func (s *session) allow(d time.Duration) {
	s.wire.left = maxReplies
	_ = s.client.UpdateDeadline(d) // fails only on a closed connection, which the step itself finds
}

// maxReplies bounds what the relay may say in one step, in octets: the library
// reads a reply of any length into memory.
const maxReplies = 256 << 10

// wire is the TCP connection below TLS and the SMTP client.
type wire struct {
	net.Conn
	left int // octets that may still be read in this step
	stop func() bool
}

func (w *wire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errors.New("the relay's reply has no end")
	}
	n, err := w.Conn.Read(p)
	w.left -= n
	return n, err
}

// abort closes hard: a reset, so that the relay cannot take the end of the
// connection for the end of the mail, and nothing that is still buffered goes out.
func (w *wire) abort() {
	if t, ok := w.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = w.Conn.Close()
}

// local reports whether the other end is on this machine.
func (w *wire) local() bool {
	a, ok := w.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// login authenticates with PLAIN (RFC 4616) or, where only that is offered,
// LOGIN. Both show the password to whoever reads the connection.
type login struct {
	session        *session
	user, password string
	smtp.Auth      // the one that was chosen
}

// Start chooses among what the relay offers.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := func(m string) bool {
		return slices.ContainsFunc(server.Auth, func(s string) bool { return strings.EqualFold(s, m) })
	}
	switch {
	case !server.TLS && !l.session.wire.local():
		return "", nil, errors.New("no password is sent without encryption")
	case offers("PLAIN"):
		l.Auth = smtp.PlainAuth("", l.user, l.password, server.Name, true)
	case offers("LOGIN"):
		l.Auth = smtp.LoginAuth(l.user, l.password, server.Name, true)
	default:
		return "", nil, fmt.Errorf("the relay offers neither AUTH PLAIN nor LOGIN (it offers %q)", strings.Join(server.Auth, " "))
	}
	return l.Auth.Start(server)
}
