package mailout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

var letterTo = Envelope{From: "bounce+o.412@firm.example", To: []string{"zhang@client.example"}}

const small = "Subject: x\r\n\r\nbody\r\n.\r\n..dots\r\nend\r\n"

// patient is long enough for a busy machine, hasty short enough for a test
// that waits for it.
var (
	patient = allTimeouts(5 * time.Second)
	hasty   = allTimeouts(400 * time.Millisecond)
)

func allTimeouts(d time.Duration) Timeouts {
	return Timeouts{Connect: d, Open: d, Mail: d, Rcpt: d, Data: d, Block: d, Dot: d}
}

func plainRelay(addr string) *Relay {
	return &Relay{Addr: addr, TLS: "none", Hello: "desk.firm.example", Timeouts: patient, Keep: -1}
}

// Every step of the dialogue against every way in which it can fail.
func TestSubmitEveryStage(t *testing.T) {
	type want struct {
		state State
		stage Stage
		relay bool
	}
	refused := func(stage Stage) map[string]want {
		return map[string]want{"450 4.2.1 later": {Retry, stage, false}, "421 4.3.2 going down|drop": {Retry, stage, false}, "550 5.1.1 never": {Failed, stage, false}, "drop": {Retry, stage, false}, "hang": {Retry, stage, false}}
	}
	relayFault := map[string]want{"450 4.2.1 later": {Retry, StageConnect, true}, "554 5.7.1 never": {Retry, StageConnect, true}, "drop": {Retry, StageConnect, true}, "hang": {Retry, StageConnect, true}}
	table := map[string]map[string]want{
		"greeting": relayFault,
		"EHLO":     relayFault,
		"AUTH":     relayFault,
		"user":     relayFault,
		"password": {"535 5.7.8 wrong": {Retry, StageConnect, true}, "454 4.7.0 later": {Retry, StageConnect, true}, "drop": {Retry, StageConnect, true}, "hang": {Retry, StageConnect, true}},
		"MAIL":     refused(StageMail),
		"RCPT":     refused(StageRcpt),
		"RCPT2":    {"drop": {Retry, StageRcpt, false}, "hang": {Retry, StageRcpt, false}, "421 4.3.2 going down|drop": {Retry, StageRcpt, false}},
		"DATA":     refused(StageData),
		"dot": {
			"450 4.2.1 later": {Retry, StageDot, false}, "554 5.7.1 never": {Failed, StageDot, false}, "421 4.3.2 going down|drop": {Retry, StageDot, false},
			"drop": {InDoubt, StageDot, false}, "hang": {InDoubt, StageDot, false}, "250-half a reply|drop": {InDoubt, StageDot, false}, "354 what": {InDoubt, StageDot, false}, "25": {InDoubt, StageDot, false}, "nonsense": {InDoubt, StageDot, false},
			"250 ok|drop": {Accepted, StageDot, false}, "250 ok|hang": {Accepted, StageDot, false}, "250": {Accepted, StageDot, false}, "250-a\r\n250 b": {Accepted, StageDot, false},
		},
		"QUIT": {"drop": {Accepted, StageDot, false}, "hang": {Accepted, StageDot, false}, "554 no": {Accepted, StageDot, false}},
	}
	table["DATA"]["354 go on\r\n250 2.0.0 too early"] = want{Retry, StageBody, false} // in one segment: it is there before the body is
	table["MAIL"]["530 5.7.0 authentication required"] = want{Retry, StageMail, true}
	table["RCPT"]["235 what"] = want{Retry, StageRcpt, true}
	for step, ways := range table {
		for way, w := range ways {
			t.Run(step+"/"+way, func(t *testing.T) {
				t.Parallel()
				s := startScripted(t, script{step: way})
				r := plainRelay(s.addr)
				r.User, r.Password = "desk", func() (string, error) { return "secret", nil }
				if strings.Contains(way, "hang") {
					r.Timeouts = hasty
				}
				res := r.Submit(t.Context(), Envelope{From: letterTo.From, To: []string{letterTo.To[0], "journal@firm.example"}}, []byte(small))
				if res.State != w.state || res.Stage != w.stage || res.Relay != w.relay {
					t.Errorf("%+v, want %+v", res, w)
				}
				if res.Code == 0 && res.Err == nil {
					t.Errorf("nothing says what happened: %+v", res)
				}
				if strings.Contains(res.String(), "secret") {
					t.Errorf("the password is shown: %s", res)
				}
				// Whoever may have the mail must have all of it.
				for _, m := range s.mails() {
					if string(m.raw) != small {
						t.Errorf("the server has a mail of %d octets: %q", len(m.raw), m.raw)
					}
					if res.Stage != StageDot {
						t.Errorf("the server has the mail, and the result is %s", res)
					}
				}
				if strings.Contains(s.commands(), "QUIT") && (res.Stage == StageBody || res.Stage == StageDot && res.State != Accepted) {
					t.Errorf("QUIT after DATA went wrong:\n%s", s.commands())
				}
			})
		}
	}
}

