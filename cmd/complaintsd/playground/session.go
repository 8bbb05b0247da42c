package playground

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one SMTP connection.
type session struct {
	world *Servers
	login string // account, once it has logged in
	from  string
	to    []string
}

func refuse(code int, status smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: status, Message: text}
}

// AuthMechanisms are the mechanisms of RFC 4616 and its elder.
func (c *session) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth begins one of them.
func (c *session) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		a := c.world.account(user)
		if a == "" || password != c.world.opt.Password {
			return refuse(535, smtp.EnhancedCode{5, 7, 8}, "authentication failed")
		}
		c.login = a
		return nil
	}
	if mech == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// Mail begins a mail. Who has logged in sends under that address, with any
// detail, or under the null path.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.login != "" && from != "" && c.world.account(from) != c.login {
		return refuse(553, smtp.EnhancedCode{5, 7, 1}, "the sender address belongs to another account")
	}
	c.from = from
	return nil
}

// Rcpt takes a recipient that has an account.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.world.account(to) == "" {
		return refuse(550, smtp.EnhancedCode{5, 1, 1}, "no such user here")
	}
	c.to = append(c.to, to)
	return nil
}

// Data takes the mail and delivers it.
func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	raw = withoutResults(raw, c.world.opt.AuthservID)
	for _, to := range c.to {
		if err := c.world.deliver(c.from, c.login, to, raw); err != nil {
			return err
		}
	}
	return nil
}

// Reset forgets the mail at hand.
func (c *session) Reset() { c.from, c.to = "", nil }

// Logout ends the session.
func (c *session) Logout() error { return nil }

// withoutResults takes out every Authentication-Results field that names us.
func withoutResults(raw []byte, id string) []byte {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	var kept [][]byte
	drop := false
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
			name, value, _ := strings.Cut(string(line), ":")
			drop = strings.EqualFold(strings.TrimSpace(name), "Authentication-Results") && strings.Contains(strings.ToLower(value), strings.ToLower(id))
		}
		if !drop {
			kept = append(kept, line)
		}
	}
	head = bytes.Join(kept, []byte("\r\n"))
	if !found {
		return head
	}
	return append(append(head, "\r\n\r\n"...), body...)
}

// loginServer is the LOGIN mechanism, which some mail programs still prefer.
type loginServer struct {
	check func(user, password string) error
	user  *string
}

// Next asks for the name, then for the password.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}
