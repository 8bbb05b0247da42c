package mailin

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"complaints"
	"complaints/mailin/filename"
)

var update = flag.Bool("update", false, "write the .want files anew")

// goldenDesk is the desk that the golden mails were sent to.
func goldenDesk() Desk {
	return Desk{
		Address:    "complaints@firm.example",
		OwnMark:    func(mark string) bool { return mark == "v1.desk.8c1f" },
		IsStaff:    func(addr string) bool { return addr == "li@firm.example" || addr == "wang@firm.example" },
		AuthservID: "mx.firm.example",
	}
}

// mails lists the golden mails: those of real programs, and the bad ones.
func mails(t testing.TB) []string {
	t.Helper()
	good, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := filepath.Glob("testdata/bad/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	if len(good) < 40 || len(bad) < 20 {
		t.Fatalf("%d golden mails and %d bad ones", len(good), len(bad))
	}
	return append(good, bad...)
}

// TestGolden reads each mail and compares the whole message.
func TestGolden(t *testing.T) {
	for _, file := range mails(t) {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := Parse(raw, goldenDesk())
			checkClean(t, m)
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(m); err != nil {
				t.Fatal(err)
			}
			wantFile := strings.TrimSuffix(file, ".eml") + ".want"
			if *update {
				if err := os.WriteFile(wantFile, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got:\n%s\nwant:\n%s", got.Bytes(), want)
			}
		})
	}
}

// TestBadMailsTellWhatIsWrong: each of the bad mails has something to say.
func TestBadMailsTellWhatIsWrong(t *testing.T) {
	for _, file := range mails(t) {
		if !strings.HasPrefix(file, "testdata/bad/") || strings.Contains(file, "lf-only") || strings.Contains(file, "mbox") || strings.Contains(file, "qp-broken") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := Parse(raw, goldenDesk()); len(m.Problems) == 0 {
			t.Errorf("%s: no problems", file)
		}
	}
}

// checkClean checks what every message must be, however bad the mail: text
// that a database takes, names that a file system takes, lists that are lists.
func checkClean(t *testing.T, m *complaints.Message) {
	t.Helper()
	texts := []string{m.Text, m.OwnWords, m.Subject, m.From.Name, m.From.Addr, m.MessageID, m.ReplyTo, m.Why, m.Hold}
	texts = append(texts, m.Problems...)
	texts = append(texts, m.References...)
	texts = append(texts, m.Recipients()...)
	for _, a := range m.Attachments {
		texts = append(texts, a.Name, a.Type)
		if a.Name == "" || a.Name == "." || a.Name == ".." || strings.ContainsAny(a.Name, "/\\\n\u202e") || len(a.Name) > filename.Max || a.Size != len(a.Content) {
			t.Errorf("attachment %q of %d bytes, %d of content", a.Name, a.Size, len(a.Content))
		}
	}
	if m.DSN != nil {
		texts = append(texts, m.DSN.Recipient, m.DSN.Action, m.DSN.Status, m.DSN.Diagnostic, m.DSN.MessageID)
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || strings.ContainsRune(s, '\r') {
			t.Errorf("not clean: %q", s)
		}
	}
	if m.To == nil || m.Cc == nil || m.References == nil || m.Attachments == nil || m.Problems == nil || m.Auth.DKIM == nil {
		t.Error("a list is nil")
	}
	if m.Class == "" || m.Why == "" && m.Hold == "" || len(m.SHA256) != 64 {
		t.Errorf("class %q, why %q, sha256 %q", m.Class, m.Why, m.SHA256)
	}
	if slices.Contains(m.References, "") {
		t.Error("an empty reference")
	}
}

// TestContentHash: the same mail by two routes has one hash, another mail
// another.
func TestContentHash(t *testing.T) {
	raw, err := os.ReadFile("testdata/foxmail.eml")
	if err != nil {
		t.Fatal(err)
	}
	hash := Parse(raw, Desk{}).ContentHash
	again := append([]byte("Received: from relay.example by mx.firm.example; Tue, 3 Nov 2026 10:25:00 +0800\r\nReturn-Path: <x@y.example>\r\n"), raw...)
	if got := Parse(again, Desk{}).ContentHash; got != hash {
		t.Error("trace fields change the hash")
	}
	if got := Parse(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), Desk{}).ContentHash; got != hash {
		t.Error("line ends change the hash")
	}
	for _, change := range [][2]string{{"Tue, 3 Nov", "Tue, 4 Nov"}, {"complaints <complaints", "desk <complaints"}, {"\r\n\r\n", "\r\n\r\nx"}} {
		other := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
		if got := Parse(other, Desk{}).ContentHash; got == hash {
			t.Errorf("%q changes nothing", change[1])
		}
	}
}

// BenchmarkParse reads a mail of 20 kB with one attachment.
func BenchmarkParse(b *testing.B) {
	body := strings.Repeat("I paid the fee in May and was asked to pay it again in June.\r\n", 80)
	file := strings.Repeat("JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290\r\n", 190)
	raw := rawMail("--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+body+
		"--b\r\nContent-Type: application/pdf; name=receipt.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"+file+"--b--\r\n",
		"Content-Type: multipart/mixed; boundary=b")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if m := Parse(raw, Desk{}); len(m.Attachments) != 1 {
			b.Fatal(m.Problems)
		}
	}
}
