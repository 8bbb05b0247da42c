package letters

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	complaints "complaints"
)

// A specimen is a letter whose words are the test's own: it has everything that
// a letter may have, and any length.

// specimen lays out a text in the markup of letters, and prints it.
func specimen(t testing.TB, l complaints.Letter, text string) ([]page, []byte) {
	t.Helper()
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	own := *p
	own.texts = map[string]*template.Template{l.Lang: template.Must(template.New(string(l.Kind) + ".tmpl").Parse(text))}
	pages, about, err := own.compose(l)
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := draw(p.faces, pages, about)
	if err != nil {
		t.Fatal(err)
	}
	return pages, pdf
}

const specimenZh = `= 投诉处理结果告知书
@ 尊敬的张堃：
您于2026年11月24日提出的投诉，我们已经调查完毕。
# 您反映的事项
## 关于第1项：成立
+ 在合同约定之外另收调查费。
> 贵所没有向我说明用途。
# 认定结论和理由
%s* 补救办法回执
* 证据目录
~ 明正律师事务所
~~ 2026年12月4日
`

const specimenEn = `@ Our reference: 明律投告〔2026〕9号
@ Date: 4 December 2026
-
@ Zhang Kun
@ By email: zhangkun@client.example
-
@ Dear Zhang Kun,
= The outcome of your complaint
We have completed our investigation of the complaint that you made on 24 November 2026.
# What you complained of
## Point 1: upheld
+ You were charged an inquiry fee beyond the agreed fee.
> Nobody told me what the money was for.
# Our findings and reasons
%s@ Yours sincerely,
-
~ Wang Min
~ Head of Client Service
~ Direct line: +86 21 6288 0101
* Reply form
* List of evidence
`

// ofPages gives a specimen that fills so many pages at the usual spacing.
func ofPages(t testing.TB, l complaints.Letter, want int) []byte {
	t.Helper()
	text, paragraph := specimenZh, strings.Repeat("天地玄黄宇宙洪荒日月盈昃辰宿列张", 7)+"。\n"
	if l.Lang == "en" {
		text, paragraph = specimenEn, strings.Repeat("The receipt of 18 September 2026 names no ground for it. ", 6)+"\n"
	}
	if want == 1 && l.Lang == "zh" {
		paragraph = strings.Repeat("天地玄黄宇宙洪荒日月盈昃辰宿列张", 3) + "。\n"
	}
	for n := 1; n < 40; n++ {
		pages, pdf := specimen(t, l, fmt.Sprintf(text, strings.Repeat(paragraph, n)))
		if len(pages) == want && pages[want-1].used > 9*zhLine {
			return pdf
		}
	}
	t.Fatalf("no specimen has %d pages", want)
	return nil
}

// zhAt is the baseline of 三号 text in a row of the grid, in mm.
func zhAt(row float64) float64 { return 37 + row*gridStep + newChinese(nil, 0, nil).base(size3)/mm }

