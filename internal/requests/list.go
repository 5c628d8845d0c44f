package requests

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// Filter narrows a list of requests.
type Filter struct {
	Status             []domain.KeyRequestStatus
	AppIDs, AccountIDs []string
	// ProductIDs and PlanIDs are those of the subscriptions that a request has made.
	ProductIDs, PlanIDs []string
	// CreatedBefore is no part of its range, and CreatedAfter is.
	CreatedBefore, CreatedAfter *time.Time
	// Deleted shows those, too, that were left out of lists.
	Deleted bool
}

// KeyRequests returns a page of the requests that the viewer may see.
func (svc *Service) KeyRequests(ctx context.Context, f Filter, o listing.Order, r listing.Request) (*paging.Page[*db.KeyRequest], error) {
	return listing.ReadPage(ctx, svc.o.Entities.Lists, entity.KeyRequestList(), listing.Filtered(f, func(f Filter) listing.Query[*db.KeyRequest] { return svc.query(f) }), o, r)
}

func (svc *Service) query(f Filter) *db.KeyRequestQuery {
	q := svc.o.Client.KeyRequest.Query()
	if !f.Deleted {
		q.Where(keyrequest.HiddenAtIsNil())
	}
	if f.Status != nil {
		q.Where(keyrequest.StatusIn(f.Status...))
	}
	if f.CreatedBefore != nil {
		q.Where(keyrequest.CreatedAtLT(*f.CreatedBefore))
	}
	if f.CreatedAfter != nil {
		q.Where(keyrequest.CreatedAtGTE(*f.CreatedAfter))
	}
	if f.AppIDs != nil {
		q.Where(database.AnyOf(keyrequest.FieldAppID, input.DecodeIDs(nodeid.App, f.AppIDs)))
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(keyrequest.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	if f.ProductIDs != nil {
		q.Where(asksFor(database.AnyOf(subscription.FieldProductID, input.DecodeIDs(nodeid.Product, f.ProductIDs))))
	}
	if f.PlanIDs != nil {
		q.Where(asksFor(database.AnyOf(subscription.FieldPlanID, input.DecodeIDs(nodeid.Plan, f.PlanIDs))))
	}
	return q
}

// asksFor matches requests that have made a subscription which meets a condition.
func asksFor(which func(*sql.Selector)) predicate.KeyRequest {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(subscription.Table)
		q := sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldKeyRequestID)).From(t).Where(sql.NotNull(t.C(subscription.FieldKeyRequestID)))
		which(q)
		s.Where(sql.In(s.C(keyrequest.FieldID), q))
	}
}

// Counts says how many requests there are, by status.
type Counts struct{ Total, Pending, Approved, Rejected, Withdrawn, Expired int }

// Count counts, with one statement, the requests that KeyRequests returns by the same filter.
func (svc *Service) Count(ctx context.Context, f Filter) (*Counts, error) {
	var rows []struct {
		Status domain.KeyRequestStatus `json:"status"`
		N      int                     `json:"n"`
	}
	if err := svc.query(f).GroupBy(keyrequest.FieldStatus).Aggregate(db.As(db.Count(), "n")).Scan(ctx, &rows); err != nil {
		return nil, change.PublicError(err)
	}
	out := &Counts{}
	for _, r := range rows {
		out.add(r.Status, r.N)
	}
	return out, nil
}

func (c *Counts) add(s domain.KeyRequestStatus, n int) {
	c.Total += n
	switch s {
	case domain.KeyRequestPending:
		c.Pending += n
	case domain.KeyRequestApproved:
		c.Approved += n
	case domain.KeyRequestRejected:
		c.Rejected += n
	case domain.KeyRequestWithdrawn:
		c.Withdrawn += n
	case domain.KeyRequestExpired:
		c.Expired += n
	}
}
