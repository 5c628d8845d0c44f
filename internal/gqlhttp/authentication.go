package gqlhttp

import (
	"context"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

// refuseUnauthenticated refuses an operation whose sender could not be
// authenticated, unless all of it is public. A nil op is an operation that was
// not found: the schema of authenticated callers may have it.
func (h *Handler) refuseUnauthenticated(ctx context.Context, op *ast.OperationDefinition) *refusal {
	why := h.authError(ctx)
	if why == nil || op != nil && h.public(op) {
		return nil
	}
	return &refusal{status: http.StatusUnauthorized, err: why}
}

// unreadable returns the refusal of a request that could not be read. A sender
// that could not be authenticated gets that error first, unless the refusal asks
// to send the request again, in another form or later: it may turn out to be
// public.
func (h *Handler) unreadable(ctx context.Context, no *refusal) *refusal {
	why := h.authError(ctx)
	switch f := fault.From(no.err); {
	case why == nil, f.Code == fault.CodeRateLimited, f.Code == fault.CodeUnavailable, f.Reason == fault.ReasonPersistedQueryNotSupported:
		return no
	}
	return &refusal{status: http.StatusUnauthorized, err: why}
}

func (h *Handler) authError(ctx context.Context) error {
	if h.options.AuthError == nil {
		return nil
	}
	return h.options.AuthError(ctx)
}

// public reports whether an operation requests only fields in Public.
func (h *Handler) public(op *ast.OperationDefinition) bool {
	public, others := h.countPublic(op.SelectionSet)
	return public > 0 && others == 0
}

// countPublic counts the root fields in Public and the others. __typename is
// neither; introspection counts as other, because each role sees its own schema.
func (h *Handler) countPublic(root ast.SelectionSet) (public, others int) {
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
