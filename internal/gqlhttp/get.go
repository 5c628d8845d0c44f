package gqlhttp

import (
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// checkGET refuses an operation that must not be sent by GET.
func (h *Handler) checkGET(op *ast.OperationDefinition) *refusal {
	message := ""
	switch {
	case op.Operation != ast.Query:
		message = "GET runs queries only: use POST."
	case h.usesBodyOnly(op.SelectionSet):
		message = "This must not stand in an address: use POST."
	default:
		return nil
	}
	no := refuse(http.StatusMethodNotAllowed, message)
	no.allow = "POST"
	return no
}

// usesBodyOnly reports whether one of the root fields is in BodyOnly.
func (h *Handler) usesBodyOnly(root ast.SelectionSet) bool {
	for field := range roots(root) {
		if slices.Contains(h.options.BodyOnly, field.Name) {
			return true
		}
	}
	return false
}