func TestSubmitTakesReplyApart(t *testing.T) {
	s := startScripted(t, script{"RCPT": "550-5.1.1 <zhang@client.example>:\r\n550 5.1.1 \x1b[31mno such user\x00\u202Ehere", "QUIT": "221 bye|drop"})
	res := plainRelay(s.addr).Submit(t.Context(), letterTo, []byte(small))
	if res.State != Failed || res.Code != 550 || res.Enhanced != "5.1.1" || res.Reply != "<zhang@client.example>: [31mno such user here" {
		t.Errorf("%+v", res)
	}
	if got := res.String(); got != "failed at RCPT: 550 5.1.1" {
		t.Errorf("for the log: %q", got)
	}
	s = startScripted(t, nil)
	if res := plainRelay(s.addr).Submit(t.Context(), letterTo, []byte(small)); res.State != Accepted || res.QueuedAs != "4F2A1B" || res.Enhanced != "2.0.0" {
		t.Errorf("%+v", res)
	}
}

// The journal is a copy: it never stops a mail, and never gets one alone.
func TestSubmitJournal(t *testing.T) {
	both := Envelope{From: letterTo.From, To: []string{"zhang@client.example", "journal@firm.example"}}
	for name, c := range map[string]struct {
		script  script
		state   State
		mails   int
		journal string
	}{
		"both taken":             {nil, Accepted, 1, ""},
		"journal refused":        {script{"RCPT2": "550 5.1.1 no journal"}, Accepted, 1, "550 5.1.1 no journal"},
		"journal refused today":  {script{"RCPT2": "452 4.2.2 full"}, Accepted, 1, "452 4.2.2 full"},
		"recipient refused":      {script{"RCPT": "550 5.1.1 no"}, Failed, 0, ""},
		"recipient refused once": {script{"RCPT": "451 4.7.1 greylisted"}, Retry, 0, ""},
		"refused, then in doubt": {script{"RCPT2": "550 5.1.1 no journal", "dot": "drop"}, InDoubt, 1, "550 5.1.1 no journal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startScripted(t, c.script)
			res := plainRelay(s.addr).Submit(t.Context(), both, []byte(small))
			if res.State != c.state || res.Journal != c.journal || len(s.mails()) != c.mails {
				t.Errorf("%+v, %d mails", res, len(s.mails()))
			}
			if got := s.commands(); !strings.Contains(got, "MAIL FROM:<bounce+o.412@firm.example> BODY=8BITMIME\nRCPT TO:<zhang@client.example>") {
				t.Errorf("commands:\n%s", got)
			}
		})
	}
	s := startScripted(t, nil)
	if res := plainRelay(s.addr).Submit(t.Context(), Envelope{To: letterTo.To}, []byte(small)); res.State != Accepted || s.mails()[0].from != "<> BODY=8BITMIME" {
		t.Errorf("null path: %+v %+v", res, s.mails())
	}
}

// What cannot arrive as it is does not set out.
func TestSubmitChecks(t *testing.T) {
	ascii := "Subject: x\r\n\r\n"
	for name, c := range map[string]struct {
		e    Envelope
		raw  string
		ehlo string // "" : the connection is not even made
		want string
	}{
		"no recipient":   {Envelope{}, small, "", "no recipient"},
		"null recipient": {Envelope{To: []string{""}}, small, "", "not a mail address"},
		"injection":      {Envelope{To: []string{"a@b.example>\r\nRCPT TO:<c@d.example"}}, small, "", "control"},
		"parameter":      {Envelope{To: []string{"a@b.example> NOTIFY=NEVER"}}, small, "", "not a mail address"},
		"bad path":       {Envelope{From: "desk", To: letterTo.To}, small, "", "return path"},
		"bare LF":        {letterTo, ascii + "a\nb\r\n", "", "line 3 holds"},
		"bare CR":        {letterTo, ascii + "a\r.\r\n", "", "line 3 holds"},
		"NUL":            {letterTo, ascii + "\x00\r\n", "", "line 3 holds"},
		"no last CRLF":   {letterTo, ascii + "x", "", "does not end"},
		"long line":      {letterTo, ascii + strings.Repeat("x", 999) + "\r\n", "", "998"},
		"no header":      {letterTo, "x\r\n", "", "header"},
		"SMTPUTF8":       {Envelope{To: []string{"李@例子.中国"}}, small, "250-x\r\n250 8BITMIME", "SMTPUTF8"},
		"8BITMIME":       {letterTo, ascii + "投诉\r\n", "250 x", "8BITMIME"},
		"SIZE":           {letterTo, small, "250-x\r\n250 SIZE 20", "takes 20"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startScripted(t, script{"EHLO": c.ehlo})
			res := plainRelay(s.addr).Submit(t.Context(), c.e, []byte(c.raw))
			if res.State != Failed || res.Stage != StageCheck || res.Err == nil || !strings.Contains(res.Err.Error(), c.want) {
				t.Errorf("%+v, want %q", res, c.want)
			}
			if strings.Contains(s.commands(), "MAIL") || c.ehlo == "" && s.connections() != 0 {
				t.Errorf("the server heard\n%s", s.commands())
			}
		})
	}
}

