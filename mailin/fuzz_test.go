package mailin

import (
	"encoding/base64"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"complaints"
	"complaints/mailin/filename"
)

// clear reports text that a database and a terminal accept.
func clear(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f })
}

var statusForm = regexp.MustCompile(`^(?:[245]\.\d{1,3}\.\d{1,3})?$`)

// FuzzReport: whatever a report says, its fields are clean and of their form;
// only a bounce has them; and no mail is of a class that the reader cannot
// prove.
func FuzzReport(f *testing.F) {
	for _, n := range noticesOfSystems() {
		head, body, _ := strings.Cut(n.mail, "\n\n")
		f.Add(head, body)
	}
	f.Add("From: a@b.example\nX-Complaintsd-Loop: x", "x")
	f.Fuzz(func(t *testing.T, head, body string) {
		m := Parse([]byte(head+"\n\n"+body), Desk{Address: "complaints@firm.example"})
		switch m.Class {
		case complaints.Own, complaints.Staff, complaints.Journal:
			t.Fatalf("class %s of nothing", m.Class)
		case complaints.Bounce:
		default:
			if m.DSN != nil {
				t.Fatalf("a report in a mail of class %s", m.Class)
			}
		}
		if m.Why == "" || !clear(m.Why) || strings.Contains(m.Why, "\n") {
			t.Fatalf("why: %q", m.Why)
		}
		if d := m.DSN; d != nil {
			for _, s := range []string{d.Recipient, d.Action, d.Status, d.Diagnostic, d.MessageID} {
				if !clear(s) || strings.Contains(s, "\n") {
					t.Fatalf("not clean: %+q", *d)
				}
			}
			if !statusForm.MatchString(d.Status) {
				t.Fatalf("status %q", d.Status)
			}
		}
	})
}

// FuzzHeaderFields: decoding gives clean text, lists are bounded, an address
// has no blank or control character in it.
func FuzzHeaderFields(f *testing.F) {
	for _, s := range []string{
		"=?utf-8?B?5oqV6K+J?= =?utf-8?Q?=E6=8A=95?= <a@b.example>, c@d.example; \"x, y\" <e@f.example>", "=?gb2312?B?zfXD9w==?=<wang@x.example>", "group: a@b.example, c@d.example;", "(comment (nested)) a@b.example",
		"\xcd\xf5\xc3\xf7 <w@x.example>", "<a@b> c@d, <e@f>", "text/plain; charset*0*=utf-8''%E6%8A; charset*1*=%95; filename=\"a\\\"b.txt\"", "Tue, 3 Nov 2026 10:21:33 +0800 (CST)", "=?x?b?", "\x1b$B!!\x1b(B",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if s := decodeHeader(v); !clear(s) || strings.Contains(s, "\n") {
			t.Fatalf("header %q", s)
		}
		list := parseAddresses(v, 50)
		if len(list) > 50 {
			t.Fatalf("%d addresses", len(list))
		}
		for _, a := range list {
			if a.Addr == "" || !clear(a.Addr) || !clear(a.Name) || strings.ContainsAny(a.Addr, "\n\r") {
				t.Fatalf("address %+q", a)
			}
		}
		for _, id := range parseIDs(v) {
			if id == "" || !clear(id) || strings.ContainsAny(id, "> \n") || id[0] == '<' {
				t.Fatalf("id %q", id)
			}
		}
		value, params := parseParams(v)
		if !clear(value) {
			t.Fatalf("value %q", value)
		}
		if name := filename.Safe(clean(params["filename"])); !clear(name) || len(name) > filename.Max || strings.ContainsAny(name, "/\\") || name == ".." {
			t.Fatalf("file name %q", name)
		}
		parseDate(v)
	})
}

