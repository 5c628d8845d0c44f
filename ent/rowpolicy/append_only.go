package rowpolicy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/privacy"

	permit "portico/internal/policy"
	"portico/internal/viewer"
)

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
	return privacy.Denyf("rowpolicy: %s is append-only", m.Type())
}

// requireSystem refuses every viewer but Portico itself.
func requireSystem(ctx context.Context) error {
	if permit.ReachOf(viewer.Current(ctx)) == permit.Everything {
		return nil
	}
	return privacy.Denyf("rowpolicy: for Portico itself alone")
}
