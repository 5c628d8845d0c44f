package verdict

import (
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/limits"
	"portico/internal/pathmatch"
)

// Catalogue is what an organization offers: its products and their plans. It is
// immutable: a change makes a new one. A nil Catalogue offers nothing.
type Catalogue struct {
	Organization uuid.UUID
	Slug         string
	Location     *time.Location // quotas are counted in this zone

	names map[string]*Product
	ids   map[uuid.UUID]*Product
	plans map[uuid.UUID]*Plan
}

// Product is an API product as the gate knows it. It is immutable.
type Product struct {
	ID        uuid.UUID
	Name      string
	Keyless   bool // calls need no key
	Enforced  bool // only calls of its endpoints pass
	AuthTypes []domain.AuthType
	Endpoints *pathmatch.Set // nil: it has none
	Plans     []*Plan
}

// Plan is what a subscription promises. It is immutable.
type Plan struct {
	ID    uuid.UUID
	Name  string
	Rate  limits.Rate
	Quota limits.Quota
	// PerAccount: all apps of an account share the quota.
	PerAccount bool
}

// Bind puts the limits of a subscription by this plan into a.
func (p *Plan) Bind(s *Subscription, a *limits.Ask) {
	a.Subscription, a.SubscriptionRate, a.Quota = s.Counter, p.Rate, p.Quota
	a.Account, a.PerAccount = limits.InPeriod(s.Account, p.Quota.Per), p.PerAccount
}

// NewCatalogue returns the catalogue of an organization. Products that cannot be
// called any more are simply not among them.
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

// Product finds a product by the name gateways call it; nil if there is none.
func (c *Catalogue) Product(name string) *Product {
	if c == nil {
		return nil
	}
	return c.names[name]
}

// ProductByID finds a product; nil if there is none.
func (c *Catalogue) ProductByID(id uuid.UUID) *Product {
	if c == nil {
		return nil
	}
	return c.ids[id]
}

// Plan finds a plan of any product; nil if there is none.
func (c *Catalogue) Plan(id uuid.UUID) *Plan {
	if c == nil {
		return nil
	}
	return c.plans[id]
}