// SMTPUTF8 is asked for only where it is needed: a mail that asks is refused
// by the next server that does not know it.
func TestSubmitNationalAddress(t *testing.T) {
	ehlo := script{"EHLO": "250-x\r\n250-SMTPUTF8\r\n250 8BITMIME"}
	for to, want := range map[string]string{
		"李@例子.中国":           "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\nRCPT TO:<李@xn--fsqu00a.xn--fiqs8s>",
		"li@例子.中国":          "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<li@xn--fsqu00a.xn--fiqs8s>",
		"a..b@c.example":    "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<\"a..b\"@c.example>",
		`"a b"@c.example`:   "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<\"a b\"@c.example>",
		"li@a_b.Example":    "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<li@a_b.Example>",
		"li@[192.0.2.1]":    "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<li@[192.0.2.1]>",
		"c+t.a=b@c.example": "MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<c+t.a=b@c.example>",
	} {
		s := startScripted(t, ehlo)
		res := plainRelay(s.addr).Submit(t.Context(), Envelope{To: []string{to}}, []byte(small))
		if res.State != Accepted || !strings.Contains(s.commands(), want) {
			t.Errorf("%s: %+v\n%s", to, res, s.commands())
		}
	}
}

// backend is a sound server: go-smtp, which keeps what it took.
type backend struct {
	mu    sync.Mutex
	mails []received
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &inbound{b: b}, nil }

type inbound struct {
	b *backend
	m received
}

func (s *inbound) Mail(from string, _ *smtp.MailOptions) error { s.m.from = from; return nil }
func (s *inbound) Rcpt(to string, _ *smtp.RcptOptions) error   { s.m.to = append(s.m.to, to); return nil }
func (s *inbound) Reset()                                      { s.m = received{} }
func (s *inbound) Logout() error                               { return nil }
func (s *inbound) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.raw = raw
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.mails = append(s.b.mails, s.m)
	return nil
}

func (b *backend) taken() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]received(nil), b.mails...)
}

// Bytes arrive as they were stored, whatever lines they have.
func TestSubmitBytes(t *testing.T) {
	b := &backend{}
	r := plainRelay(startSound(t, b, nil))
	r.Keep = 0
	defer r.Close()
	head := "Subject: x\r\n\r\n"
	h, body := sample()
	body.Attachments[0].Content = bytes.Repeat([]byte("\x00\xff.\r\n"), 20000)
	composed, err := Compose(h, body)
	if err != nil {
		t.Fatal(err)
	}
	mails := []string{head + ".\r\n", head + "..\r\n", head + ".a\r\n...\r\n", head + "\r\n\r\n.\r\n\r\n", head + strings.Repeat(".", 998) + "\r\n", head + "QUIT\r\n.\r\nRSET\r\n", ".\r\n\r\n.\r\n", string(composed)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		var sb strings.Builder
		for range random.IntN(3000) {
			sb.WriteString([]string{".", "\r\n", "x", "\r\n.\r\n", "long"}[random.IntN(5)])
		}
		mails = append(mails, head+strings.ReplaceAll(sb.String(), "long", strings.Repeat("y", 60))+"\r\n")
	}
	n := 0
	for i, m := range mails {
		res := r.Submit(t.Context(), letterTo, []byte(m))
		if err := checkBytes([]byte(m)); err != nil {
			if res.State != Failed {
				t.Errorf("mail %d: %+v", i, res)
			}
			continue
		}
		n++
		got := b.taken()
		if res.State != Accepted || len(got) != n || string(got[n-1].raw) != m {
			t.Fatalf("mail %d of %d octets: %+v, and it did not arrive as it was", i, len(m), res)
		}
	}
	if n < 30 {
		t.Errorf("only %d mails were good enough to be sent", n)
	}
}

