// Package letters prints the formal letters of the desk as PDF.
//
//  1. Check reads a letter as a careful colleague would and refuses it, naming
//     every fault, if a mandatory block is missing, a date does not fit or a
//     name holds a character that no typeface has.
//  2. The letter's words are made safe: a client's emoji are replaced visibly,
//     and nothing in them can be taken for markup.
//  3. A text template (package templates) gives the letter's text, one block a
//     line; blocks are headings, paragraphs, items, the signature.
//  4. Blocks become cells, one for each character; cells become lines, by the
//     rules of Chinese line ends; lines become rows on pages, by the measures
//     of GB/T 9704-2012 (Chinese) or of an English letter.
//  5. The pages are drawn with small fonts that hold only the letter's own
//     glyphs, cut from fonts that were parsed once. The same letter gives the
//     same bytes.
//  6. Where a page is wanted as an image, package raster paints it from the
//     same cells and the same outlines.
package letters

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"text/template"
	"time"

	complaints "complaints"
	"complaints/letters/raster"
	"complaints/templates"
)

// Printer renders letters with one set of typefaces. It may be used by several
// goroutines at once.
type Printer struct {
	faces *faces
	texts map[string]*template.Template // by language
	seal  *sealed                       // nil: room is left for a seal by hand
}

// New makes a printer; the zero Fonts are the built-in ones. It parses fonts,
// which takes some milliseconds: make one and keep it.
func New(own Fonts) (*Printer, error) {
	fs, err := loadFaces(own)
	if err != nil {
		return nil, err
	}
	p := &Printer{faces: fs, texts: map[string]*template.Template{}}
	for _, lang := range []string{"zh", "en"} {
		if p.texts[lang], err = templates.Letters(lang, functions(lang)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

var standard = sync.OnceValues(func() (*Printer, error) { return New(Fonts{}) })

// Render writes a letter as PDF in the built-in typefaces; see Printer.Render.
func Render(w io.Writer, l complaints.Letter) error {
	p, err := standard()
	if err != nil {
		return err
	}
	return p.Render(w, l)
}

// Images paints the pages of a letter in the built-in typefaces; see
// Printer.Images.
func Images(l complaints.Letter, dpi int) ([][]byte, error) {
	p, err := standard()
	if err != nil {
		return nil, err
	}
	return p.Images(l, dpi)
}

// Check looks for the faults of a letter; see Printer.Check.
func Check(l complaints.Letter) error {
	p, err := standard()
	if err != nil {
		return err
	}
	return p.Check(l)
}

// Render writes a letter as PDF. A letter without a number is a draft: it says
// 〔待签发〕 in place of the number and the date, and is rendered whatever
// Check says of it, so that the drafter sees what is missing. A letter with a
// number must pass Check. Characters that cannot be printed are a
// *complaints.Refusal in either case.
func (p *Printer) Render(w io.Writer, l complaints.Letter) error {
	pages, about, err := p.proof(l)
	if err != nil {
		return err
	}
	b, err := draw(p.faces, pages, about)
	if err != nil {
		return fmt.Errorf("render %s %s: %w", l.Kind, l.Ref, err)
	}
	_, err = w.Write(b)
	return err
}

// Proof gives the SHA-256, hex, of the PDF of a letter as a draft: without the
// number and the date that it may have by now.
func (p *Printer) Proof(l complaints.Letter) (string, error) {
	l.Number.N, l.Date = 0, complaints.Date{}
	h := sha256.New()
	if err := p.Render(h, l); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Images paints the pages of a letter as PNG, one for each, at a resolution in
// dots per inch: the same pages as the PDF's, for a mail that is read on a
// telephone. It refuses what Render refuses.
func (p *Printer) Images(l complaints.Letter, dpi int) ([][]byte, error) {
	images, _, err := p.FirstImages(l, dpi, math.MaxInt)
	return images, err
}

// FirstImages is Images for the first pages only, at most the number most. It
// says how many pages the letter has.
func (p *Printer) FirstImages(l complaints.Letter, dpi, most int) (images [][]byte, total int, err error) {
	if dpi < 20 || dpi > 600 {
		return nil, 0, fmt.Errorf("page images at %d dpi: 20 to 600 are possible", dpi)
	}
	pages, about, err := p.proof(l)
	if err != nil {
		return nil, 0, err
	}
	canvas := raster.New(pageWidth, pageHeight, dpi)
	out := make([][]byte, min(most, len(pages)))
	for i := range out {
		if out[i], err = paint(canvas, p.faces, pages[i], about.seal); err != nil {
			return nil, 0, fmt.Errorf("image of %s %s, page %d: %w", l.Kind, l.Ref, i+1, err)
		}
	}
	return out, len(pages), nil
}

// proof lays a letter out on pages if it may be rendered.
func (p *Printer) proof(l complaints.Letter) ([]page, about, error) {
	if faults := p.shape(l); faults != nil {
		return nil, about{}, refusal(l, faults)
	}
	if l.Number.N != 0 {
		if err := p.Check(l); err != nil {
			return nil, about{}, err
		}
	}
	return p.compose(l)
}

// compose lays a letter out on pages.
func (p *Printer) compose(l complaints.Letter) ([]page, about, error) {
	text, l, faults, err := p.text(l)
	if err == nil && faults != nil {
		err = refusal(l, faults)
	}
	if err != nil {
		return nil, about{}, err
	}
	blocks := parseBlocks(text, l.Lang)
	a := about{author: strings.ReplaceAll(l.Firm.In(l.Lang), joiner, ""), lang: pick(l.Lang, "zh-CN", "en"), created: l.Date.Midnight(time.UTC)}
	if l.Date.IsZero() {
		a.created = complaints.Date{Year: 2000, Month: 1, Day: 1}.Midnight(time.UTC) // a draft has no date
	}
	for _, b := range blocks {
		if b.kind == titleBlock {
			for _, s := range b.spans {
				a.title += s.text
			}
			break
		}
	}
	a.subject = strings.TrimSpace(l.Ref + " " + l.Number.String())
	a.seal = p.sealFor(l)
	return p.lay(blocks, l, a.seal), a, nil
}

// lay sets the blocks of a letter on pages. If only a few lines would stand on
// the last page, narrower spacings are tried in turn, and the first that saves
// the page is taken. No page begins with the last few characters of a paragraph,
// unless that would cost one.
func (p *Printer) lay(blocks []block, l complaints.Letter, seal *sealed) []page {
	s := p.sheet(l.Lang, 0, seal)
	rows := s.rows(blocks)
	pages := paginate(s, rows)
	usual := len(pages)
	for level := 1; level < len(zhLevels) && len(pages) <= tightened && shortTail(pages, tail); level++ {
		narrow := p.sheet(l.Lang, level, seal)
		if fewer := paginate(narrow, narrow.rows(blocks)); len(fewer) < len(pages) {
			s, pages = narrow, fewer
			break
		}
	}
	for i := range rows {
		if rows[i].short {
			rows[i-1].keep = true
		}
	}
	if whole := paginate(s, rows); len(pages) == usual && len(whole) == usual {
		pages = whole
	}
	s.furnish(pages, l)
	return pages
}

const (
	// tail is how much text, in points, makes a last page worth its paper.
	tail = 7.1 * zhLine
	// tightened is the most pages that a letter may have to be set narrower:
	// in a longer one, a short last page is no blemish.
	tightened = 6
)

// sheet gives the layout of a letter at a level of spacing; 0 is the usual one.
func (p *Printer) sheet(lang string, level int, seal *sealed) sheet {
	if lang == "en" {
		return newEnglish(p.faces, level, seal)
	}
	return newChinese(p.faces, level, seal)
}

// sealed is the seal that a letter bears. Without an image its place is left
// free, or marked by a ring.
type sealed struct {
	png  []byte
	sum  string // of the image as it was given, hex
	w, h float64
	ring bool
}

// sealWidth is how wide a seal is printed; those of firms measure 40 to 45 mm.
const sealWidth = 42 * mm

// WithSeal gives a printer that prints this image, a PNG with a transparent
// ground, as the firm's seal on letters whose Seal is set. Who authorised the
// use is for the caller to record; the printer puts the image on issued letters
// only. A draft shows an empty ring in its place, so that no mail of a draft
// carries the seal.
func (p *Printer) WithSeal(image []byte) (*Printer, error) {
	b, size, err := plainPNG(image)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	with := *p
	sum := sha256.Sum256(image)
	with.seal = &sealed{png: b, sum: hex.EncodeToString(sum[:]), w: sealWidth, h: sealWidth * float64(size.Y) / float64(size.X)}
	return &with, nil
}

// Seal gives the SHA-256 of the seal's image, hex; "" if the printer has none.
func (p *Printer) Seal() string {
	if p.seal == nil {
		return ""
	}
	return p.seal.sum
}

// sealFor gives the seal of a letter, nil if it bears none.
func (p *Printer) sealFor(l complaints.Letter) *sealed {
	s := sealed{w: sealWidth, h: sealWidth}
	if p.seal != nil {
		s = *p.seal
	}
	switch {
	case !l.Seal:
		return nil
	case l.Number.N == 0:
		s.png, s.ring = nil, true
	}
	return &s
}

// Words gives what a letter says, a line for each paragraph, heading or row of
// a table, as a reader reads it: with the numbers of headings and items, without
// letterhead, 发文字号 and page numbers.
func (p *Printer) Words(l complaints.Letter) ([]string, error) {
	if faults := p.shape(l); faults != nil {
		return nil, refusal(l, faults)
	}
	text, l, _, err := p.text(l)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, b := range parseBlocks(text, l.Lang) {
		words := make([]string, 0, 1+len(b.cells))
		for _, c := range append(b.cells, b.spans) {
			var s strings.Builder
			for _, sp := range c {
				s.WriteString(sp.text)
			}
			if s.Len() > 0 {
				words = append(words, s.String())
			}
		}
		if line := strings.Join(words, " | "); line != "" {
			if b.label != "" && l.Lang == "en" {
				line = " " + line
			}
			out = append(out, b.label+line)
		}
	}
	return out, nil
}

// text makes the words of a letter safe and fills its template with them.
func (p *Printer) text(l complaints.Letter) (string, complaints.Letter, []fault, error) {
	l, faults := p.faces.safe(l)
	var b strings.Builder
	t := p.texts[l.Lang]
	if t == nil {
		return "", l, faults, fmt.Errorf("no letters in the language %q", l.Lang)
	}
	if err := t.ExecuteTemplate(&b, string(l.Kind)+".tmpl", l); err != nil {
		return "", l, faults, fmt.Errorf("letter text: %w", err)
	}
	return b.String(), l, faults, nil
}
