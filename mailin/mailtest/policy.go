package mailtest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// policy is a server for Postfix's policy delegation (SMTPD_POLICY_README): it
// is asked for every RCPT TO at the submission port, so that what a test wants
// refused changes at once, without a reload.
type policy struct {
	addr string

	mu           sync.Mutex
	match, reply string
}

func startPolicy(t testing.TB) *policy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &policy{addr: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *policy) refuse(match, reply string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.match, p.reply = match, reply
}

// serve answers requests, each some lines name=value and an empty line.
func (p *policy) serve(c net.Conn) {
	defer c.Close()
	recipient := ""
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if line := lines.Text(); line != "" {
			if addr, ok := strings.CutPrefix(line, "recipient="); ok {
				recipient = addr
			}
			continue
		}
		p.mu.Lock()
		action := "DUNNO"
		if p.reply != "" && strings.Contains(recipient, p.match) {
			action = p.reply
		}
		p.mu.Unlock()
		fmt.Fprintf(c, "action=%s\n\n", action)
	}
}
