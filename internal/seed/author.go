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
	"portico/internal/mail"
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
	// accounts are the organization's, by name.
	accounts map[string]*db.Account

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
		Limiter: noLimit{}, Devices: noDevices{}, Tokens: lostTokens{}, Links: plainLinks{},
		Mail: portal.MailOptions{Sends: true}, // nobody here would pass a link on
		// The id of its credential comes next.
		Mint: func(prefix string) (apikey.Secret, error) { return apikey.MintFor(prefix, named("key", ids.n+1)) },
	})
	return &author{Portal: services, Options: o, tx: tx, clock: begin, ids: ids, offers: map[string]*offer{}, accounts: map[string]*db.Account{}}
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
	if err := a.settings(admin, o); err != nil {
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
	if err := a.grants(admin, o.Products); err != nil {
		return err
	}
	if err := a.finish(admin, o.Products); err != nil {
		return err
	}
	if err := a.people(ctx, admin, o); err != nil {
		return err
	}
	return a.calls(ctx)
}

// people adds to the accounts who is in them, what these have made lately, and who is about
// to come.
func (a *author) people(ctx, admin context.Context, o organization) error {
	if err := a.members(admin, o.Accounts); err != nil {
		return err
	}
	if err := a.approvers(admin, o.Approvers); err != nil {
		return err
	}
	if err := a.recent(admin, o.Accounts); err != nil {
		return err
	}
	if err := a.invitations(ctx, admin, o.Accounts); err != nil {
		return err
	}
	if err := a.signUps(ctx, o.SignUps); err != nil {
		return err
	}
	return a.signIns(ctx, o.SignIns)
}

// settings sets who may sign up, and how the organization writes its letters.
func (a *author) settings(admin context.Context, o organization) (err error) {
	if o.SignUp != "" {
		form := domain.Form{Questions: o.Form}
		if a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{SignUp: input.SetTo(o.SignUp), SignUpForm: input.SetTo(form)}); err != nil {
			return err
		}
	}
	if o.RotateKeysEvery != (domain.KeyLife{}) {
		if a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{RotateKeysEvery: input.SetTo(o.RotateKeysEvery)}); err != nil {
			return err
		}
	}
	if days := o.RequestsExpireAfterDays; days != 0 {
		if a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.SetTo(days)}); err != nil {
			return err
		}
	}
	if days := o.CollectKeysWithinDays; days != 0 {
		if a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{CollectKeysWithinDays: input.SetTo(days)}); err != nil {
			return err
		}
	}
	if o.CatalogueAccess != "" {
		if a.org, err = a.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{CatalogueAccess: input.SetTo(o.CatalogueAccess)}); err != nil {
			return err
		}
	}
	if o.Letters != nil {
		_, err := a.Mail.UpdateSettings(admin, mail.UpdateSettingsInput{SenderName: input.SetTo(o.Letters.SenderName), SignOff: input.SetTo(o.Letters.SignOff)})
		if err != nil {
			return err
		}
	}
	return nil
}

// as returns the context of a user who acts for an account, or for the
// organization if it is nil.
func (a *author) as(ctx context.Context, u *db.User, of *db.Account) context.Context {
	v := viewer.Viewer{Role: viewer.Role(u.Role), OrganizationID: u.OrganizationID, UserID: u.ID, Name: u.Name, TimeZone: a.org.TimeZone,
		Policy: viewer.OrganizationPolicy{PortalUnregister: a.org.PortalUnregister, ProductionKeys: a.org.ProductionKeys,
			KeyPrefix: a.org.KeyPrefix, LongestKeyLife: a.org.LongestKeyLife, RotateKeysEvery: a.org.RotateKeysEvery}}
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
	a.accounts[x.Name] = row
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

// members lets people join the accounts, the last of all, so that a further one
// changes no other id.
func (a *author) members(admin context.Context, accounts []account) error {
	joined := map[string]string{}
	for _, x := range accounts {
		of := a.accounts[x.Name].GlobalID()
		for _, m := range x.Members {
			if id, ok := joined[m.Email]; ok {
				if _, err := a.Identity.AddMember(admin, identity.AddMemberInput{AccountID: of, UserID: id, Role: m.Role}); err != nil {
					return err
				}
				continue
			}
			u, err := a.Identity.CreateUser(admin, identity.CreateUserInput{Name: m.Name, Email: address.ParseEmail(m.Email), AccountID: &of, MembershipRole: m.Role})
			if err != nil {
				return err
			}
			joined[m.Email] = u.GlobalID()
			if m.Language == nil && m.TimeZone == nil && m.Theme == nil {
				continue
			}
			in := identity.UpdateUserInput{UserID: u.GlobalID(), Language: preferred(m.Language), TimeZone: preferred(m.TimeZone), Theme: preferred(m.Theme)}
			if _, err := a.Identity.UpdateUser(a.as(admin, u, a.accounts[x.Name]), in); err != nil {
				return err
			}
		}
	}
	return nil
}

// preferred returns the patch for what a person prefers; nil means nothing.
func preferred[T any](v *T) input.Patch[T] { return input.Patch[T]{Set: v != nil, Value: v} }
