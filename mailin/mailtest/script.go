package mailtest

import (
	"bufio"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Rule is how a Script departs from what a server usually answers. A connection
// that is dropped is closed without a further word.
type Rule struct {
	On    string        // CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, RSET, NOOP, QUIT, or "." for the end of the mail
	Match string        // only where the command line contains it
	Times int           // so often, then never again; 0 = always
	Wait  time.Duration // before the answer
	Reply string        // in place of the usual one; lines are separated by "\n"
	Drop  Drop
	Lose  bool // on ".": the mail is not kept, whatever was answered
	Light bool // on ".": its bytes are not kept in Taken
}

// Drop says whether the connection ends at a Rule.
type Drop int

// Whether and when the connection is dropped.
const (
	Never  Drop = iota
	Before      // instead of the reply: the client cannot know
	After       // behind the reply
)

// Taken is a mail whose final dot a Script has read.
type Taken struct {
	From string
	To   []string // recipients that were accepted
	Raw  []byte   // with CRLF line ends, dots unstuffed
	Kept bool     // answered with 2yz, or the connection dropped before the answer; and not lost
}

// Script is an SMTP server that does what its rules say and otherwise accepts
// everything, any login included.
type Script struct {
	Addr string // host:port

	mu    sync.Mutex
	rules []*Rule
	taken []Taken
	said  []string
	open  map[net.Conn]bool
}

// StartScript returns a scripted server that ends with the test.
func StartScript(t testing.TB, rules ...Rule) *Script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Script{Addr: l.Addr().String(), open: map[net.Conn]bool{}}
	for _, r := range rules {
		s.Add(r)
	}
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

// Add adds a rule. Of several that fit the first is followed.
func (s *Script) Add(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Times == 0 {
		r.Times = -1
	}
	s.rules = append(s.rules, &r)
}

// Taken returns the mails whose final dot was read, kept or not.
func (s *Script) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Commands returns every command line of every connection in order, "CONNECT"
// at the beginning of each and "." for the end of a mail.
func (s *Script) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}

// rule notes the command and returns the rule for it; the usual answer is
// filled in.
func (s *Script) rule(verb, line, usual string) Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, line)
	for _, r := range s.rules {
		if r.On == verb && r.Times != 0 && strings.Contains(line, r.Match) {
			r.Times--
			follow := *r
			if follow.Reply == "" {
				follow.Reply = usual
			}
			return follow
		}
	}
	return Rule{Reply: usual}
}

// session is one connection.
type session struct {
	*Script
	conn net.Conn
	text *textproto.Reader
	mail Taken
}

func (s *Script) serve(c net.Conn) {
	s.mu.Lock()
	s.open[c] = true
	s.mu.Unlock()
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	ss := &session{Script: s, conn: c, text: textproto.NewReader(bufio.NewReader(c))}
	if !ss.answer(s.rule("CONNECT", "CONNECT", "220 script.test ESMTP")) {
		return
	}
	for {
		line, err := ss.text.ReadLine()
		if err != nil || !ss.command(line) {
			return
		}
	}
}

// answer follows a rule, and says whether the connection goes on.
func (ss *session) answer(r Rule) bool {
	time.Sleep(r.Wait)
	if r.Drop == Before {
		return false
	}
	lines := strings.Split(r.Reply, "\n")
	for i, l := range lines {
		if i < len(lines)-1 && len(l) > 3 {
			l = l[:3] + "-" + l[4:]
		}
		if _, err := ss.conn.Write([]byte(l + "\r\n")); err != nil {
			return false
		}
	}
	return r.Drop != After
}

// command answers one command line.
func (ss *session) command(line string) bool {
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	usual := "250 2.0.0 ok"
	switch verb {
	case "EHLO":
		usual = "250 script.test\n250 8BITMIME\n250 AUTH PLAIN LOGIN\n250 ENHANCEDSTATUSCODES"
	case "AUTH":
		return ss.auth(line, arg)
	case "DATA":
		usual = "354 go ahead"
	case "QUIT":
		usual = "221 2.0.0 bye"
	}
	r := ss.rule(verb, line, usual)
	accepted := strings.HasPrefix(r.Reply, "2")
	if !ss.answer(r) {
		return false
	}
	switch {
	case verb == "MAIL" && accepted:
		ss.mail = Taken{From: path(arg)}
	case verb == "RCPT" && accepted:
		ss.mail.To = append(ss.mail.To, path(arg))
	case verb == "RSET":
		ss.mail = Taken{}
	case verb == "DATA" && strings.HasPrefix(r.Reply, "354"):
		return ss.data()
	}
	return verb != "QUIT"
}

// auth takes any PLAIN or LOGIN exchange.
func (ss *session) auth(line, arg string) bool {
	fields := strings.Fields(arg)
	questions := 0
	if len(fields) > 0 && strings.EqualFold(fields[0], "LOGIN") {
		questions = 2
	}
	if len(fields) < 2 && questions == 0 {
		questions = 1
	}
	for range questions {
		if _, err := ss.conn.Write([]byte("334 \r\n")); err != nil {
			return false
		}
		if _, err := ss.text.ReadLine(); err != nil {
			return false
		}
	}
	return ss.answer(ss.rule("AUTH", line, "235 2.7.0 ok"))
}

// data reads a mail up to the final dot and answers that.
func (ss *session) data() bool {
	raw, err := ss.text.ReadDotBytes()
	if err != nil {
		return false // the client left in the middle: nothing is taken
	}
	r := ss.rule(".", ".", "250 2.0.0 queued")
	mail := ss.mail
	if !r.Light {
		mail.Raw = crlf(raw)
	}
	mail.Kept = strings.HasPrefix(r.Reply, "2") && !r.Lose
	ss.mu.Lock()
	ss.taken = append(ss.taken, mail)
	ss.mu.Unlock()
	ss.mail = Taken{}
	return ss.answer(r)
}

// path is the address in MAIL FROM:<…> or RCPT TO:<…>.
func path(arg string) string {
	_, rest, _ := strings.Cut(arg, "<")
	addr, _, _ := strings.Cut(rest, ">")
	return addr
}
