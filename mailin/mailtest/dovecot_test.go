package mailtest

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	desk  = "complaints@firm.example"
	staff = "li@firm.example"
	zhang = "zhang@client.example"
)

var letter = []byte("From: zhang@client.example\r\nSubject: hello\r\n\r\nA line.\r\n.dotted\r\n")

func TestDovecotKeepsWhatIsAppended(t *testing.T) {
	d := StartDovecot(t, DovecotOptions{Users: []string{desk}, Folders: []string{"Processed"}})
	for _, folder := range []string{"INBOX", "Processed"} {
		Append(t, d, desk, folder, letter)
		mails := d.Mails(desk, folder)
		if len(mails) != 1 || !bytes.Equal(mails[0].Raw, letter) || mails[0].Flags != "" {
			t.Errorf("%s: %q", folder, mails)
		}
	}
	c := Dial(t, d, desk)
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	set := imap.SeqSetNum(1)
	if _, err := c.Move(set, "Processed").Wait(); err != nil {
		t.Fatal(err)
	}
	if in, out := len(d.Mails(desk, "")), len(d.Mails(desk, "Processed")); in != 0 || out != 2 {
		t.Errorf("after MOVE: %d in INBOX, %d in Processed", in, out)
	}
}

func TestDovecotLeavesOutCapabilities(t *testing.T) {
	for _, without := range [][]string{nil, {"MOVE", "UIDPLUS"}} {
		d := StartDovecot(t, DovecotOptions{Users: []string{desk}, Without: without})
		c := Dial(t, d, desk)
		defer c.Close()
		caps := c.Caps()
		for _, name := range []imap.Cap{imap.CapMove, imap.CapUIDPlus} {
			if caps.Has(name) != (without == nil) {
				t.Errorf("without %v: %s announced: %v", without, name, caps.Has(name))
			}
		}
		if !caps.Has(imap.CapIdle) {
			t.Errorf("without %v: IDLE is gone too", without)
		}
	}
}

func TestDovecotFreezesStopsAndStarts(t *testing.T) {
	d := StartDovecot(t, DovecotOptions{Users: []string{desk}})
	c := Dial(t, d, desk)
	defer c.Close()
	d.Signal(syscall.SIGSTOP)
	answered := make(chan error, 1)
	go func() { answered <- c.Noop().Wait() }()
	select {
	case err := <-answered:
		t.Errorf("a frozen server answered (%v)", err)
	case <-time.After(200 * time.Millisecond):
	}
	d.Signal(syscall.SIGCONT)
	if err := <-answered; err != nil {
		t.Errorf("after SIGCONT: %v", err)
	}
	Append(t, d, desk, "INBOX", letter)
	d.Stop()
	if c, err := net.Dial("tcp", d.IMAP); err == nil {
		c.Close()
		t.Error("a stopped server accepts")
	}
	d.Start()
	if n := len(d.Mails(desk, "")); n != 1 {
		t.Errorf("%d mails after the start", n)
	}
	Append(t, d, desk, "INBOX", letter)
}

func TestDovecotTLS(t *testing.T) {
	tests := []struct {
		name, host string
		expired    bool
		want       string // in the client's error
	}{
		{name: "good", host: "127.0.0.1"},
		{name: "expired", host: "127.0.0.1", expired: true, want: "expired"},
		{name: "another name", host: "imap.elsewhere.example", want: "IP SANs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cert := NewCertificate(t, tt.host, tt.expired)
			d := StartDovecot(t, DovecotOptions{Users: []string{desk}, TLS: cert})
			config := &tls.Config{RootCAs: cert.Pool(), ServerName: "127.0.0.1"}
			for name, dial := range map[string]func(string, *imapclient.Options) (*imapclient.Client, error){
				d.IMAPS: imapclient.DialTLS, d.IMAP: imapclient.DialStartTLS,
			} {
				c, err := dial(name, &imapclient.Options{TLSConfig: config})
				if err == nil {
					err = c.Login(desk, Password).Wait()
					c.Close()
				}
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
			}
		})
	}
}

func BenchmarkStartDovecot(b *testing.B) {
	for b.Loop() {
		d := StartDovecot(b, DovecotOptions{Users: []string{desk}})
		b.StopTimer()
		d.Stop()
		b.StartTimer()
	}
}
