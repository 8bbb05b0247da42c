package letters

import (
	"flag"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	complaints "complaints"

	"pgregory.net/rapid"
)

// standardCharacters are the 8,105 of the 通用规范汉字表.
func standardCharacters(t testing.TB) []rune {
	t.Helper()
	b, err := os.ReadFile("testdata/tongyong-guifan-8105.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []rune
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, []rune(strings.TrimSpace(line))...)
		}
	}
	if len(out) != 8105 {
		t.Fatalf("%d characters, want 8105", len(out))
	}
	return out
}

// spoken gives the text that a letter's pages must give back: that of its
// blocks, with their numbers, between the letterhead and the page numbers.
func spoken(t testing.TB, l complaints.Letter) string {
	t.Helper()
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	text, _, faults, err := p.text(l)
	if err != nil || faults != nil {
		t.Fatal(err, faults)
	}
	var b strings.Builder
	first := true
	for _, block := range parseBlocks(text, l.Lang) {
		if block.kind == enclosure {
			if first {
				b.WriteString(pick(l.Lang, "附件：", "Enc. "))
				first = false
			}
			if l.Lang == "en" {
				block.label = ""
			}
		}
		b.WriteString(block.label)
		for _, spans := range append([][]span{block.spans}, block.cells...) {
			for _, s := range spans {
				b.WriteString(s.text)
			}
		}
	}
	return unspaced(b.String())
}

// extracted gives the text that pdftotext finds on a letter's pages, without
// what stands outside their text areas.
func extracted(t testing.TB, l complaints.Letter) string {
	t.Helper()
	out := run(t, rendered(t, l), "pdftotext", "poppler-utils", "-raw", "FILE", "-")
	pages := strings.Split(strings.TrimSuffix(out, "\f"), "\f")
	var b strings.Builder
	for i, p := range pages {
		lines := strings.Split(strings.TrimSpace(p), "\n")
		if l.Lang == "en" || i > 0 {
			lines = lines[:len(lines)-1] // the page number
		}
		if i == 0 {
			lines = lines[pickInt(l.Lang, 2, 3):] // letterhead; number or details
		}
		b.WriteString(strings.Join(lines, ""))
	}
	return unspaced(b.String())
}

func pickInt(lang string, zh, en int) int {
	if lang == "en" {
		return en
	}
	return zh
}

// compare wants two texts to be one, and shows where they part.
func compare(t interface {
	Helper()
	Fatalf(string, ...any)
}, got, want string) {
	t.Helper()
	g, w := []rune(got), []rune(want)
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("character %d of %d (want %d):\n got %q\nwant %q", i, len(g), len(w), string(g[max(0, i-12):min(len(g), i+12)]), string(w[min(len(w), max(0, i-12)):min(len(w), i+12)]))
		}
	}
}

// same wants what pdftotext finds on a letter's pages to be what the letter
// says. Headings of tables are left out of the comparison: they are repeated on
// every page that the table reaches.
func same(t testing.TB, report interface {
	Helper()
	Fatalf(string, ...any)
}, l complaints.Letter) {
	t.Helper()
	report.Helper()
	got, want := extracted(t, l), spoken(t, l)
	for _, h := range headings(t, l) {
		got, want = strings.ReplaceAll(got, h, ""), strings.ReplaceAll(want, h, "")
	}
	compare(report, got, want)
}

