package sfnt

// Segment is one piece of an outline: a line or a quadratic curve from where
// the last one ended, or the start of a contour. Lengths are thousandths of an
// em, y grows upwards. A contour ends where it began.
type Segment struct {
	Kind   SegmentKind
	CX, CY float64 // control point of a curve
	X, Y   float64 // where it ends
}

// SegmentKind is what a Segment is.
type SegmentKind int

// The kinds of segments.
const (
	Move SegmentKind = iota
	Line
	Curve
)

// Flags of a simple glyph's points, and of a component's place.
const (
	onCurve     = 0x01
	shortX      = 0x02
	shortY      = 0x04
	repeated    = 0x08
	sameX       = 0x10 // or, of a short one: positive
	sameY       = 0x20
	argsAreXY   = 0x0002
	deepest     = 8    // how far composite glyphs may nest
	maxOutlines = 4096 // segments of one glyph; real ones have some hundreds
)

// Outline gives the contours of a glyph, composite ones put together. It is
// empty for a space, and for a glyph that is damaged.
func (f *Font) Outline(g GID) []Segment {
	s := f.segments(nil, g, transform{xx: 1, yy: 1}, 0)
	for i := range s {
		k := 1000 / float64(f.unitsPerE)
		s[i].CX, s[i].CY, s[i].X, s[i].Y = s[i].CX*k, s[i].CY*k, s[i].X*k, s[i].Y*k
	}
	return s
}

// transform places a component: x' = xx·x + yx·y + dx, y' = xy·x + yy·y + dy.
type transform struct{ xx, xy, yx, yy, dx, dy float64 }

func (t transform) at(x, y float64) (float64, float64) {
	return t.xx*x + t.yx*y + t.dx, t.xy*x + t.yy*y + t.dy
}

// then gives the transform that applies t and after it outer.
func (t transform) then(outer transform) transform {
	dx, dy := outer.at(t.dx, t.dy)
	return transform{
		xx: outer.xx*t.xx + outer.yx*t.xy, xy: outer.xy*t.xx + outer.yy*t.xy,
		yx: outer.xx*t.yx + outer.yx*t.yy, yy: outer.xy*t.yx + outer.yy*t.yy,
		dx: dx, dy: dy,
	}
}

func (f *Font) segments(out []Segment, g GID, t transform, depth int) []Segment {
	d := f.outline(g)
	switch {
	case len(d) < 10 || depth > deepest || len(out) > maxOutlines:
		return out
	case i16(d, 0) >= 0:
		return simple(out, d, t)
	}
	components, err := componentsOf([]byte(d))
	if err != nil {
		return out
	}
	for _, c := range components { // the offset of its glyph number
		flags := u16(d, c-2)
		p := transform{xx: 1, yy: 1}
		pos := c + 2
		if flags&argsAreWords != 0 {
			p.dx, p.dy = float64(i16(d, pos)), float64(i16(d, pos+2))
			pos += 4
		} else {
			p.dx, p.dy = float64(int8(u16(d, pos)>>8)), float64(int8(u16(d, pos)))
			pos += 2
		}
		if flags&argsAreXY == 0 {
			p.dx, p.dy = 0, 0 // points to be matched: no font in use does it
		}
		fraction := func(i int) float64 { return float64(i16(d, i)) / (1 << 14) }
		switch {
		case flags&haveScale != 0:
			p.xx, p.yy = fraction(pos), fraction(pos)
		case flags&haveXYScale != 0:
			p.xx, p.yy = fraction(pos), fraction(pos+2)
		case flags&haveTwoByTwo != 0:
			p.xx, p.xy, p.yx, p.yy = fraction(pos), fraction(pos+2), fraction(pos+4), fraction(pos+6)
		}
		out = f.segments(out, GID(u16(d, c)), p.then(t), depth+1)
	}
	return out
}

// point is one of a contour; between two that are off the curve lies one on it.
type point struct {
	x, y float64
	on   bool
}

// simple reads a glyph of its own contours.
func simple(out []Segment, d string, t transform) []Segment {
	contours := i16(d, 0)
	n := 0
	if contours > 0 {
		n = u16(d, 10+2*(contours-1)) + 1
	}
	pos := 10 + 2*contours
	pos += 2 + u16(d, pos) // instructions
	if n > len(d) {
		n = 0 // each point has at least a share of a flag, and real ones more
	}
	octet := func() int {
		v := u16(d, pos) >> 8
		if pos+1 == len(d) {
			v = int(d[pos])
		}
		pos++
		return v
	}
	flags := make([]int, 0, n)
	for len(flags) < n && pos < len(d) {
		flag := octet()
		flags = append(flags, flag)
		if flag&repeated != 0 {
			for r := octet(); r > 0 && len(flags) < n; r-- {
				flags = append(flags, flag)
			}
		}
	}
	xs, ys := make([]int, len(flags)), make([]int, len(flags))
	for axis, list := range [][]int{xs, ys} {
		short, same, v := shortX<<axis, sameX<<axis, 0
		for i, flag := range flags {
			switch {
			case flag&short != 0 && flag&same != 0:
				v += octet()
			case flag&short != 0:
				v -= octet()
			case flag&same == 0:
				v += i16(d, pos)
				pos += 2
			}
			list[i] = v
		}
	}
	for i, start := 0, 0; i < contours; i++ {
		end := u16(d, 10+2*i) + 1
		if end > len(flags) || end <= start {
			break
		}
		points := make([]point, 0, end-start)
		for j := start; j < end; j++ {
			x, y := t.at(float64(xs[j]), float64(ys[j]))
			points = append(points, point{x, y, flags[j]&onCurve != 0})
		}
		out = contour(out, points)
		start = end
	}
	return out
}

// contour turns the points of one contour into segments.
func contour(out []Segment, points []point) []Segment {
	middle := func(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2, true} }
	n := len(points)
	begin, first := points[0], 1
	if !begin.on {
		if last := points[n-1]; last.on {
			begin, n = last, n-1
		} else {
			begin = middle(begin, last)
		}
		first = 0
	}
	out = append(out, Segment{Kind: Move, X: begin.x, Y: begin.y})
	for i := first; i < n; i++ {
		p, next := points[i], begin
		if i+1 < n {
			next = points[i+1]
		}
		switch {
		case p.on:
			out = append(out, Segment{Kind: Line, X: p.x, Y: p.y})
		case next.on:
			out = append(out, Segment{Curve, p.x, p.y, next.x, next.y})
			i++
		default:
			m := middle(p, next)
			out = append(out, Segment{Curve, p.x, p.y, m.x, m.y})
		}
	}
	return append(out, Segment{Kind: Line, X: begin.x, Y: begin.y})
}
