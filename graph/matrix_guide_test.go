package graph_test

import (
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/guide"
	"portico/internal/catalog"
	"portico/internal/nodeid"
)

// Guide is what the matrix knows of guides.
func (nouns) Guide() noun {
	everybody := func(below, at string) question {
		return question{
			document: `query($name: String!) { catalogue(organization: "one") { product(name: $name) { ` + below + ` } } }`, at: "catalogue.product" + at,
			vars: func(w *world) map[string]any { return map[string]any{"name": w.productName("product")} },
		}
	}
	return noun{
		prefix: "guide", list: sorted{list: "guides", field: "Position", column: "position"}, values: map[string]any{"GuidePermissions": catalog.GuidePermissions{}},
		fields: map[string]resolver{
			"Guide.product":  objectIn(nodeid.Product, "ProductID"),
			"Guide.html":     func(q fieldRequest) (any, error) { return q.w.Portal.Catalog.GuideHTML(q.parent.(*db.Guide)), nil },
			"Product.guides": listOf(nodeid.Guide, func(q fieldRequest, g *db.Guide) bool { return g.ProductID == q.parent.(*db.Product).ID }),
			"Guide.viewerCan": decidedFor(func(q fieldRequest, g *db.Guide) any {
				return q.w.Portal.Catalog.GuidePermissions(q.ctx, g)
			}),
		},
		questions: map[string]question{
			"Guide":                        of("Guide", "guide of the product", ""),
			"Guide: private":               of("Guide", "guide of the private product", ""),
			"Guide: draft":                 of("Guide", "guide of the draft product", ""),
			"GuidePermissions":             of("Guide", "guide of the product", "viewerCan"),
			"GuideConnection":              of("Product", "product", "guides"),
			"GuideEdge":                    of("Product", "product", "guides.edges"),
			"Guide: to everybody":          everybody("guides { nodes { %s } }", ".guides.nodes"),
			"GuideConnection: everybody's": everybody("guides { %s }", ".guides"),
			"GuideEdge: everybody's":       everybody("guides { edges { %s } }", ".guides.edges"),
		},
		plays: map[string]play{
			"Mutation.createGuide": on("productId", "GUIDE_CREATED", (*world).freshProduct).with(arguments{"slug": "begin", "title": "Begin", "text": "# Begin"}),
			"Mutation.updateGuide": on("guideId", "GUIDE_UPDATED", (*world).freshGuide).with(arguments{"title": "Another title"}),
			"Mutation.deleteGuide": on("guideId", "GUIDE_DELETED", (*world).freshGuide),
		},
		tables: map[string]table{"guides": {
			client: func(c *db.Client) any { return c.Guide }, column: "id", value: specimen("guide of the private product"),
			adds: func(c *db.Client) adding {
				return added(c.Guide.Create, c.Guide.CreateBulk, func(x *db.GuideCreate, o owner) {
					x.SetOrganizationID(o.organization).SetProductID(o.product).SetSlug(uuid.NewString()).SetTitle("Guide").SetText("Text").SetPosition(1)
				})
			},
			policy: &guide.Policy, types: []string{"Guide", "GuidePermissions"},
		}},
		shown:   shownOfProduct("guide of the "),
		targets: map[string]string{"createGuide": "productId", "updateGuide": "guideId", "deleteGuide": "guideId"},
		samples: map[string]string{"guideId": "guide of the product"},
		nothing: map[string]string{"the last": "CreateGuideInput.position"},
		furnish: func(w *world) {
			for _, of := range []string{"product", "private product", "draft product"} {
				w.ids["guide of the "+of] = w.guideOf(w.ids[of])
			}
		},
	}
}

func (w *world) freshGuide() string { return w.guideOf(w.freshProduct()) }

func (w *world) guideOf(product string) string {
	return w.make("admin", "createGuide", arguments{"productId": product, "slug": "begin", "title": "Begin", "text": "# Begin\n\nAsk for a *key*."}, "guide")
}
