package catalogfile

import (
	"context"

	"portico/ent/db"
	"portico/internal/catalog"
)

// endpoints makes the endpoints of a product those of the file, if it lists any: those that
// match the same calls are the same.
func (a *application) endpoints(ctx context.Context, x *db.Product, p Product) error {
	if p.Endpoints == nil {
		return nil
	}
	if err := a.releaseOthers(ctx, x, p); err != nil {
		return err
	}
	specs := make([]catalog.EndpointSpec, len(p.Endpoints))
	for i, e := range p.Endpoints {
		specs[i] = catalog.EndpointSpec{Method: e.Method, Path: e.Path, Description: e.Description, At: at("endpoints", i, e.name())}
	}
	if _, err := a.Catalog.ReplaceEndpoints(ctx, x.GlobalID(), specs); err != nil {
		return err
	}
	a.didEach("endpoint " + p.Name + " ")
	return nil
}

func (e Endpoint) name() string { return string(e.Method) + " " + e.Path }

// shape returns what is the same for endpoints that match the same calls.
func (e Endpoint) shape() string {
	return catalog.EndpointSpec{Method: e.Method, Path: e.Path}.Shape()
}
