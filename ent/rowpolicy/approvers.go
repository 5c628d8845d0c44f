package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/internal/viewer"
)

// KeyRequest is the policy of requests for keys: administrators see all, developers those of
// the account. Approvers see and decide those that have made subscriptions, all of which are
// to products that they are named for.
func KeyRequest() ent.Policy {
	own := rows{tenant, ofAccount, ofNamedAlone}
	return policy{read: own, write: own, writers: everyone, creators: owners, owned: true, deciders: true}
}

// ofNamedAlone restricts requests for keys to those whose subscriptions are all to products
// that the approver is named for.
func ofNamedAlone(v viewer.Viewer) []func(*sql.Selector) {
	return append(tenant(v), func(s *sql.Selector) { s.Where(sql.In(s.C("id"), requestsOfNamed(s.Dialect(), v))) })
}

// requestsOfNamed selects the requests for keys that an approver sees.
func requestsOfNamed(dialect string, v viewer.Viewer) *sql.Selector {
	made := func(where func(t *sql.SelectTable) *sql.Predicate) *sql.Selector {
		t := sql.Dialect(dialect).Table("subscriptions")
		return sql.Dialect(dialect).Select(t.C("key_request_id")).From(t).
			Where(sql.And(sql.NotNull(t.C("key_request_id")), sql.IsNull(t.C("deleted_at")), where(t)))
	}
	own := made(func(t *sql.SelectTable) *sql.Predicate { return sql.In(t.C("product_id"), named(dialect, v)) })
	return own.Where(sql.NotIn(own.C("key_request_id"), made(func(t *sql.SelectTable) *sql.Predicate {
		return sql.And(sql.EQ(t.C("organization_id"), v.OrganizationID), sql.NotIn(t.C("product_id"), named(dialect, v)))
	})))
}

// named selects the products that an approver is named for.
func named(dialect string, v viewer.Viewer) *sql.Selector {
	t := sql.Dialect(dialect).Table("product_approvers")
	return sql.Dialect(dialect).Select(t.C("product_id")).From(t).Where(sql.EQ(t.C("user_id"), v.UserID))
}

// ofNamed restricts rows to those whose column names a product that the approver is named
// for.
func ofNamed(column string) condition {
	return func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), func(s *sql.Selector) { s.Where(sql.In(s.C(column), named(s.Dialect(), v))) })
	}
}

// decided restricts rows to those whose id is in a column of the subscriptions that the
// approver sees.
func decided(column string) condition {
	return func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), func(s *sql.Selector) { s.Where(sql.In(s.C("id"), subscriptionsOfNamed(s.Dialect(), column, v))) })
	}
}

// subscriptionsOfNamed selects a column of the subscriptions that an approver sees.
func subscriptionsOfNamed(dialect, column string, v viewer.Viewer) *sql.Selector {
	t := sql.Dialect(dialect).Table("subscriptions")
	return sql.Dialect(dialect).Select(t.C(column)).From(t).
		Where(sql.And(sql.IsNull(t.C("deleted_at")), sql.In(t.C("product_id"), named(dialect, v))))
}
