package gqlhttp

import (
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// addressed refuses an operation that must not come by GET.
func (h *Handler) addressed(op *ast.OperationDefinition) *refusal {
	message := ""
	switch {
	case op.Operation != ast.Query:
		message = "GET runs queries only: use POST."
	case h.bodyOnly(op.SelectionSet):
		message = "This must not stand in an address: use POST."
	default:
		return nil
	}
	no := refuse(http.StatusMethodNotAllowed, message)
	no.allow = "POST"
	return no
}

// bodyOnly reports whether one of the root fields is among those of BodyOnly.
func (h *Handler) bodyOnly(root ast.SelectionSet) bool {
	for field := range roots(root) {
		if slices.Contains(h.options.BodyOnly, field.Name) {
			return true
		}
	}
	return false
}
