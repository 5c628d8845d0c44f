package verdict

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/pathmatch"
)

// Catalogue is the products of an organization and their plans. It is immutable:
// each change creates a new Catalogue. A nil Catalogue is empty.
type Catalogue struct {
	Organization uuid.UUID
	Slug         string
	Location     *time.Location // quotas are counted in this zone
	ImportedKeys bool           // keys that were made elsewhere, and have another form, are accepted

	names map[string]*Product
	ids   map[uuid.UUID]*Product
	plans map[uuid.UUID]*Plan
}

// Product is what a verdict needs to know of an API product. It is immutable.
type Product struct {
	ID        uuid.UUID
	Name      string
	Keyless   bool // calls need no credential
	Enforced  bool // only calls of its endpoints are allowed
	AuthTypes []access.AuthType
	Endpoints *pathmatch.Set // nil: none
	Plans     []*Plan
	// DeprecatesAt and RetiresAt are when it was or will be deprecated and retired; zero:
	// neither.
	DeprecatesAt, RetiresAt time.Time
}

// RetiredAt reports whether the product is retired at a time: subscriptions to it have ended
// then, whether or not that is known already.
func (p *Product) RetiredAt(now time.Time) bool {
	return !p.RetiresAt.IsZero() && !now.Before(p.RetiresAt)
}

// Plan is the terms of a subscription: a plan as it is, or one of its older revisions. It is
// immutable.
type Plan struct {
	ID   uuid.UUID
	Name string
	// Revision is the number of these terms; 0 is unknown.
	Revision int32
	Rate     limits.Rate
	Quota    limits.Quota
	// PerAccount reports whether all apps of an account share the quota, and Continue whether
	// calls beyond it pass.
	PerAccount, Continue bool
	// Endpoints are the limits of single endpoints, for each app.
	Endpoints map[uuid.UUID]EndpointLimit
	// Spending is how many calls of an app the spending cap allows.
	Spending limits.Quota

	// revisions are the older terms, of the same plan, by which some subscription goes, or has
	// gone, by their numbers; they have none themselves. Those of kept are among them, which the
	// catalogue does not list, in the order in which that was noticed.
	revisions, kept []*Plan
}

// EndpointLimit is what a plan allows of one endpoint, besides its own limits.
type EndpointLimit struct {
	Rate  limits.Rate
	Quota limits.Quota
}

// Bind sets in a the limits of a subscription to this plan, for a call of an endpoint; zero is
// none.
func (p *Plan) Bind(s *Subscription, endpoint uuid.UUID, a *limits.Ask) {
	a.AppCounter, a.AppRate, a.Quota = s.AppCounter, p.Rate, p.Quota
	a.AccountCounter, a.PerAccount, a.Continue = limits.InPeriod(s.AccountCounter, p.Quota.Per), p.PerAccount, p.Continue
	if p.Endpoints != nil && endpoint != uuid.Nil {
		if l, ok := p.Endpoints[endpoint]; ok {
			a.Further[limits.OfEndpoint] = limits.Counted{Counter: limits.ByEndpoint(s.AppCounter, endpoint), Rate: l.Rate, Quota: l.Quota}
		}
	}
	if !p.Spending.None() {
		a.Further[limits.OfSpending] = limits.Counted{Counter: limits.BySpending(s.AppCounter), Quota: p.Spending, Single: true}
	}
}

// NewCatalogue returns the catalogue of an organization. The caller leaves out
// products that can no longer be called.
func NewCatalogue(organization uuid.UUID, slug string, loc *time.Location, products []*Product) *Catalogue {
	c := &Catalogue{
		Organization: organization, Slug: slug, Location: loc,
		names: make(map[string]*Product, len(products)),
		ids:   make(map[uuid.UUID]*Product, len(products)),
		plans: map[uuid.UUID]*Plan{},
	}
	for _, p := range products {
		c.names[p.Name], c.ids[p.ID] = p, p
		for _, plan := range p.Plans {
			c.plans[plan.ID] = plan
		}
	}
	return c
}

// Accepts reports whether an API key of this form is looked up at all: foreign is one that
// was made elsewhere, and has another form than Portico's own.
func (c *Catalogue) Accepts(foreign bool) bool {
	return !foreign || c != nil && c.ImportedKeys
}

// Product returns the product with the name that gateways use for it, or nil.
func (c *Catalogue) Product(name string) *Product {
	if c == nil {
		return nil
	}
	return c.names[name]
}

// ProductByID returns the product with an id, or nil.
func (c *Catalogue) ProductByID(id uuid.UUID) *Product {
	if c == nil {
		return nil
	}
	return c.ids[id]
}

// Plan returns the plan with an id as it is, of any product, or nil.
func (c *Catalogue) Plan(id uuid.UUID) *Plan {
	if c == nil {
		return nil
	}
	return c.plans[id]
}
