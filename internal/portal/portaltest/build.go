package portaltest

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
)

// The builders call the services, as people do, so that every row has its event.
// ctx is the context of the administrator or developer who acts.

// MustOrganization creates an organization.
func (f *Fixture) MustOrganization(t testing.TB, slug string) *db.Organization {
	t.Helper()
	o, err := f.Portal.Identity.CreateOrganization(t.Context(), slug, "The "+slug+" organization")
	return must(t, o, err)
}

// MustAdmin creates an administrator of an organization, and returns the
// administrator's context.
func (f *Fixture) MustAdmin(t testing.TB, o *db.Organization) context.Context {
	t.Helper()
	u, err := f.Portal.Identity.CreateStaff(t.Context(), o.Slug, "Staff Member", address.ParseEmail("admin-"+uuid.NewString()+"@"+o.Slug+".example"), Password)
	return f.Enter(t, must(t, u, err))
}

// MustAccount creates an account.
func (f *Fixture) MustAccount(t testing.TB, admin context.Context, name string) *db.Account {
	t.Helper()
	a, err := f.Portal.Identity.CreateAccount(admin, identity.CreateAccountInput{Name: name})
	return must(t, a, err)
}

// MustUser creates a developer of an account.
func (f *Fixture) MustUser(t testing.TB, admin context.Context, a *db.Account, role domain.MembershipRole) *db.User {
	t.Helper()
	id := a.GlobalID()
	u, err := f.Portal.Identity.CreateUser(admin, identity.CreateUserInput{
		Name: "Dora Developer", Email: address.ParseEmail("dev-" + uuid.NewString() + "@example.com"), Password: Password,
		AccountID: &id, MembershipRole: &role,
	})
	return must(t, u, err)
}

// MustApprover creates an approver, who is named for some products.
func (f *Fixture) MustApprover(t testing.TB, admin context.Context, products ...*db.Product) *db.User {
	t.Helper()
	role := domain.RoleApprover
	u, err := f.Portal.Identity.CreateUser(admin, identity.CreateUserInput{
		Name: "Ada Approver", Email: address.ParseEmail("approver-" + uuid.NewString() + "@example.com"), Password: Password, Role: &role,
	})
	must(t, u, err)
	for _, p := range products {
		_, err := f.Portal.Identity.AddApprover(admin, identity.AddApproverInput{ProductID: p.GlobalID(), UserID: u.GlobalID()})
		must(t, p, err)
	}
	return u
}

// MustDeveloper creates a developer who owns an account, and returns the
// developer's context.
func (f *Fixture) MustDeveloper(t testing.TB, admin context.Context, a *db.Account) context.Context {
	t.Helper()
	return f.Enter(t, f.MustUser(t, admin, a, domain.Owner))
}

// MustProduct creates a published product whose subscriptions are approved by a
// person, with one free plan.
func (f *Fixture) MustProduct(t testing.TB, admin context.Context, name string) (*db.Product, *db.Plan) {
	t.Helper()
	p, err := f.Portal.Catalog.CreateProduct(admin, catalog.CreateProductInput{Name: name})
	must(t, p, err)
	plan := f.MustPlan(t, admin, p, "free")
	p, err = f.Portal.Catalog.UpdateProduct(admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), Status: input.SetTo(domain.Published)})
	return must(t, p, err), plan
}

// MustPlan creates a free plan of a product.
func (f *Fixture) MustPlan(t testing.TB, admin context.Context, p *db.Product, name string) *db.Plan {
	t.Helper()
	created, err := f.Portal.Catalog.CreatePlan(admin, catalog.CreatePlanInput{ProductID: p.GlobalID(), Name: name})
	return must(t, created, err)
}

// MustApp creates an app, with its first credential, in the developer's account.
func (f *Fixture) MustApp(t testing.TB, developer context.Context, name string) apps.CreatedApp {
	t.Helper()
	created, err := f.Portal.Apps.CreateApp(developer, apps.CreateAppInput{Name: name})
	return must(t, created, err)
}

// MustAppOf creates an app, with its first credential, in an account.
func (f *Fixture) MustAppOf(t testing.TB, admin context.Context, a *db.Account, name string) apps.CreatedApp {
	t.Helper()
	id := a.GlobalID()
	created, err := f.Portal.Apps.CreateApp(admin, apps.CreateAppInput{Name: name, AccountID: &id})
	return must(t, created, err)
}

// MustKey creates a credential; in names the app or the account.
func (f *Fixture) MustKey(t testing.TB, ctx context.Context, in apps.GenerateKeyInput) apps.CreatedCredential {
	t.Helper()
	created, err := f.Portal.Apps.GenerateKey(ctx, in)
	return must(t, created, err)
}

// MustRegister creates a subscription of an app to a product with a plan. It is
// pending.
func (f *Fixture) MustRegister(t testing.TB, ctx context.Context, a *db.App, p *db.Product, by *db.Plan) *db.Subscription {
	t.Helper()
	plan := by.GlobalID()
	created, err := f.Portal.Apps.Register(ctx, apps.RegisterInput{AppID: a.GlobalID(), ProductID: p.GlobalID(), PlanID: &plan})
	return must(t, created, err).Subscription
}

// Tenant is an organization with one person in each role.
type Tenant struct {
	Organization *db.Organization
	Account      *db.Account
	// Admin and Developer are the contexts of the two.
	Admin, Developer context.Context
}

// MustTenant creates an organization, an administrator, an account and its
// owner.
func (f *Fixture) MustTenant(t testing.TB, slug string) Tenant {
	t.Helper()
	o := f.MustOrganization(t, slug)
	admin := f.MustAdmin(t, o)
	a := f.MustAccount(t, admin, "Acme")
	return Tenant{Organization: o, Account: a, Admin: admin, Developer: f.MustDeveloper(t, admin, a)}
}
