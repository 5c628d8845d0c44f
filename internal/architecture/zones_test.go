package architecture_test

import (
	"go/ast"
	"testing"
)

// Nothing but package zone loads time zones from the system, whose names differ.
func TestOnlyPackageZoneLoadsZones(t *testing.T) {
	for _, p := range packages(t) {
		if p.name() == "clients/go/gate/zone" || covers("bench/...", p.name()) || covers("e2e/...", p.name()) {
			continue
		}
		for _, f := range files(t, p) {
			if f.test {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "LoadLocation" {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == importedAs(f.ast, "time") {
						t.Errorf("%s: ask package zone", f.fset.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
}
