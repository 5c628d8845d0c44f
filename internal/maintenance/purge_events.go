package maintenance

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db/event"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// purgeEvents deletes an organization's events up to the first one that did not
// happen before a time, so that the rest of the log has no gaps.
func (svc *Service) purgeEvents(ctx context.Context, organization uuid.UUID, before time.Time, total *int) error {
	ctx = viewer.AsSystem(ctx, uuid.Nil) // the log's policy lets nobody else delete
	return inBatches(func() (int, error) {
		n, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
			oldest, err := tx.Event.Query().Where(event.OrganizationID(organization)).Order(event.ByPosition()).
				Limit(batchSize).Select(event.FieldPosition, event.FieldAt).All(ctx)
			if err != nil {
				return 0, err
			}
			n := 0
			for n < len(oldest) && oldest[n].At.Before(before) {
				n++
			}
			if n == 0 {
				return 0, nil
			}
			return eventlog.Purge(ctx, tx, organization, oldest[n-1].Position)
		})
		return n, addTo(total, n, err)
	})
}
