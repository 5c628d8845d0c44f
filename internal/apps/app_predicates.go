package apps

import (
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/database"
)

// hasKeyFor matches apps with a credential for one of some environments that is not revoked.
func hasKeyFor(environments []access.Environment) predicate.App {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(credential.Table)
		q := sql.Dialect(s.Dialect()).Select(t.C(credential.FieldID)).From(t).Where(sql.And(
			sql.ColumnsEQ(t.C(credential.FieldAppID), s.C(app.FieldID)),
			sql.ColumnsEQ(t.C(credential.FieldOrganizationID), s.C(app.FieldOrganizationID)), // which an index begins with
			sql.NEQ(t.C(credential.FieldStatus), string(access.CredentialRevoked)), sql.IsNull(t.C(credential.FieldDeletedAt))))
		credential.EnvironmentIn(environments...)(q)
		s.Where(sql.Exists(q))
	}
}

// subscribedToAny matches apps with a live subscription to one of some products.
func subscribedToAny(products []uuid.UUID) predicate.App {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table)
		q := sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).Where(sql.And(
			sql.ColumnsEQ(t.C(subscription.FieldAppID), s.C(app.FieldID)),
			sql.In(t.C(subscription.FieldStatus), string(access.SubscriptionWaiting), string(access.SubscriptionApproved), string(access.SubscriptionSuspended)),
			sql.IsNull(t.C(subscription.FieldDeletedAt))))
		database.AnyOf(subscription.FieldProductID, products)(q)
		s.Where(sql.Exists(q))
	}
}
