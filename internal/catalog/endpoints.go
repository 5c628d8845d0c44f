package catalog

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/pathmatch"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// MaxEndpoints is the maximum number of endpoints of a product.
const MaxEndpoints = 500

// CreateEndpointInput is the input of CreateEndpoint.
type CreateEndpointInput struct {
	ProductID   string
	Method      access.Method
	Path        string
	Description *string
}

// CreateEndpoint creates an endpoint of a product. A method and path that the
// product already has is TAKEN, also if only the names in braces differ; an
// endpoint beyond maxEndpoints is TOO_MANY.
func (svc *Service) CreateEndpoint(ctx context.Context, in CreateEndpointInput) (*db.Endpoint, error) {
	path, err := parseTemplate("path", in.Path)
	if err := fault.Collect(err, input.CheckText("description", input.OrZero(in.Description), input.MaxDescription, true)); err != nil {
		return nil, err
	}
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Endpoint, error) {
		// Locked, so that two concurrent requests cannot both create the last one.
		x, err := lockProduct(ctx, tx, id, policy.CreateEndpoint)
		if err != nil {
			return nil, err
		}
		if err := checkEndpointCount(ctx, tx, x.ID); err != nil {
			return nil, err
		}
		if err := checkEndpointFree(ctx, tx, x.ID, uuid.Nil, in.Method, path); err != nil {
			return nil, err
		}
		out, err := tx.Endpoint.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).
			SetMethod(in.Method).SetPath(path).SetDescription(input.OrZero(in.Description)).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Record(endpointEvent(eventlog.EndpointCreated, out, change.Attributes("method", out.Method, "path", out.Path, "description", out.Description)))
		return out, nil
	})
}

// parseTemplate parses a path template and returns its canonical form.
func parseTemplate(field, s string) (string, error) {
	if err := input.CheckSeen(field, s); err != nil {
		return "", err
	}
	t, err := pathmatch.Parse(s)
	if err != nil {
		return "", fault.Input(fault.InvalidValue, field, "This is not a path template: "+err.Error()+".")
	}
	return t.String(), nil
}

func checkEndpointCount(ctx context.Context, tx *change.Tx, productID uuid.UUID) error {
	n, err := tx.Endpoint.Query().Where(endpoint.ProductID(productID)).Count(ctx)
	if err != nil || n < MaxEndpoints {
		return err
	}
	most := strconv.Itoa(MaxEndpoints)
	return fault.Input(fault.TooMany, "productId", "A product has at most "+most+" endpoints.", fault.Param{Name: "max", Value: most})
}

// checkEndpointFree returns TAKEN if an endpoint of the product other than self
// has the method and matches the same paths: no call could be for just one of the two.
// The caller has locked the product.
func checkEndpointFree(ctx context.Context, tx *change.Tx, productID, self uuid.UUID, m access.Method, path string) error {
	others, err := tx.Endpoint.Query().Where(endpoint.ProductID(productID), endpoint.MethodEQ(m), endpoint.IDNEQ(self)).
		Select(endpoint.FieldID, endpoint.FieldPath).All(ctx)
	if err != nil {
		return err
	}
	for _, other := range others {
		if shapeOf(other.Path) == shapeOf(path) {
			return fault.Input(fault.Taken, "path", "The product has the endpoint "+string(m)+" "+other.Path+" already.")
		}
	}
	return nil
}

// shapeOf returns the shape of a stored template.
func shapeOf(path string) string {
	t, err := pathmatch.Parse(path)
	if err != nil {
		return path
	}
	return t.Shape()
}

// UpdateEndpointInput is the input of UpdateEndpoint.
type UpdateEndpointInput struct {
	EndpointID  string
	Version     *int
	Method      input.Patch[access.Method]
	Path        input.Patch[string]
	Description input.Patch[string]
}

// UpdateEndpoint changes an endpoint, also for existing subscriptions. A method
// and path that the product already has is TAKEN, as in CreateEndpoint.
func (svc *Service) UpdateEndpoint(ctx context.Context, in UpdateEndpointInput) (*db.Endpoint, error) {
	errs := []error{in.Method.Required("method"), in.Path.Required("path"), input.CheckText("description", in.Description.Or(""), input.MaxDescription, true)}
	if in.Path.Value != nil {
		path, err := parseTemplate("path", *in.Path.Value)
		in.Path.Value = &path
		errs = append(errs, err)
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Endpoint, error) {
		x, err := lockEndpointAndProduct(ctx, tx, in.EndpointID, policy.UpdateEndpoint)
		if err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		if m, path := in.Method.Or(x.Method), in.Path.Or(x.Path); m != x.Method || path != x.Path {
			if err := checkEndpointFree(ctx, tx, x.ProductID, x.ID, m, path); err != nil {
				return nil, err
			}
		}
		u := tx.Endpoint.UpdateOne(x)
		var d change.Diff
		change.SetText(&d, "method", x.Method, in.Method, func(m access.Method) { u.SetMethod(m) })
		change.SetText(&d, "path", x.Path, in.Path, func(s string) { u.SetPath(s) })
		change.SetText(&d, "description", x.Description, in.Description, func(s string) { u.SetDescription(s) })
		if d.Changes == nil {
			return x, nil
		}
		tx.Record(endpointEvent(eventlog.EndpointUpdated, x, d.Changes))
		return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}

// DeleteEndpoint removes an endpoint from its product. Subscriptions narrowed
// to it lose it, and stay narrowed to the rest, even if that is empty. One that a
// plan limits is NOT_ALLOWED. It returns the endpoint's opaque id.
func (svc *Service) DeleteEndpoint(ctx context.Context, id string) (string, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		x, err := lockEndpoint(ctx, tx, id, policy.DeleteEndpoint)
		if err != nil {
			return "", err
		}
		if err := checkNotLimited(ctx, tx, x.ProductID, "endpointId", x); err != nil {
			return "", err
		}
		tx.Record(endpointEvent(eventlog.EndpointDeleted, x, nil))
		return x.GlobalID(), tx.Endpoint.DeleteOne(x).Exec(ctx)
	})
}

// lockEndpoint reads and locks an endpoint if the viewer may do what request
// asks.
func lockEndpoint(ctx context.Context, tx *change.Tx, id string, request func(organizationID uuid.UUID) policy.Request) (*db.Endpoint, error) {
	row, err := input.DecodeID(nodeid.Endpoint, id)
	if err != nil {
		return nil, err
	}
	x, err := change.LockRowForUpdate(ctx, tx, tx.Endpoint, row)
	if err != nil {
		return nil, err
	}
	return x, tx.Authorize(request(x.OrganizationID))
}

// lockEndpointAndProduct locks an endpoint's product before the endpoint itself,
// so that no other endpoint of the product changes meanwhile.
func lockEndpointAndProduct(ctx context.Context, tx *change.Tx, id string, request func(organizationID uuid.UUID) policy.Request) (*db.Endpoint, error) {
	row, err := input.DecodeID(nodeid.Endpoint, id)
	if err != nil {
		return nil, err
	}
	x, err := tx.Endpoint.Query().Where(endpoint.ID(row)).Only(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := change.LockRowForUpdate(ctx, tx, tx.Product, x.ProductID); err != nil {
		return nil, err
	}
	return lockEndpoint(ctx, tx, id, request)
}

func endpointEvent(t eventlog.Type, x *db.Endpoint, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Endpoint, SubjectID: x.ID, SubjectName: string(x.Method) + " " + x.Path, Changes: changes}
}
