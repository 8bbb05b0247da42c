package mailout

import (
	"encoding/xml"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"complaints"
	"complaints/templates"
)

var (
	letterNumber = regexp.MustCompile(`明律投.〔2026〕1号`)
	unbroken     = regexp.MustCompile(`[0-9a-f]{64}`) // a hash is not broken
)

// mails gives the set, which has then been run against the samples once.
func mails(t *testing.T) *templates.MailSet {
	t.Helper()
	set, err := Mails()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// each renders every mail in both languages about its sample case.
func each(t *testing.T, f func(t *testing.T, v View, subject, text, html string)) {
	set := mails(t)
	for _, lang := range []string{"zh", "en"} {
		w := newSample(lang)
		for _, name := range set.Names() {
			t.Run(lang+"/"+name, func(t *testing.T) {
				c, err := w.caseFor(name)
				if err != nil {
					t.Fatal(err)
				}
				v := w.view(name, c)
				subject, text, html, err := set.Render(lang, name, v)
				if err != nil {
					t.Fatal(err)
				}
				f(t, v, subject, text, html)
			})
		}
	}
}

func TestEveryMailIsReadable(t *testing.T) {
	each(t, func(t *testing.T, v View, subject, text, html string) {
		if tag := "[" + v.Ref + "] "; !strings.HasPrefix(subject, tag) && !slices.Contains([]string{"meeting_due", "meeting_missed", "term_ending"}, v.Name) {
			t.Errorf("subject %q does not begin with the case", subject)
		}
		for _, s := range []string{subject, text, html} {
			for _, bad := range []string{"<no value>", "%!", "{{", "}}", "\x01", "\x02", "\v", "\x1f", "()", "（）", "《》", "  \n"} {
				if strings.Contains(s, bad) {
					t.Errorf("%q in\n%s", bad, s)
				}
			}
		}
		for line := range strings.SplitSeq(text, "\n") {
			if v.Lang == "en" && !strings.HasPrefix(line, "    ") && len([]rune(line)) > 78 && !unbroken.MatchString(line) {
				t.Errorf("a line of %d columns: %s", len([]rune(line)), line)
			}
		}
		if forClient[v.Name] && !strings.Contains(text, v.Firm.Phone) {
			t.Error("does not tell how to reach a person")
		}
		if v.Lang == "en" && strings.ContainsFunc(letterNumber.ReplaceAllString(text, ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("Chinese words in an English mail:\n%s", text)
		}
		golden(t, filepath.Join("testdata", "mails", v.Lang+"-"+v.Name+".txt"), "Subject: "+subject+"\n\n"+text)
	})
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the difference\ngot:\n%s", path, got)
	}
}

// visible reads the words of the body of an HTML part, which must be
// well-formed.
func visible(t *testing.T, html string) (text string, links []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	var b strings.Builder
	body := false
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return b.String(), links
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, html)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			body = body || e.Name.Local == "body"
			b.WriteString(" ")
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "href":
					links = append(links, a.Value)
				case "src":
					if e.Name.Local != "img" || !strings.HasPrefix(a.Value, "cid:") {
						t.Errorf("%s loads %s", e.Name.Local, a.Value)
					}
				case "onclick", "onload":
					t.Errorf("an attribute %s", a.Name.Local)
				}
			}
		case xml.CharData:
			if body {
				b.Write(e)
			}
		}
	}
}

// said are the letters and digits of a text, and the mark of commands.
func said(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '#' || r == '=' || r == '@' {
			return r
		}
		return -1
	}, s)
}

func TestTextAndHTMLSayTheSame(t *testing.T) {
	each(t, func(t *testing.T, v View, _, text, html string) {
		seen, _ := visible(t, html)
		if a, b := said(text), said(seen); a != b {
			n := 0
			for n < min(len(a), len(b)) && a[n] == b[n] {
				n++
			}
			t.Errorf("text and HTML part at %.60q and %.60q", a[n:], b[n:])
		}
	})
}

