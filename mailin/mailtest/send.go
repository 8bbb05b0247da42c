package mailtest

import (
	"fmt"
	"net"
	"net/smtp"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// Send hands a mail to the SMTP server at addr (host:port). login is the name
// of a Dovecot account to authenticate as, "" for none. An empty from is the
// null sender. Line ends become CRLF. A refusal is a *textproto.Error with the
// server's reply code.
func Send(addr, login, from string, to []string, raw []byte) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Hello("client.test"); err != nil {
		return err
	}
	if login != "" {
		if err := c.Auth(smtp.PlainAuth("", login, Password, host)); err != nil {
			return fmt.Errorf("AUTH: %w", err)
		}
	}
	if err := c.Mail(from); err != nil {
		return fmt.Errorf("MAIL FROM: %w", err)
	}
	for _, rcpt := range to {
		if err := c.Rcpt(rcpt); err != nil {
			return fmt.Errorf("RCPT TO %s: %w", rcpt, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("final dot: %w", err)
	}
	return c.Quit()
}

// Append puts a mail into a folder of an account by IMAP, as a mail program
// does with its sent mail. The bytes are stored as they are.
func Append(t testing.TB, d *Dovecot, user, folder string, raw []byte) {
	t.Helper()
	c := Dial(t, d, user)
	defer c.Close()
	cmd := c.Append(folder, int64(len(raw)), nil)
	if _, err := cmd.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatalf("APPEND to %s of %s: %v", folder, user, err)
	}
}

// Dial returns an IMAP client that is logged in to an account. It is what a
// second person at the same mailbox uses. The caller closes it.
func Dial(t testing.TB, d *Dovecot, user string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(d.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(user, Password).Wait(); err != nil {
		c.Close()
		t.Fatalf("LOGIN %s: %v", user, err)
	}
	return c
}
