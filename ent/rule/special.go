package rule

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	permit "portico/internal/policy"
	"portico/internal/viewer"
)

// organization is the policy of the tenants' own table, which has no
// organization_id: its id is that. Only Portico itself makes one.
type organization struct{ policy }

// EvalQuery lets Portico itself read all of them.
func (p organization) EvalQuery(ctx context.Context, q ent.Query) error {
	if viewer.Current(ctx).Role == viewer.System {
		return nil
	}
	return p.policy.EvalQuery(ctx, q)
}

// EvalMutation lets nobody but Portico itself make one; inside of one
// organization it changes that alone.
func (p organization) EvalMutation(ctx context.Context, m ent.Mutation) error {
	v := viewer.Current(ctx)
	switch {
	case permit.ReachOf(v) == permit.Everything:
		return nil
	case m.Op().Is(ent.OpCreate):
		return privacy.Denyf("rule: only a command makes organizations")
	case v.Role == viewer.System:
		return narrowed(m, equals("id", v.OrganizationID))
	}
	return p.policy.EvalMutation(ctx, m)
}

// system is the policy of what only Portico itself reads and writes.
type system struct{}

// EvalQuery refuses everybody else.
func (system) EvalQuery(ctx context.Context, _ ent.Query) error { return systemAlone(ctx) }

// EvalMutation refuses everybody else.
func (system) EvalMutation(ctx context.Context, _ ent.Mutation) error { return systemAlone(ctx) }

func systemAlone(ctx context.Context) error {
	if v, ok := viewer.FromContext(ctx); ok && v.Role == viewer.System && v.OrganizationID == uuid.Nil {
		return nil
	}
	return privacy.Denyf("rule: for Portico itself alone")
}

// appendOnly refuses every change of a row that exists.
type appendOnly struct{ policy }

// EvalMutation admits new rows alone; purging deletes as Portico itself.
func (p appendOnly) EvalMutation(ctx context.Context, m ent.Mutation) error {
	if m.Op().Is(ent.OpCreate) {
		return p.policy.EvalMutation(ctx, m)
	}
	if m.Op().Is(ent.OpDelete) {
		return systemAlone(ctx)
	}
	return privacy.Denyf("rule: the log is append-only")
}