// TestSpecimens measures Chinese letters of one, two and three pages against
// letters.md, element by element.
func TestSpecimens(t *testing.T) {
	l := sample(t, "result.zh")
	const char = 15.79 * 25.4 / 72
	for n := 1; n <= 3; n++ {
		t.Run(fmt.Sprintf("%d pages", n), func(t *testing.T) {
			pdf := ofPages(t, l, n)
			pages := measurePages(t, pdf)
			if len(pages) != n {
				t.Fatalf("%d pages were read", len(pages))
			}
			if n == 1 && len(pdf) > 120_000 {
				t.Errorf("one page has %d bytes", len(pdf))
			}
			first, last := pages[0], pages[n-1]
			letterheadAt(t, first, "明正律师事务所")
			numberAt(t, first, "明律投告〔2026〕9号")

			heading := first.find(t, "投诉处理结果告知书")
			near(t, "size of the title, in points", heading.size, 22)
			near(t, "title two lines below the number", heading.y, 37+4*gridStep+newChinese(nil, 0, nil).base(size2)/mm)
			near(t, "title is centred in the text area", heading.x+9*size2/2/mm, 28+156.0/2)
			to := first.find(t, "尊敬的")
			near(t, "addressee at the margin", to.x, 28)
			near(t, "addressee one blank line below the title", to.y, zhAt(6))
			near(t, "size of the text, in points", to.size, 16)
			for i, text := range []string{"您于", "一、您反映的事项", "（一）关于第1项", "1.", "贵所没有向我说明用途。", "二、认定结论和理由", "天地玄黄"} {
				s := first.find(t, text)
				indent := 2 * char
				switch i {
				case 2: // the blank before an opening mark at the beginning of a line stays
				case 4:
					indent = 4 * char
				}
				near(t, text+" is indented", s.x-28, indent)
				near(t, text+" is on its line", s.y, zhAt(float64(7+i)))
			}

			// A full line: 28 characters of 15.79 pt, 26 after the indent.
			full := 0
			for i, page := range pages {
				onGrid(t, page, i)
				within(t, page, i)
				folio(t, page, i+1)
				for _, s := range page.strokes {
					count := len([]rune(s.text))
					if s.size != size3 || count < 26 || strings.ContainsAny(s.text, "，0") {
						continue
					}
					full++
					near(t, "advance of a character", (s.size+s.spacing)/mm, char)
					near(t, "right end of a full line", s.x+float64(count)*(s.size+s.spacing)/mm, 28+156)
				}
				if i < n-1 {
					lines := page.lines()
					if last := lines[len(lines)-1]; last < zhAt(19) || last > zhAt(21)+0.5 {
						t.Errorf("page %d ends at %.1f mm, want one of its last lines", i+1, last)
					}
				}
			}
			if full < 8*(n-1)+1 {
				t.Errorf("only %d full lines were measured", full)
			}

			note, second := last.find(t, "附件：1.补救办法回执"), last.find(t, "2.证据目录")
			near(t, "enclosures are indented", note.x-28, 2*char)
			near(t, "second enclosure hangs below the first", second.x-28, 5*char)
			near(t, "second enclosure on the next line", second.y-note.y, gridStep)
			above := 0.0
			for _, y := range last.lines() {
				if y < note.y-0.1 {
					above = y
				}
			}
			near(t, "a blank line before the enclosures", note.y-above, 2*gridStep)
			name := last.find(t, "明正律师事务所")
			if n == 1 { // the letterhead comes first
				name = measured{strokes: last.strokes[1:]}.find(t, "明正律师事务所")
			}
			near(t, "a blank line before the signature", name.y-second.y, 2*gridStep)
			signatureAt(t, pages, l)
		})
	}
}

// TestSealedSpecimen measures the signature of a letter that bears a seal: the
// date four characters from the right, the name centred above it, the seal
// upright over the middle of both and within one line of the text.
func TestSealedSpecimen(t *testing.T) {
	l := sample(t, "result.zh")
	l.Seal = true
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	pages, pdf := specimen(t, l, fmt.Sprintf(specimenZh, "天地玄黄。\n"))
	page := measurePages(t, pdf)[0]
	f := fit{lang: "zh", role: body, size: size3, pitch: pitch3}
	width := func(s string) float64 { return oneLine(p.faces, s, f).width / mm }
	name, date := measured{strokes: page.strokes[1:]}.find(t, l.Firm.Name), page.strokes[len(page.strokes)-1]
	for _, s := range page.strokes {
		if strings.HasPrefix(s.text, "2026年12月") || s.text == "2026" {
			date = s
		}
	}
	const char = 15.79 * 25.4 / 72
	right := date.x + width("2026年12月4日")
	near(t, "date from the right", 28+156-right, 4*char)
	near(t, "name centred above the date", name.x+width(l.Firm.Name)/2, (date.x+right)/2)
	near(t, "date on the line below the name", date.y-name.y, gridStep)
	if len(pages[0].seals) != 1 {
		t.Fatalf("%d seals", len(pages[0].seals))
	}
	s := pages[0].seals[0]
	near(t, "width of the seal", s.w/mm, 42)
	near(t, "seal centred over the date", (s.x+s.w/2)/mm, (date.x+right)/2)
	if top, bottom := s.y/mm, (s.y+s.h)/mm; top > name.y-4 || bottom < date.y {
		t.Errorf("the seal reaches from %.1f to %.1f mm; name and date stand at %.1f and %.1f", top, bottom, name.y, date.y)
	}
	above := page.find(t, "2.证据目录").y
	if gap := s.y/mm - above; gap < -0.5 || gap > gridStep {
		t.Errorf("the seal's top edge is %.1f mm below the text, want at most one line", gap)
	}
}

