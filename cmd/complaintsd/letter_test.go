package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const letterData = "../../letters/testdata/result.zh.json"

// TestLetter renders from data, and says in one line each what keeps a letter
// from being issued.
func TestLetter(t *testing.T) {
	dir := t.TempDir()
	pdf := filepath.Join(dir, "letter.pdf")
	data, err := os.ReadFile(letterData)
	if err != nil {
		t.Fatal(err)
	}
	faulty := filepath.Join(dir, "faulty.json")
	if err := os.WriteFile(faulty, bytes.Replace(data, []byte(`"appeal_until": "2027-01-04"`), []byte(`"appeal_until": ""`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(dir, "odd.json")
	if err := os.WriteFile(odd, []byte(`{"kind": "result", "colour": "red"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		stdin  string
		code   int
		stderr string
	}{
		{"a letter", []string{"-type", "result", "-lang", "zh", "-in", letterData, "-out", pdf}, "", 0, ""},
		{"from standard input", []string{"-in", "-", "-out", pdf}, string(data), 0, ""},
		{"a fault", []string{"-in", faulty, "-out", pdf}, "", 1, "没有写明申诉截止的日历日期"},
		{"a fault, in English", []string{"-lang", "en", "-in", faulty, "-out", pdf}, "", 1, "The calendar date until which an appeal may be made is missing."},
		{"a draft may have faults", []string{"-draft", "-in", faulty, "-out", pdf}, "", 0, ""},
		{"another kind than the data's", []string{"-type", "decision", "-in", letterData, "-out", pdf}, "", 1, "decision"},
		{"unknown field", []string{"-in", odd, "-out", pdf}, "", 1, `unknown field "colour"`},
		{"no such file", []string{"-in", "none.json", "-out", pdf}, "", 1, "none.json"},
		{"no output", []string{"-in", letterData}, "", 2, "name the data and the PDF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			os.Remove(pdf)
			var out, errs bytes.Buffer
			code := letter(tt.args, strings.NewReader(tt.stdin), &out, &errs)
			if code != tt.code || !strings.Contains(errs.String(), tt.stderr) || tt.stderr == "" && errs.Len() > 0 {
				t.Fatalf("exit %d, stderr: %s", code, errs.String())
			}
			b, _ := os.ReadFile(pdf)
			if made := bytes.HasPrefix(b, []byte("%PDF-")); made != (tt.code == 0) {
				t.Errorf("a PDF was written: %v", made)
			}
		})
	}
}
