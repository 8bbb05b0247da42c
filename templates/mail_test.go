package templates

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
)

// render writes one mail whose Chinese and English sources are the same.
func render(t *testing.T, lang, src string, view any) (subject, text, html string) {
	t.Helper()
	s, err := parseMails(fstest.MapFS{"mail/zh/m.txt": {Data: []byte(src)}, "mail/en/m.txt": {Data: []byte(src)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	subject, text, html, err = s.Render(lang, "m", view)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(html))
	for {
		if _, err := d.Token(); err == io.EOF {
			return subject, text, html
		} else if err != nil {
			t.Fatalf("HTML is not well-formed: %v\n%s", err, html)
		}
	}
}

func TestDocument(t *testing.T) {
	for _, x := range []struct{ name, lang, src, want string }{
		{"paragraphs", "en", "one\ntwo\n\n\n\nthree", "one two\n\nthree\n"},
		{"Chinese lines join without a space", "zh", "一\n二", "一二\n"},
		{"heading", "zh", "== 甲\n\n一", "【甲】\n\n一\n"},
		{"English heading", "en", "== Facts\n\none", "Facts\n-----\n\none\n"},
		{"list over blank lines", "zh", "- 一\n\n\n- 二", "- 一\n- 二\n"},
		{"facts without an empty one", "zh", "| 甲 | 一\n| 乙 |\n| 丙 | 三", "甲：一\n丙：三\n"},
		{"English facts align", "en", "| A | one\n| Longer | two", "A:       one\nLonger:  two\n"},
		{"table", "zh", "|= 甲 | 乙 | 丙\n| 1 | | 3", "甲 | 乙 | 丙\n1 | — | 3\n"},
		{"lines", "zh", ": 一\n: 二\n\n: 三", "一\n二\n\n三\n"},
		{"action", "zh", "! 批准 | #批准 abc | （理由） | mailto:a@b.example", "批准\n    #批准 abc\n    （理由）\n"},
		{"step", "zh", "$ #批准 | 已批准", "    #批准\n    已批准\n"},
		{"quotation", "en", "> " + strings.Repeat("word ", 20), "> word word word word word word word word word word word word word word word\n> word word word word word\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if _, text, _ := render(t, x.lang, "Subject: s\n\n"+x.src+"\n", nil); text != x.want {
				t.Errorf("got\n%q\nwant\n%q", text, x.want)
			}
		})
	}
}

// A value is words, whatever it looks like.
func TestValuesAreLiterals(t *testing.T) {
	for _, x := range []struct{ name, src, value, want string }{
		{"a paragraph", "{{.}}", "> not a quotation", "> not a quotation\n"},
		{"line ends in a paragraph", "a {{.}} b", "x\r\n\r\n- y", "a x - y b\n"},
		{"line ends in a quotation", "> {{.}}", "x\r\n\n\n- y\u2028z", "> x\n>\n> - y\n> z\n"},
		{"bars in a cell", "| k | {{.}}", "a | b", "k：a | b\n"},
		{"an action cannot be made", "- {{.}}", "x\n! Pay | #pay | | mailto:x@evil.example", "- x ! Pay | #pay | | mailto:x@evil.example\n"},
		{"template text", "{{.}}", "{{.Secret}}", "{{.Secret}}\n"},
		{"controls, direction, no width", "{{.}}", "a\x00\x07\x1b[31m\u202Eb\u2066c\u200B\uFEFFd\u0085e", "a[31mbcd e\n"},
		{"the marks themselves", "> {{.}}", "\x02\n# x\x01\v\x1f", ">\n"},
		{"invalid UTF-8", "{{.}}", "a\xffb", "a\uFFFDb\n"},
		{"HTML", "{{.}}", "<b onclick=\"x\">&amp;</b>", "<b onclick=\"x\">&amp;</b>\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.name == "the marks themselves" {
				x.want = "> # x\n"
			}
			_, text, html := render(t, "zh", "Subject: s\n\n"+x.src+"\n", x.value)
			if text != x.want {
				t.Errorf("got %q, want %q", text, x.want)
			}
			if strings.Contains(html, "<b ") || strings.Contains(html, "href") {
				t.Errorf("markup in\n%s", html)
			}
		})
	}
	if subject, _, _ := render(t, "zh", "Subject: 甲 {{.}}\n\nx\n", "a\r\nBcc: x@evil.example\r\n\r\n"+strings.Repeat("长", 300)); strings.ContainsAny(subject, "\r\n") || len([]rune(subject)) != maxSubject {
		t.Errorf("subject %q", subject)
	}
}

func TestOnlyMailLinks(t *testing.T) {
	for link, want := range map[string]int{"mailto:a@b.example?body=%23x": 1, "javascript:alert(1)": 0, "https://evil.example": 0, "": 0} {
		_, _, html := render(t, "en", "Subject: s\n\n! Do | #do | | {{.}}\n", link)
		if n := strings.Count(html, "<a "); n != want {
			t.Errorf("%q makes %d links, want %d", link, n, want)
		}
	}
}

func TestWrapping(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 8)
	_, text, _ := render(t, "en", "Subject: s\n\n{{.}}\n", strings.Repeat("some words and then ", 20)+hash+" "+strings.Repeat("很长的中文没有空格", 30))
	for line := range strings.SplitSeq(text, "\n") {
		n := 0
		for _, r := range line {
			n += columns(r)
		}
		if n > width+1 && line != hash {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(text, "\n"+hash+"\n") && !strings.Contains(text, "\n"+hash+" ") {
		t.Error("a hash was broken")
	}
	if _, zh, _ := render(t, "zh", "Subject: s\n\n{{.}}\n", strings.Repeat("长", 200)); strings.Count(zh, "\n") != 1 {
		t.Error("Chinese was wrapped")
	}
}

func TestMistakesAreFound(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	good := file("Subject: s\n\nx\n")
	for name, files := range map[string]fstest.MapFS{
		"a mail in one language only": {"mail/zh/a.txt": good, "mail/zh/b.txt": good, "mail/en/a.txt": good},
		"a template that cannot be":   {"mail/zh/a.txt": file("Subject: {{"), "mail/en/a.txt": good},
	} {
		if _, err := parseMails(files, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, src := range map[string]string{
		"no subject": "x\n\ny\n", "no blank line": "Subject: s\nx\n", "an empty subject": "Subject: \n\nx\n", "no text": "Subject: s\n\n{{\"\"}}\n",
		"a missing key": "Subject: s\n\n{{.None}}\n", "a struct": "Subject: s\n\n{{.Struct}}\n", "nothing": "Subject: s\n\n{{.Nil}}\n",
	} {
		s, err := parseMails(fstest.MapFS{"mail/zh/a.txt": file(src), "mail/en/a.txt": good}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, text, _, err := s.Render("zh", "a", map[string]any{"Struct": struct{ A int }{1}, "Nil": nil}); err == nil {
			t.Errorf("%s: no error, but %q", name, text)
		}
	}
}

func TestNamesAndLanguages(t *testing.T) {
	s, err := Mails(template.FuncMap{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Names()); n < 40 {
		t.Errorf("%d mails", n)
	}
	if _, _, _, err := s.Render("zh", "parts", nil); err == nil {
		t.Error("the parts can be sent as a mail")
	}
	if _, _, _, err := s.Render("zh", "none", nil); err == nil {
		t.Error("a mail that is not there can be sent")
	}
	src := "Subject: s\n\n== x\n"
	if _, text, html := render(t, "fr", src, nil); text != "【x】\n" || !strings.Contains(html, `lang="zh-CN"`) {
		t.Errorf("an unknown language gives %q", text)
	}
}
