package maintenance

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/viewer"
)

// TakeDuePlans gives the subscriptions of every organization the plans whose time has come,
// and returns how many it gave. It may run on several nodes at once: each change takes
// effect once.
func (svc *Service) TakeDuePlans(ctx context.Context) (int, error) {
	all, err := svc.client.Subscription.Query().Where(apps.PlanChangeDue(svc.clock.Now())).Unique(true).
		Select(subscription.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, func(ctx context.Context) (int, error) {
		return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
			return apps.TakeDuePlans(ctx, tx, svc.clock.Now(), batchSize)
		})
	})
}
