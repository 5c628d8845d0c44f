package architecture_test

import (
	"go/ast"
	"strings"
	"testing"
)

const (
	mostFileLines     = 300
	mostFunctionLines = 50
)

// Tests are left out: a table of cases is read line by line, however long.
func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range files(t, p) {
			if f.generated() || f.test {
				continue
			}
			if f.lines > mostFileLines {
				t.Errorf("%s has %d lines, at most %d: split it by meaning", f.path, f.lines, mostFileLines)
			}
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				from, to := f.fset.Position(fn.Pos()).Line, f.fset.Position(fn.End()).Line
				if n := to - from + 1; n > mostFunctionLines {
					t.Errorf("%s:%d: %s has %d lines, at most %d", f.path, from, fn.Name.Name, n, mostFunctionLines)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		written, said := false, false
		for _, f := range files(t, p) {
			if f.generated() || f.test && len(p.GoFiles) > 0 {
				continue
			}
			written = true
			said = said || f.ast.Doc != nil && wellBegun(f.ast)
		}
		if written && !said {
			t.Errorf("no file of %s begins with a comment on the package", p.name())
		}
	}
}

// wellBegun reports whether the comment names what it is about, as the go
// command's documentation expects.
func wellBegun(f *ast.File) bool {
	text := f.Doc.Text()
	if f.Name.Name == "main" {
		return strings.HasPrefix(text, "Command ") || strings.HasPrefix(text, "Portico ") || strings.HasPrefix(text, "Package main")
	}
	return strings.HasPrefix(text, "Package "+strings.TrimSuffix(f.Name.Name, "_test")+" ")
}
