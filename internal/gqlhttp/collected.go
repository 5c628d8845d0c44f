package gqlhttp

import (
	"context"
	"slices"
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
	fields map[collectedKey]Fields
	// kept are what Kept has computed, by operation.
	kept map[*ast.OperationDefinition]any
	// arguments are those that depend on no variable.
	arguments arguments
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

// Fields are the fields that a selection set has for a type.
type Fields struct {
	List []graphql.CollectedField
	// repeats reports whether two of them have one name.
	repeats bool
}

// Repeated reports whether a field before the field i has its name. Fields of
// several types may: they are written once.
func (f Fields) Repeated(i int) bool {
	return f.repeats && slices.ContainsFunc(f.List[:i], func(other graphql.CollectedField) bool { return other.Alias == f.List[i].Alias })
}

// CollectFields is graphql.CollectFields. It finds what an earlier request
// collected from the same document.
func CollectFields(ctx context.Context, op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) Fields {
	m, _ := ctx.Value(meterKey{}).(*meter)
	return m.collect(op, set, satisfies)
}

// collect is CollectFields; m may be nil.
func (m *meter) collect(op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) Fields {
	if m == nil || m.collected == nil || !m.collected.static || len(set) == 0 || len(satisfies) == 0 {
		return newFields(op, set, satisfies)
	}
	return m.collected.of(op, set, satisfies)
}

func newFields(op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) Fields {
	f := Fields{graphql.CollectFields(op, set, satisfies), true}
	for i := range f.List {
		if f.Repeated(i) {
			return f
		}
	}
	f.repeats = false
	return f
}

func (c *collected) of(op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) Fields {
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
		c.fields = map[collectedKey]Fields{}
	}
	fields = newFields(op, set, satisfies)
	c.fields[key] = fields
	return fields
}
