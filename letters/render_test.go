package letters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
	"unicode"

	complaints "complaints"
	"complaints/letters/sfnt"
)

// sample reads a letter of testdata.
func sample(t testing.TB, name string) complaints.Letter {
	t.Helper()
	l, err := readSample(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func readSample(name string) (complaints.Letter, error) {
	var l complaints.Letter
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		return l, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

// rendered gives a letter's PDF.
func rendered(t testing.TB, l complaints.Letter) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, l); err != nil {
		if r := complaints.AsRefusal(err); r != nil {
			t.Fatalf("refused:\n%s\n%s", r.Zh, r.En)
		}
		t.Fatal(err)
	}
	return b.Bytes()
}

// printed is a sample's PDF, and the text that pdftotext finds in it. Many tests
// read the same ones: each is printed once.
type printed struct {
	pdf  func() ([]byte, error)
	text func() ([]byte, error)
}

var prints = func() map[string]printed {
	all := map[string]printed{}
	for _, s := range samples {
		p := printed{pdf: sync.OnceValues(func() ([]byte, error) {
			l, err := readSample(s)
			if err != nil {
				return nil, err
			}
			var b bytes.Buffer
			err = Render(&b, l)
			return b.Bytes(), err
		})}
		p.text = sync.OnceValues(func() ([]byte, error) {
			pdf, err := p.pdf()
			if err != nil {
				return nil, err
			}
			cmd := exec.Command("pdftotext", "-raw", "-", "-")
			cmd.Stdin = bytes.NewReader(pdf)
			return cmd.Output()
		})
		all[s] = p
	}
	return all
}()

// samplePDF gives a sample as it is printed. The bytes are shared: nobody may
// change them.
func samplePDF(t testing.TB, name string) []byte {
	t.Helper()
	b, err := prints[name].pdf()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// sampleText gives what pdftotext finds in a sample.
func sampleText(t testing.TB, name string) string {
	t.Helper()
	tool(t, "pdftotext", "poppler-utils")
	b, err := prints[name].text()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(b)
}

// tool finds a program that a test needs. Under CI=true it must be there.
func tool(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", name, debian)
	}
	t.Skipf("%s is missing: apt-get install %s", name, debian)
	return ""
}

// run feeds a PDF to a program by a temporary file, and gives what it prints.
func run(t testing.TB, pdf []byte, name, debian string, args ...string) string {
	t.Helper()
	path := tool(t, name, debian)
	file := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// unspaced leaves out white space: a PDF has no line ends to give back.
func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// samples has every kind of letter in both languages; the kinds that tell of
// several things have one sample of each.
var samples = func() (out []string) {
	for s := range strings.FieldsSeq("ack declined referral information delay pause resume late result settlement decision closure withdrawn not_pursued correction respondent report papers minutes regulator") {
		out = append(out, s+".zh", s+".en")
	}
	return out
}()

// TestGolden compares the text of each sample, page by page, with the one that
// was read and approved. Set UPDATE=1 to write it anew.
func TestGolden(t *testing.T) {
	for _, s := range samples {
		t.Run(s, func(t *testing.T) {
			got := sampleText(t, s)
			file := filepath.Join("testdata", s+".txt")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			gotPages, wantPages := strings.Split(got, "\f"), strings.Split(string(want), "\f")
			if len(gotPages) != len(wantPages) {
				t.Errorf("%d pages, want %d", len(gotPages)-1, len(wantPages)-1)
			}
			for i := range min(len(gotPages), len(wantPages)) {
				if unspaced(gotPages[i]) != unspaced(wantPages[i]) {
					t.Errorf("page %d differs:\n%s", i+1, gotPages[i])
				}
			}
		})
	}
}

// TestPDF holds each sample against what a file must be: clean, with its fonts
// embedded as subsets, titled, in its language, small.
func TestPDF(t *testing.T) {
	for _, s := range samples {
		t.Run(s, func(t *testing.T) {
			l := sample(t, s)
			pdf := samplePDF(t, s)
			if out := run(t, pdf, "qpdf", "qpdf", "--check", "FILE"); strings.Contains(out, "WARNING") {
				t.Error(out)
			}
			fonts := strings.Split(strings.TrimSpace(run(t, pdf, "pdffonts", "poppler-utils", "FILE")), "\n")[2:]
			if len(fonts) == 0 {
				t.Error("no fonts")
			}
			for _, f := range fonts {
				if fields := strings.Fields(f); fields[len(fields)-5] != "yes" || fields[len(fields)-4] != "yes" || fields[len(fields)-3] != "yes" {
					t.Errorf("not embedded as a subset with a Unicode map: %s", f)
				}
			}
			info := run(t, pdf, "pdfinfo", "poppler-utils", "FILE")
			for _, want := range []string{"Title: ", "Author:          " + l.Firm.In(l.Lang), l.Ref + " " + l.Number.String(), "59", "A4"} {
				if !strings.Contains(info, want) {
					t.Errorf("pdfinfo does not say %q:\n%s", want, info)
				}
			}
			if lang := pick(l.Lang, "/Lang (zh-CN)", "/Lang (en)"); !bytes.Contains(pdf, []byte(lang)) {
				t.Errorf("the catalog does not say %s", lang)
			}
			if len(pdf) > 160_000 && (l.Papers == nil || len(pdf) > 200_000) {
				t.Errorf("%d bytes", len(pdf))
			}
			if !bytes.Equal(pdf, rendered(t, l)) {
				t.Error("a second rendering gives other bytes")
			}
		})
	}
}

// TestSize holds a Chinese letter of three pages to what one page may weigh.
func TestSize(t *testing.T) {
	if n := len(samplePDF(t, "ack.zh")); n > 120_000 {
		t.Errorf("%d bytes; want at most 120,000", n)
	}
}

// TestConcurrent renders in several goroutines: one printer serves them all.
func TestConcurrent(t *testing.T) {
	l := sample(t, "result.zh")
	want := samplePDF(t, "result.zh")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var b bytes.Buffer
			if err := Render(&b, l); err != nil || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("another letter came out: %v", err)
			}
		})
	}
	wg.Wait()
}

