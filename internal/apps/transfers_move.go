package apps

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// MaxTransferTitles is how many products an offer names.
const MaxTransferTitles = 100

// moved is what goes to another account with an app.
type moved struct {
	// keys is the number of credentials that are not revoked.
	keys int
	// subscriptions are all of the app's, also those that are history.
	subscriptions []*db.Subscription
	products      map[uuid.UUID]*db.Product
}

// readMoved reads what belongs to a locked app, and locks its subscriptions.
func readMoved(ctx context.Context, tx *change.Tx, a *db.App) (*moved, error) {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	out := &moved{products: map[uuid.UUID]*db.Product{}}
	var err error
	if out.keys, err = tx.Credential.Query().Where(credential.AppID(a.ID), credential.StatusNEQ(access.CredentialRevoked)).Count(system); err != nil {
		return nil, err
	}
	out.subscriptions, err = change.LockForUpdate(tx, tx.Subscription.Query().Where(subscription.AppID(a.ID)).Order(subscription.ByID())).All(system)
	if err != nil {
		return nil, err
	}
	ids := map[uuid.UUID]bool{}
	for _, s := range out.subscriptions { // of many that are history, too
		ids[s.ProductID] = true
	}
	all, err := tx.Product.Query().Where(product.IDIn(slices.Collect(maps.Keys(ids))...)).All(system)
	for _, p := range all {
		out.products[p.ID] = p
	}
	return out, err
}

// titles returns the titles of the products that the app has live subscriptions for, in
// their order.
func (m *moved) titles() []string {
	out := []string{}
	for _, s := range m.subscriptions {
		if p := m.products[s.ProductID]; s.Status.Live() && p != nil {
			out = append(out, p.Title)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), MaxTransferTitles)]
}

// check refuses what no transfer may bring about. A suspension would be shed by it, and
// what is not for the receiving account would reach it. Developers do not learn which
// product that is: it would tell what the other account has.
func (m *moved) check(ctx context.Context, tx *change.Tx, to uuid.UUID) error {
	for _, s := range m.subscriptions {
		if s.Status == access.SubscriptionSuspended {
			return change.WrongStatus("appId", "The app has a suspended subscription, which an administrator must resume or end first.", string(s.Status))
		}
	}
	hidden, err := m.hidden(ctx, tx, to)
	if err != nil {
		return err
	}
	reason := "The account may not see: "
	if hidden == nil {
		if hidden, err = m.sanctioned(ctx, tx, to); err != nil || hidden == nil {
			return err
		}
		reason = "The account has a suspended subscription for: "
	}
	if !tx.Viewer.ActsForOrganization() {
		return fault.Input(fault.NotAvailable, "toAccountId", "The account cannot receive this app: ask the administrators.")
	}
	return fault.Input(fault.NotAvailable, "toAccountId", reason+strings.Join(hidden, ", ")+".")
}

// hidden returns the names of the products that the receiving account may not see, as the
// row policy of products decides it for its developers. Those of ended subscriptions count,
// too: they become its history, and whoever has had one of a public product sees that, and may
// ask for it again. A retired one is only history.
func (m *moved) hidden(ctx context.Context, tx *change.Tx, to uuid.UUID) (out []string, err error) {
	asked := map[uuid.UUID]bool{}
	for _, s := range m.subscriptions {
		if p := m.products[s.ProductID]; p != nil && (s.Status.Live() || p.Status != domain.Retired) {
			asked[p.ID] = true
		}
	}
	ids := make([]uuid.UUID, 0, len(asked))
	for id := range asked {
		ids = append(ids, id)
	}
	shown, err := tx.Product.Query().Where(product.IDIn(ids...)).IDs(viewer.AsAccount(ctx, tx.OrganizationID(), to))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !slices.Contains(shown, id) {
			out = append(out, m.products[id].Name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// sanctioned returns the names of the products that the app may be used with, and for which
// the receiving account has a suspended subscription: there everything of it waits for
// approval, and nothing that is approved may come from elsewhere.
func (m *moved) sanctioned(ctx context.Context, tx *change.Tx, to uuid.UUID) (out []string, err error) {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	for _, s := range m.subscriptions {
		if s.Status != access.SubscriptionApproved {
			continue
		}
		yes, err := sanctioned(system, tx.Subscription.Query(), to, s.ProductID)
		if err != nil {
			return nil, err
		}
		if p := m.products[s.ProductID]; yes && p != nil {
			out = append(out, p.Name)
		}
	}
	return out, nil
}

// moveApp gives a locked app, and all that belongs to it, to the account that has accepted
// its offer. It is the one change of these columns, which nothing else can set. Who has done
// and written what before stays in the former account's part of the log, and is not told the
// new one: whoever it was, since what staff and machines wrote was for the former account,
// and the rows do not say of what account somebody was at the time. What has become of the
// keys and subscriptions, with the codes why, stays.
func moveApp(ctx context.Context, tx *change.Tx, a *db.App, t *db.AppTransfer) (*db.App, error) {
	of := []any{a.ID, a.OrganizationID}
	for _, step := range []struct {
		text string
		args []any
	}{
		{`UPDATE apps SET account_id = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND organization_id = $2`, append(of, t.ToAccountID, tx.Now)},
		{`UPDATE subscriptions SET account_id = $3, requested_by = NULL, decided_by = NULL, reason = '', answers = NULL, accepted_terms_version = NULL, accepted_terms_at = NULL, accepted_terms_by = NULL, key_request_id = NULL, pending_requested_by = NULL, pending_reason = '', updated_at = $4, version = version + 1 WHERE app_id = $1 AND organization_id = $2`, append(of, t.ToAccountID, tx.Now)},
		{`UPDATE credentials SET account_id = $3, revoked_by = NULL, revoked_note = '', updated_at = $4, version = version + 1 WHERE app_id = $1 AND organization_id = $2`, append(of, t.ToAccountID, tx.Now)},
		{`UPDATE access_entries SET account_id = $3 WHERE organization_id = $2 AND credential_id IN (SELECT id FROM credentials WHERE app_id = $1)`, append(of, t.ToAccountID)},
	} {
		if _, err := tx.ExecContext(ctx, step.text, step.args...); err != nil {
			return nil, err
		}
	}
	if err := dropPlanChanges(ctx, tx, a); err != nil {
		return nil, err
	}
	return tx.App.Get(viewer.AsSystem(ctx, tx.OrganizationID()), a.ID)
}

// dropPlanChanges ends the changes of plan of an app that has just got another account, which
// has asked for none of them, and pays.
func dropPlanChanges(ctx context.Context, tx *change.Tx, a *db.App) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	pending, err := tx.Subscription.Query().Where(subscription.AppID(a.ID), subscription.PendingPlanIDNotNil()).Order(subscription.ByID()).All(system)
	if err != nil {
		return err
	}
	reason := "The app went to another account."
	drop := dropPlanChange(eventlog.SubscriptionPlanCancelled, &reason)
	for _, s := range pending {
		if _, err := drop(system, tx, s); err != nil {
			return err
		}
	}
	return nil
}
