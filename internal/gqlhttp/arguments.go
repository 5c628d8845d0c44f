package gqlhttp

import (
	"context"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// argumentsKey identifies a field of a type in a document.
type argumentsKey struct {
	object string
	field  *ast.Field
}

// arguments are parsed arguments.
type arguments struct {
	mu     sync.RWMutex
	parsed map[argumentsKey]map[string]any
}

// Arguments returns the arguments of a field of an object, as parse parses them
// from the values; it must depend on nothing else. It parses them once in a request,
// and those without variables once for a document: the rows of a list have the
// same ones. So resolvers must not change what they get.
func Arguments(ctx context.Context, object string, field graphql.CollectedField, variables map[string]any,
	parse func(ctx context.Context, values map[string]any) (map[string]any, error)) (map[string]any, error) {
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok {
		return parse(ctx, field.ArgumentMap(variables))
	}
	known := &m.arguments
	if m.collected != nil && !variable(field.Arguments) {
		known = &m.collected.arguments
	}
	key := argumentsKey{object, field.Field}
	known.mu.RLock()
	args, ok := known.parsed[key]
	known.mu.RUnlock()
	if ok {
		return args, nil
	}
	args, err := parse(ctx, field.ArgumentMap(variables))
	if err != nil {
		return nil, err
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.parsed == nil {
		known.parsed = map[argumentsKey]map[string]any{}
	}
	known.parsed[key] = args
	return args, nil
}

// variable reports whether arguments mention a variable.
func variable(list ast.ArgumentList) bool {
	return slices.ContainsFunc(list, func(a *ast.Argument) bool { return mentionsVariable(a.Value) })
}
