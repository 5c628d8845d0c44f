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
	return append(tenant(v), func(s *sql.Selector) {
		made := func(where func(t *sql.SelectTable) *sql.Predicate) *sql.Selector {
			t := sql.Dialect(s.Dialect()).Table("subscriptions")
			return sql.Dialect(s.Dialect()).Select(t.C("id")).From(t).
				Where(sql.And(sql.ColumnsEQ(t.C("key_request_id"), s.C("id")), sql.IsNull(t.C("deleted_at")), where(t)))
		}
		of := func(t *sql.SelectTable) *sql.Predicate { return sql.In(t.C("product_id"), named(s.Dialect(), v)) }
		others := func(t *sql.SelectTable) *sql.Predicate { return sql.NotIn(t.C("product_id"), named(s.Dialect(), v)) }
		s.Where(sql.And(sql.Exists(made(of)), sql.Not(sql.Exists(made(others)))))
	})
}

// keyRequestsOfNamed selects the ids of the requests for keys that an approver sees.
func keyRequestsOfNamed(dialect string, v viewer.Viewer) *sql.Selector {
	t := sql.Dialect(dialect).Table("key_requests")
	s := sql.Dialect(dialect).Select(t.C("id")).From(t)
	for _, restrict := range ofNamedAlone(v) {
		restrict(s)
	}
	return s
}
