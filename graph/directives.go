package graph

import (
	"context"
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

func notSignedIn() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
}

func wrongRole() error {
	return fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
}
