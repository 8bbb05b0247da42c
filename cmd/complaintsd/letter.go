package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/letters"
)

// letter renders a formal letter from data: a complaints.Letter as JSON. It is
// checked as the daemon checks one before issue; the faults are printed one a
// line, in the letter's language. -draft renders it all the same, as a draft,
// without number and date. -gallery renders many, to look at.
func letter(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var kinds []string
	for _, k := range complaints.LetterKinds() {
		kinds = append(kinds, string(k))
	}
	fs := newFlags("letter")
	kind := fs.String("type", "", "kind of letter, which may be left out if FILE names it: "+strings.Join(kinds, ", "))
	lang := fs.String("lang", "", "language: zh or en; may be left out if FILE names it")
	in := fs.String("in", "", "JSON `FILE` with the letter's data; - is standard input")
	out := fs.String("out", "", "PDF `FILE` to write; - is standard output")
	dpi := fs.Int("png", 0, "also write each page as an image of so many dots per inch beside the PDF: FILE-1.png, FILE-2.png …")
	gallery := fs.String("gallery", "", "write PDF and page images of every FILE.json after the flags into the folder `DIR`, and an index.html")
	conf := fs.String("config", "", "configuration `FILE`, for the firm's own typefaces and seal")
	seal := fs.Bool("seal", false, "print the seal of the configuration where the letter asks for it; no case records this use")
	draft := fs.Bool("draft", false, "render a draft, whatever is missing")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	switch many := *gallery != ""; {
	case many && (*in != "" || *out != "" || fs.NArg() == 0):
		return fail(stderr, "letter", usagef("name the letters' data: complaintsd letter -gallery DIR FILE.json…"))
	case !many && (*in == "" || *out == "" || fs.NArg() > 0):
		return fail(stderr, "letter", usagef("name the data and the PDF: complaintsd letter -in FILE.json -out FILE.pdf"))
	case *dpi != 0 && *out == "-":
		return fail(stderr, "letter", usagef("page images stand beside the PDF; -out must name a file"))
	}
	var fonts letters.Fonts
	var image []byte
	if *conf != "" {
		cfg, err := config.Load(*conf)
		if err != nil {
			return fail(stderr, "letter", err)
		}
		fonts, image = letters.Fonts(cfg.Fonts), cfg.Letters.Image
	}
	printer, err := letters.New(fonts)
	if err != nil {
		return fail(stderr, "letter", err)
	}
	if *seal && image == nil {
		return fail(stderr, "letter", usagef("-seal needs a configuration that names letters.seal"))
	}
	if *seal {
		if printer, err = printer.WithSeal(image); err != nil {
			return fail(stderr, "letter", err)
		}
	}
	set := func(l *complaints.Letter) {
		if *kind != "" {
			l.Kind = complaints.LetterKind(*kind)
		}
		if *lang != "" {
			l.Lang = *lang
		}
		if *draft {
			l.Number.N, l.Date = 0, complaints.Date{}
		}
	}
	if *gallery != "" {
		faults := show(printer, *gallery, fs.Args(), *dpi, set, stdout)
		code := exitDone
		for _, err := range faults {
			code = fail(stderr, "letter", err)
		}
		return code
	}
	l, err := readLetter(*in, stdin)
	if err != nil {
		return fail(stderr, "letter", err)
	}
	set(&l)
	r, err := render(printer, l, *dpi, *draft)
	if refused := complaints.AsRefusal(err); refused != nil {
		for line := range strings.Lines(refused.In(l.Lang)) {
			fmt.Fprintln(stderr, strings.TrimSuffix(line, "\n"))
		}
		return exitError
	}
	switch {
	case err != nil:
	case *out == "-":
		_, err = stdout.Write(r.pdf)
	default:
		_, err = r.write(*out)
	}
	return fail(stderr, "letter", err)
}

// rendering is a letter's PDF and, if they were asked for, its pages as PNG.
type rendering struct {
	pdf   []byte
	pages [][]byte
}

