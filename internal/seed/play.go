package seed

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// player creates the data of one organization, in one transaction.
type player struct {
	*db.Tx
	story
	dialect string
	ids     *series
	keys    *minter
	people  map[string]known
	// development marks the people, whose password is public.
	development bool
	sum         *Summary

	org      *db.Organization
	admin    viewer.Viewer
	products map[string]offer
	callers  []caller
}

// offer is a product with its plans by their names, and its endpoints by theirs,
// such as "GET /orders/{id}".
type offer struct {
	*db.Product
	plans     map[string]*db.Plan
	endpoints map[string]*db.Endpoint
	inOrder   []uuid.UUID // of the endpoints
}

// owner is an account and who acts for it: its developer, or staff if it has
// none.
type owner struct {
	*db.Account
	by viewer.Viewer
}

// organization creates an organization and everything in it.
func (p *player) organization(ctx context.Context, o organization) (err error) {
	p.org, err = p.Organization.Create().SetID(p.ids.next()).SetSlug(o.slug).SetName(o.name).
		SetWebsite(o.website).SetSupportEmail(o.support).SetTimeZone(o.zone).SetCurrency(o.currency).
		SetCreatedAt(p.now).SetUpdatedAt(p.now).Save(ctx)
	if err != nil {
		return err
	}
	p.sum.Organizations++
	system := viewer.ForSystem(p.org.ID)
	p.tell(system, eventlog.Entry{Type: eventlog.OrganizationCreated, Subject: nodeid.Organization, SubjectID: p.org.ID,
		SubjectName: o.name, Changes: change.Attributes("slug", o.slug, "name", o.name)})
	staff, err := p.person(ctx, o.staff, domain.RoleAdmin, system)
	if err != nil {
		return err
	}
	p.admin = acting(staff)
	if err := p.catalogue(ctx, o.products); err != nil {
		return err
	}
	for _, a := range o.accounts {
		p.pass()
		if err := p.account(ctx, a); err != nil {
			return err
		}
	}
	if err := p.outcome(ctx, o.products); err != nil {
		return err
	}
	return p.calls(ctx, o.zone)
}

// person creates a user.
func (p *player) person(ctx context.Context, who person, role domain.UserRole, by viewer.Viewer) (*db.User, error) {
	k := p.people[who.email]
	u, err := p.User.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetName(who.name).SetNameFolded(domain.Fold(who.name)).
		SetEmail(k.email.Typed()).SetEmailFolded(k.email).SetRole(role).SetPasswordHash(k.hash).SetMadeInDevelopment(p.development).
		SetPasswordChangedAt(p.now).SetCreatedAt(p.now).SetUpdatedAt(p.now).Save(ctx)
	if err != nil {
		return nil, err
	}
	p.sum.Users++
	p.tell(by, eventlog.Entry{Type: eventlog.UserCreated, Subject: nodeid.User, SubjectID: u.ID, SubjectName: u.Name,
		Changes: change.Attributes("name", u.Name, "email", u.Email, "role", role)})
	return u, nil
}

// acting returns a person as the actor of an event.
func acting(u *db.User) viewer.Viewer {
	return viewer.Viewer{Role: viewer.Role(u.Role), OrganizationID: u.OrganizationID, UserID: u.ID, Name: u.Name}
}

// account creates an account with everything that belongs to it.
func (p *player) account(ctx context.Context, a account) error {
	made, err := p.Account.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetName(a.name).SetNameFolded(domain.Fold(a.name)).
		SetProfile(a.profile).SetCreatedAt(p.now).SetUpdatedAt(p.now).Save(ctx)
	if err != nil {
		return err
	}
	p.sum.Accounts++
	p.tell(p.admin, accountEvent(eventlog.AccountCreated, made, change.Attributes("name", a.name)))
	own := owner{made, p.admin}
	if a.developer != nil {
		if own.by, err = p.developer(ctx, made, *a.developer); err != nil {
			return err
		}
	}
	for _, one := range a.apps {
		p.pass()
		if err := p.app(ctx, own, one); err != nil {
			return err
		}
	}
	for _, k := range a.keys {
		p.pass()
		if _, err := p.key(ctx, own, nil, k); err != nil {
			return err
		}
	}
	if a.suspended == "" {
		return nil
	}
	p.pass()
	e := accountEvent(eventlog.AccountSuspended, made, became("status", domain.AccountActive, domain.AccountSuspended))
	e.Reason = a.suspended
	p.tell(p.admin, e)
	return p.Account.UpdateOne(made).SetStatus(domain.AccountSuspended).SetUpdatedAt(p.now).AddVersion(1).Exec(ctx)
}

// developer creates the owner of an account.
func (p *player) developer(ctx context.Context, a *db.Account, who person) (viewer.Viewer, error) {
	u, err := p.person(ctx, who, domain.RolePortal, p.admin)
	if err != nil {
		return viewer.Viewer{}, err
	}
	m, err := p.Membership.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetAccountID(a.ID).SetUserID(u.ID).
		SetRole(domain.Owner).SetCreatedAt(p.now).Save(ctx)
	if err != nil {
		return viewer.Viewer{}, err
	}
	p.tell(p.admin, eventlog.Entry{Type: eventlog.MemberAdded, Subject: nodeid.Membership, SubjectID: m.ID, SubjectName: u.Name,
		AccountID: &a.ID, Changes: change.Attributes("role", domain.Owner)})
	return acting(u), nil
}

func accountEvent(t eventlog.Type, a *db.Account, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Account, SubjectID: a.ID, SubjectName: a.Name, AccountID: &a.ID, Changes: changes}
}

// by returns who requested or decided, as rows store it: nil for Portico itself.
func by(v viewer.Viewer) *uuid.UUID {
	if !v.SignedIn() {
		return nil
	}
	return &v.UserID
}
