package letters

import (
	"math"
	"strings"

	complaints "complaints"
)

// mm is a millimetre in points.
const mm = 72 / 25.4

// A4 in points.
const (
	pageWidth  = 210 * mm
	pageHeight = 297 * mm
)

// row is one line of text, or one row of a table, on its way to a page: how
// much blank stands before it and how high it is. keep binds it to the row that
// follows, so that a heading never ends a page and a signature never stands
// alone on one.
type row struct {
	line   line
	before float64
	height float64
	base   float64 // baseline below the row's top
	keep   bool
	fresh  bool   // begins a new page
	short  bool   // the last few characters of a paragraph
	snap   bool   // goes back to the page's grid after a table
	marks  []mark // what a row of a table holds, from the row's top left corner
	bars   []bar
	seals  []seal
	head   *row // of a table: its heading row, repeated at the top of a page
}

// mark is a line of text at its place: x of the left margin, y of the
// baseline from the page's top edge.
type mark struct {
	line  line
	x, y  float64
	color [3]int
}

// bar is a filled rectangle.
type bar struct {
	x, y, w, h float64
	color      [3]int
}

// seal is the place of the firm's seal: its upper left corner and size.
type seal struct{ x, y, w, h float64 }

// page is what is printed on one sheet.
type page struct {
	marks []mark
	bars  []bar
	seals []seal
	first bool    // begins with the letter, or an annex
	used  float64 // height of its text
}

// place puts a row on the page, its top left corner at x, y.
func (p *page) place(r row, x, y float64) {
	if len(r.line.cells) > 0 {
		p.marks = append(p.marks, mark{line: r.line, x: x, y: y + r.base})
	}
	for _, m := range r.marks {
		m.x, m.y = m.x+x, m.y+y
		p.marks = append(p.marks, m)
	}
	for _, b := range r.bars {
		b.x, b.y = b.x+x, b.y+y
		p.bars = append(p.bars, b)
	}
	for _, s := range r.seals {
		s.x, s.y = s.x+x, s.y+y
		p.seals = append(p.seals, s)
	}
}

// sheet is how letters of one language look.
type sheet interface {
	// rows sets the blocks of a letter.
	rows(blocks []block) []row
	// frame gives the left margin, and top and bottom of the text area of a
	// page, counted from 1.
	frame(n int) (left, top, bottom float64)
	// grid is the distance of the lines to which text returns after a table;
	// 0 if there is none.
	grid() float64
	// furnish adds what stands outside the text area: letterhead, rules,
	// number, page numbers.
	furnish(pages []page, l complaints.Letter)
}

// red is the letterhead's and the rules' colour; all else is black.
var red, black = [3]int{200, 16, 16}, [3]int{}

// paginate puts rows on pages. Rows that are bound together go to the next page
// together; a bundle higher than a page is parted all the same.
func paginate(s sheet, rows []row) []page {
	pages := []page{{first: true}}
	left, start, bottom := s.frame(1)
	y := start
	top := true // nothing on this page yet
	next := func() {
		pages = append(pages, page{})
		left, start, bottom = s.frame(len(pages))
		y, top = start, true
	}
	for i := 0; i < len(rows); {
		end := i + 1
		if step := s.grid(); rows[i].snap && step > 0 {
			y = start + step*math.Ceil((y-start)/step-0.01)
		}
		height := rows[i].height + rows[i].before
		for rows[end-1].keep && end < len(rows) && !rows[end].fresh {
			height += rows[end].before + rows[end].height
			end++
		}
		_, t, b := s.frame(len(pages) + 1)
		if (rows[i].fresh || y+height > bottom+0.1 && height <= b-t) && !top {
			next()
		}
		for ; i < end; i++ {
			r := rows[i]
			if !top && y+r.before+r.height > bottom+0.1 {
				next()
			}
			p := &pages[len(pages)-1]
			if top && r.head != nil {
				p.place(*r.head, left, y)
				y += r.head.height
			}
			if !top || len(pages) == 1 || r.fresh {
				y += r.before
			}
			p.first = p.first || r.fresh
			p.place(r, left, y)
			y += r.height
			p.used, top = y-start, false
		}
	}
	return pages
}

// introduces reports whether a paragraph announces what follows it, and so
// belongs on its page.
func introduces(b block) bool {
	if b.kind != paragraph || len(b.spans) == 0 {
		return false
	}
	last := b.spans[len(b.spans)-1].text
	return strings.HasSuffix(last, "：") || strings.HasSuffix(last, ":")
}

// shortTail reports whether the last page of a letter, or of an annex, holds
// only a few lines.
func shortTail(pages []page, few float64) bool {
	for i, p := range pages {
		if !p.first && p.used < few && (i+1 == len(pages) || pages[i+1].first) {
			return true
		}
	}
	return false
}

// bind sets keep on the rows of a letter's end: the signature's rows to each
// other, and the last two rows of text to the signature. first is the index
// of the signature's first row.
func bind(rows []row, first int) {
	for i := max(0, first-2); i < len(rows)-1; i++ {
		rows[i].keep = true
	}
}
