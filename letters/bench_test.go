package letters

import (
	"bytes"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	complaints "complaints"
)

// onePage is a Chinese result letter of one full page.
const onePage = `= 投诉处理结果告知书
@ 尊敬的张堃：
您于2026年11月24日提出的投诉（“代理费和承办沟通”，案号T2026-0012），我们已经调查完毕。
# 认定结论和理由
《委托代理合同》第四条约定代理费为30,000元，并写明“除此之外不再收取其他费用”。2026年9月18日，承办团队以调查费名义向您收取5,000元，没有与您签订补充协议。因此，我们认定本项投诉**成立**。
# 补救办法
全额退还所收调查费，人民币5,000.00元，2026年12月18日前付清。
# 您的权利
不同意本函内容的，您可以在**2027年1月4日**前（含当日）向本所投诉处理委员会申诉，也可以直接向上海市律师协会或者上海市静安区司法局反映。
~ 明正律师事务所
~~ 2026年12月4日
`

// pagePrinter prints onePage with all checks, as if it were a result letter.
func pagePrinter(t testing.TB) (*Printer, complaints.Letter) {
	t.Helper()
	l := sample(t, "result.zh")
	p, err := standard()
	if err != nil {
		t.Fatal(err)
	}
	own := *p
	own.texts = map[string]*template.Template{"zh": template.Must(template.New("result.tmpl").Parse(onePage))}
	if pages, _, err := own.compose(l); err != nil || len(pages) != 1 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	return &own, l
}

// BenchmarkOnePage prints a Chinese result letter of one page on one core,
// beside what Typst and WeasyPrint need for the same words in the same typeface
// where they are installed. Theirs is a process for each letter. What counts is
// the time that the processor spends, which other work on the machine does not
// change much.
func BenchmarkOnePage(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	report := func(b *testing.B, spent time.Duration, size int) {
		b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/letter")
		b.ReportMetric(float64(size), "bytes/letter")
	}
	b.Run("complaintsd", func(b *testing.B) {
		p, l := pagePrinter(b)
		var out bytes.Buffer
		b.ReportAllocs()
		start := spent(b, syscall.RUSAGE_SELF)
		for b.Loop() {
			out.Reset()
			if err := p.Render(&out, l); err != nil {
				b.Fatal(err)
			}
		}
		report(b, spent(b, syscall.RUSAGE_SELF)-start, out.Len())
	})
	b.Run("complaintsd images", func(b *testing.B) {
		p, l := pagePrinter(b)
		size := 0
		start := spent(b, syscall.RUSAGE_SELF)
		for b.Loop() {
			pages, err := p.Images(l, 100)
			if err != nil {
				b.Fatal(err)
			}
			size = len(pages[0])
		}
		report(b, spent(b, syscall.RUSAGE_SELF)-start, size)
	})
	fonts, err := filepath.Abs("fonts")
	if err != nil {
		b.Fatal(err)
	}
	for _, other := range []struct {
		name, file, text string
		args             []string
	}{
		{"typst", "letter.typ", typstOf(onePage), []string{"compile", "--font-path", fonts, "IN", "OUT"}},
		{"weasyprint", "letter.html", htmlOf(onePage, fonts), []string{"-q", "IN", "OUT"}},
	} {
		b.Run(other.name, func(b *testing.B) {
			path, err := exec.LookPath(other.name)
			if err != nil {
				b.Skip("not installed")
			}
			dir := b.TempDir()
			in, out := filepath.Join(dir, other.file), filepath.Join(dir, "letter.pdf")
			if err := os.WriteFile(in, []byte(other.text), 0o600); err != nil {
				b.Fatal(err)
			}
			args := strings.Split(strings.NewReplacer("IN", in, "OUT", out).Replace(strings.Join(other.args, "\n")), "\n")
			var pdf []byte
			start := spent(b, syscall.RUSAGE_CHILDREN)
			for b.Loop() {
				cmd := exec.Command(path, args...)
				cmd.Env = append(os.Environ(), "RAYON_NUM_THREADS=1", "OMP_NUM_THREADS=1")
				if msg, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, msg)
				}
				if pdf, err = os.ReadFile(out); err != nil {
					b.Fatal(err)
				}
			}
			report(b, spent(b, syscall.RUSAGE_CHILDREN)-start, len(pdf))
			text := unspaced(run(b, pdf, "pdftotext", "poppler-utils", "-raw", "FILE", "-"))
			if !strings.Contains(text, "没有与您签订补充协议") || !strings.Contains(text, "30,000元") {
				b.Fatalf("another letter came out: %s", text)
			}
		})
	}
}

