package requests

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// save makes a request that waits, and its subscriptions.
func save(ctx context.Context, tx *change.Tx, a *db.App, existing *db.Credential, in RequestKeyInput, e access.Environment, w *wish, removed []uuid.UUID, staff bool) (*db.KeyRequest, error) {
	c := tx.KeyRequest.Create().SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetAppID(a.ID).
		SetStatus(domain.KeyRequestPending).SetName(input.OrZero(in.Name)).SetEnvironment(e).
		SetProductIds(w.products).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if existing != nil {
		c.SetChangesKey(true).SetCredentialID(existing.ID)
	}
	if removed != nil {
		c.SetRemoveProductIds(removed)
	}
	if tx.Viewer.SignedIn() {
		c.SetRequestedBy(tx.Viewer.UserID)
	}
	k, err := c.Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(apps.KeyRequestEvent(eventlog.KeyRequestCreated, k, described(k)))
	return k, makeAll(ctx, tx, k, w, lifecycle.Initial(staff || !w.waits))
}

// described returns what the events of a request say of what it asks for.
func described(k *db.KeyRequest) []domain.Change {
	return change.Attributes("status", k.Status, "name", k.Name, "environment", k.Environment,
		"products", input.EncodeIDs(nodeid.Product, k.ProductIds), "removeProducts", listed(k.RemoveProductIds),
		"credential", credentialID(k))
}

func listed(products []uuid.UUID) any {
	if products == nil {
		return nil
	}
	return input.EncodeIDs(nodeid.Product, products)
}

func credentialID(k *db.KeyRequest) any {
	if k.CredentialID == nil {
		return nil
	}
	return nodeid.Encode(nodeid.Credential, *k.CredentialID)
}

// makeAll makes the subscriptions of a request: as a whole they wait, or need no approval.
func makeAll(ctx context.Context, tx *change.Tx, k *db.KeyRequest, w *wish, status access.SubscriptionStatus) error {
	for _, r := range w.made {
		if _, err := r.Save(ctx, tx, status, &k.ID); err != nil {
			return err
		}
	}
	return nil
}

// without returns the subscriptions that a wish does not keep.
func (w *wish) without(own []*db.Subscription) []*db.Subscription {
	return slices.DeleteFunc(slices.Clone(own), func(s *db.Subscription) bool {
		_, kept := w.kept[s.ID]
		return kept
	})
}

// answered returns for how many of the subscriptions that it keeps a wish has new answers.
func (w *wish) answered() (n int) {
	for _, a := range w.kept {
		if a != nil {
			n++
		}
	}
	return n
}

// renew stores what is answered and accepted anew for a subscription that it keeps.
func (w *wish) renew(ctx context.Context, tx *change.Tx, s *db.Subscription) error {
	if answers := w.kept[s.ID]; answers != nil {
		var err error
		if s, err = tx.Subscription.UpdateOne(s).SetAnswers(answers).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx); err != nil {
			return err
		}
	}
	if terms, ok := w.accepted[s.ID]; ok {
		_, err := apps.KeepAcceptedTerms(ctx, tx, s, terms.product, terms.version)
		return err
	}
	return nil
}
