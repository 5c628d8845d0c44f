package rowpolicy_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	_ "portico/ent/db/runtime" // the schema's rules and defaults
	"portico/internal/domain"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// owner is whom rows belong to, and the ids of the rows by their tables.
type owner struct {
	organization, account, user uuid.UUID
	// status is that of the subscription, shown is the product's.
	status     access.SubscriptionStatus
	shown      domain.ProductStatus
	visibility domain.ProductVisibility
	role       domain.UserRole
	deletedAt  *time.Time
	rows       map[string]uuid.UUID
}

// id returns the id of the owner's row of a table.
func (o owner) id(table string) uuid.UUID {
	if _, ok := o.rows[table]; !ok {
		o.rows[table] = uuid.New()
	}
	return o.rows[table]
}

// world is rows of every table, by the names of their owners.
type world struct {
	client *db.Client
	owners map[string]owner
}

func newOwner(organization uuid.UUID) owner {
	o := owner{
		organization: organization, account: uuid.New(), user: uuid.New(), rows: map[string]uuid.UUID{},
		status: access.SubscriptionApproved, shown: domain.Draft, visibility: domain.Public, role: domain.RolePortal,
	}
	o.rows["organizations"], o.rows["accounts"], o.rows["users"] = o.organization, o.account, o.user
	return o
}

// newWorld fills a database: "own" is the developer's account, "other" another one of
// the organization, and "foreign" one of another organization. The rows of the others
// are of one kind each.
func newWorld(t *testing.T, url string) *world {
	w := &world{client: db.NewClient(db.Driver(testdb.Open(t, url).Driver())), owners: map[string]owner{}}
	deletedAt := at()
	one := uuid.New()
	own := newOwner(one)
	own.visibility = domain.Private
	var all []string
	for _, x := range tables() {
		all = append(all, x.name)
	}
	w.add(t, "own", own, all...)
	other := newOwner(one)
	w.add(t, "other", other, all[1:]...)
	w.add(t, "foreign", newOwner(uuid.New()), all...)
	colleague, staff := newOwner(one), newOwner(one)
	colleague.account, staff.role = own.account, domain.RoleAdmin
	w.add(t, "colleague", colleague, "users", "memberships")
	w.add(t, "staff", staff, "users", "sessions")
	closed := newOwner(one)
	closed.deletedAt = &deletedAt
	w.add(t, "closed", closed, "accounts", "users")
	removed, sanction := own, own
	removed.rows, removed.deletedAt, removed.status = w.parents(), &deletedAt, access.SubscriptionEnded
	sanction.rows, sanction.deletedAt, sanction.status = w.parents(), &deletedAt, access.SubscriptionSuspended
	w.add(t, "removed", removed, "apps", "credentials", "subscriptions")
	w.add(t, "sanction", sanction, "apps", "subscriptions")
	for name, o := range map[string]owner{
		"offered":    {shown: domain.Published, visibility: domain.Public},
		"deprecated": {shown: domain.Deprecated, visibility: domain.Public},
		"retired":    {shown: domain.Retired, visibility: domain.Public},
		"hidden":     {shown: domain.Published, visibility: domain.Private},
		// What was granted shows when it is on offer, and what has ended only if it is open.
		"granted":     {shown: domain.Published, visibility: domain.Private},
		"unpublished": {shown: domain.Draft, visibility: domain.Private},
		"former":      {shown: domain.Published, visibility: domain.Private, status: access.SubscriptionEnded},
		"history":     {shown: domain.Retired, visibility: domain.Private, status: access.SubscriptionEnded},
		"over":        {shown: domain.Retired, visibility: domain.Public, status: access.SubscriptionRejected},
	} {
		o.organization, o.rows, o.account = one, map[string]uuid.UUID{}, own.account
		w.add(t, name, o, "products", "plans", "plan_revisions", "endpoints", "guides", "product_documents")
		switch name {
		case "granted", "unpublished", "history":
			w.grant(t, o.organization, own.account, w.owners[name].rows["products"])
		}
		if o.status != "" {
			w.subscribe(t, own, w.owners[name], o.status)
		}
	}
	return w
}

