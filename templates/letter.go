package templates

import (
	"embed"
	"fmt"
	"text/template"
)

//go:embed letter
var letterFiles embed.FS

// Letters parses the texts of the formal letters in a language (zh or en). Each
// kind of letter is one template, named kind.tmpl; parts.tmpl holds what they
// share. The texts are written in the line markup of package letters, which
// also gives the functions they call. A field that the data lacks is an error.
func Letters(lang string, funcs template.FuncMap) (*template.Template, error) {
	t, err := template.New(lang).Funcs(funcs).Option("missingkey=error").ParseFS(letterFiles, "letter/"+lang+"/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("letter texts %s: %w", lang, err)
	}
	return t, nil
}
