// Package doctor finds out whether forged marks of authentication get through
// the mail system.
//
//  1. It writes canaries: mails in the name of the desk's own domain that bring
//     a result of our own server along, each in another spelling, and mails
//     whose envelope sender tries to have our server write such a result.
//  2. It hands them to the MX as a stranger would. The recipient is an address
//     that only the desk can sign, so that the daemon takes a canary in, reads
//     it, and does nothing else with it.
//  3. It waits until the database holds each, as the daemon read it, or the MX
//     has refused it.
//  4. It judges: a canary that is believed, or one whose plain mark our server
//     has left in (RFC 8601 section 5 demands that it is removed), switches off
//     what staff command on the strength of such marks. The verdict stands in
//     the database until the next one.
package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"complaints"
	"complaints/store"
)

// Options are what a visit needs.
type Options struct {
	DB         *store.DB
	Policy     *complaints.Policy
	MX         string                                                 // host:port of the server to which the world sends
	AuthservID string                                                 // whose results the desk believes
	Submit     func(ctx context.Context, to string, raw []byte) error // hands in a mail of our own, for comparison; nil: none
	Wait       time.Duration                                          // for the canaries to arrive
	Now        func() time.Time
}

// canary is one mail that is sent.
type canary struct {
	name     string
	mailFrom string
	field    string // Authentication-Results that it brings along, without the name; "" for none
	plain    bool   // in the spelling that every server must remove
	ours     bool   // a mail of our own

	id      string // Message-ID
	refused string
	found   *complaints.Trial
}

// foreign is a domain of which no host may send mail (SPF -all), that takes none,
// and that is in every DNS. In the desk's own domain an envelope sender could be
// believed with good reason: the firm's own hosts may send for it, and on one of
// them this program runs.
const foreign = "example.com"

// canaries are the six spellings of a server's name under which results have
// been believed, the plain one, and envelope senders that try to write one.
func canaries(authservID, domain string) []*canary {
	pass := " dmarc=pass header.from=" + domain + "; auth=pass smtp.auth=complaints@" + domain
	var out []*canary
	for _, c := range []struct{ name, id string }{
		{"our server's name as it is", authservID + ";"},
		{"in capitals, with a space", strings.ToUpper(authservID) + " ;"},
		{"with a version", authservID + " 1;"},
		{"in quotation marks", `"` + authservID + `";`},
		{"a comment before it", "(x) " + authservID + ";"},
		{"a comment behind it", authservID + " (x);"},
		{"folded", "\r\n " + authservID + "\r\n ;"},
	} {
		out = append(out, &canary{name: c.name, field: c.id + pass, plain: c.name == "our server's name as it is"})
	}
	return append(out,
		&canary{name: "a MAIL FROM with a result in quotation marks", mailFrom: `"a; dmarc=pass header.from=` + domain + `; x=y"@` + foreign},
		&canary{name: "a MAIL FROM that ends a comment", mailFrom: `"a); dmarc=pass header.from=` + domain + `; x=(y"@` + foreign},
	)
}

// Visit sends the canaries and records the verdict. An error says that it could
// not come to one; what was in force stays in force then, unless a canary was
// believed.
func Visit(ctx context.Context, o Options) (*complaints.Verdict, error) {
	_, domain, _ := strings.Cut(o.Policy.Address, "@")
	run := strings.ToLower(rand.Text()[:12])
	// The address is good for a week at most: what comes to it is not read as a
	// complaint.
	to := complaints.Detailed(o.Policy.Address, o.Policy.Keys.Sign(run, complaints.ForCanary, "", o.Now().AddDate(0, 0, -7*103)))
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	list := canaries(o.AuthservID, domain)
	if o.Submit != nil {
		list = append(list, &canary{name: "a mail of our own", ours: true})
	}
	for i, c := range list {
		c.id = fmt.Sprintf("doctor.%s.%d@%s", run, i, domain)
		raw := c.write(o.Policy.Address, to, o.Now())
		var err error
		if c.ours {
			err = o.Submit(ctx, to, raw)
		} else {
			err = o.send(ctx, c.mailFrom, to, raw)
		}
		if err != nil {
			var reply *textproto.Error
			if !errors.As(err, &reply) || reply.Code < 500 {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			c.refused = reply.Error()
			c.found = &complaints.Trial{What: c.name, Result: "refused", Detail: c.refused}
		}
	}
	v := &complaints.Verdict{At: o.Now(), MX: o.MX}
	waiting := o.await(ctx, list)
	for _, c := range list {
		if c.found == nil {
			c.found = &complaints.Trial{What: c.name, Result: "lost", Detail: "it has not arrived in time"}
		}
		v.Findings = append(v.Findings, *c.found)
		v.Off = v.Off || c.found.Result == "believed" && !c.ours || c.found.Result == "left in" && c.plain
	}
	if waiting > 0 && !v.Off {
		return v, fmt.Errorf("%d of %d canaries have not arrived within %v: is the daemon at work, and the MX this one?", waiting, len(list), o.Wait)
	}
	return v, nil
}

// write makes the mail.
func (c *canary) write(from, to string, at time.Time) []byte {
	var b bytes.Buffer
	if c.field != "" {
		fmt.Fprintf(&b, "Authentication-Results: %s\r\n", c.field)
	}
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: complaintsd doctor: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n", from, to, c.name, c.id, at.Format(time.RFC1123Z))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nA test of the mail system by complaintsd doctor. Nothing follows from it.\r\n")
	return b.Bytes()
}

// send hands a mail to the MX as a stranger.
func (o *Options) send(ctx context.Context, from, to string, raw []byte) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", o.MX)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	host, _, err := net.SplitHostPort(o.MX)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

// await looks for the canaries until all are there or ctx ends, and gives how
// many are not.
func (o *Options) await(ctx context.Context, list []*canary) (waiting int) {
	for {
		waiting = 0
		for _, c := range list {
			if c.found != nil {
				continue
			}
			m, raw, err := o.DB.Arrived(context.WithoutCancel(ctx), c.id)
			if err != nil {
				waiting++
				continue
			}
			c.found = c.judge(m, raw, o.AuthservID)
		}
		if waiting == 0 || ctx.Err() != nil {
			return waiting
		}
		t := time.NewTimer(200 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// judge says what became of a canary.
func (c *canary) judge(m *complaints.Message, raw []byte, authservID string) *complaints.Trial {
	f := &complaints.Trial{What: c.name, Result: "stripped"}
	if m.Auth.DMARC != "" {
		f.Detail = "dmarc=" + m.Auth.DMARC
	}
	if m.Auth.Submitter != "" {
		f.Detail = strings.TrimSpace(f.Detail + " smtp.auth=" + m.Auth.Submitter)
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	marks := 0
	for line := range strings.SplitSeq(unfold.Replace(string(head)), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Authentication-Results") && flat(value) == flat(c.field) {
			marks++
		}
	}
	switch {
	case m.Auth.DMARC == "pass" || m.Auth.Submitter != "":
		f.Result = "believed"
	case c.ours:
		f.Result = "without a mark"
	case c.field == "":
		f.Result = "not believed"
	case marks > 0:
		f.Result = "left in"
	}
	return f
}

var unfold = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ")

// flat takes out what servers change in passing.
func flat(s string) string { return strings.Join(strings.Fields(s), "") }
