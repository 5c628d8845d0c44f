package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/viewer"
)

var (
	staff    = []viewer.Role{viewer.Admin}
	everyone = []viewer.Role{viewer.Admin, viewer.Portal}
)

// Public is the visibility of products that the catalogue shows.
const Public = "PUBLIC"

// Organization is the policy of organizations: viewers see their own;
// administrators change it. It has no organization_id (its id serves as that),
// so that only Portico itself, not limited to an organization, can create one.
func Organization() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return []func(*sql.Selector){equals("id", v.OrganizationID)}
	}
	return policy{read: rows{own, own}, write: rows{own, noRows}, writers: staff, system: own}
}

// Account is the policy of accounts: administrators see all accounts, developers
// the active one.
func Account() ent.Policy {
	all := with(tenant, notDeleted)
	own := func(v viewer.Viewer) []func(*sql.Selector) { return append(all(v), equals("id", v.AccountID)) }
	return policy{read: rows{all, own}, write: rows{all, noRows}, writers: staff}
}

// User is the policy of users: administrators see all users; developers see
// themselves and the members of their account. Users may change their own row (a
// password), and only administrators create new ones.
func User() ent.Policy {
	known := func(v viewer.Viewer) []func(*sql.Selector) {
		members := inSubquery("id", "memberships", "user_id", func(t *sql.SelectTable) *sql.Predicate {
			return sql.EQ(t.C("account_id"), v.AccountID)
		})
		return append(tenant(v), either(equals("id", v.UserID), members))
	}
	self := func(v viewer.Viewer) []func(*sql.Selector) { return append(tenant(v), equals("id", v.UserID)) }
	return policy{read: rows{tenant, known}, write: rows{tenant, self}, writers: everyone, creators: staff}
}

// AccountOwned is the policy of rows with an account_id; administrators see all
// of them, developers those of the developer's account.
func AccountOwned() ent.Policy {
	own := rows{tenant, ofAccount}
	return policy{read: own, write: own, writers: everyone, owned: true}
}

// Membership is the policy of memberships, which are read like AccountOwned;
// administrators change it.
func Membership() ent.Policy {
	return policy{read: rows{tenant, ofAccount}, write: rows{tenant, noRows}, writers: staff}
}

// DeletableAccountOwned is like AccountOwned, without deleted rows.
func DeletableAccountOwned() ent.Policy {
	own := rows{with(tenant, notDeleted), with(ofAccount, notDeleted)}
	return policy{read: own, write: own, writers: everyone, owned: true}
}

// Subscription is like DeletableAccountOwned, but administrators also reach the
// suspended subscriptions of deleted apps, which stay in force until they are
// ended.
func Subscription() ent.Policy {
	inForce := either(notDeleted, equals("status", string(access.SubscriptionSuspended)))
	own := rows{with(tenant, inForce), with(ofAccount, notDeleted)}
	return policy{read: own, write: own, writers: everyone, owned: true}
}

// ofAccount restricts rows to the viewer's account.
func ofAccount(v viewer.Viewer) []func(*sql.Selector) {
	return append(tenant(v), equals("account_id", v.AccountID))
}

// Product is the policy of products: administrators see all products; developers
// see those in the catalogue (published or deprecated, and public) and those
// that their account has, or had, a subscription for.
func Product() ent.Policy {
	shown := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), either(catalogue, everSubscribed("id", v)))
	}
	return policy{read: rows{tenant, shown}, write: rows{tenant, noRows}, writers: staff}
}

// OfProduct is the policy of what belongs to a product: viewers who see a
// product see its plans and endpoints.
func OfProduct() ent.Policy {
	ofShown := func(v viewer.Viewer) []func(*sql.Selector) {
		offered := inSubquery("product_id", "products", "id", func(t *sql.SelectTable) *sql.Predicate {
			return inCatalogue(t.C)
		})
		return append(tenant(v), either(offered, everSubscribed("product_id", v)))
	}
	return policy{read: rows{tenant, ofShown}, write: rows{tenant, noRows}, writers: staff}
}

// catalogue matches the products that every developer of the organization sees.
func catalogue(s *sql.Selector) { s.Where(inCatalogue(s.C)) }

func inCatalogue(c func(string) string) *sql.Predicate {
	return sql.And(
		sql.EQ(c("visibility"), Public),
		sql.In(c("status"), string(domain.Published), string(domain.Deprecated)),
	)
}

// everSubscribed matches products that the developer's account has, or had, a
// subscription for; column names the product.
func everSubscribed(column string, v viewer.Viewer) func(*sql.Selector) {
	return inSubquery(column, "subscriptions", "product_id", func(t *sql.SelectTable) *sql.Predicate {
		return sql.EQ(t.C("account_id"), v.AccountID)
	})
}

// StaffOnly is the policy of rows for administrators only, inside their
// organization. To developers the table is empty.
func StaffOnly() ent.Policy {
	all := rows{tenant, noRows}
	return policy{read: all, write: all, writers: staff}
}

// Event is the policy of the event log: administrators read the organization's
// log, developers the part of their account, and append to that part only;
// nobody changes events.
func Event() ent.Policy {
	return appendOnly{policy{read: rows{tenant, ofAccount}, writers: everyone, owned: true}}
}

// noRows matches no row. It restricts developers where only administrators may write,
// which policy.writers says already.
func noRows(viewer.Viewer) []func(*sql.Selector) {
	return []func(*sql.Selector){func(s *sql.Selector) { s.Where(sql.False()) }}
}

// with returns a condition with a further predicate.
func with(c condition, p func(*sql.Selector)) condition {
	return func(v viewer.Viewer) []func(*sql.Selector) { return append(c(v), p) }
}

// either joins two conditions with OR.
func either(a, b func(*sql.Selector)) func(*sql.Selector) {
	return sql.OrPredicates(a, b)
}
