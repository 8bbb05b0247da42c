package mailout

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// script says what a scripted server answers at a step (greeting, EHLO,
// STARTTLS, AUTH, user, password, MAIL, RCPT, RCPT2, DATA, early, dot, QUIT): a
// reply, "drop", "hang", or "reply|drop" for both. What it does not name is
// answered as a sound server would.
type script map[string]string

// received is a mail that a test server has taken.
type received struct {
	from string
	to   []string
	raw  []byte
}

// scripted is an SMTP server that does what its script says, however wrong.
// It is sloppy in one way always: it takes the end of the connection for the
// end of the mail, as some servers do.
type scripted struct {
	addr string

	mu       sync.Mutex
	accepted []received
	seen     []string // all commands
	conns    int
}

var sound = script{"greeting": "220 test ESMTP", "EHLO": "250-test\r\n250-8BITMIME\r\n250-SIZE 20000000\r\n250 AUTH LOGIN", "AUTH": "334 VXNlcm5hbWU6", "user": "334 UGFzc3dvcmQ6", "password": "235 2.7.0 ok", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "RCPT2": "250 2.1.5 ok", "DATA": "354 go on", "dot": "250 2.0.0 Ok: queued as 4F2A1B", "QUIT": "221 bye|drop"}

func startScripted(t testing.TB, with script) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: l.Addr().String()}
	over := make(chan struct{})
	var wg sync.WaitGroup
	t.Cleanup(func() { close(over); _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			s.mu.Unlock()
			wg.Go(func() { s.serve(c, with, over) })
		}
	})
	return s
}

// answer plays a step; it reports whether the connection goes on.
func (w script) answer(c net.Conn, step string, over chan struct{}) bool {
	say, ok := w[step]
	if !ok {
		say = sound[step]
	}
	for _, a := range strings.Split(say, "|") {
		switch a {
		case "":
		case "drop":
			return false
		case "hang":
			select {
			case <-over:
			case <-time.After(5 * time.Second):
			}
			return false
		default:
			if _, err := io.WriteString(c, a+"\r\n"); err != nil {
				return false
			}
		}
	}
	return true
}

func (s *scripted) serve(c net.Conn, with script, over chan struct{}) {
	defer c.Close()
	r := bufio.NewReader(c)
	var m received
	ok := with.answer(c, "greeting", over)
	for ok {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.seen = append(s.seen, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		step := verb
		switch verb {
		case "MAIL":
			m = received{from: line[len("MAIL FROM:"):]}
		case "RCPT":
			m.to = append(m.to, line[len("RCPT TO:"):])
			if len(m.to) > 1 {
				step = "RCPT2"
			}
		case "AUTH":
			if ok = with.answer(c, "AUTH", over); !ok {
				return
			}
			for _, step := range []string{"user", "password"} {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
				if ok = with.answer(c, step, over); !ok {
					return
				}
			}
			continue
		case "DATA":
			if ok = with.answer(c, "DATA", over) && with.answer(c, "early", over); !ok {
				return
			}
			if say := with["DATA"]; say != "" && !strings.HasPrefix(say, "354") {
				continue
			}
			if !s.data(r, &m) {
				return
			}
			step = "dot"
		}
		if sound[step] == "" && with[step] == "" {
			_, err := io.WriteString(c, "502 5.5.1 unknown\r\n")
			ok = err == nil
			continue
		}
		ok = with.answer(c, step, over)
	}
}

// data reads a mail and keeps it, whole or not; an end of the connection that
// is no reset counts as the end of the mail.
func (s *scripted) data(r *bufio.Reader, m *received) (whole bool) {
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return false
		}
		if err != nil || bytes.Equal(line, []byte(".\r\n")) {
			s.mu.Lock()
			s.accepted = append(s.accepted, *m)
			s.mu.Unlock()
			return err == nil
		}
		m.raw = append(m.raw, bytes.TrimPrefix(line, []byte("."))...)
	}
}

func (s *scripted) mails() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.accepted...)
}

func (s *scripted) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, "\n")
}

func (s *scripted) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}
