package apps

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// MaxImpact is how many objects of each kind an Impact names.
const MaxImpact = 100

// Impact is what an action would hit. Of each kind it has the first MaxImpact, oldest first,
// and the number of all.
type Impact struct {
	CredentialIDs, AppIDs, SubscriptionIDs              []uuid.UUID
	CredentialCount, AppCount, ProductSubscriptionCount int
	// Calls are those that would be hit; nil if none would.
	Calls *ImpactCalls
}

// ImpactCalls selects calls: those of the apps to the products with the credentials. Empty
// lists do not restrict it.
type ImpactCalls struct{ Apps, Products, Credentials []uuid.UUID }

// hit are the conditions for what an action would hit.
type hit struct {
	credentials   []predicate.Credential
	apps          []predicate.App
	subscriptions []predicate.Subscription
}

// PreviewRevoke returns what revoking a credential would hit. The viewer must be allowed to
// do it.
func (svc *Service) PreviewRevoke(ctx context.Context, id string) (*Impact, error) {
	credentialID, err := input.DecodeID(nodeid.Credential, id)
	if err != nil {
		return nil, err
	}
	c, err := svc.client.Credential.Get(ctx, credentialID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	c.Status = c.Status.At(svc.clock.Now(), c.ExpiresAt)
	if err := mayPreview(ctx, onCredential(c, lifecycle.Revoke)); err != nil {
		return nil, err
	}
	if c.Status == access.CredentialRevoked {
		return &Impact{}, nil
	}
	h := hit{credentials: []predicate.Credential{credential.ID(c.ID)}, subscriptions: []predicate.Subscription{subscription.StatusEQ(access.SubscriptionApproved)}}
	if c.AppID != nil {
		h.apps, h.subscriptions = []predicate.App{app.ID(*c.AppID)}, append(h.subscriptions, subscription.AppID(*c.AppID))
	} else {
		h.apps, h.subscriptions = []predicate.App{app.AccountID(c.AccountID)}, append(h.subscriptions, subscription.AccountID(c.AccountID))
	}
	if c.Access == access.ListedProducts {
		products, err := listedProducts(ctx, svc.client.AccessEntry, c.ID)
		if err != nil {
			return nil, change.PublicError(err)
		}
		h.subscriptions = append(h.subscriptions, database.AnyOf(subscription.FieldProductID, products))
	}
	return svc.impact(ctx, h, ImpactCalls{Credentials: []uuid.UUID{c.ID}})
}

// PreviewDeleteApp returns what deleting an app would hit. The viewer must be allowed to do
// it.
func (svc *Service) PreviewDeleteApp(ctx context.Context, id string) (*Impact, error) {
	appID, err := input.DecodeID(nodeid.App, id)
	if err != nil {
		return nil, err
	}
	a, err := svc.client.App.Get(ctx, appID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if err := mayPreview(ctx, policy.DeleteApp(a.OrganizationID, a.AccountID)); err != nil {
		return nil, err
	}
	h := hit{
		credentials:   []predicate.Credential{credential.AppID(a.ID), credential.StatusNEQ(access.CredentialRevoked)},
		apps:          []predicate.App{app.ID(a.ID)},
		subscriptions: []predicate.Subscription{subscription.AppID(a.ID), subscription.StatusIn(lifecycle.From(lifecycle.AppDeleted)...)},
	}
	out, err := svc.impact(ctx, h, ImpactCalls{})
	if err != nil {
		return nil, err
	}
	out.Calls, err = svc.callsOfApp(ctx, a, out.ProductSubscriptionCount > 0)
	return out, err
}

// callsOfApp selects the calls that deleting an app would hit: those with its own keys that
// are not revoked and, where a subscription would end, those with such keys of the whole
// account. A key that was revoked when the app was deleted before is not hit once more.
func (svc *Service) callsOfApp(ctx context.Context, a *db.App, subscribed bool) (*ImpactCalls, error) {
	keys := credential.AppID(a.ID)
	if subscribed {
		keys = credential.Or(keys, credential.And(credential.AppIDIsNil(), credential.AccountID(a.AccountID)))
	}
	live, err := svc.client.Credential.Query().Where(keys, credential.StatusNEQ(access.CredentialRevoked)).IDs(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if len(live) == 0 {
		return nil, nil
	}
	return &ImpactCalls{Apps: []uuid.UUID{a.ID}, Credentials: live}, nil
}

// PreviewRetireProduct returns what retiring a product would hit. The viewer must be allowed
// to do it.
func (svc *Service) PreviewRetireProduct(ctx context.Context, id string) (*Impact, error) {
	productID, err := input.DecodeID(nodeid.Product, id)
	if err != nil {
		return nil, err
	}
	x, err := svc.client.Product.Get(ctx, productID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if err := mayPreview(ctx, policy.UpdateProduct(x.OrganizationID, x.Status)); err != nil {
		return nil, err
	}
	if x.Status == domain.Retired {
		return &Impact{}, nil
	}
	users := usedWith(app.FieldID, subscription.FieldAppID, x)
	h := hit{
		credentials: []predicate.Credential{
			inStatus([]access.CredentialStatus{access.CredentialActive, access.CredentialDisabled}, svc.clock.Now()),
			credential.Or(usedWith(credential.FieldAppID, subscription.FieldAppID, x), credential.And(credential.AppIDIsNil(), usedWith(credential.FieldAccountID, subscription.FieldAccountID, x))),
			credential.Or(credential.AccessEQ(access.AllProducts), lists(x.ID)),
		},
		apps:          []predicate.App{users},
		subscriptions: []predicate.Subscription{subscription.ProductID(x.ID), subscription.StatusIn(lifecycle.From(lifecycle.Retire)...)},
	}
	// Others may have called it until their subscriptions ended, which hits them no more.
	callers, err := svc.client.App.Query().Where(users).IDs(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if len(callers) == 0 {
		return svc.impact(ctx, h, ImpactCalls{})
	}
	return svc.impact(ctx, h, ImpactCalls{Apps: callers, Products: []uuid.UUID{x.ID}})
}

// mayPreview returns an error unless the viewer may do what would hit something, in
// whatever state it is.
func mayPreview(ctx context.Context, r policy.Request) error {
	return change.Refusal(policy.Decide(viewer.Current(ctx), r.WithoutConditions()))
}

// usedWith matches rows whose column has the value that theirs has in a subscription that
// retiring a product would end.
func usedWith(column, theirs string, x *db.Product) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table)
		live := make([]any, 0)
		for _, status := range lifecycle.From(lifecycle.Retire) {
			live = append(live, string(status))
		}
		s.Where(sql.In(s.C(column), sql.Dialect(s.Dialect()).Select(t.C(theirs)).From(t).
			Where(sql.And(sql.EQ(t.C(subscription.FieldOrganizationID), x.OrganizationID), sql.EQ(t.C(subscription.FieldProductID), x.ID), sql.In(t.C(subscription.FieldStatus), live...)))))
	}
}

// lists matches credentials that have a product on their access control list.
func lists(product uuid.UUID) predicate.Credential {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(accessentry.Table)
		s.Where(sql.In(s.C(credential.FieldID), sql.Dialect(s.Dialect()).Select(t.C(accessentry.FieldCredentialID)).From(t).
			Where(sql.EQ(t.C(accessentry.FieldProductID), product))))
	}
}

// impact reads what an action would hit. Where that is no key and no subscription, it is no
// call either.
func (svc *Service) impact(ctx context.Context, h hit, calls ImpactCalls) (*Impact, error) {
	out := &Impact{}
	credentials := svc.client.Credential.Query().Where(h.credentials...)
	apps := svc.client.App.Query().Where(h.apps...)
	subscriptions := svc.client.Subscription.Query().Where(h.subscriptions...)
	err := readImpact(ctx, &out.CredentialCount, &out.CredentialIDs, credentials.Clone(), credentials.Order(credential.ByCreatedAt(), credential.ByID()).Limit(MaxImpact))
	if err == nil {
		err = readImpact(ctx, &out.AppCount, &out.AppIDs, apps.Clone(), apps.Order(app.ByCreatedAt(), app.ByID()).Limit(MaxImpact))
	}
	if err == nil {
		err = readImpact(ctx, &out.ProductSubscriptionCount, &out.SubscriptionIDs, subscriptions.Clone(), subscriptions.Order(subscription.ByCreatedAt(), subscription.ByID()).Limit(MaxImpact))
	}
	if err != nil {
		return nil, change.PublicError(err)
	}
	if selects := len(calls.Apps)+len(calls.Products)+len(calls.Credentials) > 0; selects && out.CredentialCount+out.ProductSubscriptionCount > 0 {
		out.Calls = &calls
	}
	return out, nil
}

// reader is a query that can be counted, or read in part.
type reader interface {
	Count(ctx context.Context) (int, error)
	IDs(ctx context.Context) ([]uuid.UUID, error)
}

// readImpact reads how many rows match, and the ids of the first ones.
func readImpact(ctx context.Context, n *int, first *[]uuid.UUID, all, some reader) (err error) {
	if *n, err = all.Count(ctx); err != nil || *n == 0 {
		return err
	}
	*first, err = some.IDs(ctx)
	return err
}
