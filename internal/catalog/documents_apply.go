package catalog

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
)

// applyDocument makes the endpoints of a product those of a document.
func applyDocument(ctx context.Context, tx *change.Tx, x *db.Product, all []domain.ProductOperation) (*DocumentEndpoints, error) {
	specs, err := endpointsOf(all)
	if err != nil {
		return nil, err
	}
	replaced, err := replaceEndpoints(ctx, tx, x, specs)
	if err != nil {
		return nil, documentProblems(err, all)
	}
	out := &DocumentEndpoints{CreatedCount: len(replaced.Created), UpdatedCount: len(replaced.Updated), DeletedCount: len(replaced.Deleted)}
	out.NarrowedSubscriptionCount, err = narrowedTo(ctx, tx, x, replaced.Deleted)
	return out, err
}

// endpointsOf returns the endpoints that operations are. Of some methods there are none.
func endpointsOf(all []domain.ProductOperation) ([]EndpointSpec, error) {
	out := make([]EndpointSpec, len(all))
	var errs []error
	for i, o := range all {
		m := access.Method(o.Method)
		if m == access.MethodAny || !slices.Contains(m.Values(), o.Method) {
			errs = append(errs, fault.Input(fault.InvalidValue, "document", o.Method+" "+o.Path+": no endpoint can have this method."))
		}
		out[i] = EndpointSpec{Method: m, Path: o.Path, Description: o.Summary, At: strconv.Itoa(i)}
	}
	return out, fault.Collect(errs...)
}

// documentProblems makes the problems of endpoints those of the document, with the name of
// the operation.
func documentProblems(err error, all []domain.ProductOperation) error {
	problems := fault.Problems(err)
	if problems == nil {
		return err
	}
	out := &fault.Invalid{}
	for _, p := range problems {
		if len(p.Field) == 1 && p.Field[0] == "endpoints" { // one that may not go
			p.Field = []string{"applyEndpoints"}
		}
		if len(p.Field) == 2 { //nolint:mnd // the number of an operation, and a field of it
			if i, bad := strconv.Atoi(p.Field[0]); bad == nil && i < len(all) {
				p.Field, p.Message = []string{"document"}, all[i].Method+" "+all[i].Path+": "+p.Message
			}
		}
		out.Problems = append(out.Problems, p)
	}
	return out
}

// narrowedTo counts the live subscriptions that are narrowed to some of the endpoints.
func narrowedTo(ctx context.Context, tx *change.Tx, x *db.Product, gone []*db.Endpoint) (int, error) {
	if len(gone) == 0 {
		return 0, nil
	}
	rows, err := tx.Subscription.Query().Where(subscription.ProductID(x.ID), subscription.DeletedAtIsNil(), subscription.EndpointIdsNotNil(),
		subscription.StatusIn(access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended)).
		Select(subscription.FieldID, subscription.FieldEndpointIds).All(ctx)
	n := 0
	for _, s := range rows {
		if slices.ContainsFunc(s.EndpointIds, func(id uuid.UUID) bool {
			return slices.ContainsFunc(gone, func(e *db.Endpoint) bool { return e.ID == id })
		}) {
			n++
		}
	}
	return n, err
}
