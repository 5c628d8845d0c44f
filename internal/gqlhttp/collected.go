package gqlhttp

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// collected keeps the fields that the selection sets of a document have for each
// type, for a document without directives: they are then the same in every
// request. There are at most as many as selection sets times types.
type collected struct {
	mu     sync.RWMutex
	fields map[collectedKey][]graphql.CollectedField
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
	if !ok || m.collected == nil || len(set) == 0 || len(satisfies) == 0 {
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
