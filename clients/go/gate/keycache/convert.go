package keycache

import (
	"net/netip"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/pathmatch"
	"portico/clients/go/gate/verdict"
)

func (a *Account) suspended() bool { return a.Status != access.AccountActive }

// intern returns one shared copy of a string that recurs, such as a status or a
// pepper's id.
func (s *Cache) intern(text string) string {
	if known, ok := s.interned[text]; ok {
		return known
	}
	s.interned[text] = text
	return text
}

// fillCell writes an app's state into an empty cell.
func (s *Cache) fillCell(c *cell, a *App) {
	c.app = verdict.App{ID: a.ID, Reference: a.ReferenceID, AccountID: a.AccountID}
	c.self[0] = &c.app
	switch n := len(a.Subscriptions); n {
	case 0:
	case 1:
		c.app.Subscriptions = c.one[:]
	default:
		c.app.Subscriptions = make([]verdict.Subscription, n)
	}
	for i, sub := range a.Subscriptions {
		next := verdict.Subscription{
			ID: sub.ID, ProductID: sub.ProductID, PlanID: sub.PlanID, Revision: sub.PlanRevision,
			AppCounter: limits.ByApp(a.ID, sub.ProductID), AccountCounter: limits.OfAccount(a.AccountID, sub.ProductID),
			Status: access.SubscriptionStatus(s.intern(string(sub.Status))),
		}
		if sub.EndpointIDs != nil {
			next.Narrowed, next.Endpoints = true, *sub.EndpointIDs
		}
		c.app.Subscriptions[i] = next
	}
}

// fillCredential writes a credential's state to out.
func (s *Cache) fillCredential(out *verdict.Credential, k *Credential) {
	*out = verdict.Credential{
		ID: k.ID, Username: k.Username, AccountID: k.AccountID, Pepper: s.intern(k.PepperID),
		Status:      access.CredentialStatus(s.intern(string(k.Status))),
		Environment: access.Environment(s.intern(string(k.Environment))),
		Listed:      k.Access != access.AllProducts,
		Rate:        limits.RateOf(k.RateLimit),
		Addresses:   networks(k.AllowedAddresses),
	}
	copy(out.Hash[:], k.Hash)
	if k.AppID != nil {
		out.AppID = *k.AppID
	}
	if len(k.AccessList) > 0 {
		out.AccessList = append([]uuid.UUID(nil), k.AccessList...)
	}
	if k.ExpiresAt != nil {
		out.ExpiresAt = k.ExpiresAt.UnixMicro()
	}
}

// networks parses an allow list. An entry that cannot be parsed allows nothing,
// rather than leave the list empty, which would allow everything.
func networks(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		p, _ := netip.ParsePrefix(t) // the zero Prefix contains no address
		out = append(out, p)
	}
	return out
}

func catalogueOf(c *Catalogue) *verdict.Catalogue {
	products := make([]*verdict.Product, len(c.Products))
	for i := range c.Products {
		products[i] = productOf(&c.Products[i])
	}
	out := verdict.NewCatalogue(c.Organization.ID, c.Organization.Slug, c.Organization.TimeZone.Location, products)
	out.ImportedKeys = c.Organization.ImportedKeys
	return out
}

func productOf(p *Product) *verdict.Product {
	var routes []pathmatch.Route
	for _, e := range p.Endpoints {
		// A template that cannot be parsed matches nothing.
		if path, err := pathmatch.Parse(e.Path); err == nil {
			routes = append(routes, pathmatch.Route{ID: e.ID, Method: e.Method, Path: path})
		}
	}
	out := &verdict.Product{
		ID: p.ID, Name: p.Name, Keyless: p.Keyless, Enforced: p.EnforceEndpoints,
		AuthTypes: p.AuthTypes, Endpoints: pathmatch.NewSet(routes),
	}
	if p.DeprecatesAt != nil {
		out.DeprecatesAt = *p.DeprecatesAt
	}
	if p.RetiresAt != nil {
		out.RetiresAt = *p.RetiresAt
	}
	for _, plan := range p.Plans {
		out.Plans = append(out.Plans, planOf(&plan))
	}
	return out
}

func planOf(p *Plan) *verdict.Plan {
	out := termsOf(p, p.Newest())
	if len(p.Revisions) > 0 {
		listed := make([]*verdict.Plan, len(p.Revisions))
		for i, r := range p.Revisions {
			listed[i] = termsOf(p, r)
		}
		out.SetRevisions(listed)
	}
	return out
}

// termsOf returns a plan with some of its terms.
func termsOf(p *Plan, r PlanRevision) *verdict.Plan {
	out := &verdict.Plan{
		ID: p.ID, Name: p.Name, Revision: r.Revision, Rate: limits.RateOf(r.RateLimit), Quota: limits.QuotaOf(r.Quota),
		PerAccount: r.QuotaPer == access.QuotaPerAccount, Continue: r.Overage == access.OverageContinue,
	}
	if r.CallsWithinCap != nil {
		out.Spending = limits.Quota{Limit: *r.CallsWithinCap, Per: access.PerMonth}
	}
	for _, l := range r.EndpointLimits {
		if out.Endpoints == nil {
			out.Endpoints = make(map[uuid.UUID]verdict.EndpointLimit, len(r.EndpointLimits))
		}
		out.Endpoints[l.EndpointID] = verdict.EndpointLimit{Rate: limits.RateOf(l.RateLimit), Quota: limits.QuotaOf(l.Quota)}
	}
	return out
}
