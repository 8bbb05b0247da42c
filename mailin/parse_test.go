package mailin

import (
	"os"
	"strings"
	"testing"
	"time"

	"complaints/mailin/limits"
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

// What stands outside of the parts of a mail is not lost, says so, and runs
// nothing; the notices that programs put there are no words.
func TestStray(t *testing.T) {
	const (
		problem = "text outside of the parts"
		other   = "the boundary is not the declared one"
		first   = "--b\nContent-Type: text/plain; charset=utf-8\n\n#help\n"
		file    = "--b\nContent-Type: application/pdf; name=bill.pdf\n\n%PDF\n"
		outer   = "--a\nContent-Type: multipart/alternative; boundary=b\n\n"
	)
	for _, c := range []struct{ name, boundary, body, text, own, files, problem string }{
		{"a notice", "b", "This is a multi-part message in MIME format.\n\n" + first + "--b--\n", "#help", "#help", "", ""},
		{"a notice that is wrapped", "b", "This message is in MIME format. Since your mail reader does not understand\nthis format, some or all of this message may not be legible.\n\n" + first + "--b--\n", "#help", "#help", "", ""},
		{"a notice over three lines", "b", "This is a MIME-formatted message.  If you see this text it means that your\nE-mail software does not support MIME-formatted messages.\n" + first + "--b--\n", "#help", "#help", "", ""},
		{"a Chinese notice", "b", "这是 MIME 格式的多部分消息。\n" + first + "--b--\n", "#help", "#help", "", ""},
		{"a signed mail's notice", "b", "This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\n" + first + "--b--\n", "#help", "#help", "", ""},
		{"words above", "b", "I was charged twice.\n#close\n" + first + "--b--\n", "I was charged twice.\n#close\n\n#help", "#help", "", problem},
		{"words below a notice", "b", "This is a multi-part message in MIME format.\nI was charged twice.\n" + first + "--b--\n", "This is a multi-part message in MIME format.\nI was charged twice.\n\n#help", "#help", "", problem},
		{"words below", "b", first + "--b--\n\nRefund me.\n#close\n", "#help\n\n\nRefund me.\n#close", "#help", "", problem},
		{"words above a file", "b", "I was charged twice.\n#close\n" + file + "--b--\n", "I was charged twice.\n#close", "I was charged twice.", "bill.pdf", problem},
		{"a damaged first boundary", "b", "This is a multi-part message in MIME format.\n=-b\n" + strings.TrimPrefix(first, "--b\n") + "Refund me.\n" + file + "--b--\n", "#help\nRefund me.", "> #help\nRefund me.", "bill.pdf", problem},
		{"another boundary", "c", first + file + "--b--\n", "#help", "#help", "bill.pdf", other},
		{"another boundary in a long mail", "c", first + strings.Repeat("I paid in May and in June.\n", 500) + file + "--b--\n", "", "", "bill.pdf", other},
		{"another boundary, parts without a head", "c", "--b\n\nRefund me.\n--b\n\nToday.\n--b--\n", "Refund me.\n\nToday.", "Refund me.\n\nToday.", "", other},
		{"boundaries swapped", "b", strings.Replace(strings.Replace(outer, "=b", "=a", 1), "--a", "--b", 1) + strings.Replace(first, "--b", "--a", 1) + "--a--\n" + file + "--b--\n", "#help", "#help", "bill.pdf", ""},
		{"declared swapped", "b", outer + first + "--b--\n" + strings.Replace(file, "--b", "--a", 1) + "--a--\n", "#help", "#help", "bill.pdf", other},
		{"an inner multipart without its parts", "a", outer + "Refund me.\n" + strings.Replace(file, "--b", "--a", 1) + "--a--\n", "Refund me.", "Refund me.", "bill.pdf", "a multipart without parts"},
		{"words between", "a", outer + first + "--b--\nRefund me.\n" + strings.Replace(file, "--b", "--a", 1) + "--a--\n", "Refund me.\n\n#help", "#help", "bill.pdf", problem},
		{"a long text below", "b", first + "--b--\n" + strings.Repeat("Refund me.\n", 2000), "#help", "#help", "attachment-1.txt", problem},
		{"a multipart below the end", "b", first + "--b--\nContent-Type: multipart/mixed; boundary=a\n\n" + strings.Replace(file, "--b", "--a", 1) + "--a--\n", "#help", "#help", "bill.pdf", problem},
		{"ends only", "b", strings.Replace(first, "--b", "--b--", 1) + strings.Replace(file, "--b", "--b--", 1) + "--b--\n", "#help", "", "bill.pdf", problem},
		{"one boundary for two", "a", strings.Replace(outer, "=b", "=a", 1) + strings.ReplaceAll(first+strings.Replace(first, "#help", "Refund me.", 1), "--b", "--a") + "--a--\n", "#help\n\nRefund me.", "#help\n\nRefund me.", "", "the last boundary is missing"},
		{"CR below a header with LF", "b", strings.ReplaceAll(first+file+"--b--\n", "\n", "\r"), "#help", "#help", "bill.pdf", "lines are ended by a bare CR"},
	} {
		for _, end := range []string{"\n", "\r\n", "\r\r\n"} {
			head := "From: zhou@client.example\nSubject: fees\nMessage-ID: <1@client.example>\nDate: Tue, 3 Nov 2026 10:21:33 +0800\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" + c.boundary + "\n\n"
			m := Parse([]byte(strings.ReplaceAll(head+c.body, "\n", end)), Desk{})
			var files []string
			for _, a := range m.Attachments {
				files = append(files, a.Name)
			}
			if c.text != "" && (m.Text != c.text || m.OwnWords != c.own) || strings.Join(files, " ") != c.files {
				t.Errorf("%s: text %.200q, own words %.200q, files %q", c.name, m.Text, m.OwnWords, files)
			}
			if got := strings.Join(m.Problems, "; "); got != c.problem {
				t.Errorf("%s: problems %q", c.name, got)
			}
		}
	}
}

// Lines that end in a bare CR are read below what relays add with other ends;
// nobody vouches for such a mail, and no field is put into another's mail so.
func TestBareCR(t *testing.T) {
	cr := strings.ReplaceAll(string(rawMail("Refund me.\r\nToday.\r\n")), "\r\n", "\r")
	const vouched = "Authentication-Results: mx.firm.example; dmarc=pass header.from=client.example"
	for name, raw := range map[string]string{
		"CR alone": vouched + "\r" + cr, "a line end below": cr + "\n", "a line end on top": "\n" + cr,
		"fields of relays":   "Return-Path: <zhou@client.example>\r\n" + vouched + "\r\n" + cr,
		"their lines end LF": "Return-Path: <zhou@client.example>\n" + vouched + "\n" + cr + "\n",
	} {
		m := Parse([]byte(raw), goldenDesk())
		if m.From.Addr != "zhou@client.example" || m.Subject != "Fees charged twice" || m.Text != "Refund me.\nToday." || m.Auth.DMARC != "" {
			t.Errorf("%s: from %q, subject %q, text %q, %+v", name, m.From, m.Subject, m.Text, m.Auth)
		}
	}
	m := Parse([]byte(vouched+"\r\nFrom: zhou@client.example\r\nX-A: b\rFrom: li@firm.example\rSubject: x\r\n\r\nx"), goldenDesk())
	if m.From.Addr != "zhou@client.example" || m.Froms != 1 || m.Auth.DMARC != "pass" {
		t.Errorf("from %q (%d), %+v", m.From, m.Froms, m.Auth)
	}
}

// Of alternatives nothing is lost that another one does not say.
func TestAlternatives(t *testing.T) {
	const plain, html = "--b\nContent-Type: text/plain; charset=utf-8\n\n", "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Refund me.</p><p>#close</p>\n"
	for _, c := range []struct{ name, body, text, own string }{
		{"two texts", plain + "See below.\n" + plain + "Refund me.\n#close\n", "See below.\n\nRefund me.\n#close", "See below.\n\nRefund me."},
		{"one text twice", plain + "Refund me.\n" + plain + "Refund me.\n", "Refund me.", "Refund me."},
		{"a notice for those without HTML", plain + "Your mail program does not show HTML.\n" + html, "Refund me.\n\n#close", "Refund me."},
		{"unseen before a command", plain + "See below.\n" + plain + "Refund me.\n\n \u2060\u3000#close\n\n#hold\nToday.\n", "See below.\n\nRefund me.\n\n \u2060\u3000#close\n\n#hold\nToday.", "See below.\n\nRefund me.\n\n>  \u2060\u3000#close\n\n> #hold\nToday."},
		{"a command that names HTML", plain + "#note the HTML was wrong\n" + strings.ReplaceAll(html, "Refund me.", "#note the HTML was wrong"), "#note the HTML was wrong", "#note the HTML was wrong"},
	} {
		m := Parse(rawMail(strings.ReplaceAll(c.body+"--b--\n", "\n", "\r\n"), "Content-Type: multipart/alternative; boundary=b"), Desk{})
		if m.Text != c.text || m.OwnWords != c.own {
			t.Errorf("%s: text %q, own words %q", c.name, m.Text, m.OwnWords)
		}
	}
	const eml = "From: a@client.example\r\nSubject: fees\r\n\r\nx"
	for params, want := range map[string]string{"": "fees.eml", "; name=\"Letter 1.eml\"": "Letter 1.eml", "; name=515172155": "fees.eml"} {
		m := Parse(rawMail("--b\r\nContent-Type: message/rfc822"+params+"\r\n\r\n"+eml+"\r\n--b--\r\n", "Content-Type: multipart/mixed; boundary=b"), Desk{})
		if len(m.Attachments) != 1 || m.Attachments[0].Name != want {
			t.Errorf("%q: %+v", params, m.Attachments)
		}
	}
}

// Ends upon ends of a multipart, with and without something between, cost what
// parts cost.
func TestEndsOnly(t *testing.T) {
	for between, hold := range map[string]string{"": "", "x\r\n": "more than 1000 parts"} {
		raw := rawMail("--b\r\n\r\nRefund me.\r\n"+strings.Repeat("--b--\r\n"+between, 300_000), "Content-Type: multipart/mixed; boundary=b")
		start := limits.ThreadTime()
		if m := Parse(raw, Desk{}); m.Hold != hold || hold == "" && m.Text != "Refund me." {
			t.Errorf("%q: hold %q, text %.40q", between, m.Hold, m.Text)
		}
		if took := limits.ThreadTime() - start; took > slower*time.Second {
			t.Errorf("%q: %v", between, took)
		}
	}
}

// A soft line break of quoted-printable is one under a bare CR too.
func TestSoftBreakCR(t *testing.T) {
	m := Parse(rawMail("Die Geb=C3=BChr ist fal=\rsch.\rBitte.", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"), Desk{})
	if m.Text != "Die Gebühr ist falsch.\nBitte." {
		t.Errorf("%q, %q", m.Text, m.Problems)
	}
}

// Words under the name of base64 are words, however long they are.
func TestNotBase64(t *testing.T) {
	const words = "Die Rechtsanwaltsgebuehren sind zurueckzuerstatten unverzueglich"
	if m := Parse(rawMail(words+"\r\n", "Content-Type: text/plain", "Content-Transfer-Encoding: base64"), Desk{}); m.Text != words {
		t.Errorf("%q, problems %q", m.Text, m.Problems)
	}
}
