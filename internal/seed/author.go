package seed

import (
	"context"
	"time"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/viewer"
)

// How long ago an organization's history begins, and how long a step of it
// takes. It is complete before the first calls that charts show.
const (
	age  = 8 * 7 * 24 * time.Hour
	pace = 7 * time.Hour
)

// author makes the history of one organization, within the seed's transaction:
// it calls the services as the people who do these things, and moves the clock
// on. In its methods the contexts are those of who acts: admin is the staff's,
// owner that of an account's developer or, if it has none, of the staff.
type author struct {
	*portal.Portal
	Options
	tx    *change.Tx
	clock *clock.Fake
	ids   *series

	org     *db.Organization
	offers  map[string]*offer
	streams []stream
}

// newAuthor returns an author whose clock stands at the beginning, at a full
// hour.
func (o Options) newAuthor(tx *change.Tx, ids *series, people identity.Passwords) *author {
	begin := clock.NewFake(o.Clock.Now().Truncate(time.Hour).Add(-age))
	services := portal.New(portal.Options{
		Client: tx.Client(), Outer: tx, Database: o.Database, Clock: begin, Passwords: people, Secrets: o.Secrets,
		// The id of its credential comes next.
		Mint: func(prefix string) (apikey.Secret, error) { return apikey.MintFor(prefix, named("key", ids.n+1)) },
	})
	return &author{Portal: services, Options: o, tx: tx, clock: begin, ids: ids, offers: map[string]*offer{}}
}

// step moves the clock on.
func (a *author) step() { a.clock.Advance(pace) }

// organization creates an organization and everything in it.
func (a *author) organization(ctx context.Context, o organization) (err error) {
	if a.org, err = a.Identity.CreateOrganization(ctx, o.Slug, o.Name); err != nil {
		return err
	}
	staff, err := a.Identity.CreateStaff(ctx, o.Slug, o.Staff.Name, address.ParseEmail(o.Staff.Email), "")
	if err != nil {
		return err
	}
	admin := a.as(ctx, staff, nil)
	a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{
		Website: input.SetTo(o.Website), SupportEmail: input.SetTo(o.SupportEmail), TimeZone: input.SetTo(o.TimeZone), Currency: input.SetTo(o.Currency),
	})
	if err != nil {
		return err
	}
	for _, x := range o.Products {
		a.step()
		if err := a.product(admin, x); err != nil {
			return err
		}
	}
	for _, x := range o.Accounts {
		a.step()
		if err := a.account(admin, x); err != nil {
			return err
		}
	}
	if err := a.finish(admin, o.Products); err != nil {
		return err
	}
	return a.calls(ctx)
}

// as returns the context of a user who acts for an account, or for the
// organization if it is nil.
func (a *author) as(ctx context.Context, u *db.User, of *db.Account) context.Context {
	v := viewer.Viewer{Role: viewer.Role(u.Role), OrganizationID: u.OrganizationID, UserID: u.ID, Name: u.Name, TimeZone: a.org.TimeZone,
		Policy: viewer.OrganizationPolicy{PortalUnregister: a.org.PortalUnregister, ProductionKeys: a.org.ProductionKeys,
			KeyPrefix: a.org.KeyPrefix, LongestKeyLife: a.org.LongestKeyLife}}
	if of != nil {
		v.AccountID, v.AccountOwner = of.ID, true
	}
	return viewer.NewContext(ctx, v)
}

// account creates an account with everything that belongs to it.
func (a *author) account(admin context.Context, x account) error {
	row, err := a.Identity.CreateAccount(admin, x.CreateAccountInput)
	if err != nil {
		return err
	}
	owner := admin
	if x.Developer != nil {
		u, err := a.Identity.CreateUser(admin, identity.CreateUserInput{Name: x.Developer.Name, Email: address.ParseEmail(x.Developer.Email),
			AccountID: new(row.GlobalID()), MembershipRole: new(domain.Owner)})
		if err != nil {
			return err
		}
		owner = a.as(admin, u, row)
	}
	for _, one := range x.Apps {
		a.step()
		if err := a.app(admin, owner, row, one); err != nil {
			return err
		}
	}
	for _, c := range x.Credentials {
		a.step()
		if _, err := a.credential(admin, owner, apps.GenerateKeyInput{AccountID: new(row.GlobalID())}, c); err != nil {
			return err
		}
	}
	if x.Suspended == "" {
		return nil
	}
	a.step()
	_, err = a.Identity.SuspendAccount(admin, row.GlobalID(), &x.Suspended)
	return err
}

// passwords are the hashes that were made before the transaction began, one for
// each person, of the same password. Nobody signs in meanwhile.
type passwords struct {
	identity.Passwords
	hashes []string
}

// Hash returns the next hash.
func (p *passwords) Hash(context.Context, string) (string, error) {
	next := p.hashes[0]
	p.hashes = p.hashes[1:]
	return next, nil
}

// Check accepts every password: who runs the seed answers for it.
func (p *passwords) Check(string, string, address.Email) error { return nil }
