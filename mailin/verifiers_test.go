package mailin

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"complaints"
	"complaints/mailin/mailtest"

	"github.com/emersion/go-msgauth/dkim"
)

// sentTo are mails in the name of staff, and from whom they come: one that
// is what it says, and those that a stranger may write.
func sentTo(t *testing.T, key *rsa.PrivateKey) (names []string, from map[string]string, raw map[string][]byte) {
	const mail = "From: Li <li@firm.example>\r\nTo: complaints@firm.example\r\nSubject: list\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%s@firm.example>\r\n\r\n#list\r\n"
	const results = " dmarc=pass header.from=firm.example; auth=pass smtp.auth=li@firm.example"
	from, raw = map[string]string{}, map[string][]byte{}
	add := func(name, sender, field string) {
		names = append(names, name)
		from[name] = sender
		text := fmt.Sprintf(mail, name)
		if field != "" {
			text = "Authentication-Results: " + field + results + "\r\n" + text
		}
		raw[name] = []byte(text)
	}
	add("honest", "li@firm.example", "")
	sign := func(name, domain string) {
		var signed bytes.Buffer
		if err := dkim.Sign(&signed, bytes.NewReader(raw[name]), &dkim.SignOptions{Domain: domain, Selector: "sel", Signer: key}); err != nil {
			t.Fatal(err)
		}
		raw[name] = signed.Bytes()
	}
	sign("honest", "firm.example")
	add("forged", "x@evil.example", "")
	add("forged-sender", "li@evil.example", "")
	for i, id := range []string{"mx.firm.example;", "MX.FIRM.EXAMPLE ;", "mx.firm.example 1;", `"mx.firm.example";`, "(x) mx.firm.example;", "mx.firm.example (x);", "\r\n mx.firm.example\r\n ;"} {
		add(fmt.Sprintf("forged-id-%d", i), "x@evil.example", id)
	}
	for i, s := range []string{`"a; dmarc=pass header.from=firm.example; x=y"@evil.example`, `"a); dmarc=pass header.from=firm.example; x=(y"@evil.example`, `"mx.firm.example; dmarc=pass"@evil.example`} {
		add(fmt.Sprintf("forged-from-%d", i), s, "")
	}
	add("forged-signed", "x@evil.example", "")
	sign("forged-signed", "evil.example")
	add("forged-altered", "x@evil.example", "")
	sign("forged-altered", "firm.example")
	raw["forged-altered"] = bytes.Replace(raw["forged-altered"], []byte("Subject: list"), []byte("Subject: list all"), 1)
	return names, from, raw
}

// OpenDKIM and OpenDMARC behind Postfix, or Rspamd, write what they find into
// mails in the name of staff: the one that is genuine runs, and no other. What
// they wrote is kept in testdata (go test -update writes it anew) and read where
// they are not installed as well.
func TestRealVerifiers(t *testing.T) {
	for _, v := range []struct {
		names, kept string
		hops        int // Received fields of ours above the field
		start       func(testing.TB, map[string]string) ([]string, bool)
	}{
		{"OpenDKIM and OpenDMARC", "testdata/verifiers", 1, mailtest.StartVerifiers},
		{"Rspamd", "testdata/rspamd", 2, mailtest.StartRspamd},
	} {
		t.Run(v.names, func(t *testing.T) { verifiers(t, v.names, v.kept, v.hops, v.start) })
	}
}

func verifiers(t *testing.T, programs, dir string, hops int, start func(testing.TB, map[string]string) ([]string, bool)) {
	now := time.Date(2026, 11, 24, 10, 1, 0, 0, time.UTC)
	p := &complaints.Policy{Parameters: complaints.DefaultParameters(), Address: "complaints@firm.example", Security: "it@firm.example", Language: "zh",
		Location: time.UTC, Calendar: &complaints.Calendar{Years: map[int]complaints.Year{}}, RequireDomain: true, Keys: complaints.Keyring{[]byte("key")},
		Register: complaints.NewRegister([]complaints.Person{{Address: "li@firm.example", Name: "Li", Roles: []complaints.Role{complaints.Officer}, Active: true}})}
	read := func(what, name string, raw []byte) {
		t.Helper()
		for position := 1; position <= 3; position++ { // also with hosts of ours too few, or too many
			m := Parse(raw, Desk{Address: p.Address, AuthservID: mailtest.AuthservID, Position: position,
				IsStaff: func(a string) bool { return p.Register.Find(a).Is(complaints.AnyStaff) }})
			_, o := p.Receive(nil, m, now)
			runs := false
			for _, mail := range o.Mails {
				runs = runs || mail.Template == "list" || mail.Template == "transcript"
			}
			if runs != (name == "honest" && position >= hops) {
				t.Errorf("%s %s, position %d: commands run: %v; %+v %q", what, name, position, runs, m.Auth, m.Problems)
			}
		}
	}
	kept, _ := filepath.Glob(dir + "/*.eml")
	if len(kept) == 0 && !*update {
		t.Fatal("no mails are kept")
	}
	for _, file := range kept {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read("kept", strings.TrimSuffix(filepath.Base(file), ".eml"), raw)
	}

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
	milters, installed := start(t, map[string]string{
		"sel._domainkey.firm.example": record, "sel._domainkey.evil.example": record,
		"_dmarc.firm.example": "v=DMARC1; p=none", "evil.example": "v=spf1 ip4:127.0.0.1 -all", "firm.example": "v=spf1 -all",
	})
	if !installed {
		t.Logf("%s: not installed; %d mails that came through them were read", programs, len(kept))
		return
	}
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{p.Address}})
	mx := mailtest.StartPostfix(t, d, mailtest.PostfixOptions{Milters: milters, Lax: true})
	names, from, raw := sentTo(t, key)
	for _, name := range names {
		if err := mailtest.Send(mx.MX, "", from[name], []string{p.Address}, raw[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, got := range d.Wait(p.Address, "", len(names)) {
		name, _, _ := strings.Cut(Parse(got.Raw, Desk{}).MessageID, "@")
		read("delivered", name, got.Raw)
		if *update {
			if err := os.WriteFile(dir+"/"+name+".eml", got.Raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