// grant lets an account see a product.
func (w *world) grant(t *testing.T, organization, account, product uuid.UUID) {
	require.NoError(t, w.client.ProductGrant.Create().SetOrganizationID(organization).SetAccountID(account).SetProductID(product).
		Exec(viewer.AsSystem(t.Context(), uuid.Nil)))
}

// subscribe gives an app of an account a subscription to a product.
func (w *world) subscribe(t *testing.T, own, of owner, s access.SubscriptionStatus) {
	require.NoError(t, w.client.Subscription.Create().SetOrganizationID(own.organization).SetAccountID(own.account).SetAppID(own.id("apps")).
		SetProductID(of.rows["products"]).SetPlanID(of.rows["plans"]).SetStatus(s).Exec(viewer.AsSystem(t.Context(), uuid.Nil)))
}

// parents returns the ids of the developer's product and plan, for further rows that
// refer to them.
func (w *world) parents() map[string]uuid.UUID {
	own := w.owners["own"]
	return map[string]uuid.UUID{"products": own.id("products"), "plans": own.id("plans")}
}

// add creates rows of an owner as Portico itself.
func (w *world) add(t *testing.T, name string, o owner, names ...string) {
	for _, x := range tables() {
		for _, n := range names {
			if n == x.name {
				require.NoError(t, x.create(viewer.AsSystem(t.Context(), uuid.Nil), w.client, o, o.id(n)), "%s of %s", n, name)
			}
		}
	}
	if slices.Contains(names, "plan_revisions") { // the newest of its plan
		require.NoError(t, w.client.Plan.UpdateOneID(o.id("plans")).SetRevision(int(o.id("plan_revisions").ID())).Exec(viewer.AsSystem(t.Context(), uuid.Nil)))
	}
	kept := map[string]uuid.UUID{}
	for _, n := range names {
		kept[n] = o.id(n)
	}
	o.rows = kept
	w.owners[name] = o
}

// as returns the context of a viewer; that of nobody has none.
func (w *world) as(ctx context.Context, name string) context.Context {
	own, staff := w.owners["own"], w.owners["staff"]
	developer := viewer.Viewer{Role: viewer.Portal, OrganizationID: own.organization, AccountID: own.account, UserID: own.user, AccountOwner: true}
	admin := viewer.Viewer{Role: viewer.Admin, OrganizationID: own.organization, UserID: staff.user}
	v := developer
	switch name {
	case "nobody":
		return ctx
	case "developer":
	case "member":
		v.AccountOwner = false
	case "suspended developer":
		v.AccountSuspended = true
	case "developer of no organization":
		v.OrganizationID = uuid.Nil
	case "admin":
		v = admin
	case "admin of no organization":
		v = admin
		v.OrganizationID = uuid.Nil
	case "approver": // named for the product of the developer's subscription
		v = viewer.Viewer{Role: viewer.Approver, OrganizationID: own.organization, UserID: own.user}
	case "approver of no organization":
		v = viewer.Viewer{Role: viewer.Approver, UserID: own.user}
	case "anonymous":
		v.Role = viewer.Anonymous
	case "everybody": // where the organization's catalogue is public
		v = viewer.Current(viewer.AsPublic(ctx, own.organization))
	case "gateway":
		v.Role = viewer.Gateway
	case "suspended gateway":
		v.Role, v.AccountSuspended = viewer.Gateway, true
	case "made-up role":
		v.Role = "AUDITOR"
	case "portico":
		v = viewer.ForSystem(uuid.Nil)
	case "portico inside":
		v = viewer.ForSystem(own.organization)
	default:
		panic(fmt.Sprintf("nobody is called %q", name))
	}
	return viewer.NewContext(ctx, v)
}
