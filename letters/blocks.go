package letters

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is what a block of a letter's text is.
type kind int

const (
	paragraph  kind = iota
	titleBlock      // "= "  the title, centred; in English the bold subject line
	flush           // "@ "  a line at the left margin: the addressee
	heading1        // "# "  numbered 一、 or 1.
	heading2        // "## " numbered （一） in Chinese
	item            // "+ "  numbered 1. within its heading
	quote           // "> "  the client's own words
	enclosure       // "* "  附件：1.…
	signature       // "~ "  a line of the signature
	dateLine        // "~~ " the date below it
	pageBreak       // "%%"
	appendix        // "%% " + text: a new page that begins with this heading (附件)
	blank           // "-"   an empty line
	tableSpec       // "|: " begins a table: the widths of its columns, in parts
	tableHead       // "|= " its heading row, columns parted by " | "
	tableRow        // "| "  a row
)

// block is one paragraph: what it is, its number if it has one, and its words.
type block struct {
	kind  kind
	label string // 一、（一）1. …, set by number
	spans []span
	cells [][]span  // of a row of a table
	parts []float64 // of tableSpec
}

// span is a run of words in one weight.
type span struct {
	text string
	bold bool
}

// parseBlocks reads the text that a template made. Each line is a block; empty
// lines between them only help the person who writes the template. Words
// between ** and ** are emphasised.
func parseBlocks(text, lang string) []block {
	var out []block
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.TrimLeft(line, " \t"), " \t\n")
		if line == "" {
			continue
		}
		b := block{}
		for _, m := range []struct {
			mark string
			kind kind
		}{
			{"|: ", tableSpec}, {"|= ", tableHead}, {"| ", tableRow}, {"~~ ", dateLine}, {"## ", heading2}, {"%% ", appendix}, {"= ", titleBlock}, {"@ ", flush}, {"# ", heading1},
			{"+ ", item}, {"> ", quote}, {"* ", enclosure}, {"~ ", signature},
		} {
			if rest, ok := strings.CutPrefix(line, m.mark); ok {
				b.kind, line = m.kind, rest
				break
			}
		}
		switch line {
		case "%%":
			b.kind, line = pageBreak, ""
		case "-":
			b.kind, line = blank, ""
		}
		switch b.kind {
		case tableSpec:
			for _, w := range strings.Fields(line) {
				part, _ := strconv.ParseFloat(w, 64) // the templates' own numbers
				b.parts = append(b.parts, part)
			}
		case tableHead, tableRow:
			for _, c := range strings.Split(line, " | ") {
				b.cells = append(b.cells, parseSpans(strings.Trim(c, " ")))
			}
		default:
			b.spans = parseSpans(line)
		}
		out = append(out, b)
	}
	number(out, lang)
	return out
}

func parseSpans(line string) []span {
	var out []span
	for i, part := range strings.Split(line, "**") {
		if part = strings.ReplaceAll(part, joiner, ""); part != "" {
			out = append(out, span{part, i%2 == 1})
		}
	}
	return out
}

// number gives headings, items and enclosures their numbers.
func number(blocks []block, lang string) {
	var h1, h2, items, enclosures int
	for i := range blocks {
		b := &blocks[i]
		switch b.kind {
		case heading1:
			h1, h2, items = h1+1, 0, 0
			b.label = pick(lang, han(h1)+"、", fmt.Sprintf("%d.", h1))
		case heading2:
			h2, items = h2+1, 0
			b.label = pick(lang, "（"+han(h2)+"）", "")
		case item:
			items++
			b.label = fmt.Sprintf("%d.", items)
		case enclosure:
			enclosures++
			b.label = fmt.Sprintf("%d.", enclosures)
		case pageBreak, appendix:
			h1, h2, items = 0, 0, 0
		case paragraph:
			items = 0
		}
	}
}

// han writes 1 to 99 in Chinese numerals.
func han(n int) string {
	d := []rune("〇一二三四五六七八九")
	switch {
	case n < 0 || n > 99:
		return fmt.Sprint(n)
	case n < 10:
		return string(d[n])
	}
	s := "十"
	if n >= 20 {
		s = string(d[n/10]) + s
	}
	if n%10 > 0 {
		s += string(d[n%10])
	}
	return s
}
