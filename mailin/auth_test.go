package mailin

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// TestParseAuthResults: the grammar of RFC 8601, and what is refused.
func TestParseAuthResults(t *testing.T) {
	for in, want := range map[string]string{
		`mx.firm.example; dmarc=pass header.from=firm.example`:                                                      `mx.firm.example dmarc=pass{header.from=firm.example}`,
		`mx.firm.example; none`:                                                                                     `mx.firm.example`,
		`mx.firm.example 1; none;`:                                                                                  `mx.firm.example`,
		`"mx.firm.example"; dmarc=fail`:                                                                             `mx.firm.example dmarc=fail{}`,
		`(x (y) z) mx.firm.example (w); SPF=Pass (sender ok) smtp.mailfrom=a@b.example`:                             `mx.firm.example spf=pass{smtp.mailfrom=a@b.example}`,
		`mx.firm.example;dkim=pass header.d=a.example header.b=aB+/=;dmarc=pass`:                                    `mx.firm.example dkim=pass{header.b=aB+/=,header.d=a.example} dmarc=pass{}`,
		`mx.firm.example; dkim/1 = pass (1024 \) bit) reason="good \"sig\"" header . d`:                             "",
		`mx.firm.example; dkim/1 = pass (1024 \) bit) reason="good \"sig\"" header.d=x`:                             `mx.firm.example dkim=pass{header.d=x,reason=good "sig"}`,
		`mx.firm.example; spf=pass smtp.mailfrom="a; dmarc=pass header.from=firm.example"@b.c`:                      `mx.firm.example spf=pass{smtp.mailfrom=a; dmarc=pass header.from=firm.example@b.c}`,
		`mx.firm.example; spf=pass (MAIL FROM:<"a); dmarc=pass header.from=firm.example; x=(y"@e>) smtp.mailfrom=e`: "",
		`mx.firm.example; spf=pass (open`:                                                                           "",
		`mx.firm.example; spf="open`:                                                                                "",
		`mx.firm.example; spf=pass a=1 a=2`:                                                                         "",
		`mx.firm.example 2; none`:                                                                                   "",
		`mx.firm.example`:                                                                                           `mx.firm.example`,
		`; dmarc=pass`:                                                                                              "",
		``:                                                                                                          "",
		`mx.firm.example dmarc=pass`:                                                                                "",
		`mx.firm.example; "dmarc"=pass`:                                                                             "",
		"mx.firm.example;\r\n\tdmarc=pass\r\n\t(x)":                                                                 `mx.firm.example dmarc=pass{}`,
	} {
		got, err := parseAuthResults(in)
		if (err != nil) != (want == "") {
			t.Errorf("%s: %v, error %v", in, got, err)
		}
		if err != nil {
			continue
		}
		text := got.id
		for _, r := range got.results {
			var props []string
			for k, v := range r.properties {
				props = append(props, k+"="+v)
			}
			slices.Sort(props)
			text += fmt.Sprintf(" %s=%s{%s}", r.method, r.result, strings.Join(props, ","))
		}
		if text != want {
			t.Errorf("%s:\n got %s\nwant %s", in, text, want)
		}
	}
}