// A submission that is cut at any place leaves the server either nothing or
// the whole mail, and says which of the two it may be.
func TestSubmitNeverTruncates(t *testing.T) {
	mail := "Subject: x\r\n\r\n" + strings.Repeat("0123456789012345678901234567890123456789\r\n", 20000)
	for _, server := range []string{"sound", "sloppy"} {
		t.Run(server, func(t *testing.T) {
			b, s := &backend{}, startScripted(t, nil)
			r := plainRelay(s.addr)
			if server == "sound" {
				r = plainRelay(startSound(t, b, nil))
			}
			for i := range 30 {
				ctx, cancel := context.WithCancel(t.Context())
				if i == 0 {
					r.Point = func(string) { cancel() }
				} else {
					r.Point = nil
					time.AfterFunc(time.Duration(i)*300*time.Microsecond, cancel)
				}
				before := len(b.taken()) + len(s.mails())
				res := r.Submit(ctx, letterTo, []byte(mail))
				cancel()
				time.Sleep(time.Millisecond)
				if res.State == InDoubt { // the server may still be reading the end of it
					time.Sleep(50 * time.Millisecond)
				}
				after := append(b.taken(), s.mails()...)
				for _, m := range after[min(before, len(after)):] {
					if string(m.raw) != mail {
						t.Fatalf("cut %d: the server took %d of %d octets; %s", i, len(m.raw), len(mail), res)
					}
				}
				if i == 0 && (res.State != Retry || res.Stage != StageBody || !errors.Is(res.Err, context.Canceled)) {
					t.Errorf("cut in DATA: %+v", res)
				}
				if res.State == Retry && len(after) > before || res.State == Failed {
					t.Fatalf("cut %d: %s, and the server has %d mails more", i, res, len(after)-before)
				}
			}
		})
	}
}

// A relay that stops reading is left, and has no mail from us afterwards.
func TestSubmitStalledBody(t *testing.T) {
	s := startScripted(t, script{"early": "hang"})
	r := plainRelay(s.addr)
	r.Timeouts.Block = 300 * time.Millisecond
	res := r.Submit(t.Context(), letterTo, []byte("Subject: x\r\n\r\n"+strings.Repeat("0123456789\r\n", 1<<20)))
	if res.State != Retry || res.Stage != StageBody || len(s.mails()) != 0 {
		t.Errorf("%+v, %d mails", res, len(s.mails()))
	}
}

func TestSubmitCancelled(t *testing.T) {
	for step, want := range map[string]State{"greeting": Retry, "EHLO": Retry, "MAIL": Retry, "RCPT": Retry, "DATA": Retry, "dot": InDoubt} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := startScripted(t, script{step: "hang"})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if res := plainRelay(s.addr).Submit(ctx, letterTo, []byte(small)); res.State != want || !errors.Is(res.Err, context.DeadlineExceeded) {
				t.Errorf("%+v", res)
			}
		})
	}
	t.Run("whole", func(t *testing.T) {
		s := startScripted(t, script{"dot": "hang"})
		r := plainRelay(s.addr)
		r.Timeouts.Whole = 200 * time.Millisecond
		if res := r.Submit(t.Context(), letterTo, []byte(small)); res.State != InDoubt || r.Longest() != r.Timeouts.Whole {
			t.Errorf("%+v", res)
		}
	})
	if res := plainRelay("127.0.0.1:1").Submit(t.Context(), letterTo, []byte(small)); res.State != Retry || !res.Relay {
		t.Errorf("nobody there: %+v", res)
	}
}

// The crash points lie where their names say.
func TestSubmitPoints(t *testing.T) {
	s := startScripted(t, nil)
	r := plainRelay(s.addr)
	var seen []string
	r.Point = func(name string) { seen = append(seen, fmt.Sprintf("%s %d", name, len(s.mails()))) }
	if res := r.Submit(t.Context(), letterTo, []byte(small)); res.State != Accepted {
		t.Fatal(res)
	}
	if got := strings.Join(seen, ", "); got != "in-data 0, before-dot 0, after-250 1" {
		t.Error(got)
	}
}

// A mail whose dot may not leave is not taken, though all of it was said.
func TestSubmitWithoutTheDot(t *testing.T) {
	s := startScripted(t, nil)
	fenced, asked := errors.New("fenced"), 0
	e := letterTo
	e.Dot = func(context.Context) error { asked++; return fenced }
	r := plainRelay(s.addr)
	res := r.Submit(t.Context(), e, []byte(small))
	if res.State != Retry || res.Stage != StageBody || !errors.Is(res.Err, fenced) {
		t.Error(res)
	}
	e.Dot = func(context.Context) error { asked++; return nil }
	if res := r.Submit(t.Context(), e, []byte(small)); res.State != Accepted {
		t.Error(res)
	}
	if got := s.mails(); len(got) != 1 || asked != 2 {
		t.Errorf("%d mails taken, asked %d times", len(got), asked)
	}
}
