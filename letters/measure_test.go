package letters

import (
	"bytes"
	"compress/zlib"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	complaints "complaints"
)

// stroke is one piece of text as the PDF's content stream places it: x and y
// of its origin in mm from the page's left and top edge.
type stroke struct {
	x, y, size float64
	text       string
	spacing    float64 // added to each advance, in points
	color      string  // as the stream says it: "0.784 0.063 0.063"
}

// rectangle is a filled one, in mm from the top left.
type rectangle struct {
	x, y, w, h float64
	color      string
}

type measured struct {
	strokes    []stroke
	rectangles []rectangle
}

var (
	streams   = regexp.MustCompile(`(?s)/Length (\d+)>>\nstream\n`)
	ops       = regexp.MustCompile(`(?s)BT /F(\w+) ([\d.]+) Tf ET|BT ([\d.]+) ([\d.]+) Td \(((?:[^\\)]|\\.)*)\) Tj|([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re f|(-?[\d.]+) Tc|([\d.]+ [\d.]+ [\d.]+) rg|([\d.]+) g\n|ET (Q)`)
	resources = regexp.MustCompile(`/F(\w+) (\d+) 0 R`)
	unicodes  = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	bfchars   = regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]+)>`)
)

// inflated gives the content of the stream whose dictionary ends in /Length.
func inflated(pdf []byte, m []int) []byte {
	n, _ := strconv.Atoi(string(pdf[m[2]:m[3]]))
	z, err := zlib.NewReader(bytes.NewReader(pdf[m[1] : m[1]+n]))
	if err != nil {
		return nil
	}
	content, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return content
}

// alphabets gives for each font, by its name in the page's resources, which
// characters its numbers are.
func alphabets(t testing.TB, pdf []byte) map[string]map[uint16]string {
	t.Helper()
	out := map[string]map[uint16]string{}
	for _, m := range resources.FindAllSubmatch(pdf, -1) {
		_, font, _ := bytes.Cut(pdf, []byte("\n"+string(m[2])+" 0 obj\n"))
		u := unicodes.FindSubmatch(font[:min(len(font), 400)])
		if u == nil {
			continue // not a font of ours
		}
		_, cmap, _ := bytes.Cut(pdf, []byte("\n"+string(u[1])+" 0 obj\n"))
		chars := map[uint16]string{}
		for _, c := range bfchars.FindAllStringSubmatch(string(inflated(cmap, streams.FindSubmatchIndex(cmap))), -1) {
			code, err := strconv.ParseUint(c[1], 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			var units []uint16
			for i := 0; i < len(c[2]); i += 4 {
				v, err := strconv.ParseUint(c[2][i:i+4], 16, 16)
				if err != nil {
					t.Fatal(err)
				}
				units = append(units, uint16(v))
			}
			chars[uint16(code)] = string(utf16.Decode(units))
		}
		out[string(m[1])] = chars
	}
	return out
}

// measure reads the pages of a PDF from its own content streams.
func measurePages(t testing.TB, pdf []byte) []measured {
	t.Helper()
	fonts := alphabets(t, pdf)
	var pages []measured
	for _, m := range streams.FindAllSubmatchIndex(pdf, -1) {
		if content := inflated(pdf, m); bytes.Contains(content, []byte(" Td (")) {
			pages = append(pages, readContent(string(content), fonts))
		}
	}
	return pages
}

func readContent(content string, fonts map[string]map[uint16]string) measured {
	var p measured
	num := func(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }
	size, spacing, color := 0.0, 0.0, ""
	var chars map[uint16]string
	unescape := strings.NewReplacer(`\\`, `\`, `\(`, "(", `\)`, ")", `\r`, "\r")
	for _, m := range ops.FindAllStringSubmatch(content, -1) {
		switch {
		case m[1] != "":
			chars, size = fonts[m[1]], num(m[2])
		case m[3] != "":
			raw := unescape.Replace(m[5])
			var text strings.Builder
			for i := 0; i+1 < len(raw); i += 2 {
				text.WriteString(chars[uint16(raw[i])<<8|uint16(raw[i+1])])
			}
			p.strokes = append(p.strokes, stroke{num(m[3]) / mm, (pageHeight - num(m[4])) / mm, size, text.String(), spacing, color})
		case m[6] != "":
			h := num(m[9])
			y := pageHeight - num(m[7])
			if h < 0 {
				h = -h
			} else {
				y -= h
			}
			p.rectangles = append(p.rectangles, rectangle{num(m[6]) / mm, y / mm, num(m[8]) / mm, h / mm, color})
		case m[10] != "":
			spacing = num(m[10])
		case m[11] != "":
			color = m[11]
		case m[12] != "":
			color = m[12]
		case m[13] != "":
			color = "0.000" // what was in force before the text's own colour
		}
	}
	return p
}

// find gives the first stroke with which a text begins; the strokes that follow
// on its line may complete it.
func (p measured) find(t testing.TB, text string) stroke {
	t.Helper()
	for i, s := range p.strokes {
		whole := s.text
		for _, next := range p.strokes[i+1:] {
			if len(whole) >= len(text) || next.y != s.y {
				break
			}
			whole += next.text
		}
		if strings.HasPrefix(whole, text) {
			return s
		}
	}
	t.Fatalf("%q does not stand on the page", text)
	return stroke{}
}

func near(t testing.TB, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.5 {
		t.Errorf("%s: %.2f mm, want %.2f", what, got, want)
	}
}

// lines gives the different baselines of the 三号 text of a page, in mm.
func (p measured) lines() []float64 {
	var out []float64
	for _, s := range p.strokes {
		if s.size != size3 || s.y < 37 || s.y > 262 || len(out) > 0 && math.Abs(out[len(out)-1]-s.y) < 0.1 {
			continue
		}
		out = append(out, s.y)
	}
	return out
}

// gridStep is the distance of lines, in mm: 225 mm hold 22.
const gridStep = 28.99 * 25.4 / 72

// TestMeasures holds the Chinese samples against letters.md: what stands in
// every kind, at whatever spacing its length asks for.
func TestMeasures(t *testing.T) {
	short := sample(t, "ack.zh")
	short.Ack.Summary = "收费过高。"
	measures := func(name string, l complaints.Letter, pdf []byte) {
		t.Run(name, func(t *testing.T) {
			pages := measurePages(t, pdf)
			letterheadAt(t, pages[0], l.Firm.Name)
			numberAt(t, pages[0], l.Number.String())
			for i, page := range pages {
				onGrid(t, page, i)
				within(t, page, i)
				folio(t, page, i+1)
			}
		})
	}
	measures("short", short, rendered(t, short))
	for _, s := range samples {
		if strings.HasSuffix(s, ".zh") {
			measures(s, sample(t, s), samplePDF(t, s))
		}
	}
}

const redInk, blackInk = "0.784 0.063 0.063", "0.000"

// letterheadAt checks the firm's name and the red double rules.
func letterheadAt(t *testing.T, first measured, name string) {
	t.Helper()
	p, _ := standard()
	head := first.strokes[0]
	if head.text != name || head.color != redInk {
		t.Errorf("the letterhead is %q in the colour %s", head.text, head.color)
	}
	l := oneLine(p.faces, name, fit{role: title, size: head.size, pitch: head.size})
	inkBottom, inkTop := inkOf(p.faces, l)
	near(t, "top edge of the letterhead", head.y-inkTop/mm, 30)
	near(t, "letterhead is centred", head.x+l.width/2/mm, 105)
	rules := first.red()
	if len(rules) != 4 {
		t.Fatalf("%d red rules, want 4", len(rules))
	}
	for i, r := range rules {
		near(t, "length of a rule", r.w, 170)
		near(t, "left end of a rule", r.x, 20)
		if thick := i == 0 || i == 3; thick != (r.h > 0.5) {
			t.Errorf("rule %d is %.2f mm thick", i, r.h)
		}
		if i%2 == 1 && r.y <= rules[i-1].y+rules[i-1].h {
			t.Errorf("rules %d and %d are not apart", i-1, i)
		}
	}
	near(t, "first rule below the letterhead", rules[0].y-(head.y-inkBottom/mm), 4)
	near(t, "second rule above the paper's edge", 297-rules[2].y, 20)
}

// red gives the red rules of a page.
func (p measured) red() []rectangle {
	var rules []rectangle
	for _, r := range p.rectangles {
		if r.color == redInk {
			rules = append(rules, r)
		}
	}
	return rules
}

// numberAt checks the letter's number: at the right edge, under the first rule.
func numberAt(t *testing.T, first measured, number string) {
	t.Helper()
	p, _ := standard()
	n := first.strokes[1]
	if !strings.HasPrefix(number, n.text) || n.size != size3 || n.color != blackInk {
		t.Fatalf("%q in %.1f pt stands where the number should", n.text, n.size)
	}
	width := oneLine(p.faces, number, fit{lang: "zh", role: body, size: size3, pitch: n.size + n.spacing}).width / mm
	near(t, "right edge of the number", n.x+width, 28+156)
	rule := first.red()[1]
	near(t, "top of the number below the first rule", n.y-0.88*size3/mm-(rule.y+rule.h), 16*7.0/8/mm)
}

// onGrid wants every 三号 line of a page on the grid of 22 lines, or on that
// of one of the narrower spacings.
func onGrid(t *testing.T, page measured, i int) {
	t.Helper()
	lines := page.lines()
	if i == 0 {
		lines = lines[1:] // the number has a measure of its own
	}
	worst := make([]float64, len(zhLevels))
	for level := range zhLevels {
		z := newChinese(nil, level, nil)
		for _, y := range lines {
			row := (y - 37 - z.base(size3)/mm) / (z.line / mm)
			worst[level] = max(worst[level], math.Abs(row-math.Round(row))*z.line/mm)
		}
	}
	if best := slices.Min(worst); best > 0.5 {
		t.Errorf("page %d: a line stands %.2f mm off the grid", i+1, best)
	}
}

// within wants the text inside the text area.
func within(t *testing.T, page measured, i int) {
	t.Helper()
	for _, s := range page.strokes {
		if s.size == size3 && s.x < 28-2.8 || // an opening mark may lose the blank before its ink
			s.size == size3 && s.x > 28+156 {
			t.Errorf("page %d: %q stands at %.2f mm, outside the text area", i+1, s.text, s.x)
		}
	}
}

// folio checks the page number: none on page 1.
func folio(t *testing.T, page measured, n int) {
	t.Helper()
	text := "— " + strconv.Itoa(n) + " —"
	var at []stroke
	for _, s := range page.strokes {
		if s.y > 262 {
			at = append(at, s)
		}
	}
	if n == 1 {
		if len(at) > 0 {
			t.Errorf("page 1 has %q below its text", at[0].text)
		}
		return
	}
	var whole strings.Builder
	for _, s := range at {
		whole.WriteString(s.text)
	}
	if whole.String() != text || at[0].size != size4 {
		t.Fatalf("page %d is numbered %q in %.1f pt", n, whole.String(), at[0].size)
	}
	p, _ := standard()
	dash := oneLine(p.faces, text, fit{lang: "en", role: body, size: size4, pitch: size4})
	_, top := inkOf(p.faces, line{cells: dash.cells[:1]})
	near(t, "page number below the text area", at[0].y-top/mm-262, 7)
	if n%2 == 0 {
		near(t, "even page number from the left", at[0].x-28, size4/mm)
	} else {
		near(t, "odd page number from the right", 28+156-at[0].x-dash.width/mm, size4/mm)
	}
}

// signatureAt checks the signature: two characters from the right, the date on
// the next line and two characters further right than the name, or itself two
// characters from the right; never without text on its page.
func signatureAt(t *testing.T, pages []measured, l complaints.Letter) {
	t.Helper()
	p, _ := standard()
	f := fit{lang: "zh", role: body, size: size3, pitch: pitch3}
	dateWidth := oneLine(p.faces, l.Date.In("zh"), f).width / mm
	name := l.Firm.Name
	if l.Decision != nil {
		name += "投诉处理委员会"
	}
	nameWidth := oneLine(p.faces, name, f).width / mm
	for _, page := range pages {
		for i, s := range page.strokes {
			if i == 0 || s.text != name || s.y < 60 {
				continue
			}
			var date stroke
			for _, d := range page.strokes[i+1:] {
				if strings.HasPrefix(d.text, "2026") {
					date = d
					break
				}
			}
			rows := 1.0
			if l.Decision != nil {
				rows = 2
			}
			char := pitch3 / mm
			near(t, "date below the name", date.y-s.y, rows*gridStep)
			near(t, "date right of the name's beginning", date.x-s.x, 2*char)
			near(t, "longer of the two from the right", 28+156-max(s.x+nameWidth, date.x+dateWidth), 2*char)
			if above := page.strokes[0].y; above >= s.y-0.1 {
				t.Error("the signature stands alone on its page")
			}
			return
		}
	}
	t.Error("there is no signature")
}

// notAlone wants text before the signature on its page.
func notAlone(t *testing.T, pages []measured, name string) {
	t.Helper()
	for _, page := range pages {
		for i, s := range page.strokes {
			if s.text == name && s.y > 60 && s.size == size3 {
				if i == 0 || page.strokes[0].y >= s.y-0.1 {
					t.Error("the signature stands alone on its page")
				}
				return
			}
		}
	}
	t.Error("there is no signature")
}

// TestFullPages wants 22 lines of up to 28 characters on a page, however long
// the letter, and its signature never alone.
func TestFullPages(t *testing.T) {
	l := sample(t, "result.zh")
	l.Result.Remedies, l.Result.AcceptBy = nil, complaints.Date{}
	l.Result.Remarks = strings.Repeat(strings.Repeat("天地玄黄宇宙洪荒", 300)+"\n", 8)
	long := measurePages(t, rendered(t, l))
	if len(long) < 30 {
		t.Fatalf("%d pages, want 30 and more", len(long))
	}
	signatureAt(t, long, l)
	for i, p := range long[4:30] {
		if n := len(p.lines()); n != 22 {
			t.Errorf("page %d has %d lines, want 22", i+5, n)
		}
		longest := 0
		for _, s := range p.strokes {
			longest = max(longest, len([]rune(s.text)))
		}
		if longest != 28 {
			t.Errorf("page %d: lines of %d characters, want 28", i+5, longest)
		}
	}
	printer, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for paragraphs := range 23 {
		l.Result.Remarks = strings.Repeat("甲乙丙丁戊己庚辛壬癸\n", paragraphs)
		laid, _, err := printer.compose(l)
		if err != nil {
			t.Fatal(err)
		}
		pages := measureLaid(laid)
		notAlone(t, pages, l.Firm.Name)
		for i, p := range pages[:len(pages)-1] {
			lines := p.lines()
			last := p.strokes[0]
			for _, s := range p.strokes {
				if s.y <= 262 && s.y >= lines[len(lines)-1]-0.1 {
					last = s
					break
				}
			}
			if regexp.MustCompile(`^[一二三四五六七八九十]+、`).MatchString(last.text) {
				t.Errorf("page %d ends with the heading %q", i+1, last.text)
			}
		}
	}
}

// measureLaid gives the same measures of pages that are not drawn yet.
func measureLaid(laid []page) []measured {
	pages := make([]measured, len(laid))
	for i, p := range laid {
		for _, m := range p.marks {
			pages[i].strokes = append(pages[i].strokes, stroke{x: (m.x + m.line.x[0]) / mm, y: m.y / mm, size: m.line.cells[0].size, text: textOf(m.line)})
		}
	}
	return pages
}
