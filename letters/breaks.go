package letters

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"complaints/letters/sfnt"
)

// cell is one character with all that setting it needs. Lengths are points.
type cell struct {
	r       rune
	class   class
	font    int // index into faces.fonts
	gid     sfnt.GID
	size    float64
	natural float64 // the glyph's own advance
	advance float64 // what it takes up before the line is adjusted
	left    float64 // blank within it that may be taken away before the ink …
	right   float64 // … and after it
	shift   float64 // blank before the ink that is taken away already
	gap     float64 // blank before it that may shrink: between Chinese and Latin
	soft    bool    // a line may end after it though it stands in a word: in addresses
	tied    bool    // no line may end before it: within the number of a letter
}

// class is how a character behaves at the end of a line.
type class int

const (
	wide   class = iota // a Chinese character and what is set like one
	latin               // letters and digits of words: never parted
	space               // vanishes at the end of a line
	opens               // （《“: never last in a line
	closes              // ，。》”: never first in a line
	dash                // —— ……: never parted, never first
)

const (
	noEnd   = "（〔［｛〈《「『【〖“‘￥＄£¥(["
	noStart = "，。、；：？！）〕］｝〉》」』】〗”’％‰°·～)]%,.;:?!々ー"
	dashes  = "—…"
)

// classOf tells how a character behaves. glyphWide says that its glyph fills a
// whole cell.
func classOf(r rune, glyphWide bool) class {
	switch {
	case r == ' ':
		return space
	case strings.ContainsRune(dashes, r):
		return dash
	case glyphWide && strings.ContainsRune(noEnd, r):
		return opens
	case glyphWide && strings.ContainsRune(noStart, r):
		return closes
	case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r) || glyphWide && !unicode.IsLetter(r) || r >= 0xFF01 && r <= 0xFFEF:
		return wide
	}
	return latin
}

// mayBreak reports whether a line may end between two characters.
func mayBreak(a, b cell) bool {
	switch {
	case b.tied || b.class == space || b.class == closes || b.class == dash:
		return false
	case a.class == space:
		return true
	case a.class == opens:
		return false
	case a.class == latin && b.class == latin:
		return a.soft
	case unicode.Is(unicode.M, b.r):
		return false
	case unicode.IsDigit(a.r) && strings.ContainsRune("年月日时分号元角项条款份页万亿", b.r):
		return false // 11月 and 5元 stay whole
	case a.class == latin && strings.ContainsRune("([{", a.r):
		return false
	case b.class == latin && strings.ContainsRune(noStart, b.r):
		return false
	}
	return true
}

// line is one line of text before it has a place: its cells and how far they
// are from the left margin.
type line struct {
	cells  []cell
	x      []float64 // of each cell's origin
	indent float64
	width  float64 // from the first cell's origin to the end of the last
}

// measure is how wide the lines of a paragraph are.
type measure struct {
	width       float64
	first, rest float64 // indents
	justify     bool
}

// breakLines sets a paragraph: greedy, with the rules of line beginnings and
// ends, and with punctuation squeezed where that keeps a character in its
// line. No character is ever left out; blanks at a line's end hang.
func breakLines(cells []cell, m measure) []line {
	var out []line
	indent := m.first
	for start := 0; start < len(cells); {
		end := lineEnd(cells[start:], m.width-indent) + start
		last := end == len(cells)
		out = append(out, set(cells[start:end], indent, m.width-indent, m.justify && !last))
		start, indent = end, m.rest
	}
	if n := len(out); n > 1 && m.justify && orphan(out[n-1].cells) {
		if cells := out[n-2].cells; len(cells) > 8 {
			both := append(slices.Clip(cells), out[n-1].cells...)
			for cut := len(cells) - 1; cut > len(cells)-5; cut-- {
				if mayBreak(both[cut-1], both[cut]) {
					out[n-2] = set(both[:cut], out[n-2].indent, m.width-out[n-2].indent, true)
					out[n-1] = set(both[cut:], m.rest, m.width-m.rest, false)
					break
				}
			}
		}
	}
	return out
}

// balanced sets a title: in no more lines than it needs, which are of like
// lengths, and parted where no word and no quotation is.
func balanced(cells []cell, width float64, words []string) []line {
	lines := breakLines(cells, measure{width: width})
	if len(lines) < 2 {
		return lines
	}
	unwanted := unwantedBreaks(cells, words)
	ideal := widthOf(cells) / float64(len(lines))
	// best[k][i] is the least cost of the first i cells in k lines.
	type choice struct {
		cost float64
		from int
	}
	best := make([][]choice, len(lines)+1)
	for k := range best {
		best[k] = make([]choice, len(cells)+1)
		for i := range best[k] {
			best[k][i].cost = math.Inf(1)
		}
	}
	best[0][0].cost = 0
	for k := 1; k <= len(lines); k++ {
		for i := 1; i <= len(cells); i++ {
			if i < len(cells) && !mayBreak(cells[i-1], cells[i]) {
				continue
			}
			for from := range i {
				w := widthOf(cells[from:i])
				if w > width || math.IsInf(best[k-1][from].cost, 1) {
					continue
				}
				off := (w - ideal) / cells[0].size
				if c := best[k-1][from].cost + off*off + unwanted[i]; c < best[k][i].cost {
					best[k][i] = choice{c, from}
				}
			}
		}
	}
	if math.IsInf(best[len(lines)][len(cells)].cost, 1) {
		return lines
	}
	for k, end := len(lines), len(cells); k > 0; k-- {
		from := best[k][end].from
		lines[k-1] = set(cells[from:end], 0, width, false)
		end = from
	}
	return lines
}

