package complaints_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The layout of the project: who may import whom, how big a file may be, and
// what does not stand where. README.md and the package comments tell why.

// mayImport lists, for each part of the tree, which other parts its packages
// import; a part may always import itself. "." is the root package.
var mayImport = map[string][]string{
	".":         {},
	"templates": {},
	"store":     {"."},
	"letters":   {".", "templates"},
	"mailin":    {".", "store"},
	"mailout":   {".", "store", "letters", "templates"},
	"cmd":       {".", "store", "letters", "templates", "mailin", "mailout"},
}

// Limits of size, in lines and files.
const (
	linesOfFile    = 500
	linesOfTest    = 800
	filesOfPackage = 14
	filesOfRoot    = 28
	module         = "complaints"
)

// topLevel is what may stand in the root of the repository.
var topLevel = regexp.MustCompile(`^(cmd|mailin|mailout|letters|store|templates|systemd|testdata|go\.(mod|sum)|README(\.zh)?\.md|LICENSE|Makefile|CHANGELOG\.md|\.ci|\.gitattributes|\.gitignore|[a-z_]+\.go)$`)

// vague are names that do not say what a package does.
var vague = regexp.MustCompile(`util|common|helper|models|service|manager`)

// listed is a package as "go list -json" tells it.
type listed struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
}

// packages lists the module, whose root is the working folder of this test.
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports", "./...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var list []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// part is the first element of a package's path in the module, "." for the root.
func part(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return "."
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// importFaults names every import that goes against the direction.
func importFaults(p listed) (faults []string) {
	here := part(p.ImportPath)
	allowed, known := mayImport[here]
	if !known {
		return []string{fmt.Sprintf("%s: no package belongs in %s", p.ImportPath, here)}
	}
	for _, i := range p.Imports {
		if i != module && !strings.HasPrefix(i, module+"/") {
			// A path with a dot in its first element is a host, so not the standard library.
			if first, _, _ := strings.Cut(i, "/"); (here == "." || here == "templates") && strings.Contains(first, ".") {
				faults = append(faults, fmt.Sprintf("%s imports %s: standard library only", p.ImportPath, i))
			}
			continue
		}
		to := part(i)
		ok := to == here
		for _, a := range allowed {
			ok = ok || to == a
		}
		if !ok {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s does not know %s", p.ImportPath, i, here, to))
		}
	}
	return faults
}

// packageFaults judges names and number of files.
func packageFaults(p listed) (faults []string) {
	limit := filesOfPackage
	if p.ImportPath == module {
		limit = filesOfRoot
	}
	if n := len(p.GoFiles) + len(p.CgoFiles); n > limit {
		faults = append(faults, fmt.Sprintf("%s has %d files, at most %d", p.ImportPath, n, limit))
	}
	if name := path.Base(p.ImportPath); vague.MatchString(name) {
		faults = append(faults, fmt.Sprintf("%s: a package is named after what it does", p.ImportPath))
	}
	return faults
}

// sourceFaults judges one file. name decides what is allowed in it.
func sourceFaults(name string, src []byte) (faults []string) {
	test := strings.HasSuffix(name, "_test.go")
	limit := linesOfFile
	if test {
		limit = linesOfTest
	}
	if n := strings.Count(string(src), "\n"); n > limit {
		faults = append(faults, fmt.Sprintf("%s has %d lines, at most %d", name, n, limit))
	}
	if test {
		return faults
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return append(faults, err.Error())
	}
	clock := ""
	for _, i := range file.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == "time" {
			clock = "time"
			if i.Name != nil {
				clock = i.Name.Name
			}
		}
	}
	inCmd := strings.HasPrefix(name, "cmd/")
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				faults = append(faults, fmt.Sprintf("%s: an init function", fset.Position(n.Pos())))
			}
		case *ast.SelectorExpr: // called or passed on as a value
			x, ok := n.X.(*ast.Ident)
			if ok && clock != "" && x.Name == clock && (n.Sel.Name == "Now" || n.Sel.Name == "Since" || n.Sel.Name == "Until") && !inCmd {
				faults = append(faults, fmt.Sprintf("%s: time.%s reads the clock, which only cmd does", fset.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return faults
}

func TestLayout(t *testing.T) {
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages(t) {
		faults := append(importFaults(p), packageFaults(p)...)
		dir, err := filepath.Rel(root, p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, files := range [][]string{p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles} {
			for _, f := range files {
				name := path.Join(filepath.ToSlash(dir), f)
				src, err := os.ReadFile(filepath.FromSlash(name))
				if err != nil {
					t.Fatal(err)
				}
				faults = append(faults, sourceFaults(name, src)...)
			}
		}
		for _, f := range faults {
			t.Error(f)
		}
	}
}

func TestLayoutTopLevel(t *testing.T) {
	out, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		t.Skip("not a git checkout")
	}
	seen := map[string]bool{}
	for name := range strings.Lines(string(out)) {
		first, _, _ := strings.Cut(strings.TrimSpace(name), "/")
		if !seen[first] && !topLevel.MatchString(first) {
			t.Errorf("%s does not belong in the root of the repository", first)
		}
		seen[first] = true
	}
}

// TestLayoutFindsFaults shows that the checks above see what they look for.
func TestLayoutFindsFaults(t *testing.T) {
	long := "package p\n" + strings.Repeat("//\n", linesOfFile)
	tests := []struct {
		name string
		got  []string
		want string // "" for no fault
	}{
		{"cmd wires", importFaults(listed{ImportPath: "complaints/cmd/complaintsd", Imports: []string{"complaints/mailin", "complaints/mailout", "os"}}), ""},
		{"within a part", importFaults(listed{ImportPath: "complaints/mailin/mailtest", Imports: []string{"complaints/mailin", "complaints/store/cluster/lastwill", "github.com/emersion/go-imap/v2"}}), ""},
		{"in and out", importFaults(listed{ImportPath: "complaints/mailin", Imports: []string{"complaints/mailout"}}), "mailin does not know mailout"},
		{"upwards", importFaults(listed{ImportPath: "complaints/store", Imports: []string{"complaints/mailin/mailtest"}}), "store does not know mailin"},
		{"root and a library", importFaults(listed{ImportPath: "complaints", Imports: []string{"strings", "golang.org/x/text/width"}}), "imports golang.org/x/text/width: standard library only"},
		{"a new part", importFaults(listed{ImportPath: "complaints/web"}), "no package belongs in web"},
		{"a vague name", packageFaults(listed{ImportPath: "complaints/store/dbutils"}), "named after what it does"},
		{"many files", packageFaults(listed{ImportPath: "complaints/store", GoFiles: make([]string, filesOfPackage+1)}), "has 15 files"},
		{"long file", sourceFaults("store/x.go", []byte(long)), "has 501 lines"},
		{"long test", sourceFaults("store/x_test.go", []byte(long)), ""},
		{"clock", sourceFaults("store/x.go", []byte("package p\nimport \"time\"\nvar f = time.Now\n")), "store/x.go:3:9: time.Now reads the clock"},
		{"clock under another name", sourceFaults("store/x.go", []byte("package p\nimport t \"time\"\nvar d = t.Since(t.Time{})\n")), "time.Since reads the clock"},
		{"clock in cmd", sourceFaults("cmd/complaintsd/x.go", []byte("package p\nimport \"time\"\nvar f = time.Now\n")), ""},
		{"init", sourceFaults("cmd/complaintsd/x.go", []byte("package p\nfunc init() {}\n")), "an init function"},
		{"method named init", sourceFaults("store/x.go", []byte("package p\ntype t int\nfunc (t) init() {}\n")), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(tt.got, "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}