// TestEnglishSpecimens measures English letters of one, two and three pages.
func TestEnglishSpecimens(t *testing.T) {
	l := sample(t, "result.en")
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		t.Run(fmt.Sprintf("%d pages", n), func(t *testing.T) {
			pages := measurePages(t, ofPages(t, l, n))
			if len(pages) != n {
				t.Fatalf("%d pages were read", len(pages))
			}
			first := pages[0]
			head := first.strokes[0]
			_, inkTop := inkOf(p.faces, oneLine(p.faces, head.text, fit{lang: "en", role: title, size: head.size, pitch: head.size}))
			if head.text != "Mingzheng Law Firm" || head.color != redInk {
				t.Errorf("the letterhead is %q in the colour %s", head.text, head.color)
			}
			near(t, "letterhead at the margin", head.x, 25)
			if top := head.y - inkTop/mm; top < 20 || top > 25.5 {
				t.Errorf("the letterhead's top edge is %.1f mm from the paper's", top)
			}
			if len(first.rectangles) != 1 || first.rectangles[0].color != redInk {
				t.Fatalf("rules: %v", first.rectangles)
			}
			rule := first.rectangles[0]
			near(t, "left end of the rule", rule.x, 25)
			near(t, "length of the rule", rule.w, 160)
			last := 0.0
			for _, text := range []string{"Our reference: ", "Date: 4", "Zhang Kun", "By email", "Dear Zhang", "The outcome", "We have completed", "1.", "Point 1: upheld"} {
				s := first.find(t, text)
				near(t, text+" at the margin", s.x, 25)
				near(t, "size of "+text+", in points", s.size, enSize)
				if s.y <= last || s.y <= rule.y+rule.h {
					t.Errorf("%q stands at %.1f mm, above what comes before it", text, s.y)
				}
				last = s.y
			}
			near(t, "blank line before the addressee", first.find(t, "Zhang Kun").y-first.find(t, "Date: 4").y, 2*enLine/mm)
			near(t, "number of an item in the margin", first.find(t, "What you complained of").x-25, enHang/mm)
			near(t, "quotation indented", first.find(t, "Nobody told me").x-25, enHang/mm)
			for i, page := range pages {
				footing(t, page, i+1, n)
			}
			end := pages[n-1]
			sincerely, name, title := end.find(t, "Yours sincerely,"), end.find(t, "Wang Min"), end.find(t, "Head of Client Service")
			if name.y-sincerely.y < 2*enLine/mm {
				t.Errorf("no room to sign: %.1f mm", name.y-sincerely.y)
			}
			near(t, "post below the name", title.y-name.y, enLine/mm)
			near(t, "signature at the margin", name.x, 25)
			enc := end.find(t, "Enc. Reply form")
			near(t, "enclosures at the margin", enc.x, 25)
			second := end.find(t, "List of evidence")
			near(t, "second enclosure below the first", second.x-25, oneLine(p.faces, "Enc. ", fit{lang: "en", role: body, size: enSize, pitch: enSize}).width/mm)
			if enc.y < title.y || second.y < enc.y {
				t.Error("enclosures stand above the signature")
			}
			if above := end.strokes[0].y; above >= sincerely.y-0.1 {
				t.Error("the signature stands alone on its page")
			}
		})
	}
}

