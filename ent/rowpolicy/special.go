package rowpolicy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/privacy"

	permit "portico/internal/policy"
	"portico/internal/viewer"
)

// system is the policy of tables that only Portico itself reads and writes.
type system struct{}

// EvalQuery refuses every other viewer.
func (system) EvalQuery(ctx context.Context, _ ent.Query) error { return requireSystem(ctx) }

// EvalMutation refuses every other viewer.
func (system) EvalMutation(ctx context.Context, _ ent.Mutation) error { return requireSystem(ctx) }

// requireSystem refuses every viewer but Portico itself.
func requireSystem(ctx context.Context) error {
	if permit.ReachOf(viewer.Current(ctx)) == permit.Everything {
		return nil
	}
	return privacy.Denyf("rowpolicy: for Portico itself alone")
}

// appendOnly refuses to change existing rows.
type appendOnly struct{ policy }

// EvalMutation only allows new rows; a purge deletes rows as Portico itself.
func (p appendOnly) EvalMutation(ctx context.Context, m ent.Mutation) error {
	if m.Op().Is(ent.OpCreate) {
		return p.policy.EvalMutation(ctx, m)
	}
	if m.Op().Is(ent.OpDelete) {
		return requireSystem(ctx)
	}
	return privacy.Denyf("rowpolicy: the log is append-only")
}
