package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/viewer"
)

// offer is a product with its plans and endpoints, by their names, and the ids of
// the endpoints in the order of their creation.
type offer struct {
	*db.Product
	plans       map[string]*db.Plan
	endpoints   map[string]*db.Endpoint
	endpointIDs []uuid.UUID
}

// find returns the object with a name; what says what it is.
func find[T any](in map[string]T, what, name string) (out T, err error) {
	out, ok := in[name]
	if !ok {
		return out, fmt.Errorf("seed: there is no %s %q", what, name)
	}
	return out, nil
}

// findIDs returns the opaque ids of the objects with these names; nil for none.
func findIDs[T interface{ GlobalID() string }](in map[string]T, what string, names []string) (ids []string, err error) {
	for _, name := range names {
		one, err := find(in, what, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, one.GlobalID())
	}
	return ids, nil
}

// product creates a product with its endpoints and plans, and publishes it.
func (a *author) product(admin context.Context, x product) (err error) {
	x.DocumentationURL = new(a.org.Website + "/docs/" + x.Name)
	o := &offer{plans: map[string]*db.Plan{}, endpoints: map[string]*db.Endpoint{}}
	if o.Product, err = a.Catalog.CreateProduct(admin, x.CreateProductInput); err != nil {
		return err
	}
	for _, in := range x.Endpoints {
		in.ProductID = o.GlobalID()
		e, err := a.Catalog.CreateEndpoint(admin, in)
		if err != nil {
			return err
		}
		o.endpoints[string(e.Method)+" "+e.Path] = e
		o.endpointIDs = append(o.endpointIDs, e.ID)
	}
	for _, in := range x.Guides {
		in.ProductID = o.GlobalID()
		if _, err := a.Catalog.CreateGuide(admin, in); err != nil {
			return err
		}
	}
	if err := a.document(admin, o, x.Document); err != nil {
		return err
	}
	for _, in := range x.Plans {
		in.ProductID = o.GlobalID()
		if in.EndpointLimits, err = o.limits(in.EndpointLimits); err != nil {
			return err
		}
		if o.plans[in.Name], err = a.Catalog.CreatePlan(admin, in); err != nil {
			return err
		}
	}
	a.offers[x.Name] = o
	if x.Finally == domain.Draft {
		return nil
	}
	return a.setStatus(admin, o, domain.Published)
}

// document gives a product its OpenAPI document, if it has one.
func (a *author) document(admin context.Context, o *offer, text string) error {
	if text == "" {
		return nil
	}
	_, err := a.Catalog.UploadProductDocument(admin, catalog.UploadProductDocumentInput{ProductID: o.GlobalID(), Document: text})
	return err
}

// accepted returns the version of its terms that somebody accepts who asks for a product; nil for
// none, and for staff.
func (o *offer) accepted(by context.Context) *string {
	if viewer.Current(by).ActsForOrganization() {
		return nil
	}
	return o.TermsVersion
}

// limits returns limits of endpoints that are named like "GET /orders/{id}".
func (o *offer) limits(all []catalog.EndpointLimitInput) (out []catalog.EndpointLimitInput, err error) {
	for _, l := range all {
		e, err := find(o.endpoints, "endpoint", l.EndpointID)
		if err != nil {
			return nil, err
		}
		l.EndpointID = e.GlobalID()
		out = append(out, l)
	}
	return out, nil
}

// grants lets accounts see private products.
func (a *author) grants(admin context.Context, all []product) error {
	for _, x := range all {
		for _, name := range x.GrantedTo {
			to, err := find(a.accounts, "account", name)
			if err != nil {
				return err
			}
			a.step()
			if _, err := a.Catalog.GrantProduct(admin, catalog.GrantInput{ProductID: a.offers[x.Name].GlobalID(), AccountID: to.GlobalID()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish brings the products into their last status.
func (a *author) finish(admin context.Context, all []product) error {
	for _, x := range all {
		if err := a.revise(admin, x); err != nil {
			return err
		}
		if x.Finally == "" || x.Finally == domain.Draft {
			continue
		}
		a.step()
		if err := a.setStatus(admin, a.offers[x.Name], x.Finally); err != nil {
			return err
		}
		if x.RetiresInDays == 0 {
			continue
		}
		at := a.Options.Clock.Now().Truncate(24*time.Hour).AddDate(0, 0, x.RetiresInDays)
		if _, err := a.Catalog.RetireProduct(admin, catalog.RetireProductInput{ProductID: a.offers[x.Name].GlobalID(), At: &at}); err != nil {
			return err
		}
	}
	return nil
}

func (a *author) setStatus(admin context.Context, o *offer, to domain.ProductStatus) error {
	_, err := a.Catalog.UpdateProduct(admin, catalog.UpdateProductInput{ProductID: o.GlobalID(), Status: input.SetTo(to)})
	return err
}

// revise gives plans of a product other terms, by which no subscription goes that there is.
func (a *author) revise(admin context.Context, x product) error {
	for _, r := range x.Revised {
		p, err := find(a.offers[x.Name].plans, "plan", r.Plan)
		if err != nil {
			return err
		}
		a.step()
		if _, err := a.Catalog.UpdatePlan(admin, catalog.UpdatePlanInput{PlanID: p.GlobalID(),
			Quota: input.Patch[access.Quota]{Set: true, Value: r.Quota}, Price: input.Patch[domain.Price]{Set: true, Value: r.Price}}); err != nil {
			return err
		}
	}
	return nil
}
