package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// hasRole is the second check: what a role's schema omits is refused again at
// run time, as is everything for developers of a suspended account.
func hasRole(ctx context.Context, _ any, next graphql.Resolver, roles []viewer.Role) (any, error) {
	v := viewer.Current(ctx)
	if v.Role == viewer.Portal && v.AccountSuspended {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "The account is suspended.")
	}
	if slices.Contains(roles, v.Role) {
		return next(ctx)
	}
	if v.Role == viewer.Anonymous {
		return nil, notSignedIn()
	}
	return nil, wrongRole()
}

// verbatim returns a text of an input as it was sent.
func verbatim(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
	tidied, err := next(ctx)
	if err != nil {
		return nil, err
	}
	fields, ok := obj.(map[string]any)
	at := graphql.GetPathContext(ctx)
	if !ok || at == nil || at.Field == nil {
		return nil, errors.New("graph: @verbatim is for the fields of inputs")
	}
	sent, err := graphql.UnmarshalString(fields[*at.Field])
	if p, optional := tidied.(*string); optional {
		if p == nil {
			return p, err
		}
		return &sent, err
	}
	return sent, err
}

func notSignedIn() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
}

func wrongRole() error {
	return fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
}
