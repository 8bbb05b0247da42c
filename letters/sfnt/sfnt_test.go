package sfnt

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font"
	xsfnt "golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../fonts/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t testing.TB, name string) *Font {
	t.Helper()
	f, err := Parse(read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAgainstAnotherReader compares glyphs and advances with those that
// golang.org/x/image reads, for every character from space to U+2FFFF.
func TestAgainstAnotherReader(t *testing.T) {
	data := read(t, "NotoSerifSC-Regular.ttf")
	f := parse(t, "NotoSerifSC-Regular.ttf")
	other, err := xsfnt.Parse([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var buf xsfnt.Buffer
	for r := rune(' '); r < 0x30000; r++ {
		g := f.Glyph(r)
		want, err := other.GlyphIndex(&buf, r)
		if err != nil || uint16(want) != uint16(g) {
			t.Fatalf("%U: glyph %d, want %d (%v)", r, g, want, err)
		}
		if g == 0 || r%50 != 0 {
			continue
		}
		adv, err := other.GlyphAdvance(&buf, want, fixed.I(1000), font.HintingNone)
		if err != nil || float64(adv.Round()) != f.Advance(g) {
			t.Fatalf("%U: advance %v, want %v (%v)", r, f.Advance(g), adv, err)
		}
	}
	if f.Name() != "NotoSerifSC-Regular" {
		t.Errorf("name %q", f.Name())
	}
}

// TestAlternates wants both forms of the marks that have two.
func TestAlternates(t *testing.T) {
	f := parse(t, "NotoSerifSC-Regular.ttf")
	for _, r := range "‘’“”" {
		if g := f.Glyph(r); f.Advance(g) != 1000 || f.Advance(f.Narrow(g)) > 500 {
			t.Errorf("%c: %v and %v", r, f.Advance(g), f.Advance(f.Narrow(g)))
		}
	}
	if g := f.Glyph('—'); f.Advance(f.Wide(g)) != 1000 {
		t.Errorf("the full-width dash is %v wide", f.Advance(f.Wide(g)))
	}
	if g := f.Glyph('国'); f.Wide(g) != g || f.Narrow(g) != g {
		t.Error("a Chinese character has another form")
	}
}

// TestSubset cuts a font and reads the cut: every glyph must have the outline
// and the advance it had, composite ones too.
func TestSubset(t *testing.T) {
	for _, name := range []string{"NotoSerifSC-Regular.ttf", "NotoSerifSC-Bold.ttf", "NotoSansSC-Bold.ttf"} {
		f := parse(t, name)
		chars := map[rune]GID{0xE000: f.Glyph('𬱖'), 0xE001: f.Glyph('𫖯')}
		for _, r := range "法律服务，（）。AbcÅéçñü½ 0123" {
			if g := f.Glyph(r); g != 0 {
				chars[r] = g
			}
		}
		b, err := f.Subset(chars)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 40_000 {
			t.Errorf("%s: the subset has %d bytes", name, len(b))
		}
		whole, err := xsfnt.Parse([]byte(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		small, err := xsfnt.Parse(b)
		if err != nil {
			t.Fatalf("%s: the subset cannot be read: %v", name, err)
		}
		var buf xsfnt.Buffer
		for r, g := range chars {
			i, err := small.GlyphIndex(&buf, r)
			if err != nil || i == 0 {
				t.Fatalf("%U is not in the subset: %v", r, err)
			}
			got, want := outlineOf(t, small, i), outlineOf(t, whole, xsfnt.GlyphIndex(g))
			if got != want {
				t.Errorf("%s: %U has another outline", name, r)
			}
		}
		again, err := f.Subset(chars)
		if err != nil || string(again) != string(b) {
			t.Errorf("%s: a second cut differs: %v", name, err)
		}
	}
	if _, err := parse(t, "NotoSansSC-Bold.ttf").Subset(map[rune]GID{0x2CC56: 5}); err == nil {
		t.Error("a code point above U+FFFF was taken")
	}
}

// TestOutlines compares the curves of glyphs with those that golang.org/x/image
// reads: one in fifty of all, and letters that are put together.
func TestOutlines(t *testing.T) {
	for _, name := range []string{"NotoSerifSC-Regular.ttf", "NotoSerifSC-Bold.ttf", "NotoSansSC-Bold.ttf"} {
		f := parse(t, name)
		other, err := xsfnt.Parse([]byte(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		glyphs := []GID{f.Glyph('ü'), f.Glyph('é'), f.Glyph('ệ'), f.Glyph(' ')}
		for g := 0; g < f.glyphs; g += 50 {
			glyphs = append(glyphs, GID(g))
		}
		compared := 0
		for _, g := range glyphs {
			var buf xsfnt.Buffer
			segments, err := other.LoadGlyph(&buf, xsfnt.GlyphIndex(g), fixed.I(1000), nil)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []float64 // the other reader leaves out lines that close
			for _, s := range segments {
				a, b := s.Args[0], s.Args[1]
				switch s.Op {
				case xsfnt.SegmentOpQuadTo:
					want = append(want, float64(a.X)/64, -float64(a.Y)/64, float64(b.X)/64, -float64(b.Y)/64)
				case xsfnt.SegmentOpMoveTo:
					want = append(want, float64(a.X)/64, -float64(a.Y)/64)
				}
			}
			for _, s := range f.Outline(g) {
				switch s.Kind {
				case Curve:
					got = append(got, s.CX, s.CY, s.X, s.Y)
				case Move:
					got = append(got, s.X, s.Y)
				}
			}
			compared += len(got)
			// It rounds the points between two control points.
			if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 0.5 }) {
				t.Fatalf("%s: glyph %d:\n got %v\nwant %v", name, g, got, want)
			}
		}
		if compared < 10_000 {
			t.Errorf("%s: only %d numbers were compared", name, compared)
		}
	}
}

func outlineOf(t *testing.T, f *xsfnt.Font, g xsfnt.GlyphIndex) string {
	t.Helper()
	var buf xsfnt.Buffer
	segments, err := f.LoadGlyph(&buf, g, fixed.I(1000), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range segments {
		for _, p := range s.Args {
			b.WriteString(p.X.String() + "," + p.Y.String() + " ")
		}
	}
	adv, err := f.GlyphAdvance(&buf, g, fixed.I(1000), font.HintingNone)
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + adv.String()
}

// TestRefused says what is wrong with a file that cannot be used.
func TestRefused(t *testing.T) {
	whole := read(t, "NotoSansSC-Bold.ttf")
	// OS/2 fsType stands 8 bytes into its table.
	restricted := []byte(whole)
	at := strings.Index(whole[:400], "OS/2")
	restricted[u32(whole, at+8)+9] = 0x02
	for _, tt := range []struct{ name, data, want string }{
		{"empty", "", "not a TrueType font"},
		{"text", "This Font Software is licensed", "not a TrueType font"},
		{"CFF", "OTTO" + whole[4:], "CFF outlines"},
		{"collection", "ttcf" + whole[4:], "a single .ttf is needed"},
		{"cut", whole[:1_000_000], "outside the file"},
		{"no tables", "\x00\x01\x00\x00" + strings.Repeat("\x00", 60), `has no "head" table`},
		{"restricted", string(restricted), "forbid embedding"},
	} {
		if _, err := Parse(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// FuzzParse damages a font: whatever Parse takes must not stop the program.
func FuzzParse(f *testing.F) {
	small, err := parse(f, "NotoSansSC-Bold.ttf").Subset(map[rune]GID{'A': 34, '法': 5000})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, b []byte) {
		font, err := Parse(string(b))
		if err != nil {
			return
		}
		g := font.Glyph('A')
		font.Advance(g)
		font.Bounds(g)
		font.Outline(g)
		if _, err := font.Subset(map[rune]GID{'A': g}); err == nil {
			font.Height(g)
		}
	})
}
