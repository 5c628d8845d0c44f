package seed

import (
	"context"
	"fmt"

	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
)

// offer is a product with its endpoints and plans.
type offer struct {
	*db.Product
	endpoints []*db.Endpoint
	plans     []*db.Plan
}

// plan returns the plan of this name, or nil.
func (o *offer) plan(name string) *db.Plan {
	for _, one := range o.plans {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// endpointIDs returns the opaque ids of endpoints by their names, such as "GET
// /orders/{id}"; nil for none.
func (o *offer) endpointIDs(names []string) (ids []string, err error) {
	for _, name := range names {
		before := len(ids)
		for _, e := range o.endpoints {
			if string(e.Method)+" "+e.Path == name {
				ids = append(ids, e.GlobalID())
			}
		}
		if len(ids) == before {
			return nil, fmt.Errorf("seed: there is no endpoint %q of the product %q", name, o.Name)
		}
	}
	return ids, nil
}

// offer returns a product that was created before.
func (a *author) offer(name string) (*offer, error) {
	o, ok := a.offers[name]
	if !ok {
		return nil, fmt.Errorf("seed: there is no product %q", name)
	}
	return o, nil
}

// product creates a product with its endpoints and plans, and publishes it.
func (a *author) product(admin context.Context, x product) error {
	row, err := a.Catalog.CreateProduct(admin, catalog.CreateProductInput{
		Name: x.name, Title: &x.title, Description: &x.description, APIVersion: &x.version, Approval: given(x.approval),
		DocumentationURL: new(a.org.Website + "/docs/" + x.name), Keyless: &x.keyless, EnforceEndpoints: &x.enforced,
	})
	if err != nil {
		return err
	}
	o := &offer{Product: row}
	for _, one := range x.endpoints {
		e, err := a.Catalog.CreateEndpoint(admin, catalog.CreateEndpointInput{
			ProductID: row.GlobalID(), Method: one.method, Path: one.path, Description: &one.description})
		if err != nil {
			return err
		}
		o.endpoints = append(o.endpoints, e)
	}
	for _, one := range x.plans {
		p, err := a.Catalog.CreatePlan(admin, catalog.CreatePlanInput{ProductID: row.GlobalID(), Name: one.name, Kind: &one.kind,
			RateLimit: one.rate, Quota: one.quota, QuotaPer: given(one.quotaPer), Price: one.price, Approval: given(one.approval)})
		if err != nil {
			return err
		}
		o.plans = append(o.plans, p)
	}
	a.offers[x.name] = o
	if x.draft {
		return nil
	}
	return a.setStatus(admin, o, domain.Published)
}

// finish brings the products into their last status.
func (a *author) finish(admin context.Context, all []product) error {
	for _, x := range all {
		if x.finally == "" {
			continue
		}
		a.step()
		if err := a.setStatus(admin, a.offers[x.name], x.finally); err != nil {
			return err
		}
	}
	return nil
}

func (a *author) setStatus(admin context.Context, o *offer, to domain.ProductStatus) error {
	_, err := a.Catalog.UpdateProduct(admin, catalog.UpdateProductInput{ProductID: o.GlobalID(), Status: input.SetTo(to)})
	return err
}
