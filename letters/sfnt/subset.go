package sfnt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Flags of a component of a composite glyph (glyf table).
const (
	argsAreWords  = 0x0001
	haveScale     = 0x0008
	moreFollow    = 0x0020
	haveXYScale   = 0x0040
	haveTwoByTwo  = 0x0080
	maxComponents = 64 // in one glyph, and in depth: real fonts have a handful
)

// Subset writes a TrueType file that holds the glyphs of chars, each under its
// code point. All code points must lie in the Basic Multilingual Plane,
// because the file has a cmap of format 4 only; a caller maps what lies beyond
// to private-use points. The same chars give the same bytes.
func (f *Font) Subset(chars map[rune]GID) ([]byte, error) {
	codes := make([]rune, 0, len(chars))
	for r := range chars {
		if r <= 0 || r >= 0xFFFF {
			return nil, fmt.Errorf("subset: %U is outside the range of a format 4 cmap", r)
		}
		codes = append(codes, r)
	}
	slices.Sort(codes)
	// New glyph numbers follow the code points, so that runs of neighbours
	// share one segment of the cmap.
	old := []GID{0}
	for _, r := range codes {
		old = append(old, chars[r])
	}
	glyf, loca, old, err := f.outlines(old)
	if err != nil {
		return nil, err
	}
	cmap, err := cmapTable(codes)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{"glyf": glyf, "loca": loca, "cmap": cmap, "hmtx": nil, "name": {0, 0, 0, 0, 0, 6}}
	for _, g := range old {
		out["hmtx"] = append(out["hmtx"], at(f.tables["hmtx"], 4*min(int(g), f.metrics-1), 2)...)
		out["hmtx"] = append(out["hmtx"], f.bearing(g)...)
	}
	for _, t := range []string{"head", "hhea", "maxp", "OS/2", "cvt ", "fpgm", "prep"} {
		if f.tables[t] != "" {
			out[t] = []byte(f.tables[t])
		}
	}
	binary.BigEndian.PutUint32(out["head"][8:], 0) // checksum: nobody verifies it inside a PDF
	binary.BigEndian.PutUint16(out["head"][50:], 1)
	binary.BigEndian.PutUint16(out["hhea"][34:], uint16(len(old)))
	binary.BigEndian.PutUint16(out["maxp"][4:], uint16(len(old)))
	out["post"] = make([]byte, 32) // version 3: no glyph names
	copy(out["post"], at(f.tables["post"], 0, 16))
	binary.BigEndian.PutUint32(out["post"], 0x00030000)
	return assemble(out), nil
}

// outlines copies the glyphs and appends those they are composed of, with
// their numbers rewritten. It returns the full list of old glyphs.
func (f *Font) outlines(old []GID) (glyf, loca []byte, all []GID, err error) {
	place := map[GID]int{}
	for i, g := range slices.Backward(old) {
		place[g] = i
	}
	for i := 0; i < len(old); i++ {
		if len(old) > 0xFFFF {
			return nil, nil, nil, fmt.Errorf("subset: more than 65,535 glyphs")
		}
		d := []byte(f.outline(old[i]))
		if len(d) >= 10 && int16(binary.BigEndian.Uint16(d)) < 0 {
			components, err := componentsOf(d)
			if err != nil {
				return nil, nil, nil, fmt.Errorf("subset: glyph %d: %w", old[i], err)
			}
			for _, c := range components {
				g := GID(binary.BigEndian.Uint16(d[c:]))
				if _, ok := place[g]; !ok {
					place[g] = len(old)
					old = append(old, g)
				}
				binary.BigEndian.PutUint16(d[c:], uint16(place[g]))
			}
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, d...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	return glyf, loca, old, nil
}

// componentsOf gives the offsets of the glyph numbers in a composite glyph.
func componentsOf(d []byte) ([]int, error) {
	var out []int
	for pos := 10; ; {
		if pos+4 > len(d) || len(out) == maxComponents {
			return nil, fmt.Errorf("damaged composite glyph")
		}
		flags := binary.BigEndian.Uint16(d[pos:])
		out = append(out, pos+2)
		pos += 6
		if flags&argsAreWords != 0 {
			pos += 2
		}
		switch {
		case flags&haveScale != 0:
			pos += 2
		case flags&haveXYScale != 0:
			pos += 4
		case flags&haveTwoByTwo != 0:
			pos += 8
		}
		if flags&moreFollow == 0 {
			return out, nil
		}
	}
}

// bearing gives the two bytes of a glyph's left side bearing.
func (f *Font) bearing(g GID) string {
	if int(g) < f.metrics {
		return at(f.tables["hmtx"], 4*int(g)+2, 2)
	}
	return at(f.tables["hmtx"], 4*f.metrics+2*(int(g)-f.metrics), 2)
}

// cmapTable writes one format 4 map: the i-th code has glyph i+1.
func cmapTable(codes []rune) ([]byte, error) {
	var starts, ends, deltas []uint16
	for i, r := range codes {
		if n := len(ends); n > 0 && rune(ends[n-1])+1 == r {
			ends[n-1] = uint16(r)
			continue
		}
		starts, ends = append(starts, uint16(r)), append(ends, uint16(r))
		deltas = append(deltas, uint16(i+1)-uint16(r))
	}
	starts, ends, deltas = append(starts, 0xFFFF), append(ends, 0xFFFF), append(deltas, 1)
	segs := len(ends)
	if 16+8*segs > 0xFFFF {
		return nil, fmt.Errorf("subset: %d separate runs of characters are too many for one cmap", segs)
	}
	search, selector := 2, 0
	for search*2 <= segs*2 {
		search, selector = search*2, selector+1
	}
	var t []byte
	put := func(vs ...uint16) {
		for _, v := range vs {
			t = binary.BigEndian.AppendUint16(t, v)
		}
	}
	put(0, 1, 3, 1, 0, 12)
	put(4, uint16(16+8*segs), 0, uint16(2*segs), uint16(search), uint16(selector), uint16(2*segs-search))
	put(ends...)
	put(0)
	put(starts...)
	put(deltas...)
	put(make([]uint16, segs)...)
	return t, nil
}

// assemble writes the table directory, sorted by tag, and the tables.
func assemble(tables map[string][]byte) []byte {
	tags := make([]string, 0, len(tables))
	for t := range tables {
		tags = append(tags, t)
	}
	slices.SortFunc(tags, strings.Compare)
	search, selector := 16, 0
	for search*2 <= len(tags)*16 {
		search, selector = search*2, selector+1
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{len(tags), search, selector, len(tags)*16 - search} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	offset := 12 + 16*len(tags)
	for _, t := range tags {
		out = append(out, t...)
		out = binary.BigEndian.AppendUint32(out, checksum(tables[t]))
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		out = binary.BigEndian.AppendUint32(out, uint32(len(tables[t])))
		offset += (len(tables[t]) + 3) &^ 3
	}
	for _, t := range tags {
		out = append(out, tables[t]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

func checksum(b []byte) (sum uint32) {
	for i := 0; i < len(b); i += 4 {
		var word [4]byte
		copy(word[:], b[i:])
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}
