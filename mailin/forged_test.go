package mailin

import (
	"strings"
	"testing"
	"time"

	"complaints"
)

// Mails that claim to be from staff, as a stranger may write them. Ours is what
// our own server writes on top; what stands below its Received field was
// brought along. None of them may command, whatever it is that they spell.
func TestForgedMailsCommandNothing(t *testing.T) {
	const (
		ours     = "Received: from mx.firm.example by imap.firm.example; Tue, 24 Nov 2026 10:00:01 +0800\r\n"
		fail     = "Authentication-Results: mx.firm.example; dmarc=fail header.from=firm.example\r\n"
		received = "Received: from evil.example by mx.firm.example; Tue, 24 Nov 2026 10:00:00 +0800\r\n"
		staff    = "From: Li <li@firm.example>\r\n"
		results  = " dmarc=pass header.from=firm.example; auth=pass smtp.auth=li@firm.example\r\n"
		below    = "Authentication-Results: mx.firm.example;" + results
	)
	now := time.Date(2026, 11, 24, 10, 1, 0, 0, time.UTC)
	p := &complaints.Policy{Parameters: complaints.DefaultParameters(), Address: "complaints@firm.example", Security: "it@firm.example", Language: "zh",
		Location: time.UTC, Calendar: &complaints.Calendar{Years: map[int]complaints.Year{}}, RequireDomain: true, Keys: complaints.Keyring{[]byte("key")},
		Register: complaints.NewRegister([]complaints.Person{{Address: "li@firm.example", Name: "Li", Roles: []complaints.Role{complaints.Officer}, Active: true}})}
	d := Desk{Address: p.Address, AuthservID: "mx.firm.example", Position: 1,
		IsStaff: func(a string) bool { return p.Register.Find(a).Is(complaints.AnyStaff) }}
	listed := func(head string) bool {
		raw := head + "To: complaints@firm.example\r\nSubject: list\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n#list\r\n"
		m := Parse([]byte(raw), d)
		_, o := p.Receive(nil, m, now)
		for _, mail := range o.Mails {
			if mail.Template == "list" || mail.Template == "transcript" {
				return true
			}
			if mail.Staff && mail.To.Addr != "li@firm.example" {
				t.Errorf("%q: told %s", head, mail.To.Addr)
			}
		}
		return false
	}
	if !listed(ours + strings.Replace(fail, "fail", "pass", 1) + received + staff) {
		t.Fatal("a genuine mail is not known")
	}
	forged := map[string]string{
		"our server's own field below":    ours + received + below + staff,
		"with its verdict above":          ours + fail + received + below + staff,
		"behind Received fields of his":   ours + received + received + below + staff,
		"above, where two then stand":     ours + fail + below + received + staff,
		"another server's":                ours + "Authentication-Results: mx.evil.example;" + results + received + staff,
		"two From fields":                 ours + received + staff + "From: x@evil.example\r\n",
		"two From fields, both vouched":   ours + strings.Replace(fail, "fail", "pass", 1) + received + "From: x@firm.example\r\n" + staff,
		"two addresses":                   ours + received + "From: x@evil.example, li@firm.example\r\n",
		"the name of a colleague":         ours + received + "From: \"li@firm.example\" <x@evil.example>\r\n",
		"a name that looks like one":      ours + received + "From: \"Li <li@firm.example>\" <x@evil.example>\r\n",
		"an encoded name":                 ours + received + "From: =?utf-8?q?li=40firm=2Eexample?= <x@evil.example>\r\n",
		"a group":                         ours + received + "From: li@firm.example:x@evil.example;\r\n",
		"a group of colleagues":           ours + received + "From: staff: li@firm.example;\r\n",
		"a comment":                       ours + received + "From: x@evil.example (li@firm.example)\r\n",
		"a comment before":                ours + received + "From: (<li@firm.example>) x@evil.example\r\n",
		"a quoted local part":             ours + received + "From: \"li@firm.example\"@evil.example\r\n",
		"a NUL":                           ours + received + "From: li@firm.example\x00@evil.example\r\n",
		"Sender and Reply-To":             ours + received + "From: x@evil.example\r\nSender: li@firm.example\r\nReply-To: li@firm.example\r\n",
		"From folded away":                ours + received + "From:\r\n x@evil.example,\r\n li@firm.example\r\n",
		"a header line without a name":    ours + received + ": \r\n" + below + staff,
		"a bare line end in a field":      ours + fail + received + "X: y\rAuthentication-Results: mx.firm.example;" + results + staff,
		"his domain's pass":               ours + "Authentication-Results: mx.firm.example; dmarc=pass header.from=evil.example\r\n" + received + staff,
		"a subdomain's pass":              ours + "Authentication-Results: mx.firm.example; dmarc=pass header.from=x.firm.example\r\n" + received + staff,
		"another colleague's account":     ours + "Authentication-Results: mx.firm.example; auth=pass smtp.auth=wang@firm.example\r\n" + received + staff,
		"a MAIL FROM in quotation marks":  ours + "Authentication-Results: mx.firm.example; spf=pass smtp.mailfrom=\"a; dmarc=pass header.from=firm.example; x=y\"@evil.example\r\n" + received + staff,
		"a MAIL FROM in a comment":        ours + "Authentication-Results: mx.firm.example; spf=pass (\"a); dmarc=pass header.from=firm.example; x=(y\"@evil.example) smtp.mailfrom=evil.example\r\n" + received + staff,
		"a DKIM identity in quotes":       ours + "Authentication-Results: mx.firm.example; dkim=pass header.i=\"x; dmarc=pass header.from=firm.example; \"@evil.example\r\n" + received + staff,
		"header.from with a result in it": ours + "Authentication-Results: mx.firm.example; dmarc=fail header.from=\"firm.example; dmarc=pass header.from=firm.example\"\r\n" + received + staff,
	}
	for _, id := range []string{"MX.FIRM.EXAMPLE ;", "mx.firm.example 1;", `"mx.firm.example";`, "(x) mx.firm.example;", "mx.firm.example (x);", "\r\n mx.firm.example\r\n ;"} {
		forged["in the place of our own: "+id] = ours + "Authentication-Results: " + id + results + received + staff
		forged["below: "+id] = ours + fail + received + "Authentication-Results: " + id + results + staff
	}
	for name, head := range forged {
		if listed(head) {
			t.Errorf("%s: it commands", name)
		}
		deaf := d
		deaf.AuthservID = ""
		if m := Parse([]byte(head+"\r\n\r\nx"), deaf); m.Auth.DMARC != "" || m.Auth.Submitter != "" {
			t.Errorf("%s: believed though nobody is", name)
		}
	}
	t.Logf("%d forged mails, 0 commands", len(forged))
}
