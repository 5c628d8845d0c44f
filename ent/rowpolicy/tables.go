package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/viewer"
)

var (
	administrators = []viewer.Role{viewer.Admin}
	// owners are who may change what accounts own.
	owners   = []viewer.Role{viewer.Admin, viewer.Portal}
	everyone = []viewer.Role{viewer.Admin, viewer.Approver, viewer.Portal}
)

// Organization is the policy of organizations: viewers see their own;
// administrators change it. It has no organization_id (its id serves as that),
// so that only Portico itself, not limited to an organization, can create one.
func Organization() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		return []func(*sql.Selector){equals("id", v.OrganizationID)}
	}
	return policy{read: rows{own, own, own}, write: rows{own, noRows, noRows}, writers: administrators, system: own}
}

// Account is the policy of accounts: administrators see all accounts, developers
// the active one, which its owners may change, approvers those with subscriptions that
// they decide about.
func Account() ent.Policy {
	all := with(tenant, notDeleted)
	own := func(v viewer.Viewer) []func(*sql.Selector) { return append(all(v), equals("id", v.AccountID)) }
	return policy{read: rows{all, own, with(decided("account_id"), notDeleted)}, write: rows{all, byOwners(own), noRows}, writers: owners, creators: administrators, seenByDeciders: true}
}

// User is the policy of users, without deleted ones: administrators see all; developers see
// themselves and the members of their account, approvers the staff. Users may change
// their own row (a password), in person, and only administrators create new ones.
func User() ent.Policy {
	all := with(tenant, notDeleted)
	known := func(v viewer.Viewer) []func(*sql.Selector) {
		members := inSubquery("id", "memberships", "user_id", func(t *sql.SelectTable) *sql.Predicate {
			return sql.EQ(t.C("account_id"), v.AccountID)
		})
		return append(all(v), either(equals("id", v.UserID), members))
	}
	self := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.ByToken() {
			return noRows(v)
		}
		return append(all(v), equals("id", v.UserID))
	}
	colleagues := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(all(v), func(s *sql.Selector) {
			s.Where(sql.In(s.C("role"), string(domain.RoleAdmin), string(domain.RoleApprover)))
		})
	}
	return policy{read: rows{all, known, colleagues}, write: rows{all, self, self}, writers: everyone, creators: administrators, seenByDeciders: true}
}

// OwnUser is the policy of rows with a user_id: of them each person, whatever the
// role, sees and changes the person's own; a service token does not, also when it acts
// for the person.
func OwnUser() ent.Policy {
	own := func(v viewer.Viewer) []func(*sql.Selector) {
		if v.ByToken() {
			return noRows(v)
		}
		return append(tenant(v), equals("user_id", v.UserID))
	}
	return policy{read: rows{own, own, own}, write: rows{own, own, own}, writers: everyone, personal: true, people: true}
}

// AccountOwned is the policy of rows with an account_id; administrators see all
// of them, developers those of the developer's account.
func AccountOwned() ent.Policy {
	own := rows{tenant, ofAccount, noRows}
	return policy{read: own, write: own, writers: owners, owned: true}
}

// Membership is the policy of memberships, which are read like AccountOwned;
// administrators and the account's owners change them.
func Membership() ent.Policy {
	return policy{read: rows{tenant, ofAccount, noRows}, write: rows{tenant, byOwners(ofAccount), noRows}, writers: owners, creators: administrators}
}

// Invitation is the policy of invitations: administrators see and change all of them,
// the owners of an account its own. An owner's new one is created by Portico itself,
// once the service has asked the policy.
func Invitation() ent.Policy {
	own := rows{tenant, byOwners(ofAccount), noRows}
	return policy{read: own, write: own, writers: owners, creators: administrators}
}

// AppTransfer is the policy of offers of apps: administrators see all of them, developers
// those from and to their account. Portico itself makes and changes them, once the service
// has asked the policy: whoever answers must reach what is another account's.
func AppTransfer() ent.Policy {
	ofBoth := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), either(equals("from_account_id", v.AccountID), equals("to_account_id", v.AccountID)))
	}
	return policy{read: rows{tenant, ofBoth, noRows}, write: rows{tenant, noRows, noRows}, writers: administrators}
}

// SignUp is the policy of sign-ups: administrators see and decide them. Portico itself
// makes them, because nobody has signed in then.
func SignUp() ent.Policy {
	all := rows{tenant, noRows, noRows}
	return policy{read: all, write: all, writers: administrators}
}

// byOwners restricts a condition to viewers who own the account that they act for. A
// service token owns none, also when it acts for an owner.
func byOwners(c condition) condition {
	return func(v viewer.Viewer) []func(*sql.Selector) {
		if v.AccountOwner && !v.ByToken() {
			return c(v)
		}
		return noRows(v)
	}
}

// App is the policy of apps, without deleted ones: administrators see all, developers
// those of the account, approvers those with subscriptions that they decide about.
func App() ent.Policy {
	own := rows{with(tenant, notDeleted), with(ofAccount, notDeleted), noRows}
	read := own
	read.products = with(decided("app_id"), notDeleted)
	return policy{read: read, write: own, writers: owners, owned: true, seenByDeciders: true}
}

// DeletableAccountOwned is like AccountOwned, without deleted rows.
func DeletableAccountOwned() ent.Policy {
	own := rows{with(tenant, notDeleted), with(ofAccount, notDeleted), noRows}
	return policy{read: own, write: own, writers: owners, owned: true, seenByDeciders: true}
}

// Subscription is like DeletableAccountOwned, but administrators also reach the
// suspended subscriptions of deleted apps, which stay in force until they are
// ended. Approvers see and decide those of their products.
func Subscription() ent.Policy {
	inForce := either(notDeleted, equals("status", string(access.SubscriptionSuspended)))
	own := rows{with(tenant, inForce), with(ofAccount, notDeleted), with(ofNamed("product_id"), notDeleted)}
	return policy{read: own, write: own, writers: everyone, creators: owners, owned: true, deciders: true}
}

// ofAccount restricts rows to the viewer's account.
func ofAccount(v viewer.Viewer) []func(*sql.Selector) {
	return append(tenant(v), equals("account_id", v.AccountID))
}

// ProductApprover is the policy of who decides about which product: administrators see
// and change it, but no service token does.
func ProductApprover() ent.Policy {
	all := rows{tenant, noRows, noRows}
	return policy{read: all, write: all, writers: administrators, people: true}
}

// ServiceToken is the policy of service tokens: administrators see and change them, but
// no service token changes one.
func ServiceToken() ent.Policy {
	all := rows{tenant, noRows, noRows}
	return policy{read: all, write: all, writers: administrators, people: true}
}

// Event is the policy of the event log: administrators read the organization's
// log, developers the part of their account, and append to that part only; approvers
// read what happened to the subscriptions that they see. What happened to a request for a key
// is not among it: its events name its key, and products that the app had before. Nobody
// changes events.
func Event() ent.Policy {
	ofSubscriptions := func(v viewer.Viewer) []func(*sql.Selector) {
		return append(tenant(v), func(s *sql.Selector) { s.Where(sql.In(s.C("subject_id"), subscriptionsOfNamed(s.Dialect(), "id", v))) })
	}
	return appendOnly{policy{read: rows{tenant, ofAccount, ofSubscriptions}, writers: everyone, owned: true, deciders: true}}
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