// TestDraft shows that a draft says what is still to be given, and that number
// and date alone differ between it and the issued letter.
func TestDraft(t *testing.T) {
	for _, s := range []string{"result.zh", "decision.zh", "result.en"} {
		l := sample(t, s)
		issued := unspaced(sampleText(t, s))
		number, date := l.Number.String(), l.Date.In(l.Lang)
		l.Number.N, l.Date = 0, complaints.Date{}
		draft := unspaced(run(t, rendered(t, l), "pdftotext", "poppler-utils", "-raw", "FILE", "-"))
		open := unspaced(unissued(l.Lang))
		if !strings.Contains(draft, open) {
			t.Errorf("%s: a draft does not say %s", s, open)
		}
		// The date of issue may stand in the text for another reason too.
		strip := strings.NewReplacer(unspaced(number), "", unspaced(date), "", open, "")
		if strip.Replace(issued) != strip.Replace(draft) {
			t.Errorf("%s: more than number and date differ", s)
		}
	}
}

// TestSamples wants a sample of every kind in both languages.
func TestSamples(t *testing.T) {
	have := map[complaints.LetterKind]map[string]bool{}
	for _, s := range samples {
		l := sample(t, s)
		if have[l.Kind] == nil {
			have[l.Kind] = map[string]bool{}
		}
		have[l.Kind][l.Lang] = true
	}
	for _, k := range complaints.LetterKinds() {
		if !have[k]["zh"] || !have[k]["en"] {
			t.Errorf("%s has no sample in both languages", k)
		}
	}
}

