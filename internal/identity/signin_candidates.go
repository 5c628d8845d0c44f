package identity

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/user"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/input"
)

const (
	// maxCandidates is the number of users with an address for whom a password
	// is verified if no organization is named. Each costs a hash, for known and
	// unknown addresses alike.
	maxCandidates = 3
	// maxUsersOfAddress is the number of users with an address that are
	// considered.
	maxUsersOfAddress = 32
)

// candidate is a user with the address of a sign-in.
type candidate struct {
	user         *db.User
	organization *db.Organization
	// provider is the identity provider where the user has signed in; nil for a password.
	provider *Provider
}

// canSignIn reports whether the user may sign in with a password. That of demo
// users is public, so they may only in development.
func (c candidate) canSignIn(development bool) bool {
	return (development || !c.user.MadeInDevelopment) && c.user.Status == domain.UserActive && (c.organization.PasswordSignIn || isStaff(c.user))
}

// needsFactor reports whether a sign-in of the user takes a second factor.
func (c candidate) needsFactor() bool { return c.user.TotpEnabledAt != nil || c.mustSetUp() }

// mustSetUp reports whether the organization asks the user for a second factor, and the
// user has none.
func (c candidate) mustSetUp() bool {
	return c.user.TotpEnabledAt == nil && c.organization.StaffTotp && isStaff(c.user)
}

// candidates are the users with an address, oldest first, so that a user
// created later cannot displace an older one.
type candidates struct {
	// eligible are those whose password is verified, at most limit.
	eligible []candidate
	all      []candidate
	limit    int
}

// candidates finds the users with the address, in the named organization or in
// all organizations, using two statements however many there are.
func (svc *Service) candidates(ctx context.Context, in SignInInput) (candidates, error) {
	out := candidates{limit: maxCandidates}
	q := svc.client.User.Query().Where(user.EmailFolded(in.Email), user.DeletedAtIsNil())
	if !in.anywhere() {
		out.limit = 1 // an address is unique in an organization
		q.Where(user.HasOrganizationWith(organization.Slug(input.Sanitize(*in.Organization))))
	}
	users, err := q.Order(user.ByCreatedAt(), user.ByID()).Limit(maxUsersOfAddress).All(ctx)
	if err != nil {
		return out, err
	}
	if !in.Email.Valid() {
		users = nil
	}
	// The query is made in any case: an unknown address must take as long as a
	// known one.
	ids := []uuid.UUID{uuid.Nil}
	for _, u := range users {
		ids = append(ids, u.OrganizationID)
	}
	organizations, err := svc.client.Organization.Query().Where(database.AnyOf(organization.FieldID, ids)).All(ctx)
	if err != nil {
		return out, err
	}
	for _, u := range users {
		at := slices.IndexFunc(organizations, func(o *db.Organization) bool { return o.ID == u.OrganizationID })
		if at < 0 {
			continue // its organization was deleted meanwhile
		}
		c := candidate{user: u, organization: organizations[at]}
		out.all = append(out.all, c)
		if len(out.eligible) < out.limit && c.canSignIn(svc.development) {
			out.eligible = append(out.eligible, c)
		}
	}
	return out, nil
}

// ids returns the ids of the eligible users.
func (c candidates) ids() []uuid.UUID {
	out := make([]uuid.UUID, len(c.eligible))
	for i, one := range c.eligible {
		out[i] = one.user.ID
	}
	return out
}

// since returns, for each eligible user, the time until which failures are
// forgiven.
func (c candidates) since() []time.Time {
	out := make([]time.Time, len(c.eligible))
	for i, one := range c.eligible {
		out[i] = input.OrZero(one.user.SignInUnlockedAt)
	}
	return out
}

// reason returns why no candidate was signed in.
func (c candidates) reason(in SignInInput) SignInFailure {
	switch {
	case !in.Email.Valid():
		return SignInMalformed
	case len(c.all) == 0:
		return SignInUnknown
	case len(c.eligible) > 0:
		return SignInWrongPassword
	case slices.ContainsFunc(c.all, func(one candidate) bool { return one.canSignIn(true) }):
		return SignInDemo // in development it would have been verified
	case slices.ContainsFunc(c.all, func(one candidate) bool { return one.user.Status == domain.UserActive }):
		return SignInNoPasswords
	}
	return SignInDisabled
}
