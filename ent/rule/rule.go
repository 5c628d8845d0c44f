// Package rule says which rows a viewer may read and change. It is the third
// lock, behind the schema's roles and the services' policy: a service that
// forgets a condition still cannot reach over the wall, as every query and
// every change is narrowed here, by the viewer in its context.
//
// Nobody in the context is a refusal. Portico itself (role SYSTEM) passes,
// narrowed to one organization when its viewer names one.
package rule

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

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
	// owned: new rows of a developer must be the active account's.
	owned bool
	// personal: new rows must be the viewer's own.
	personal bool
}

// EvalQuery narrows a query.
func (p policy) EvalQuery(ctx context.Context, q ent.Query) error {
	v, ok := viewer.FromContext(ctx)
	if !ok {
		return privacy.Denyf("rule: no viewer")
	}
	narrow, err := p.narrowing(v, p.read)
	if err != nil || len(narrow) == 0 {
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
	v, ok := viewer.FromContext(ctx)
	if !ok {
		return privacy.Denyf("rule: no viewer")
	}
	may := p.writers
	if m.Op().Is(ent.OpCreate) && p.makers != nil {
		may = p.makers
	}
	if v.Role != viewer.System && !contains(may, v.Role) {
		return privacy.Denyf("rule: role %q may not change %s", v.Role, m.Type())
	}
	if m.Op().Is(ent.OpCreate) {
		return p.admits(v, m)
	}
	narrow, err := p.narrowing(v, p.write)
	if err != nil || len(narrow) == 0 {
		return err
	}
	return narrowed(m, narrow...)
}

// narrowed makes a change one of fewer rows.
func narrowed(m ent.Mutation, by ...func(*sql.Selector)) error {
	change, ok := m.(interface{ WhereP(...func(*sql.Selector)) })
	if !ok {
		return privacy.Denyf("rule: cannot narrow %T", m)
	}
	change.WhereP(by...)
	return nil
}

// narrowing gives the conditions for v.
func (p policy) narrowing(v viewer.Viewer, by rows) ([]func(*sql.Selector), error) {
	reach := permit.ReachOf(v)
	switch {
	case reach == permit.Everything:
		return nil, nil
	case v.Role == viewer.System:
		return tenant(v), nil
	case v.AccountSuspended && v.Role == viewer.Portal:
		return nil, suspended()
	case reach == permit.Nothing || by == nil:
		return nil, privacy.Denyf("rule: nothing here is for role %q", v.Role)
	}
	return by(v), nil
}

// admits refuses a new row that would belong to somebody else.
func (p policy) admits(v viewer.Viewer, m ent.Mutation) error {
	if permit.ReachOf(v) == permit.Everything {
		return nil
	}
	if got, ok := m.Field("organization_id"); ok && got != v.OrganizationID {
		return privacy.Denyf("rule: %s of another organization", m.Type())
	}
	if v.Role == viewer.Portal && v.AccountSuspended {
		return suspended()
	}
	if p.owned && v.Role == viewer.Portal {
		if got, ok := m.Field("account_id"); !ok || got != v.AccountID {
			return privacy.Denyf("rule: %s of another account", m.Type())
		}
	}
	if p.personal && v.Role != viewer.System {
		if got, ok := m.Field("user_id"); !ok || got != v.UserID {
			return privacy.Denyf("rule: %s of another person", m.Type())
		}
	}
	return nil
}

func suspended() error {
	return fault.New(fault.Forbidden, fault.ReasonAccountSuspended, "The account is suspended.")
}

func contains(all []viewer.Role, r viewer.Role) bool {
	for _, one := range all {
		if one == r {
			return true
		}
	}
	return false
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
