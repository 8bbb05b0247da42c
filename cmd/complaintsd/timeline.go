package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"complaints"
	"complaints/cmd/complaintsd/play"
)

// isTerminal reports whether w is a terminal that shows colours.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

func (d *demonstration) tr(zh, en string) string {
	if d.lang == "en" {
		return en
	}
	return zh
}

// paint colours a text on a terminal: 1 bold, 2 dim, 32 green, 36 cyan, 33 yellow.
func (d *demonstration) paint(code, s string) string {
	if !d.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (d *demonstration) say(format string, args ...any) { fmt.Fprintf(d.stdout, format+"\n", args...) }

func (d *demonstration) head() {
	d.say("%s", d.paint("1", d.script.Title))
	d.say("%s\n", d.paint("2", d.tr("全部经由电子邮件：→ 表示有人写信给投诉台，← 表示投诉台发出的信。", "All of it by email: → somebody writes to the desk, ← the desk writes.")))
}

// show prints one mail of the correspondence and keeps it in the folder.
func (d *demonstration) show(m play.Mail) {
	if day := m.At.Format("2006-01-02"); day != d.day {
		d.day = day
		d.say("%s", d.paint("1;36", d.dayName(m)))
	}
	d.mails++
	name := fmt.Sprintf("%03d-%s", d.mails, m.At.Format("0102-1504"))
	if m.From != "" {
		d.say("%s → %s  %s", m.At.Format("15:04"), d.paint("1", m.From), m.Msg.Subject)
		for _, l := range gist(m.Msg.OwnWords, 4, 60) {
			d.say("          %s", l)
		}
		name += "-" + fileSafe(m.From) + "-" + d.tr("致投诉台", "to-desk")
	} else {
		d.say("%s ← %s  %s", m.At.Format("15:04"), d.paint("1", m.To), d.paint("32", m.Msg.Subject))
		name += "-" + d.tr("致", "to-") + fileSafe(m.To)
	}
	for _, a := range m.Msg.Attachments {
		d.say("          %s %s", d.paint("33", d.tr("附件", "attached")), a.Name)
	}
	d.keep(name+".eml", m.Raw)
	if m.From == "" {
		for _, a := range m.Msg.Attachments {
			if a.Type == "application/pdf" && strings.HasPrefix(string(a.Content), "%PDF-") && len(a.Content) > 2000 {
				d.letters++
				d.keep(fmt.Sprintf("%03d-%s", d.mails, fileSafe(a.Name)), a.Content)
			}
		}
	}
}

func (d *demonstration) dayName(m play.Mail) string {
	t := complaints.DateOf(m.At).In(d.lang)
	wd := m.At.Weekday()
	if d.lang == "en" {
		return fmt.Sprintf("— %s %s —", wd, t)
	}
	return fmt.Sprintf("—— %s 星期%s ——", t, []string{"日", "一", "二", "三", "四", "五", "六"}[wd])
}

// gist gives the first lines of a text, shortened.
func gist(text string, n, width int) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" {
			continue
		}
		if len(out) == n {
			out[n-1] += " …"
			break
		}
		if utf8.RuneCountInString(l) > width {
			l = string([]rune(l)[:width]) + "…"
		}
		out = append(out, l)
	}
	return out
}

var unsafeInFile = regexp.MustCompile(`[^\pL\pN._-]+`)

func fileSafe(s string) string { return unsafeInFile.ReplaceAllString(s, "-") }

// keep writes a file of the demo; a failure is said once, at the end it shows.
func (d *demonstration) keep(name string, content []byte) {
	if err := os.WriteFile(filepath.Join(d.out, name), content, 0o644); err != nil {
		d.say("%s", err)
	}
}

func (d *demonstration) foot() {
	d.say("")
	d.say(d.tr("以上 %d 封邮件（.eml）和 %d 份函件（.pdf）存于 %s。", "%d mails (.eml) and %d letters (.pdf) are in %s."), d.mails, d.letters, d.out)
}

// invite prints how any mail program can join.
func (d *demonstration) invite() {
	imapHost, smtpHost := d.servers.IMAP, d.servers.SMTP
	d.say("")
	d.say(d.tr("服务仍在运行（按 Ctrl-C 结束）。用任何邮件程序都可以扮演其中一人：", "The desk stays up (Ctrl-C ends it). Any mail program can play a part:"))
	d.say("  IMAP %s   SMTP %s   %s", imapHost, smtpHost, d.tr("不加密，口令 "+demoPassword, "no TLS, password "+demoPassword))
	for _, short := range d.script.Names() {
		a := d.script.Cast[short]
		d.say("  %s  %s", a.Address, a.Name)
	}
	user := "zhangkun@client.example"
	if d.lang == "en" {
		user = "hart@client.example"
	}
	d.say(d.tr("例如：", "For example:"))
	d.say("  curl -u %s:%s 'imap://%s/INBOX;MAILINDEX=1'", user, demoPassword, imapHost)
	login := strings.Replace(user, "@", "%40", 1)
	d.say("  neomutt -F /dev/null -e 'set imap_pass=%s smtp_pass=%s ssl_starttls=no ssl_force_tls=no smtp_authenticators=plain from=%s smtp_url=smtp://%s@%s/' -f 'imap://%s@%s/INBOX'",
		demoPassword, demoPassword, user, login, smtpHost, login, imapHost)
}
