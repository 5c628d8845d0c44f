// Package rowpolicy restricts which rows a viewer may read and change. It is
// the third check, after the schema's roles and the services' policy: every
// query and every change is restricted here by the viewer in its context, so
// that a service that forgets a condition still cannot reach the rows of
// another organization.
//
// A context without a viewer is refused. Portico itself (role SYSTEM) is
// allowed, restricted to one organization when its viewer names one.
package rowpolicy

import (
	"context"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"portico/ent/db/intercept"
	"portico/internal/domain"
	"portico/internal/fault"
	permit "portico/internal/policy"
	"portico/internal/viewer"
)

// condition returns the predicates that restrict a statement to rows.
type condition func(v viewer.Viewer) []func(*sql.Selector)

// rows are the rows of a table that a viewer may reach, by its reach. They are only
// asked for viewers of an organization; other viewers are decided before.
type rows struct {
	// organization is for viewers who act for the whole organization.
	organization condition
	// account is for viewers who act for one account.
	account condition
	// products is for approvers, who are named for some products.
	products condition
}

// policy is the rules of a table.
type policy struct {
	// read restricts queries.
	read rows
	// write restricts updates and deletes, for the roles in writers.
	write rows
	// writers may change and create rows.
	writers []viewer.Role
	// creators may create rows; nil for the writers.
	creators []viewer.Role
	// owned: the rows that a developer creates must belong to the developer's
	// account.
	owned bool
	// personal: the rows that a person creates must belong to the person.
	personal bool
	// people: only people change and create rows, and no service tokens.
	people bool
	// seenByDeciders: service tokens that may decide, and read nothing else, read rows.
	// deciders: they change and create rows, too.
	seenByDeciders, deciders bool
	// public is for everybody who reads the public catalogue of an organization; nil for
	// tables of which they see nothing.
	public condition
	// system restricts Portico itself inside one organization; nil for the rows
	// with its organization_id.
	system condition
}

// EvalQuery restricts a query.
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

// EvalMutation restricts a change, or refuses it.
func (p policy) EvalMutation(ctx context.Context, m ent.Mutation) error {
	v, creates, allowed := viewer.Current(ctx), m.Op().Is(ent.OpCreate), p.writers
	if creates && p.creators != nil {
		allowed = p.creators
	}
	if v.Role != viewer.System && !slices.Contains(allowed, v.Role) {
		return privacy.Denyf("rowpolicy: role %q may not change %s", v.Role, m.Type())
	}
	if !p.scoped(v) {
		return privacy.Denyf("rowpolicy: the service token may not change %s", m.Type())
	}
	if creates {
		return p.checkCreate(v, m)
	}
	narrow, err := p.narrowing(v, p.write)
	if err != nil {
		return err
	}
	change, ok := m.(interface{ WhereP(...func(*sql.Selector)) })
	if !ok {
		return privacy.Denyf("rowpolicy: cannot narrow %T", m)
	}
	change.WhereP(narrow...)
	return nil
}

// scoped reports whether a service token may change and create rows; it is true for
// everybody else.
func (p policy) scoped(v viewer.Viewer) bool {
	if !v.ByToken() {
		return true
	}
	return !p.people && (v.Writes() || p.deciders && v.Scopes.HasAny(domain.SubscriptionsDecide))
}

// narrowing returns the predicates for v.
func (p policy) narrowing(v viewer.Viewer, to rows) ([]func(*sql.Selector), error) {
	switch reach := permit.ReachOf(v); {
	case reach == permit.Everything:
		return nil, nil
	case !v.Reads() && !p.seenByDeciders && !p.deciders:
		return nil, privacy.Denyf("rowpolicy: nothing here is for the scopes of the service token")
	case v.Role == viewer.System && p.system != nil:
		return p.system(v), nil
	case v.Role == viewer.System:
		return tenant(v), nil
	case reach == permit.OwnOrganization:
		return to.organization(v), nil
	case reach == permit.OwnAccount:
		return to.account(v), nil
	case reach == permit.OwnProducts:
		return to.products(v), nil
	case reach == permit.PublicCatalogue && p.public != nil:
		return p.public(v), nil
	}
	return nil, refusal(v, "rowpolicy: nothing here is for role %q", v.Role)
}

// checkCreate refuses a new row that would belong to another organization,
// account or person.
func (p policy) checkCreate(v viewer.Viewer, m ent.Mutation) error {
	reach := permit.ReachOf(v)
	switch {
	case reach == permit.Everything:
		return nil
	case !hasID(m, "organization_id", v.OrganizationID):
		return privacy.Denyf("rowpolicy: %s of another organization", m.Type())
	case reach == permit.Nothing:
		return refusal(v, "rowpolicy: role %q may not create %s", v.Role, m.Type())
	case p.owned && reach == permit.OwnAccount && !hasID(m, "account_id", v.AccountID):
		return privacy.Denyf("rowpolicy: %s of another account", m.Type())
	case p.personal && v.Role != viewer.System && !hasID(m, "user_id", v.UserID):
		return privacy.Denyf("rowpolicy: %s of another person", m.Type())
	}
	return nil
}

// refusal returns the error for a viewer who reaches nothing. To developers whose
// account is suspended it says so.
func refusal(v viewer.Viewer, format string, args ...any) error {
	if v.Role == viewer.Portal && v.AccountSuspended {
		return fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "The account is suspended.")
	}
	return privacy.Denyf(format, args...)
}

// hasID reports whether a new row has id in a column; an empty column has none.
func hasID(m ent.Mutation, column string, id uuid.UUID) bool {
	got, _ := m.Field(column)
	return got == id
}

// tenant restricts rows to the viewer's organization.
func tenant(v viewer.Viewer) []func(*sql.Selector) {
	return []func(*sql.Selector){equals("organization_id", v.OrganizationID)}
}

// notDeleted excludes rows that were deleted and wait to be purged.
func notDeleted(s *sql.Selector) { s.Where(sql.IsNull(s.C("deleted_at"))) }

func equals(column string, v any) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v)) }
}

// inSubquery matches rows whose column has a value that another table has in
// the column theirs, in the rows that satisfy the conditions.
func inSubquery(column, table, theirs string, where ...func(*sql.SelectTable) *sql.Predicate) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(table)
		sub := sql.Dialect(s.Dialect()).Select(t.C(theirs)).From(t)
		for _, w := range where {
			sub.Where(w(t))
		}
		s.Where(sql.In(s.C(column), sub))
	}
}
