package letters

import (
	"bytes"
	"image"
	draw2d "image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// painters are the programs that draw a PDF's pages at 100 dpi, and how far
// what they draw may be from our page images: mean and greatest difference of
// apart. poppler moves each glyph to a whole pixel of its height.
var painters = []struct {
	name, debian string
	args         []string
	pages        string // pattern or prefix of the pages' files
	mean, worst  float64
}{
	{"pdftoppm", "poppler-utils", []string{"-r", "100", "-png", "FILE", "PAGES"}, "page", 2, 64},
	{"mutool", "mupdf-tools", []string{"draw", "-q", "-r", "100", "-o", "PAGES", "FILE"}, "page%03d.png", 1, 24},
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
	files, err := filepath.Glob(filepath.Join(dir, "page*.png"))
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
		out = append(out, decoded(t, b))
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
	draw2d.Draw(out, out.Bounds(), img, image.Point{}, draw2d.Src)
	return out
}

// apart compares the colours of two images in squares of 8 by 8 pixels, in
// which each is averaged: programs round the place of a glyph to pixels in ways
// of their own. It gives the mean and the greatest difference, 0 to 255.
func apart(a, b *image.RGBA) (mean, worst float64) {
	r := a.Bounds()
	n := 0.0
	for y := r.Min.Y; y+8 <= r.Max.Y; y += 8 {
		for x := r.Min.X; x+8 <= r.Max.X; x += 8 {
			ca, cb := average(a, x, y), average(b, x, y)
			diff := (math.Abs(ca[0]-cb[0]) + math.Abs(ca[1]-cb[1]) + math.Abs(ca[2]-cb[2])) / 3
			mean, worst, n = mean+diff, max(worst, diff), n+1
		}
	}
	return mean / n, worst
}

// average gives the mean colour of the square of 8 by 8 pixels at x, y.
func average(m *image.RGBA, x, y int) (c [3]float64) {
	for dy := range 8 {
		row := m.Pix[m.PixOffset(x, y+dy):]
		for i := range 32 {
			if i%4 < 3 {
				c[i%4] += float64(row[i]) / 64
			}
		}
	}
	return c
}

// TestImages holds the page images against what two other programs make of the
// PDF, and their size against what a mail may carry.
func TestImages(t *testing.T) {
	for _, s := range samples {
		t.Run(s, func(t *testing.T) {
			l := sample(t, s)
			images, err := Images(l, 100)
			if err != nil {
				t.Fatal(err)
			}
			pdf := rendered(t, l)
			for _, by := range painters {
				pages := painted(t, pdf, by.name, by.debian, by.pages, by.args...)
				if len(images) != len(pages) {
					t.Fatalf("%d images; %s draws %d pages", len(images), by.name, len(pages))
				}
				for i := range pages {
					got := decoded(t, images[i])
					if got.Bounds() != pages[i].Bounds() {
						t.Fatalf("page %d has %v pixels, by %s %v", i+1, got.Bounds(), by.name, pages[i].Bounds())
					}
					mean, worst := apart(got, pages[i])
					t.Logf("page %d: %d bytes; from %s's by %.2f, at most %.0f", i+1, len(images[i]), by.name, mean, worst)
					if mean > by.mean || worst > by.worst {
						t.Errorf("page %d differs from %s's by %.2f, at most %.0f", i+1, by.name, mean, worst)
					}
				}
				if mean, _ := apart(decoded(t, images[0]), pages[1]); mean < 3*by.mean {
					t.Errorf("two pages differ by %.2f only: the measure shows nothing", mean)
				}
			}
			for i, b := range images {
				if len(b) > 64_000 {
					t.Errorf("the image of page %d has %d bytes", i+1, len(b))
				}
			}
		})
	}
}
