package main

import (
	"bytes"
	"fmt"
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
		{"two letters in one file", []string{"-in", "-", "-out", pdf}, string(data) + string(data), 1, "more than one letter"},
		{"a kind that there is not", []string{"-type", "apology", "-in", letterData, "-out", pdf}, "", 1, "apology"},
		{"a language that there is not", []string{"-lang", "fr", "-in", letterData, "-out", pdf}, "", 1, "fr"},
		{"a folder that there is not", []string{"-in", letterData, "-out", filepath.Join(dir, "none", "a.pdf")}, "", 1, "none/a.pdf"},
		{"page images of standard output", []string{"-png", "100", "-in", letterData, "-out", "-"}, "", 2, "-out must name a file"},
		{"page images too coarse", []string{"-png", "5", "-in", letterData, "-out", pdf}, "", 1, "20 to 600"},
		{"a gallery of nothing", []string{"-gallery", dir}, "", 2, "-gallery DIR FILE.json"},
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

// TestLetterPages writes a letter's pages beside it.
func TestLetterPages(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := letter([]string{"-png", "50", "-in", letterData, "-out", filepath.Join(dir, "a.pdf")}, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	for _, name := range []string{"a.pdf", "a-1.png", "a-2.png"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if want := map[string]string{".pdf": "%PDF-1.7", ".png": "\x89PNG"}[filepath.Ext(name)]; err != nil || !bytes.HasPrefix(b, []byte(want)) {
			t.Errorf("%s: %v, %.8q", name, err, b)
		}
	}
}

// TestGallery renders every sample, and says which data it cannot use.
func TestGallery(t *testing.T) {
	dir := t.TempDir()
	samples, err := filepath.Glob("../../letters/testdata/*.json")
	if err != nil || len(samples) < 6 {
		t.Fatalf("%d samples: %v", len(samples), err)
	}
	odd := filepath.Join(dir, "odd.json")
	if err := os.WriteFile(odd, []byte(`{"kind": "result", "lang": "en", "ref": "T2026-0001"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := letter(append([]string{"-png", "40", "-gallery", filepath.Join(dir, "out"), odd}, samples...), nil, &out, &errs)
	if lines := strings.Count(errs.String(), "\n"); code != 1 || lines != 1 || !strings.Contains(errs.String(), "odd.json: The letter of case T2026-0001 cannot be issued") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if want := fmt.Sprintf("%d letters, ", len(samples)); !strings.Contains(out.String(), want) {
		t.Errorf("%s, want %s", out.String(), want)
	}
	index, err := os.ReadFile(filepath.Join(dir, "out", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		name := strings.TrimSuffix(filepath.Base(s), ".json")
		for _, file := range []string{name + ".pdf", name + "-1.png"} {
			if _, err := os.Stat(filepath.Join(dir, "out", file)); err != nil || !strings.Contains(string(index), `"`+file+`"`) {
				t.Errorf("%s is not there, or the index does not name it: %v", file, err)
			}
		}
	}
}
