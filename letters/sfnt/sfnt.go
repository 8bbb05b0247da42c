// Package sfnt reads TrueType fonts and cuts small ones out of them.
//
// A whole Chinese font is 15 MB; a letter needs a few hundred of its glyphs,
// and the PDF library parses whatever it is given for each document. So:
//
//  1. Parse reads the directory, the metrics, the character map (cmap formats
//     4 and 12) and the full-width and proportional alternates (GSUB features
//     fwid and pwid) once. The font's bytes are a string: embedded fonts stay
//     in the program's read-only pages and are never copied.
//  2. Glyph, Advance and Bounds answer what layout asks.
//  3. Subset writes a complete TrueType file that holds the wanted glyphs, and
//     the glyphs they are composed of, under the wanted code points.
//
// Table layouts follow the OpenType specification 1.9 (ISO/IEC 14496-22).
package sfnt

import (
	"fmt"
	"unicode/utf16"
)

// GID is the number of a glyph in its font; 0 is .notdef, the missing glyph.
type GID uint16

// Font is a parsed TrueType font. It never changes once made.
type Font struct {
	name      string
	tables    map[string]string
	unitsPerE int
	glyphs    int
	metrics   int // entries of hmtx that have an advance of their own
	longLoca  bool
	cmap      []group
	wide      map[GID]GID // GSUB fwid
	narrow    map[GID]GID // GSUB pwid
}

// group is a run of code points whose glyphs follow one another.
type group struct {
	first, last rune
	gid         GID
}

// needed are the tables without which neither layout nor a PDF can do.
var needed = []string{"head", "hhea", "maxp", "hmtx", "cmap", "loca", "glyf", "OS/2", "post", "name"}

// Parse reads a font. It refuses, with an error that says what to do, a file
// that is no single TrueType font (collections, CFF outlines) and one whose
// licence bits (OS/2 fsType) forbid embedding or subsetting.
func Parse(data string) (*Font, error) {
	switch tag := at(data, 0, 4); tag {
	case "\x00\x01\x00\x00", "true":
	case "OTTO":
		return nil, fmt.Errorf("the font has CFF outlines; a TrueType font (.ttf with glyf outlines) is needed")
	case "ttcf":
		return nil, fmt.Errorf("the file is a collection of fonts (.ttc); a single .ttf is needed")
	default:
		return nil, fmt.Errorf("not a TrueType font: it begins with %q", tag)
	}
	f := &Font{tables: map[string]string{}}
	for i := range u16(data, 4) {
		rec := 12 + 16*i
		t := at(data, u32(data, rec+8), u32(data, rec+12))
		if t == "" && u32(data, rec+12) > 0 {
			return nil, fmt.Errorf("table %q lies outside the file", at(data, rec, 4))
		}
		f.tables[at(data, rec, 4)] = t
	}
	for _, n := range needed {
		if f.tables[n] == "" {
			return nil, fmt.Errorf("the font has no %q table", n)
		}
	}
	f.unitsPerE = u16(f.tables["head"], 18)
	f.longLoca = u16(f.tables["head"], 50) == 1
	f.glyphs = u16(f.tables["maxp"], 4)
	f.metrics = u16(f.tables["hhea"], 34)
	if f.unitsPerE == 0 || f.metrics == 0 || f.metrics > f.glyphs {
		return nil, fmt.Errorf("the font's head, hhea and maxp tables do not agree")
	}
	if len(f.tables["hmtx"]) < 4*f.metrics+2*(f.glyphs-f.metrics) {
		return nil, fmt.Errorf("the font's hmtx table is cut short")
	}
	// 0x0002 restricted licence, 0x0100 no subsetting, 0x0200 bitmaps only.
	if fs := u16(f.tables["OS/2"], 8); fs&0x000F == 0x0002 || fs&0x0300 != 0 {
		return nil, fmt.Errorf("the font's licence bits (fsType %#04x) forbid embedding it in a PDF", fs)
	}
	if err := f.readCmap(); err != nil {
		return nil, err
	}
	f.wide, f.narrow = f.alternates("fwid"), f.alternates("pwid")
	f.name = f.postScriptName()
	return f, nil
}

