package letters

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	draw2d "image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	complaints "complaints"
)

// resolution is that of the comparisons, in dots per inch; square is the side
// of the squares that are compared, in pixels.
const resolution, square = 72, 6

// painters are the programs that draw a PDF's pages, and how far what they draw
// may be from our page images: mean and greatest difference of apart. poppler
// moves each glyph to a whole pixel of its height.
var painters = []struct {
	name, debian string
	args         []string
	pages        string // pattern or prefix of the pages' files
	mean, worst  float64
}{
	{"pdftoppm", "poppler-utils", []string{"-r", fmt.Sprint(resolution), "FILE", "PAGES"}, "page", 3.2, 72},
	{"mutool", "mupdf-tools", []string{"draw", "-q", "-r", fmt.Sprint(resolution), "-o", "PAGES", "FILE"}, "page%03d.ppm", 1.2, 48},
}

// painted lets a program draw the pages of a PDF.
func painted(t testing.TB, pdf []byte, name, debian, pages string, args ...string) []*image.RGBA {
	t.Helper()
	path := tool(t, name, debian)
	dir := t.TempDir()
	file := filepath.Join(dir, "letter.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	line := strings.NewReplacer("FILE", file, "PAGES", filepath.Join(dir, pages))
	var with []string
	for _, a := range args {
		with = append(with, line.Replace(a))
	}
	if out, err := exec.Command(path, with...).CombinedOutput(); err != nil || strings.Contains(string(out), "rror") {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "page*.ppm"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var out []*image.RGBA
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pixmap(t, b))
	}
	return out
}

// pixmap reads a PPM of three bytes a pixel: P6, width, height, 255.
func pixmap(t testing.TB, b []byte) *image.RGBA {
	t.Helper()
	var w, h, most int
	if _, err := fmt.Sscanf(string(b[:min(len(b), 40)]), "P6\n%d %d\n%d\n", &w, &h, &most); err != nil || most != 255 || len(b) < 3*w*h {
		t.Fatalf("no pixmap: %q, %v", b[:min(len(b), 20)], err)
	}
	b = b[len(b)-3*w*h:]
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(out.Pix[4*i:], b[3*i:3*i+3])
	}
	return out
}

func decoded(t testing.TB, b []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(img.Bounds())
	few, ok := img.(*image.Paletted)
	if !ok {
		draw2d.Draw(out, out.Bounds(), img, image.Point{}, draw2d.Src)
		return out
	}
	var colors [256][]byte // a look-up is faster than the image's interface
	for i, c := range few.Palette {
		r, g, b, a := c.RGBA()
		colors[i] = []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8), byte(a >> 8)}
	}
	for i, c := range few.Pix {
		copy(out.Pix[4*i:], colors[c])
	}
	return out
}

// apart compares the colours of two images in small squares, in which each is
// averaged: programs round the place of a glyph to pixels in ways of their own.
// It gives the mean and the greatest difference, 0 to 255.
func apart(a, b *image.RGBA) (mean, worst float64) {
	r := a.Bounds()
	n := 0.0
	for y := r.Min.Y; y+square <= r.Max.Y; y += square {
		for x := r.Min.X; x+square <= r.Max.X; x += square {
			ca, cb := average(a, x, y), average(b, x, y)
			diff := (math.Abs(ca[0]-cb[0]) + math.Abs(ca[1]-cb[1]) + math.Abs(ca[2]-cb[2])) / 3
			mean, worst, n = mean+diff, max(worst, diff), n+1
		}
	}
	return mean / n, worst
}

// average gives the mean colour of the square at x, y.
func average(m *image.RGBA, x, y int) (c [3]float64) {
	for dy := range square {
		row := m.Pix[m.PixOffset(x, y+dy):]
		for i := range 4 * square {
			if i%4 < 3 {
				c[i%4] += float64(row[i]) / square / square
			}
		}
	}
	return c
}

