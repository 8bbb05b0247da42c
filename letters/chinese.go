package letters

import (
	"fmt"
	"strings"

	complaints "complaints"
)

// chinese is the letter format (信函格式) of GB/T 9704-2012, which a private
// firm follows by analogy: 22 lines of 28 characters.
type chinese struct {
	faces *faces
	line  float64 // from line to line: zhLine, or less to draw a letter's tail in
	char  float64 // from character to character: pitch3, or less
	seal  *sealed // nil: the letter bears none
}

// zhLevels are the spacings that are tried for a letter whose last page would
// hold only a few lines: lines on a page, characters in a line. GB/T 9704
// allows for less than its 22 by 28 where the signature would stand alone.
var zhLevels = [][2]float64{{22, 28}, {23, 28}, {23, 29}, {24, 29}}

// newChinese makes the sheet with the spacing of a level.
func newChinese(fs *faces, level int, s *sealed) chinese {
	z := chinese{faces: fs, line: zhLine, char: pitch3, seal: s}
	if level > 0 {
		z.line, z.char = min(zhLine, 22*zhLine/zhLevels[level][0]), min(pitch3, zhWidth/zhLevels[level][1])
	}
	return z
}

const (
	zhTop     = 37 * mm
	zhLeft    = 28 * mm
	zhWidth   = 156 * mm
	zhLine    = 28.99 // 225 mm / 22
	zhBottom  = zhTop + 22*zhLine
	zhRule    = 170 * mm // length of the double rules
	thickRule = 2.25
	thinRule  = 0.75
	// ascent is how much of the em of a Chinese character stands above the
	// baseline.
	ascent = 0.88
)

// base is the baseline of a line within its grid row: the em in its middle.
func (z chinese) base(size float64) float64 { return (z.line-size)/2 + ascent*size }

func (z chinese) grid() float64 { return z.line }

func (z chinese) frame(n int) (left, top, bottom float64) {
	if n == 1 {
		// The letterhead and the number take the first two lines of the grid.
		return zhLeft, zhTop + 2*z.line, zhBottom
	}
	return zhLeft, zhTop, zhBottom
}

func (z chinese) fit(in role) fit { return fit{lang: "zh", role: in, size: size3, pitch: z.char} }

func (z chinese) rows(blocks []block) []row {
	var rows []row
	var sign []block
	note := -1       // first row of the list of enclosures
	var resume []int // first rows after tables
	for i, b := range blocks {
		spans := b.spans
		if b.label != "" && b.kind != enclosure {
			spans = append([]span{{text: b.label}}, spans...)
		}
		m := measure{width: zhWidth, first: 2 * z.char, justify: true}
		f := z.fit(body)
		before, keep, fresh := 0.0, false, false
		switch b.kind {
		case titleBlock:
			gap := 2 * z.line
			if i > 0 && blocks[i-1].kind == appendix {
				gap = z.line
			}
			rows = append(rows, z.title(b, gap)...)
			continue
		case flush:
			m.first = 0
			if i > 0 && blocks[i-1].kind == titleBlock {
				before = z.line
			}
		case heading1:
			f.role, keep, m.justify = heading, true, false
		case heading2:
			f.role, keep, m.justify = subhead, true, false
		case quote:
			f.role = kai
			m.first, m.rest = 4*z.char, 2*z.char
		case enclosure:
			if b.label == "1." {
				note = len(rows)
			}
			rows = append(rows, z.enclosure(b)...)
			continue
		case pageBreak, appendix:
			if b.kind == pageBreak {
				continue
			}
			f.role, m.first, fresh, keep, m.justify = heading, 0, true, true, false
		case blank:
			rows = append(rows, row{height: z.line, base: z.base(size3)})
			continue
		case tableSpec:
			end := tableEnd(blocks, i)
			table := z.faces.table(blocks[i:end], z.table())
			table[0].before = z.line / 4
			rows = append(rows, table...)
			resume = append(resume, len(rows))
			continue
		case tableHead, tableRow:
			continue
		case signature, dateLine:
			sign = append(sign, b)
			if i+1 == len(blocks) || blocks[i+1].kind != signature && blocks[i+1].kind != dateLine {
				end := len(rows)
				if note >= 0 {
					end = note // the enclosures are no text that a signature could stand with
				}
				rows = append(rows, z.signature(sign)...)
				bind(rows, end)
				sign, note = nil, -1
			}
			continue
		}
		cells := z.faces.cellsOf(spans, f)
		if n := len([]rune(b.label)); b.kind == item && n < len(cells) {
			cells[n].gap = f.size / 4 // 1. 11月25日, not 1.11月25日
		}
		first := len(rows)
		for j, l := range breakLines(cells, m) {
			r := row{line: l, height: z.line, base: z.base(size3), keep: keep, fresh: fresh && j == 0}
			if j == 0 {
				r.before = before
			}
			rows = append(rows, r)
		}
		if n := len(rows); n > 0 && introduces(b) {
			rows[n-1].keep = true
		}
		if n := len(rows); n-first > 1 {
			rows[n-1].short = rows[n-1].line.width < zhWidth/2
		}
	}
	for _, i := range resume {
		if i < len(rows) {
			rows[i].snap = true
		}
	}
	return rows
}

