package catalogfile

import (
	"context"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
)

// What a file leaves out is what the services' own defaults are; they are written here once
// more, because to change is to say all of it.

// patch returns the patch of a policy that is set; nil leaves it alone.
func patch[T any](v *T) input.Patch[T] { return input.Patch[T]{Set: v != nil, Value: v} }

func (a *application) policies(ctx context.Context, p *Policies) error {
	if p == nil {
		return nil
	}
	in := identity.UpdateOrganizationInput{
		TimeZone: patch(p.TimeZone), Currency: patch(p.Currency), PortalUnregister: patch(p.PortalUnregister), ProductionKeys: patch(p.ProductionKeys),
		LeakedKeys: patch(p.LeakedKeys), MultiProductRequests: patch(p.MultiProductRequests), CollectKeysWithinDays: patch(p.CollectKeysWithinDays),
		CatalogueAccess: patch(p.CatalogueAccess), LongestKeyLife: patch(p.LongestKeyLife), RotateKeysEvery: patch(p.RotateKeysEvery),
	}
	if days := p.RequestsExpireAfterDays; days != nil {
		in.RequestsExpireAfterDays = input.Patch[int]{Set: true, Value: days}
		if *days == 0 {
			in.RequestsExpireAfterDays.Value = nil
		}
	}
	if _, err := a.Identity.UpdateOrganization(ctx, in); err != nil {
		return err
	}
	a.did("policies")
	return nil
}

func (p Product) title() string {
	if p.Title == "" {
		return p.Name
	}
	return p.Title
}

func (p Product) approval() domain.Approval {
	if p.Approval == "" {
		return domain.Manual
	}
	return p.Approval
}

func (p Product) visibility() domain.ProductVisibility {
	if p.Visibility == "" {
		return domain.Public
	}
	return p.Visibility
}

func (p Product) authTypes() []access.AuthType {
	if p.AuthTypes == nil {
		return access.AuthTypes()
	}
	out := make([]access.AuthType, len(p.AuthTypes))
	for i, a := range p.AuthTypes {
		out[i] = access.AuthType(a)
	}
	return out
}

func (p Product) form() []domain.Question {
	var out []domain.Question
	for _, q := range p.RequestForm {
		out = append(out, domain.Question{Name: q.Name, Label: q.Label, Kind: q.Kind, Required: q.Required, Options: q.Options, MaxLength: q.MaxLength})
	}
	return out
}

func (p Product) terms() *domain.Terms {
	if p.Terms == nil {
		return nil
	}
	return &domain.Terms{Version: p.Terms.Version, URL: p.Terms.URL}
}

func (p Product) toCreate() catalog.CreateProductInput {
	return catalog.CreateProductInput{
		Name: p.Name, Title: new(p.title()), Description: &p.Description, APIVersion: &p.APIVersion, ExternalID: &p.ExternalID,
		Visibility: new(p.visibility()), Approval: new(p.approval()), AuthTypes: p.authTypes(), DocumentationURL: &p.DocumentationURL, HandOffURL: &p.HandOffURL,
		Keyless: &p.Keyless, EnforceEndpoints: &p.EnforceEndpoints, RequestForm: p.form(), Tags: p.Tags,
		Summary: &p.Summary, LogoURL: &p.LogoURL, Terms: p.terms(),
	}
}

func (p Product) toUpdate(x *db.Product) catalog.UpdateProductInput {
	return catalog.UpdateProductInput{
		ProductID: x.GlobalID(),
		Title:     input.SetTo(p.title()), Description: input.SetTo(p.Description), APIVersion: input.SetTo(p.APIVersion), ExternalID: input.SetTo(p.ExternalID),
		Visibility: input.SetTo(p.visibility()), Approval: input.SetTo(p.approval()), AuthTypes: input.SetTo(p.authTypes()), DocumentationURL: input.SetTo(p.DocumentationURL), HandOffURL: input.SetTo(p.HandOffURL),
		Keyless: input.SetTo(p.Keyless), EnforceEndpoints: input.SetTo(p.EnforceEndpoints), RequestForm: input.SetTo(p.form()), Tags: input.SetTo(p.Tags),
		Summary: input.SetTo(p.Summary), LogoURL: input.SetTo(p.LogoURL), Terms: input.Patch[domain.Terms]{Set: true, Value: p.terms()},
	}
}

func (p Product) toStatus(x *db.Product) catalog.UpdateProductInput {
	return catalog.UpdateProductInput{ProductID: x.GlobalID(), Status: input.SetTo(p.Status)}
}

func (p Plan) kind() domain.PlanKind {
	if p.Kind == "" {
		return domain.PlanFree
	}
	return p.Kind
}

func (p Plan) quotaPer() access.QuotaPer {
	if p.QuotaPer == "" {
		return access.QuotaPerApp
	}
	return access.QuotaPer(p.QuotaPer)
}

func (p Plan) overage() access.Overage {
	if p.Overage == "" {
		return access.OverageRefuse
	}
	return access.Overage(p.Overage)
}

func (p Plan) spendingCap() *string {
	if p.SpendingCap == "" {
		return nil
	}
	return &p.SpendingCap
}

func (r *RateLimit) value() *access.RateLimit {
	if r == nil {
		return nil
	}
	return &access.RateLimit{Limit: r.Limit, Per: access.RatePeriod(r.Per), Burst: r.Burst}
}

func (q *Quota) value() *access.Quota {
	if q == nil {
		return nil
	}
	return &access.Quota{Limit: q.Limit, Per: access.QuotaPeriod(q.Per)}
}

func (p Plan) price() *domain.Price {
	if p.Price == nil {
		return nil
	}
	out := &domain.Price{Amount: p.Price.Amount, Currency: p.Price.Currency, Unit: p.Price.Unit, IncludedCalls: p.Price.IncludedCalls}
	for _, t := range p.Price.Tiers {
		out.Tiers = append(out.Tiers, domain.PriceTier{UpTo: t.UpTo, Amount: t.Amount})
	}
	if out.Amount == "" && len(out.Tiers) > 0 { // it is that of the first
		out.Amount = out.Tiers[0].Amount
	}
	return out
}

func (p Plan) toCreate(x *db.Product, limited []catalog.EndpointLimitInput) catalog.CreatePlanInput {
	return catalog.CreatePlanInput{
		ProductID: x.GlobalID(), Name: p.Name, Kind: new(p.kind()), ExternalID: &p.ExternalID, RateLimit: p.RateLimit.value(), Quota: p.Quota.value(),
		QuotaPer: new(p.quotaPer()), Price: p.price(), Approval: p.Approval,
		Overage: new(p.overage()), SpendingCap: p.spendingCap(), EndpointLimits: limited,
	}
}

func (p Plan) toUpdate(x *db.Plan, limited []catalog.EndpointLimitInput) catalog.UpdatePlanInput {
	return catalog.UpdatePlanInput{
		PlanID: x.GlobalID(), ExternalID: input.SetTo(p.ExternalID), QuotaPer: input.SetTo(p.quotaPer()),
		RateLimit: input.Patch[access.RateLimit]{Set: true, Value: p.RateLimit.value()}, Quota: input.Patch[access.Quota]{Set: true, Value: p.Quota.value()},
		Price: input.Patch[domain.Price]{Set: true, Value: p.price()}, Approval: input.Patch[domain.Approval]{Set: true, Value: p.Approval},
		Overage: input.SetTo(p.overage()), SpendingCap: input.Patch[string]{Set: true, Value: p.spendingCap()}, EndpointLimits: input.SetTo(limited),
	}
}
