package mailin

import (
	"os"
	"strings"
	"testing"
)

// FuzzParse: any bytes give a clean message.
func FuzzParse(f *testing.F) {
	for _, file := range mails(f) {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw, goldenDesk())
		checkClean(t, m)
		if m.Hold == "the reader failed" {
			t.Fatal(m.Problems)
		}
		if again := Parse(raw, goldenDesk()); again.OwnWords != m.OwnWords || again.ContentHash != m.ContentHash || again.Class != m.Class {
			t.Error("read twice, two messages")
		}
	})
}

// What an employee passes on: attached whole, or in the text under its own head.
func TestForwarded(t *testing.T) {
	const eml = "From: =?UTF-8?B?5byg5aCD?= <zhangkun@client.example>\nTo: wang@firm.example\nSubject: refund\nMessage-ID: <orig@client.example>\nDate: Mon, 23 Nov 2026 09:00:00 +0800\nContent-Type: text/plain; charset=utf-8\n\n请退费。\n"
	head := "From: wang@firm.example\nTo: complaints@firm.example\nMessage-ID: <f@firm.example>\nDate: Tue, 24 Nov 2026 09:00:00 +0800\nMIME-Version: 1.0\n"
	for name, c := range map[string]struct{ mail, from, subject, words string }{
		"attached": {head + "Subject: see attachment\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nplease\n--b\nContent-Type: message/rfc822\n\n" + eml + "\n--b--\n",
			"张堃 <zhangkun@client.example>", "refund", "请退费。"},
		"Gmail": {head + "Subject: x\nContent-Type: text/plain; charset=utf-8\n\nFYI\n\n---------- Forwarded message ---------\nFrom: Jane Hart <jane@client.example>\nDate: Mon, 23 Nov 2026 at 09:00\nSubject: My fee\nTo: <wang@firm.example>\n\nI want a refund.\n\n-- \nJane\n",
			"Jane Hart <jane@client.example>", "My fee", "I want a refund."},
		"QQ": {head + "Subject: =?UTF-8?B?6L2s5Y+R77ya6YCA6LS5?=\nContent-Type: text/plain; charset=utf-8\n\n\n------------------ 原始邮件 ------------------\n发件人: \"张堃\" <zhangkun@client.example>;\n发送时间: 2026年11月23日(星期一) 上午9:00\n收件人: \"王明\"<wang@firm.example>;\n主题: 退费\n\n请退费。\n",
			"张堃 <zhangkun@client.example>", "退费", "请退费。"},
		"Outlook, marked by the subject": {head + "Subject: FW: fee\nContent-Type: text/plain\n\nplease handle\n\nFrom: Jane Hart [mailto:jane@client.example]\nSent: Monday, November 23, 2026 9:00 AM\nTo: Wang\nSubject: fee\n\nToo much.\n",
			"Jane Hart <jane@client.example>", "fee", "Too much."},
		"an answer is not passed on": {head + "Subject: Re: fee\nContent-Type: text/plain\n\nnoted\n\nFrom: Jane <jane@client.example>\nSent: Monday\nTo: Wang\nSubject: fee\n\nToo much.\n", "", "", ""},
		"nothing":                    {head + "Subject: hello\nContent-Type: text/plain\n\njust words\n", "", "", ""},
		"no author":                  {head + "Subject: Fwd: x\nContent-Type: text/plain\n\n---------- Forwarded message ---------\nDate: today\nSubject: x\nTo: y\n\nwords\n", "", "", ""},
	} {
		f := Forwarded(Parse([]byte(strings.ReplaceAll(c.mail, "\n", "\r\n")), Desk{}), Desk{})
		switch {
		case c.from == "" && f != nil:
			t.Errorf("%s: %+v", name, f)
		case c.from == "":
		case f == nil:
			t.Errorf("%s: nothing found", name)
		case f.From.String() != c.from || f.Subject != c.subject || f.OwnWords != c.words:
			t.Errorf("%s: from %q, subject %q, words %q", name, f.From, f.Subject, f.OwnWords)
		}
	}
}

// A mail whose head lost the line that says it has parts, or came below empty
// lines, is read as it was written; a mail that shows another's source is not
// taken apart.
func TestDamagedHead(t *testing.T) {
	const head = "From: Zhou Min <zhou@client.example>\nSubject: fees\nMessage-ID: <1@client.example>\n"
	const parts = "--sep\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n6K+36YCA6LS544CC\n--sep\nContent-Type: application/pdf; name=\"bill.pdf\"\n\n%PDF\n--sep--\n"
	for name, c := range map[string]struct{ mail, words, files string }{
		"no Content-Type":              {head + "\n" + parts, "请退费。", "bill.pdf"},
		"no Content-Type, a preamble":  {head + "\nThis is a message in MIME format.\n\n" + parts, "请退费。", "bill.pdf"},
		"empty lines above the header": {"\n \n\n" + head + "\nPlease refund.\n", "Please refund.", ""},
		"a mark and a line above it":   {"\ufeff" + head + "\nPlease refund.\n", "Please refund.", ""},
		"the source of another mail":   {head + "\nWhat came back:\n" + parts, "What came back:\n" + strings.TrimSpace(parts), ""},
		"words below the source":       {head + "\n" + parts + "That is what came back.\n", strings.TrimSpace(parts) + "\nThat is what came back.", ""},
		"nothing but empty lines":      {"\n\nPlease refund.\n", "Please refund.", ""},
	} {
		for _, end := range []string{"\n", "\r\n"} {
			m := Parse([]byte(strings.ReplaceAll(c.mail, "\n", end)), Desk{})
			files := ""
			for _, a := range m.Attachments {
				files += a.Name
			}
			if m.OwnWords != c.words || files != c.files || !strings.HasPrefix(name, "nothing") && m.Subject != "fees" {
				t.Errorf("%s: subject %q, words %q, files %q", name, m.Subject, m.OwnWords, files)
			}
		}
	}
}
