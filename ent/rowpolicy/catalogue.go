package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// Product is the policy of products: administrators see all products, developers those that
// their account may see (see shown), approvers those that they are named for, and everybody
// the public ones that are on offer where the organization's catalogue is public.
func Product() ent.Policy {
	seen := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), func(s *sql.Selector) { s.Where(shown(s.Dialect(), s.C, v)) })
	}
	public := with(tenant, func(s *sql.Selector) { s.Where(sql.And(isPublic(s.C), isOffered(s.C))) })
	return policy{read: rows{tenant, seen, ofNamed("id")}, write: rows{tenant, noRows, noRows}, public: public, writers: administrators, seenByDeciders: true}
}

// Plan is the policy of plans: viewers who see a product see its plans.
func Plan() ent.Policy {
	p := ofProduct()
	p.read.products = ofNamed("product_id")
	p.public = with(tenant, inSubquery("product_id", "products", "id", func(t *sql.SelectTable) *sql.Predicate {
		return sql.And(isPublic(t.C), isOffered(t.C))
	}))
	return p
}

// ProductDocument is the policy of OpenAPI documents: viewers who see a product see its
// documents.
func ProductDocument() ent.Policy { return Plan() }

// Guide is the policy of guides: viewers who see a product see its guides.
func Guide() ent.Policy { return Plan() }

// Endpoint is the policy of endpoints: viewers who see a product see its endpoints, but
// for approvers, who decide about none, and for those who have not signed in.
func Endpoint() ent.Policy { return ofProduct() }

func ofProduct() policy {
	ofShown := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), func(s *sql.Selector) {
			t := sql.Dialect(s.Dialect()).Table("products")
			products := sql.Dialect(s.Dialect()).Select(t.C("id")).From(t).Where(shown(s.Dialect(), t.C, v))
			s.Where(sql.In(s.C("product_id"), products))
		})
	}
	return policy{read: rows{tenant, ofShown, noRows}, write: rows{tenant, noRows, noRows}, writers: administrators, seenByDeciders: true}
}

// shown matches the products that a developer's account sees; c names their columns. A
// product is open to the account if it is public, or private and the account has a grant:
// the account sees it while it is on offer, and afterwards if it has, or had, a subscription
// with it. What the account uses it sees in any case, as long as it does.
func shown(dialect string, c func(string) string, v viewer.Viewer) *sql.Predicate {
	ofAccount := func(table string, more ...func(*sql.SelectTable) *sql.Predicate) *sql.Predicate {
		return inAccount(dialect, c("id"), table, v, more...)
	}
	live := func(t *sql.SelectTable) *sql.Predicate {
		return sql.In(t.C("status"), string(access.SubscriptionWaiting), string(access.SubscriptionApproved), string(access.SubscriptionSuspended))
	}
	return sql.Or(
		sql.And(sql.Or(isPublic(c), ofAccount("product_grants")), sql.Or(isOffered(c), ofAccount("subscriptions"))),
		ofAccount("subscriptions", live),
	)
}

func isPublic(c func(string) string) *sql.Predicate {
	return sql.EQ(c("visibility"), string(domain.Public))
}

func isOffered(c func(string) string) *sql.Predicate {
	return sql.In(c("status"), string(domain.Published), string(domain.Deprecated))
}

// inAccount matches products whose id is the product_id of one of the rows of a table that
// belong to the developer's account and meet the conditions.
func inAccount(dialect, id, table string, v viewer.Viewer, more ...func(*sql.SelectTable) *sql.Predicate) *sql.Predicate {
	t := sql.Dialect(dialect).Table(table)
	sub := sql.Dialect(dialect).Select(t.C("product_id")).From(t).Where(sql.EQ(t.C("account_id"), v.AccountID))
	for _, m := range more {
		sub.Where(m(t))
	}
	return sql.In(id, sub)
}

// ProductGrant is the policy of which account sees which private product: administrators see
// and change it, and developers see what their account was granted.
func ProductGrant() ent.Policy {
	return policy{read: rows{tenant, ofAccount, noRows}, write: rows{tenant, noRows, noRows}, writers: administrators}
}
