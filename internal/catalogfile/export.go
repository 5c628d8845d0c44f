package catalogfile

import (
	"context"
	"io"

	"github.com/goccy/go-yaml"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/viewer"
)

// Export returns the catalogue of an organization, by its slug, as a file: applied, it changes
// nothing.
func Export(ctx context.Context, o Options, slug string) (*File, error) {
	id, err := organizationID(ctx, o.Client, slug)
	if err != nil {
		return nil, err
	}
	ctx = viewer.AsSystem(ctx, id)
	org, err := o.Client.Organization.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &File{Version: FormatVersion, Organization: slug, Policies: policiesOf(org), Products: []Product{}}
	all, err := o.Client.Product.Query().Order(product.ByName()).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		p, err := exportProduct(ctx, o.Client, x)
		if err != nil {
			return nil, err
		}
		out.Products = append(out.Products, p)
	}
	return out, nil
}

// Write writes the file as YAML.
func (f *File) Write(to io.Writer) error {
	return yaml.NewEncoder(to, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true)).Encode(f)
}

func policiesOf(o *db.Organization) *Policies {
	days := 0
	if o.RequestsExpireAfterDays != nil {
		days = *o.RequestsExpireAfterDays
	}
	return &Policies{
		TimeZone: &o.TimeZone, Currency: &o.Currency, PortalUnregister: &o.PortalUnregister, ProductionKeys: &o.ProductionKeys, LeakedKeys: &o.LeakedKeys,
		MultiProductRequests: &o.MultiProductRequests, CollectKeysWithinDays: &o.CollectKeysWithinDays, RequestsExpireAfterDays: &days,
		CatalogueAccess: &o.CatalogueAccess, LongestKeyLife: &o.LongestKeyLife, RotateKeysEvery: &o.RotateKeysEvery,
	}
}

func exportProduct(ctx context.Context, c *db.Client, x *db.Product) (Product, error) {
	out := Product{
		Name: x.Name, Title: x.Title, Description: x.Description, APIVersion: x.APIVersion, ExternalID: x.ExternalID, Status: x.Status, Visibility: x.Visibility, Approval: x.Approval,
		DocumentationURL: x.DocumentationURL, HandOffURL: x.HandOffURL, Keyless: x.Keyless, EnforceEndpoints: x.EnforceEndpoints,
		Summary: x.Summary, LogoURL: x.LogoURL, Tags: x.Tags, Endpoints: []Endpoint{},
	}
	if terms := catalog.ProductTermsOf(x); terms != nil {
		out.Terms = &Terms{Version: terms.Version, URL: terms.URL}
	}
	for _, a := range x.AuthTypes {
		out.AuthTypes = append(out.AuthTypes, string(a))
	}
	if x.RequestForm != nil {
		for _, q := range x.RequestForm.Questions {
			out.RequestForm = append(out.RequestForm, Question{Name: q.Name, Label: q.Label, Kind: q.Kind, Required: q.Required, Options: q.Options, MaxLength: q.MaxLength})
		}
	}
	plans, err := c.Plan.Query().Where(plan.ProductID(x.ID)).Order(plan.ByCreatedAt(), plan.ByID()).All(ctx)
	if err != nil {
		return out, err
	}
	endpoints, err := c.Endpoint.Query().Where(endpoint.ProductID(x.ID)).Order(endpoint.ByPath(), endpoint.ByMethod(), endpoint.ByID()).All(ctx)
	for _, p := range plans {
		out.Plans = append(out.Plans, exportPlan(p, endpoints))
	}
	for _, e := range endpoints {
		out.Endpoints = append(out.Endpoints, Endpoint{Method: e.Method, Path: e.Path, Description: e.Description})
	}
	return out, err
}

func exportPlan(p *db.Plan, endpoints []*db.Endpoint) Plan {
	out := Plan{
		Name: p.Name, Kind: p.Kind, ExternalID: p.ExternalID, Approval: p.Approval, QuotaPer: string(p.QuotaPer), RateLimit: exportRateLimit(p.RateLimit), Quota: exportQuota(p.Quota),
		SpendingCap: input.OrZero(p.SpendingCap), EndpointLimits: exportLimits(p, endpoints),
	}
	if p.Overage != access.OverageRefuse {
		out.Overage = string(p.Overage)
	}
	if p.Price != nil {
		out.Price = exportPrice(p.Price)
	}
	return out
}

// exportPrice returns a price; one with tiers has no amount besides theirs.
func exportPrice(p *domain.Price) *Price {
	out := &Price{Amount: p.Amount, Currency: p.Currency, Unit: p.Unit, IncludedCalls: p.IncludedCalls}
	for _, t := range p.Tiers {
		out.Tiers = append(out.Tiers, PriceTier{UpTo: t.UpTo, Amount: t.Amount})
	}
	if len(out.Tiers) > 0 {
		out.Amount = ""
	}
	return out
}
