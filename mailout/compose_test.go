package mailout

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"complaints"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	message_mail "github.com/emersion/go-message/mail"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden mails anew")

var shanghai = time.FixedZone("", 8*3600)

// sample is a letter's mail as the desk sends it.
func sample() (Header, Body) {
	return Header{
			From:       complaints.Address{Name: "明理律师事务所投诉处理", Addr: "complaints@firm.example"},
			To:         complaints.Address{Name: "张堃", Addr: "zhang@client.example"},
			ReplyTo:    complaints.Address{Name: "投诉 T2026-0012", Addr: "complaints+t2026-0012.6kq4zn0w@firm.example"},
			Subject:    "[T2026-0012] 关于您投诉事项的受理告知书：收费与告知事项已由本所客户服务部受理并指派调查责任人",
			MessageID:  "o.412.7f3a@firm.example",
			InReplyTo:  "20261124.1@client.example",
			References: []string{"20261123.9@client.example", "20261124.1@client.example"},
			Date:       time.Date(2026, 11, 24, 9, 30, 5, 0, shanghai),
			Auto:       "auto-replied",
			Loop:       "v1.desk.8c1f",
		}, Body{
			Text:        "张堃先生：\n\n您的投诉已受理。\n.\n此致\n",
			HTML:        "<p>张堃先生：</p>\n<p>您的投诉已受理。</p>\n",
			Attachments: []File{{Name: "投诉受理告知书（明律投受〔2026〕12号）.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4\n…")}},
		}
}

// part is one leaf of a mail as read back.
type part struct{ typ, charset, name, disposition, text, id string }

// readBack parses with the standard library alone, which knows nothing of how
// the mail was written.
func readBack(t interface{ Fatalf(string, ...any) }, raw []byte) (mail.Header, []part) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("read: %v\n%s", err, raw)
	}
	var parts []part
	var walk func(h map[string][]string, r io.Reader)
	walk = func(h map[string][]string, r io.Reader) {
		get := mail.Header(h).Get
		typ, params, err := mime.ParseMediaType(get("Content-Type"))
		if err != nil {
			t.Fatalf("content type %q: %v", get("Content-Type"), err)
		}
		if strings.HasPrefix(typ, "multipart/") {
			for mr := multipart.NewReader(r, params["boundary"]); ; {
				p, err := mr.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatalf("part: %v\n%s", err, raw)
				}
				walk(p.Header, p)
			}
		}
		switch get("Content-Transfer-Encoding") {
		case "base64":
			r = base64.NewDecoder(base64.StdEncoding, r)
		case "quoted-printable":
			r = quotedprintable.NewReader(r)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("content: %v\n%s", err, raw)
		}
		d, dp, _ := mime.ParseMediaType(get("Content-Disposition"))
		p := part{typ: typ, charset: params["charset"], disposition: d, name: dp["filename"], text: string(content), id: get("Content-ID")}
		if old := decode(t, params["name"]); old != p.name {
			t.Fatalf("the two names differ: %q and %q", old, p.name)
		}
		parts = append(parts, p)
	}
	walk(m.Header, m.Body)
	return m.Header, parts
}

func decode(t interface{ Fatalf(string, ...any) }, s string) string {
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatalf("decode %q: %v", s, err)
	}
	return out
}

