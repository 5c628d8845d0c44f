package apps

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/unseen"
	"portico/internal/viewer"
)

// MaxTermsAccepted is for how many subscriptions AcceptProductTerms accepts terms at once.
const MaxTermsAccepted = 100

// AcceptedProductTerms are the terms of a product that were accepted last for a subscription.
type AcceptedProductTerms struct {
	Version string
	At      time.Time
	// AcceptedBy is nil for a service token that acts for nobody.
	AcceptedBy *uuid.UUID
}

// ProductTermsAccepted returns the terms that were accepted for a subscription; nil if there
// are none.
func ProductTermsAccepted(s *db.Subscription) *AcceptedProductTerms {
	if s.AcceptedTermsVersion == nil {
		return nil
	}
	return &AcceptedProductTerms{Version: *s.AcceptedTermsVersion, At: input.OrZero(s.AcceptedTermsAt), AcceptedBy: s.AcceptedTermsBy}
}

// ProductTermsToAccept returns the terms of the product of a subscription that nobody has
// accepted for it; nil if there are none, they are accepted, or it has ended.
func ProductTermsToAccept(prod *db.Product, s *db.Subscription) *domain.Terms {
	terms := catalog.ProductTermsOf(prod)
	if terms == nil || !s.Status.Live() || s.AcceptedTermsVersion != nil && *s.AcceptedTermsVersion == terms.Version {
		return nil
	}
	return terms
}

// CheckProductTerms returns which terms of a locked product an input accepts; nil for none.
// Whoever acts for an account must say which, even a service token: else one would be a way
// around them. Staff accept nothing in the place of a developer, who is asked later.
func CheckProductTerms(v viewer.Viewer, prod *db.Product, version *string) (*string, error) {
	const field = "acceptedTermsVersion"
	terms := catalog.ProductTermsOf(prod)
	switch {
	case terms == nil: // they may have been removed since the page was shown
		return nil, nil
	case v.ActsForOrganization():
		if version != nil {
			return nil, fault.Input(fault.NotAllowed, field, "Only who acts for the account accepts the product's terms: leave this out.")
		}
		return nil, nil
	}
	return matchTerms(field, terms, version)
}

// matchTerms requires the version of the terms of now.
func matchTerms(field string, terms *domain.Terms, version *string) (*string, error) {
	switch {
	case version == nil || unseen.All(*version):
		return nil, fault.Input(fault.Required, field, "The product's terms must be accepted.")
	case *version != terms.Version:
		return nil, fault.Input(fault.InvalidValue, field, "The terms have changed: these are not those of now. Please read and accept them again.")
	}
	return version, nil
}

// setAcceptedTerms sets that the viewer accepts terms of a product now; nil is none.
func setAcceptedTerms(m *db.SubscriptionMutation, tx *change.Tx, version *string) {
	if version == nil {
		return
	}
	m.SetAcceptedTermsVersion(*version)
	m.SetAcceptedTermsAt(tx.Now)
	if tx.Viewer.SignedIn() {
		m.SetAcceptedTermsBy(tx.Viewer.UserID)
	} else {
		m.ClearAcceptedTermsBy()
	}
}

// KeepAcceptedTerms records that the viewer accepts these terms of its product for a locked
// subscription. Terms that are accepted already change nothing.
func KeepAcceptedTerms(ctx context.Context, tx *change.Tx, s *db.Subscription, prod *db.Product, version string) (*db.Subscription, error) {
	if s.AcceptedTermsVersion != nil && *s.AcceptedTermsVersion == version {
		return s, nil
	}
	var d change.Diff
	d.Add("acceptedTerms", s.AcceptedTermsVersion, version)
	tx.Record(subscriptionEvent(eventlog.SubscriptionTermsAccepted, s, prod.Title, d.Changes))
	u := tx.Subscription.UpdateOne(s).SetUpdatedAt(tx.Now).AddVersion(1)
	setAcceptedTerms(u.Mutation(), tx, &version)
	return u.Save(ctx)
}

