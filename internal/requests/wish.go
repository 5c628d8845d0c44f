package requests

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
)

// wish is what a request asks for, checked.
type wish struct {
	// products are all that the key is to reach, sorted.
	products []uuid.UUID
	// made are the subscriptions to make.
	made []*apps.Registration
	// kept are the ids of those that the request has made before and still asks for, and the
	// answers that are new; nil for those that stay.
	kept map[uuid.UUID]*domain.Answers
	// accepted are the products of those whose terms are accepted anew, with their versions.
	accepted map[uuid.UUID]newTerms
	// waits reports whether one of them waits for approval.
	waits bool
	// approve is set if whoever asks approves all of it with the same step.
	approve bool
}

// newTerms are terms of a product that are accepted.
type newTerms struct {
	product *db.Product
	version string
}

// checkWish checks the plans that a request asks for, whose app is locked, and locks their
// products in the order of their ids. own are the subscriptions that it has made before.
func checkWish(ctx context.Context, tx *change.Tx, a *db.App, plans []Plan, own []*db.Subscription, approve bool) (*wish, error) {
	order := make([]int, len(plans))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return nodeid.Compare(idOf(plans[x]), idOf(plans[y])) })
	w, errs := &wish{kept: map[uuid.UUID]*domain.Answers{}, accepted: map[uuid.UUID]newTerms{}, approve: approve}, make([]error, len(plans))
	for _, i := range order {
		err := w.add(ctx, tx, a, plans[i], own)
		if err != nil && fault.Problems(err) == nil {
			return nil, err
		}
		errs[i] = fault.Within("plans."+strconv.Itoa(i), err)
	}
	return w, fault.Collect(errs...)
}

func idOf(p Plan) uuid.UUID {
	id, _ := nodeid.Decode(nodeid.Product, p.ProductID)
	return id
}

// add checks a plan. Where the app uses the product by it already, only the key is to reach
// it.
func (w *wish) add(ctx context.Context, tx *change.Tx, a *db.App, p Plan, own []*db.Subscription) error {
	prod, chosen, err := apps.LockProductAndPlan(ctx, tx, p.ProductID, p.PlanID)
	if err != nil {
		return err
	}
	present, err := liveSubscription(ctx, tx, a, prod)
	if err != nil {
		return err
	}
	isOwn := present != nil && slices.ContainsFunc(own, func(s *db.Subscription) bool { return s.ID == present.ID })
	w.products = append(w.products, prod.ID)
	switch {
	case isOwn && present.PlanID == chosen.ID:
		return w.keep(ctx, tx, a, present, prod, chosen, p)
	case isOwn, present == nil: // it is made, in place of one by another plan
	case present.Status == access.SubscriptionApproved && present.PlanID == chosen.ID:
		if p.Answers != nil {
			return fault.Input(fault.NotAllowed, "answers", "The app uses the product by this plan already: nothing is asked.")
		}
		if p.AcceptedTermsVersion != nil {
			return fault.Input(fault.NotAllowed, "acceptedTermsVersion", "The app uses the product by this plan already: acceptProductTerms accepts its terms.")
		}
		return nil
	default:
		return fault.Input(fault.AlreadyRegistered, "productId", "The app is registered with this product already: it waits, is suspended, or has another plan.")
	}
	r, err := apps.NewRegistration(ctx, tx, a, prod, chosen, apps.RegisterInput{Answers: p.Answers, AcceptedTermsVersion: p.AcceptedTermsVersion, Approve: &w.approve})
	if err != nil {
		return err
	}
	w.made, w.waits = append(w.made, r), w.waits || r.Waits
	return nil
}

// keep leaves a subscription of the request as it is, but for answers that are given anew.
func (w *wish) keep(ctx context.Context, tx *change.Tx, a *db.App, s *db.Subscription, prod *db.Product, chosen *db.Plan, p Plan) error {
	var answers *domain.Answers
	if p.Answers != nil {
		var err error
		if answers, err = apps.CheckAnswers(tx.Viewer, prod, p.Answers); err != nil {
			return err
		}
	}
	if p.AcceptedTermsVersion != nil {
		version, err := apps.CheckProductTerms(tx.Viewer, prod, p.AcceptedTermsVersion)
		if err != nil {
			return err
		}
		if version != nil {
			w.accepted[s.ID] = newTerms{product: prod, version: *version}
		}
	}
	waits, err := apps.NeedsApproval(ctx, tx.Subscription, a.AccountID, prod, chosen)
	w.kept[s.ID], w.waits = answers, w.waits || waits
	return err
}

// liveSubscription returns the live subscription of an app for a product; nil for none.
func liveSubscription(ctx context.Context, tx *change.Tx, a *db.App, prod *db.Product) (*db.Subscription, error) {
	s, err := tx.Subscription.Query().Where(subscription.AppID(a.ID), subscription.ProductID(prod.ID),
		subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}

// findRemoved returns the products that a key is to reach no more, sorted: none of those
// that it is to reach.
func findRemoved(ctx context.Context, tx *change.Tx, ids []string, asked []uuid.UUID) ([]uuid.UUID, error) {
	const field = "removeProductIds"
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := tx.Product.Query().Where(database.AnyOf(product.FieldID, input.DecodeIDs(nodeid.Product, ids))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	if err := input.CheckReferences(nodeid.Product, field, ids, found, "There is no such product."); err != nil {
		return nil, err
	}
	slices.SortFunc(found, nodeid.Compare)
	return found, checkApart(found, asked)
}

// checkApart requires that a key is not to reach a product which is taken from it.
func checkApart(removed, asked []uuid.UUID) error {
	if slices.ContainsFunc(removed, func(id uuid.UUID) bool { return slices.Contains(asked, id) }) {
		return fault.Input(fault.InvalidValue, "removeProductIds", "A product that the key is to reach is among them.")
	}
	return nil
}

// lockProducts locks the products of plans against changes, in the order of their ids, before
// the request whose plans they are: the order in which the retirement of a product locks them.
// Those that there are not are for checkWish to tell.
func lockProducts(ctx context.Context, tx *change.Tx, plans []Plan) error {
	ids := make([]uuid.UUID, 0, len(plans))
	for _, p := range plans {
		ids = append(ids, idOf(p))
	}
	slices.SortFunc(ids, nodeid.Compare)
	for _, id := range ids {
		if _, err := change.LockRowForShare(ctx, tx, tx.Product, id); err != nil && !db.IsNotFound(err) {
			return err
		}
	}
	return nil
}
