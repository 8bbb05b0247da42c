package letters

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	complaints "complaints"
)

// The number and the date of issue are all that parts an issued letter from
// the draft that was approved: in its text, in the instructions that draw its
// pages, and in what a reader sees of them.
func TestOnlyNumberAndDateDiffer(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			issued := sample(t, name)
			draft := issued
			draft.Number.N, draft.Date = 0, complaints.Date{}
			proof, err := Proof(t, issued)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Proof(t, draft); err != nil || proof != again {
				t.Errorf("the issued letter as a draft is %s, the draft %s (%v)", proof, again, err)
			}
			before, after := rendered(t, draft), samplePDF(t, name)

			// What is read: with number and date taken for what stands in their
			// place, the words are the same.
			reading := func(text string) string {
				s := unspaced(text)
				for _, own := range []string{issued.Number.String(), issued.Date.In(issued.Lang)} {
					s = strings.ReplaceAll(s, unspaced(own), unspaced(unissued(issued.Lang)))
				}
				return s
			}
			if a, b := reading(run(t, before, "pdftotext", "poppler-utils", "-raw", "FILE", "-")), reading(sampleText(t, name)); a != b {
				t.Errorf("the draft reads\n%s\nthe letter reads\n%s", a, b)
			}

			// What is drawn: strokes begin at the same places but for those
			// lines. (What they hold are numbers of glyphs in the letter's own
			// small fonts, which lack what only the other one needs.)
			drawn := map[string]int{}
			for _, line := range strokes(t, before) {
				drawn[line]++
			}
			all, differ := 0, 0
			for _, line := range strokes(t, after) {
				drawn[line]--
			}
			for _, n := range drawn {
				all, differ = all+1, differ+max(n, -n)
			}
			if all < 50 || differ > 40 {
				t.Errorf("%d of %d strokes begin elsewhere", differ, all)
			}

			// What is seen: rows of pixels that differ stand in a few lines.
			first, second := images(t, draft), images(t, issued)
			if len(first) != len(second) {
				t.Fatalf("the draft has %d pages, the letter %d", len(first), len(second))
			}
			bands := 0
			for i := range first {
				if bytes.Equal(first[i], second[i]) {
					continue
				}
				x, y := decoded(t, first[i]), decoded(t, second[i])
				quiet := 100
				for row := range x.Bounds().Dy() {
					from, to := row*x.Stride, (row+1)*x.Stride
					if bytes.Equal(x.Pix[from:to], y.Pix[from:to]) {
						quiet++
						continue
					}
					if quiet > 8 {
						bands++
					}
					quiet = 0
				}
			}
			if bands == 0 || bands > 8 {
				t.Errorf("they differ in %d lines", bands)
			}
		})
	}
}

// Proof is the printer's.
func Proof(t *testing.T, l complaints.Letter) (string, error) {
	t.Helper()
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	return p.Proof(l)
}

func images(t *testing.T, l complaints.Letter) [][]byte {
	t.Helper()
	out, err := Images(l, 60)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// strokes gives where the strokes of text of a PDF begin.
func strokes(t *testing.T, pdf []byte) (at []string) {
	t.Helper()
	for i, page := range measurePages(t, pdf) {
		for _, s := range page.strokes {
			at = append(at, fmt.Sprintf("page %d, %.2f, %.2f", i+1, s.x, s.y))
		}
	}
	return at
}
