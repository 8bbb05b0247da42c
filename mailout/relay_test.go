package mailout

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// authBackend is the sound server with accounts.
type authBackend struct{ backend }

func (b *authBackend) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &authInbound{inbound: inbound{b: &b.backend}}, nil
}

type authInbound struct {
	inbound
	in bool
}

func (s *authInbound) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *authInbound) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "desk" || password != "correct horse" {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *authInbound) Mail(from string, o *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return s.inbound.Mail(from, o)
}

// startSound runs go-smtp; with a TLS configuration it offers STARTTLS.
func startSound(t testing.TB, b smtp.Backend, config *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveSound(t, l, b, config)
	return l.Addr().String()
}

func serveSound(t testing.TB, l net.Listener, b smtp.Backend, config *tls.Config) {
	s := smtp.NewServer(b)
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "sound.example", config, config == nil
	s.ErrorLog = log.New(io.Discard, "", 0)
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); _ = l.Close(); wg.Wait() }) // Serve may not have taken l yet
}

// certificate makes one for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestRelayTLSAndPassword(t *testing.T) {
	good, pool := certificate(t, time.Now().Add(24*time.Hour))
	expired, oldPool := certificate(t, time.Now().Add(-time.Hour))
	right := func() (string, error) { return "correct horse", nil }
	for name, c := range map[string]struct {
		cert     tls.Certificate
		pool     *x509.CertPool
		password func() (string, error)
		want     string // "" : accepted
	}{
		"good":                {good, pool, right, ""},
		"wrong password":      {good, pool, func() (string, error) { return "battery staple", nil }, "535"},
		"no password":         {good, pool, func() (string, error) { return "", errors.New("open password file: no such file") }, "password file"},
		"password missing":    {good, pool, nil, "without a password"},
		"unknown certificate": {good, nil, right, "certificate"},
		"expired":             {expired, oldPool, right, "expired"},
	} {
		for _, mode := range []string{"implicit", "starttls"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				b := &authBackend{}
				config := &tls.Config{Certificates: []tls.Certificate{c.cert}}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				addr := l.Addr().String()
				if mode == "implicit" {
					l = tls.NewListener(l, config)
				}
				serveSound(t, l, b, config)
				r := &Relay{Addr: addr, TLS: mode, User: "desk", Password: c.password, Timeouts: patient, Keep: -1}
				if c.pool != nil {
					r.TLSConfig = &tls.Config{RootCAs: c.pool}
				}
				res := r.Submit(t.Context(), letterTo, []byte(small))
				if c.want == "" {
					if got := b.taken(); res.State != Accepted || len(got) != 1 || string(got[0].raw) != small {
						t.Errorf("%+v, %d mails", res, len(got))
					}
					return
				}
				if res.State != Retry || res.Stage != StageConnect || !res.Relay || !strings.Contains(res.String(), c.want) || len(b.taken()) != 0 {
					t.Errorf("%s, want %q", res, c.want)
				}
			})
		}
	}
}

func TestRelayConfiguration(t *testing.T) {
	noTLS := startScripted(t, nil)
	for want, r := range map[string]*Relay{
		"missing port":              {Addr: "relay.example", TLS: "none"},
		"is no number":              {Addr: "relay.example:smtp", TLS: "none"},
		`tls "maybe"`:               {Addr: noTLS.addr, TLS: "maybe"},
		"does not support STARTTLS": {Addr: noTLS.addr, TLS: "starttls"},
	} {
		r.Timeouts = patient
		if res := r.Submit(t.Context(), letterTo, []byte(small)); res.State != Retry || !res.Relay || !strings.Contains(res.String(), want) {
			t.Errorf("%s, want %q", res, want)
		}
	}
	if strings.Contains(noTLS.commands(), "MAIL") {
		t.Errorf("mail was sent in the clear:\n%s", noTLS.commands())
	}
	if got := (&Relay{}).Longest(); got != 45*time.Minute {
		t.Errorf("longest %s", got)
	}
}

// far is a connection to another machine.
type far struct{ net.Conn }