func TestComposeGolden(t *testing.T) {
	letter, letterBody := sample()
	plainText := letter
	plainText.Subject, plainText.Auto, plainText.ReplyTo, plainText.References, plainText.InReplyTo = "[T2026-0012] Transcript of your commands", "auto-replied", complaints.Address{}, nil, ""
	plainText.From.Name, plainText.To = "Complaints Desk, Mingli Law Firm", complaints.Address{Name: `Li "Bill" Wei`, Addr: "li@firm.example"}
	national := letter
	national.To, national.Subject = complaints.Address{Name: "李明", Addr: "李明@例子.中国"}, "已收到"
	files := []File{
		{Name: "合同.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4")},
		{Name: "report 2026.csv", Type: "text/csv; charset=utf-8", Content: []byte("a,b\n")},
		{Name: "来信.eml", Type: "message/rfc822", Content: []byte("Subject: x\r\n\r\n")},
	}
	for name, c := range map[string]struct {
		h Header
		b Body
	}{
		"letter":      {letter, letterBody},
		"text":        {plainText, Body{Text: "#assign zhang@firm.example\n    done: the case is with Zhang.\n\nFrom here the line is long and has to be broken by the encoding, not by the relay, or the signature fails.\n"}},
		"alternative": {plainText, Body{Text: "Hello\n", HTML: "<p>Hello</p>\n"}},
		"files":       {letter, Body{Text: "附件三份。\n", Attachments: files}},
		"national":    {national, Body{Text: "已收到。\n"}},
		"pictures": {letter, Body{Text: "草稿附后。\n", HTML: "<p>草稿附后。</p>\n<img src=\"cid:page1.7f3a@firm.example\"/>\n", Pictures: []Picture{
			{"page1.7f3a@firm.example", File{Name: "第1页.png", Type: "image/png", Content: []byte("\x89PNG1")}},
			{"page2.7f3a@firm.example", File{Name: "page 2.png", Type: "image/png", Content: []byte("\x89PNG2")}}}, Attachments: letterBody.Attachments}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Compose(c.h, c.b)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".eml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			for n, line := range strings.Split(string(got), "\r\n") {
				if len(line) > 76 && name != "text" {
					t.Errorf("line %d has %d octets: %s", n+1, len(line), line)
				}
				if name != "national" && !isASCII(line) {
					t.Errorf("line %d is not 7-bit: %s", n+1, line)
				}
				if strings.HasSuffix(line, ":") && !strings.HasPrefix(line, " ") && strings.Count(line, " ") == 0 {
					t.Errorf("line %d is a field name alone: %s", n+1, line)
				}
			}
		})
	}
}

