package graph_test

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/nodeid"
)

// Product is what the matrix knows of products.
func (nouns) Product() noun {
	return grantsOfProducts(approversOfProducts(noun{
		prefix: "prod", list: sorted{list: "products"}, fields: productFields(), values: map[string]any{"ProductPermissions": catalog.ProductPermissions{}},
		questions: map[string]question{
			"Product":            of("Product", "product", ""),
			"Product: private":   of("Product", "private product", ""),
			"Product: draft":     of("Product", "draft product", ""),
			"ProductPermissions": of("Product", "product", "viewerCan"),
			"ProductConnection":  of("Credential", "key", "accessControlList"),
			"ProductEdge":        of("Credential", "key", "accessControlList.edges"),

			"Query.product":  root("product", "product"),
			"Query.products": rootList("products(first: 100)", "product"),

			"Query: private product.node":     root("node", "private product"),
			"Query: private product.nodes":    rootNodes("private product"),
			"Query: private product.product":  root("product", "private product"),
			"Query: private product.products": rootList("products(first: 100)", "private product"),
			"Query: draft product.node":       root("node", "draft product"),
			"Query: draft product.nodes":      rootNodes("draft product"),
			"Query: draft product.product":    root("product", "draft product"),
			"Query: draft product.products":   rootList("products(first: 100)", "draft product"),
		},
		plays: map[string]play{
			"Mutation.updateProduct":            on("productId", "PRODUCT_UPDATED", (*world).freshProduct).with(arguments{"title": "another title"}),
			"Mutation.deprecateProduct":         on("productId", "PRODUCT_UPDATED", (*world).freshOffer),
			"Mutation.retireProduct":            on("productId", "PRODUCT_UPDATED", (*world).freshProduct),
			"Mutation.cancelProductEnding":      on("productId", "PRODUCT_UPDATED", (*world).freshEnding),
			"Mutation: one's own.createProduct": {event: "PRODUCT_CREATED", input: named},
		},
		tables: map[string]table{"products": {
			client: func(c *db.Client) any { return c.Product }, column: "id", value: specimen("private product"),
			adds: func(c *db.Client) adding {
				return added(c.Product.Create, c.Product.CreateBulk, func(x *db.ProductCreate, o owner) {
					x.SetOrganizationID(o.organization).SetName(uuid.NewString()).SetTitle("Product").SetTitleFolded("product")
				})
			},
			policy: &product.Policy, types: []string{"Product", "ProductPermissions"},
		}},
		shown:   shownOfProduct(""),
		targets: map[string]string{"createProduct": "", "updateProduct": "productId", "deprecateProduct": "productId", "retireProduct": "productId", "cancelProductEnding": "productId"},
		samples: map[string]string{"productId": "product"},
		nothing: map[string]string{
			"cleared": `CreateProductInput.description CreateProductInput.apiVersion CreateProductInput.externalId CreateProductInput.documentationUrl CreateProductInput.handOffUrl
				UpdateProductInput.description UpdateProductInput.apiVersion UpdateProductInput.externalId UpdateProductInput.documentationUrl UpdateProductInput.handOffUrl CreateProductInput.tags UpdateProductInput.tags`,
		},
	}))
}

func (w *world) freshProduct() string {
	return w.make("admin", "createProduct", arguments{"name": w.name("product")}, "product")
}

// freshOffer returns a product that is on offer.
func (w *world) freshOffer() string {
	id := w.freshProduct()
	w.make("admin", "createPlan", arguments{"productId": id, "name": "free"}, "plan")
	w.make("admin", "updateProduct", arguments{"productId": id, "status": "PUBLISHED"}, "product")
	return id
}

// freshEnding returns a product that will be retired.
func (w *world) freshEnding() string {
	id := w.freshOffer()
	w.make("admin", "retireProduct", arguments{"productId": id, "at": w.Clock.Now().AddDate(0, 1, 0).Format(time.RFC3339)}, "product")
	return id
}