func (far) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestRelayNoPasswordInTheClear(t *testing.T) {
	l := &login{session: &session{wire: &wire{Conn: far{}}}, user: "desk", password: "secret"}
	if _, _, err := l.Start(&gosmtp.ServerInfo{Name: "localhost", Auth: []string{"PLAIN"}}); err == nil {
		t.Error("the password was given")
	}
	if _, _, err := l.Start(&gosmtp.ServerInfo{Name: "relay.example", TLS: true, Auth: []string{"CRAM-MD5", "XOAUTH2"}}); err == nil || !strings.Contains(err.Error(), "CRAM-MD5 XOAUTH2") {
		t.Errorf("a mechanism that was not offered: %v", err)
	}
	mech, first, err := l.Start(&gosmtp.ServerInfo{Name: "relay.example", TLS: true, Auth: []string{"LOGIN", "plain"}})
	if mech != "PLAIN" || string(first) != "\x00desk\x00secret" || err != nil {
		t.Errorf("%s %q %v", mech, first, err)
	}
}

// One connection carries mail after mail, until it is idle or lost.
func TestRelayKeepsConnection(t *testing.T) {
	submit := func(t *testing.T, r *Relay, n int) {
		t.Helper()
		for range n {
			if res := r.Submit(t.Context(), letterTo, []byte(small)); res.State != Accepted {
				t.Fatal(res)
			}
		}
	}
	t.Run("reused", func(t *testing.T) {
		s := startScripted(t, nil)
		r := plainRelay(s.addr)
		r.Keep = time.Minute
		submit(t, r, 5)
		r.Close()
		if s.connections() != 1 || len(s.mails()) != 5 || !strings.HasSuffix(s.commands(), "QUIT") {
			t.Errorf("%d connections, %d mails\n%s", s.connections(), len(s.mails()), s.commands())
		}
	})
	for name, end := range map[string]string{"closed": "250 ok|drop", "closed with 421": "250 ok\r\n421 4.4.2 idle too long|drop"} {
		t.Run(name+" meanwhile", func(t *testing.T) {
			s := startScripted(t, script{"dot": end})
			r := plainRelay(s.addr)
			r.Keep = time.Minute
			submit(t, r, 3)
			if s.connections() != 3 || len(s.mails()) != 3 {
				t.Errorf("%d connections, %d mails", s.connections(), len(s.mails()))
			}
		})
	}
	t.Run("idle", func(t *testing.T) {
		s := startScripted(t, nil)
		r := plainRelay(s.addr)
		r.Keep = 20 * time.Millisecond
		submit(t, r, 1)
		for i := 0; !strings.HasSuffix(s.commands(), "QUIT"); i++ {
			if i > 200 {
				t.Fatalf("still open:\n%s", s.commands())
			}
			time.Sleep(10 * time.Millisecond)
		}
		submit(t, r, 1)
		if s.connections() != 2 {
			t.Errorf("%d connections", s.connections())
		}
	})
	t.Run("refused mail ends it", func(t *testing.T) {
		s := startScripted(t, script{"RCPT": "550 5.1.1 no"})
		r := plainRelay(s.addr)
		r.Keep = time.Minute
		for range 2 {
			if res := r.Submit(t.Context(), letterTo, []byte(small)); res.State != Failed {
				t.Error(res)
			}
		}
		if s.connections() != 2 || strings.Count(s.commands(), "QUIT") != 2 {
			t.Errorf("%d connections\n%s", s.connections(), s.commands())
		}
	})
	t.Run("many at once", func(t *testing.T) {
		b := &backend{}
		r := plainRelay(startSound(t, b, nil))
		r.Keep = 5 * time.Millisecond
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					if res := r.Submit(context.Background(), letterTo, []byte(small)); res.State != Accepted {
						t.Error(res)
					}
				}
			})
		}
		wg.Wait()
		r.Close()
		if n := len(b.taken()); n != 160 {
			t.Errorf("%d mails", n)
		}
	})
}

func BenchmarkSubmit(b *testing.B) {
	h, body := sample()
	body.Attachments[0].Content = make([]byte, 60000)
	raw, err := Compose(h, body)
	if err != nil {
		b.Fatal(err)
	}
	for name, keep := range map[string]time.Duration{"kept": time.Minute, "anew": -1} {
		b.Run(name, func(b *testing.B) {
			r := plainRelay(startSound(b, &backend{}, nil))
			r.Keep = keep
			defer r.Close()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if res := r.Submit(b.Context(), letterTo, raw); res.State != Accepted {
					b.Fatal(res)
				}
			}
		})
	}
}