// AcceptProductTermsInput is the input of AcceptProductTerms.
type AcceptProductTermsInput struct {
	// SubscriptionIDs are 1–MaxTermsAccepted, all with the same product.
	SubscriptionIDs []string
	// Version is that of the terms that the person has read.
	Version string
}

// AcceptProductTerms records that the viewer accepts the terms of a product for some of the
// account's subscriptions, all or none, and returns these in their order. The product is
// locked first, so that what is accepted is what its terms are until the end of the change.
func (svc *Service) AcceptProductTerms(ctx context.Context, in AcceptProductTermsInput) ([]*db.Subscription, error) {
	if err := input.Each("subscriptionIds", in.SubscriptionIDs, MaxTermsAccepted, "Name at least one subscription.", "This subscription is named twice."); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) ([]*db.Subscription, error) {
		prod, err := productOfAll(ctx, tx, in.SubscriptionIDs)
		if err != nil {
			return nil, err
		}
		all, err := lockForTerms(ctx, tx, in.SubscriptionIDs)
		if err != nil {
			return nil, err
		}
		terms := catalog.ProductTermsOf(prod)
		if terms == nil {
			return nil, fault.Input(fault.InvalidValue, "version", "The product has no terms.")
		}
		version, err := matchTerms("version", terms, &in.Version)
		if err != nil {
			return nil, err
		}
		for i, s := range all {
			if all[i], err = KeepAcceptedTerms(ctx, tx, s, prod, *version); err != nil {
				return nil, err
			}
		}
		return all, nil
	})
}

// productOfAll locks the product that subscriptions have in common. One that the viewer does
// not see is fault.NotFound.
func productOfAll(ctx context.Context, tx *change.Tx, ids []string) (*db.Product, error) {
	all, err := tx.Subscription.Query().Where(database.AnyOf(subscription.FieldID, input.DecodeIDs(nodeid.ProductSubscription, ids))).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) != len(ids) {
		return nil, fault.NotFound()
	}
	for _, s := range all {
		if err := tx.Authorize(policy.AcceptProductTerms(s.OrganizationID, s.AccountID)); err != nil {
			return nil, err
		}
	}
	for i, id := range ids {
		at := slices.IndexFunc(all, func(s *db.Subscription) bool { return s.GlobalID() == id })
		if at < 0 || all[at].ProductID != all[0].ProductID {
			return nil, fault.Input(fault.InvalidValue, "subscriptionIds."+strconv.Itoa(i), "Name subscriptions with the same product: others have terms of their own.")
		}
	}
	// A product that has ended may be hidden from the account, whose subscription has ended then.
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	return change.LockForShare(tx, tx.Product.Query().Where(product.ID(all[0].ProductID))).Only(system)
}

// lockForTerms locks subscriptions in the order of their ids, requires that none has ended,
// and returns them in the order of the input.
func lockForTerms(ctx context.Context, tx *change.Tx, ids []string) ([]*db.Subscription, error) {
	rows := input.DecodeIDs(nodeid.ProductSubscription, ids)
	all, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(database.AnyOf(subscription.FieldID, rows))).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) != len(ids) { // its app has gone to another account since
		return nil, fault.NotFound()
	}
	out := make([]*db.Subscription, len(ids))
	for i, id := range rows {
		at, _ := slices.BinarySearchFunc(all, id, func(s *db.Subscription, id uuid.UUID) int { return nodeid.Compare(s.ID, id) })
		if at == len(all) || all[at].ID != id {
			return nil, fault.NotFound()
		}
		if out[i] = all[at]; !out[i].Status.Live() {
			return nil, change.WrongStatus("subscriptionIds."+strconv.Itoa(i), "The subscription is "+string(out[i].Status)+".", string(out[i].Status))
		}
	}
	return out, nil
}
