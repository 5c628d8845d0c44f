// Package rowpolicy says which rows a viewer may read and change. It is the third
// lock, behind the schema's roles and the services' policy: a service that
// forgets a condition still cannot reach over the wall, as every query and
// every change is narrowed here, by the viewer in its context.
//
// Nobody in the context is a refusal. Portico itself (role SYSTEM) passes,
// narrowed to one organization when its viewer names one.
package rowpolicy

import (
	"context"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"portico/ent/db/intercept"
	"portico/internal/fault"
	permit "portico/internal/policy"
	"portico/internal/viewer"
)

// rows narrows a statement to what a viewer may reach; nil is no narrowing.
type rows func(v viewer.Viewer) []func(*sql.Selector)

// policy is a table's rules. read and write are asked for viewers of an
// organization only: nobody, gateways and Portico itself are dealt with before.
type policy struct {
	// read narrows queries.
	read rows
	// write narrows updates and deletes, for the roles in writers.
	write rows
	// writers may change and make rows.
	writers []viewer.Role
	// makers may make rows; nil: the writers.
	makers []viewer.Role
	// owned: new rows of a developer must be the developer's account's.
	owned bool
	// personal: new rows must be the viewer's own.
	personal bool
	// wall is what Portico itself reaches inside one organization; nil: the
	// rows that name it.
	wall rows
}

// EvalQuery narrows a query.
func (p policy) EvalQuery(ctx context.Context, q ent.Query) error {
	narrow, err := p.narrowing(viewer.Current(ctx), p.read)
	if err != nil {
		return err
	}
	query, err := intercept.NewQuery(q)
	if err != nil {
		return err
	}
	query.WhereP(narrow...)
	return nil
}

// EvalMutation narrows a change, or refuses it.
func (p policy) EvalMutation(ctx context.Context, m ent.Mutation) error {
	v, makes, may := viewer.Current(ctx), m.Op().Is(ent.OpCreate), p.writers
	if makes && p.makers != nil {
		may = p.makers
	}
	if v.Role != viewer.System && !slices.Contains(may, v.Role) {
		return privacy.Denyf("rule: role %q may not change %s", v.Role, m.Type())
	}
	if makes {
		return p.admits(v, m)
	}
	narrow, err := p.narrowing(v, p.write)
	if err != nil {
		return err
	}
	change, ok := m.(interface{ WhereP(...func(*sql.Selector)) })
	if !ok {
		return privacy.Denyf("rule: cannot narrow %T", m)
	}
	change.WhereP(narrow...)
	return nil
}

// narrowing returns the conditions for v.
func (p policy) narrowing(v viewer.Viewer, by rows) ([]func(*sql.Selector), error) {
	switch reach := permit.ReachOf(v); {
	case reach == permit.Everything:
		return nil, nil
	case v.Role == viewer.System && p.wall != nil:
		return p.wall(v), nil
	case v.Role == viewer.System:
		return tenant(v), nil
	case v.Role == viewer.Portal && v.AccountSuspended:
		return nil, suspended()
	case reach == permit.Nothing:
		return nil, privacy.Denyf("rule: nothing here is for role %q", v.Role)
	}
	return by(v), nil
}

// admits refuses a new row that would belong to somebody else.
func (p policy) admits(v viewer.Viewer, m ent.Mutation) error {
	switch {
	case permit.ReachOf(v) == permit.Everything:
		return nil
	case !has(m, "organization_id", v.OrganizationID):
		return privacy.Denyf("rule: %s of another organization", m.Type())
	case v.Role == viewer.Portal && v.AccountSuspended:
		return suspended()
	case p.owned && v.Role == viewer.Portal && !has(m, "account_id", v.AccountID):
		return privacy.Denyf("rule: %s of another account", m.Type())
	case p.personal && v.Role != viewer.System && !has(m, "user_id", v.UserID):
		return privacy.Denyf("rule: %s of another person", m.Type())
	}
	return nil
}

// has reports whether a new row names id in a column; one left empty does not.
func has(m ent.Mutation, column string, id uuid.UUID) bool {
	got, _ := m.Field(column)
	return got == id
}

func suspended() error {
	return fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "The account is suspended.")
}

// tenant is the wall between organizations.
func tenant(v viewer.Viewer) []func(*sql.Selector) {
	return []func(*sql.Selector){equals("organization_id", v.OrganizationID)}
}

// alive leaves out what was deleted and waits to be purged.
func alive(s *sql.Selector) { s.Where(sql.IsNull(s.C("deleted_at"))) }

func equals(column string, v any) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v)) }
}

// inside is true for rows whose column is in a column of another table, where
// the conditions hold.
func inside(column, table, theirs string, where ...func(*sql.SelectTable) *sql.Predicate) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(table)
		sub := sql.Dialect(s.Dialect()).Select(t.C(theirs)).From(t)
		for _, w := range where {
			sub.Where(w(t))
		}
		s.Where(sql.In(s.C(column), sub))
	}
}
