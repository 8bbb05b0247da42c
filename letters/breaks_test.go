package letters

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// lay breaks a text as a Chinese paragraph of so many characters a line.
func lay(t testing.TB, text string, width float64) []line {
	t.Helper()
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	f := fit{lang: "zh", role: body, size: size3, pitch: pitch3}
	return breakLines(p.faces.cellsOf([]span{{text: text}}, f), measure{width: width * pitch3, justify: true})
}

func textOf(l line) string {
	var b strings.Builder
	for _, c := range l.cells {
		b.WriteRune(c.r)
	}
	return b.String()
}

func TestBreaks(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		width      float64
		want       string // lines parted by |
	}{
		{"plain", "一二三四五六七八九十", 4, "一二三四|五六七八|九十"},
		{"no stop begins a line", "一二三四，五六七八", 4, "一二三|四，五六|七八"},
		{"if it can be squeezed in it is", "一，二三四，五六", 5, "一，二三四，|五六"},
		{"nor several", "一二三四）。五六七八", 4, "一二三|四）。五六|七八"},
		{"no opening mark ends a line", "一二三《四五六七》八", 4, "一二三|《四五六|七》八"},
		{"a dash stays whole", "一二三——四五", 4, "一二|三——四|五"},
		{"dots stay whole", "一二三……四五", 4, "一二|三……四|五"},
		{"a word stays whole", "一二abcdef三四", 4, "一二|abcdef|三四"},
		{"a number keeps its unit", "一二三11月四五", 4, "一二三|11月四五"},
		{"blanks hang", "一二 三四 五六", 4, "一二 三|四 五六"},
		{"a word too long is parted", "abcdefghijklmnopqrstuvwxyz", 4, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, l := range lay(t, tt.text, tt.width) {
				got = append(got, textOf(l))
			}
			if strings.Join(got, "") != tt.text {
				t.Fatalf("%q: something was lost", got)
			}
			if s := strings.Join(got, "|"); tt.want != "" && s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

// TestTitles parts long titles at words, into lines of like lengths.
func TestTitles(t *testing.T) {
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"投诉处理结果告知书",
		"关于“代理费和承办沟通”|一案处理情况的报告",
		"关于张堃对收费和沟通处理结果|申诉一案办理情况的报告",
		"关于对上海市静安区某某律师事务所|承办律师收费争议投诉案件调查|处理情况及整改落实情况的报告",
	} {
		cells := p.faces.cellsOf([]span{{text: strings.ReplaceAll(want, "|", "")}}, fit{lang: "zh", role: title, size: size2, pitch: size2})
		var got []string
		for _, l := range balanced(cells, zhWidth-2*size2, titleWords) {
			got = append(got, textOf(l))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
}

// TestLineRules holds any text against what a set line must be.
func TestLineRules(t *testing.T) {
	all := standardCharacters(t)
	const width = 28
	rapid.Check(t, func(rt *rapid.T) {
		text := words(all, 40).Draw(rt, "text")
		lines := lay(t, text, width)
		var back strings.Builder
		for i, l := range lines {
			back.WriteString(textOf(l))
			first, last := l.cells[0], l.cells[len(l.cells)-1]
			if i > 0 && first.class == closes && lineHasChoice(lines[i-1]) {
				rt.Fatalf("line %d begins with %c: %s", i+1, first.r, textOf(l))
			}
			if i+1 < len(lines) && last.class == opens && lineHasChoice(l) {
				rt.Fatalf("line %d ends with %c: %s", i+1, last.r, textOf(l))
			}
			right := 0.0
			for j, c := range l.cells {
				if c.class != space {
					right = l.x[j] + c.shift + c.advance - c.right
				}
				if j > 0 && ink(l, j) < ink(l, j-1) {
					rt.Fatalf("%c stands before %c", c.r, l.cells[j-1].r)
				}
			}
			if right > width*pitch3+0.6 {
				rt.Fatalf("line %d is %.2f pt too long: %s", i+1, right-width*pitch3, textOf(l))
			}
		}
		if back.String() != text {
			rt.Fatalf("text was lost")
		}
	})
}

// ink gives where the ink of a line's character begins.
func ink(l line, i int) float64 {
	p, _ := standard()
	left, _, _ := p.faces.fonts[l.cells[i].font].Bounds(l.cells[i].gid)
	return l.x[i] + left*l.cells[i].size/1000
}

// lineHasChoice reports whether a line could have ended elsewhere.
func lineHasChoice(l line) bool {
	for i := 1; i < len(l.cells); i++ {
		if mayBreak(l.cells[i-1], l.cells[i]) {
			return true
		}
	}
	return false
}

// TestJustified wants full lines of Chinese to end at the margin.
func TestJustified(t *testing.T) {
	lines := lay(t, strings.Repeat("本所于2026年11月24日收到您的来信（附件两份），并已登记。", 6), 28)
	for i, l := range lines[:len(lines)-1] {
		n := len(l.cells) - 1
		end := l.x[n] + l.cells[n].advance
		if gap := 28*pitch3 - end; math.Abs(gap) > 0.01 && gap < -l.cells[n].right {
			t.Errorf("line %d ends %.2f pt before the margin: %s", i+1, gap, textOf(l))
		}
	}
}
