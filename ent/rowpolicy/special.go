package rowpolicy

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/privacy"

	permit "portico/internal/policy"
	"portico/internal/viewer"
)

// system is the policy of what only Portico itself reads and writes.
type system struct{}

// EvalQuery refuses everybody else.
func (system) EvalQuery(ctx context.Context, _ ent.Query) error { return systemAlone(ctx) }

// EvalMutation refuses everybody else.
func (system) EvalMutation(ctx context.Context, _ ent.Mutation) error { return systemAlone(ctx) }

func systemAlone(ctx context.Context) error {
	if permit.ReachOf(viewer.Current(ctx)) == permit.Everything {
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
