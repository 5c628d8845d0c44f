package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// wholeToApprovers returns the types that approvers see whole: what starts a request and
// what mutations for everybody answer, and what is about the organization or about the
// person rather than about decisions. Of every other type they see what is marked alone,
// so that a new one is hidden until somebody has thought about it.
func wholeToApprovers() []string {
	return []string{
		"Query", mutationType, // @hasRole says whose their fields are
		"Organization", "KeyLife",
		"SearchResult", // of products
		"Session", "SessionConnection", "SessionEdge",
		"User", "UpdateUserPayload", "UpdateMailPreferencesPayload", "ChangePasswordPayload",
		"EnableTotpPayload", "ConfirmTotpPayload", "DisableTotpPayload", "ReplaceRecoveryCodesPayload",
	}
}

// decides reports whether approvers may use a field: one that is @public or that a
// decision needs, as service tokens see it that may only decide, and those of some types.
func decides(d *ast.Definition, f *ast.FieldDefinition) bool {
	for _, list := range []ast.DirectiveList{d.Directives, f.Directives} {
		if list.ForName("public") != nil || list.ForName("hasScope") != nil {
			return true
		}
	}
	return slices.Contains(wholeToApprovers(), d.Name)
}

// undecided reports whether approvers may use no field of a type, so that nothing leads
// to it either.
func (c *cutter) undecided(name string) bool {
	d := c.whole.Types[name]
	return d.Kind == ast.Object && !slices.ContainsFunc(d.Fields, func(f *ast.FieldDefinition) bool {
		return !c.forbidden(f.Directives) && decides(d, f)
	})
}
