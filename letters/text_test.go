package letters

import (
	"reflect"
	"slices"
	"testing"

	complaints "complaints"
)

func TestLegible(t *testing.T) {
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ in, zh, en string }{
		{"太过分了😡😡！", "太过分了〔表情〕〔表情〕！", "太过分了[emoji][emoji]！"},
		{"👨‍👩‍👧 一家", "〔表情〕 一家", "[emoji] 一家"},
		{"👍🏽好", "〔表情〕好", "[emoji]好"},
		{"☎️ 号码", "☎ 号码", "☎ 号码"},
		{"a\x07b\x00c", "a〔控制符〕b〔控制符〕c", "a[control character]b[control character]c"},
		{"零\u200b宽\ufeff\u00ad字", "零宽字", "零宽字"},
		{"a\u202Eb", "ab", "ab"},
		{"한국", "〔缺字U+D55C〕〔缺字U+AD6D〕", "[character U+D55C][character U+AD6D]"},
		{"坏\xff字", "坏〔缺字U+FFFD〕字", "坏[character U+FFFD]字"},
		{"两\r\n行\t制\u00a0表\u3000符", "两\n行 制 表\u3000符", "两\n行 制 表\u3000符"},
		{"𬱖𫖯𨱏𬭎", "𬱖𫖯𨱏𬭎", "𬱖𫖯𨱏𬭎"},
	} {
		if got := p.faces.legible(tt.in, "zh"); got != tt.zh {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.zh)
		}
		if got := p.faces.legible(tt.in, "en"); got != tt.en {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.en)
		}
	}
}

// isCode reports whether a text of a letter is a code, which decides what the
// letter says.
func isCode(path []string) bool {
	return slices.Contains([]string{"lang", "what", "code", "kind", "channel", "ground", "missing"}, path[len(path)-1]) || slices.Contains(path, "missing")
}

// TestNoMarkup writes markup into every text of a letter: it must come out as
// text, and change nothing of the letter's structure.
func TestNoMarkup(t *testing.T) {
	for _, s := range samples {
		l := sample(t, s)
		p, err := standard()
		if err != nil {
			t.Fatal(err)
		}
		plain, _, _, err := p.text(l)
		if err != nil {
			t.Fatal(err)
		}
		marks := []string{"# ", "## ", "= ", "@ ", "+ ", "> ", "~ ", "~~ ", "* ", "%%", "-", "**", "| ", "|: ", "|= "}
		for shift := range 3 {
			n := shift * len(marks) / 3
			text, _, _, err := p.text(rewritten(reflect.ValueOf(sample(t, s)), nil, func(path []string, was string) string {
				if was == "" || isCode(path) {
					return was
				}
				n++
				m := marks[n%len(marks)]
				if path[len(path)-1] == "name" && slices.ContainsFunc(path, func(p string) bool { return p == "routes" || p == "bodies" }) {
					m = marks[shift] // bodies that are named already are told from the others by their names
				}
				return m + "甲" + was + m + "乙"
			}).Interface().(complaints.Letter))
			if err != nil {
				t.Fatal(err)
			}
			a, b := parseBlocks(plain, l.Lang), parseBlocks(text, l.Lang)
			if len(a) != len(b) {
				t.Fatalf("%s: %d blocks, want %d", s, len(b), len(a))
			}
			for i := range a {
				if a[i].kind != b[i].kind || a[i].label != b[i].label || len(a[i].cells) != len(b[i].cells) || len(a[i].spans) != len(b[i].spans) {
					t.Errorf("%s: another block: %v, was %v", s, b[i], a[i])
					continue
				}
				for j := range a[i].spans {
					if a[i].spans[j].bold != b[i].spans[j].bold {
						t.Errorf("%s: emphasises %q", s, b[i].spans[j].text)
					}
				}
			}
		}
	}
}

// TestOrdinary holds the short way that nearly all text takes against the long
// one: every character that is let through stands for itself, beside any other.
func TestOrdinary(t *testing.T) {
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, ok := range p.faces.common {
		if !ok {
			continue
		}
		n++
		c := p.faces.clusters("一" + string(rune(r)) + "a")
		if len(c) != 3 || c[1] != (cluster{string(rune(r)), ""}) || tidy(string(rune(r))) != string(rune(r)) {
			t.Errorf("%c %U: %q", r, r, c)
		}
	}
	if n < 20_000 || !p.faces.ordinary("张堃，2026年11月24日：\n“收费”") || p.faces.ordinary("张堃🌸") || p.faces.ordinary("𬱖") || p.faces.ordinary("a\u0301") || p.faces.ordinary("a\tb") || p.faces.ordinary("a\xff") {
		t.Errorf("%d characters are ordinary", n)
	}
}
