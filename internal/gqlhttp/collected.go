package gqlhttp

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// collected is what is computed from a document once, and dies with it.
type collected struct {
	// static is true if the document has no directives: the fields that a selection
	// set has for a type are then the same in every request. There are at most as
	// many as selection sets times types.
	static bool

	mu     sync.RWMutex
	fields map[collectedKey][]graphql.CollectedField
	// kept are what Kept has computed, by operation.
	kept map[*ast.OperationDefinition]any
}

// Kept returns what compute has computed from an operation of the request, whose
// result must depend on nothing else.
func Kept(ctx context.Context, op *ast.OperationDefinition, compute func() any) any {
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok || m.collected == nil {
		return compute()
	}
	c := m.collected
	c.mu.RLock()
	v, ok := c.kept[op]
	c.mu.RUnlock()
	if ok {
		return v
	}
	v = compute()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[*ast.OperationDefinition]any{}
	}
	c.kept[op] = v
	return v
}

// collectedKey identifies a selection set and a type by their addresses. What is
// kept has sets that are parts of the document or are kept as well, so that an
// address is never used again.
type collectedKey struct {
	set       *ast.Selection
	size      int
	satisfies *string
}

// CollectFields is graphql.CollectFields. It finds what an earlier request
// collected from the same document.
func CollectFields(ctx context.Context, op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) []graphql.CollectedField {
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok || m.collected == nil || !m.collected.static || len(set) == 0 || len(satisfies) == 0 {
		return graphql.CollectFields(op, set, satisfies)
	}
	return m.collected.of(op, set, satisfies)
}

func (c *collected) of(op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) []graphql.CollectedField {
	key := collectedKey{&set[0], len(set), &satisfies[0]}
	c.mu.RLock()
	fields, ok := c.fields[key]
	c.mu.RUnlock()
	if ok {
		return fields
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The first result stays, because the keys of what is below are its addresses.
	if fields, ok := c.fields[key]; ok {
		return fields
	}
	if c.fields == nil {
		c.fields = map[collectedKey][]graphql.CollectedField{}
	}
	fields = graphql.CollectFields(op, set, satisfies)
	c.fields[key] = fields
	return fields
}
