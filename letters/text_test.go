package letters

import (
	"strings"
	"testing"
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
		for _, m := range []string{"# ", "## ", "= ", "@ ", "+ ", "> ", "~ ", "~~ ", "* ", "%%", "-", "**"} {
			l := sample(t, s)
			switch {
			case l.Ack != nil:
				l.Ack.Summary = m + "甲\n" + m + "乙"
			case l.Result != nil:
				l.Result.Allegations[0].Reason = m + "甲" + m + "\n" + m + "乙"
			default:
				l.Decision.Reasons[0] = m + "甲" + m + "乙"
			}
			text, _, _, err := p.text(l)
			if err != nil {
				t.Fatal(err)
			}
			a, b := parseBlocks(plain, l.Lang), parseBlocks(text, l.Lang)
			if len(a) != len(b) {
				t.Fatalf("%s: %q: %d blocks, want %d", s, m, len(b), len(a))
			}
			for i := range a {
				if a[i].kind != b[i].kind || a[i].label != b[i].label {
					t.Errorf("%s: %q makes another block of %v", s, m, b[i])
				}
				for _, sp := range b[i].spans {
					if sp.bold && strings.ContainsAny(sp.text, "甲乙") {
						t.Errorf("%s: %q emphasises %q", s, m, sp.text)
					}
				}
			}
		}
	}
}