// footing checks an English page's text area and “Page x of y”.
func footing(t *testing.T, page measured, i, of int) {
	t.Helper()
	p, _ := standard()
	foot := page.strokes[len(page.strokes)-1]
	if want := "Page " + strconv.Itoa(i) + " of " + strconv.Itoa(of); foot.text != want {
		t.Errorf("page %d ends with %q, want %q", i, foot.text, want)
	}
	near(t, "page number above the paper's edge", 297-foot.y, 15)
	width := oneLine(p.faces, foot.text, fit{lang: "en", role: body, size: foot.size, pitch: foot.size}).width / mm
	near(t, "page number is centred", foot.x+width/2, 105)
	before := 0.0
	for _, s := range page.strokes[:len(page.strokes)-1] {
		width := oneLine(p.faces, s.text, fit{lang: "en", role: body, size: s.size, pitch: s.size}).width / mm
		if s.x < 25-0.1 || s.x+width > 185+2 || s.y < 24 || s.y > 297-25 {
			t.Errorf("page %d: %q stands outside the margins: %.1f to %.1f, %.1f mm", i, s.text, s.x, s.x+width, s.y)
		}
		if d := s.y - before; before > 0 && s.size == enSize && d > 0.1 && d < 13.7/mm {
			t.Errorf("page %d: %q stands only %.2f mm below the line before it", i, s.text, d)
		}
		if s.size == enSize {
			before = s.y
		}
	}
}

// TestEnglishMeasures holds the English samples against letters.md.
func TestEnglishMeasures(t *testing.T) {
	for _, s := range samples {
		if !strings.HasSuffix(s, ".en") {
			continue
		}
		t.Run(s, func(t *testing.T) {
			pages := measurePages(t, samplePDF(t, s))
			for i, p := range pages {
				footing(t, p, i+1, len(pages))
			}
		})
	}
}

// TestTables prints a table that reaches over two page ends: its heading stands
// again at the top of each page, no row is parted, nothing is lost, and the
// text after it is back on the grid.
func TestTables(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			l := sample(t, "result."+lang)
			heading := pick(lang, "投诉事项", "Allegation")
			var b strings.Builder
			fmt.Fprintf(&b, "= %s\n@ A:\nB.\n|: 1 4 2\n|= No. | %s | C\n", pick(lang, "表", "Table"), heading)
			for i := range 60 {
				fmt.Fprintf(&b, "| %d | %s | D\n", i+1, strings.Repeat(pick(lang, "收取约定之外的费用。", "A fee beyond the agreed one. "), 1+i%4))
			}
			b.WriteString(strings.Repeat("E.\n", 12) + "~ F\n~~ G\n")
			laid, pdf := specimen(t, l, b.String())
			pages := measurePages(t, pdf)
			if len(pages) < 3 {
				t.Fatalf("%d pages", len(pages))
			}
			row := 0
			for i, p := range pages {
				small := p.strokes[:0:0]
				for _, s := range p.strokes {
					if s.size == pickFloat(lang, 12, 9.5) {
						small = append(small, s)
					}
				}
				if len(small) == 0 {
					continue
				}
				if small[0].text != "No." || small[1].text != heading || small[1].y != small[0].y {
					t.Errorf("page %d: the table begins with %q, %q", i+1, small[0].text, small[1].text)
				}
				last := slices.MaxFunc(small, func(a, b stroke) int { return cmp.Compare(a.y, b.y) })
				if last.y-small[0].y < 5 {
					t.Errorf("page %d: the heading stands alone", i+1)
				}
				for _, s := range small {
					if s.text == strconv.Itoa(row+1) && math.Abs(s.x-small[0].x) < 0.1 {
						row++
					}
					if bottom := pickFloat(lang, 262, 272); s.y > bottom {
						t.Errorf("page %d: %q stands at %.1f mm, below the text area", i+1, s.text, s.y)
					}
				}
				for _, r := range p.rectangles {
					if r.color == redInk {
						continue
					}
					near(t, "left end of a table's rule", r.x, pickFloat(lang, 28, 25))
					near(t, "length of a table's rule", r.w, pickFloat(lang, 156, 160))
					// The rule that closes a page stands below the last row's text.
					if r.y > last.y+5 {
						t.Errorf("page %d: a rule at %.1f mm, below the table", i+1, r.y)
					}
				}
			}
			if row != 60 {
				t.Errorf("%d rows in their order, want 60", row)
			}
			for i, p := range laid {
				for _, b := range p.bars {
					for _, m := range p.marks {
						if cut := m.y - m.line.cells[0].size/3; b.color == black && b.y > m.y-m.line.cells[0].size*0.8 && b.y < cut && b.x <= m.x && m.x < b.x+b.w {
							t.Errorf("page %d: a rule runs through %q", i+1, textOf(m.line))
						}
					}
				}
			}
			if lang == "zh" {
				page := pages[len(pages)-1]
				if y := page.find(t, "E.").y; math.Abs(math.Remainder(y-zhAt(0), gridStep)) > 0.5 {
					t.Errorf("the text after the table stands at %.1f mm, off the grid", y)
				}
			}
		})
	}
}