// TestOtherWords reads what the kinds say in the cases that no sample has: each
// letter is sound, and says this.
func TestOtherWords(t *testing.T) {
	type L = complaints.Letter
	none := complaints.Date{}
	for _, tt := range []struct {
		name, sample, zh, en string
		change               func(l *L)
	}{
		{"no complaint", "closure", "我们没有作为投诉办理，于2027年1月8日结案", "we have not treated it as a complaint, and closed the case on 8 January 2027", func(l *L) { l.Closure.Code, l.Closure.Remedies, l.Closure.Continues = "not_complaint", nil, nil }},
		{"closed by its code", "closure", "结案类别：和解。", "It was closed as: settled.", func(l *L) { l.Closure.Reason = "" }},
		{"survey some day", "closure", "结案之后，我们会请您对这次投诉的办理提出意见", "Some days after the closure we will ask you", func(l *L) { l.Closure.SurveyOn = none }},
		{"withdrawn, nothing goes on", "withdrawn", "本件没有由本所依职责继续调查的事项。", "There is nothing in this case that we go on investigating", func(l *L) { l.Closure.Continues = nil }},
		{"declined in the firm's own words", "declined", "不予受理的理由本所从未接受委托。我们核对了", "Why we cannot take it up 本所从未接受委托. We checked", func(l *L) { l.Declined.Ground = "本所从未接受委托" }},
		{"declined on the facts alone", "declined", "不予受理的理由我们核对了", "Why we cannot take it up We checked", func(l *L) { l.Declined.Ground = "" }},
		{"nothing referred yet", "referral", "没有您的同意，我们不向任何机构转交您的信息和材料。", "We pass on nothing about you or your complaint without your consent.", func(l *L) { l.Referral.Sent = nil }},
		{"to be sent on", "referral", "经您于2026年11月26日同意，我们将把下列材料转交该机构", "With your consent of 26 November 2026 we will send them the following:", func(l *L) { l.Referral.SentOn = none }},
		{"provisional", "information", "请在预计的2026年12月10日前（含当日）提交。", "by the end of 10 December 2026, as far as the calendar is known today.", func(l *L) { l.Information.Due.Provisional = true }},
		{"no remedy", "result", "根据以上认定，我们没有提出补救办法", "On these findings we do not propose a remedy", func(l *L) { l.Result.Remedies, l.Result.AcceptBy = nil, none }},
		{"a major case in writing", "papers", "本件以书面方式审议，请在2026年12月21日前（含当日）回复表决。表决时请写明意见和理由。", "The case is decided in writing. Please vote by reply by the end of 21 December 2026. Please give your vote and your reasons.", func(l *L) {
			l.Papers.Appeal, l.Papers.Meeting, l.Papers.Result = false, time.Time{}, nil
		}},
		{"not quorate", "minutes", "不足规定人数，会议只作讨论，不作决议", "The meeting was not quorate: it discussed, and resolved nothing.", func(l *L) {
			l.Minutes.Quorum, l.Minutes.Items = 4, l.Minutes.Items[2:]
		}},
		{"the window stays", "correction", "原函写明的各项期限不因本函改变。", "The dates in that letter do not change.", func(l *L) { l.Correction.AppealUntil = none }},
		{"received earlier", "ack", "我们已于2026年11月24日08时32分收到，2026年11月24日10时32分登记受理", "on 24 November 2026 at 08:32 and registered it on 24 November 2026 at 10:32 under", func(l *L) { l.Ack.Received = l.Ack.Received.Add(-2 * time.Hour) }},
		{"an appeal takes longer", "delay", "我们转交投诉处理委员会主任委员。", "it goes to the chair of the Complaints Committee.", func(l *L) { l.Delay.Appeal = true }},
		{"without a subject", "delay", "您于2026年11月24日提出的投诉（案号T2026-0012），", "the complaint you made on 24 November 2026 (case T2026-0012) by", func(l *L) { l.Subject = "" }},
	} {
		for lang, want := range map[string]string{"zh": tt.zh, "en": tt.en} {
			l := sample(t, tt.sample+"."+lang)
			tt.change(&l)
			if err := Check(l); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			if text := spoken(t, l); !strings.Contains(text, unspaced(want)) {
				t.Errorf("%s: does not say %q:\n%s", tt.name, want, text)
			}
		}
	}
}

