package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/apptransfer"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// TransferLife is how long an offer of an app can be answered.
const TransferLife = 7 * 24 * time.Hour

// TransferAppInput is the input of TransferApp.
type TransferAppInput struct {
	AppID          string
	ToAccountID    string
	Reason         *string
	IdempotencyKey *string
}

// OfferedApp is the offer of an app.
type OfferedApp struct {
	Transfer *db.AppTransfer
	Replayed bool
}

// TransferApp offers an app, with its credentials and subscriptions, to another account,
// which has TransferLife to answer. Until then nothing changes. An account makes at most
// MaxOffers that nobody has accepted.
func (svc *Service) TransferApp(ctx context.Context, in TransferAppInput) (OfferedApp, error) {
	if err := input.CheckReason("reason", in.Reason); err != nil {
		return OfferedApp{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	o, err := newRequest(ctx, "transferApp", key, in)
	if err != nil {
		return OfferedApp{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (OfferedApp, change.Created, error) {
		t, err := offerApp(ctx, tx, in)
		if err != nil {
			return OfferedApp{}, change.Created{}, err
		}
		return OfferedApp{Transfer: t}, change.Created{First: t.ID}, nil
	}, svc.replayTransfer)
}

// replayTransfer returns what an earlier request created.
func (svc *Service) replayTransfer(ctx context.Context, m change.Created) (OfferedApp, error) {
	found, err := svc.entities.AppTransfersByID(ctx, []uuid.UUID{m.First}, nil)
	if err == nil && found[m.First] == nil {
		err = fault.NotFound()
	}
	return OfferedApp{Transfer: found[m.First], Replayed: true}, err
}

func offerApp(ctx context.Context, tx *change.Tx, in TransferAppInput) (*db.AppTransfer, error) {
	appID, err := input.DecodeID(nodeid.App, in.AppID)
	if err != nil {
		return nil, err
	}
	found, err := tx.App.Get(ctx, appID)
	if err != nil {
		return nil, err
	}
	if err := tx.Authorize(policy.TransferApp(found.OrganizationID, found.AccountID)); err != nil {
		return nil, err
	}
	to, ok := nodeid.Decode(nodeid.Account, in.ToAccountID)
	if !ok {
		return nil, errNoReceiver()
	}
	both, err := lockBothAccounts(ctx, tx, found.AccountID, to)
	if err != nil {
		return nil, err
	}
	a, err := lockApp(ctx, tx, in.AppID)
	if err != nil {
		return nil, err
	}
	if a.AccountID != found.AccountID { // it went to another account just now
		return nil, fault.NotFound()
	}
	if err := both.check(tx.Viewer); err != nil {
		return nil, err
	}
	if err := checkNoOffer(ctx, tx, a); err != nil {
		return nil, err
	}
	if err := checkOffers(ctx, tx, a.AccountID); err != nil {
		return nil, err
	}
	moved, err := readMoved(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	if err := moved.check(ctx, tx, to); err != nil {
		return nil, err
	}
	return saveOffer(ctx, tx, a, both, moved, input.OrZero(in.Reason))
}

func saveOffer(ctx context.Context, tx *change.Tx, a *db.App, both accounts, moved *moved, reason string) (*db.AppTransfer, error) {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	c := tx.AppTransfer.Create().SetOrganizationID(a.OrganizationID).SetAppID(a.ID).SetFromAccountID(both.from.ID).SetToAccountID(both.to.ID).
		SetAppName(a.Name).SetFromAccountName(both.from.Name).SetToAccountName(both.to.Name).
		SetProductTitles(moved.titles()).SetKeyCount(moved.keys).SetReason(reason).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).SetExpiresAt(tx.Now.Add(TransferLife))
	if tx.Viewer.SignedIn() {
		c.SetOfferedBy(tx.Viewer.UserID)
	}
	t, err := c.Save(system)
	if err != nil {
		return nil, err
	}
	recordTransfer(tx, t, eventlog.AppTransferOffered, reason, change.Attributes("expiresAt", t.ExpiresAt))
	return t, nil
}

// accounts are the two sides of a transfer, both locked.
type accounts struct{ from, to *db.Account }

// errNoReceiver is the answer to a developer who names an account that does not exist, or
// that cannot receive an app, for whatever reason that lies in it: nobody learns here which
// accounts there are.
func errNoReceiver() error {
	return fault.Input(fault.UnknownReference, "toAccountId", "There is no such account, or it cannot receive apps.")
}

// lockBothAccounts locks the two sides, the one with the lesser id first, so that two
// transfers of opposite directions do not wait for each other. A side that is deleted, or
// was never there, is nil.
func lockBothAccounts(ctx context.Context, tx *change.Tx, from, to uuid.UUID) (accounts, error) {
	out := map[uuid.UUID]*db.Account{}
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	ids := []uuid.UUID{from, to}
	if string(to[:]) < string(from[:]) {
		ids = []uuid.UUID{to, from}
	}
	for _, id := range ids {
		a, err := change.LockRowForUpdate(system, tx, tx.Account, id)
		if err != nil && !db.IsNotFound(err) {
			return accounts{}, err
		}
		if err == nil {
			out[id] = a
		}
	}
	return accounts{out[from], out[to]}, nil
}

// check refuses an offer between the two accounts. Staff are told exactly why.
func (a accounts) check(v viewer.Viewer) error {
	switch {
	case a.from == nil || a.from.DeletedAt != nil:
		return fault.NotFound()
	case a.from.Status != access.AccountActive:
		return change.WrongStatus("appId", "The app's account is suspended.", string(a.from.Status))
	case a.to != nil && a.to.ID == a.from.ID:
		return fault.Input(fault.NotAllowed, "toAccountId", "The app belongs to this account already.")
	case a.to != nil && a.to.DeletedAt == nil && a.to.Status == access.AccountActive:
		return nil
	case !v.ActsForOrganization() || a.to == nil:
		return errNoReceiver()
	case a.to.DeletedAt != nil:
		return change.WrongStatus("toAccountId", "The account was deleted.", "DELETED")
	}
	return change.WrongStatus("toAccountId", "The account is suspended.", string(a.to.Status))
}

// checkNoOffer refuses a second open offer of a locked app. One whose time is over is
// recorded as such first.
func checkNoOffer(ctx context.Context, tx *change.Tx, a *db.App) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	open, err := change.LockForUpdate(tx, tx.AppTransfer.Query().Where(apptransfer.AppID(a.ID), apptransfer.StatusEQ(domain.TransferPending))).Only(system)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if StatusOfTransfer(open, tx.Now) == domain.TransferPending {
		return change.WrongStatus("appId", "The app is offered to an account already: cancel that offer first.", string(domain.TransferPending))
	}
	_, err = endTransfer(ctx, tx, open, domain.TransferExpired, "", nil)
	return err
}

// StatusOfTransfer returns what has become of an offer by a time.
func StatusOfTransfer(t *db.AppTransfer, now time.Time) domain.AppTransferStatus {
	return t.Status.At(now, t.ExpiresAt)
}

// recordTransfer records an event about an offer in the timelines of both accounts. To the
// side that did not act, the other account did it, and none of its people.
func recordTransfer(tx *change.Tx, t *db.AppTransfer, of eventlog.Type, reason string, changes []domain.Change) {
	from := eventlog.Entry{
		Type: of, Subject: nodeid.App, SubjectID: t.AppID, SubjectName: t.AppName, AccountID: &t.FromAccountID, AppID: &t.AppID, Reason: reason,
		Changes: append([]domain.Change{{Field: "toAccount", After: domain.Text(t.ToAccountName)}}, changes...),
	}
	to := from
	if to.AccountID = &t.ToAccountID; of != eventlog.AppTransferAccepted {
		// The app is not theirs: they do not even learn its id.
		to.Subject, to.SubjectID, to.AppID = nodeid.AppTransfer, t.ID, nil
	}
	to.Changes = append([]domain.Change{{Field: "fromAccount", After: domain.Text(t.FromAccountName)}}, changes...)
	switch tx.Viewer.AccountID {
	case t.FromAccountID:
		to.ActorAccount = t.FromAccountName
	case t.ToAccountID:
		from.ActorAccount = t.ToAccountName
	}
	tx.Record(from)
	tx.Record(to)
}
