package letters

import (
	"strings"
	"unicode"

	"complaints/letters/sfnt"
)

// The sizes of Chinese type, in points.
const (
	size2  = 22.0 // 二号
	size3  = 16.0 // 三号
	size4  = 14.0 // 四号
	size4s = 12.0 // 小四
	pitch3 = 15.79
)

// fit is how the characters of a paragraph are set.
type fit struct {
	lang string
	role role
	size float64
	// pitch is the advance of a full-width character: 15.79 pt for 三号 on the
	// grid of GB/T 9704, otherwise the size itself.
	pitch float64
}

// cellsOf makes the cells of a block's words, label first.
func (fs *faces) cellsOf(spans []span, f fit) []cell {
	var out []cell
	for _, s := range spans {
		in := f.role
		if s.bold && in == body {
			in = strong
		}
		runes := []rune(s.text)
		for i, r := range runes {
			var before, after rune
			if i > 0 {
				before = runes[i-1]
			}
			if i+1 < len(runes) {
				after = runes[i+1]
			}
			out = append(out, fs.cell(r, before, after, in, f))
		}
	}
	if f.lang == "zh" { // justified lines need it; ragged ones have room
		softenAddresses(out)
	}
	tieNumbers(out, f.lang)
	for i := 1; i < len(out); i++ {
		a, b := &out[i-1], &out[i]
		switch {
		// Of two marks that meet, one blank is enough: ）。 and 》（.
		case a.class == closes && (b.class == closes || b.class == opens):
			a.advance -= a.right
			a.right = 0
		case a.class == opens && b.class == opens:
			b.advance -= b.left
			b.shift, b.left = b.left, 0
		case a.class == wide && b.class == latin && wordly(b.r), a.class == latin && wordly(a.r) && b.class == wide:
			b.gap = b.size / 12
		}
	}
	return out
}

// wordly reports whether a narrow character is set apart from Chinese beside
// it: letters and digits are, marks are not.
func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// cell makes one cell. A few marks have two forms in Chinese fonts: the
// full-width one belongs into Chinese text, the proportional one into English
// and, for the apostrophe, between Latin letters.
func (fs *faces) cell(r, before, after rune, in role, f fit) cell {
	i, g, _ := fs.find(r, in) // Check has refused what no face has
	font := fs.fonts[i]
	switch {
	case f.lang == "en" || strings.ContainsRune("‘’", r) && narrowLetter(before) && narrowLetter(after):
		if strings.ContainsRune("‘’“”…—•·", r) {
			g = font.Narrow(g)
		}
	case r == '—':
		g = font.Wide(g)
	}
	c := cell{r: r, font: i, gid: g, size: f.size}
	width := font.Advance(g)
	c.natural = width * f.size / 1000
	c.advance = c.natural
	full := width == 1000
	if full {
		c.advance = f.pitch
	}
	c.class = classOf(r, full)
	if c.class == opens || c.class == closes {
		c.left, c.right = blanks(font, g, f.size)
		if c.class == opens {
			c.right = 0
		} else {
			c.left = 0
		}
	}
	return c
}

func narrowLetter(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) }

// blanks gives how much of a mark's cell may be squeezed away on each side: the
// blank there but for a twentieth of an em, and no more than half of one.
func blanks(font *sfnt.Font, g sfnt.GID, size float64) (left, right float64) {
	l, r, ok := font.Bounds(g)
	if !ok {
		return 0, 0
	}
	side := func(blank float64) float64 { return max(0, min(blank-50, 500)) * size / 1000 }
	return side(l), side(font.Advance(g) - r)
}

// tieNumbers keeps the numbers of letters in one line: 〔2026〕12号 in Chinese,
// where the characters before it may part; the whole of 明律投告〔2026〕12号 in
// English, whose lines have no other place to end within Chinese words.
func tieNumbers(cells []cell, lang string) {
	for i := range cells {
		if cells[i].r != '〔' || i+6 > len(cells) || cells[i+5].r != '〕' || !unicode.IsDigit(cells[i+1].r) {
			continue
		}
		end := i + 6
		for end < len(cells) && unicode.IsDigit(cells[end].r) {
			end++
		}
		if end < len(cells) && cells[end].r == '号' {
			end++
		}
		start := i
		for lang == "en" && start > 0 && i-start < 12 && unicode.Is(unicode.Han, cells[start-1].r) {
			start--
		}
		for j := start + 1; j < end; j++ {
			cells[j].tied = true
		}
	}
}

// softenAddresses lets a line end inside a mail or web address, or any word of
// more than 24 characters, after its punctuation.
func softenAddresses(cells []cell) {
	for start := 0; start < len(cells); {
		end := start
		address := false
		for end < len(cells) && cells[end].class == latin {
			address = address || cells[end].r == '@'
			end++
		}
		if address || end-start > 24 {
			for i := start + 2; i < end-2; i++ {
				cells[i].soft = strings.ContainsRune("@/.-_?&=", cells[i].r)
			}
		}
		start = max(end, start+1)
	}
}