// Plan is what the matrix knows of plans.
func (nouns) Plan() noun {
	return noun{
		prefix: "plan", list: sorted{list: "plans"}, values: map[string]any{"Charge": domain.Charge{}}, fields: map[string]resolver{
			"Product.plans":          listOf(nodeid.Plan, func(q fieldRequest, p *db.Plan) bool { return p.ProductID == q.parent.(*db.Product).ID }),
			"EndpointLimit.endpoint": objectIn(nodeid.Endpoint, "EndpointID"),
			"Plan.charge": func(q fieldRequest) (any, error) {
				calls, _ := q.number("calls")
				charge, err := catalog.Charge(q.parent.(*db.Plan), calls)
				if charge == nil {
					return nil, err
				}
				return charge, nil
			},
		},
		questions: map[string]question{
			"Plan":            of("Plan", "plan of the product", ""),
			"Plan: private":   of("Plan", "plan of the private product", ""),
			"Plan: tiered":    of("Plan", "tiered plan of the private product", ""),
			"Plan: draft":     of("Plan", "plan of the draft product", ""),
			"RateLimit":       of("Plan", "plan of the product", "rateLimit"),
			"Quota":           of("Plan", "plan of the product", "quota"),
			"Price":           of("Plan", "plan of the product", "price"),
			"Price: of tiers": of("Plan", "tiered plan of the private product", "price"),
			"PriceTier":       of("Plan", "tiered plan of the private product", "price.tiers"),
			"EndpointLimit":   of("Plan", "tiered plan of the private product", "endpointLimits"),
			"Charge":          of("Plan", "plan of the product", "charge(calls: 250)"),
			"ChargeLine":      of("Plan", "plan of the product", "charge(calls: 250).lines"),
			"PlanConnection":  of("Product", "product", "plans"),
			"PlanEdge":        of("Product", "product", "plans.edges"),
		},
		plays: map[string]play{
			"Mutation.createPlan": on("productId", "PLAN_CREATED", (*world).freshProduct).with(arguments{"name": "free"}),
			"Mutation.updatePlan": on("planId", "PLAN_UPDATED", (*world).freshPlan).with(arguments{"name": "another name"}),
		},
		tables: map[string]table{"plans": {
			client: func(c *db.Client) any { return c.Plan }, column: "id", value: specimen("plan of the private product"),
			adds: func(c *db.Client) adding {
				return added(c.Plan.Create, c.Plan.CreateBulk, func(x *db.PlanCreate, o owner) {
					x.SetOrganizationID(o.organization).SetProductID(o.product).SetName(uuid.NewString()).SetKind(domain.PlanFree)
				})
			},
			policy: &plan.Policy, types: []string{"Plan", "Price", "PriceTier", "EndpointLimit", "Charge", "ChargeLine"},
		}},
		shown: func(w *world, who string, o object) bool {
			return shownOfProduct("plan of the ")(w, who, o) || shownOfProduct("other plan of the ")(w, who, o) || shownOfProduct("tiered plan of the ")(w, who, o)
		},
		targets: map[string]string{"createPlan": "productId", "updatePlan": "planId"},
		samples: map[string]string{"planId": "plan of the product"},
		nothing: map[string]string{
			"none": "PriceInput.unit PriceInput.includedCalls",
			"cleared": `CreatePlanInput.externalId CreatePlanInput.rateLimit CreatePlanInput.quota CreatePlanInput.price CreatePlanInput.approval CreatePlanInput.spendingCap EndpointLimitInput.rateLimit EndpointLimitInput.quota
				UpdatePlanInput.externalId UpdatePlanInput.rateLimit UpdatePlanInput.quota UpdatePlanInput.price UpdatePlanInput.approval UpdatePlanInput.spendingCap`,
		},
	}
}

func (w *world) freshPlan() string {
	return w.make("admin", "createPlan", arguments{"productId": w.freshProduct(), "name": "free"}, "plan")
}

// tagged reports whether tags have that of a filter, if the filter has one.
func (where parameters) tagged(tags []string) bool {
	tag, ok := where.text("tag")
	return !ok || slices.Contains(tags, domain.Fold(tag))
}

// productFields are how the reference resolves fields of products.
func productFields() map[string]resolver {
	return map[string]resolver{
		"Query.product":  objectBy(nodeid.Product),
		"Query.products": listOf(nodeid.Product, productListed),
		"Product.viewerCan": decidedFor(func(q fieldRequest, p *db.Product) any {
			return q.w.Portal.Catalog.ProductPermissions(q.ctx, p, q.w.granted(p.ID, q.who.AccountID))
		}),
		"Product.descriptionHtml": func(q fieldRequest) (any, error) {
			return q.w.Portal.Catalog.DescriptionHTML(q.parent.(*db.Product)), nil
		},
	}
}
