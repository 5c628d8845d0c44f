package architecture_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// named matches what a comment calls package.Name, or package.Type.Name.
var named = regexp.MustCompile(`(?:^|[^\w./])([a-z][a-z0-9]*)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)

// A name of the program that a comment refers to exists: who looks for it finds
// it. Names of packages that others have too, and of those outside, are not
// checked.
func TestCommentsNameWhatExists(t *testing.T) {
	declared := map[string]map[string]bool{}
	for _, p := range packages(t) {
		for _, f := range files(t, p) {
			declare(declared, f.ast)
		}
	}
	checked := 0
	for _, p := range packages(t) {
		for _, f := range files(t, p) {
			if f.generated() {
				continue
			}
			for _, group := range f.ast.Comments {
				for _, m := range named.FindAllStringSubmatch(group.Text(), -1) {
					names, known := declared[m[1]]
					if !known || outside[m[1]] {
						continue
					}
					checked++
					if !names[m[2]] || m[3] != "" && !names[m[3]] {
						t.Errorf("%s: there is no %s", f.fset.Position(group.Pos()), strings.TrimRight(m[1]+"."+m[2]+"."+m[3], "."))
					}
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d names were found", checked)
	}
}

// outside are packages of the program with the name of one that it imports.
var outside = map[string]bool{"main": true, "schema": true, "event": true, "user": true, "plan": true, "app": true}

// declare notes the exported names of a file: declarations, fields and methods.
func declare(all map[string]map[string]bool, f *ast.File) {
	names := all[f.Name.Name]
	if names == nil {
		names = map[string]bool{}
		all[f.Name.Name] = names
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			names[n.Name.Name] = true
			return false
		case *ast.TypeSpec:
			names[n.Name.Name] = true
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.Field:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		}
		return true
	})
}
