package graph

import (
	"context"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// WholeSchema returns the schema with its directives for the tests of package
// graph_test, which must not change it.
func WholeSchema() (*ast.Schema, error) { return wholeSchema() }

// Updating reports whether the tests shall write what they compare with.
func Updating() bool { return *update }

// View returns the view of a role.
func View(role viewer.Role) (*ast.Schema, error) {
	whole, err := wholeSchema()
	if err != nil {
		return nil, err
	}
	return view(whole, audience{role: role})
}

// ViewOfTokens returns the view of the service tokens with some scopes in a role.
func ViewOfTokens(role viewer.Role, scopes domain.Scopes) (*ast.Schema, error) {
	whole, err := wholeSchema()
	if err != nil {
		return nil, err
	}
	return view(whole, audience{role, scopes})
}

// NewHandlerUnlocked is NewHandler as if one field, "Type.field", lacked its
// @hasRole: the views show the field and nothing is checked at run time.
func NewHandlerUnlocked(o Options, field string) (http.Handler, error) {
	whole, err := wholeSchema()
	if err != nil {
		return nil, err
	}
	owner, name, _ := strings.Cut(field, ".")
	return newHandler(o, withoutLock(whole, owner, name), func(ctx context.Context, obj any, next graphql.Resolver, scopes []domain.ServiceTokenScope, roles []viewer.Role) (any, error) {
		if asks(ctx, owner, name) {
			return next(ctx)
		}
		return hasRole(ctx, obj, next, scopes, roles)
	})
}

// NewHandlerWhole is NewHandler with every row read with all of its columns.
func NewHandlerWhole(o Options) (http.Handler, error) {
	o.reading = func(nodeid.Kind) []string { return nil }
	return NewHandler(o)
}

// NewHandlerNarrow is NewHandler with every row read without the selected
// columns.
func NewHandlerNarrow(o Options) (http.Handler, error) {
	o.reading = func(nodeid.Kind) []string { return []string{"id"} }
	return NewHandler(o)
}

// NewHandlerShown is NewHandler as if only the views lacked the @hasRole of one
// field: it is still checked at run time.
func NewHandlerShown(o Options, field string) (http.Handler, error) {
	whole, err := wholeSchema()
	if err != nil {
		return nil, err
	}
	owner, name, _ := strings.Cut(field, ".")
	return newHandler(o, withoutLock(whole, owner, name), hasRole)
}

// withoutLock returns a copy of the schema without the @hasRole of a field.
func withoutLock(whole *ast.Schema, owner, name string) *ast.Schema {
	out, d := *whole, *whole.Types[owner]
	out.Types = make(map[string]*ast.Definition, len(whole.Types))
	for k, v := range whole.Types {
		out.Types[k] = v
	}
	out.Types[owner] = &d
	d.Fields = nil
	for _, f := range whole.Types[owner].Fields {
		if f.Name == name {
			open := *f
			open.Directives = nil
			for _, x := range f.Directives {
				if x.Name != "hasRole" {
					open.Directives = append(open.Directives, x)
				}
			}
			f = &open
		}
		d.Fields = append(d.Fields, f)
	}
	return &out
}

// asks reports whether a lock is checked for a field: of an object, or of an
// input, which the path names.
func asks(ctx context.Context, owner, name string) bool {
	if at := graphql.GetPathContext(ctx); at != nil && at.Field != nil {
		return *at.Field == name
	}
	fc := graphql.GetFieldContext(ctx)
	return fc != nil && fc.Object == owner && fc.Field.Name == name
}
