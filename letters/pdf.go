package letters

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	draw2d "image/draw"
	"image/png"
	"math"
	"strings"
	"time"
	"unicode/utf16"

	"complaints/letters/raster"
	"complaints/letters/sfnt"

	"github.com/jung-kurt/gofpdf"
)

// about is what a document says of itself.
type about struct {
	title, author, subject, lang string
	created                      time.Time
	seal                         *sealed
}

// private is the first private-use code point; there are 6,400.
const private, lastPrivate = 0xE000, 0xF8FF

// glyphKey names a glyph as used for one character: a character may be used in
// two forms (full-width, proportional).
type glyphKey struct {
	font int
	gid  sfnt.GID
	r    rune
}

// charset gives every glyph of a letter a code point of the Basic Multilingual
// Plane, which is all the PDF library can write: its own if it has one that is
// free, else a private-use one. Text drawn with the latter says in ActualText
// what it is.
type charset struct {
	code   map[glyphKey]rune
	taken  []map[rune]sfnt.GID // for each font
	beyond rune                // next private-use point
}

func newCharset(fonts int) *charset {
	c := &charset{code: map[glyphKey]rune{}, beyond: private}
	for range fonts {
		c.taken = append(c.taken, map[rune]sfnt.GID{})
	}
	return c
}

func (c *charset) add(k glyphKey) error {
	if _, ok := c.code[k]; ok {
		return nil
	}
	r := k.r
	if _, used := c.taken[k.font][r]; used || r >= 0xFFFF || r >= private && r <= lastPrivate {
		if c.beyond > lastPrivate {
			return fmt.Errorf("more than %d characters beyond U+FFFF in one letter", lastPrivate-private+1)
		}
		r = c.beyond
		c.beyond++
	}
	c.code[k], c.taken[k.font][r] = r, k.gid
	return nil
}

// draw writes the pages as a PDF. The same pages give the same bytes.
func draw(fs *faces, pages []page, a about) ([]byte, error) {
	cs := newCharset(len(fs.fonts))
	for _, p := range pages {
		for _, m := range p.marks {
			for _, c := range m.line.cells {
				if err := cs.add(glyphKey{c.font, c.gid, c.r}); err != nil {
					return nil, err
				}
			}
		}
	}
	pdf := gofpdf.New("P", "pt", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(a.created)
	pdf.SetModificationDate(a.created)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	// The library encodes only U+0000 to U+FFFF; so it is done here.
	pdf.SetTitle(utf16String(a.title), false)
	pdf.SetAuthor(utf16String(a.author), false)
	pdf.SetSubject(utf16String(a.subject), false)
	pdf.SetCreator("complaintsd", false)
	pdf.SetProducer("complaintsd", false)
	names := map[string]string{}
	for i, f := range fs.fonts {
		if len(cs.taken[i]) == 0 {
			continue
		}
		small, err := f.Subset(cs.taken[i])
		if err != nil {
			return nil, err
		}
		pdf.AddUTF8FontFromBytes(family(i, f), "", small)
		names["utf8"+family(i, f)] = subsetTag(small) + "+" + baseName(f)
	}
	for _, p := range pages {
		pdf.AddPage()
		pen := pen{pdf: pdf, faces: fs, charset: cs}
		for _, b := range p.bars {
			pdf.SetFillColor(b.color[0], b.color[1], b.color[2])
			pdf.Rect(b.x, b.y, b.w, b.h, "F")
		}
		pdf.SetFillColor(0, 0, 0)
		for _, m := range p.marks {
			pdf.SetTextColor(m.color[0], m.color[1], m.color[2])
			pen.line(m)
		}
		for _, s := range p.seals {
			pen.seal(s, a.seal)
		}
	}
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return finish(b.Bytes(), a.lang, names)
}

// pen draws lines on one page and remembers the character spacing in force.
type pen struct {
	pdf     *gofpdf.Fpdf
	faces   *faces
	charset *charset
	spacing float64
}

// line draws a line in as few strokes as its spacing allows.
func (p *pen) line(m mark) {
	cells, x := m.line.cells, m.line.x
	// extra is what follows a character beyond its own advance.
	extra := func(i int) float64 { return x[i+1] - x[i] - cells[i].natural }
	for start := 0; start < len(cells); {
		first := cells[start]
		code := p.charset.code[glyphKey{first.font, first.gid, first.r}]
		actual := code != first.r
		end := start + 1
		spacing := 0.0
		for end < len(cells) && cells[end].font == first.font && cells[end].size == first.size {
			c := p.charset.code[glyphKey{cells[end].font, cells[end].gid, cells[end].r}]
			e := extra(end - 1)
			if actual != (c != cells[end].r) || end > start+1 && math.Abs(e-spacing) > 0.004 {
				break
			}
			spacing = e
			end++
		}
		p.stroke(cells[start:end], m.x+x[start], m.y, spacing, actual)
		start = end
	}
}

// seal prints the firm's seal over what stands there, or marks its place.
func (p *pen) seal(at seal, s *sealed) {
	switch {
	case s.png != nil:
		how := gofpdf.ImageOptions{ImageType: "PNG"}
		p.pdf.RegisterImageOptionsReader("seal", how, bytes.NewReader(s.png))
		p.pdf.ImageOptions("seal", at.x, at.y, at.w, at.h, false, how, 0, "")
	case s.ring:
		p.pdf.SetDrawColor(ringGrey, ringGrey, ringGrey)
		p.pdf.SetLineWidth(thinRule)
		p.pdf.SetDashPattern([]float64{ringDash, ringDash}, 0)
		p.pdf.Ellipse(at.x+at.w/2, at.y+at.h/2, at.w/2, at.h/2, 0, "D")
		p.pdf.SetDashPattern(nil, 0)
	}
}

// The ring that marks the place of a seal: grey, dashed.
const ringGrey, ringDash = 150, 4

// paint paints one page as PNG.
func paint(canvas *raster.Page, fs *faces, p page, s *sealed) ([]byte, error) {
	canvas.Clear()
	for _, b := range p.bars {
		canvas.Rect(b.x, b.y, b.w, b.h, b.color)
	}
	for _, m := range p.marks {
		for i, c := range m.line.cells {
			canvas.Glyph(fs.fonts[c.font], c.gid, m.x+m.line.x[i], m.y, c.size, m.color)
		}
	}
	for _, at := range p.seals {
		switch {
		case s.png != nil:
			if err := canvas.Picture(s.png, at.x, at.y, at.w, at.h); err != nil {
				return nil, fmt.Errorf("seal: %w", err)
			}
		case s.ring:
			canvas.Ring(at.x, at.y, at.w, at.h, thinRule, ringDash, [3]int{ringGrey, ringGrey, ringGrey})
		}
	}
	return canvas.PNG()
}

// plainPNG writes an image in the one form of PNG that the PDF library is sure
// to read: 8 bits a channel, not interlaced.
func plainPNG(b []byte) ([]byte, image.Point, error) {
	src, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, image.Point{}, err
	}
	dst := image.NewNRGBA(src.Bounds())
	draw2d.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw2d.Src)
	var out bytes.Buffer
	err = png.Encode(&out, dst)
	return out.Bytes(), dst.Bounds().Size(), err
}

