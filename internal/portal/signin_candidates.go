package portal

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
)

const (
	// maxCandidates is for how many users of an address a password is tried
	// when no organization is named. Each costs a hash, for every address alike.
	maxCandidates = 3
	// maxUsersOfAddress bounds the users of an address that are looked at.
	maxUsersOfAddress = 32
)

// candidate is a user of the address that somebody signs in with.
type candidate struct {
	user         *db.User
	organization *db.Organization
}

// canSignIn reports whether a password can let the user in. Everybody knows that of
// demo users: it does so in development alone.
func (c candidate) canSignIn(development bool) bool {
	return (development || !c.user.MadeInDevelopment) && c.user.Status == domain.UserActive && (c.organization.PasswordSignIn || c.user.Role == domain.RoleAdmin)
}

// candidates are the users of an address, those who were there first first, so
// that nobody who is made later keeps one of them out.
type candidates struct {
	// eligible are those whose password is tried, at most as many as most.
	eligible []candidate
	all      []candidate
	limit    int
}

// candidates finds the users of the address, in the named organization or in
// all of them, by two statements however many there are.
func (p *Portal) candidates(ctx context.Context, in SignInInput) (candidates, error) {
	out := candidates{limit: maxCandidates}
	q := p.client.User.Query().Where(user.EmailFolded(in.Email))
	if !in.anywhere() {
		out.limit = 1 // an address is unique in its organization
		q.Where(user.HasOrganizationWith(organization.Slug(sanitizeText(*in.Organization))))
	}
	users, err := q.Order(user.ByCreatedAt(), user.ByID()).Limit(maxUsersOfAddress).All(ctx)
	if err != nil {
		return out, err
	}
	if !in.Email.Valid() {
		users = nil
	}
	// Asked for in any case: an unknown address must cost what a known one does.
	ids := []uuid.UUID{uuid.Nil}
	for _, u := range users {
		ids = append(ids, u.OrganizationID)
	}
	organizations, err := p.client.Organization.Query().Where(database.AnyOf(organization.FieldID, ids)).All(ctx)
	if err != nil {
		return out, err
	}
	for _, u := range users {
		at := slices.IndexFunc(organizations, func(o *db.Organization) bool { return o.ID == u.OrganizationID })
		if at < 0 {
			continue // deleted meanwhile
		}
		c := candidate{u, organizations[at]}
		out.all = append(out.all, c)
		if len(out.eligible) < out.limit && c.canSignIn(p.development) {
			out.eligible = append(out.eligible, c)
		}
	}
	return out, nil
}

// ids lists those whose password is tried.
func (c candidates) ids() []uuid.UUID {
	out := make([]uuid.UUID, len(c.eligible))
	for i, one := range c.eligible {
		out[i] = one.user.ID
	}
	return out
}

// since lists from when on the failures of each count.
func (c candidates) since() []time.Time {
	out := make([]time.Time, len(c.eligible))
	for i, one := range c.eligible {
		out[i] = deref(one.user.SignInUnlockedAt)
	}
	return out
}

// reason says why none of them was let in.
func (c candidates) reason(in SignInInput) SignInFailure {
	switch {
	case !in.Email.Valid():
		return SignInMalformed
	case len(c.all) == 0:
		return SignInUnknown
	case len(c.eligible) > 0:
		return SignInWrongPassword
	case slices.ContainsFunc(c.all, func(one candidate) bool { return one.canSignIn(true) }):
		return SignInDemo // in development it would have been tried
	case slices.ContainsFunc(c.all, func(one candidate) bool { return one.user.Status == domain.UserActive }):
		return SignInNoPasswords
	}
	return SignInDisabled
}