// TestTranslation marks a translation and says which text prevails.
func TestTranslation(t *testing.T) {
	for s, want := range map[string][]string{
		"delay.en": {"Ourreference:明律投延〔2026〕3号(EN)", "ThisisatranslationofourChineseletterofthesamenumber.Shouldthetwodiffer,theChinesetextprevails."},
		"delay.zh": {"本函为同一文号英文函件的中文译本，内容不一致的，以英文文本为准。"},
	} {
		l := sample(t, s)
		plain := spoken(t, l)
		l.Translation = true
		for _, w := range want {
			if text := spoken(t, l); !strings.Contains(text, w) || strings.Contains(plain, w) {
				t.Errorf("%s: want %q in the translation only", s, w)
			}
		}
	}
}

// TestFirmsOwnFonts takes the firm's files where they are named, each for its
// own part of a letter, and says what is wrong with a file that cannot be used.
func TestFirmsOwnFonts(t *testing.T) {
	own := Fonts{Body: "fonts/NotoSansSC-Bold.ttf", Title: "fonts/NotoSerifSC-Regular.ttf", Heading: "fonts/NotoSerifSC-Bold.ttf", Kai: "fonts/NotoSerifSC-Regular.ttf"}
	p, err := New(own)
	if err != nil {
		t.Fatal(err)
	}
	l := sample(t, "result.zh")
	printer := *p
	printer.texts = map[string]*template.Template{"zh": template.Must(template.New("result.tmpl").Parse(strings.Replace(specimenZh, "%s", "", 1)))}
	pages, _, err := printer.compose(l)
	if err != nil {
		t.Fatal(err)
	}
	for words, file := range map[string]string{"明正律师事务所": own.Title, "投诉处理结果告知书": own.Title, "尊敬的": own.Body, "一、您反映": own.Heading, "（一）": own.Kai, "1.": own.Body, "贵所没有": own.Kai} {
		found := false
		for _, m := range pages[0].marks {
			if !found && strings.HasPrefix(textOf(m.line), words) {
				found = true
				// The firm's files come after the three built-in ones.
				if c := m.line.cells[0]; c.font < 3 || "fonts/"+p.faces.fonts[c.font].Name()+".ttf" != file {
					t.Errorf("%s is set in font %d, %s; want %s", words, c.font, p.faces.fonts[c.font].Name(), file)
				}
			}
		}
		if !found {
			t.Errorf("%s does not stand on the page", words)
		}
	}
	for file, want := range map[string]string{"fonts/none.ttf": "no such file", "fonts/OFL.txt": "not a TrueType font"} {
		if _, err := New(Fonts{Kai: file}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "fonts.kai") {
			t.Errorf("%s: %v, want fonts.kai and %q", file, err, want)
		}
	}
}

// TestFallback gives the firm a typeface that has a few characters only: the
// others come from the built-in ones, in the same line, and the text is whole.
func TestFallback(t *testing.T) {
	whole, err := sfnt.Parse(sansBold)
	if err != nil {
		t.Fatal(err)
	}
	few := map[rune]sfnt.GID{}
	for _, r := range "我们的，。已经0123456789" {
		few[r] = whole.Glyph(r)
	}
	b, err := whole.Subset(few)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "few.ttf")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := New(Fonts{Body: file})
	if err != nil {
		t.Fatal(err)
	}
	l := sample(t, "result.zh")
	l.Result.Remarks = "我们的𬱖𫖯已经𨱏𬭎，都在这里。"
	var pdf bytes.Buffer
	if err := p.Render(&pdf, l); err != nil {
		t.Fatal(err)
	}
	text := unspaced(run(t, pdf.Bytes(), "pdftotext", "poppler-utils", "-raw", "FILE", "-"))
	if !strings.Contains(text, l.Result.Remarks) || text != unspaced(run(t, rendered(t, l), "pdftotext", "poppler-utils", "-raw", "FILE", "-")) {
		t.Errorf("the text differs: %s", text)
	}
	if fonts := run(t, pdf.Bytes(), "pdffonts", "poppler-utils", "FILE"); strings.Count(fonts, " yes yes yes ") != 4 {
		t.Errorf("want four fonts, embedded and subset:\n%s", fonts)
	}
}
