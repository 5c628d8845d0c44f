package seed

import (
	"context"

	"portico/ent/db"
	"portico/internal/domain"
)

// SignIn is a person who can sign in.
type SignIn struct {
	Email string
	// Organization is the organization's slug.
	Organization string
	// Account is the name of a developer's account; empty for staff.
	Account string
	Role    domain.UserRole
}

// SignIns returns everybody who can sign in, the first organization first, and
// staff before developers.
func SignIns() []SignIn {
	var out []SignIn
	for _, org := range organizations() {
		out = append(out, SignIn{Email: org.Staff.Email, Organization: org.Slug, Role: domain.RoleAdmin})
		for _, a := range org.Accounts {
			if a.Developer != nil {
				out = append(out, SignIn{Email: a.Developer.Email, Organization: org.Slug, Account: a.Name, Role: domain.RolePortal})
			}
		}
	}
	return out
}

// Summary contains what there is to sign in with and to look at, and counts what
// was created by this call.
type Summary struct {
	SignIns []SignIn
	// Products are the titles of the products of the organization demo in its
	// developers' catalogue, in the order of creation.
	Products []string
	// LoadApps is how many apps the large set has, including those that existed
	// before.
	LoadApps int

	Organizations, Accounts, Users, Endpoints, Plans, Apps, Credentials, Subscriptions, Events int
}

func newSummary() *Summary {
	s := &Summary{SignIns: SignIns()}
	for _, p := range demo().Products {
		if p.listed() {
			s.Products = append(s.Products, *p.Title)
		}
	}
	return s
}

// count returns the summary of a database with demo data alone.
func count(ctx context.Context, tx *db.Tx) (*Summary, error) {
	s := newSummary()
	for _, of := range []struct {
		n     *int
		count func(context.Context) (int, error)
	}{
		{&s.Organizations, tx.Organization.Query().Count}, {&s.Accounts, tx.Account.Query().Count}, {&s.Users, tx.User.Query().Count},
		{&s.Endpoints, tx.Endpoint.Query().Count}, {&s.Plans, tx.Plan.Query().Count}, {&s.Apps, tx.App.Query().Count},
		{&s.Credentials, tx.Credential.Query().Count}, {&s.Subscriptions, tx.Subscription.Query().Count}, {&s.Events, tx.Event.Query().Count},
	} {
		var err error
		if *of.n, err = of.count(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}
