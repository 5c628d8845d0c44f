package maintenance

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db/apptransfer"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/viewer"
)

// ExpireTransfers records, in every organization, that the time of offers of apps is over,
// and returns how many it recorded. It may run on several nodes at once: each is recorded
// once.
func (svc *Service) ExpireTransfers(ctx context.Context) (int, error) {
	all, err := svc.client.AppTransfer.Query().Where(apps.TransferDue(svc.clock.Now())).Unique(true).
		Select(apptransfer.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, func(ctx context.Context) (int, error) {
		return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
			return apps.ExpireTransfers(ctx, tx, svc.clock.Now(), batchSize)
		})
	})
}
