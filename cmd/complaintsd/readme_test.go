package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"complaints"
)

// The READMEs hold the command table as the code has it; COMPLAINTSD_UPDATE=1
// writes it anew.
func TestReadmeHoldsTheCommandTable(t *testing.T) {
	for file, lang := range map[string]string{"../../README.md": "en", "../../README.zh.md": "zh"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		const open, end = "<!-- commands -->\n", "<!-- /commands -->"
		before, rest, ok1 := strings.Cut(string(b), open)
		table, after, ok2 := strings.Cut(rest, end)
		if !ok1 || !ok2 {
			t.Fatalf("%s has no place for the command table", file)
		}
		if want := commandTable(lang); table != want {
			if os.Getenv("COMPLAINTSD_UPDATE") == "" {
				t.Errorf("%s: the command table is not that of the code; run with COMPLAINTSD_UPDATE=1", file)
				continue
			}
			if err := os.WriteFile(file, []byte(before+open+want+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every command is used in a correspondence that goes through real servers: in
// one of a Chinese office and in one of an English office.
func TestEveryCommandHasAScenario(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		files, err := filepath.Glob("testdata/scenarios/" + lang + "-*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		used := map[string]bool{}
		for _, f := range append(files, "demo/"+lang+".txtar") {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range commandLine.FindAllStringSubmatch(string(b), -1) {
				used[strings.ToLower(m[1])] = true
			}
		}
		for _, v := range complaints.Vocabulary() {
			if !used[v.Zh[0]] && !used[v.En[0]] {
				t.Errorf("#%s (#%s) stands in no scenario in %s", v.Zh[0], v.En[0], lang)
			}
		}
	}
}

var commandLine = regexp.MustCompile(`(?m)^[#＃]\s*(\pL[\pL\pN-]*)`)
