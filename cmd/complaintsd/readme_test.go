package main

import (
	"os"
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

// Every command is used in a correspondence that goes through real servers, or
// in one of the domain's own.
func TestEveryCommandHasAScenario(t *testing.T) {
	var all strings.Builder
	for _, pattern := range []string{"demo", "testdata/scenarios"} {
		entries, err := os.ReadDir(pattern)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(pattern + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	for _, v := range complaints.Vocabulary() {
		if !strings.Contains(all.String(), "\n#"+v.Zh[0]) && !strings.Contains(all.String(), "\n#"+v.En[0]) {
			t.Errorf("#%s (#%s) stands in no scenario", v.Zh[0], v.En[0])
		}
	}
}