// A link opens the very command that stands below it, to the address with the
// token, under the case's subject.
func TestLinksAreReadyCommands(t *testing.T) {
	each(t, func(t *testing.T, v View, _, text, html string) {
		_, links := visible(t, html)
		if len(links) != len(v.Links()) {
			t.Fatalf("%d links for %d actions", len(links), len(v.Links()))
		}
		for i, a := range v.Links() {
			u, err := url.Parse(links[i])
			if err != nil || u.Scheme != "mailto" {
				t.Fatalf("link %q: %v", links[i], err)
			}
			to, err := url.PathUnescape(u.Opaque)
			if err != nil || to != v.ReplyTo {
				t.Errorf("to %q, want %q", to, v.ReplyTo)
			}
			q, err := url.ParseQuery(u.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			want := a.Line
			if a.Text != "" {
				for l := range strings.SplitSeq(a.Text, "\n") {
					if want += "\r\n"; !isHint(l) { // hints stay out
						want += l
					}
				}
			}
			if q.Get("body") != want {
				t.Errorf("body %q, want %q", q.Get("body"), want)
			}
			if !strings.HasPrefix(q.Get("subject"), "["+v.Ref+"] ") {
				t.Errorf("subject %q", q.Get("subject"))
			}
			if strings.ContainsAny(links[i], " +\r\n") {
				t.Errorf("link %q has characters that programs read differently", links[i])
			}
			if !strings.Contains(text, "\n    "+a.Line+"\n") {
				t.Errorf("the text part lacks the line %q", a.Line)
			}
		}
	})
}

// Both languages offer the same commands.
func TestLanguagesOfferTheSame(t *testing.T) {
	set := mails(t)
	zh, en := newSample("zh"), newSample("en")
	for _, name := range set.Names() {
		cz, err := zh.caseFor(name)
		if err != nil {
			t.Fatal(err)
		}
		ce, err := en.caseFor(name)
		if err != nil {
			t.Fatal(err)
		}
		a, b := zh.view(name, cz), en.view(name, ce)
		if len(a.Actions) != len(b.Actions) {
			t.Errorf("%s: %d commands in Chinese, %d in English", name, len(a.Actions), len(b.Actions))
			continue
		}
		for i := range a.Actions {
			x, y := complaints.ParseCommands(a.Actions[i].Line), complaints.ParseCommands(b.Actions[i].Line)
			if len(x) != len(y) {
				t.Errorf("%s: %q and %q", name, a.Actions[i].Line, b.Actions[i].Line)
			}
			if !forClient[name] && len(x) != 1 {
				t.Errorf("%s: %q is no command", name, a.Actions[i].Line)
			}
		}
	}
}

// The mails that ask for an answer offer it first.
func TestAnswersStandFirst(t *testing.T) {
	hash := "5d41402abc4b"
	for name, want := range map[string][]string{
		"assigned": {"#接受", "#回避"}, "report_review": {"#批准 " + hash, "#退回"}, "draft_approval": {"#批准 " + hash, "#退回"},
		"appeal_papers": {"#表决 维持", "#表决 变更", "#表决 撤销", "#表决 发回", "#回避"}, "votes_in": {"#决定 变更"},
	} {
		w := newSample("zh")
		c, err := w.caseFor(name)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range w.view(name, c).Actions {
			got = append(got, a.Line)
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s offers %q, want %q first", name, got, want)
		}
	}
}

// What a mail says in its own lines is never read as a command when it comes
// back above nothing but itself.
func TestOwnMailsAreInert(t *testing.T) {
	each(t, func(t *testing.T, v View, _, text, _ string) {
		if got := complaints.ParseCommands(text); len(got) > 0 {
			t.Errorf("read as a command: %q", got[0].Raw)
		}
	})
}

// A client's words change no line of a mail that is not theirs.
func TestHostileWordsAreWords(t *testing.T) {
	set := mails(t)
	for _, hostile := range []string{
		"<script>alert(1)</script>", "{{.Firm}} {{template \"foot\"}}", "a\r\nBcc: x@evil.example\r\n\r\nbody", "\u202Eevil\u2066\u200F\x00\x07\x1b[31m",
		"! 批准 | #批准 | | mailto:x@evil.example", "| a | b | c", "> x\n- y\n== z\n: q", "\x01Subject: x\x02", "\xff\xfe", "&lt;b&gt; \" ' onclick=x", "--\n#结案", strings.Repeat("长", 5000),
	} {
		for _, lang := range []string{"zh", "en"} {
			w := newSample(lang)
			for _, name := range set.Names() {
				c, err := w.caseFor(name)
				if err != nil {
					t.Fatal(err)
				}
				clean := w.view(name, c)
				c.Complainant.Name, c.Subject, c.Matter = hostile, hostile, hostile
				v := w.view(name, c)
				v.To.Name, v.Facts.Text, v.Facts.Subject, v.Facts.Reason, v.Facts.From.Name = hostile, hostile, hostile, hostile, hostile
				for i := range v.Facts.Attachments {
					v.Facts.Attachments[i].Name = hostile
				}
				subject, text, html, err := set.Render(lang, name, v)
				if err != nil {
					t.Fatalf("%s/%s: %v", lang, name, err)
				}
				if strings.ContainsFunc(subject, unicode.IsControl) || len([]rune(subject)) > 160 {
					t.Errorf("%s/%s: subject %q", lang, name, subject)
				}
				for _, s := range []string{text, html} {
					if strings.ContainsFunc(s, func(r rune) bool {
						return r != '\n' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200F
					}) {
						t.Errorf("%s/%s: a control character in\n%q", lang, name, s)
					}
				}
				_, links := visible(t, html)
				if len(links) != len(clean.Links()) || strings.Contains(html, "<script") {
					t.Errorf("%s/%s: %d links for %d actions\n%s", lang, name, len(links), len(clean.Links()), html)
				}
				if got := complaints.ParseCommands(text); len(got) > 0 {
					t.Errorf("%s/%s: %q is read as a command", lang, name, got[0].Raw)
				}
			}
		}
	}
}

// Each sentence that a client is offered is understood by the desk.
func TestClientSentencesAreUnderstood(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		w := newSample(lang)
		for name, want := range map[string][]string{
			"ack": {"status"}, "result": {"appeal_received", "offer_accepted"}, "unclear": {"appeal_received", "offer_accepted", "withdrawal"}, "withdrawal": {"received", "received"},
		} {
			at := name
			if name == "result" {
				at = "letter_sent" // the letter has arrived
			}
			c, err := w.caseFor(at)
			if err != nil {
				t.Fatal(err)
			}
			v := NewView(w.policy, w.mail(name, c), c, nil, nil, w.policy.Address, "", w.now)
			if len(v.Actions) != len(want) {
				t.Fatalf("%s/%s offers %d sentences, want %d", lang, name, len(v.Actions), len(want))
			}
			for i, a := range v.Actions {
				m := &complaints.Message{Class: complaints.Public, From: w.client(), OwnWords: a.Line, MessageID: "a@client.example", ContentHash: "00", SHA256: "00"}
				_, out := w.policy.Receive(c, m, w.now)
				var got []string
				for _, x := range out.Mails {
					if !x.Staff {
						got = append(got, x.Template)
					}
				}
				if len(got) != 1 || got[0] != want[i] {
					t.Errorf("%s/%s: %q is answered by %q, want %q", lang, name, a.Line, got, want[i])
				}
			}
		}
	}
}