// Every program reads one of the two forms of a Chinese name; both are there.
func TestComposeFileNameForms(t *testing.T) {
	h, _ := sample()
	raw, err := Compose(h, Body{Text: "x", Attachments: []File{{Name: "合同.pdf", Type: "application/pdf"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Content-Type: application/pdf;\r\n name=\"=?UTF-8?B?5ZCI5ZCMLnBkZg==?=\"\r\n",
		"Content-Disposition: attachment;\r\n filename*=UTF-8''%E5%90%88%E5%90%8C.pdf\r\n",
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
}

func TestComposeErrors(t *testing.T) {
	for name, break_ := range map[string]func(*Header){
		"no date":               func(h *Header) { h.Date = time.Time{} },
		"no message-id":         func(h *Header) { h.MessageID = "" },
		"message-id with CRLF":  func(h *Header) { h.MessageID = "a@b\r\nBcc: c@d" },
		"message-id without @":  func(h *Header) { h.MessageID = "ab" },
		"auto-submitted no":     func(h *Header) { h.Auto = "no" },
		"loop mark of two":      func(h *Header) { h.Loop = "a b" },
		"no recipient":          func(h *Header) { h.To.Addr = "" },
		"two recipients":        func(h *Header) { h.To.Addr = "a@b.example, c@d.example" },
		"recipient with CRLF":   func(h *Header) { h.To.Addr = "a@b.example>\r\nBcc: <c@d.example" },
		"sender is no address":  func(h *Header) { h.From.Addr = "complaints" },
		"sender not ASCII":      func(h *Header) { h.From.Addr = "投诉@firm.example" },
		"reply-to not ASCII":    func(h *Header) { h.ReplyTo.Addr = "投诉@firm.example" },
		"recipient is too long": func(h *Header) { h.To.Addr = strings.Repeat("a", 250) + "@b.example" },
	} {
		t.Run(name, func(t *testing.T) {
			h, b := sample()
			break_(&h)
			if raw, err := Compose(h, b); err == nil {
				t.Errorf("composed\n%s", raw)
			}
		})
	}
}

// hostile is what a stranger may put into any text that reaches a header.
var hostile = []string{
	"x\r\nBcc: victim@else.example", "x\nBcc: victim@else.example", "x\rBcc: victim@else.example", "x\r\n\r\nbody", "\x00\x00", "x\u2028Bcc: y", "\u202Efdp.exe",
	"=?UTF-8?B?DQpCY2M6IGFAYg==?=", `"; filename="evil.exe`, "../../etc/passwd", strings.Repeat(" ", 300) + "x", "a" + strings.Repeat("  ", 200) + "b", strings.Repeat("a", 3000), "\xff\xfe\x80", "--=_x", "\r\n.\r\nMAIL FROM:<a@b>",
}

var wantFields = []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Reply-To", "Subject", "To", "X-Auto-Response-Suppress", "X-Complaintsd-Loop"}

// checkNeutral composes and sees that the header has the known fields once
// each and the body the parts that were put in, whatever the texts are.
func checkNeutral(t interface{ Fatalf(string, ...any) }, h Header, b Body) {
	raw, err := Compose(h, b)
	if err != nil {
		return // refused is safe
	}
	if err := checkBytes(raw); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	got, parts := readBack(t, raw)
	for name, values := range got {
		if !slices.Contains(wantFields, name) || len(values) != 1 {
			t.Fatalf("field %s: %q\n%s", name, values, raw)
		}
		if s := decode(t, values[0]); strings.ContainsAny(s, "\r\n\x00") {
			t.Fatalf("field %s decodes to %q", name, s)
		}
	}
	if a, err := mail.ParseAddressList(got.Get("To")); err != nil || len(a) != 1 {
		t.Fatalf("To: %q: %v", got.Get("To"), err)
	}
	want := 1 + len(b.Pictures) + len(b.Attachments)
	if b.HTML != "" {
		want++
	}
	if len(parts) != want {
		t.Fatalf("%d parts, want %d\n%s", len(parts), want, raw)
	}
	for i, f := range b.Attachments {
		p := parts[len(parts)-len(b.Attachments)+i]
		if p.text != string(f.Content) || p.disposition != "attachment" || p.name == "" || strings.ContainsAny(p.name, "/\\\"\r\n\x00") {
			t.Fatalf("attachment %q came back as %+v", f.Name, p)
		}
	}
	if again, _ := Compose(h, b); !bytes.Equal(raw, again) {
		t.Fatalf("two compositions differ")
	}
}

func TestComposeHostileFields(t *testing.T) {
	for _, s := range hostile {
		for name, put := range map[string]func(*Header, *Body){
			"from name": func(h *Header, _ *Body) { h.From.Name = s }, "from": func(h *Header, _ *Body) { h.From.Addr = s + "@firm.example" },
			"to name": func(h *Header, _ *Body) { h.To.Name = s }, "to": func(h *Header, _ *Body) { h.To.Addr = s + "@client.example" }, "to domain": func(h *Header, _ *Body) { h.To.Addr = "a@" + s },
			"reply-to name": func(h *Header, _ *Body) { h.ReplyTo.Name = s }, "reply-to": func(h *Header, _ *Body) { h.ReplyTo.Addr = s },
			"subject": func(h *Header, _ *Body) { h.Subject = s }, "message-id": func(h *Header, _ *Body) { h.MessageID = s + "@x" }, "in-reply-to": func(h *Header, _ *Body) { h.InReplyTo = s },
			"references": func(h *Header, _ *Body) { h.References = []string{s, "a@b", s} }, "auto": func(h *Header, _ *Body) { h.Auto = s }, "loop": func(h *Header, _ *Body) { h.Loop = s },
			"text": func(_ *Header, b *Body) { b.Text = s }, "html": func(_ *Header, b *Body) { b.HTML = s },
			"file name": func(_ *Header, b *Body) { b.Attachments[0].Name = s }, "file type": func(_ *Header, b *Body) { b.Attachments[0].Type = s }, "charset": func(_ *Header, b *Body) { b.Attachments[0].Type = "text/plain; charset=\"" + s + `"` },
		} {
			h, b := sample()
			put(&h, &b)
			t.Run(name, func(t *testing.T) { checkNeutral(t, h, b) })
		}
	}
}

// words draws texts of the kinds that clients write, without what a header
// cannot hold.
func words(most int) *rapid.Generator[string] {
	r := rapid.OneOf(rapid.RuneFrom([]rune("abc XYZ 019 _-.,;:!?@#%&'()*+=<>[]{}|~^`$\"\\")), rapid.RuneFrom([]rune("投诉受理告知书律师费，。：（）〔〕“”　")), rapid.RuneFrom([]rune("堃𬱖𫖯😀éßЖ")))
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringOfN(r, 0, most, -1).Draw(t, "text")
		return strings.Trim(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " "), " 　")
	})
}

func TestComposeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, _ := sample()
		h.Subject, h.To.Name, h.From.Name = words(200).Draw(t, "subject"), words(90).Draw(t, "to"), words(90).Draw(t, "from")
		b := Body{Text: rapid.String().Draw(t, "body") + words(300).Draw(t, "more"), HTML: rapid.SampledFrom([]string{"", "<p>x</p>\n", "<p>" + strings.Repeat("投诉", 300) + "</p>\n"}).Draw(t, "html")}
		for range rapid.IntRange(0, 3).Draw(t, "files") {
			b.Attachments = append(b.Attachments, File{Name: words(100).Draw(t, "name"), Type: "application/pdf", Content: rapid.SliceOf(rapid.Byte()).Draw(t, "content")})
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "pictures") {
			b.Pictures = append(b.Pictures, Picture{fmt.Sprintf("p%d@firm.example", i), File{Name: words(20).Draw(t, "picture"), Type: "image/png", Content: rapid.SliceOf(rapid.Byte()).Draw(t, "image")}})
		}
		checkNeutral(t, h, b)
		raw, err := Compose(h, b)
		if err != nil {
			t.Fatalf("%v", err)
		}
		got, parts := readBack(t, raw)
		if s := decode(t, got.Get("Subject")); s != h.Subject {
			t.Fatalf("subject %q came back as %q\n%s", h.Subject, s, raw)
		}
		for field, want := range map[string]complaints.Address{"From": h.From, "To": h.To, "Reply-To": h.ReplyTo} {
			a, err := mail.ParseAddress(got.Get(field))
			if err != nil || a.Name != want.Name || a.Address != want.Addr {
				t.Fatalf("%s %q came back as %+v: %v\n%s", field, want, a, err, raw)
			}
		}
		if parts[0].text != tidy(b.Text) || parts[0].typ != "text/plain" || parts[0].charset != "UTF-8" {
			t.Fatalf("text %q came back as %+v", b.Text, parts[0])
		}
		if b.HTML != "" && (parts[1].text != tidy(b.HTML) || parts[1].typ != "text/html") {
			t.Fatalf("html came back as %+v", parts[1])
		}
		for i, f := range b.Attachments {
			if p := parts[len(parts)-len(b.Attachments)+i]; p.name != fileName(f.Name) || p.disposition != "attachment" {
				t.Fatalf("name %q came back as %+v", f.Name, p)
			}
		}
		for i, f := range b.Pictures {
			if p := parts[len(parts)-len(b.Attachments)-len(b.Pictures)+i]; p.text != string(f.Content) || p.disposition != "inline" || p.id != "<"+f.ID+">" {
				t.Fatalf("picture %q came back as %+v", f.ID, p)
			}
		}
	})
}

