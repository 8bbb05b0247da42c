package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/letters"
)

// letter renders a formal letter from data: a complaints.Letter as JSON. It is
// checked as the daemon checks one before issue; the faults are printed one a
// line, in the letter's language. -draft renders it all the same, as a draft,
// without number and date.
func letter(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("letter")
	kind := fs.String("type", "", "kind of letter: acknowledgement, result or decision; may be left out if FILE names it")
	lang := fs.String("lang", "", "language: zh or en; may be left out if FILE names it")
	in := fs.String("in", "", "JSON `FILE` with the letter's data; - is standard input")
	out := fs.String("out", "", "PDF `FILE` to write; - is standard output")
	conf := fs.String("config", "", "configuration `FILE`, for the firm's own typefaces")
	draft := fs.Bool("draft", false, "render a draft, whatever is missing")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	if *in == "" || *out == "" || fs.NArg() > 0 {
		return fail(stderr, "letter", usagef("name the data and the PDF: complaintsd letter -in FILE.json -out FILE.pdf"))
	}
	l, err := readLetter(*in, stdin)
	if err != nil {
		return fail(stderr, "letter", err)
	}
	if *kind != "" {
		l.Kind = complaints.LetterKind(*kind)
	}
	if *lang != "" {
		l.Lang = *lang
	}
	var fonts letters.Fonts
	if *conf != "" {
		cfg, err := config.Load(*conf)
		if err != nil {
			return fail(stderr, "letter", err)
		}
		fonts = letters.Fonts(cfg.Fonts)
	}
	printer, err := letters.New(fonts)
	if err != nil {
		return fail(stderr, "letter", err)
	}
	if *draft {
		l.Number.N, l.Date = 0, complaints.Date{}
	} else {
		err = printer.Check(l)
	}
	var pdf bytes.Buffer
	if err == nil {
		err = printer.Render(&pdf, l)
	}
	if r := complaints.AsRefusal(err); r != nil {
		for line := range strings.Lines(r.In(l.Lang)) {
			fmt.Fprintln(stderr, strings.TrimSuffix(line, "\n"))
		}
		return exitError
	}
	if err != nil {
		return fail(stderr, "letter", err)
	}
	if *out == "-" {
		_, err = stdout.Write(pdf.Bytes())
	} else {
		err = os.WriteFile(*out, pdf.Bytes(), 0o644)
	}
	if err != nil {
		return fail(stderr, "letter", err)
	}
	return exitDone
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
	return l, nil
}
