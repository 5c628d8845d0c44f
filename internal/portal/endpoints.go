package portal

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/ent/db/product"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/pathmatch"
	"portico/internal/policy"
)

// maxEndpoints is the maximum number of endpoints of a product.
const maxEndpoints = 500

// CreateEndpointInput is the input of CreateEndpoint.
type CreateEndpointInput struct {
	ProductID   string
	Method      domain.Method
	Path        string
	Description *string
}

// CreateEndpoint creates an endpoint of a product. A method and path that the
// product already has is TAKEN, also if only the names in braces differ; an
// endpoint beyond maxEndpoints is TOO_MANY.
func (p *Portal) CreateEndpoint(ctx context.Context, in CreateEndpointInput) (out *db.Endpoint, err error) {
	path, err := parseTemplate("path", in.Path)
	if err := fault.Collect(err, checkText("description", deref(in.Description), maxDescription, true)); err != nil {
		return nil, err
	}
	id, err := decode(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		// Locked, so that two concurrent requests cannot both create the last one.
		x, err := c.lockProduct(ctx, id, policy.EndpointCreate)
		if err != nil {
			return err
		}
		if err := c.checkEndpointCount(ctx, x.ID); err != nil {
			return err
		}
		if err := c.checkEndpointFree(ctx, x.ID, uuid.Nil, in.Method, path); err != nil {
			return err
		}
		out, err = c.Endpoint.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).
			SetMethod(in.Method).SetPath(path).SetDescription(deref(in.Description)).
			SetCreatedAt(c.now).SetUpdatedAt(c.now).Save(ctx)
		if err != nil {
			return err
		}
		c.record(endpointEvent(eventlog.EndpointCreated, out, created("method", out.Method, "path", out.Path, "description", out.Description)))
		return nil
	})
	return out, err
}

// parseTemplate parses a path template and returns its canonical form.
func parseTemplate(field, s string) (string, error) {
	if err := checkSeen(field, s); err != nil {
		return "", err
	}
	t, err := pathmatch.Parse(s)
	if err != nil {
		return "", fault.Input(fault.InvalidValue, field, "This is no path template: "+err.Error()+".")
	}
	return t.String(), nil
}

func (c *change) checkEndpointCount(ctx context.Context, productID uuid.UUID) error {
	n, err := c.Endpoint.Query().Where(endpoint.ProductID(productID)).Count(ctx)
	if err != nil || n < maxEndpoints {
		return err
	}
	most := strconv.Itoa(maxEndpoints)
	return fault.Input(fault.TooMany, "productId", "A product has at most "+most+" endpoints.", fault.Param{Name: "max", Value: most})
}

// checkEndpointFree returns TAKEN if an endpoint of the product other than self
// has the method and matches the same paths: no call could tell the two apart.
// The caller has locked the product.
func (c *change) checkEndpointFree(ctx context.Context, productID, self uuid.UUID, m domain.Method, path string) error {
	others, err := c.Endpoint.Query().Where(endpoint.ProductID(productID), endpoint.MethodEQ(m), endpoint.IDNEQ(self)).
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
	Method      Patch[domain.Method]
	Path        Patch[string]
	Description Patch[string]
}

// UpdateEndpoint changes an endpoint, also for existing subscriptions. A method
// and path that the product already has is TAKEN, as in CreateEndpoint.
func (p *Portal) UpdateEndpoint(ctx context.Context, in UpdateEndpointInput) (out *db.Endpoint, err error) {
	errs := []error{in.Method.required("method"), in.Path.required("path"), checkText("description", in.Description.or(""), maxDescription, true)}
	if in.Path.Value != nil {
		path, err := parseTemplate("path", *in.Path.Value)
		in.Path.Value = &path
		errs = append(errs, err)
	}
	if err := fault.Collect(errs...); err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		x, err := c.lockEndpointAndProduct(ctx, in.EndpointID, policy.EndpointUpdate)
		if err != nil {
			return err
		}
		if err := checkVersion(in.Version, x.Version); err != nil {
			return err
		}
		if m, path := in.Method.or(x.Method), in.Path.or(x.Path); m != x.Method || path != x.Path {
			if err := c.checkEndpointFree(ctx, x.ProductID, x.ID, m, path); err != nil {
				return err
			}
		}
		u := c.Endpoint.UpdateOne(x)
		var d diff
		setText(&d, "method", x.Method, in.Method, func(m domain.Method) { u.SetMethod(m) })
		setText(&d, "path", x.Path, in.Path, func(s string) { u.SetPath(s) })
		setText(&d, "description", x.Description, in.Description, func(s string) { u.SetDescription(s) })
		if d.changes == nil {
			out = x
			return nil
		}
		c.record(endpointEvent(eventlog.EndpointUpdated, x, d.changes))
		out, err = u.AddVersion(1).SetUpdatedAt(c.now).Save(ctx)
		return err
	})
	return out, err
}

// DeleteEndpoint removes an endpoint from its product. Subscriptions narrowed
// to it lose it, and stay narrowed to the rest, even if that is empty. It
// returns the endpoint's opaque id.
func (p *Portal) DeleteEndpoint(ctx context.Context, id string) (deleted string, err error) {
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		x, err := c.lockEndpoint(ctx, id, policy.EndpointDelete)
		if err != nil {
			return err
		}
		deleted = x.GlobalID()
		c.record(endpointEvent(eventlog.EndpointDeleted, x, nil))
		return c.Endpoint.DeleteOne(x).Exec(ctx)
	})
	if err != nil {
		return "", err
	}
	return deleted, nil
}

// lockEndpoint reads and locks an endpoint if the viewer may do a to it.
func (c *change) lockEndpoint(ctx context.Context, id string, a policy.Action) (*db.Endpoint, error) {
	row, err := decode(nodeid.Endpoint, id)
	if err != nil {
		return nil, err
	}
	x, err := lockForUpdate(c, c.Endpoint.Query().Where(endpoint.ID(row))).Only(ctx)
	if err != nil {
		return nil, err
	}
	return x, c.authorize(a, policy.Object{OrganizationID: x.OrganizationID})
}

// lockEndpointAndProduct locks an endpoint's product before the endpoint itself,
// so that no other endpoint of the product changes meanwhile.
func (c *change) lockEndpointAndProduct(ctx context.Context, id string, a policy.Action) (*db.Endpoint, error) {
	row, err := decode(nodeid.Endpoint, id)
	if err != nil {
		return nil, err
	}
	x, err := c.Endpoint.Query().Where(endpoint.ID(row)).Only(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := lockForUpdate(c, c.Product.Query().Where(product.ID(x.ProductID))).Only(ctx); err != nil {
		return nil, err
	}
	return c.lockEndpoint(ctx, id, a)
}

func endpointEvent(t eventlog.Type, x *db.Endpoint, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Endpoint, SubjectID: x.ID, SubjectName: string(x.Method) + " " + x.Path, Changes: changes}
}