func pickFloat(lang string, zh, en float64) float64 {
	if lang == "en" {
		return en
	}
	return zh
}

// TestSignatureNeverAlone lays out letters of every length from one line to
// three pages, with and without seal and enclosures: the signature stands whole
// on one page, with two lines of text above it, and no heading ends a page.
func TestSignatureNeverAlone(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		for _, with := range []string{"", "seal", "enclosures"} {
			t.Run(lang+" "+with, func(t *testing.T) {
				l := sample(t, "result."+lang)
				l.Seal = with == "seal"
				for n := 1; n < 60; n++ {
					var b strings.Builder
					b.WriteString("= T\n@ A:\n")
					for i := range n {
						if i%9 == 5 {
							b.WriteString("# heading\n")
						}
						fmt.Fprintf(&b, "text %d\n", i)
					}
					sign := "~ signed 1\n~ signed 2\n~~ signed 3\n"
					switch {
					case with == "enclosures" && lang == "zh":
						b.WriteString("* one\n* two\n" + sign)
					case with == "enclosures":
						b.WriteString(sign + "* one\n* two\n")
					default:
						b.WriteString(sign)
					}
					p, err := standard()
					if err != nil {
						t.Fatal(err)
					}
					own := *p
					own.texts = map[string]*template.Template{lang: template.Must(template.New(string(l.Kind) + ".tmpl").Parse(b.String()))}
					pages, _, err := own.compose(l)
					if err != nil {
						t.Fatal(err)
					}
					signed := 0
					for i, page := range measureLaid(pages) {
						above, here, last := 0, 0, ""
						for _, s := range page.strokes {
							switch {
							case strings.HasPrefix(s.text, "signed"):
								here++
							case strings.HasPrefix(s.text, "text "), strings.Contains(s.text, "heading"):
								above++
							default:
								continue // the page number and the like
							}
							last = s.text
						}
						signed += here
						if here > 0 && (here != 3 || above < min(n, 2)) {
							t.Errorf("%d lines: page %d has %d lines of text and %d of the signature", n, i+1, above, here)
						}
						if strings.Contains(last, "heading") {
							t.Errorf("%d lines: page %d ends with a heading", n, i+1)
						}
					}
					if signed != 3 {
						t.Errorf("%d lines: %d lines of the signature", n, signed)
					}
				}
			})
		}
	}
}
