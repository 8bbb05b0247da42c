package mailtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// speaker is a server that sends what it is given and then reads all it gets.
func speaker(t *testing.T, says string) (addr string, heard <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, says)
				b, _ := io.ReadAll(c)
				got <- string(b)
			}()
		}
	}()
	return l.Addr().String(), got
}

func dial(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func TestProxyPassesEverything(t *testing.T) {
	text := strings.Repeat("a line\r\n", 100_000)
	addr, heard := speaker(t, text)
	c := dial(t, StartProxy(t, addr))
	go func() { io.WriteString(c, text); c.CloseWrite() }()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != text {
		t.Errorf("%d bytes of %d (%v)", len(got), len(text), err)
	}
	if h := <-heard; h != text {
		t.Errorf("%d bytes to the server", len(h))
	}
}

func TestProxyCuts(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	addr, heard := speaker(t, text)
	p := StartProxy(t, addr)
	for _, after := range []int{0, 1, 7, 40_000, len(text) - 1} {
		p.Inject(Fault{Do: Cut, After: after, Times: 1})
		got, err := io.ReadAll(dial(t, p))
		if err != nil || string(got) != text[:after] {
			t.Errorf("cut after %d: %d bytes, %v", after, len(got), err)
		}
		<-heard
	}
	p.Inject(Fault{Do: Reset, After: 5, Times: 1})
	conn, err := net.Dial("tcp", p.Addr) // which the reset may already meet
	if err == nil {
		_, err = io.ReadAll(conn)
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
	<-heard
	p.Inject(Fault{Do: Cut, ToServer: true, After: 3, Times: 1})
	io.WriteString(dial(t, p), "abcdef")
	if h := <-heard; h != "abc" {
		t.Errorf("cut towards the server: %q", h)
	}
	if n := p.Struck(); n != 7 {
		t.Errorf("struck %d times", n)
	}
	c := dial(t, p)
	c.CloseWrite()
	if got, err := io.ReadAll(c); err != nil || string(got) != text {
		t.Errorf("after all strikes: %d bytes, %v", len(got), err)
	}
}

func TestProxySwallowsOneLine(t *testing.T) {
	addr, _ := speaker(t, "one\r\ntwo ok\r\nthree\r\n")
	p := StartProxy(t, addr)
	p.Inject(Fault{Do: Swallow, At: "ok"})
	c := dial(t, p)
	c.CloseWrite()
	if got, err := io.ReadAll(c); err != nil || string(got) != "one\r\nthree\r\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestProxyStallsUntilHealed(t *testing.T) {
	addr, _ := speaker(t, "one\r\ntwo\r\n")
	p := StartProxy(t, addr)
	p.Inject(Fault{Do: Stall, At: "two"})
	c := dial(t, p)
	r := bufio.NewReader(c)
	if l, err := r.ReadString('\n'); err != nil || l != "one\r\n" {
		t.Fatalf("%q, %v", l, err)
	}
	second := make(chan string, 1)
	go func() { l, _ := r.ReadString('\n'); second <- l }()
	select {
	case l := <-second:
		t.Errorf("%q passed", l)
	case <-time.After(100 * time.Millisecond):
	}
	p.Heal()
	if l := <-second; l != "two\r\n" {
		t.Errorf("%q", l)
	}
}

func TestProxySpeed(t *testing.T) {
	addr, _ := speaker(t, strings.Repeat("x", 2000))
	p := StartProxy(t, addr)
	p.Speed(10_000)
	begin := time.Now()
	c := dial(t, p)
	c.CloseWrite()
	got, err := io.ReadAll(c)
	if took := time.Since(begin); err != nil || len(got) != 2000 || took < 150*time.Millisecond {
		t.Errorf("%d bytes in %v, %v", len(got), took, err)
	}
}

func TestProxyCutAll(t *testing.T) {
	addr, _ := speaker(t, "hello\r\n")
	p := StartProxy(t, addr)
	r := bufio.NewReader(dial(t, p))
	r.ReadString('\n')
	p.CutAll()
	if _, err := r.ReadString('\n'); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v", err)
	}
}

func TestScript(t *testing.T) {
	tests := []struct {
		name     string
		rule     Rule
		code     int // of the refusal; 0: the connection breaks; 250: success
		kept     []bool
		commands string // expected at the end of the list
	}{
		{name: "usual", code: 250, kept: []bool{true}, commands: ". QUIT"},
		{name: "greeting", rule: Rule{On: "CONNECT", Reply: "421 4.3.2 busy"}, code: 421, commands: "CONNECT"},
		{name: "login refused", rule: Rule{On: "AUTH", Reply: "535 5.7.8 no"}, code: 535},
		{name: "one recipient refused", rule: Rule{On: "RCPT", Match: "zhang", Reply: "550 5.1.1 unknown"}, code: 550},
		{name: "refused at the dot", rule: Rule{On: ".", Reply: "451 4.3.0 later"}, code: 451, kept: []bool{false}},
		{name: "dropped before the reply to the dot", rule: Rule{On: ".", Drop: Before}, kept: []bool{true}, commands: "DATA ."},
		{name: "the same and lost", rule: Rule{On: ".", Drop: Before, Lose: true}, kept: []bool{false}},
		{name: "dropped behind the reply", rule: Rule{On: ".", Drop: After}, kept: []bool{true}},
		{name: "dropped at DATA", rule: Rule{On: "DATA", Drop: Before}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := StartScript(t)
			if tt.rule.On != "" {
				s.Add(tt.rule)
			}
			err := Send(s.Addr, desk, desk, []string{staff, zhang}, letter)
			switch tt.code {
			case 250:
				if err != nil {
					t.Error(err)
				}
			case 0:
				if err == nil {
					t.Error("the connection did not break")
				}
			default:
				refused(t, err, tt.code)
			}
			var kept []bool
			for _, m := range s.Taken() {
				kept = append(kept, m.Kept)
				if m.From != desk || len(m.To) != 2 || !bytes.Equal(m.Raw, letter) {
					t.Errorf("taken: %+v", m)
				}
			}
			if fmt.Sprint(kept) != fmt.Sprint(tt.kept) {
				t.Errorf("kept %v, want %v", kept, tt.kept)
			}
			if got := strings.Join(s.Commands(), " "); !strings.HasSuffix(got, tt.commands) {
				t.Errorf("commands %s", got)
			}
		})
	}
}

func TestScriptRuleWearsOut(t *testing.T) {
	s := StartScript(t, Rule{On: "MAIL", Reply: "451 4.3.2 later", Times: 2, Wait: 30 * time.Millisecond})
	for i, code := range []int{451, 451, 0} {
		begin := time.Now()
		err := Send(s.Addr, "", desk, []string{staff}, letter)
		if code == 0 {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		refused(t, err, code)
		if time.Since(begin) < 30*time.Millisecond {
			t.Errorf("attempt %d was answered at once", i)
		}
	}
}
