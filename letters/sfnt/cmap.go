package sfnt

import (
	"fmt"
	"slices"
)

// Glyph gives the glyph for a character, or 0 if the font has none.
func (f *Font) Glyph(r rune) GID {
	i, found := slices.BinarySearchFunc(f.cmap, r, func(g group, r rune) int {
		switch {
		case g.last < r:
			return -1
		case g.first > r:
			return 1
		}
		return 0
	})
	if !found {
		return 0
	}
	g := int(f.cmap[i].gid) + int(r-f.cmap[i].first)
	if g >= f.glyphs {
		return 0
	}
	return GID(g)
}

// readCmap takes the widest Unicode map: format 12 if there is one, which
// reaches beyond U+FFFF, else format 4.
func (f *Font) readCmap() error {
	t := f.tables["cmap"]
	best, format := "", 0
	for i := range u16(t, 2) {
		rec := 4 + 8*i
		platform, encoding := u16(t, rec), u16(t, rec+2)
		unicode := platform == 0 && encoding != 5 || platform == 3 && (encoding == 1 || encoding == 10)
		offset := u32(t, rec+4)
		sub := at(t, offset, len(t)-offset)
		if v := u16(sub, 0); unicode && (v == 4 || v == 12) && v > format {
			best, format = sub, v
		}
	}
	switch format {
	case 12:
		f.cmap = format12(best)
	case 4:
		f.cmap = format4(best)
	default:
		return fmt.Errorf("the font has no Unicode character map (cmap format 4 or 12)")
	}
	slices.SortFunc(f.cmap, func(a, b group) int { return int(a.first) - int(b.first) })
	return nil
}

func format12(t string) []group {
	n := min(u32(t, 12), (len(t)-16)/12)
	groups := make([]group, 0, n)
	for i := range n {
		rec := 16 + 12*i
		groups = append(groups, group{rune(u32(t, rec)), rune(u32(t, rec+4)), GID(u32(t, rec+8))})
	}
	return groups
}

func format4(t string) []group {
	segs := u16(t, 6) / 2
	ends, starts := 14, 16+2*segs
	deltas, offsets := starts+2*segs, starts+4*segs
	var groups []group
	for i := range segs {
		first, last := u16(t, starts+2*i), u16(t, ends+2*i)
		delta, offset := u16(t, deltas+2*i), u16(t, offsets+2*i)
		if first == 0xFFFF || last < first {
			continue
		}
		if offset == 0 {
			// The sum wraps at 65536 (that is how a negative delta is written).
			groups = append(groups, group{rune(first), rune(last), GID(first + delta)})
			continue
		}
		for c := first; c <= last; c++ {
			if g := u16(t, offsets+2*i+offset+2*(c-first)); g != 0 {
				groups = append(groups, group{rune(c), rune(c), GID(g + delta)})
			}
		}
	}
	return groups
}

// alternates reads the single substitutions (GSUB lookup type 1, plain or
// behind an extension, type 7) of one feature, whatever script it is for.
func (f *Font) alternates(feature string) map[GID]GID {
	t := f.tables["GSUB"]
	m := map[GID]GID{}
	features, lookups := u16(t, 6), u16(t, 8)
	seen := map[int]bool{}
	for i := range u16(t, features) {
		rec := features + 2 + 6*i
		if at(t, rec, 4) != feature {
			continue
		}
		table := features + u16(t, rec+4)
		for j := range u16(t, table+2) {
			n := u16(t, table+4+2*j)
			if seen[n] {
				continue
			}
			seen[n] = true
			lookup := lookups + u16(t, lookups+2+2*n)
			kind := u16(t, lookup)
			for k := range u16(t, lookup+4) {
				sub := lookup + u16(t, lookup+6+2*k)
				if kind == 7 && u16(t, sub+2) == 1 {
					sub += u32(t, sub+4)
				} else if kind != 1 {
					continue
				}
				substitute(m, t, sub)
			}
		}
	}
	return m
}

// substitute adds one single-substitution subtable to m.
func substitute(m map[GID]GID, t string, sub int) {
	for i, g := range coverage(t, sub+u16(t, sub+2)) {
		switch u16(t, sub) {
		case 1:
			m[g] = g + GID(u16(t, sub+4))
		case 2:
			if i < u16(t, sub+4) {
				m[g] = GID(u16(t, sub+6+2*i))
			}
		}
	}
}

func coverage(t string, c int) []GID {
	var out []GID
	for i := range u16(t, c+2) {
		if u16(t, c) == 1 {
			out = append(out, GID(u16(t, c+4+2*i)))
			continue
		}
		rec := c + 4 + 6*i
		for g := u16(t, rec); g <= u16(t, rec+2); g++ {
			out = append(out, GID(g))
		}
	}
	return out
}
