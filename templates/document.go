package templates

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The marks around a literal. clean removes them from every value, so a value
// cannot end its own literal.
const (
	litOpen  = '\x01'
	litClose = '\x02'
	litLine  = '\v'   // a line end within a literal
	litBar   = '\x1f' // a | within a literal
)

// maxSubject is the longest subject in runes; the rest is cut with “…”.
const maxSubject = 160

// document is a mail before it is written out.
type document struct {
	subject string
	blocks  []block
}

// block is one paragraph, heading, list, quotation, table … Each row is a line,
// an item, a row of cells, or a command with its parts.
type block struct {
	kind kind
	rows [][]string
}

// kind is the mark that begins the lines of a block.
type kind string

const (
	paragraph kind = ""
	heading   kind = "== "
	item      kind = "- "
	quotation kind = "> "
	headRow   kind = "|= "
	row       kind = "| "
	line      kind = ": "
	action    kind = "! "
	step      kind = "$ "
	picture   kind = "@ " // Content-ID | what it shows; only the HTML part has it
)

// kinds in the order in which they are tried.
var kinds = []kind{heading, item, quotation, headRow, row, line, action, step, picture}

// readDocument reads what a template gave. Literals are read as words, never
// as markup.
func readDocument(src string) (*document, error) {
	lines := strings.Split(protect(src), "\n")
	subject, ok := strings.CutPrefix(lines[0], "Subject: ")
	if !ok || len(lines) < 2 || strings.TrimSpace(lines[1]) != "" {
		return nil, errors.New("does not begin with a subject and a blank line")
	}
	d := &document{subject: cut(oneLine(subject), maxSubject)}
	fresh := true // the next paragraph line begins a block
	for _, l := range lines[1:] {
		l = strings.TrimRight(l, " ")
		if l == "" {
			fresh = true
			continue
		}
		k, rest := kindOf(l)
		rows := rowsOf(k, rest)
		if len(rows) == 0 {
			continue
		}
		if n := len(d.blocks); n > 0 && joins(&d.blocks[n-1], k, fresh) {
			b := &d.blocks[n-1]
			if k == paragraph {
				b.rows[0][0] = join(b.rows[0][0], rows[0][0])
			} else {
				b.rows = append(b.rows, rows...)
			}
		} else {
			d.blocks = append(d.blocks, block{kind: k, rows: rows})
		}
		fresh = false
	}
	if d.subject == "" || len(d.blocks) == 0 {
		return nil, errors.New("has no subject or no text")
	}
	return d, nil
}

// protect hides line ends and bars that stand in literals.
func protect(src string) string {
	within := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == litOpen:
			within = true
		case r == litClose:
			within = false
		case within && r == '\n':
			return litLine
		case within && r == '|':
			return litBar
		}
		return r
	}, src)
}

func kindOf(l string) (kind, string) {
	for _, k := range kinds {
		if rest, ok := strings.CutPrefix(l, string(k)); ok {
			return k, rest
		}
	}
	return paragraph, l
}

// joins reports whether a line of kind k goes on with block b. Rows, items and
// steps go on over blank lines, which the control lines of a template leave.
func joins(b *block, k kind, fresh bool) bool {
	switch k {
	case paragraph, line, quotation:
		return b.kind == k && !fresh
	case item, action, step, picture:
		return b.kind == k
	case row:
		return b.kind == headRow || b.kind == row && len(b.rows[0]) == 2
	}
	return false
}

// rowsOf reads one line of a kind; none if there is nothing to say.
func rowsOf(k kind, s string) [][]string {
	switch k {
	case quotation:
		return quoted(s)
	case row, headRow, action, step, picture:
		cells := strings.Split(s, "|")
		empty := true
		for i := range cells {
			if k == action && i == 2 { // the text below a command keeps its lines
				cells[i] = strings.TrimSpace(restore(cells[i]))
			} else {
				cells[i] = oneLine(cells[i])
			}
			empty = empty && (cells[i] == "" || i == 0 && len(cells) == 2)
		}
		if empty {
			return nil
		}
		for k == action && len(cells) < 4 {
			cells = append(cells, "")
		}
		return [][]string{cells}
	}
	if s = oneLine(s); s == "" {
		return nil
	}
	return [][]string{{s}}
}

// quoted gives the lines of a quotation: blank lines at the ends go, several
// within it become one.
func quoted(s string) [][]string {
	var rows [][]string
	blank := false
	for l := range strings.SplitSeq(restore(s), "\n") {
		l = strings.TrimRight(l, " \u3000\u00A0")
		if strings.TrimSpace(l) == "" {
			blank = len(rows) > 0
			continue
		}
		if blank {
			rows = append(rows, []string{""})
		}
		rows, blank = append(rows, []string{l}), false
	}
	return rows
}

var marks = strings.NewReplacer(string(litOpen), "", string(litClose), "", string(litLine), "\n", string(litBar), "|")

// restore takes the marks of literals away and gives back what they hid.
func restore(s string) string {
	return marks.Replace(s)
}

// oneLine is restore for words that stand on one line. Full-width spaces are
// the template's own and stay.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(restore(s), func(r rune) bool { return r == ' ' || r == '\n' }), " ")
}

// join puts two lines of a paragraph together: no space beside a Chinese
// character.
func join(a, b string) string {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	if columns(last) == 2 || columns(first) == 2 {
		return a + b
	}
	return a + " " + b
}

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:n-1]), " ") + "…"
}
