package identity

import (
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/subscription"
	"portico/internal/database"
)

// SubscribedToAny matches the rows, of apps or accounts, whose id a column of live
// subscriptions (waiting, approved or suspended) to one of some products has.
func SubscribedToAny(column string, products []uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table)
		q := sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).Where(sql.And(
			sql.ColumnsEQ(t.C(column), s.C("id")),
			sql.In(t.C(subscription.FieldStatus), string(access.SubscriptionWaiting), string(access.SubscriptionApproved), string(access.SubscriptionSuspended)),
			sql.IsNull(t.C(subscription.FieldDeletedAt))))
		database.AnyOf(subscription.FieldProductID, products)(q)
		s.Where(sql.Exists(q))
	}
}
