package words

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	passedOn    = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|转发|轉寄|転送)\s*[:：]`)
	passedMark  = regexp.MustCompile(`(?i)forward|转发|轉寄|转寄|転送`)
	bareAddress = regexp.MustCompile(`[^\s<>\[\]()（）＜＞,;:："']+@[^\s<>\[\]()（）＜＞,;:："']+\.[^\s<>\[\]()（）＜＞,;:："']+`)
)

// Head is what the head of a mail says that stands in the text of another one.
type Head struct {
	Name, Addr string // of the author; the addr-spec in lower case
	Subject    string
	Date       string // as it is written there
}

// PassedOn gives the mail that a text passes on under a head of its own, if
// the mark above it or the subject says that it was passed on and not
// answered. It is not ok if there is none, or if its author is not named.
func PassedOn(text, subject string) (h Head, body string, ok bool) {
	t := readLines(text)
	for i := range t.lines {
		if t.kinds[i] != original && !t.headings[i] {
			continue
		}
		if !passedOn.MatchString(subject) && !passedMark.MatchString(t.lines[i]) {
			return h, "", false
		}
		return t.passedOn(i)
	}
	return h, "", false
}

// passedOn reads the head of a mail that begins at line i, and what it says.
func (t *judged) passedOn(i int) (h Head, body string, ok bool) {
	for seen := 0; i < len(t.lines); i++ {
		name := headingName(strings.TrimLeft(t.lines[i], "> \t"))
		if name == "" {
			if seen > 1 && strings.Trim(t.lines[i], "> \t\r") == "" {
				break
			}
			continue
		}
		seen++
		at := strings.IndexAny(t.lines[i], ":：|")
		_, size := utf8.DecodeRuneInString(t.lines[i][at:])
		value := strings.Trim(t.lines[i][at+size:], " \t\r*")
		switch name {
		case "from", "发件人", "发送人", "发信人", "寄件者", "寄件人", "差出人", "送信者", "von", "de", "van", "da", "от":
			h.Addr = strings.ToLower(strings.TrimPrefix(bareAddress.FindString(value), "mailto:"))
			h.Name = strings.Trim(strings.SplitN(strings.SplitN(value, "<", 2)[0], "[", 2)[0], " \t\"'“”")
		case "subject", "主题", "主旨", "主題", "标题", "件名", "betreff":
			h.Subject = value
		case "date", "sent", "发送时间", "发送日期", "发件时间", "日期", "时间", "日時", "送信日時", "datum":
			h.Date = value
		}
	}
	if h.Addr == "" {
		return h, "", false
	}
	if strings.Contains(h.Name, "@") {
		h.Name = ""
	}
	var said []string
	for _, l := range t.lines[min(i, len(t.lines)):] {
		said = append(said, strings.TrimPrefix(strings.TrimPrefix(l, ">"), " "))
	}
	return h, strings.TrimSpace(strings.Join(said, "\n")), true
}