// table is the style of tables: 小四, so that a matrix has room.
func (z chinese) table() tableStyle {
	f := fit{lang: "zh", role: body, size: size4s, pitch: size4s}
	h := f
	h.role = subhead
	return tableStyle{fit: f, head: h, width: zhWidth, pitch: 18, pad: 4, ascent: (18-size4s)/2 + ascent*size4s}
}

// titleWords are words that a title is not parted in.
var titleWords = strings.Fields("投诉 处理 结果 处理结果 告知书 委员会 审议 材料 情况 报告 调查 律师 事务所 申诉 决定书 确认书 通知书 答辩 事项 " +
	"转介 补充 更正 和解 代理 代理费 承办 沟通 收费 一案 关于 客户 费用 合同 案件 争议 服务 会议 纪要 结案 撤回 办理 延期 中止 恢复 逾期 受理 不予")

// title sets the title: 二号, centred, with a gap above it; of several lines,
// they are of like lengths and part at words (GB/T 9704, 7.3.1).
func (z chinese) title(b block, gap float64) []row {
	cells := z.faces.cellsOf(b.spans, fit{lang: "zh", role: title, size: size2, pitch: size2})
	var rows []row
	for i, l := range balanced(cells, zhWidth-2*size2, titleWords) {
		l = moved(l, (zhWidth-l.width)/2)
		r := row{line: l, height: z.line, base: z.base(size2), keep: true}
		if i == 0 {
			r.before = gap
		}
		rows = append(rows, r)
	}
	return rows
}

// enclosure sets one line of the list of enclosures, “附件：1.…”, hanging.
func (z chinese) enclosure(b block) []row {
	first := b.label == "1."
	lead := z.faces.cellsOf([]span{{text: "附件："}}, z.fit(body))
	indent := 2 * z.char
	hang := indent + 3*z.char
	label := z.faces.cellsOf([]span{{text: b.label}}, z.fit(body))
	m := measure{width: zhWidth, first: hang, rest: hang + widthOf(label), justify: true}
	cells := append(label, z.faces.cellsOf(b.spans, z.fit(body))...)
	if first {
		m.first = indent
		cells = append(lead, cells...)
	}
	var rows []row
	for i, l := range breakLines(cells, m) {
		r := row{line: l, height: z.line, base: z.base(size3), keep: true}
		if first && i == 0 {
			r.before = z.line
		}
		rows = append(rows, r)
	}
	return rows
}

// signature sets the signature. Without seal: the name two characters from the
// right, the date on the next line, beginning two characters right of the
// name's first; if that makes the date the longer one, the date stands two
// characters from the right and the name moves left. With seal: the date four
// characters from the right, the name centred above it, the seal upright over
// the lower middle of both, its top edge within one line of the text.
func (z chinese) signature(blocks []block) []row {
	var lines []line
	widest, date := 0.0, 0.0
	for _, b := range blocks {
		for _, l := range breakLines(z.faces.cellsOf(b.spans, z.fit(body)), measure{width: zhWidth - 4*z.char}) {
			lines = append(lines, l)
			if b.kind == dateLine {
				date = max(date, l.width)
			} else {
				widest = max(widest, l.width)
			}
		}
	}
	x := zhWidth - 2*z.char - max(widest, date+2*z.char)
	centre := zhWidth - 4*z.char - date/2
	sealed := z.seal != nil && date > 0
	var rows []row
	for i, l := range lines {
		shift := x
		switch {
		case sealed:
			shift = max(0, min(centre-l.width/2, zhWidth-l.width))
		case i == len(lines)-1 && date > 0:
			shift += 2 * z.char
		}
		rows = append(rows, row{line: moved(l, shift), height: z.line, base: z.base(size3)})
	}
	rows[0].before = z.line
	if sealed {
		rows[0].before = z.line * max(1, 3-float64(len(rows))/2)
		rows[0].seals = []seal{{x: centre - z.seal.w/2, y: z.line/3 - rows[0].before, w: z.seal.w, h: z.seal.h}}
	}
	return rows
}

