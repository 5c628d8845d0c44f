package apps

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// checkEndpoints refuses an empty list of endpoints, and one that is too long.
func checkEndpoints(ids []string, given bool) error {
	if given && len(ids) == 0 {
		return fault.Input(fault.Required, "endpointIds", "Name at least one endpoint, or leave the list out for all of the product's.")
	}
	return input.AtMost("endpointIds", len(ids), catalog.MaxEndpoints)
}

// findEndpoints returns the endpoints of a product that a subscription will be
// narrowed to, sorted and without duplicates; nil if ids is nil.
func findEndpoints(ctx context.Context, tx *change.Tx, productID uuid.UUID, ids []string) ([]uuid.UUID, error) {
	if ids == nil {
		return nil, nil
	}
	found, err := change.LockForShare(tx, tx.Endpoint.Query().Where(endpoint.ProductID(productID),
		database.AnyOf(endpoint.FieldID, input.DecodeIDs(nodeid.Endpoint, ids)))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := input.CheckReferences(nodeid.Endpoint, "endpointIds", ids, found, "The product has no such endpoint."); err != nil {
		return nil, err
	}
	slices.SortFunc(found, nodeid.Compare)
	return found, nil
}

// UpdateSubscriptionEndpointsInput is the input of UpdateSubscriptionEndpoints.
type UpdateSubscriptionEndpointsInput struct {
	SubscriptionID string
	Version        *int
	// EndpointIDs are those it is narrowed to; cleared for all of its product.
	EndpointIDs input.Patch[[]string]
}

// UpdateSubscriptionEndpoints narrows a subscription to some of its product's
// endpoints, or widens it to all of them. It must be waiting or approved; a
// selection within the product needs no new approval.
func (svc *Service) UpdateSubscriptionEndpoints(ctx context.Context, in UpdateSubscriptionEndpointsInput) (*db.Subscription, error) {
	ids := in.EndpointIDs.Or(nil)
	if err := checkEndpoints(ids, in.EndpointIDs.Value != nil); err != nil {
		return nil, err
	}
	subID, err := input.DecodeID(nodeid.ProductSubscription, in.SubscriptionID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Subscription, error) {
		s, err := change.LockRowForUpdate(ctx, tx, tx.Subscription, subID)
		if err != nil {
			return nil, err
		}
		if err := tx.AuthorizeInState(policy.NarrowSubscription(s.OrganizationID, s.AccountID, s.Status, s.KeyRequestID != nil), "subscriptionId", string(s.Status)); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, s.Version); err != nil {
			return nil, err
		}
		if !in.EndpointIDs.Set {
			return s, nil
		}
		chosen, err := findEndpoints(ctx, tx, s.ProductID, ids)
		if err != nil {
			return nil, err
		}
		return setEndpoints(ctx, tx, s, chosen)
	})
}

func setEndpoints(ctx context.Context, tx *change.Tx, s *db.Subscription, chosen []uuid.UUID) (*db.Subscription, error) {
	var d change.Diff
	d.Add("endpoints", endpointIDs(s.EndpointIds), endpointIDs(chosen))
	if d.Changes == nil {
		return s, nil
	}
	name, err := productTitle(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	tx.Record(subscriptionEvent(eventlog.SubscriptionNarrowed, s, name, d.Changes))
	u := tx.Subscription.UpdateOne(s).SetEndpointIds(chosen).SetUpdatedAt(tx.Now).AddVersion(1)
	if chosen == nil {
		u.ClearEndpointIds()
	}
	return u.Save(ctx)
}

// endpointIDs returns the opaque ids of endpoints; nil for nil.
func endpointIDs(ids []uuid.UUID) []string {
	if ids == nil {
		return nil
	}
	return input.EncodeIDs(nodeid.Endpoint, ids)
}
