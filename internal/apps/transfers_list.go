package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/apptransfer"
	"portico/ent/db/predicate"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AppTransferDirection is whether an offer is to the viewer's account or from it.
type AppTransferDirection string

// The directions.
const (
	Incoming AppTransferDirection = "INCOMING"
	Outgoing AppTransferDirection = "OUTGOING"
)

// AppTransferFilter narrows a list of offers; what is nil does not.
type AppTransferFilter struct {
	Status []domain.AppTransferStatus
	// Direction is seen from the account that the viewer acts for; for staff, who act for
	// none, no offer has one.
	Direction *AppTransferDirection
	// AppIDs are apps that the viewer sees: an offer of another account's app does not tell
	// which app it is, and nobody finds out by asking for ids. AccountIDs are the accounts on
	// either side.
	AppIDs, AccountIDs []string
}

// transferQuery is an AppTransferFilter with all that it depends on.
type transferQuery struct {
	AppTransferFilter
	Account uuid.UUID
	// Owner is set with AppIDs where the viewer acts for an account: whose apps it sees.
	Owner *uuid.UUID
	// Now is set with Status: whether an offer has expired is decided by it.
	Now *time.Time
}

// AppTransfers returns a page of the offers that the viewer may see.
func (svc *Service) AppTransfers(ctx context.Context, f AppTransferFilter, o listing.Order, r listing.Request) (*paging.Page[*db.AppTransfer], error) {
	q := transferQuery{AppTransferFilter: f}
	if f.Status != nil {
		q.Now = new(svc.clock.Now())
	}
	v := viewer.Current(ctx)
	if f.Direction != nil {
		q.Account = v.AccountID
	}
	if f.AppIDs != nil && !v.ActsForOrganization() {
		q.Owner = &v.AccountID
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.AppTransferList(), listing.Filtered(q, svc.transferQuery), o, r)
}

func (svc *Service) transferQuery(f transferQuery) listing.Query[*db.AppTransfer] {
	q := svc.client.AppTransfer.Query()
	if f.Status != nil {
		q.Where(transferIn(f.Status, *f.Now))
	}
	if f.Direction != nil {
		if *f.Direction == Incoming {
			q.Where(apptransfer.ToAccountID(f.Account))
		} else {
			q.Where(apptransfer.FromAccountID(f.Account))
		}
	}
	if f.AppIDs != nil {
		q.Where(database.AnyOf(apptransfer.FieldAppID, input.DecodeIDs(nodeid.App, f.AppIDs)))
	}
	if f.Owner != nil {
		q.Where(ofAppOwnedBy(*f.Owner))
	}
	if f.AccountIDs != nil {
		ids := input.DecodeIDs(nodeid.Account, f.AccountIDs)
		q.Where(apptransfer.Or(database.AnyOf(apptransfer.FieldFromAccountID, ids), database.AnyOf(apptransfer.FieldToAccountID, ids)))
	}
	return q
}

// ofAppOwnedBy matches offers of apps that an account has now.
func ofAppOwnedBy(owner uuid.UUID) predicate.AppTransfer {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(app.Table)
		s.Where(sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(app.FieldID)).From(t).
			Where(sql.And(sql.ColumnsEQ(t.C(app.FieldID), s.C(apptransfer.FieldAppID)), sql.EQ(t.C(app.FieldAccountID), owner), sql.IsNull(t.C(app.FieldDeletedAt))))))
	}
}

// transferIn matches offers that are in one of the states at a time.
func transferIn(states []domain.AppTransferStatus, now time.Time) predicate.AppTransfer {
	any := []predicate.AppTransfer{apptransfer.IDIn()} // none
	for _, s := range states {
		switch s {
		case domain.TransferPending:
			any = append(any, apptransfer.And(apptransfer.StatusEQ(s), apptransfer.ExpiresAtGT(now)))
		case domain.TransferExpired:
			any = append(any, apptransfer.StatusEQ(s), apptransfer.And(apptransfer.StatusEQ(domain.TransferPending), apptransfer.ExpiresAtLTE(now)))
		default:
			any = append(any, apptransfer.StatusEQ(s))
		}
	}
	return apptransfer.Or(any...)
}

// AppTransferStatus returns what has become of an offer by now.
func (svc *Service) AppTransferStatus(t *db.AppTransfer) domain.AppTransferStatus {
	return StatusOfTransfer(t, svc.clock.Now())
}

// AppTransferPermissions is what the viewer may do with an offer.
type AppTransferPermissions struct{ Accept, Decline, Cancel policy.Decision }

// AppTransferPermissions asks the policy about an offer.
func (svc *Service) AppTransferPermissions(ctx context.Context, t *db.AppTransfer) *AppTransferPermissions {
	v, status := viewer.Current(ctx), svc.AppTransferStatus(t)
	return &AppTransferPermissions{
		Accept:  policy.Decide(v, policy.AcceptTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, status)),
		Decline: policy.Decide(v, policy.DeclineTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, status)),
		Cancel:  policy.Decide(v, policy.CancelTransfer(t.OrganizationID, t.FromAccountID, t.ToAccountID, status)),
	}
}

// OfferedBy returns who made an offer, and DecidedBy who ended it, if the viewer is of the
// side that did, or staff: the other side knows the account alone.
func OfferedBy(v viewer.Viewer, t *db.AppTransfer) *uuid.UUID {
	return ofSide(v, t.FromAccountID, t.OfferedBy)
}

// DecidedBy is the counterpart of OfferedBy.
func DecidedBy(v viewer.Viewer, t *db.AppTransfer) *uuid.UUID {
	side := t.ToAccountID
	if t.Status == domain.TransferCancelled {
		side = t.FromAccountID
	}
	return ofSide(v, side, t.DecidedBy)
}

func ofSide(v viewer.Viewer, side uuid.UUID, who *uuid.UUID) *uuid.UUID {
	if v.ActsForOrganization() || v.AccountID == side {
		return who
	}
	return nil
}
