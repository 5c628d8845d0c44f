package architecture_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the name that import paths begin with.
const module = "portico"

// pkg is a package as the go command lists it.
type pkg struct {
	Dir            string
	ImportPath     string
	Imports        []string
	GoFiles        []string
	IgnoredGoFiles []string
	TestGoFiles    []string
	XTestGoFiles   []string
}

// name is the package's path inside the module; "." for the program itself.
func (p pkg) name() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// inside returns the imports from this module, by name, and the others.
func (p pkg) inside() (own, others []string) {
	for _, path := range p.Imports {
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			own = append(own, rest)
		} else {
			others = append(others, path)
		}
	}
	return own, others
}

// file is a source file that was read.
type file struct {
	path  string
	test  bool
	lines int
	ast   *ast.File
	fset  *token.FileSet
}

func (f file) generated() bool { return ast.IsGenerated(f.ast) }

// list asks the go command for every package of the program's module and of
// the one with the tests from outside, once.
var list = sync.OnceValues(func() ([]pkg, error) {
	program, err := listModule(".", module+"/...")
	if err != nil {
		return nil, err
	}
	outside, err := listModule("e2e", module+"/e2e/...")
	return append(program, outside...), err
})

func listModule(folder, pattern string) ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,Imports,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", pattern)
	cmd.Dir = filepath.Join("..", "..", folder)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages were found", len(all))
	}
	return all
}

// files reads a package's sources, with those of other systems and of tests.
func files(t *testing.T, p pkg) []file {
	t.Helper()
	var all []file
	for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
		path := filepath.Join(p.Dir, name)
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, path, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file{
			path: filepath.Join(p.name(), name), test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(source), "\n"), ast: parsed, fset: fset,
		})
	}
	return all
}