// render prints a letter that passes its checks, or a draft of one.
func render(p *letters.Printer, l complaints.Letter, dpi int, draft bool) (r rendering, err error) {
	if !draft {
		if err := p.Check(l); err != nil {
			return r, err
		}
	}
	var pdf bytes.Buffer
	if err = p.Render(&pdf, l); err != nil {
		return r, err
	}
	r.pdf = pdf.Bytes()
	if dpi != 0 {
		r.pages, err = p.Images(l, dpi)
	}
	return r, err
}

// write writes the PDF to a file and the pages beside it, whose names it gives.
func (r rendering) write(file string) (pages []string, err error) {
	if err := os.WriteFile(file, r.pdf, 0o644); err != nil {
		return nil, err
	}
	for i, b := range r.pages {
		page := fmt.Sprintf("%s-%d.png", strings.TrimSuffix(file, ".pdf"), i+1)
		if err := os.WriteFile(page, b, 0o644); err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// readLetter reads a letter's data; a field that no letter has is a mistake.
func readLetter(file string, stdin io.Reader) (complaints.Letter, error) {
	var l complaints.Letter
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(stdin) }
	}
	b, err := read()
	if err != nil {
		return l, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf("%s: %w", file, err)
	}
	if d.More() {
		return l, fmt.Errorf("%s: more than one letter; want one JSON object", file)
	}
	return l, nil
}

// exhibit is one letter of the gallery.
type exhibit struct {
	Name  string // of its files
	Kind  complaints.LetterKind
	Lang  string
	Size  int
	Pages []string
}

// show renders letters into a folder: PDF, page images, and a page that shows
// them all. A letter that is refused, or cannot be read, is a fault and does
// not keep the others from being rendered.
func show(p *letters.Printer, dir string, files []string, dpi int, set func(*complaints.Letter), stdout io.Writer) (faults []error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return []error{err}
	}
	if dpi == 0 {
		dpi = 100
	}
	var all []exhibit
	pages := 0
	for _, file := range files {
		l, err := readLetter(file, nil)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		set(&l)
		e := exhibit{Name: strings.TrimSuffix(filepath.Base(file), ".json"), Kind: l.Kind, Lang: l.Lang}
		r, err := render(p, l, dpi, l.Number.N == 0)
		if refused := complaints.AsRefusal(err); refused != nil {
			err = errors.New(strings.ReplaceAll(refused.In(l.Lang), "\n", " "))
		}
		if err == nil {
			e.Pages, err = r.write(filepath.Join(dir, e.Name+".pdf"))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
			continue
		}
		for i := range e.Pages {
			e.Pages[i] = filepath.Base(e.Pages[i])
		}
		e.Size = len(r.pdf)
		pages += len(e.Pages)
		all = append(all, e)
	}
	var index bytes.Buffer
	name := filepath.Join(dir, "index.html")
	err := galleryPage.Execute(&index, all)
	if err == nil {
		err = os.WriteFile(name, index.Bytes(), 0o644)
	}
	if err != nil {
		return append(faults, err)
	}
	fmt.Fprintf(stdout, "%s: %d letters, %d pages\n", name, len(all), pages)
	return faults
}

var galleryPage = template.Must(template.New("gallery").Parse(`<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>信函样张 Letters</title>
<style>
body { font-family: sans-serif; background: #eee; margin: 1.5em }
img { width: 300px; margin: 0 8px 8px 0; box-shadow: 0 1px 4px #888 }
h2 { font-size: 1.1em; margin: 1.5em 0 .5em }
small { color: #666; font-weight: normal }
</style>
<h1>信函样张 Letters</h1>
<ul>
{{range .}}<li><a href="#{{.Name}}">{{.Kind.In .Lang}}</a> <small>{{.Name}}</small></li>
{{end}}</ul>
{{range .}}<h2 id="{{.Name}}"><a href="{{.Name}}.pdf">{{.Kind.In .Lang}}</a> <small>{{.Name}}.pdf, {{.Size}} bytes, {{len .Pages}} p.</small></h2>
{{range .Pages}}<a href="{{.}}"><img src="{{.}}" loading="lazy" alt="{{.}}"></a>
{{end}}{{end}}</html>
`))