// unwantedBreaks gives what a break before each cell costs, in squares of
// characters by which the lines may differ instead.
func unwantedBreaks(cells []cell, words []string) []float64 {
	cost := make([]float64, len(cells)+1)
	text := make([]rune, len(cells))
	depth := 0
	for i, c := range cells {
		text[i] = c.r
		if i > 0 && depth > 0 {
			cost[i] += 20
		}
		switch {
		case c.class == opens:
			depth++
		case c.class == closes && depth > 0 && !strings.ContainsRune("，。、；：？！", c.r):
			depth--
		}
		if strings.ContainsRune("的了地得及和与", c.r) {
			cost[i] += 100 // never first in a line
		}
	}
	for i := range cells {
		for _, w := range words {
			word := []rune(w)
			if i+len(word) <= len(text) && string(text[i:i+len(word)]) == w {
				for j := i + 1; j < i+len(word); j++ {
					cost[j] = max(cost[j], 60)
				}
			}
		}
	}
	return cost
}

// orphan reports whether the last line of a paragraph would hold a single
// Chinese character, with or without a stop.
func orphan(cells []cell) bool {
	wides := 0
	for _, c := range cells {
		switch c.class {
		case wide:
			wides++
		case closes:
		default:
			return false
		}
	}
	return wides < 2
}

// lineEnd finds how many cells the next line takes.
func lineEnd(cells []cell, avail float64) int {
	used, give, brk := 0.0, 0.0, 0
	for i, c := range cells {
		if i > 0 && mayBreak(cells[i-1], c) {
			brk = i
		}
		gap := c.gap
		if i == 0 {
			gap = 0
		}
		need := used + gap + c.advance
		give += c.left + c.right + gap/2
		if c.class != space && need > avail+0.01 && !squeezable(cells, i, need-avail, give) {
			switch {
			case brk > 0:
				return brk
			case i == 0:
				return 1
			}
			return i // a word longer than the line: parted anywhere
		}
		used = need
	}
	return len(cells)
}

// squeezable decides whether a line that is too long by over takes character i
// in by squeezing: a stop always, if the blank suffices, since it must not
// begin the next line; another character only if little is missing and no
// stop follows it that would have to come in too.
func squeezable(cells []cell, i int, over, give float64) bool {
	if over > give {
		return false
	}
	if cells[i].class == closes {
		return true
	}
	return over <= cells[i].size/2 && (i+1 == len(cells) || mayBreak(cells[i], cells[i+1]))
}

// set places the cells of one line.
func set(cells []cell, indent, avail float64, justify bool) line {
	l := line{cells: cells, indent: indent, x: make([]float64, len(cells))}
	n := len(cells)
	for n > 0 && cells[n-1].class == space {
		n--
	}
	natural := 0.0
	for i, c := range cells[:n] {
		natural += c.advance
		if i > 0 {
			natural += c.gap
		}
	}
	squeeze, stretch := adjust(cells[:n], avail-natural, justify)
	x := indent
	for i, c := range cells {
		if i > 0 && i < n {
			x += c.gap * (1 - squeeze/2)
			if stretches(cells[i-1], c) {
				x += stretch
			}
		}
		x -= c.left * squeeze
		l.x[i] = x - c.shift
		x += c.advance
		if i < n {
			x -= c.right * squeeze
		}
	}
	l.width = x - indent
	return l
}

// stretches reports whether a justified line may grow between two characters:
// not within words, and not before a blank, which grows after it.
func stretches(a, b cell) bool {
	return !(a.class == latin && b.class == latin || b.class == space || a.class == dash && b.class == dash)
}

// adjust finds how a line of natural length avail-rest is made to fit: the
// share of the squeezable blank to take away (0 to 1), or what to add wherever
// it stretches. A line that would need a quarter of an em or more (half of one
// if it has only words and blanks) stays ragged.
func adjust(cells []cell, rest float64, justify bool) (squeeze, stretch float64) {
	if rest < 0 {
		give := 0.0
		for i, c := range cells {
			give += c.left + c.right
			if i > 0 {
				give += c.gap / 2
			}
		}
		if give == 0 {
			return 0, 0
		}
		return min(1, -rest/give), 0
	}
	if !justify || rest < 0.005 {
		return 0, 0
	}
	places, limit := 0, 0.5
	for i := 1; i < len(cells); i++ {
		if stretches(cells[i-1], cells[i]) {
			places++
		}
		if cells[i].class == wide {
			limit = 0.25
		}
	}
	if places == 0 || rest/float64(places) > limit*cells[0].size {
		return 0, 0
	}
	return 0, rest / float64(places)
}
