package mailtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

const journal = "journal@firm.example"

// desk's mail system as the scenarios use it.
func system(t testing.TB, opt PostfixOptions) (*Dovecot, *Postfix) {
	t.Helper()
	Need(t)
	d := StartDovecot(t, DovecotOptions{
		Users: []string{desk, staff, zhang}, Folders: []string{"Journal"},
		Into: map[string]string{journal: desk + "/Journal"},
	})
	return d, StartPostfix(t, d, opt)
}

// header returns the names of the fields, and all values of one.
func header(raw []byte, name string) (names, values []string) {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	unfolded := strings.NewReplacer("\r\n\t", " ", "\r\n ", " ").Replace(string(head))
	for line := range strings.SplitSeq(unfolded, "\r\n") {
		n, v, _ := strings.Cut(line, ":")
		names = append(names, n)
		if strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return names, values
}

func refused(t *testing.T, err error, code int) {
	t.Helper()
	var reply *textproto.Error
	if !errors.As(err, &reply) || reply.Code != code {
		t.Errorf("error %v, want a reply %d", err, code)
	}
}

func TestWorldToMailbox(t *testing.T) {
	d, p := system(t, PostfixOptions{Results: map[string]string{zhang: "dmarc=pass header.from=client.example"}})
	raw := []byte("Authentication-Results: MX.FIRM.EXAMPLE 1; auth=pass smtp.auth=li@firm.example\r\n" +
		"Authentication-Results: mx.firm.example;\r\n dmarc=pass header.from=firm.example\r\n" +
		"Authentication-Results: (x) mx.firm.example; dmarc=pass\r\n" +
		"Authentication-Results: mx.elsewhere.example; dmarc=pass\r\n" +
		"From: zhang\r\nSubject: \xcd\xb6\xcb\xdf " + strings.Repeat("x", 1200) + "\r\n\r\n.dot\r\n\xcd\xb6\xcb\xdf\r\n")
	to := "complaints+T2026-0001.token@firm.example"
	if err := Send(p.MX, "", zhang, []string{to, zhang}, raw); err != nil {
		t.Fatal(err)
	}
	got := d.Wait(desk, "", 1)[0].Raw
	d.Wait(zhang, "", 1)
	names, results := header(got, "Authentication-Results")
	want := []string{AuthservID + "; dmarc=pass header.from=client.example", "(x) mx.firm.example; dmarc=pass", "mx.elsewhere.example; dmarc=pass"}
	if strings.Join(results, "\n") != strings.Join(want, "\n") {
		t.Errorf("Authentication-Results:\n%s", strings.Join(results, "\n"))
	}
	t.Logf("fields: %s", strings.Join(names, ", "))
	if _, v := header(got, "Delivered-To"); len(v) != 1 || v[0] != to {
		t.Errorf("Delivered-To: %q", v)
	}
	if sent := raw[bytes.Index(raw, []byte("From:")):]; !bytes.HasSuffix(got, sent) {
		t.Errorf("the mail was changed:\n%q", got)
	}
	refused(t, Send(p.MX, "", zhang, []string{"nobody@firm.example"}, letter), 550)
	refused(t, Send(p.MX, "", zhang, []string{"x@elsewhere.example"}, letter), 554)
}

func TestSubmission(t *testing.T) {
	d, p := system(t, PostfixOptions{})
	if err := Send(p.Submission, staff, staff, []string{desk, journal}, letter); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"INBOX", "Journal"} {
		got := d.Wait(desk, folder, 1)[0].Raw
		names, results := header(got, "Authentication-Results")
		if len(results) != 1 || results[0] != AuthservID+"; auth=pass smtp.auth="+staff {
			t.Errorf("%s: Authentication-Results: %q", folder, results)
		}
		t.Logf("%s: fields %s", folder, strings.Join(names, ", "))
	}
	// Return paths with a detail, and none at all.
	for _, from := range []string{"complaints+out-7.abc@firm.example", ""} {
		if err := Send(p.Submission, desk, from, []string{zhang}, letter); err != nil {
			t.Errorf("from %q: %v", from, err)
		}
	}
	d.Wait(zhang, "", 2)
	refused(t, Send(p.Submission, staff, desk, []string{zhang}, letter), 553)
	refused(t, Send(p.Submission, "", staff, []string{desk}, letter), 554)
	c, err := smtp.Dial(p.Submission)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	refused(t, c.Auth(smtp.PlainAuth("", staff, "wrong", "127.0.0.1")), 535)
}

func TestRefusedForAWhile(t *testing.T) {
	d, p := system(t, PostfixOptions{})
	p.Refuse("zhang@", "451 4.3.2 try again later")
	refused(t, Send(p.Submission, desk, desk, []string{zhang}, letter), 451)
	if err := Send(p.Submission, desk, desk, []string{staff}, letter); err != nil {
		t.Error(err)
	}
	p.Refuse("", "")
	if err := Send(p.Submission, desk, desk, []string{zhang}, letter); err != nil {
		t.Error(err)
	}
	d.Wait(zhang, "", 1)
	d.Wait(staff, "", 1)
}

func TestBounce(t *testing.T) {
	d, p := system(t, PostfixOptions{})
	verp := "complaints+out-7.abc@firm.example"
	if err := Send(p.Submission, desk, verp, []string{"moved@" + Gone}, letter); err != nil {
		t.Fatal(err)
	}
	dsn := d.Wait(desk, "", 1)[0].Raw
	for _, want := range []string{"Return-Path: <>", "Delivered-To: " + verp, "report-type=delivery-status", "Final-Recipient: rfc822; moved@gone.example", "Status: 5.1.1"} {
		if !bytes.Contains(dsn, []byte(want)) {
			t.Errorf("the notification lacks %q:\n%s", want, dsn)
		}
	}
}

func TestOutages(t *testing.T) {
	d, p := system(t, PostfixOptions{})
	d.Stop()
	if err := Send(p.MX, "", zhang, []string{desk}, letter); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if err := Send(p.MX, "", zhang, []string{desk}, letter); err == nil {
		t.Error("a stopped server accepts")
	}
	if n := p.Queued(); n != 1 {
		t.Errorf("%d mails in the queue", n)
	}
	p.Start()
	d.Start()
	p.Flush()
	d.Wait(desk, "", 1)
	for range 100 {
		if p.Queued() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d mails still in the queue", p.Queued())
}

func TestPostfixTLS(t *testing.T) {
	cert := NewCertificate(t, "127.0.0.1", false)
	_, p := system(t, PostfixOptions{TLS: cert})
	c, err := smtp.Dial(p.Submission)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{RootCAs: cert.Pool(), ServerName: "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", desk, Password, "127.0.0.1")); err != nil {
		t.Error(err)
	}
}

func BenchmarkStartPostfix(b *testing.B) {
	d, p := system(b, PostfixOptions{})
	p.Stop()
	for b.Loop() {
		p := StartPostfix(b, d, PostfixOptions{})
		b.StopTimer()
		p.Stop()
		b.StartTimer()
	}
}
