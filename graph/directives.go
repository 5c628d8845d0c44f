package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// hasRole is the second check: what a role's schema omits is refused again at
// run time, as is what a service token's scopes do not allow, and everything for
// developers of a suspended account.
func hasRole(ctx context.Context, obj any, next graphql.Resolver, scopes []domain.ServiceTokenScope, roles []viewer.Role) (any, error) {
	v := viewer.Current(ctx)
	if v.Role == viewer.Portal && v.AccountSuspended {
		return nil, fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "The account is suspended.")
	}
	if slices.Contains(roles, v.Role) {
		if at := graphql.GetFieldContext(ctx); obj == nil && at != nil && !inScope(v, at.Object == mutationType, scopes) {
			return nil, outOfScope()
		}
		return next(ctx)
	}
	if v.Role == viewer.Anonymous {
		return nil, notSignedIn()
	}
	return nil, wrongRole()
}

// mutationType is the type whose fields change something.
const mutationType = "Mutation"

// inScope reports whether a viewer may use a root field; of the others, @hasRole has no
// scopes. Service tokens need one of the scopes, or, where none are named, may read what
// is asked and write what is changed.
func inScope(v viewer.Viewer, changes bool, scopes []domain.ServiceTokenScope) bool {
	switch {
	case !v.ByToken():
		return true
	case scopes != nil:
		return v.Scopes.HasAny(scopes...)
	case changes:
		return v.Writes()
	}
	return v.Reads()
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

func outOfScope() error {
	return fault.New(fault.CodeForbidden, fault.ReasonScope, policy.OutOfScope)
}

func wrongRole() error {
	return fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
}
