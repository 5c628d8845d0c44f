package seed

import "portico/internal/domain"

// SignIn is somebody who can sign in.
type SignIn struct {
	Email string
	// Organization is its slug.
	Organization string
	// Account is the name of a developer's account; empty for staff.
	Account string
	Role    domain.UserRole
}

// SignIns lists everybody who can sign in, the first organization first, and
// staff before developers.
func SignIns() []SignIn {
	var out []SignIn
	for _, org := range organizations() {
		out = append(out, SignIn{Email: org.staff.email, Organization: org.slug, Role: domain.RoleAdmin})
		for _, a := range org.accounts {
			if a.developer != nil {
				out = append(out, SignIn{Email: a.developer.email, Organization: org.slug, Account: a.name, Role: domain.RolePortal})
			}
		}
	}
	return out
}

// Summary returns what there is to sign in with and to look at, and counts what
// was made this time.
type Summary struct {
	SignIns []SignIn
	// Products are the titles of the products of the organization demo that its
	// developers find in the catalogue, in the order of their making.
	Products []string
	// LoadApps is how many apps the large set has, those made before included.
	LoadApps int

	Organizations, Accounts, Users, Endpoints, Plans, Apps, Keys, Subscriptions, Events int
}

func newSummary() *Summary {
	s := &Summary{SignIns: SignIns()}
	for _, p := range demo().products {
		if p.listed() {
			s.Products = append(s.Products, p.title)
		}
	}
	return s
}