// furnish adds the letterhead, the two double rules and the number to the first
// page, and the page numbers to the others.
func (z chinese) furnish(pages []page, l complaints.Letter) {
	p := &pages[0]
	head := z.letterhead(l.Firm.In("zh"))
	bottom, top := inkOf(z.faces, head)
	base := 30*mm + top
	rule := base - bottom + 4*mm
	x := (pageWidth - zhRule) / 2
	p.bars = append(p.bars,
		bar{x, rule, zhRule, thickRule, red}, bar{x, rule + thickRule + thinRule, zhRule, thinRule, red},
		bar{x, pageHeight - 20*mm, zhRule, thinRule, red}, bar{x, pageHeight - 20*mm + 2*thinRule, zhRule, thickRule, red})
	number := l.Number.String()
	if number == "" {
		number = unissued("zh")
	}
	n := z.plainLine(number, z.fit(body))
	// GB/T 9704: seven eighths of a 三号 character below the rule.
	y := rule + thickRule + 2*thinRule + size3*7/8 + ascent*size3
	p.marks = append([]mark{
		{line: head, x: (pageWidth - head.width) / 2, y: base, color: red},
		{line: n, x: zhLeft + zhWidth - n.width, y: y},
	}, p.marks...)
	for i := 1; i < len(pages); i++ {
		z.pageNumber(&pages[i], i+1)
	}
}

// letterhead sets the firm's name, as large as 30 pt and the rules allow.
func (z chinese) letterhead(name string) line {
	size := 30.0
	for {
		l := z.plainLine(name, fit{lang: "zh", role: title, size: size, pitch: size})
		if l.width <= zhRule || size <= 8 {
			return l
		}
		size = max(8, size*zhRule/l.width-0.1)
	}
}

// pageNumber sets — 2 —: 四号, the dashes 7 mm below the text area, one
// character from the right on odd pages and from the left on even ones.
func (z chinese) pageNumber(p *page, n int) {
	l := z.plainLine(fmt.Sprintf("— %d —", n), fit{lang: "en", role: body, size: size4, pitch: size4})
	_, top := inkOf(z.faces, line{cells: l.cells[:1]})
	x := zhLeft + size4
	if n%2 == 1 {
		x = zhLeft + zhWidth - size4 - l.width
	}
	p.marks = append(p.marks, mark{line: l, x: x, y: zhTop + 225*mm + 7*mm + top})
}

// plainLine sets a text in one line, however wide.
func (z chinese) plainLine(text string, f fit) line { return oneLine(z.faces, text, f) }

func oneLine(fs *faces, text string, f fit) line {
	cells := fs.cellsOf([]span{{text: strings.ReplaceAll(text, joiner, "")}}, f)
	return set(cells, 0, widthOf(cells), false)
}

// widthOf adds up the advances of cells.
func widthOf(cells []cell) float64 {
	w := 0.0
	for i, c := range cells {
		w += c.advance
		if i > 0 {
			w += c.gap
		}
	}
	return w
}

// moved gives the line with every cell dx further right.
func moved(l line, dx float64) line {
	x := make([]float64, len(l.x))
	for i := range x {
		x[i] = l.x[i] + dx
	}
	l.x, l.indent = x, l.indent+dx
	return l
}

// inkOf gives the lowest and highest ink of a line, from the baseline up.
func inkOf(fs *faces, l line) (bottom, top float64) {
	for i, c := range l.cells {
		b, t, ok := fs.fonts[c.font].Height(c.gid)
		if !ok {
			continue
		}
		b, t = b*c.size/1000, t*c.size/1000
		if i == 0 {
			bottom, top = b, t
		}
		bottom, top = min(bottom, b), max(top, t)
	}
	return bottom, top
}

// unissued is printed in place of the number and the date of a draft.
func unissued(lang string) string { return pick(lang, "〔待签发〕", "[to be issued]") }