// headings gives the heading rows of a letter's tables.
func headings(t testing.TB, l complaints.Letter) (out []string) {
	t.Helper()
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	text, _, _, err := p.text(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range parseBlocks(text, l.Lang) {
		if b.kind == tableHead {
			h := ""
			for _, c := range b.cells {
				for _, s := range c {
					h += s.text
				}
			}
			out = append(out, unspaced(h))
		}
	}
	return out
}

// TestEveryCharacter prints the whole table and wants it back.
func TestEveryCharacter(t *testing.T) {
	all := standardCharacters(t)
	l := sample(t, "result.zh")
	l.Result.Remarks = ""
	for chunk := range slices.Chunk(all, 700) {
		l.Result.Remarks += string(chunk) + "\n"
	}
	want := spoken(t, l)
	if !strings.Contains(want, string(all[:700])) || !strings.Contains(want, "𬱖") {
		t.Fatal("the characters are not in the letter")
	}
	compare(t, extracted(t, l), want)
}

// TestEveryCharacterInEveryFace prints the table in the headings' and titles'
// faces too: a name may stand in either.
func TestEveryCharacterInEveryFace(t *testing.T) {
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range standardCharacters(t) {
		for in := range roles {
			if _, g, ok := p.faces.find(r, in); !ok || g == 0 {
				t.Errorf("%c %U: no face has it for role %d", r, r, in)
			}
		}
	}
}

// TestNames prints names with characters above U+FFFF, in each kind of letter,
// in text and in the document's own title.
func TestNames(t *testing.T) {
	for _, s := range samples {
		l := sample(t, s)
		l.To.Name = "𬱖𫖯·𨱏𬭎"
		l.Contact.Name = "欧阳𫍲"
		l.Subject = "𬭎的代理费"
		same(t, t, l)
	}
}

// words makes texts of the kinds that letters hold, of at most n pieces.
func words(all []rune, n int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(1, n).Draw(t, "pieces") {
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0, 1, 2, 3, 4:
				for range rapid.IntRange(1, 20).Draw(t, "n") {
					b.WriteRune(rapid.SampledFrom(all).Draw(t, "han"))
				}
			case 5:
				b.WriteString(rapid.StringMatching(`[A-Za-z]{1,12}`).Draw(t, "latin"))
			case 6:
				b.WriteString(rapid.StringMatching(`[0-9]{1,3}(,[0-9]{3}){0,2}(\.[0-9]{2})?`).Draw(t, "number"))
			case 7:
				b.WriteString(rapid.StringMatching(`[，。、；：？！（）《》“”‘’〔〕—…％￥「」·]{1,4}`).Draw(t, "mark"))
			case 8:
				b.WriteString(rapid.StringMatching(`[-!"#$%&'()*+,./:;<=>?@\\^_{|}~]{1,3} ?`).Draw(t, "ascii"))
			default:
				b.WriteString(rapid.StringMatching(`[äéüßñçÀαβωДж×÷°]{1,3}|[𫖯𬱖𨱏𬭎]{1,2}| [a-z]{1,60}@[a-z]{1,20}\.cn `).Draw(t, "other"))
			}
		}
		return b.String()
	})
}

// fewer lets rapid make n checks in a test, unless the command line says how
// many.
func fewer(t *testing.T, n int) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	if err := checks.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := checks.Value.Set(checks.DefValue); err != nil {
			t.Error(err)
		}
	})
}

// TestTextOutIsTextIn is the property that the printing library breaks: what
// pdftotext finds is what the letter says, for any text, in every kind.
func TestTextOutIsTextIn(t *testing.T) {
	all := standardCharacters(t)
	tool(t, "pdftotext", "poppler-utils")
	fewer(t, 25) // each of them draws a letter of several pages
	base := map[string]complaints.Letter{}
	for _, s := range samples {
		base[s] = sample(t, s)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(samples).Draw(rt, "sample")
		l := base[s]
		l.Number.N = 0 // random words are no letter that may be issued
		l.Date = complaints.Date{}
		l = rewritten(reflect.ValueOf(l), nil, func(path []string, was string) string {
			switch {
			case was == "" || isCode(path) || path[0] == "firm" || path[0] == "number" || rapid.IntRange(0, 3).Draw(rt, "which") > 0:
				return was
			case slices.Contains(paragraphs, field(path)):
				return strings.Join(rapid.SliceOfN(words(all, 40), 1, 4).Draw(rt, "paragraphs"), "\n")
			}
			return words(all, 4).Draw(rt, "text")
		}).Interface().(complaints.Letter)
		same(t, rt, l)
	})
}
