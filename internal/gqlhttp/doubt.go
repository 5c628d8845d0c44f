package gqlhttp

import (
	"context"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

// doubted refuses an operation of somebody who is not believed, unless anybody
// may ask for all of it. nil stands for one that could not be found: the schema
// of those who are believed may have it.
func (h *Handler) doubted(ctx context.Context, op *ast.OperationDefinition) *refusal {
	why := h.doubt(ctx)
	if why == nil || op != nil && h.public(op) {
		return nil
	}
	return &refusal{status: http.StatusUnauthorized, err: why}
}

// unread is the refusal of a request that could not be read. Whoever is not
// believed is told that first, unless the request is to be sent again, in
// another form or later: it may turn out to be for everybody.
func (h *Handler) unread(ctx context.Context, no *refusal) *refusal {
	why := h.doubt(ctx)
	switch f := fault.From(no.err); {
	case why == nil, f.Code == fault.CodeRateLimited, f.Code == fault.CodeUnavailable, f.Reason == fault.ReasonPersistedQueryNotSupported:
		return no
	}
	return &refusal{status: http.StatusUnauthorized, err: why}
}

func (h *Handler) doubt(ctx context.Context) error {
	if h.options.Doubt == nil {
		return nil
	}
	return h.options.Doubt(ctx)
}

// public reports whether an operation asks for fields of Public alone.
func (h *Handler) public(op *ast.OperationDefinition) bool {
	public, others := h.count(op.SelectionSet)
	return public > 0 && others == 0
}

// count counts the fields of Public and the others. __typename is neither; the
// schema's description is another, since each role is told its own.
func (h *Handler) count(root ast.SelectionSet) (public, others int) {
	for field := range roots(root) {
		switch {
		case field.Name == typename:
		case field.ObjectDefinition != nil && h.options.Public[FieldName{field.ObjectDefinition.Name, field.Name}]:
			public++
		default:
			others++
		}
	}
	return public, others
}
