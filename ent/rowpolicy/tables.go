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

// Public is the visibility of a product that the catalogue shows.
const Public = "PUBLIC"

// Organization: each sees its own; administrators change it. It has no
// organization_id (its id is that), so that only Portico itself, inside of
// none, can make one.
func Organization() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return []func(*sql.Selector){equals("id", v.OrganizationID)}
	}
	return policy{read: own, write: own, writers: staff, wall: own}
}

// Account: administrators see all of them, developers the active one.
func Account() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := append(tenant(v), alive)
		if v.Role == viewer.Portal {
			narrow = append(narrow, equals("id", v.AccountID))
		}
		return narrow
	}
	return policy{read: own, write: own, writers: staff}
}

// User: administrators see all of them; developers themselves and the members
// of the developer's account. Everybody may change the own row (a password), and
// administrators alone make new ones.
func User() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			members := inside("id", "memberships", "user_id", func(t *sql.SelectTable) *sql.Predicate {
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
	return policy{read: read, write: write, writers: everyone, makers: staff}
}

// AccountOwned: rows with an account_id; administrators see all of them,
// developers those of the developer's account.
func AccountOwned() ent.Policy {
	return policy{read: owned, write: owned, writers: everyone, owned: true}
}

// Membership: read like what accounts own; administrators change it.
func Membership() ent.Policy { return policy{read: owned, write: owned, writers: staff} }

// DeletableAccountOwned: as AccountOwned, without the deleted rows.
func DeletableAccountOwned() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) { return append(owned(v), alive) }
	return policy{read: own, write: own, writers: everyone, owned: true}
}

// Subscription: as DeletableAccountOwned, but that administrators also reach
// those which are suspended behind a deleted app: they hold on until ended.
func Subscription() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.Role == viewer.Admin {
			return append(owned(v), either(alive, equals("status", string(lifecycle.Suspended))))
		}
		return append(owned(v), alive)
	}
	return policy{read: own, write: own, writers: everyone, owned: true}
}

func owned(v viewer.Viewer) []func(*sql.Selector) {
	narrow := tenant(v)
	if v.Role == viewer.Portal {
		narrow = append(narrow, equals("account_id", v.AccountID))
	}
	return narrow
}

// Product: administrators see all of them; developers what the catalogue shows
// (published or deprecated, and public), and what the developer's account is or was
// registered with.
func Product() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			narrow = append(narrow, either(catalogue, registered("id", v)))
		}
		return narrow
	}
	return policy{read: read, write: organizationOnly, writers: staff}
}

// OfProduct: whoever sees the product sees its plans and endpoints.
func OfProduct() ent.Policy {
	read := func(v viewer.Viewer) []func(*sql.Selector) {
		narrow := tenant(v)
		if v.Role == viewer.Portal {
			shown := inside("product_id", "products", "id", func(t *sql.SelectTable) *sql.Predicate {
				return inCatalogue(t.C)
			})
			narrow = append(narrow, either(shown, registered("product_id", v)))
		}
		return narrow
	}
	return policy{read: read, write: organizationOnly, writers: staff}
}

// catalogue is what every developer of the organization finds.
func catalogue(s *sql.Selector) { s.Where(inCatalogue(s.C)) }

func inCatalogue(c func(string) string) *sql.Predicate {
	return sql.And(
		sql.EQ(c("visibility"), Public),
		sql.In(c("status"), string(domain.Published), string(domain.Deprecated)),
	)
}

// registered is true where the developer's account has, or had, a subscription.
func registered(column string, v viewer.Viewer) func(*sql.Selector) {
	return inside(column, "subscriptions", "product_id", func(t *sql.SelectTable) *sql.Predicate {
		return sql.EQ(t.C("account_id"), v.AccountID)
	})
}

// StaffOnly: administrators alone, inside their organization.
func StaffOnly() ent.Policy {
	staffRows := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.Role != viewer.Admin {
			return []func(*sql.Selector){nothing}
		}
		return tenant(v)
	}
	return policy{read: staffRows, write: staffRows, writers: staff}
}

// SystemOnly: Portico itself alone.
func SystemOnly() ent.Policy { return system{} }

// Own: each person sees and makes the own rows.
func Own() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), equals("user_id", v.UserID))
	}
	return policy{read: own, write: own, writers: everyone, personal: true}
}

// Event: administrators read the organization's log, developers the active
// account's part, and append to that part alone; nobody changes it.
func Event() ent.Policy { return appendOnly{policy{read: owned, writers: everyone, owned: true}} }

func organizationOnly(v viewer.Viewer) []func(*sql.Selector) { return tenant(v) }

func nothing(s *sql.Selector) { s.Where(sql.False()) }

// either joins two conditions with OR.
func either(a, b func(*sql.Selector)) func(*sql.Selector) {
	return sql.OrPredicates(a, b)
}
