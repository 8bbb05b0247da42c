package templates

import (
	"strings"
	"unicode/utf8"
)

// width is how many columns a line of an English text part takes at most
// (RFC 5322 2.1.1 asks for 78). Chinese is left to the reader's program.
const width = 76

// plain writes the text part.
func (d *document) plain(lang string) string {
	var b strings.Builder
	for _, blk := range d.blocks {
		if blk.kind == picture {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		p := plainWriter{&b, lang == "en"}
		switch blk.kind {
		case heading:
			p.heading(blk.rows[0][0])
		case headRow, row:
			p.table(blk)
		case action:
			for j, r := range blk.rows {
				if j > 0 {
					b.WriteString("\n")
				}
				p.wrapped("", "", r[0])
				p.indented(r[1])
				p.indented(r[2])
			}
		case step:
			for j, r := range blk.rows {
				if j > 0 {
					b.WriteString("\n")
				}
				p.indented(r[0])
				p.wrapped("    ", "    ", strings.Join(r[1:], " "))
			}
		case item:
			for _, r := range blk.rows {
				p.wrapped("- ", "  ", r[0])
			}
		case quotation:
			for _, r := range blk.rows {
				p.wrapped("> ", "> ", r[0])
			}
		default:
			for _, r := range blk.rows {
				p.wrapped("", "", r[0])
			}
		}
	}
	return b.String()
}

type plainWriter struct {
	*strings.Builder
	english bool
}

func (p plainWriter) heading(s string) {
	if !p.english {
		p.WriteString("【" + s + "】\n")
		return
	}
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	p.WriteString(s + "\n" + strings.Repeat("-", n) + "\n")
}

// table writes two columns as “key: value”, more as cells between bars.
func (p plainWriter) table(b block) {
	if len(b.rows[0]) == 2 && b.kind == row {
		longest := 0
		for _, r := range b.rows {
			longest = max(longest, len([]rune(r[0])))
		}
		for _, r := range b.rows {
			if p.english {
				pad := strings.Repeat(" ", longest-len([]rune(r[0]))+2)
				p.wrapped(r[0]+":"+pad, strings.Repeat(" ", longest+3), r[1])
			} else {
				p.WriteString(r[0] + "：" + r[1] + "\n")
			}
		}
		return
	}
	for _, r := range b.rows {
		cells := make([]string, len(r))
		for i, c := range r {
			if cells[i] = c; c == "" {
				cells[i] = "—"
			}
		}
		p.wrapped("", "    ", strings.Join(cells, " | "))
	}
}

// indented writes lines that must stay as they are: commands.
func (p plainWriter) indented(s string) {
	for l := range strings.SplitSeq(s, "\n") {
		if l != "" {
			p.WriteString("    " + l + "\n")
		}
	}
}

// wrapped writes a line, broken at spaces (or beside a wide character) where
// the language is English; first and rest stand before its lines.
func (p plainWriter) wrapped(first, rest, s string) {
	if !p.english {
		p.WriteString(strings.TrimRight(first+s, " ") + "\n")
		return
	}
	lead, used, begun := first, len([]rune(first)), false
	p.WriteString(lead)
	newLine := func() {
		p.WriteString("\n" + rest)
		used, begun = len([]rune(rest)), false
	}
	for i, word := range strings.Split(s, " ") {
		n := 0
		for _, r := range word {
			n += columns(r)
		}
		wide, _ := utf8.DecodeRuneInString(word)
		if begun && used+1+n > width && (columns(wide) == 1 || n <= width-len([]rune(rest)) || used+2 >= width) {
			newLine() // but a run of Chinese begins where it can
		} else if i > 0 {
			p.WriteString(" ")
			used++
		}
		for _, r := range word {
			if c := columns(r); c == 2 && used+c > width {
				newLine()
			}
			p.WriteRune(r)
			used += columns(r)
		}
		begun = true
	}
	p.WriteString("\n")
}

// columns is the width of a rune in columns, near enough for wrapping: two for
// Chinese characters, kana, hangul, full-width forms and emoji.
func columns(r rune) int {
	switch {
	case r >= 0x1100 && r <= 0x115F, r >= 0x2E80 && r <= 0xA4CF, r >= 0xAC00 && r <= 0xD7A3, r >= 0xF900 && r <= 0xFAFF,
		r >= 0xFE30 && r <= 0xFE4F, r >= 0xFF00 && r <= 0xFF60, r >= 0xFFE0 && r <= 0xFFE6, r >= 0x1F300 && r <= 0x1FAFF, r >= 0x20000 && r <= 0x3FFFD:
		return 2
	}
	return 1
}
