package mail

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// A request for a key has the letters of requests: one about all that it asks for, instead
// of one for each of its subscriptions.

// namedProducts is how many of its products the letters about a request for a key name.
const namedProducts = 3

// ofKeyRequest reports whether an event is about a request for a key.
func ofKeyRequest(e *db.Event) bool {
	switch eventlog.Type(e.Type) {
	case eventlog.KeyRequestCreated, eventlog.KeyRequestApproved, eventlog.KeyRequestRejected, eventlog.KeyRequestExpired:
		return true
	}
	return false
}

// keyRequest returns the request for a key that an event is about, and what letters say of
// it; nil if it, its app or its account is deleted, or the app belongs to another account.
func (r *reader) keyRequest(ctx context.Context, e *db.Event) (*db.KeyRequest, Facts, error) {
	k, err := r.client.KeyRequest.Query().Where(keyrequest.ID(e.SubjectID)).WithApp().WithAccount().Only(ctx)
	if db.IsNotFound(err) {
		return nil, Facts{}, nil
	}
	if err != nil {
		return nil, Facts{}, err
	}
	app, account := k.Edges.App, k.Edges.Account
	if app == nil || account == nil || app.DeletedAt != nil || account.DeletedAt != nil || app.AccountID != k.AccountID {
		return nil, Facts{}, nil
	}
	titles, err := r.client.Product.Query().Where(product.IDIn(k.ProductIds...)).Order(product.ByTitle(), product.ByID()).Select(product.FieldTitle).Strings(ctx)
	if err != nil {
		return nil, Facts{}, err
	}
	return k, Facts{Account: oneLine(account.Name), App: oneLine(app.Name), Product: productNames(titles), NewKey: !k.ChangesKey, KeyRequest: true}, nil
}

// productNames returns the names of the first products, and how many more there are.
func productNames(titles []string) string {
	more := len(titles) - namedProducts
	titles = slices.Clone(titles[:min(len(titles), namedProducts)])
	for i := range titles {
		titles[i] = oneLine(titles[i])
	}
	out := strings.Join(titles, ", ")
	if more > 0 {
		out += " +" + strconv.Itoa(more)
	}
	return out
}

// keyRequester returns who asked for a key, if that is still a member of the account, or else
// whoever is responsible there; nobody about what needed no decision.
func (r *reader) keyRequester(ctx context.Context, e *db.Event) ([]uuid.UUID, error) {
	k, err := r.client.KeyRequest.Get(ctx, e.SubjectID)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := r.requesterOf(ctx, k.AccountID, k.RequestedBy)
	return without(all, e.ActorID), err
}

// decidesKeys returns who may decide about a request for a key: the active administrators, and
// the active approvers of all its products.
func (r *reader) decidesKeys(ctx context.Context, e *db.Event) ([]uuid.UUID, error) {
	if changed(e, "status") != string(domain.KeyRequestPending) {
		return nil, nil
	}
	var products []uuid.UUID
	if err := r.client.Subscription.Query().Where(subscription.KeyRequestID(e.SubjectID)).Unique(true).Select(subscription.FieldProductID).Scan(ctx, &products); err != nil || len(products) == 0 {
		return nil, err
	}
	all, err := r.deciders(ctx, products[0])
	for _, p := range products[1:] {
		if err != nil {
			return nil, err
		}
		var others []uuid.UUID
		others, err = r.deciders(ctx, p)
		all = slices.DeleteFunc(slices.Clone(all), func(id uuid.UUID) bool { return !slices.Contains(others, id) })
	}
	return without(all, e.ActorID), err
}

// askedForKey returns what the letter to those who decide says.
func (r *reader) askedForKey(ctx context.Context, e *db.Event) (Facts, bool, error) {
	k, f, err := r.keyRequest(ctx, e)
	if err != nil || k == nil {
		return f, false, err
	}
	f.Actor, f.When, f.Path = oneLine(e.ActorName), e.At, "/key-requests/"+k.GlobalID()
	still, err := r.mayDecide(ctx, k)
	return f, still, err
}

// decidedKey returns what the letter to the developer who asked says. Of a key that waits to
// be collected, When is until when.
func (r *reader) decidedKey(ctx context.Context, e *db.Event) (Facts, bool, error) {
	k, f, err := r.keyRequest(ctx, e)
	if err != nil || k == nil {
		return f, false, err
	}
	f.Reason, f.When, f.Path = e.Reason, e.At, "/key-requests/"+k.GlobalID()
	f.Days, f.Expired = undecidedFor(e)
	switch eventlog.Type(e.Type) {
	case eventlog.KeyRequestExpired:
		f.Uncollected = !f.Expired
	case eventlog.KeyRequestApproved:
		if f.NewKey && (k.CollectUntil == nil || k.CollectedAt != nil || k.Status != domain.KeyRequestApproved) {
			return f, false, nil // there is nothing to collect any more
		}
		if f.NewKey {
			f.When = *k.CollectUntil
		}
	}
	return f, true, nil
}
