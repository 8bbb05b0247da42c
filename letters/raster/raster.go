// Package raster paints pages as images, so that a draft can be read in a mail
// on a telephone without opening the PDF.
//
//  1. Everything of one colour on a page is one path: the outlines of its
//     glyphs, its rules. The path is filled once, by the non-zero rule, with
//     the exact share of each pixel that it covers (no hinting: at these sizes
//     Chinese characters have none).
//  2. The covered pixels become an image of thirteen colours: white, eight steps
//     towards black and four towards a second colour. That makes a page at 100
//     dpi 20 to 60 kB.
//  3. An image on the page, the firm's seal, wants the full range of colours:
//     that page alone is written with it.
package raster

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"complaints/letters/sfnt"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// Page is a page that is being painted, and after Clear the next one. Lengths
// are points (1/72 inch) from the page's upper left corner.
type Page struct {
	scale  float64 // pixels to a point
	bounds image.Rectangle
	inks   []*ink
	seals  []picture
	filler *vector.Rasterizer // one for all: its buffers are the largest part
	mask   *image.Alpha
	best   *image.Alpha    // how much of each pixel the colour covers that stands in it
	few    *image.Paletted // what PNG writes
	zip    *png.EncoderBuffer
}

// Get and Put keep the PNG encoder's buffers from page to page.
func (p *Page) Get() *png.EncoderBuffer  { return p.zip }
func (p *Page) Put(b *png.EncoderBuffer) { p.zip = b }

// ink is the path of what is painted in one colour, in pixels.
type ink struct {
	color color.NRGBA
	path  []stroke
}

// stroke is a move, a line or a curve of a path.
type stroke struct {
	kind         sfnt.SegmentKind
	cx, cy, x, y float32
}

type picture struct {
	image      image.Image
	x, y, w, h float64
}

// New begins a white page of a size in points at a resolution in dots per inch.
func New(width, height float64, dpi int) *Page {
	s := float64(dpi) / 72
	p := &Page{scale: s, bounds: image.Rect(0, 0, int(math.Ceil(width*s)), int(math.Ceil(height*s)))}
	p.filler = vector.NewRasterizer(p.bounds.Dx(), p.bounds.Dy())
	p.mask, p.best, p.few = image.NewAlpha(p.bounds), image.NewAlpha(p.bounds), image.NewPaletted(p.bounds, nil)
	return p
}

// Clear makes the page white again.
func (p *Page) Clear() { p.inks, p.seals = nil, nil }

// in gives the path for a colour.
func (p *Page) in(c [3]int) *ink {
	want := color.NRGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 255}
	for _, i := range p.inks {
		if i.color == want {
			return i
		}
	}
	i := &ink{color: want}
	p.inks = append(p.inks, i)
	return i
}

// Glyph paints a glyph with its origin at x, y.
func (p *Page) Glyph(f *sfnt.Font, g sfnt.GID, x, y, size float64, c [3]int) {
	i := p.in(c)
	for _, s := range f.Outline(g) {
		i.path = append(i.path, stroke{s.Kind,
			float32((x + s.CX*size/1000) * p.scale), float32((y - s.CY*size/1000) * p.scale),
			float32((x + s.X*size/1000) * p.scale), float32((y - s.Y*size/1000) * p.scale)})
	}
}

// Rect paints a filled rectangle.
func (p *Page) Rect(x, y, w, h float64, c [3]int) {
	p.polygon(c, x, y, x+w, y, x+w, y+h, x, y+h, x, y)
}

// polygon paints a filled polygon, whose first corner is repeated as its last.
func (p *Page) polygon(c [3]int, xy ...float64) {
	i, kind := p.in(c), sfnt.Move
	for j := 0; j+1 < len(xy); j += 2 {
		i.path = append(i.path, stroke{kind: kind, x: float32(xy[j] * p.scale), y: float32(xy[j+1] * p.scale)})
		kind = sfnt.Line
	}
}

