package letters

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"sync"

	"complaints/letters/sfnt"
)

//go:embed fonts/NotoSerifSC-Regular.ttf
var serifRegular string

//go:embed fonts/NotoSerifSC-Bold.ttf
var serifBold string

//go:embed fonts/NotoSansSC-Bold.ttf
var sansBold string

// Fonts names TrueType files of the firm's own typefaces; "" takes the
// built-in one. A character that the firm's file lacks is taken from the
// built-in faces.
type Fonts struct {
	Body    string `toml:"body"`    // 仿宋
	Title   string `toml:"title"`   // 小标宋: letterhead, title
	Heading string `toml:"heading"` // 黑体: headings of the first level
	Kai     string `toml:"kai"`     // 楷体: headings of the second level, the client's words
}

// role is what a typeface is used for.
type role int

const (
	body role = iota
	title
	heading
	kai
	subhead // headings of the second level
	strong  // emphasis within the body
	roles   // how many there are
)

// faces are the parsed fonts and, for each role, which to try in what order.
type faces struct {
	fonts  []*sfnt.Font
	chain  [roles][]int // indexes into fonts
	all    []int        // those that stand in every chain
	common []bool       // which of the common characters are there in every role
	zips   sync.Pool    // compressors, half a megabyte each
}

// loadFaces parses the built-in fonts and those that the firm names.
func loadFaces(own Fonts) (*faces, error) {
	fs := &faces{}
	for _, data := range []string{serifRegular, serifBold, sansBold} {
		f, err := sfnt.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("built-in font: %w", err)
		}
		fs.fonts = append(fs.fonts, f)
	}
	const regular, bold, sans = 0, 1, 2
	fs.chain = [roles][]int{
		body:    {regular, sans},
		title:   {bold, regular, sans},
		heading: {sans, bold, regular},
		kai:     {regular, sans},
		subhead: {bold, regular, sans},
		strong:  {bold, regular, sans},
	}
	for _, o := range []struct {
		name, path string
		roles      []role
	}{
		{"body", own.Body, []role{body, kai}}, // kai after it, so that a Kai of its own wins
		{"title", own.Title, []role{title}},
		{"heading", own.Heading, []role{heading, strong}},
		{"kai", own.Kai, []role{kai, subhead}},
	} {
		if o.path == "" {
			continue
		}
		data, err := os.ReadFile(o.path)
		if err != nil {
			return nil, fmt.Errorf("fonts.%s: %w", o.name, err)
		}
		f, err := sfnt.Parse(string(data))
		if err != nil {
			return nil, fmt.Errorf("fonts.%s: %s: %w", o.name, o.path, err)
		}
		for _, r := range o.roles {
			fs.chain[r] = append([]int{len(fs.fonts)}, fs.chain[r]...)
		}
		fs.fonts = append(fs.fonts, f)
	}
	for i := range fs.fonts {
		if !slices.ContainsFunc(fs.chain[:], func(c []int) bool { return !slices.Contains(c, i) }) {
			fs.all = append(fs.all, i)
		}
	}
	fs.common = make([]bool, 0x10000)
	for _, span := range common.R16 {
		for r := rune(span.Lo); r <= rune(span.Hi); r++ {
			fs.common[r] = fs.has(r)
		}
	}
	return fs, nil
}

// find gives the font and glyph for a character in a role; ok is false if no
// face has it.
func (fs *faces) find(r rune, in role) (font int, g sfnt.GID, ok bool) {
	for _, i := range fs.chain[in] {
		if g := fs.fonts[i].Glyph(r); g != 0 {
			return i, g, true
		}
	}
	return 0, 0, false
}

// has reports whether a character can be printed in every role.
func (fs *faces) has(r rune) bool {
	for _, i := range fs.all {
		if fs.fonts[i].Glyph(r) != 0 {
			return true
		}
	}
	for in := range roles {
		if _, _, ok := fs.find(r, in); !ok {
			return false
		}
	}
	return true
}
