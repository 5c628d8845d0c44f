package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

var (
	staff    = []viewer.Role{viewer.Admin}
	everyone = []viewer.Role{viewer.Admin, viewer.Portal}
)

// Public is the visibility of products that the catalogue shows.
const Public = "PUBLIC"

// Organization: viewers see their own; administrators change it. It has no
// organization_id (its id serves as that), so that only Portico itself, not
// limited to an organization, can create one.
func Organization() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return []func(*sql.Selector){equals("id", v.OrganizationID)}
	}
	return policy{read: own, write: own, writers: staff, system: own}
}

// Account: administrators see all accounts, developers the active one.
func Account() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := append(tenant(v), notDeleted)
		if v.Role == viewer.Portal {
			narrow = append(narrow, equals("id", v.AccountID))
		}
		return narrow
	}
	return policy{read: own, write: own, writers: staff}
}

// User: administrators see all users; developers see themselves and the members
// of their account. Users may change their own row (a password), and only
// administrators create new ones.
func User() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			members := inSubquery("id", "memberships", "user_id", func(t *sql.SelectTable) *sql.Predicate {
				return sql.EQ(t.C("account_id"), v.AccountID)
			})
			narrow = append(narrow, either(equals("id", v.UserID), members))
		}
		return narrow
	}
	write := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.Role == viewer.Portal {
			return append(tenant(v), equals("id", v.UserID))
		}
		return tenant(v)
	}
	return policy{read: read, write: write, writers: everyone, creators: staff}
}

// AccountOwned: rows with an account_id; administrators see all of them,
// developers those of the developer's account.
func AccountOwned() ent.Policy {
	return policy{read: ofAccount, write: ofAccount, writers: everyone, owned: true}
}

// Membership: read like AccountOwned; administrators change it.
func Membership() ent.Policy { return policy{read: ofAccount, write: ofAccount, writers: staff} }

// DeletableAccountOwned: like AccountOwned, without deleted rows.
func DeletableAccountOwned() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) { return append(ofAccount(v), notDeleted) }
	return policy{read: own, write: own, writers: everyone, owned: true}
}

// Subscription: like DeletableAccountOwned, but administrators also reach the
// suspended subscriptions of deleted apps, which stay in force until they are
// ended.
func Subscription() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.Role == viewer.Admin {
			return append(ofAccount(v), either(notDeleted, equals("status", string(lifecycle.Suspended))))
		}
		return append(ofAccount(v), notDeleted)
	}
	return policy{read: own, write: own, writers: everyone, owned: true}
}

func ofAccount(v viewer.Viewer) []func(*sql.Selector) {
	narrow := tenant(v)
	if v.Role == viewer.Portal {
		narrow = append(narrow, equals("account_id", v.AccountID))
	}
	return narrow
}

// Product: administrators see all products; developers see those in the
// catalogue (published or deprecated, and public) and those that their account
// has, or had, a subscription for.
func Product() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			narrow = append(narrow, either(catalogue, everSubscribed("id", v)))
		}
		return narrow
	}
	return policy{read: read, write: ofTenant, writers: staff}
}

// OfProduct: viewers who see a product see its plans and endpoints.
func OfProduct() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			shown := inSubquery("product_id", "products", "id", func(t *sql.SelectTable) *sql.Predicate {
				return inCatalogue(t.C)
			})
			narrow = append(narrow, either(shown, everSubscribed("product_id", v)))
		}
		return narrow
	}
	return policy{read: read, write: ofTenant, writers: staff}
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

// StaffOnly: only administrators, inside their organization.
func StaffOnly() ent.Policy {
	staffRows := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.Role != viewer.Admin {
			return []func(*sql.Selector){noRows}
		}
		return tenant(v)
	}
	return policy{read: staffRows, write: staffRows, writers: staff}
}

// SystemOnly: only Portico itself.
func SystemOnly() ent.Policy { return system{} }

// Own: users see and create their own rows.
func Own() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), equals("user_id", v.UserID))
	}
	return policy{read: own, write: own, writers: everyone, personal: true}
}

// Event: administrators read the organization's log, developers the part of
// their account, and append to that part only; nobody changes events.
func Event() ent.Policy { return appendOnly{policy{read: ofAccount, writers: everyone, owned: true}} }

func ofTenant(v viewer.Viewer) []func(*sql.Selector) { return tenant(v) }

func noRows(s *sql.Selector) { s.Where(sql.False()) }

// either joins two conditions with OR.
func either(a, b func(*sql.Selector)) func(*sql.Selector) {
	return sql.OrPredicates(a, b)
}