// TestWhoIsBelieved: fields count by their place and by the exact spelling of
// our own server, and only an unambiguous result about the From domain.
func TestWhoIsBelieved(t *testing.T) {
	const own = "Received: from out.example by mx.firm.example; Wed, 11 Nov 2026 10:00:00 +0800"
	const inner = "Received: from mx.firm.example by imap.firm.example; Wed, 11 Nov 2026 10:00:01 +0800"
	const pass = "Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example"
	tests := []struct {
		name     string
		position int
		header   []string
		dmarc    string
	}{
		{"above all", 0, []string{pass, own}, "pass"},
		{"below the first Received", 0, []string{own, pass}, ""},
		{"below it, where our server writes it", 1, []string{own, pass}, "pass"},
		{"between our own", 1, []string{inner, pass, own}, "pass"},
		{"below both of ours", 1, []string{inner, own, pass}, ""},
		{"below both, by configuration", 2, []string{inner, own, pass}, "pass"},
		{"no Received at all", 0, []string{pass}, "pass"},
		{"another server's", 0, []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=firm.example", own}, ""},
		{"a name that begins like ours", 0, []string{"Authentication-Results: mx.firm.example.evil.example; dmarc=pass header.from=firm.example", own}, ""},
		{"capital letters", 1, []string{own, "Authentication-Results: MX.FIRM.EXAMPLE ; dmarc=pass header.from=firm.example"}, ""},
		{"a version", 1, []string{own, "Authentication-Results: mx.firm.example 1; dmarc=pass header.from=firm.example"}, ""},
		{"quotation marks", 1, []string{own, `Authentication-Results: "mx.firm.example"; dmarc=pass header.from=firm.example`}, ""},
		{"a comment before", 1, []string{own, "Authentication-Results: (x) mx.firm.example; dmarc=pass header.from=firm.example"}, ""},
		{"a comment after", 1, []string{own, "Authentication-Results: mx.firm.example (x); dmarc=pass header.from=firm.example"}, ""},
		{"folded before the name", 1, []string{own, "Authentication-Results:\r\n mx.firm.example\r\n ; dmarc=pass header.from=firm.example"}, ""},
		{"two results", 0, []string{pass, strings.Replace(pass, "pass", "fail", 1), own}, ""},
		{"two results in one field", 0, []string{pass + "; dmarc=fail header.from=firm.example", own}, ""},
		{"a hostile MAIL FROM in quotation marks", 0, []string{`Authentication-Results: mx.firm.example; spf=fail smtp.mailfrom="a; dmarc=pass header.from=firm.example; x=y"@evil.example`, own}, ""},
		{"a hostile MAIL FROM in a comment", 0, []string{`Authentication-Results: mx.firm.example; spf=fail (domain of "a); dmarc=pass header.from=firm.example (x"@evil.example) smtp.mailfrom=evil.example`, own}, ""},
		{"the same beside a true failure", 0, []string{`Authentication-Results: mx.firm.example; spf=pass smtp.mailfrom="a; dmarc=pass header.from=firm.example; x=y"@evil.example; dmarc=fail header.from=firm.example`, own}, "fail"},
		{"about another domain", 0, []string{"Authentication-Results: mx.firm.example; dmarc=pass header.from=evil.example", own}, ""},
		{"about no domain", 0, []string{"Authentication-Results: mx.firm.example; dmarc=pass", own}, "pass"},
		{"not understood", 0, []string{pass + " (", own}, ""},
		{"in the spelling of RFC 8601's fold", 0, []string{"Authentication-Results: mx.firm.example;\r\n\tdmarc=pass (p=reject dis=none)\r\n\theader.from=firm.example", own}, "pass"},
	}
	for _, test := range tests {
		raw := strings.Join(append(test.header, "From: Li <li@firm.example>", "Subject: x"), "\r\n") + "\r\n\r\n#close\r\n"
		m := Parse([]byte(raw), Desk{AuthservID: "mx.firm.example", Position: test.position})
		if m.Auth.DMARC != test.dmarc || (m.Auth.By != "") != (test.dmarc != "") {
			t.Errorf("%s: dmarc %q by %q, want %q; problems %q", test.name, m.Auth.DMARC, m.Auth.By, test.dmarc, m.Problems)
		}
		if m := Parse([]byte(raw), Desk{Position: test.position}); m.Auth.DMARC != "" {
			t.Errorf("%s: believed though nobody is configured", test.name)
		}
	}
}

// TestTwoFromsAreNobody: with two addresses in From no result is about “the”
// sender, whatever our server says.
func TestTwoFromsAreNobody(t *testing.T) {
	for _, from := range []string{"From: li@firm.example, x@firm.example", "From: li@firm.example\r\nFrom: x@firm.example"} {
		m := Parse([]byte("Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example\r\n"+from+"\r\n\r\n#close\r\n"),
			Desk{AuthservID: "mx.firm.example", IsStaff: func(string) bool { return true }})
		if m.Froms != 2 || m.Auth.DMARC != "" || m.Class == "staff" {
			t.Errorf("%q: %d From addresses, dmarc %q, class %s", from, m.Froms, m.Auth.DMARC, m.Class)
		}
	}
}

// TestSubmitter: one auth=pass names the account, two name none.
func TestSubmitter(t *testing.T) {
	head := "Authentication-Results: mx.firm.example; auth=pass smtp.auth=li@firm.example"
	for in, want := range map[string]string{
		head:                                     "li@firm.example",
		head + "; auth=pass smtp.auth=x":         "",
		strings.Replace(head, "pass", "fail", 1): "",
	} {
		if m := Parse([]byte(in+"\r\nFrom: li@firm.example\r\n\r\nx\r\n"), Desk{AuthservID: "mx.firm.example"}); m.Auth.Submitter != want {
			t.Errorf("%s: submitter %q, want %q", in, m.Auth.Submitter, want)
		}
	}
}

// signer signs mails for d.example; its key is in the DNS that lookup asks.
type signer struct {
	key ed25519.PrivateKey
	txt string
}

func newSigner(t *testing.T) *signer {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}
}

func (s *signer) lookup(domain string) ([]string, error) {
	if strings.HasPrefix(domain, "sel._domainkey.") {
		return []string{s.txt}, nil
	}
	return nil, os.ErrNotExist
}