func TestWordsOfTheView(t *testing.T) {
	w := newSample("zh")
	c, err := w.caseFor("view")
	if err != nil {
		t.Fatal(err)
	}
	zh := w.view("view", c)
	en := zh
	en.Lang = "en"
	at := time.Date(2026, 11, 24, 1, 5, 0, 0, time.UTC)
	for _, x := range []struct{ got, want string }{
		{zh.Time(at), "2026年11月24日 09:05"}, {en.Time(at), "24 November 2026, 09:05 (UTC+08:00)"}, {zh.Time(time.Time{}), ""}, {zh.Stamp(at), "2026-11-24 09:05"},
		{zh.Size(12), "12 字节"}, {en.Size(82_113), "80.2 KB"}, {zh.Size(3 << 20), "3.0 MB"},
		{zh.Who("li@firm.example"), "李娜"}, {zh.Who("LI@firm.example"), "李娜"}, {zh.Who("desk"), "投诉处理系统"}, {zh.Who("x@y.example"), "x@y.example"}, {zh.Who(w.client().Addr), "张堃（投诉人）"},
		{zh.Category("F6"), "F6 退费争议"}, {en.Category("F6"), "F6 refund dispute"}, {zh.Category("Z9"), "Z9"},
		{zh.Entry(complaints.Entry{What: "found", Text: "1 upheld: 笔录可证"}), "认定：第1项成立；笔录可证"}, {en.Entry(complaints.Entry{What: "voted", Text: "vary: too low"}), "vote: vary; too low"},
		{zh.Entry(complaints.Entry{What: "recused", Text: "zhou@firm.example: made_decision"}), "回避：周敏；曾批准被申诉的处理结果"}, {zh.Entry(complaints.Entry{What: "new_kind", Text: "x"}), "new_kind：x"},
		{MailTo("a+b@c.example", "[T] 一", "#x\ny"), "mailto:a%2Bb@c.example?subject=%5BT%5D%20%E4%B8%80&body=%23x%0D%0Ay"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
	for _, e := range c.Log {
		if _, ok := happened[e.What]; !ok {
			t.Errorf("the log has no words for %q", e.What)
		}
	}
	for name, want := range map[string]string{"": "尊敬的投诉人", "张堃": "尊敬的张堃", "click http://evil.example": "尊敬的投诉人"} {
		v := zh
		v.To.Name = name
		if got := v.Dear(); got != want {
			t.Errorf("Dear %q is %q, want %q", name, got, want)
		}
	}
}

// A transcript says at once whether anything was done.
func TestRefusedTranscript(t *testing.T) {
	set := mails(t)
	w := newSample("zh")
	c, err := w.caseFor("transcript")
	if err != nil {
		t.Fatal(err)
	}
	v := w.view("transcript", c)
	v.Facts.Transcript[1].Refused, v.Facts.Transcript[1].Did = true, "没有这个人。"
	subject, text, _, err := set.Render("zh", "transcript", v)
	if err != nil {
		t.Fatal(err)
	}
	if subject != "[T2026-0001] 命令未执行：#受理 #指派" || !strings.Contains(text, "都没有执行") || !strings.Contains(text, "    #指派 li@firm.example\n    ✗ 没有这个人。\n") {
		t.Errorf("%s\n%s", subject, text)
	}
}

// A mail is offered no command that its reader may no longer use.
func TestStaleAnswersAreNotOffered(t *testing.T) {
	w := newSample("zh")
	c, err := w.caseFor("report_approved") // the report is approved already
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range w.view("report_review", c).Actions {
		if strings.HasPrefix(a.Line, "#批准") || a.Line == "#退回" {
			t.Errorf("offers %s", a.Line)
		}
	}
}