// Ring paints a dashed ellipse into the rectangle at x, y.
func (p *Page) Ring(x, y, w, h, line, dash float64, c [3]int) {
	rx, ry := w/2, h/2
	n := int(math.Pi * (rx + ry) / dash / 2)
	const pieces = 4 // of a dash
	for i := range n {
		for j := range pieces {
			from := 2 * math.Pi * (float64(i) + float64(j)/pieces/2) / float64(n)
			to := 2 * math.Pi * (float64(i) + float64(j+1)/pieces/2) / float64(n)
			on := func(angle, off float64) (float64, float64) {
				return x + rx + (rx+off)*math.Cos(angle), y + ry + (ry+off)*math.Sin(angle)
			}
			ax, ay := on(from, line/2)
			bx, by := on(to, line/2)
			cx, cy := on(to, -line/2)
			dx, dy := on(from, -line/2)
			p.polygon(c, ax, ay, bx, by, cx, cy, dx, dy, ax, ay)
		}
	}
}

// Picture paints a PNG over all else, scaled into the rectangle at x, y.
func (p *Page) Picture(b []byte, x, y, w, h float64) error {
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return err
	}
	p.seals = append(p.seals, picture{img, x, y, w, h})
	return nil
}

// greys and shades are how many steps from white black and a second colour
// have, whether or not the other stands on the page: the same text gives the
// same pixels. PNG writes up to sixteen colours with four bits a pixel; fewer
// compress better, and at this resolution nobody sees the difference.
const greys, shades = 8, 4

// PNG writes the page.
func (p *Page) PNG() ([]byte, error) {
	e := png.Encoder{CompressionLevel: png.BestCompression, BufferPool: p}
	var img image.Image
	if len(p.seals) == 0 && len(p.inks) <= 2 {
		img = p.reduced()
	} else {
		img = p.full()
	}
	var out bytes.Buffer
	err := e.Encode(&out, img)
	return out.Bytes(), err
}

// coverage gives for each pixel how much of it a colour covers. What it gave
// before is overwritten.
func (p *Page) coverage(i *ink) *image.Alpha {
	p.filler.Reset(p.bounds.Dx(), p.bounds.Dy())
	for _, s := range i.path {
		switch s.kind {
		case sfnt.Move:
			p.filler.MoveTo(s.x, s.y)
		case sfnt.Line:
			p.filler.LineTo(s.x, s.y)
		case sfnt.Curve:
			p.filler.QuadTo(s.cx, s.cy, s.x, s.y)
		}
	}
	p.filler.DrawOp = draw.Src
	p.filler.Draw(p.mask, p.bounds, image.Opaque, image.Point{})
	return p.mask
}

// reduced makes the image of few colours. Where two colours meet in a pixel,
// the one that covers more of it stands.
func (p *Page) reduced() image.Image {
	palette := color.Palette{color.NRGBA{255, 255, 255, 255}}
	img, best := p.few, p.best.Pix
	clear(img.Pix)
	clear(best)
	for _, i := range p.inks {
		base, steps := len(palette)-1, shades
		if i.color == (color.NRGBA{A: 255}) {
			steps = greys
		}
		for s := 1; s <= steps; s++ {
			palette = append(palette, mix(i.color, 255*s/steps))
		}
		for j, a := range p.coverage(i).Pix {
			if s := (int(a)*steps + 127) / 255; a > best[j] && s > 0 {
				best[j], img.Pix[j] = a, uint8(base+s)
			}
		}
	}
	img.Palette = palette
	return img
}

// mix gives a colour laid on white with an opacity of a/255.
func mix(c color.NRGBA, a int) color.NRGBA {
	on := func(v uint8) uint8 { return uint8((int(v)*a + 255*(255-a) + 127) / 255) }
	return color.NRGBA{on(c.R), on(c.G), on(c.B), 255}
}

// full makes the image with all its colours.
func (p *Page) full() image.Image {
	img := image.NewRGBA(p.bounds)
	draw.Draw(img, p.bounds, image.White, image.Point{}, draw.Src)
	for _, i := range p.inks {
		draw.DrawMask(img, p.bounds, image.NewUniform(i.color), image.Point{}, p.coverage(i), image.Point{}, draw.Over)
	}
	for _, s := range p.seals {
		r := image.Rect(int(s.x*p.scale+0.5), int(s.y*p.scale+0.5), int((s.x+s.w)*p.scale+0.5), int((s.y+s.h)*p.scale+0.5))
		xdraw.CatmullRom.Scale(img, r, s.image, s.image.Bounds(), xdraw.Over, nil)
	}
	return img
}
