package gqlhttp

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// argumentsKey identifies a field of a type in a document.
type argumentsKey struct {
	object string
	field  *ast.Field
}

// Arguments returns the arguments of a field of an object, as parse parses them
// from the values. It parses them once in a request: the rows of a list have the
// same ones, so their resolvers must not change what they get.
func Arguments(ctx context.Context, object string, field graphql.CollectedField, variables map[string]any,
	parse func(ctx context.Context, values map[string]any) (map[string]any, error)) (map[string]any, error) {
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok {
		return parse(ctx, field.ArgumentMap(variables))
	}
	key := argumentsKey{object, field.Field}
	m.parsing.Lock()
	known, ok := m.arguments[key]
	m.parsing.Unlock()
	if ok {
		return known, nil
	}
	args, err := parse(ctx, field.ArgumentMap(variables))
	if err != nil {
		return nil, err
	}
	m.parsing.Lock()
	defer m.parsing.Unlock()
	if m.arguments == nil {
		m.arguments = map[argumentsKey]map[string]any{}
	}
	m.arguments[key] = args
	return args, nil
}
