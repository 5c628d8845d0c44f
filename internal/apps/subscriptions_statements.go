package apps

import (
	"context"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/statements"
)

// follow begins and ends what is charged for a subscription whose status has changed. All
// changes of status come here, those of plans and of accounts go to package statements
// themselves. Nothing is asked about one that neither ran before nor runs now.
func follow(ctx context.Context, tx *change.Tx, s *db.Subscription, before access.SubscriptionStatus) error {
	if before != access.SubscriptionApproved && s.Status != access.SubscriptionApproved {
		return nil
	}
	return statements.Follow(ctx, tx, s)
}
