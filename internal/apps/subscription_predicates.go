package apps

import (
	"entgo.io/ent/dialect/sql"

	"portico/ent/db/app"
	"portico/ent/db/predicate"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/entity"
)

// subscriptionsFoundBy matches subscriptions of the apps that a folded text finds, and to
// the products that it finds: two sets, each of which an index serves. A deleted app is not
// shown, and not found.
func subscriptionsFoundBy(text string) predicate.Subscription {
	return func(s *sql.Selector) {
		apps := idsOf(s, app.Table)
		apps.Where(sql.IsNull(apps.C(app.FieldDeletedAt)))
		entity.SearchedApps().Contains(text)(apps)
		products := idsOf(s, product.Table)
		entity.SearchedProducts().Contains(text)(products)
		ofApps, ofProducts := idsOf(s, subscription.Table), idsOf(s, subscription.Table)
		ofApps.Where(sql.In(ofApps.C(subscription.FieldAppID), apps))
		ofProducts.Where(sql.In(ofProducts.C(subscription.FieldProductID), products))
		s.Where(sql.In(s.C(subscription.FieldID), ofApps.Union(ofProducts)))
	}
}

// ofAppsWith matches subscriptions of apps with a label. A deleted app has none.
func ofAppsWith(label LabelFilter) predicate.Subscription {
	return func(s *sql.Selector) {
		apps := idsOf(s, app.Table)
		apps.Where(sql.And(sql.IsNull(apps.C(app.FieldDeletedAt)), sql.ColumnsEQ(apps.C(app.FieldID), s.C(subscription.FieldAppID))))
		hasLabel(app.FieldLabels, label)(apps)
		s.Where(sql.Exists(apps))
	}
}

// idsOf selects the ids of a table, for a condition of another one's statement.
func idsOf(s *sql.Selector, table string) *sql.Selector {
	t := sql.Dialect(s.Dialect()).Table(table)
	return sql.Dialect(s.Dialect()).Select(t.C("id")).From(t)
}