func (s *signer) sign(t *testing.T, mail, domain string, keys ...string) []byte {
	var out bytes.Buffer
	err := dkim.Sign(&out, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: "sel", Signer: crypto.Signer(s.key), HeaderKeys: keys,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDKIM verifies signatures with a generated key: whole mails verify, mails
// that were changed, or that say From twice, do not.
func TestDKIM(t *testing.T) {
	s := newSigner(t)
	const mail = "From: Li <li@firm.example>\r\nTo: complaints@firm.example\r\nSubject: [T2026-0001]\r\nDate: Wed, 11 Nov 2026 10:00:00 +0800\r\n\r\n#accept\r\n"
	signed := s.sign(t, mail, "Firm.example")
	if d, _ := DKIMDomains(signed, s.lookup, 5); !slices.Equal(d, []string{"firm.example"}) {
		t.Errorf("signed: %q", d)
	}
	if d, _ := DKIMDomains(bytes.ReplaceAll(signed, []byte("\r\n"), []byte("\n")), s.lookup, 5); len(d) != 1 {
		t.Errorf("with bare line feeds: %q", d)
	}
	many := string(s.sign(t, mail, "a.example"))
	for i := range 6 {
		many = string(s.sign(t, many, fmt.Sprintf("s%d.example", i), "From", "To", "Subject", "Date"))
	}
	if d, _ := DKIMDomains([]byte(many), s.lookup, 5); len(d) != 5 {
		t.Errorf("seven signatures, five asked for: %q", d)
	}
	for name, bad := range map[string][]byte{
		"not signed":                    []byte(mail),
		"another text":                  bytes.Replace(signed, []byte("#accept"), []byte("#close"), 1),
		"another From":                  bytes.Replace(signed, []byte("<li@"), []byte("<wang@"), 1),
		"a second From":                 append([]byte("From: <wang@firm.example>\r\n"), signed...),
		"no key":                        bytes.Replace(signed, []byte("s=sel"), []byte("s=non"), 1),
		"a second Subject":              append([]byte("Subject: [T2026-0009]\r\n"), signed...),
		"a second Date":                 append([]byte("Date: Fri, 13 Nov 2026 10:00:00 +0800\r\n"), signed...),
		"Date not signed":               s.sign(t, mail, "firm.example", "From", "To", "Subject"),
		"To not signed":                 s.sign(t, mail, "firm.example", "From", "Subject", "Date"),
		"Subject not signed, and added": append([]byte("Subject: [T2026-0009]\r\n"), s.sign(t, strings.Replace(mail, "Subject: [T2026-0001]\r\n", "", 1), "firm.example", "From", "To", "Date")...),
		"a body length":                 bytes.Replace(signed, []byte("v=1;"), []byte("v=1; l=3;"), 1),
		"a broken header":               append([]byte("DKIM-Signature: v=1; a=\r\n"), mail...),
	} {
		if d, _ := DKIMDomains(bad, s.lookup, 5); len(d) > 0 {
			t.Errorf("%s: verified for %q", name, d)
		}
	}
	for name, err := range map[string]error{"away": &net.DNSError{IsTemporary: true}, "slow": &net.DNSError{IsTimeout: true}, "gone": &net.DNSError{IsNotFound: true}} {
		verify := func(raw []byte) ([]string, []string) {
			return DKIMDomains(raw, func(string) ([]string, error) { return nil, err }, 5)
		}
		m := Parse(signed, Desk{VerifyDKIM: verify})
		if m.Auth.Away != (name != "gone") || len(m.Auth.DKIM) > 0 {
			t.Errorf("the DNS is %s: %+v", name, m.Auth)
		}
		if m := Parse(s.sign(t, mail, "evil.example"), Desk{VerifyDKIM: verify}); m.Auth.Away {
			t.Error("another domain's signature is waited for")
		}
	}
	m := Parse(signed, Desk{VerifyDKIM: func(raw []byte) ([]string, []string) { return DKIMDomains(raw, s.lookup, 5) }})
	if !slices.Equal(m.Auth.DKIM, []string{"firm.example"}) || m.Auth.By != "dkim" {
		t.Errorf("Auth %+v", m.Auth)
	}
}

// FuzzAuthResults: nothing makes the tokenizer fail, and what it gives is what
// a strict reader would find: no id or method with a separator in it.
func FuzzAuthResults(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		for _, v := range Parse(raw, Desk{}).References {
			f.Add(v)
		}
	}
	for _, s := range []string{`mx; dmarc=pass header.from=a`, `(a(b)\)) "m\"x" 1 ; spf = pass (x) a.b="c;d"@e`, `mx;none`, `mx; a=b reason="x`, `mx; =`, "mx;\x00=\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		res, err := parseAuthResults(v)
		if err != nil {
			return
		}
		for _, r := range res.results {
			if r.method == "" || strings.ContainsAny(r.method, " ;=\"()") {
				t.Errorf("method %q", r.method)
			}
		}
		m := Parse([]byte("Authentication-Results: "+strings.ReplaceAll(v, "\n", " ")+"\r\nFrom: a@b.example\r\n\r\nx"), Desk{AuthservID: "mx"})
		if m.Auth.DMARC != "" && !strings.HasPrefix(strings.TrimLeft(v, " \t\r\n"), "mx;") {
			t.Errorf("%q is believed", v)
		}
	})
}
