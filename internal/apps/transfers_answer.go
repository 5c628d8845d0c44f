package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/apptransfer"
	"portico/ent/db/predicate"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AcceptedApp is an app that has come to another account, and its offer.
type AcceptedApp struct {
	App      *db.App
	Transfer *db.AppTransfer
}

// AcceptAppTransfer accepts an offer: the app belongs to the receiving account from then
// on, with all its credentials and subscriptions. Whatever could have refused the offer
// refuses it now, too. Of concurrent answers, one wins.
func (svc *Service) AcceptAppTransfer(ctx context.Context, id string) (AcceptedApp, error) {
	return onTransfer(ctx, svc, id, func(t *db.AppTransfer, s domain.AppTransferStatus) policy.Request {
		return policy.AcceptTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, s)
	}, acceptTransfer)
}

// DeclineAppTransfer declines an offer; the app stays where it is.
func (svc *Service) DeclineAppTransfer(ctx context.Context, id string, reason *string) (*db.AppTransfer, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return onTransfer(ctx, svc, id, func(t *db.AppTransfer, s domain.AppTransferStatus) policy.Request {
		return policy.DeclineTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, s)
	}, endAs(domain.TransferDeclined, reason))
}

// CancelAppTransfer takes an offer back; the app stays where it is.
func (svc *Service) CancelAppTransfer(ctx context.Context, id string, reason *string) (*db.AppTransfer, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return onTransfer(ctx, svc, id, func(t *db.AppTransfer, s domain.AppTransferStatus) policy.Request {
		return policy.CancelTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, s)
	}, endAs(domain.TransferCancelled, reason))
}

// onTransfer locks both accounts, the app and its offer, in this order, asks the policy and
// calls f. The app is nil if it was deleted.
func onTransfer[T any](ctx context.Context, svc *Service, id string, request func(*db.AppTransfer, domain.AppTransferStatus) policy.Request, f func(context.Context, *change.Tx, *db.App, *db.AppTransfer, accounts) (T, error)) (T, error) {
	var none T
	transferID, err := input.DecodeID(nodeid.AppTransfer, id)
	if err != nil {
		return none, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (T, error) {
		found, err := tx.AppTransfer.Get(ctx, transferID)
		if err != nil {
			return none, err
		}
		// Who may not answer at all, such as the other side, learns it here, and no state.
		if err := tx.Authorize(request(found, domain.TransferPending).WithoutConditions()); err != nil {
			return none, err
		}
		both, err := lockBothAccounts(ctx, tx, found.FromAccountID, found.ToAccountID)
		if err != nil {
			return none, err
		}
		system := viewer.AsSystem(ctx, tx.OrganizationID())
		a, err := change.LockRowForUpdate(system, tx, tx.App, found.AppID)
		if err != nil && !db.IsNotFound(err) {
			return none, err
		}
		t, err := change.LockRowForUpdate(system, tx, tx.AppTransfer, transferID)
		if err != nil {
			return none, err
		}
		status := StatusOfTransfer(t, tx.Now)
		if err := tx.AuthorizeInState(request(t, status), "appTransferId", string(status)); err != nil {
			return none, err
		}
		return f(ctx, tx, a, t, both)
	})
}

// endAs returns what ends an offer without effect.
func endAs(s domain.AppTransferStatus, reason *string) func(context.Context, *change.Tx, *db.App, *db.AppTransfer, accounts) (*db.AppTransfer, error) {
	return func(ctx context.Context, tx *change.Tx, _ *db.App, t *db.AppTransfer, _ accounts) (*db.AppTransfer, error) {
		return endTransfer(ctx, tx, t, s, input.OrZero(reason), decider(tx))
	}
}

// acceptTransfer moves an app whose offer is open.
func acceptTransfer(ctx context.Context, tx *change.Tx, a *db.App, t *db.AppTransfer, both accounts) (AcceptedApp, error) {
	if a == nil || a.DeletedAt != nil || a.AccountID != t.FromAccountID {
		return AcceptedApp{}, fault.NotFound()
	}
	if err := closeRequestsOfFormer(ctx, tx, a, t); err != nil {
		return AcceptedApp{}, err
	}
	moved, err := readMoved(ctx, tx, a)
	if err != nil {
		return AcceptedApp{}, err
	}
	if err := both.check(tx.Viewer); err != nil {
		return AcceptedApp{}, cannotAccept(tx.Viewer, err)
	}
	if err := moved.check(ctx, tx, t.ToAccountID); err != nil {
		return AcceptedApp{}, cannotAccept(tx.Viewer, err)
	}
	after, err := moveApp(ctx, tx, a, t)
	if err != nil {
		return AcceptedApp{}, err
	}
	ended, err := endTransfer(ctx, tx, t, domain.TransferAccepted, "", decider(tx))
	return AcceptedApp{App: after, Transfer: ended}, err
}

