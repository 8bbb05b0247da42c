package letters

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	draw2d "image/draw"
	"image/png"
	"io"
	"math"
	"slices"
	"strconv"
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

// glyphKey names a glyph as used for one character: a character may be used in
// two forms (full-width, proportional), and a glyph for two characters.
type glyphKey struct {
	font int
	gid  sfnt.GID
	r    rune
}

// charset numbers the glyphs of a letter, for each font from 1 in the order of
// their first use.
type charset struct {
	code map[glyphKey]int
	used [][]glyphKey // for each font
}

func newCharset(fs *faces, pages []page) (*charset, error) {
	c := &charset{code: map[glyphKey]int{}, used: make([][]glyphKey, len(fs.fonts))}
	for _, p := range pages {
		for _, m := range p.marks {
			for _, cell := range m.line.cells {
				k := glyphKey{cell.font, cell.gid, cell.r}
				if _, ok := c.code[k]; ok {
					continue
				}
				c.used[k.font] = append(c.used[k.font], k)
				c.code[k] = len(c.used[k.font])
				if c.code[k] >= 0xFFFF {
					return nil, fmt.Errorf("more than 65,534 different characters of %s in one letter", fs.fonts[k.font].Name())
				}
			}
		}
	}
	return c, nil
}

// standIns are fonts that the PDF library knows without reading a file. Its own
// way with a font that it embeds costs some milliseconds for each, and writes
// nothing above U+FFFF; so it is told of a stand-in for each font, which embed
// replaces by the font itself. Text is numbers of glyphs, of two bytes each,
// which the library passes on as they are.
var standIns = []struct{ family, style, name string }{
	{"courier", "", "Courier"}, {"courier", "B", "Courier-Bold"}, {"courier", "I", "Courier-Oblique"}, {"courier", "BI", "Courier-BoldOblique"},
	{"helvetica", "", "Helvetica"}, {"helvetica", "B", "Helvetica-Bold"}, {"helvetica", "I", "Helvetica-Oblique"},
}