// spent gives the processor time of this process, or of its children that ended.
func spent(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// emphasis is what the letters' markup sets bold.
var emphasis = regexp.MustCompile(`\*\*(.+?)\*\*`)

// typstOf writes a letter's text as a Typst document.
func typstOf(text string) string {
	var b strings.Builder
	b.WriteString(`#set page(paper: "a4", margin: (top: 37mm, left: 28mm, right: 26mm, bottom: 35mm))
#set text(font: "Noto Serif SC", size: 16pt, lang: "zh", region: "cn")
#set par(first-line-indent: 2em, leading: 13pt, justify: true)
#align(center, text(30pt, rgb(200, 16, 16))[明正律师事务所])
#line(length: 100%, stroke: 2.25pt + rgb(200, 16, 16))
#align(right)[明律投告〔2026〕9号]
`)
	for block := range strings.Lines(text) {
		kind, words, _ := strings.Cut(strings.TrimSpace(block), " ")
		switch kind {
		case "=":
			words = "#align(center, text(22pt)[" + words + "])"
		case "#":
			words = "#text(weight: \"bold\")[" + words + "]"
		case "~", "~~":
			words = "#align(right)[" + words + "]"
		case "@":
		case "+":
			words = "1. " + words
		default:
			words = strings.TrimSpace(block)
		}
		b.WriteString(emphasis.ReplaceAllString(words, "*$1*") + "\n\n")
	}
	return b.String()
}

// htmlOf writes a letter's text as a page for WeasyPrint.
func htmlOf(text, fonts string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>投诉处理结果告知书</title><style>
@font-face { font-family: letter; src: url("file://` + fonts + `/NotoSerifSC-Regular.ttf") }
@font-face { font-family: letter; font-weight: bold; src: url("file://` + fonts + `/NotoSerifSC-Bold.ttf") }
@page { size: A4; margin: 37mm 26mm 35mm 28mm }
body { font: 16pt/29pt letter; margin: 0; text-align: justify }
p { margin: 0; text-indent: 2em }
.head { font-size: 30pt; line-height: 1.5; color: #c81010; text-align: center; border-bottom: 3pt double #c81010 }
.number, .sign { text-align: right }
h1 { font-size: 22pt; text-align: center }
</style><p class="head">明正律师事务所<p class="number">明律投告〔2026〕9号
`)
	for block := range strings.Lines(text) {
		kind, words, _ := strings.Cut(strings.TrimSpace(block), " ")
		tag := map[string]string{"=": "<h1>", "#": "<p><b>", "~": `<p class="sign">`, "~~": `<p class="sign">`, "@": "<p>", "+": "<p>"}[kind]
		if tag == "" {
			tag, words = "<p>", strings.TrimSpace(block)
		}
		b.WriteString(tag + emphasis.ReplaceAllString(html.EscapeString(words), "<b>$1</b>") + "\n")
	}
	return b.String()
}

// resident gives how many bytes of memory this process holds, and the most that
// it held since the last call (Linux only).
func resident(t testing.TB) (now, peak int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	field := func(name string) int {
		_, rest, _ := strings.Cut(string(b), name+":")
		kib, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		return kib << 10
	}
	now, peak = field("VmRSS"), field("VmHWM")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil {
		t.Skip(err)
	}
	return now, peak
}

// BenchmarkMemory prints letters of one page and of six, with their page images,
// and wants the process to grow by at most 40 MiB above what it holds between
// letters, with the pages of its fonts that letters use in memory.
func BenchmarkMemory(b *testing.B) {
	p, l := pagePrinter(b)
	std, err := standard()
	if err != nil {
		b.Fatal(err)
	}
	long := sample(b, "result.zh")
	work := func() {
		for _, job := range []struct {
			printer *Printer
			letter  complaints.Letter
		}{{p, l}, {std, long}} {
			if err := job.printer.Render(io.Discard, job.letter); err != nil {
				b.Fatal(err)
			}
			if _, err := job.printer.Images(job.letter, 100); err != nil {
				b.Fatal(err)
			}
		}
	}
	work()
	debug.FreeOSMemory()
	resident(b)
	idle, _ := resident(b)
	for b.Loop() {
		work()
	}
	_, peak := resident(b)
	b.ReportMetric(float64(idle)/(1<<20), "MiB-idle")
	b.ReportMetric(float64(peak-idle)/(1<<20), "MiB-above-idle")
	if peak-idle > 40<<20 {
		b.Errorf("%d MiB above idle, want at most 40", (peak-idle)>>20)
	}
}

// BenchmarkResultLetter prints a result letter of six pages on one core.
func BenchmarkResultLetter(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := sample(b, "result.zh")
	var out bytes.Buffer
	pages := float64(len(measurePages(b, rendered(b, l))))
	b.ReportAllocs()
	start := spent(b, syscall.RUSAGE_SELF)
	for b.Loop() {
		out.Reset()
		if err := Render(&out, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len()), "bytes/letter")
	b.ReportMetric(pages, "pages")
	b.ReportMetric(float64((spent(b, syscall.RUSAGE_SELF)-start).Microseconds())/1000/float64(b.N)/pages, "cpu-ms/page")
}