// FuzzCharset: any bytes under any label are valid UTF-8 at the end, no longer
// than bytes can say, and UTF-8 stays as it is.
func FuzzCharset(f *testing.F) {
	for _, label := range []string{"", "utf-8", "gb2312", "big5", "iso-2022-jp", "hz", "utf-7", "utf-16", "windows-1252", "koi8-r", "x-unknown", "euc-kr", "shift_jis"} {
		f.Add([]byte("plain, then \xcd\xf5\xc3\xf7 and \xe6\x8a\x95\xe8\xaf\x89 +ZeVnLIqe- ~{<:Ky2;~} \x1b$B8@\x1b(B"), label)
	}
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		s, used, problem := decodeText(b, label)
		if !utf8.ValidString(s) || !clear(used) || !clear(problem) {
			t.Fatalf("%q (%q, %q)", s, used, problem)
		}
		if len(s) > 4*len(b)+8 {
			t.Fatalf("%d bytes of %d", len(s), len(b))
		}
		for _, dec := range [][]byte{lenientQP(b), lenientBase64(b), decodeUU(b)} {
			if len(dec) > len(b)+66 {
				t.Fatalf("%d bytes decoded of %d", len(dec), len(b))
			}
		}
	})
}

// FuzzTNEF: a winmail.dat gives files and text within the limits.
func FuzzTNEF(f *testing.F) {
	raw, err := os.ReadFile("testdata/exchange-winmail.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range Parse(raw, Desk{}).Attachments {
		f.Add(a.Content)
	}
	r := &reader{Desk: Desk{Limits: Limits{}.WithDefaults()}, m: &complaints.Message{}}
	root := &part{}
	var body []byte
	root.header, body = r.header(raw, nil)
	root.readType("")
	r.split(root, body)
	for _, p := range append(root.kids, root) {
		if p.isTNEF() {
			f.Add(r.decode(p))
		}
	}
	f.Add([]byte("\x78\x9f\x3e\x22\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := Parse([]byte("From: a@b.example\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(b)), Desk{})
		checkClean(t, m)
		if m.Hold == "the reader failed" {
			t.Fatal(m.Problems)
		}
		sum := 0
		for _, a := range m.Attachments {
			sum += a.Size
		}
		if sum > 2*len(b) || len(m.Text) > 400*len(b)+100 {
			t.Fatalf("%d bytes of files and %d of text out of %d", sum, len(m.Text), len(b))
		}
		if s := rtfText(unpackRTF(b, 1<<16)); !utf8.ValidString(s) {
			t.Fatalf("%q", s)
		}
	})
}

// FuzzSigned: ASN.1 of any kind gives no more than it holds.
func FuzzSigned(f *testing.F) {
	for _, name := range []string{"smime-opaque", "smime-opaque-ber", "smime-encrypted"} {
		raw, err := os.ReadFile("testdata/" + name + ".eml")
		if err != nil {
			f.Fatal(err)
		}
		for _, a := range Parse(raw, Desk{}).Attachments {
			f.Add(a.Content)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if content, err := signedContent(der); len(content) > len(der) || err != nil && content != nil {
			t.Fatalf("%d bytes of %d, %v", len(content), len(der), err)
		}
	})
}

// FuzzNoCommandWithoutToken: whatever stands in a mail's body, further fields
// and recipient, in the name of an officer for whom our MX vouches: nothing on
// the case is changed without a token that verifies.
func FuzzNoCommandWithoutToken(f *testing.F) {
	d := newCommandDesk(f)
	valid := d.to(officer)
	for _, b := range commandBodies {
		f.Add("complaints@firm.example", "", "Content-Type: text/plain; charset=utf-8", b.body)
		f.Add(strings.Replace(valid, ".s", ".c", 1), "X-A: b", "Content-Type: text/html", b.body)
	}
	f.Add(valid[:len(valid)-20]+"@firm.example", "Cc: complaints+x@firm.example", "Subject: [T2026-0001]", "#受理 类别=F6")
	f.Fuzz(func(t *testing.T, to, field, kind, body string) {
		raw := mxField + "From: <" + officer + ">\r\nTo: <" + to + ">\r\n" + field + "\r\n" + kind + "\r\n\r\n" + body
		m := Parse([]byte(raw), d.desk)
		if tok := complaints.KeysOf(m, d.p.Address).Token; tok != nil && d.p.Keys.Verify(*tok, officer, d.now) {
			t.Skip("that is the token")
		}
		m.ID = 2
		_, o := d.p.Receive(d.c, m, d.now)
		for _, e := range o.Events {
			if k := e.Fact.Kind(); k != "heard" && k != "noted" {
				t.Fatalf("event %s of %q", k, raw)
			}
		}
		for _, x := range o.Other {
			if len(x.Events) > 0 {
				t.Fatalf("another case is changed by %q", raw)
			}
		}
	})
}