// Name gives the PostScript name (name ID 6), or "Font".
func (f *Font) Name() string { return f.name }

// Advance gives a glyph's advance width in thousandths of an em.
func (f *Font) Advance(g GID) float64 {
	i := min(int(g), f.metrics-1)
	return f.milli(u16(f.tables["hmtx"], 4*i))
}

// Measures are those of a whole font, in thousandths of an em.
type Measures struct {
	Box                              [4]int // left, bottom, right, top of all glyphs
	Ascent, Descent, CapHeight, Stem int    // Stem: a guess from the weight, as PDF writers make it
}

// Measures gives what a PDF says of a font.
func (f *Font) Measures() Measures {
	head, hhea, os2 := f.tables["head"], f.tables["hhea"], f.tables["OS/2"]
	m := Measures{Ascent: int(f.milli(i16(hhea, 4))), Descent: int(f.milli(i16(hhea, 6)))}
	for i := range m.Box {
		m.Box[i] = int(f.milli(i16(head, 36+2*i)))
	}
	m.CapHeight = m.Ascent
	if u16(os2, 0) > 1 {
		m.CapHeight = int(f.milli(i16(os2, 88)))
	}
	weight := u16(os2, 4)
	m.Stem = 50 + weight*weight/(65*65)
	return m
}

// Bounds gives the left and right edge of a glyph's ink in thousandths of an
// em; ok is false if it has none, as a space.
func (f *Font) Bounds(g GID) (left, right float64, ok bool) {
	d := f.outline(g)
	if len(d) < 10 {
		return 0, 0, false
	}
	return f.milli(i16(d, 2)), f.milli(i16(d, 6)), true
}

// Height gives the bottom and top of a glyph's ink, as Bounds does its sides.
func (f *Font) Height(g GID) (bottom, top float64, ok bool) {
	d := f.outline(g)
	if len(d) < 10 {
		return 0, 0, false
	}
	return f.milli(i16(d, 4)), f.milli(i16(d, 8)), true
}

// Wide gives the full-width form of a glyph, or the glyph itself.
func (f *Font) Wide(g GID) GID { return other(f.wide, g) }

// Narrow gives the proportional form of a glyph, or the glyph itself.
func (f *Font) Narrow(g GID) GID { return other(f.narrow, g) }

func other(m map[GID]GID, g GID) GID {
	if o, ok := m[g]; ok {
		return o
	}
	return g
}

func (f *Font) milli(units int) float64 { return float64(units) * 1000 / float64(f.unitsPerE) }

// outline gives a glyph's entry in glyf, "" for an empty one.
func (f *Font) outline(g GID) string {
	if int(g) >= f.glyphs {
		return ""
	}
	loca := f.tables["loca"]
	from, to := 2*u16(loca, 2*int(g)), 2*u16(loca, 2*int(g)+2)
	if f.longLoca {
		from, to = u32(loca, 4*int(g)), u32(loca, 4*int(g)+4)
	}
	return at(f.tables["glyf"], from, to-from)
}

func (f *Font) postScriptName() string {
	t := f.tables["name"]
	strings := u16(t, 4)
	for i := range u16(t, 2) {
		rec := 6 + 12*i
		if u16(t, rec) != 3 || u16(t, rec+6) != 6 {
			continue
		}
		raw := at(t, strings+u16(t, rec+10), u16(t, rec+8))
		units := make([]uint16, len(raw)/2)
		for j := range units {
			units[j] = uint16(u16(raw, 2*j))
		}
		return string(utf16.Decode(units))
	}
	return "Font"
}

// at gives n bytes from offset i, or "" if they are not all there: a damaged
// font must not stop the program, and reads as having nothing at that place.
func at(s string, i, n int) string {
	if i < 0 || n < 0 || i > len(s) || n > len(s)-i {
		return ""
	}
	return s[i : i+n]
}

func u16(s string, i int) int {
	if i < 0 || i+2 > len(s) {
		return 0
	}
	return int(s[i])<<8 | int(s[i+1])
}

func i16(s string, i int) int { return int(int16(u16(s, i))) }

func u32(s string, i int) int { return u16(s, i)<<16 | u16(s, i+2) }
