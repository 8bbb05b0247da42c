package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/wneessen/go-mail/smtp"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/store"
)

// dial connects to a mail server. The connection is closed when ctx ends, as
// neither mail library knows a context. With implicit TLS the handshake is done.
func dial(ctx context.Context, s config.Server) (net.Conn, *tls.Config, error) {
	conf, err := s.TLSConfig()
	if err != nil {
		return nil, nil, err
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, nil, away(inWords(s, err))
	}
	context.AfterFunc(ctx, func() { raw.Close() })
	if s.TLS != "implicit" {
		return raw, conf, nil
	}
	conn := tls.Client(raw, conf)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, nil, inWords(s, err)
	}
	return conn, conf, nil
}

// inWords says what the usual errors of a connection mean and what to do. An
// error of the network is marked as away.
func inWords(s config.Server, err error) error {
	host, _, _ := net.SplitHostPort(s.Addr)
	var (
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		dns     *net.DNSError
		network net.Error
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%s: the certificate is not valid today (from %s to %s): renew it on the server", s.Addr,
			invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly))
	case errors.As(err, &name):
		names := name.Certificate.DNSNames
		for _, ip := range name.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Errorf("%s: the certificate is not for %s but for %s: write a name it has as server", s.Addr, host, strings.Join(names, ", "))
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: the certificate is from an authority this machine does not know: name its file as ca_file", s.Addr)
	case errors.As(err, &record):
		return fmt.Errorf("%s: does not begin with TLS: write tls = \"starttls\", or the port for implicit TLS", s.Addr)
	case errors.As(err, &alert):
		return fmt.Errorf("%s: the server refuses TLS (%w): it wants TLS 1.2 or newer, and no certificate of ours", s.Addr, alert)
	case errors.As(err, &dns):
		return away(fmt.Errorf("%s: the name %s cannot be resolved now: check it, and the machine's DNS", s.Addr, host))
	case errors.Is(err, syscall.ECONNREFUSED):
		return away(fmt.Errorf("%s: nothing answers on this port: check the port, or start the server", s.Addr))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed), errors.As(err, &network) && network.Timeout():
		return away(fmt.Errorf("%s: no answer in time: check the network, and that port and tls belong together", s.Addr))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), network != nil:
		return away(fmt.Errorf("%s: the connection broke (%w): check that port and tls belong together", s.Addr, err))
	}
	return fmt.Errorf("%s: %w", s.Addr, err)
}

// tryMailbox logs in to the IMAP server and looks for the folders. Nothing is
// selected, marked or made.
func tryMailbox(ctx context.Context, m config.Mailbox) (string, error) {
	conn, conf, err := dial(ctx, m.Server)
	if err != nil {
		return "", err
	}
	defer conn.Close() // not Client.Close, which waits for a server that does not answer
	var client *imapclient.Client
	if m.TLS == "starttls" {
		if client, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: conf}); err != nil {
			return "", starttlsWords(ctx, m.Server, err)
		}
	} else {
		client = imapclient.New(conn, nil)
	}
	if err := client.WaitGreeting(); err != nil {
		return "", imapWords(ctx, m, "greeting", err)
	}
	if err := client.Login(m.User, string(m.Password)).Wait(); err != nil {
		return "", imapWords(ctx, m, "login", err)
	}
	// Asked anew: what was said before the login may differ.
	caps, err := client.Capability().Wait()
	if err != nil {
		return "", imapWords(ctx, m, "capability", err)
	}
	var missing []string
	for _, name := range []string{m.Folder, m.Processed, m.Quarantine, m.Journal} {
		if name == "" {
			continue
		}
		list, err := client.List("", name, nil).Collect()
		if err != nil {
			return "", imapWords(ctx, m, "list", err)
		}
		if len(list) > 0 {
			continue
		}
		if name == m.Folder || name == m.Journal {
			return "", fmt.Errorf("%s: %s has no folder %q: write the name of one that is there", m.Addr, m.User, name)
		}
		missing = append(missing, name)
	}
	found := fmt.Sprintf("logged in to %s as %s (%s)", m.Addr, m.User, abilities(caps))
	if len(missing) > 0 {
		found += "; will be made at the first start: " + strings.Join(missing, ", ")
	}
	return found, nil
}

// abilities says what the server has of what the desk uses.
func abilities(caps imap.CapSet) string {
	var have []string
	for _, c := range []struct {
		name     imap.Cap
		with, no string
	}{
		{imap.CapIdle, "mail is announced", "no IDLE: mail is found by polling"},
		{imap.CapMove, "mail is moved in one step", "no MOVE: mail is copied, then deleted"},
	} {
		if caps.Has(c.name) {
			have = append(have, c.with)
		} else {
			have = append(have, c.no)
		}
	}
	return strings.Join(have, ", ")
}

// imapWords tells a refusal of the server from a connection that broke.
func imapWords(ctx context.Context, m config.Mailbox, step string, err error) error {
	if ctx.Err() != nil {
		return inWords(m.Server, ctx.Err())
	}
	refusal, ok := errors.AsType[*imap.Error](err)
	switch {
	case !ok:
		return inWords(m.Server, &awayError{err})
	case refusal.Code == imap.ResponseCodeUnavailable || refusal.Code == imap.ResponseCodeInUse || refusal.Code == imap.ResponseCodeLimit:
		return away(fmt.Errorf("%s: the server is busy (%s): try again", m.Addr, refusal.Text))
	case refusal.Type == imap.StatusResponseTypeBye:
		return away(fmt.Errorf("%s: the server takes no connection now (%s): try again", m.Addr, refusal.Text))
	case step == "login":
		return fmt.Errorf("%s: the server refuses user %s (%s): check mailbox.user and the password in mailbox.password_file", m.Addr, m.User, refusal.Text)
	}
	return fmt.Errorf("%s: the server refuses %s (%s)", m.Addr, step, refusal.Text)
}

