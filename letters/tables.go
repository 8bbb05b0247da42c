package letters

// tableStyle is how the tables of one language look. Lengths are points.
type tableStyle struct {
	fit    fit
	head   fit
	width  float64
	pitch  float64 // from line to line
	pad    float64 // above and below the lines of a row, and beside a column
	ascent float64 // of the first baseline below the padding
}

// longCell is how many lines of a cell stay together: what is longer is parted,
// so that no row of a table is higher than a page.
const longCell = 14

// table sets the rows of a table: rules above and below each row, the heading
// repeated on every page that the table reaches. blocks begin with the tableSpec.
func (fs *faces) table(blocks []block, st tableStyle) []row {
	total := 0.0
	for _, p := range blocks[0].parts {
		total += p
	}
	var out []row
	var head *row
	for i, b := range blocks[1:] {
		f := st.fit
		if b.kind == tableHead {
			f = st.head
		}
		var columns [][]line
		var left []float64
		longest, x := 0, 0.0
		for j, spans := range b.cells {
			if j >= len(blocks[0].parts) {
				break
			}
			w := st.width * blocks[0].parts[j] / total
			lines := breakLines(fs.cellsOf(spans, f), measure{width: w - 2*st.pad})
			columns, left = append(columns, lines), append(left, x+st.pad)
			longest, x = max(longest, len(lines)), x+w
		}
		last := i+2 == len(blocks)
		for from := 0; from < longest; from += longCell {
			part := min(longCell, longest-from)
			r := row{height: float64(part)*st.pitch + 2*st.pad, head: head}
			for j, lines := range columns {
				for k, l := range lines[min(from, len(lines)):min(from+longCell, len(lines))] {
					r.marks = append(r.marks, mark{line: l, x: left[j], y: st.pad + st.ascent + float64(k)*st.pitch})
				}
			}
			if from == 0 {
				thick := thinRule / 2
				if i == 0 {
					thick = thinRule * 1.5
				}
				r.bars = append(r.bars, bar{0, -thick / 2, st.width, thick, black})
			}
			if from+longCell >= longest {
				thick := thinRule / 2
				if last {
					thick = thinRule * 1.5
				}
				r.bars = append(r.bars, bar{0, r.height - thick/2, st.width, thick, black})
			}
			r.keep = b.kind == tableHead
			out = append(out, r)
		}
		if b.kind == tableHead && len(out) > 0 {
			h := out[len(out)-1]
			h.keep = false
			head = &h
		}
	}
	return out
}

// tableEnd finds where the table that begins at block i ends.
func tableEnd(blocks []block, i int) int {
	for i++; i < len(blocks) && (blocks[i].kind == tableHead || blocks[i].kind == tableRow); i++ {
	}
	return i
}
