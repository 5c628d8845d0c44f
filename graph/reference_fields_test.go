package graph_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph/model"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/usage"
)

// fieldRequest is a field of an object that is to be resolved.
type fieldRequest struct {
	*reference
	parameters
	parent any
}

// resolver returns the value of a field.
type resolver func(fieldRequest) (any, error)

// valueOf resolves a field by its parent alone.
func valueOf[T any](value func(T) any) resolver {
	return func(q fieldRequest) (any, error) { return value(q.parent.(T)), nil }
}

// decidedFor resolves a field by the viewer and its parent alone, as a service
// does for one object.
func decidedFor[T any](decide func(fieldRequest, T) any) resolver {
	return func(q fieldRequest) (any, error) { return decide(q, q.parent.(T)), nil }
}

// objectIn resolves a field by the object whose id the Go field of the parent has.
func objectIn(k nodeid.Kind, field string) resolver {
	return func(q fieldRequest) (any, error) {
		switch id := columnOf(q.parent, field).(type) {
		case uuid.UUID:
			return q.rows.byID(k, id)
		case *uuid.UUID:
			if id != nil {
				return q.rows.byID(k, *id)
			}
		}
		return nil, nil
	}
}

// objectBy resolves a root field by the object of its id, of any kind if none is
// given.
func objectBy(kinds ...nodeid.Kind) resolver {
	return func(q fieldRequest) (any, error) {
		id, _ := q.text("id")
		return q.rows.byOpaqueID(id, kinds...)
	}
}

// callsLast24h resolves the count of calls of one object.
func callsLast24h(by usage.Dimension) resolver {
	return func(q fieldRequest) (any, error) {
		zone, err := q.w.Portal.Activity.Zone(q.ctx)
		if err != nil {
			return nil, err
		}
		id := columnOf(q.parent, "ID").(uuid.UUID)
		n, err := q.w.calls.reports.CallsLast24h(q.ctx, q.who.OrganizationID, zone, by, []uuid.UUID{id})
		return n[id], err
	}
}

// resolve returns the value of a field: by a function for it, or else the field
// of the Go value that is called like it.
func (a *execution) resolve(typeName string, d *ast.FieldDefinition, parent any, args parameters) (any, error) {
	if r := a.resolverOf(typeName, d); r != nil {
		return r(fieldRequest{a.reference, args, parent})
	}
	if value, ok := plainValue(parent, d.Name); ok {
		return value, nil
	}
	panic(fmt.Sprintf("the reference knows no %s.%s of a %T", typeName, d.Name, parent))
}

// resolverOf returns the function for a field, nil if there is none.
func (r *reference) resolverOf(typeName string, d *ast.FieldDefinition) resolver {
	if d.Name == "id" && r.schema.Types[typeName].Interfaces != nil {
		return func(q fieldRequest) (any, error) {
			return nodeid.Encode(nodeid.Kind(typeName), columnOf(q.parent, "ID").(uuid.UUID)), nil
		}
	}
	if strings.HasSuffix(typeName, "Connection") {
		return r.resolvers["Connection."+d.Name]
	}
	return r.resolvers[typeName+"."+d.Name]
}

// resolvers returns the functions of all fields that have one.
func resolvers() map[string]resolver {
	out := gathered(func(n noun) map[string]resolver { return n.fields })
	maps.Copy(out, rootResolvers())
	maps.Copy(out, map[string]resolver{
		"Connection.nodes":      valueOf(func(p *wholePage) any { return p.nodes }),
		"Connection.edges":      valueOf(func(p *wholePage) any { return p.edges() }),
		"Connection.totalCount": valueOf(func(p *wholePage) any { return p.total }),
		"Connection.pageInfo":   valueOf(func(p *wholePage) any { return p.info }),
	})
	return out
}

// goValues are the Go values of objects besides rows and pages.
func goValues() map[string]any {
	out := gathered(func(n noun) map[string]any { return n.values })
	maps.Copy(out, map[string]any{"Viewer": viewing{}, "ServerInfo": information{}, "IdentityProvider": model.IdentityProvider{}, "PageInfo": paging.Info{}, "Actor": actor{}})
	return out
}
