package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

//go:embed mail/zh/*.txt mail/en/*.txt
var mailFiles embed.FS

// languages of the desk; the first stands in for one that it does not know.
var languages = []string{"zh", "en"}

// parts is the file whose definitions every mail of a language may use.
const parts = "parts"

// MailSet is every mail of the desk, parsed. It is safe for concurrent use.
type MailSet struct {
	byLang map[string]*template.Template
	names  []string
}

// Mails parses the mails. funcs are further functions for the templates. An
// error names the file; a mail that is missing in one language is an error.
func Mails(funcs template.FuncMap) (*MailSet, error) { return parseMails(mailFiles, funcs) }

func parseMails(files fs.FS, funcs template.FuncMap) (*MailSet, error) {
	s := &MailSet{byLang: map[string]*template.Template{}}
	for _, lang := range languages {
		root := template.New(lang).Option("missingkey=error").Funcs(funcs).Funcs(template.FuncMap{"literal": literal})
		paths, err := fs.Glob(files, "mail/"+lang+"/*.txt")
		if err != nil {
			return nil, err
		}
		var names []string
		for _, path := range paths {
			src, err := fs.ReadFile(files, path)
			if err != nil {
				return nil, err
			}
			name := strings.TrimSuffix(path[strings.LastIndex(path, "/")+1:], ".txt")
			if _, err := root.New(name).Parse(string(src)); err != nil {
				return nil, fmt.Errorf("mail template %s: %w", path, err)
			}
			if name != parts {
				names = append(names, name)
			}
		}
		for _, t := range root.Templates() {
			if t.Tree != nil {
				filter(t.Root)
			}
		}
		slices.Sort(names)
		if s.names != nil && !slices.Equal(s.names, names) {
			return nil, fmt.Errorf("mail templates: %s and %s do not have the same mails", languages[0], lang)
		}
		s.byLang[lang], s.names = root, names
	}
	return s, nil
}

// Names lists the mails in the order of the alphabet.
func (s *MailSet) Names() []string { return slices.Clone(s.names) }

// Languages lists the languages that every mail exists in.
func (s *MailSet) Languages() []string { return slices.Sorted(maps.Keys(s.byLang)) }

// Render writes one mail: the subject as one line of plain text, the text part
// with lines ended by \n, and the HTML part. A language that is not known is
// written in the desk's first. The view must answer all that the template
// asks for.
func (s *MailSet) Render(lang, name string, view any) (subject, text, html string, err error) {
	root, ok := s.byLang[lang]
	if !ok {
		lang = languages[0]
		root = s.byLang[lang]
	}
	if !slices.Contains(s.names, name) {
		return "", "", "", fmt.Errorf("there is no mail template %q", name)
	}
	var b strings.Builder
	if err := root.ExecuteTemplate(&b, name, view); err != nil {
		return "", "", "", fmt.Errorf("mail template %s/%s: %w", lang, name, err)
	}
	d, err := readDocument(b.String())
	if err != nil {
		return "", "", "", fmt.Errorf("mail template %s/%s: %w", lang, name, err)
	}
	return d.subject, d.plain(lang), d.html(lang), nil
}

// filter makes every value that a template prints pass through literal last.
// Nobody who writes a template can forget it.
func filter(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			filter(c)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{
				NodeType: parse.NodeCommand, Pos: n.Pos,
				Args: []parse.Node{parse.NewIdentifier("literal").SetTree(nil).SetPos(n.Pos)},
			})
		}
	case *parse.IfNode:
		filter(n.List)
		filter(n.ElseList)
	case *parse.RangeNode:
		filter(n.List)
		filter(n.ElseList)
	case *parse.WithNode:
		filter(n.List)
		filter(n.ElseList)
	}
}

// literal gives a value as the document holds it: clean, between two marks.
// Only what has one plain form may be printed; a struct, a pointer or nothing
// at all is a mistake in the template.
func literal(v any) (string, error) {
	var s string
	if t, ok := v.(fmt.Stringer); ok {
		s = t.String()
	} else {
		switch r := reflect.ValueOf(v); r.Kind() {
		case reflect.String:
			s = r.String()
		case reflect.Int, reflect.Int64:
			s = fmt.Sprint(r.Int())
		default:
			return "", fmt.Errorf("a %T cannot be printed", v)
		}
	}
	return string(litOpen) + clean(s) + string(litClose), nil
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ")

// clean makes words of any origin safe to show: valid UTF-8, lines ended by
// \n, no control characters, none that turn the direction of writing or hide.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = lineEnds.Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < 0x20, r >= 0x7F && r < 0xA0, // C0, DEL, C1
			r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x206F, // embeddings, overrides, isolates
			r == 0x200E, r == 0x200F, r == 0x061C, // direction marks
			r == 0x200B, r == 0x2060, r == 0xFEFF, r == 0x00AD, r == 0x180E, // of no width
			r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE007F: // annotations, tags
			return -1
		}
		return r
	}, s)
}