// TestImages paints the first two pages of every sample at 100 dpi, none larger
// than a mail should carry, and tells how many pages there are.
func TestImages(t *testing.T) {
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		l := sample(t, s)
		images, all, err := p.FirstImages(l, 100, 2)
		if err != nil {
			t.Fatal(err)
		}
		if pages := bytes.Count(samplePDF(t, s), []byte("/Type /Page\n")); all != pages || len(images) != 2 {
			t.Errorf("%s: %d images of %d pages, the PDF has %d", s, len(images), all, pages)
		}
		for i, b := range images {
			img, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if r := img.Bounds(); r.Dx() != 827 || r.Dy() != 1170 {
				t.Errorf("%s: page %d has %v pixels, want A4 at 100 dpi", s, i+1, r)
			}
			if len(b) > 60_000 {
				t.Errorf("%s: the image of page %d has %d bytes", s, i+1, len(b))
			}
		}
	}
}

// TestPictures wants the pages that stand in the READMEs to be those that are
// printed now. Set UPDATE=1 to write them anew.
func TestPictures(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		images, err := Images(sample(t, "result."+lang), 96)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "gallery-"+lang+".png")
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, images[0], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		was, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a, b := decoded(t, was), decoded(t, images[0])
		if a.Bounds() != b.Bounds() {
			t.Fatalf("%s has %v pixels, the page %v", file, a.Bounds(), b.Bounds())
		}
		if mean, worst := apart(a, b); mean > 0.05 || worst > 8 {
			t.Errorf("%s differs from the page by %.2f, at most %.0f", file, mean, worst)
		}
	}
}

// TestPainters compares letters as three programs show them: ours, poppler and
// mupdf. With them stand a draft, whose seal is a ring, and a letter whose seal
// is an image.
func TestPainters(t *testing.T) {
	sealed, err := printerWithSeal(t)
	if err != nil {
		t.Fatal(err)
	}
	draft, stamped := sample(t, "ack.zh"), sample(t, "ack.zh")
	draft.Seal, draft.Number.N, draft.Date = true, 0, complaints.Date{}
	stamped.Seal = true
	for name, l := range map[string]complaints.Letter{"zh": sample(t, "result.zh"), "en": sample(t, "decision.en"), "draft": draft, "stamped": stamped} {
		t.Run(name, func(t *testing.T) {
			images, err := sealed.Images(l, resolution)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := sealed.Render(&b, l); err != nil {
				t.Fatal(err)
			}
			for _, by := range painters {
				pages := painted(t, b.Bytes(), by.name, by.debian, by.pages, by.args...)
				if len(images) != len(pages) {
					t.Fatalf("%d images; %s draws %d pages", len(images), by.name, len(pages))
				}
				for i := range pages {
					got := decoded(t, images[i])
					if got.Bounds() != pages[i].Bounds() {
						t.Fatalf("page %d has %v pixels, by %s %v", i+1, got.Bounds(), by.name, pages[i].Bounds())
					}
					mean, worst := apart(got, pages[i])
					t.Logf("page %d: from %s's by %.2f, at most %.0f", i+1, by.name, mean, worst)
					if mean > by.mean || worst > by.worst {
						t.Errorf("page %d differs from %s's by %.2f, at most %.0f", i+1, by.name, mean, worst)
					}
				}
				if mean, _ := apart(decoded(t, images[0]), pages[1]); mean < 2*by.mean {
					t.Errorf("two pages differ by %.2f only: the measure shows nothing", mean)
				}
			}
		})
	}
}

// printerWithSeal gives a printer with a red ring for a seal.
func printerWithSeal(t testing.TB) (*Printer, error) {
	t.Helper()
	const n = 200
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			if d := math.Hypot(float64(x)-n/2, float64(y)-n/2); d < n/2-2 && d > n/2-14 || d < 20 {
				img.SetNRGBA(x, y, color.NRGBA{R: 210, G: 30, B: 30, A: 220})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, err
	}
	p, err := standard()
	if err != nil {
		return nil, err
	}
	return p.WithSeal(b.Bytes())
}
