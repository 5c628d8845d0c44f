package graph_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/productgrant"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// Catalogue is what the matrix knows of what everybody may read.
func (nouns) Catalogue() noun {
	open := func(below, at string) question {
		return question{
			document: `query($name: String!) { catalogue(organization: "one") { product(name: $name) { ` + below + ` } } }`, at: "catalogue.product" + at,
			vars: func(w *world) map[string]any { return map[string]any{"name": w.productName("product")} },
		}
	}
	return noun{
		fields: map[string]resolver{
			"Query.catalogue": func(q fieldRequest) (any, error) { return q.catalogue() },
			// Both are resolved by a reference of their own: see execution.publicly.
			"Catalogue.products": listOf(nodeid.Product, productListed),
			"Catalogue.product": func(q fieldRequest) (any, error) {
				name, _ := q.text("name")
				all, err := q.rows.all(nodeid.Product)
				all, err = rowsWhere(all, err, func(p *db.Product) bool { return p.Name == name })
				if err != nil || len(all) == 0 {
					return nil, err
				}
				return all[0], nil
			},
		},
		values: map[string]any{"Catalogue": model.Catalogue{}},
		questions: map[string]question{
			"Catalogue":                      plain(`{ catalogue(organization: "one") { %s } }`, "catalogue"),
			"Query.catalogue":                {document: `{ catalogue(organization: "one") { organizationName } }`},
			"Product: to everybody":          open("%s", ""),
			"ProductConnection: everybody's": plain(`{ catalogue(organization: "one") { products { %s } } }`, "catalogue.products"),
			"ProductEdge: everybody's":       plain(`{ catalogue(organization: "one") { products { edges { %s } } } }`, "catalogue.products.edges"),
			"PlanConnection: everybody's":    open("plans { %s }", ".plans"),
			"PlanEdge: everybody's":          open("plans { edges { %s } }", ".plans.edges"),
			"Plan: to everybody":             open("plans { nodes { %s } }", ".plans.nodes"),
			"RateLimit: to everybody":        open("plans { nodes { rateLimit { %s } } }", ".plans.nodes.rateLimit"),
			"Quota: to everybody":            open("plans { nodes { quota { %s } } }", ".plans.nodes.quota"),
			"Price: to everybody":            open("plans { nodes { price { %s } } }", ".plans.nodes.price"),
			"PriceTier: to everybody":        open("plans { nodes { price { tiers { %s } } } }", ".plans.nodes.price.tiers"),
		},
	}
}

// publicCatalogue is a catalogue, and of which organization.
type publicCatalogue struct {
	OrganizationName string
	organization     uuid.UUID
}

func (q fieldRequest) catalogue() (any, error) {
	slug, _ := q.text("organization")
	o, err := q.w.Client.Organization.Query().Where(organization.Slug(slug), organization.CatalogueAccessEQ(domain.CataloguePublic)).Only(viewer.AsSystem(q.ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return nil, nil
	}
	return &publicCatalogue{o.Name, o.ID}, err
}

// publicly returns what executes what is below a catalogue: for everybody, whoever asks.
func (a *execution) publicly(value any) *execution {
	c, ok := value.(*publicCatalogue)
	if !ok {
		return a
	}
	return &execution{reference: newReference(a.w, viewer.AsPublic(a.ctx, c.organization), a.schema), variables: a.variables}
}

// productListed applies the whole filter of lists of products.
func productListed(q fieldRequest, p *db.Product) bool {
	where := q.object("where")
	return where.searched(p.TitleFolded, p.Name) && where.contained("titleContains", p.TitleFolded) && where.among("status", string(p.Status)) &&
		where.among("visibility", string(p.Visibility)) && where.tagged(p.Tags)
}

// grantsOfProducts is what the matrix knows of which account sees which private product,
// besides what a product is.
func grantsOfProducts(n noun) noun {
	to := func(product func(*world) string) func(w *world, who string) arguments {
		return func(w *world, _ string) arguments {
			return arguments{"productId": product(w), "accountId": w.ids["account"]}
		}
	}
	n.plays["Mutation.grantProduct"] = play{target: "productId", event: "PRODUCT_GRANTED", input: to((*world).freshProduct)}
	n.plays["Mutation.withdrawProduct"] = play{target: "productId", event: "PRODUCT_WITHDRAWN", input: to((*world).grantedProduct)}
	n.targets["grantProduct"], n.targets["withdrawProduct"] = "productId", "productId"
	n.fields["Product.grants"] = listOf(nodeid.Account, func(q fieldRequest, a *db.Account) bool {
		return q.w.granted(q.parent.(*db.Product).ID, a.ID)
	})
	n.tables["product_grants"] = table{
		client: func(c *db.Client) any { return c.ProductGrant }, column: "product_id", value: specimen("private product"),
		adds: func(c *db.Client) adding {
			return added(c.ProductGrant.Create, c.ProductGrant.CreateBulk, func(x *db.ProductGrantCreate, o owner) {
				x.SetOrganizationID(o.organization).SetProductID(o.product).SetAccountID(o.account)
			})
		},
		policy: &productgrant.Policy, // the API reaches it behind a product alone
	}
	furnish := n.furnish
	n.furnish = func(w *world) {
		furnish(w)
		w.grant(w.ids["product"])
		w.grant(w.ids["private product"])
	}
	n.produce = func(w *world) {
		for _, v := range w.values("ProductVisibility") {
			w.mustSucceed("admin", "createProduct", arguments{"name": w.name("product"), "visibility": v}, "product { visibility }")
			w.mustSucceed("admin", "updateProduct", arguments{"productId": w.freshProduct(), "visibility": v}, "product { visibility }")
		}
		for _, v := range w.values("CatalogueAccess") {
			w.mustSucceed("admin", "updateOrganization", arguments{"catalogueAccess": v}, "organization { catalogueAccess }")
		}
	}
	return n
}

// granted reports whether an account was granted a product.
func (w *world) granted(product, account uuid.UUID) bool {
	is, err := w.Client.ProductGrant.Query().Where(productgrant.ProductID(product), productgrant.AccountID(account)).Exist(portaltest.System(w.t))
	require.NoError(w.t, err)
	return is
}

func (w *world) grant(product string) string {
	return w.make("admin", "grantProduct", arguments{"productId": product, "accountId": w.ids["account"]}, "product")
}

func (w *world) grantedProduct() string { return w.grant(w.freshProduct()) }