// draw writes the pages as a PDF. The same pages give the same bytes.
func draw(fs *faces, pages []page, a about) ([]byte, error) {
	cs, err := newCharset(fs, pages)
	if err != nil {
		return nil, err
	}
	pdf := gofpdf.New("P", "pt", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCompression(false) // embed compresses
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
	for _, p := range pages {
		pdf.AddPage()
		pen := pen{pdf: pdf, charset: cs}
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
	return finish(b.Bytes(), fs, cs, a.lang)
}

// pen draws lines on one page and remembers the character spacing in force.
type pen struct {
	pdf     *gofpdf.Fpdf
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
		end := start + 1
		spacing := 0.0
		for end < len(cells) && cells[end].font == first.font && cells[end].size == first.size {
			e := extra(end - 1)
			if end > start+1 && math.Abs(e-spacing) > 0.004 {
				break
			}
			spacing = e
			end++
		}
		p.stroke(cells[start:end], m.x+x[start], m.y, spacing)
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

func (p *pen) stroke(cells []cell, x, y, spacing float64) {
	codes := make([]byte, 0, 2*len(cells))
	for _, c := range cells {
		codes = binary.BigEndian.AppendUint16(codes, uint16(p.charset.code[glyphKey{c.font, c.gid, c.r}]))
	}
	in := standIns[cells[0].font]
	p.pdf.SetFont(in.family, in.style, cells[0].size)
	if math.Abs(spacing-p.spacing) > 0.0005 {
		p.pdf.RawWriteStr(fmt.Sprintf("%.3f Tc", spacing))
		p.spacing = spacing
	}
	p.pdf.Text(x, y, string(codes))
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

// objects are those of a PDF file (PDF 32000-1, 7.5): the i-th is number i+1
// and holds what stands between “obj” and “endobj”.
type objects [][]byte

// readObjects takes apart what the PDF library wrote: one section of objects
// and one cross-reference table.
func readObjects(b []byte) (all objects, root, info int, err error) {
	table := bytes.LastIndex(b, []byte("\nxref\n"))
	trailer := bytes.LastIndex(b, []byte("\ntrailer\n"))
	if table < 0 || trailer < table {
		return nil, 0, 0, fmt.Errorf("pdf: the library wrote a file of another form")
	}
	lines := bytes.Split(b[table+len("\nxref\n"):trailer], []byte("\n"))
	var places []int
	for _, l := range lines[min(2, len(lines)):] { // the heading, and number 0
		place, err := strconv.Atoi(string(l[:min(10, len(l))]))
		if err != nil || place < 0 || place >= table {
			return nil, 0, 0, fmt.Errorf("pdf: the library wrote the cross-reference %q", l)
		}
		places = append(places, place)
	}
	ends := slices.Sorted(slices.Values(append(slices.Clone(places), table)))
	for i, place := range places {
		next, _ := slices.BinarySearch(ends, place+1) // whatever stands in its stream
		own := b[place:ends[next]]
		begin, end := bytes.Index(own, []byte(" obj\n")), bytes.LastIndex(own, []byte("\nendobj"))
		if begin < 0 || end < begin {
			return nil, 0, 0, fmt.Errorf("pdf: object %d is not where the table says", i+1)
		}
		all = append(all, own[begin+len(" obj\n"):end])
	}
	for name, n := range map[string]*int{"/Root ": &root, "/Info ": &info} {
		_, rest, _ := bytes.Cut(b[trailer:], []byte(name))
		if _, err := fmt.Sscanf(string(rest[:min(len(rest), 12)]), "%d 0 R", n); err != nil || *n < 1 || *n > len(all) {
			return nil, 0, 0, fmt.Errorf("pdf: the trailer names no %s", name)
		}
	}
	return all, root, info, nil
}

// write gives the file. Its identifier is made of its bytes.
func (all objects) write(root, info int) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range all {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	sum := sha256.Sum256(out.Bytes())
	id := hex.EncodeToString(sum[:16])
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, a := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&out, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n/ID [<%s> <%s>]\n>>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, root, info, id, id, table)
	return out.Bytes()
}

// finish does what the library has no good way to do: it puts the fonts in the
// places of their stand-ins, compresses the pages, and names the document's
// language and that a viewer shows the title.
func finish(b []byte, fs *faces, cs *charset, lang string) ([]byte, error) {
	all, root, info, err := readObjects(b)
	if err != nil {
		return nil, err
	}
	all[root-1] = fmt.Appendf(nil, "<<\n/Type /Catalog\n/Pages 1 0 R\n/Lang (%s)\n/ViewerPreferences <</DisplayDocTitle true>>\n>>", lang)
	for i, o := range all {
		if dict, rest, ok := bytes.Cut(o, []byte(">>\nstream\n")); ok && bytes.HasPrefix(dict, []byte("<</Length ")) {
			if all[i], err = fs.stream("", bytes.TrimSuffix(rest, []byte("\nendstream"))); err != nil {
				return nil, err
			}
		}
	}
	for i, f := range fs.fonts {
		if len(cs.used[i]) == 0 {
			continue
		}
		place := slices.IndexFunc(all, func(o []byte) bool {
			return bytes.HasPrefix(o, []byte("<</Type /Font\n/BaseFont /"+standIns[i].name+"\n"))
		})
		if place < 0 {
			return nil, fmt.Errorf("pdf: the library did not write its font %s", standIns[i].name)
		}
		more, err := fs.embedded(f, cs.used[i], len(all)+1)
		if err != nil {
			return nil, err
		}
		all[place] = more[0]
		all = append(all, more[1:]...)
	}
	return all.write(root, info), nil
}

// embedded gives the objects of a font that holds the used glyphs only, the
// n-th under the number n: the font, and from number next on its glyphs' widths,
// its measures, its file, and which characters its glyphs are (9.7 to 9.10).
func (fs *faces) embedded(f *sfnt.Font, used []glyphKey, next int) ([][]byte, error) {
	glyphs := make(map[rune]sfnt.GID, len(used))
	var widths strings.Builder
	for i, k := range used {
		glyphs[rune(i+1)] = k.gid
		fmt.Fprintf(&widths, "%d ", int(math.Round(f.Advance(k.gid))))
	}
	small, err := f.Subset(glyphs)
	if err != nil {
		return nil, err
	}
	file, err := fs.stream(fmt.Sprintf("/Length1 %d ", len(small)), small)
	if err != nil {
		return nil, err
	}
	unicode, err := fs.stream("", characters(used))
	if err != nil {
		return nil, err
	}
	name := subsetTag(small) + "+" + baseName(f)
	m := f.Measures()
	return [][]byte{
		fmt.Appendf(nil, "<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", name, next, next+3),
		fmt.Appendf(nil, "<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /CIDToGIDMap /Identity /FontDescriptor %d 0 R /DW 1000 /W [1 [%s]]>>",
			name, next+1, strings.TrimSpace(widths.String())),
		fmt.Appendf(nil, "<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontFile2 %d 0 R>>",
			name, m.Box[0], m.Box[1], m.Box[2], m.Box[3], m.Ascent, m.Descent, m.CapHeight, m.Stem, next+2),
		file,
		unicode,
	}, nil
}

// characters writes the map from numbers of glyphs to characters, those above
// U+FFFF among them (9.10.3).
func characters(used []glyphKey) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	n := 0
	for part := range slices.Chunk(used, 100) { // as many as a section may have
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for _, k := range part {
			n++
			fmt.Fprintf(&b, "<%04X> <", n)
			for _, u := range utf16.Encode([]rune{k.r}) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return b.Bytes()
}

// stream writes a compressed stream object, with more entries in its dictionary.
func (fs *faces) stream(entries string, data []byte) ([]byte, error) {
	z, _ := fs.zips.Get().(*zlib.Writer)
	if z == nil {
		var err error
		if z, err = zlib.NewWriterLevel(io.Discard, zlib.BestSpeed); err != nil {
			return nil, err
		}
	}
	defer fs.zips.Put(z)
	var b bytes.Buffer
	b.Grow(len(data))
	z.Reset(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "<<%s/Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream", entries, b.Len(), b.Bytes()), nil
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
