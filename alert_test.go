package complaints

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// Why a mail is held, and what an administrator is told, is said in both
// languages: no reason in the code is without its words.
func TestHoldsAndAlertsHaveTheirWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	hold, kind := regexp.MustCompile(`\.Hold = "([^"]+)"`), regexp.MustCompile(`\.alert\("(\w+)"`)
	holds, kinds := 0, 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range hold.FindAllStringSubmatch(string(src), -1) {
			if holds++; strings.HasPrefix(HoldWords(m[1], "en"), "over a limit") {
				t.Errorf("%s: no words for a mail that is held: %s", file, m[1])
			}
		}
		for _, m := range kind.FindAllStringSubmatch(string(src), -1) {
			if kinds++; alertWords(m[1], "zh") == "" || alertWords(m[1], "en") == "" {
				t.Errorf("%s: no words for the alert %q", file, m[1])
			}
		}
	}
	if holds < 8 || kinds < 9 {
		t.Errorf("%d reasons and %d alerts were found", holds, kinds)
	}
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Security = "it@firm.example"
	m := d.message("kefu@firm.example", "list", "#列表")
	m.Place = &Place{Doubt: "anyone may write into it", DoubtZh: "任何人都可以写入"}
	o := d.receive(m)
	want(t, "who is told", sent(o, "alert"), []string{"it"})
	for _, mail := range o.Mails {
		if mail.Template == "alert" && (mail.Facts.Reason != "命令文件夹" || !strings.Contains(mail.Facts.Text, "任何人都可以写入") || strings.ContainsFunc(mail.Facts.Text, unicode.IsLower)) {
			t.Errorf("%+v", mail.Facts)
		}
	}
}