// closeRequestsOfFormer ends what the account that gives an app away has asked for with it, and
// what it has not collected. To its people, the other account did that, and none of its people.
func closeRequestsOfFormer(ctx context.Context, tx *change.Tx, a *db.App, t *db.AppTransfer) error {
	const moves = "The app went to another account."
	by := ""
	if tx.Viewer.AccountID == t.ToAccountID {
		by = t.ToAccountName
	}
	return tx.RecordAs(by, func() error {
		if err := closeKeyRequests(ctx, tx, a, lifecycle.Withdraw, moves); err != nil {
			return err
		}
		return revokeUncollected(ctx, tx, a, moves)
	})
}

// cannotAccept returns a problem of an offer that was none when it was made, on the field
// that names the offer. Developers of the receiving account learn nothing of the other one.
func cannotAccept(v viewer.Viewer, err error) error {
	problems := fault.Problems(err)
	if problems == nil {
		return err
	}
	if !v.ActsForOrganization() {
		return fault.Input(fault.NotAvailable, "appTransferId", "The app cannot be transferred as things are: ask the administrators.")
	}
	p := problems[0]
	return fault.Input(p.Code, "appTransferId", p.Message, p.Params...)
}

// decider returns the person who answers an offer; nil for a machine.
func decider(tx *change.Tx) *uuid.UUID {
	if !tx.Viewer.SignedIn() {
		return nil
	}
	return &tx.Viewer.UserID
}

// endTransfer ends a locked offer that is open, and records it for both sides. by is who has
// decided that, of the side whose decision it is; nil for Portico itself.
func endTransfer(ctx context.Context, tx *change.Tx, t *db.AppTransfer, s domain.AppTransferStatus, reason string, by *uuid.UUID) (*db.AppTransfer, error) {
	u := tx.AppTransfer.UpdateOne(t).SetStatus(s).SetAnswer(reason).SetDecidedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).SetNillableDecidedBy(by)
	recordTransfer(tx, t, transferEvents()[s], reason, []domain.Change{{Field: "status", Before: domain.Text(t.Status), After: domain.Text(s)}})
	return u.Save(viewer.AsSystem(ctx, tx.OrganizationID()))
}

// transferEvents returns the types of the events that record the end of an offer.
func transferEvents() map[domain.AppTransferStatus]eventlog.Type {
	return map[domain.AppTransferStatus]eventlog.Type{
		domain.TransferAccepted: eventlog.AppTransferAccepted, domain.TransferDeclined: eventlog.AppTransferDeclined,
		domain.TransferCancelled: eventlog.AppTransferCancelled, domain.TransferExpired: eventlog.AppTransferExpired,
	}
}

// cancelOffersOf takes back the open offer of an app that is being deleted. The caller has
// locked the app.
func cancelOffersOf(ctx context.Context, tx *change.Tx, a *db.App, reason string) error {
	return cancelOffers(ctx, tx, apptransfer.AppID(a.ID), reason, decider(tx))
}

// cancelOffersTo takes back the open offers to an account that is being deleted. The caller
// has locked the account, so that nobody accepts one meanwhile. Nobody of the offering side,
// which takes offers back, has decided that: it is Portico's doing.
func cancelOffersTo(ctx context.Context, tx *change.Tx, account uuid.UUID, reason string) error {
	return cancelOffers(ctx, tx, apptransfer.ToAccountID(account), reason, nil)
}

func cancelOffers(ctx context.Context, tx *change.Tx, which predicate.AppTransfer, reason string, by *uuid.UUID) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	open, err := change.LockForUpdate(tx, tx.AppTransfer.Query().Where(which, apptransfer.StatusEQ(domain.TransferPending)).Order(apptransfer.ByID())).All(system)
	if err != nil {
		return err
	}
	for _, t := range open {
		status, why, who := domain.TransferCancelled, reason, by
		if StatusOfTransfer(t, tx.Now) == domain.TransferExpired {
			status, why, who = domain.TransferExpired, "", nil
		}
		if _, err := endTransfer(ctx, tx, t, status, why, who); err != nil {
			return err
		}
	}
	return nil
}

// TransferDue matches offers whose time is over and that are not recorded as such. It is
// written so that the index of open offers serves it.
func TransferDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.LTE(s.C(apptransfer.FieldExpiresAt), now),
			sql.EQ(s.C(apptransfer.FieldStatus), string(domain.TransferPending)),
		))
	}
}

// ExpireTransfers records that the time of up to n offers of an organization is over, and
// returns how many. It locks no app: an offer that is being answered is locked after its
// app, and nothing is locked after it.
func ExpireTransfers(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	due, err := change.LockForUpdate(tx, tx.AppTransfer.Query().Where(TransferDue(now)).Order(apptransfer.ByID()).Limit(n)).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, t := range due {
		if _, err := endTransfer(ctx, tx, t, domain.TransferExpired, "", nil); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}
