package mailout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"complaints"
)

// Every mail that the policy sends has its words in both languages: a name that
// has none would be found out by the sender, when the mail is due. And no words
// lie there that nothing sends.
func TestEveryMailThatIsSentHasItsWords(t *testing.T) {
	set, err := Mails() // writes each in both languages about sample data
	if err != nil {
		t.Fatal(err)
	}
	named, all := namedInTheRoot(t)
	if len(named) < 50 {
		t.Fatalf("only %d names found: %v", len(named), named)
	}
	for _, name := range named {
		if !slices.Contains(set.Names(), name) {
			t.Errorf("the policy sends %q, and there is no such template", name)
		}
	}
	for _, name := range set.Names() {
		if !slices.Contains(all, name) {
			t.Errorf("the template %q is sent by nothing", name)
		}
	}
}

// namedInTheRoot lists the names of templates in the source of the policy: what
// is handed to tell, tellClient and answer, and what is set as a Template; and
// beside them every text at all, since some names come a long way.
func namedInTheRoot(t *testing.T) (names, all []string) {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	text := func(e ast.Node) string {
		l, ok := e.(*ast.BasicLit)
		if !ok || l.Kind != token.STRING {
			return ""
		}
		s, err := strconv.Unquote(l.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	keep := func(e ast.Expr) {
		if s := text(e); s != "" {
			names = append(names, s)
		}
	}
	isTemplate := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == "template" || e.Name == "Template"
		case *ast.SelectorExpr:
			return e.Sel.Name == "Template"
		}
		return false
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(src, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				all = append(all, text(n))
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"tell", "tellClient", "answer", "tellOf"}, f.Sel.Name) {
					for _, a := range n.Args {
						keep(a)
					}
				}
			case *ast.KeyValueExpr:
				if isTemplate(n.Key) {
					keep(n.Value)
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if i < len(n.Rhs) && isTemplate(l) || i > 0 && len(n.Rhs) == len(n.Lhs) && isTemplate(l) {
						keep(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names), all
}

// What the firm writes for itself is none of the client's steps.
func TestMilestonesNameNoInnerLetter(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		w := newSample(lang)
		c, err := w.caseFor("report_approved")
		if err != nil {
			t.Fatal(err)
		}
		if n := c.LastLetter(complaints.ReportLetter).Letter.Number.String(); n != "明律投查〔2026〕1号" {
			t.Fatalf("the report's number is %q", n)
		}
		for _, s := range (View{Lang: lang, Case: c, policy: w.policy}).Milestones() {
			if strings.Contains(s.Text, "律投查") {
				t.Errorf("the client reads %q", s.Text)
			}
		}
	}
}
