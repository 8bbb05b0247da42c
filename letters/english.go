package letters

import (
	"fmt"
	"slices"
	"strings"

	complaints "complaints"
)

// english is the English letter: A4, margins of 25 mm, 11 pt serif, ragged
// right, so that words keep one distance.
type english struct {
	faces *faces
	line  float64 // from line to line: enLine, or less to draw a letter's tail in
	gap   float64 // between paragraphs
	seal  *sealed // nil: the letter bears none
}

// enLevels are the spacings that are tried for a letter whose last page would
// hold only a few lines: line and gap.
var enLevels = [][2]float64{{enLine, enGap}, {14.6, 6}, {14.2, 5.2}, {13.8, 4.6}}

func newEnglish(fs *faces, level int, s *sealed) english {
	return english{faces: fs, line: enLevels[level][0], gap: enLevels[level][1], seal: s}
}

const (
	enMargin  = 25 * mm
	enWidth   = pageWidth - 2*enMargin
	enSize    = 11.0
	enLine    = 15.0
	enGap     = 7.0  // between paragraphs
	enHang    = 20.0 // of numbered items
	enHead    = 18.0 // firm's name
	enSmall   = 8.5
	enFirst   = enMargin + 48 // where the text begins on page 1, below the letterhead
	enBottom  = pageHeight - enMargin
	enFooting = pageHeight - 15*mm
)

// enclosed begins the list of enclosures.
const enclosed = "Enc. "

func (e english) frame(n int) (left, top, bottom float64) {
	if n == 1 {
		return enMargin, enFirst, enBottom
	}
	return enMargin, enMargin, enBottom
}

func (e english) grid() float64 { return 0 }

func (e english) fit(in role, size float64) fit {
	return fit{lang: "en", role: in, size: size, pitch: size}
}

func (e english) rows(blocks []block) []row {
	var rows []row
	signed, after := -1, false // after: the signature is behind us
	for i, b := range blocks {
		m := measure{width: enWidth}
		f := e.fit(body, enSize)
		before, keep, fresh := e.gap, false, false
		var place []seal
		switch b.kind {
		case titleBlock:
			f.role, before, keep = strong, e.gap+2, true
			if i > 0 && blocks[i-1].kind == appendix {
				f.size = enSize + 3
			}
		case flush:
			before = 0
		case heading1:
			f.role, before, keep, m.rest = strong, e.gap+5, true, enHang
		case heading2:
			f.role, keep, m.rest = strong, true, enHang
		case item:
			m.rest, before = enHang, 3
		case quote:
			m.first, m.rest, m.width = enHang, enHang, enWidth-enHang
		case enclosure:
			// The names of the second and further ones stand below the first.
			m.rest = widthOf(e.faces.cellsOf([]span{{text: enclosed}}, f))
			m.first, before = m.rest, 0
			if b.label == "1." {
				b.spans = append([]span{{text: enclosed}}, b.spans...)
				m.first, before = 0, e.gap
			}
			b.label = ""
		case pageBreak, tableHead, tableRow:
			continue
		case tableSpec:
			table := e.faces.table(blocks[i:tableEnd(blocks, i)], e.table())
			table[0].before = e.gap
			rows = append(rows, table...)
			continue
		case appendix:
			f.role, fresh, keep, before = strong, true, true, 0
		case blank:
			rows = append(rows, row{height: e.line, keep: signed >= 0 && !after})
			continue
		case signature, dateLine:
			before = 0
			if signed < 0 {
				signed, before = len(rows), e.gap+3
			}
			if b.kind == signature && e.seal != nil && signed == len(rows) {
				place = []seal{{x: enWidth/2 + mm*10, y: 0, w: e.seal.w, h: e.seal.h}}
			}
		}
		if b.kind == appendix && signed >= 0 && !after {
			bind(rows, signed)
			after = true
		}
		first := len(rows)
		for j, l := range e.lines(b, f, m) {
			r := row{line: l, height: e.line, base: e.line - 4, keep: keep, fresh: fresh && j == 0}
			if j == 0 {
				r.before, r.seals = before, place
			}
			rows = append(rows, r)
		}
		if n := len(rows); n > first && introduces(b) {
			rows[n-1].keep = true
		}
		if n := len(rows); n-first > 1 && b.kind != signature {
			rows[first].keep, rows[n-2].keep = true, true // no line of a paragraph alone on a page
		}
	}
	if signed >= 0 && !after {
		bind(rows, signed)
	}
	return rows
}

// table is the style of tables.
func (e english) table() tableStyle {
	return tableStyle{fit: e.fit(body, 9.5), head: e.fit(strong, 9.5), width: enWidth, pitch: 12.5, pad: 3.5, ascent: 9.5}
}

// lines sets a block; a label stands in the margin that its lines leave.
func (e english) lines(b block, f fit, m measure) []line {
	cells := e.faces.cellsOf(b.spans, f)
	if b.label == "" {
		return breakLines(cells, m)
	}
	label := e.faces.cellsOf([]span{{text: b.label}}, f)
	m.first = m.rest
	out := breakLines(cells, m)
	if len(out) == 0 {
		return []line{set(label, 0, enWidth, false)}
	}
	l := out[0]
	x := make([]float64, 0, len(label)+len(l.x))
	for at, i := 0.0, 0; i < len(label); i++ {
		x = append(x, at)
		at += label[i].advance
	}
	out[0] = line{cells: append(label, l.cells...), x: append(x, l.x...), width: l.width + l.indent}
	return out
}

// furnish adds the letterhead to the first page and “Page x of y” to all.
func (e english) furnish(pages []page, l complaints.Letter) {
	p := &pages[0]
	size := enHead
	head := oneLine(e.faces, l.Firm.In("en"), e.fit(title, size))
	for head.width > enWidth && size > 8 {
		size = max(8, size*enWidth/head.width-0.1)
		head = oneLine(e.faces, l.Firm.In("en"), e.fit(title, size))
	}
	marks := []mark{{line: head, x: enMargin, y: enMargin + 2, color: red}}
	y := enMargin + 16
	for _, details := range [][]string{{l.Firm.Address, l.Firm.Postcode}, {l.Firm.Phone, l.Firm.Email}} {
		details = slices.DeleteFunc(details, func(s string) bool { return s == "" })
		part := oneLine(e.faces, strings.Join(details, " · "), e.fit(body, enSmall))
		if part.width > enWidth {
			part = oneLine(e.faces, strings.Join(details, " · "), e.fit(body, enSmall*enWidth/part.width))
		}
		marks = append(marks, mark{line: part, x: enMargin, y: y})
		y += enSmall + 2
	}
	p.marks = append(marks, p.marks...)
	p.bars = append(p.bars, bar{enMargin, enFirst - 16, enWidth, thickRule / 2, red})
	for i := range pages {
		foot := oneLine(e.faces, fmt.Sprintf("Page %d of %d", i+1, len(pages)), e.fit(body, enSmall))
		pages[i].marks = append(pages[i].marks, mark{line: foot, x: (pageWidth - foot.width) / 2, y: enFooting})
	}
}