func (p *pen) stroke(cells []cell, x, y, spacing float64, actual bool) {
	var code, text strings.Builder
	for _, c := range cells {
		code.WriteRune(p.charset.code[glyphKey{c.font, c.gid, c.r}])
		text.WriteRune(c.r)
	}
	p.pdf.SetFont(family(cells[0].font, p.faces.fonts[cells[0].font]), "", cells[0].size)
	if math.Abs(spacing-p.spacing) > 0.0005 {
		p.pdf.RawWriteStr(fmt.Sprintf("%.3f Tc", spacing))
		p.spacing = spacing
	}
	if actual {
		p.pdf.RawWriteStr("/Span <</ActualText <" + strings.ToUpper(hex.EncodeToString([]byte(utf16String(text.String())))) + ">>> BDC")
	}
	p.pdf.Text(x, y, code.String())
	if actual {
		p.pdf.RawWriteStr("EMC")
	}
}

// utf16String encodes a text string (PDF 32000-1, 7.9.2.2): UTF-16BE with a
// byte-order mark.
func utf16String(s string) string {
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

// family is the name under which the library knows a font. It writes
// “/utf8”+family into the file as the font's name; that is exactly as long as
// the name the font must have there, with its subset tag (PDF 32000-1, 9.6.4),
// which finish puts in its place.
func family(i int, f *sfnt.Font) string {
	return strings.ToLower(baseName(f)) + fmt.Sprintf("%03d", i)
}

func baseName(f *sfnt.Font) string {
	n := strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, f.Name())
	if n == "" {
		return "Font"
	}
	return n
}

// subsetTag makes six letters from a font's bytes.
func subsetTag(b []byte) string {
	sum := sha256.Sum256(b)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

// finish does what the library has no way to say: the names of font subsets,
// the document's language, that a viewer shows the title, and a file
// identifier. The catalog is the last object of the file, so that replacing it
// moves nothing but the cross-reference table.
func finish(b []byte, lang string, names map[string]string) ([]byte, error) {
	for from, to := range names {
		if len(from) != len(to) {
			return nil, fmt.Errorf("pdf: font name %q cannot take the place of %q", to, from)
		}
		b = bytes.ReplaceAll(b, []byte("/"+from), []byte("/"+to))
	}
	table := bytes.LastIndex(b, []byte("\nxref\n"))
	catalog := bytes.LastIndex(b[:max(table, 0)], []byte("/Type /Catalog"))
	trailer := bytes.LastIndex(b, []byte("\n/Root "))
	start := bytes.LastIndex(b, []byte("\nstartxref\n"))
	if table < 0 || catalog < 0 || trailer < table || start < trailer {
		return nil, fmt.Errorf("pdf: the library wrote a file of another form")
	}
	sum := sha256.Sum256(b[:table])
	id := hex.EncodeToString(sum[:16])
	copy(b, "%PDF-1.7") // ActualText, Lang and DisplayDocTitle are newer than 1.3
	var out bytes.Buffer
	out.Grow(len(b) + 256)
	out.Write(b[:catalog])
	fmt.Fprintf(&out, "/Type /Catalog\n/Pages 1 0 R\n/Lang (%s)\n/ViewerPreferences <</DisplayDocTitle true>>\n>>\nendobj", lang)
	at := out.Len() + 1
	out.Write(b[table:trailer])
	fmt.Fprintf(&out, "\n/ID [<%s> <%s>]", id, id)
	out.Write(b[trailer:start])
	fmt.Fprintf(&out, "\nstartxref\n%d\n%%%%EOF\n", at)
	return out.Bytes(), nil
}
