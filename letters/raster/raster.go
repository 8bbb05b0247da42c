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
	scale    float64 // pixels to a point
	bounds   image.Rectangle
	inks     []*ink
	spare    []*vector.Rasterizer // of the pages before: their buffers are the largest part
	outlines map[glyph][]sfnt.Segment
	seals    []picture
	mask     *image.Alpha
	best     []uint8 // how much of each pixel the colour covers that stands in it
	few      []uint8 // the number of its colour
	file     pngFile
}

// ink is the path of what is painted in one colour.
type ink struct {
	color color.NRGBA
	path  *vector.Rasterizer
}

// glyph names an outline.
type glyph struct {
	font *sfnt.Font
	gid  sfnt.GID
}

type picture struct {
	image      image.Image
	x, y, w, h float64
}

// New begins a white page of a size in points at a resolution in dots per inch.
func New(width, height float64, dpi int) *Page {
	s := float64(dpi) / 72
	p := &Page{scale: s, bounds: image.Rect(0, 0, int(math.Ceil(width*s)), int(math.Ceil(height*s))), outlines: map[glyph][]sfnt.Segment{}}
	p.mask = image.NewAlpha(p.bounds)
	p.best, p.few = make([]uint8, len(p.mask.Pix)), make([]uint8, len(p.mask.Pix))
	return p
}

// Clear makes the page white again.
func (p *Page) Clear() {
	for _, i := range p.inks {
		p.spare = append(p.spare, i.path)
	}
	p.inks, p.seals = nil, nil
}

// in gives the path for a colour.
func (p *Page) in(c [3]int) *vector.Rasterizer {
	want := color.NRGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 255}
	for _, i := range p.inks {
		if i.color == want {
			return i.path
		}
	}
	i := &ink{color: want}
	if n := len(p.spare); n > 0 {
		i.path, p.spare = p.spare[n-1], p.spare[:n-1]
		i.path.Reset(p.bounds.Dx(), p.bounds.Dy())
	} else {
		i.path = vector.NewRasterizer(p.bounds.Dx(), p.bounds.Dy())
	}
	i.path.DrawOp = draw.Src
	p.inks = append(p.inks, i)
	return i.path
}

// Glyph paints a glyph with its origin at x, y.
func (p *Page) Glyph(f *sfnt.Font, g sfnt.GID, x, y, size float64, c [3]int) {
	path := p.in(c)
	outline, ok := p.outlines[glyph{f, g}]
	if !ok {
		outline = f.Outline(g)
		p.outlines[glyph{f, g}] = outline
	}
	k := size / 1000
	for i := range outline {
		s := &outline[i]
		toX, toY := float32((x+s.X*k)*p.scale), float32((y-s.Y*k)*p.scale)
		switch s.Kind {
		case sfnt.Move:
			path.MoveTo(toX, toY)
		case sfnt.Line:
			path.LineTo(toX, toY)
		case sfnt.Curve:
			path.QuadTo(float32((x+s.CX*k)*p.scale), float32((y-s.CY*k)*p.scale), toX, toY)
		}
	}
}

// Rect paints a filled rectangle.
func (p *Page) Rect(x, y, w, h float64, c [3]int) {
	p.polygon(c, x, y, x+w, y, x+w, y+h, x, y+h, x, y)
}

// polygon paints a filled polygon, whose first corner is repeated as its last.
func (p *Page) polygon(c [3]int, xy ...float64) {
	path := p.in(c)
	path.MoveTo(float32(xy[0]*p.scale), float32(xy[1]*p.scale))
	for j := 2; j+1 < len(xy); j += 2 {
		path.LineTo(float32(xy[j]*p.scale), float32(xy[j+1]*p.scale))
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
	if len(p.seals) == 0 && len(p.inks) <= 2 {
		return p.file.encode(p.bounds.Size(), p.few, p.reduced())
	}
	var out bytes.Buffer
	err := png.Encode(&out, p.full())
	return out.Bytes(), err
}

// coverage gives for each pixel how much of it a colour covers. What it gave
// before is overwritten.
func (p *Page) coverage(i *ink) *image.Alpha {
	i.path.Draw(p.mask, p.bounds, image.Opaque, image.Point{})
	return p.mask
}

// reduced makes the image of few colours, and gives these. Where two colours
// meet in a pixel, the one that covers more of it stands.
func (p *Page) reduced() []color.NRGBA {
	palette := []color.NRGBA{{255, 255, 255, 255}}
	clear(p.few)
	clear(p.best)
	w := p.bounds.Dx()
	blank := make([]uint8, w)
	for _, i := range p.inks {
		base, steps := len(palette)-1, shades
		if i.color == (color.NRGBA{A: 255}) {
			steps = greys
		}
		var step [256]uint8
		for a := range step {
			step[a] = uint8((a*steps + 127) / 255)
		}
		for s := 1; s <= steps; s++ {
			palette = append(palette, mix(i.color, 255*s/steps))
		}
		covered := p.coverage(i).Pix
		for from := 0; from < len(covered); from += w {
			row, best, few := covered[from:from+w], p.best[from:from+w], p.few[from:from+w]
			if bytes.Equal(row, blank) { // most rows of a page
				continue
			}
			for j, a := range row {
				if s := step[a]; s > 0 && a > best[j] {
					best[j], few[j] = a, uint8(base)+s
				}
			}
		}
	}
	return palette
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