// A second reader, written by others, agrees with the first.
func TestComposeReadByGoMessage(t *testing.T) {
	h, b := sample()
	raw, err := Compose(h, b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := message_mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := r.Header.Subject(); err != nil || s != h.Subject {
		t.Errorf("subject %q: %v", s, err)
	}
	if ids, err := r.Header.MsgIDList("References"); err != nil || !slices.Equal(ids, h.References) {
		t.Errorf("references %q: %v", ids, err)
	}
	if d, err := r.Header.Date(); err != nil || !d.Equal(h.Date) {
		t.Errorf("date %s: %v", d, err)
	}
	var names []string
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil && !message.IsUnknownCharset(err) {
			t.Fatal(err)
		}
		if a, ok := p.Header.(*message_mail.AttachmentHeader); ok {
			name, err := a.Filename()
			if err != nil {
				t.Error(err)
			}
			names = append(names, name)
		}
	}
	if !slices.Equal(names, []string{b.Attachments[0].Name}) {
		t.Errorf("files %q", names)
	}
}

func FuzzCompose(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s, s, s, s, []byte(s))
	}
	f.Add("投诉", "张堃", "zhang", "您好\n.\n", "告知书.pdf", []byte("%PDF"))
	f.Fuzz(func(t *testing.T, subject, name, local, text, file string, content []byte) {
		h, b := sample()
		h.Subject, h.To.Name, h.To.Addr, h.InReplyTo, h.References = subject, name, local+"@client.example", local, []string{subject, local}
		b.Text, b.HTML, b.Attachments[0] = text, text, File{Name: file, Type: name, Content: content}
		checkNeutral(t, h, b)
	})
}

func BenchmarkCompose(b *testing.B) {
	h, body := sample()
	body.Attachments[0].Content = bytes.Repeat([]byte("%PDF-1.4 0123456789\n"), 3000)
	b.SetBytes(60000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compose(h, body); err != nil {
			b.Fatal(err)
		}
	}
}
