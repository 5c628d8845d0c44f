package architecture_test

import (
	"go/ast"
	"testing"
)

// A deferred function that uses a named result meets what return has put
// there: after "return nil, err" a nil, whose use hides the error by a panic.
// What is to be closed is therefore kept in a variable of its own.
func TestNoDeferredUseOfANamedResult(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range files(t, p) {
			if f.generated() {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				var results *ast.FieldList
				var body *ast.BlockStmt
				switch fn := n.(type) {
				case *ast.FuncDecl:
					results, body = fn.Type.Results, fn.Body
				case *ast.FuncLit:
					results, body = fn.Type.Results, fn.Body
				}
				if body == nil || results == nil {
					return true
				}
				for _, used := range usedLater(body, pointers(results)) {
					t.Errorf("%s: the deferred function uses the result %s, which is nil after return nil", f.fset.Position(used.Pos()), used.Name)
				}
				return true
			})
		}
	}
}

// pointers are the named results that may be nil and are no error.
func pointers(results *ast.FieldList) map[string]bool {
	out := map[string]bool{}
	for _, field := range results.List {
		switch kind := field.Type.(type) {
		case *ast.StarExpr, *ast.FuncType, *ast.SelectorExpr, *ast.InterfaceType:
		case *ast.Ident:
			// A type of the package's own may be an interface; error has its use here.
			if kind.Name == "error" || !kind.IsExported() {
				continue
			}
		default:
			continue
		}
		for _, name := range field.Names {
			out[name.Name] = true
		}
	}
	return out
}

// usedLater lists where deferred statements select from, or call, one of the names.
func usedLater(body *ast.BlockStmt, names map[string]bool) (out []*ast.Ident) {
	if len(names) == 0 {
		return nil
	}
	ast.Inspect(body, func(n ast.Node) bool {
		d, ok := n.(*ast.DeferStmt)
		if !ok {
			return true
		}
		ast.Inspect(d.Call, func(n ast.Node) bool {
			var on ast.Expr
			switch e := n.(type) {
			case *ast.SelectorExpr:
				on = e.X
			case *ast.CallExpr:
				on = e.Fun
			case *ast.StarExpr:
				on = e.X
			}
			if id, ok := on.(*ast.Ident); ok && names[id.Name] {
				out = append(out, id)
			}
			return true
		})
		return true
	})
	return out
}