// starttlsWords is for an upgrade that did not come about.
func starttlsWords(ctx context.Context, s config.Server, err error) error {
	if ctx.Err() != nil {
		return inWords(s, ctx.Err())
	}
	if refusal, ok := errors.AsType[*imap.Error](err); ok {
		return fmt.Errorf("%s: the server offers no STARTTLS (%s): write tls = \"implicit\" and its port", s.Addr, refusal.Text)
	}
	return inWords(s, err)
}

// trySubmission greets the SMTP server and logs in. No mail is begun.
func trySubmission(ctx context.Context, s config.Submission) (string, error) {
	conn, conf, err := dial(ctx, s.Server)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	host, _, _ := net.SplitHostPort(s.Addr)
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return "", smtpWords(ctx, s, "the connection", err)
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	if err := client.Hello(name); err != nil {
		return "", smtpWords(ctx, s, "EHLO", err)
	}
	if s.TLS == "starttls" {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return "", fmt.Errorf("%s: the server offers no STARTTLS: write tls = \"implicit\" and its port, usually 465", s.Addr)
		}
		if err := client.StartTLS(conf); err != nil {
			return "", smtpWords(ctx, s, "STARTTLS", err)
		}
	}
	found := "no login is asked for"
	if s.User != "" {
		auth, err := authFor(client, s, host)
		if err != nil {
			return "", err
		}
		if err := client.Auth(auth); err != nil {
			return "", smtpWords(ctx, s, "AUTH", err)
		}
		found = "logged in as " + s.User
	}
	if err := client.Quit(); err != nil && ctx.Err() != nil {
		return "", smtpWords(ctx, s, "QUIT", err)
	}
	return fmt.Sprintf("%s greets; %s", s.Addr, found), nil
}

// authFor chooses the way to log in. Without TLS the server is this machine
// (the configuration allows nothing else), so the password stays on it.
func authFor(client *smtp.Client, s config.Submission, host string) (smtp.Auth, error) {
	_, offered := client.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	open := s.TLS == "none"
	for _, w := range ways {
		switch w {
		case "PLAIN":
			return smtp.PlainAuth("", s.User, string(s.Password), host, open), nil
		case "LOGIN":
			return smtp.LoginAuth(s.User, string(s.Password), host, open), nil
		}
	}
	if len(ways) == 0 {
		return nil, fmt.Errorf("%s: the server offers no login here: write the submission port (465 or 587), or submission.user = \"\"", s.Addr)
	}
	return nil, fmt.Errorf("%s: the server offers %s; complaintsd logs in with PLAIN or LOGIN", s.Addr, strings.Join(ways, ", "))
}

// smtpWords tells a refusal from a server that is away: 4yz is temporary (RFC
// 5321 4.2.1).
func smtpWords(ctx context.Context, s config.Submission, step string, err error) error {
	if ctx.Err() != nil {
		return inWords(s.Server, ctx.Err())
	}
	reply, ok := errors.AsType[*textproto.Error](err)
	switch {
	case !ok:
		return inWords(s.Server, err)
	case reply.Code/100 == 4:
		return away(fmt.Errorf("%s: the server puts off %s (%d %s): try again", s.Addr, step, reply.Code, reply.Msg))
	case step == "AUTH":
		return fmt.Errorf("%s: the server refuses user %s (%d %s): check submission.user and the password in submission.password_file", s.Addr, s.User, reply.Code, reply.Msg)
	}
	return fmt.Errorf("%s: the server refuses %s (%d %s)", s.Addr, step, reply.Code, reply.Msg)
}

// tryDatabase connects to PostgreSQL and reads the register; or it looks for
// the programs of a private cluster, which check does not start. The register
// is nil where there is none to be read yet.
func tryDatabase(ctx context.Context, cfg *config.Config) (string, *complaints.Register, *complaints.Verdict, error) {
	if cfg.Database.URL == "" {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if path, err := exec.LookPath("initdb"); err == nil {
			found = append(found, path)
		}
		if len(found) == 0 {
			return "", nil, nil, errors.New("PostgreSQL is not installed: apt-get install postgresql, or write database.url")
		}
		return "a private PostgreSQL in " + cfg.StateDir, nil, nil, nil
	}
	db, err := store.Open(ctx, cfg.Database.DSN(), nil)
	if err != nil {
		return "", nil, nil, databaseWords(err)
	}
	defer db.Close()
	register, _, err := db.Register(ctx)
	if state, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok && state.SQLState() == "42P01" { // undefined_table
		return "connected; empty: the first start makes the tables", nil, nil, nil
	}
	if err != nil {
		return "", nil, nil, databaseWords(err)
	}
	verdict, err := db.Verdict(ctx)
	if err != nil {
		return "", nil, nil, databaseWords(err)
	}
	return fmt.Sprintf("connected; %d active people in the register", len(register.With(complaints.AnyStaff))), register, verdict, nil
}

func databaseWords(err error) error {
	if store.Away(err) || errors.Is(err, context.DeadlineExceeded) {
		return away(err)
	}
	return err
}
