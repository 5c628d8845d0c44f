package seed

import (
	"cmp"
	"context"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
)

// catalogue creates the products, their endpoints and their plans.
func (p *player) catalogue(ctx context.Context, all []product) error {
	p.products = map[string]offer{}
	for _, x := range all {
		p.pass()
		made, err := p.product(ctx, x)
		if err != nil {
			return err
		}
		o := offer{made, map[string]*db.Plan{}, map[string]*db.Endpoint{}, nil}
		for _, one := range x.endpoints {
			if o.endpoints[one.String()], err = p.endpoint(ctx, made, one); err != nil {
				return err
			}
			o.inOrder = append(o.inOrder, o.endpoints[one.String()].ID)
		}
		for _, one := range x.plans {
			if o.plans[one.name], err = p.plan(ctx, made, one); err != nil {
				return err
			}
		}
		p.products[x.name] = o
	}
	return nil
}

func (p *player) product(ctx context.Context, x product) (*db.Product, error) {
	auth := x.auth
	if auth == nil {
		auth = domain.AuthTypes()
	}
	made, err := p.Product.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetName(x.name).
		SetTitle(x.title).SetTitleFolded(domain.Fold(x.title)).SetDescription(x.description).SetAPIVersion(x.version).
		SetDocumentationURL(p.org.Website + "/docs/" + x.name).
		SetApproval(cmp.Or(x.approval, domain.Manual)).
		SetStatus(cmp.Or(x.born, domain.Published)).SetAuthTypes(auth).
		SetKeyless(x.keyless).SetEnforceEndpoints(x.enforced).
		SetCreatedAt(p.now).SetUpdatedAt(p.now).Save(ctx)
	if err != nil {
		return nil, err
	}
	p.tell(p.admin, productEvent(eventlog.ProductCreated, made, change.Attributes("name", made.Name, "title", made.Title, "status", made.Status)))
	return made, nil
}

func (p *player) endpoint(ctx context.Context, x *db.Product, one endpoint) (*db.Endpoint, error) {
	made, err := p.Endpoint.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetProductID(x.ID).
		SetMethod(one.method).SetPath(one.path).SetDescription(one.description).SetCreatedAt(p.now).SetUpdatedAt(p.now).Save(ctx)
	if err != nil {
		return nil, err
	}
	p.sum.Endpoints++
	p.tell(p.admin, eventlog.Entry{Type: eventlog.EndpointCreated, Subject: nodeid.Endpoint, SubjectID: made.ID, SubjectName: one.String(),
		Changes: change.Attributes("method", made.Method, "path", made.Path, "description", made.Description)})
	return made, nil
}

func (p *player) plan(ctx context.Context, x *db.Product, one plan) (*db.Plan, error) {
	create := p.Plan.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetProductID(x.ID).SetName(one.name).SetKind(one.kind).
		SetCreatedAt(p.now).SetUpdatedAt(p.now)
	if one.rate != nil {
		create.SetRateLimit(one.rate)
	}
	if one.quota != nil {
		create.SetQuota(one.quota)
	}
	if one.quotaPer != "" {
		create.SetQuotaPer(one.quotaPer)
	}
	if one.price != nil {
		price := *one.price
		price.Currency = p.org.Currency
		create.SetPrice(&price)
	}
	if one.approval != "" {
		create.SetApproval(one.approval)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	p.sum.Plans++
	p.tell(p.admin, eventlog.Entry{Type: eventlog.PlanCreated, Subject: nodeid.Plan, SubjectID: made.ID, SubjectName: made.Name,
		Changes: change.Attributes("name", made.Name, "kind", made.Kind, "rateLimit", made.RateLimit, "quota", made.Quota, "quotaPer", made.QuotaPer, "price", made.Price)})
	return made, nil
}

// outcome brings the products into their last states.
func (p *player) outcome(ctx context.Context, all []product) error {
	for _, x := range all {
		if x.ends == "" {
			continue
		}
		p.pass()
		made := p.products[x.name].Product
		p.tell(p.admin, productEvent(eventlog.ProductUpdated, made, became("status", made.Status, x.ends)))
		if err := p.Product.UpdateOne(made).SetStatus(x.ends).SetUpdatedAt(p.now).AddVersion(1).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func productEvent(t eventlog.Type, x *db.Product, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Product, SubjectID: x.ID, SubjectName: x.Title, Changes: changes}
}
