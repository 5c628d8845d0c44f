package catalogfile

import (
	"context"

	"portico/clients/go/gate/pathmatch"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/internal/catalog"
	"portico/internal/fault"
	"portico/internal/input"
)

// endpoints makes the endpoints of a product those of the file, if it lists any: those that
// match the same calls are the same.
func (a *application) endpoints(ctx context.Context, x *db.Product, p Product) error {
	if p.Endpoints == nil {
		return nil
	}
	present, err := a.tx.Endpoint.Query().Where(endpoint.ProductID(x.ID)).Order(endpoint.ByCreatedAt(), endpoint.ByID()).All(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, e := range p.Endpoints {
		wanted[e.shape()] = true
	}
	byShape := map[string]*db.Endpoint{}
	// Those that go leave first, so that there is room for others.
	for _, one := range present {
		shape := Endpoint{Method: one.Method, Path: one.Path}.shape()
		if wanted[shape] {
			byShape[shape] = one
			continue
		}
		if err := a.release(ctx, x, one); err != nil {
			return err
		}
		if _, err := a.Catalog.DeleteEndpoint(ctx, one.GlobalID()); err != nil {
			return err
		}
		a.did("endpoint " + p.Name + " " + string(one.Method) + " " + one.Path)
	}
	for i, e := range p.Endpoints {
		name := e.name()
		if err := fault.Within(at("endpoints", i, name), a.endpoint(ctx, x, byShape[e.shape()], e)); err != nil {
			return err
		}
		a.did("endpoint " + p.Name + " " + name)
	}
	return nil
}

func (a *application) endpoint(ctx context.Context, x *db.Product, present *db.Endpoint, e Endpoint) error {
	if present == nil {
		_, err := a.Catalog.CreateEndpoint(ctx, catalog.CreateEndpointInput{ProductID: x.GlobalID(), Method: e.Method, Path: e.Path, Description: &e.Description})
		return err
	}
	_, err := a.Catalog.UpdateEndpoint(ctx, catalog.UpdateEndpointInput{EndpointID: present.GlobalID(), Path: input.SetTo(e.Path), Description: input.SetTo(e.Description)})
	return err
}

func (e Endpoint) name() string { return string(e.Method) + " " + e.Path }

// shape returns what is the same for endpoints that match the same calls.
func (e Endpoint) shape() string {
	t, err := pathmatch.Parse(e.Path)
	if err != nil {
		return e.name() // which the service refuses
	}
	return string(e.Method) + " " + t.Shape()
}
