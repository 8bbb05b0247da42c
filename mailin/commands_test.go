package mailin

import (
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"

	"complaints"
)

// A corpus of command mails: every way in which a member of staff may send a
// command that must run, and every way in which the same line may come that
// must not. Each mail goes through the whole reader and the policy, as the
// receiver does it; nothing but what the transcript says to be done has run.

const (
	officer = "kefu@firm.example"
	mxField = "Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example\r\n"
)

// commandDesk is a desk with one case at its beginning.
type commandDesk struct {
	p    *complaints.Policy
	desk Desk
	c    *complaints.Case
	now  time.Time
}

// one gives out the number 1: there is one case.
type one struct{}

func (one) Next(string, int) (int, error) { return 1, nil }

func newCommandDesk(t testing.TB) *commandDesk {
	t.Helper()
	b, err := os.ReadFile("../store/calendar/cn_workdays.json")
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := complaints.ParseCalendar("cn", b)
	if err != nil {
		t.Fatal(err)
	}
	shanghai := time.FixedZone("CST", 8*3600)
	d := &commandDesk{now: time.Date(2026, 11, 24, 10, 0, 0, 0, shanghai)}
	d.p = &complaints.Policy{
		Parameters: complaints.DefaultParameters(), Firm: complaints.Firm{Name: "明理律师事务所", NameEn: "Mingli Law Firm", Short: "明"},
		Address: "complaints@firm.example", Security: "postmaster@firm.example", Language: "zh", Location: shanghai, Calendar: calendar,
		Keys: complaints.Keyring{[]byte("a key of the test")}, RequireDomain: true,
		Register: complaints.NewRegister([]complaints.Person{
			{Address: officer, Name: "周敏", Roles: []complaints.Role{complaints.Officer}, Active: true},
			{Address: "zhao@firm.example", Name: "赵刚", Roles: []complaints.Role{complaints.Head}, Active: true},
			{Address: "li@firm.example", Name: "李娜", Roles: []complaints.Role{complaints.Investigator}, Active: true},
			{Address: "gone@firm.example", Name: "吴去", Roles: []complaints.Role{complaints.Officer}},
		}),
	}
	d.desk = Desk{Address: d.p.Address, AuthservID: "mx.firm.example", IsStaff: func(a string) bool { return d.p.Register.Find(a).Is(complaints.AnyStaff) }}
	m := Parse([]byte("From: Zhang Kun <zhangkun@client.example>\r\nTo: complaints@firm.example\r\nSubject: fees\r\nMessage-ID: <1@client.example>\r\n\r\n收费不合理，请处理。\r\n"), d.desk)
	m.ID = 1
	c, o := d.p.Receive(nil, m, d.now)
	for _, e := range o.Events {
		if err := e.Number(one{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	if d.c = c; c.Ref == "" {
		t.Fatal("no case")
	}
	return d
}

// to is the address that a person was given for the case.
func (d *commandDesk) to(person string) string {
	return complaints.Detailed(d.p.Address, d.p.Keys.Sign(d.c.Ref, complaints.ForStaff, person, d.now))
}

// ran gives the command lines of a mail that were carried out.
func (d *commandDesk) ran(raw []byte) (lines []string, o complaints.Outcome) {
	m := Parse(raw, d.desk)
	m.ID = 2
	_, o = d.p.Receive(d.c, m, d.now)
	return ranOf(o), o
}

func ranOf(o complaints.Outcome) (lines []string) {
	for _, mail := range o.Mails {
		if mail.Template == "help" || mail.Template == "list" || mail.Template == "view" {
			lines = append(lines, mail.Template)
		}
		if mail.Template != "transcript" || mail.Facts.Reason == "refused" {
			continue
		}
		for _, l := range mail.Facts.Transcript {
			if !l.Refused {
				lines = append(lines, strings.TrimSpace(l.Command))
			}
		}
	}
	return lines
}

// commandBodies are what staff write, and the lines of it that run.
var commandBodies = []struct {
	body string
	runs []string
}{
	{"#受理 类别=F6", []string{"#受理 类别=F6"}},
	{"＃受理　类别＝F6", []string{"＃受理　类别＝F6"}},
	{"# 受理：类别=F6", []string{"# 受理：类别=F6"}},
	{"#admit category=F6", []string{"#admit category=F6"}},
	{"#Admit CATEGORY=F6", []string{"#Admit CATEGORY=F6"}},
	{"#备注 已电话联系投诉人，约定周五面谈。", []string{"#备注 已电话联系投诉人，约定周五面谈。"}},
	{"#note 第一行\n第二行。\n\n第三段。", []string{"#note 第一行"}},
	{"#受理 类别=F6\n#备注 已受理。\n#指派 li@firm.example", []string{"#受理 类别=F6", "#备注 已受理。", "#指派 li@firm.example"}},
	{"#事项 被投诉人=\"李娜\" 收费不合理", []string{"#事项 被投诉人=\"李娜\" 收费不合理"}},
	{"#allegation The fee was charged twice", []string{"#allegation The fee was charged twice"}},
	{"#severity elevated", []string{"#severity elevated"}},
	{"#询问 期限=2026-12-01 请提供委托合同。", []string{"#询问 期限=2026-12-01 请提供委托合同。"}},
	{"#note 一\n#note 二\n#完\n#受理 类别=F6", []string{"#note 一", "#note 二"}},
	{"#语言 en\n--\n#受理 类别=F6", []string{"#语言 en"}},
}

// headOf is the head of a mail from the officer, as it comes from our MX.
func (d *commandDesk) headOf(more string) string {
	return mxField + "Received: from pc by mx.firm.example; Tue, 24 Nov 2026 09:00:00 +0800\r\nFrom: =?utf-8?B?5ZGo5pWP?= <" + officer + ">\r\nTo: <" + d.to(officer) + ">\r\nSubject: Re: [T2026-0001]\r\n" +
		"Message-ID: <c1@firm.example>\r\nDate: Tue, 24 Nov 2026 09:00:00 +0800\r\nMIME-Version: 1.0\r\n" + more
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func b64(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for ; len(s) > 76; s = s[76:] {
		out.WriteString(s[:76] + "\r\n")
	}
	return out.String() + s + "\r\n"
}

func quotedPrintable(s string) string {
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			b.WriteString("\r\n")
			n = 0
			continue
		case c == '=' || c >= 0x80:
			fmt.Fprintf(&b, "=%02X", c)
			n += 3
		default:
			b.WriteByte(c)
			n++
		}
		if n > 70 {
			b.WriteString("=\r\n")
			n = 0
		}
	}
	return b.String()
}

func gb18030(s string) []byte {
	b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return []byte(b)
}

func utf16LE(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// html puts each line into an element.
func html(body, before, after string) string {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	var b strings.Builder
	for line := range strings.SplitSeq(body, "\n") {
		if line = esc.Replace(line); line == "" {
			line = "<br>"
		}
		b.WriteString(before + line + after)
	}
	return "<html><body>" + b.String() + "</body></html>"
}

const plainUTF8 = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"

// mayRun are the ways in which a command comes that must run.
func (d *commandDesk) mayRun() map[string]func(body string) string {
	h := d.headOf
	multi := func(kind string, parts ...string) string {
		s := h("Content-Type: multipart/"+kind+"; boundary=b\r\n\r\n") + "preamble #受理 类别=F6\r\n"
		for _, p := range parts {
			s += "--b\r\n" + p + "\r\n"
		}
		return s + "--b--\r\n#受理 类别=F6\r\n"
	}
	text := func(s string) string { return plainUTF8 + crlf(s) }
	asHTML := func(s string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\n" + s }
	below := func(tail string) func(string) string {
		return func(b string) string { return h(text(b + tail)) }
	}
	return map[string]func(string) string{
		"plain":             func(b string) string { return h(text(b + "\n")) },
		"no line end":       func(b string) string { return h(text(b)) },
		"bare LF":           func(b string) string { return strings.ReplaceAll(h(text(b)), "\r\n", "\n") },
		"CR CR LF":          func(b string) string { return h(plainUTF8) + strings.ReplaceAll(b, "\n", "\r\r\n") + "\r\r\n" },
		"empty lines above": func(b string) string { return h(text("\n\n \n\u3000\n" + b)) },
		"indented": func(b string) string {
			return h(text("  " + strings.ReplaceAll(b, "\n#", "\n\u3000#")))
		},
		"a byte order mark":     func(b string) string { return h(text("\ufeff" + b)) },
		"no-break spaces above": func(b string) string { return h(text("\u00a0\n" + b)) },
		"no-break space before": func(b string) string { return h(text("\u00a0" + b)) },
		"zero width before":     func(b string) string { return h(text("\u200b" + strings.ReplaceAll(b, "\n#", "\n\u200b#"))) },
		"blanks at the ends": func(b string) string {
			return h(text(strings.ReplaceAll(b, "\n", " \u00a0\t\n") + " \t\u3000"))
		},
		"base64": func(b string) string {
			return h("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b64([]byte(b))
		},
		"base64 GB18030": func(b string) string {
			return h("Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b64(gb18030(b))
		},
		"GBK called gb2312": func(b string) string {
			return h("Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + crlf(string(gb18030(b)))
		},
		"quoted-printable": func(b string) string {
			return h("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n") + quotedPrintable(b)
		},
		"UTF-16": func(b string) string {
			return h("Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b64(utf16LE(b))
		},
		"no Content-Type": func(b string) string { return strings.Replace(h("\r\n"), "MIME-Version: 1.0\r\n", "", 1) + crlf(b) },
		"format=flowed": func(b string) string {
			return h("Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n") + crlf(b)
		},
		"HTML of divs": func(b string) string { return h(asHTML(html(b, "<div>", "</div>"))) },
		"HTML of Word": func(b string) string {
			return h(asHTML(html(b, "<p class=MsoNormal><span>", "<o:p></o:p></span></p>")))
		},
		"HTML of br":     func(b string) string { return h(asHTML(html(b, "", "<br>"))) },
		"alternatives":   func(b string) string { return multi("alternative", text(b), asHTML(html(b, "<div>", "</div>"))) },
		"with a picture": func(b string) string { return multi("mixed", text(b), "Content-Type: image/png; name=a.png\r\n\r\nx") },
		"signed": func(b string) string {
			return multi("signed", text(b), "Content-Type: application/pkcs7-signature\r\n\r\nx")
		},
		"a signature":        below("\n\n-- \n周敏\n电话：5550 0142\n"),
		"a telephone":        below("\n\n发自我的 iPhone\n"),
		"an answer, Outlook": below("\n\n发件人: 投诉受理 <complaints@firm.example>\n发送时间: 2026年11月24日 9:00\n收件人: 周敏\n主题: [T2026-0001]\n\n#结案 示例\n"),
		"an answer, QQ":      below("\n\n\n------------------ 原始邮件 ------------------\n发件人: \"投诉受理\" <complaints@firm.example>;\n主题: x\n\n#结案 示例\n"),
		"an answer, Gmail":   below("\n\nOn Tue, 24 Nov 2026 at 09:00, Desk <complaints@firm.example> wrote:\n\n> #结案 示例\n"),
		"an answer, NetEase": below("\n\n\n\n在 2026-11-24 09:00:00，\"投诉受理\" <complaints@firm.example> 写道：\n> #结案 示例\n"),
	}
}

// TestCommandsThatRun: every body in every carrier.
func TestCommandsThatRun(t *testing.T) {
	d := newCommandDesk(t)
	n := 0
	for carrier, wrap := range d.mayRun() {
		for _, b := range commandBodies {
			n++
			got, _ := d.ran([]byte(wrap(b.body)))
			for i := range got { // “＃受理　类别” is quoted as it was read
				got[i] = strings.TrimSpace(got[i])
			}
			if !slices.Equal(got, b.runs) {
				m := Parse([]byte(wrap(b.body)), d.desk)
				t.Errorf("%s, %q: ran %q, want %q; own words %q, class %s", carrier, b.body, got, b.runs, m.OwnWords, m.Class)
			}
		}
	}
	if n < 300 {
		t.Errorf("a corpus of %d mails", n)
	}
}

// mustNotRun are the ways in which the same lines come that must not run.
func (d *commandDesk) mustNotRun() map[string]func(body string) string {
	h := d.headOf
	text := func(s string) string { return plainUTF8 + crlf(s) }
	asHTML := func(s string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\n" + s }
	multi := func(kind string, parts ...string) string {
		s := h("Content-Type: multipart/" + kind + "; boundary=b\r\n\r\n")
		for _, p := range parts {
			s += "--b\r\n" + p + "\r\n"
		}
		return s + "--b--\r\n"
	}
	quote := func(b string) string { return "> " + strings.ReplaceAll(b, "\n", "\n> ") }
	own := func(before, after string) func(string) string {
		return func(b string) string { return h(text(before + b + after)) }
	}
	from := func(head, more string) func(string) string { // another head, with the officer's address to write to
		return func(b string) string {
			return head + "To: <" + d.to(officer) + ">\r\nSubject: Re: [T2026-0001]\r\nMessage-ID: <c2@firm.example>\r\nDate: Tue, 24 Nov 2026 09:00:00 +0800\r\n" + more + "MIME-Version: 1.0\r\n" + text(b)
		}
	}
	with := func(field string) func(string) string {
		return func(b string) string { return h(field + "\r\n" + text(b)) }
	}
	mail := func(b string) string { // an enclosed mail that would run by itself
		return strings.TrimPrefix(h(text(b)), mxField)
	}
	forged := func(field string) func(string) string { // our MX says nothing good of it
		return from("Received: from evil by mx.firm.example; Tue, 24 Nov 2026 09:00:00 +0800\r\n"+field+"\r\nFrom: <"+officer+">\r\n", "")
	}
	above := func(field string) func(string) string {
		return from(field+"\r\nReceived: from evil by mx.firm.example; Tue, 24 Nov 2026 09:00:00 +0800\r\nFrom: <"+officer+">\r\n", "")
	}
	const fromOfficer = "From: <" + officer + ">\r\n"
	return map[string]func(string) string{
		// where it stands
		"quoted":                   func(b string) string { return h(text(quote(b))) },
		"quoted, full width":       func(b string) string { return h(text("收到。\n\n" + quote(b) + "\n")) },
		"quoted twice":             func(b string) string { return h(text("> " + strings.ReplaceAll(quote(b), "\n", "\n> "))) },
		"below words":              own("请执行以下命令：\n", ""),
		"below a greeting":         own("您好！\n\n", "\n"),
		"in the signature":         own("已阅。\n\n-- \n", ""),
		"in a signature alone":     own("-- \n", ""),
		"below Outlook's heading":  own("已阅。\n\n发件人: 投诉受理 <complaints@firm.example>\n发送时间: 2026年11月24日 9:00\n收件人: 周敏\n主题: x\n\n", ""),
		"below Outlook's, English": own("Seen.\n\nFrom: Desk <complaints@firm.example>\nSent: Tuesday, November 24, 2026 9:00 AM\nTo: Zhou\nSubject: x\n\n", ""),
		"below QQ's rule":          own("已阅。\n\n------------------ 原始邮件 ------------------\n", ""),
		"below nothing but a rule": own("------------------ 原始邮件 ------------------\n发件人: x\n主题: y\n\n", ""),
		"below NetEase's":          own("已阅。\n\n---- 回复的原邮件 ----\n| 发件人 | 投诉受理<complaints@firm.example> |\n", ""),
		"an original message":      own("-----Original Message-----\n", ""),
		"forwarded, Gmail":         own("---------- Forwarded message ---------\nFrom: A <a@b.example>\nDate: Tue, 24 Nov 2026\nSubject: x\nTo: y\n\n", ""),
		"forwarded, Apple":         own("FYI\n\nBegin forwarded message:\n\nFrom: A <a@b.example>\nSubject: x\nDate: x\nTo: y\n\n", ""),
		"forwarded, 转发":            own("请看。\n\n-------- 转发邮件信息 --------\n发件人：甲 <a@b.example>\n主题：x\n\n", ""),
		"an introduction":          own("Seen.\n\nOn Tue, 24 Nov 2026 at 09:00, Desk <complaints@firm.example> wrote:\n\n", ""),
		"an introduction, 写道":      own("已阅。\n\n在 2026-11-24 09:00:00，\"投诉受理\" <complaints@firm.example> 写道：\n\n", ""),
		"after the stop word":      own("#完\n", ""),
		"no mark":                  func(b string) string { return h(text(strings.NewReplacer("#", "", "＃", "").Replace(b))) },
		"another mark":             func(b string) string { return h(text(strings.NewReplacer("#", "♯", "＃", "﹟").Replace(b))) },
		"written backwards": func(b string) string {
			return h(text(strings.NewReplacer("#", "#\u202e", "＃", "＃\u202e").Replace(b)))
		},
		"in the subject": func(b string) string {
			return strings.Replace(h(text("")), "Re: [T2026-0001]", strings.Split(b, "\n")[0], 1)
		},
		"a list of them": func(b string) string { return h(text("- " + strings.ReplaceAll(b, "\n", "\n- "))) },
		// in what part
		"a text file": func(b string) string {
			return multi("mixed", text("见附件。"), "Content-Disposition: attachment; filename=a.txt\r\n"+text(b))
		},
		"a text file, alone": func(b string) string {
			return multi("mixed", "Content-Disposition: attachment; filename=a.txt\r\n"+text(b))
		},
		"a second text": func(b string) string { return multi("mixed", text("已阅。"), text(b)) },
		"a second HTML": func(b string) string { return multi("mixed", text("已阅。"), asHTML(html(b, "<p>", "</p>"))) },
		"an enclosed mail": func(b string) string {
			return multi("mixed", text("见附件。"), "Content-Type: message/rfc822\r\n\r\n"+mail(b))
		},
		"an enclosed mail, alone": func(b string) string { return multi("mixed", "Content-Type: message/rfc822\r\n\r\n"+mail(b)) },
		"a digest":                func(b string) string { return multi("digest", "\r\n"+mail(b)) },
		"nothing but a mail":      func(b string) string { return h("Content-Type: message/rfc822\r\n\r\n" + mail(b)) },
		"an invitation": func(b string) string {
			return multi("mixed", text("已阅。"), "Content-Type: text/calendar; charset=utf-8\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:"+strings.Split(b, "\n")[0]+"\r\nEND:VEVENT")
		},
		"the HTML alone of two": func(b string) string {
			return multi("alternative", text("请看 HTML 版。"), asHTML(html(b, "<p>", "</p>")))
		},
		"AMP": func(b string) string {
			return multi("alternative", text("已阅。"), "Content-Type: text/x-amp-html\r\n\r\n"+html(b, "<p>", "</p>"))
		},
		"HTML that is hidden": func(b string) string { return h(asHTML(html(b, `<p style="display:none">`, "</p>") + "已阅。")) },
		"HTML in a tiny font": func(b string) string { return h(asHTML(html(b, `<p style="font-size:0">`, "</p>") + "已阅。")) },
		"HTML in white": func(b string) string {
			return h(asHTML(html(b, `<p><span style="color:#ffffff">`, "</span></p>") + "已阅。"))
		},
		"HTML in a comment": func(b string) string { return h(asHTML("<!--" + html(b, "", "<br>") + "-->已阅。")) },
		"HTML's title": func(b string) string {
			return h(asHTML("<html><head><title>" + b + "</title></head><body>已阅。</body></html>"))
		},
		"HTML quoted": func(b string) string {
			return h(asHTML("<div>已阅。</div><blockquote>" + html(b, "<p>", "</p>") + "</blockquote>"))
		},
		"HTML quoted, alone": func(b string) string { return h(asHTML("<blockquote>" + html(b, "<p>", "</p>") + "</blockquote>")) },
		"HTML, Outlook's answer": func(b string) string {
			return h(asHTML(`<div>已阅。</div><div id="divRplyFwdMsg">x</div>` + html(b, "<p>", "</p>")))
		},
		"HTML, a signature": func(b string) string {
			return h(asHTML(`<div>已阅。</div><div class="gmail_signature">` + html(b, "<p>", "</p>") + "</div>"))
		},
		"HTML, the alt of an image": func(b string) string {
			return h(asHTML(`<div>已阅。</div><img alt="` + strings.Split(b, "\n")[0] + `">`))
		},
		// what kind of mail
		"an automatic answer": with("Auto-Submitted: auto-replied"),
		"a list's":            with("List-Id: <x.example>"),
		"bulk":                with("Precedence: bulk"),
		"an Exchange answer":  with("X-Auto-Response-Suppress: All"),
		"of no return path":   func(b string) string { return "Return-Path: <>\r\n" + h(text(b)) },
		"out of office": func(b string) string {
			return strings.Replace(h(text(b)), "Re: [T2026-0001]", "Automatic reply: [T2026-0001]", 1)
		},
		"自动回复": func(b string) string {
			return strings.Replace(h(text(b)), "Re: [T2026-0001]", "自动回复: [T2026-0001]", 1)
		},
		"a bounce": func(b string) string {
			return strings.Replace(h("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"), "", "", 1) + "--b\r\n" + text(b) + "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\n"
		},
		"a bounce in its own form": func(b string) string {
			return strings.Replace(h(text("could not be delivered\n\n"+b)), "<"+officer+">", "<MAILER-DAEMON@firm.example>", 1)
		},
		"a receipt": func(b string) string {
			return h("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n") + "--b\r\n" + text(b) + "\r\n--b--\r\n"
		},
		// who wrote it
		"an outsider":              from(mxField+"From: Zhang <zhangkun@client.example>\r\n", ""),
		"an outsider's good name":  from(mxField+"From: "+officer+" <zhangkun@client.example>\r\n", ""),
		"an outsider's Reply-To":   from(mxField+"From: <zhangkun@client.example>\r\n", "Reply-To: "+officer+"\r\nSender: "+officer+"\r\n"),
		"two in From":              from(mxField+"From: <"+officer+">, <x@firm.example>\r\n", ""),
		"two Froms":                from(mxField+fromOfficer+"From: <x@evil.example>\r\n", ""),
		"two Froms, the other way": from(mxField+"From: <x@evil.example>\r\n"+fromOfficer, ""),
		"who has left":             from(mxField+"From: <gone@firm.example>\r\n", ""),
		"a look-alike domain":      from(mxField+"From: <kefu@firm.example.evil.example>\r\n", ""),
		"a look-alike letter":      from(mxField+"From: <kefu@fіrm.example>\r\n", ""), // Cyrillic і
		"another's token":          from(mxField+"From: <zhao@firm.example>\r\n", ""),
		"the desk itself":          from(mxField+"From: <complaints@firm.example>\r\n", ""),
		"no token":                 func(b string) string { return strings.Replace(h(text(b)), d.to(officer), "complaints@firm.example", 1) },
		"a token of a client": func(b string) string {
			return strings.Replace(h(text(b)), d.to(officer), complaints.Detailed(d.p.Address, d.p.Keys.Sign(d.c.Ref, complaints.ForClient, "", d.now)), 1)
		},
		"a token of another case": func(b string) string {
			return strings.Replace(h(text(b)), d.to(officer), complaints.Detailed(d.p.Address, d.p.Keys.Sign("T2026-0009", complaints.ForStaff, officer, d.now)), 1)
		},
		"a token that is old": func(b string) string {
			return strings.Replace(h(text(b)), d.to(officer), complaints.Detailed(d.p.Address, d.p.Keys.Sign(d.c.Ref, complaints.ForStaff, officer, d.now.AddDate(-3, 0, 0))), 1)
		},
		"a token of another key": func(b string) string {
			return strings.Replace(h(text(b)), d.to(officer), complaints.Detailed(d.p.Address, complaints.Keyring{[]byte("guess")}.Sign(d.c.Ref, complaints.ForStaff, officer, d.now)), 1)
		},
		"a token that is cut": func(b string) string {
			to := d.to(officer)
			at := strings.Index(to, "@")
			return strings.Replace(h(text(b)), to, to[:at-1]+to[at:], 1)
		},
		// nobody vouches for it
		"no result":                    from(fromOfficer, ""),
		"dmarc=fail":                   above("Authentication-Results: mx.firm.example; dmarc=fail header.from=firm.example"),
		"dmarc=none":                   above("Authentication-Results: mx.firm.example; dmarc=none header.from=firm.example"),
		"spf alone":                    above("Authentication-Results: mx.firm.example; spf=pass smtp.mailfrom=firm.example"),
		"about another domain":         above("Authentication-Results: mx.firm.example; dmarc=pass header.from=evil.example"),
		"another server":               above("Authentication-Results: mx.evil.example; dmarc=pass header.from=firm.example"),
		"two results":                  above("Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example; dmarc=fail header.from=firm.example"),
		"brought along":                forged("Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example"),
		"spelt 1, capitals":            above("Authentication-Results: MX.FIRM.EXAMPLE ; dmarc=pass header.from=firm.example"),
		"spelt 2, a version":           above("Authentication-Results: mx.firm.example 1; dmarc=pass header.from=firm.example"),
		"spelt 3, quotation marks":     above(`Authentication-Results: "mx.firm.example"; dmarc=pass header.from=firm.example`),
		"spelt 4, a comment before":    above("Authentication-Results: (x) mx.firm.example; dmarc=pass header.from=firm.example"),
		"spelt 5, a blank":             above("Authentication-Results: mx.firm.example ; dmarc=pass header.from=firm.example"),
		"spelt 6, folded":              above("Authentication-Results:\r\n mx.firm.example\r\n ; dmarc=pass header.from=firm.example"),
		"a hostile MAIL FROM":          above(`Authentication-Results: mx.firm.example; spf=fail smtp.mailfrom="a; dmarc=pass header.from=firm.example; x=y"@evil.example`),
		"a hostile MAIL FROM, comment": above(`Authentication-Results: mx.firm.example; spf=fail (domain of "a); dmarc=pass header.from=firm.example (x"@evil.example) smtp.mailfrom=evil.example`),
		"a hostile MAIL FROM, pass":    above(`Authentication-Results: mx.firm.example; spf=pass smtp.mailfrom="a; dmarc=pass header.from=firm.example; x=y"@evil; dmarc=fail header.from=firm.example`),
	}
}

// TestCommandsThatMustNotRun: the same bodies, and nothing that they say is
// done. What may happen is that the words are put on file.
func TestCommandsThatMustNotRun(t *testing.T) {
	d := newCommandDesk(t)
	n := 0
	for carrier, wrap := range d.mustNotRun() {
		for _, b := range commandBodies {
			n++
			raw := wrap(b.body)
			got, o := d.ran([]byte(raw))
			if len(got) > 0 {
				t.Errorf("%s, %q: ran %q", carrier, b.body, got)
			}
			for _, e := range o.Events {
				if k := e.Fact.Kind(); k != "heard" && k != "noted" {
					t.Errorf("%s, %q: event %s", carrier, b.body, k)
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("a corpus of %d mails", n)
	}
}

// TestCommandsOfAFolder: the same mails in the command folder of their author,
// where no server of ours has said anything of them. What runs by mail runs
// there, and so does what only lacks somebody who vouches for it; nothing else
// does, and nothing at all in the folder of somebody else or of nobody.
func TestCommandsOfAFolder(t *testing.T) {
	d := newCommandDesk(t)
	vouched := regexp.MustCompile(`^(no result|dmarc=|spf alone|about another domain|another server|two results|brought along|spelt|a hostile)`)
	n := 0
	look := func(carrier, raw string, runs []string) {
		t.Helper()
		for _, place := range []complaints.Place{{Owner: officer}, {Owner: "zhao@firm.example"}, {Doubt: "anyone may write into it"}, {Owner: "gone@firm.example", Doubt: "gone"}} {
			n++
			m := read(&Fetched{Raw: []byte(raw), Place: &place}, d.desk)
			m.ID = 2
			_, o := d.p.Receive(d.c, m, d.now)
			got := ranOf(o)
			want := runs
			if place.Owner != officer {
				want = nil
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in the folder of %q: ran %q, want %q; %+v", carrier, place.Owner, got, want, m.Auth)
			}
			if place.Owner != officer && carrier != "another's token" && (o.Hold == "" || len(o.Events) > 0) {
				t.Errorf("%s in the folder of %q: it is not held, %d events", carrier, place.Owner, len(o.Events))
			}
		}
	}
	for carrier, wrap := range d.mayRun() {
		look(carrier, wrap(commandBodies[0].body), commandBodies[0].runs)
	}
	for carrier, wrap := range d.mustNotRun() {
		runs := commandBodies[0].runs
		if !vouched.MatchString(carrier) {
			runs = nil
		}
		look(carrier, wrap(commandBodies[0].body), runs)
	}
	t.Logf("%d mails", n)
}

// TestCommandsThatAreRefused: one bad line, and nothing of the mail is done;
// the transcript says why.
func TestCommandsThatAreRefused(t *testing.T) {
	d := newCommandDesk(t)
	for _, body := range []string{
		"#受力 类别=F6", "#admitt category=F6", "#refund", "#受理 类别=F6\n#备柱 一", "#note one\n#note two\n#notte three", "#note", "#备注\n（写下备注）", "#接受", "#表决 维持", "#受理 类别=F99",
		"#受理 类别=F6\n谢谢！\n#备注 一", "#受理 多余的话", "#指派 nobody@client.example", "#指派", "#语言 de", "#定级 很大", "#sеverity elevated", "#approve 000000000000", "#重开 理由",
		strings.Repeat("#备注 一\n", 51), "#备注 " + strings.Repeat("长", 90_000), "#a\n#b\n#c\n#d\n#e\n#f", "#登记 渠道=电话 收到=2026-11-23 事项=x", "#恢复", "#延期 天数=5", "#报告\n正文", "#日历 2027", "#end of story\n#受理 类别=F6",
	} {
		for _, wrap := range []string{"plain", "base64 GB18030", "HTML of divs"} {
			got, o := d.ran([]byte(d.mayRun()[wrap](body)))
			if len(got) > 0 || len(o.Events) > 0 && !strings.HasPrefix(body, "#end") {
				t.Errorf("%s, %.60q: ran %q, %d events", wrap, body, got, len(o.Events))
			}
			if strings.HasPrefix(body, "#end") {
				continue // the stop word: no command at all
			}
			if len(o.Mails) != 1 || o.Mails[0].Template != "transcript" || o.Mails[0].Facts.Reason != "refused" || o.Mails[0].To.Addr != officer {
				t.Errorf("%s, %.60q: answered by %+v", wrap, body, o.Mails)
			}
		}
	}
}
