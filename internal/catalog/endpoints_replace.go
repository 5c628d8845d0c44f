package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/pathmatch"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// EndpointSpec is an endpoint that a product is to have.
type EndpointSpec struct {
	Method      access.Method
	Path        string
	Description string
	// At is where it stands in the input, for its problems.
	At string
}

// Shape returns what is the same for endpoints that match the same calls.
func (e EndpointSpec) Shape() string {
	t, err := pathmatch.Parse(e.Path)
	if err != nil {
		return string(e.Method) + " " + e.Path // which is refused
	}
	return string(e.Method) + " " + t.Shape()
}

// ReplacedEndpoints are the endpoints that ReplaceEndpoints has changed.
type ReplacedEndpoints struct {
	Created, Updated, Deleted []*db.Endpoint
}

// ReplaceEndpoints makes the endpoints of a product those that are given: those that match
// the same calls are the same, with the new names in braces and description. All or nothing
// is changed. Subscriptions that are narrowed to one that goes lose it, as by DeleteEndpoint,
// and one that a plan limits is NOT_ALLOWED to go.
func (svc *Service) ReplaceEndpoints(ctx context.Context, productID string, all []EndpointSpec) (*ReplacedEndpoints, error) {
	id, err := input.DecodeID(nodeid.Product, productID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*ReplacedEndpoints, error) {
		x, err := change.LockRowForUpdate(ctx, tx, tx.Product, id)
		if err != nil {
			return nil, err
		}
		return replaceEndpoints(ctx, tx, x, all)
	})
}

// replaceEndpoints is ReplaceEndpoints for a product that the caller has locked.
func replaceEndpoints(ctx context.Context, tx *change.Tx, x *db.Product, all []EndpointSpec) (*ReplacedEndpoints, error) {
	all, err := checkEndpoints(all)
	if err != nil {
		return nil, err
	}
	present, err := change.LockForUpdate(tx, tx.Endpoint.Query().Where(endpoint.ProductID(x.ID))).All(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]EndpointSpec{}
	for _, e := range all {
		wanted[e.Shape()] = e
	}
	out, kept := &ReplacedEndpoints{}, map[string]bool{}
	for _, one := range present {
		shape := EndpointSpec{Method: one.Method, Path: one.Path}.Shape()
		want, ok := wanted[shape]
		// A second one of a shape was stored before such were refused.
		if !ok || kept[shape] {
			out.Deleted = append(out.Deleted, one)
			continue
		}
		kept[shape] = true
		if one, err = alignEndpoint(ctx, tx, one, want); err != nil {
			return nil, err
		}
		if one != nil {
			out.Updated = append(out.Updated, one)
		}
	}
	if err := deleteEndpoints(ctx, tx, x, out.Deleted); err != nil {
		return nil, err
	}
	out.Created, err = createEndpoints(ctx, tx, x, all, kept)
	return out, err
}

// checkEndpoints returns the specifications with canonical paths, and all their problems.
func checkEndpoints(all []EndpointSpec) ([]EndpointSpec, error) {
	if err := input.AtMost("endpoints", len(all), MaxEndpoints); err != nil {
		return nil, err
	}
	out := make([]EndpointSpec, 0, len(all))
	var errs []error
	seen := map[string]bool{}
	for _, e := range all {
		path, err := parseTemplate("path", e.Path)
		err = fault.Collect(err, input.CheckText("description", e.Description, input.MaxDescription, true))
		if err == nil {
			if e.Path = path; seen[e.Shape()] {
				err = fault.Input(fault.Taken, "path", "An endpoint before "+string(e.Method)+" "+path+" matches the same calls.")
			}
			seen[e.Shape()] = true
		}
		out, errs = append(out, e), append(errs, fault.Within(e.At, err))
	}
	return out, fault.Collect(errs...)
}

// alignEndpoint gives an endpoint the names and the description that are wanted, and returns
// it; nil if it has them.
func alignEndpoint(ctx context.Context, tx *change.Tx, x *db.Endpoint, want EndpointSpec) (*db.Endpoint, error) {
	u := tx.Endpoint.UpdateOne(x)
	var d change.Diff
	change.SetText(&d, "path", x.Path, input.SetTo(want.Path), func(s string) { u.SetPath(s) })
	change.SetText(&d, "description", x.Description, input.SetTo(want.Description), func(s string) { u.SetDescription(s) })
	if d.Changes == nil {
		return nil, nil
	}
	if err := tx.Authorize(policy.UpdateEndpoint(x.OrganizationID)); err != nil {
		return nil, err
	}
	tx.Record(endpointEvent(eventlog.EndpointUpdated, x, d.Changes))
	return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

func deleteEndpoints(ctx context.Context, tx *change.Tx, x *db.Product, gone []*db.Endpoint) error {
	if len(gone) == 0 {
		return nil
	}
	if err := tx.Authorize(policy.DeleteEndpoint(x.OrganizationID)); err != nil {
		return err
	}
	if err := checkNotLimited(ctx, tx, x.ID, "endpoints", gone...); err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(gone))
	for i, e := range gone {
		ids[i] = e.ID
		tx.Record(endpointEvent(eventlog.EndpointDeleted, e, nil))
	}
	_, err := tx.Endpoint.Delete().Where(endpoint.IDIn(ids...)).Exec(ctx)
	return err
}

// createEndpoints creates those whose shape is not kept.
func createEndpoints(ctx context.Context, tx *change.Tx, x *db.Product, all []EndpointSpec, kept map[string]bool) ([]*db.Endpoint, error) {
	var out []*db.Endpoint
	for _, e := range all {
		if kept[e.Shape()] {
			continue
		}
		if len(out) == 0 {
			s := StatusAt(x, tx.Now)
			if err := tx.AuthorizeInState(policy.CreateEndpoint(x.OrganizationID, s), "productId", string(s)); err != nil {
				return nil, err
			}
		}
		one, err := tx.Endpoint.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).SetMethod(e.Method).SetPath(e.Path).
			SetDescription(e.Description).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Record(endpointEvent(eventlog.EndpointCreated, one, change.Attributes("method", one.Method, "path", one.Path, "description", one.Description)))
		out = append(out, one)
	}
	return out, nil
}
