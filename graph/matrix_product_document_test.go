package graph_test

import (
	"encoding/json"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/productdocument"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/nodeid"
)

// The documents of the matrix: the second one adds, removes and changes something.
const (
	aDocument       = `{"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "servers": [{"url": "https://api.demo.example"}], "paths": {"/orders": {"get": {"summary": "All orders.", "responses": {"200": {"description": ""}}}, "post": {"responses": {"200": {"description": ""}}}}}}`
	anotherDocument = "openapi: 3.1.0\ninfo: {title: Orders, version: '2'}\npaths:\n  /orders:\n    get: {summary: The orders., responses: {'200': {description: ''}}}\n    put: {responses: {'200': {description: ''}}}\n"
)

// ProductDocument is what the matrix knows of OpenAPI documents.
func (nouns) ProductDocument() noun {
	return noun{
		prefix: "doc", list: sorted{list: "documents"}, fields: productDocumentFields(),
		values:    map[string]any{"ProductOperation": domain.ProductOperation{}},
		questions: productDocumentQuestions(),
		plays: map[string]play{
			"Mutation.uploadProductDocument": on("productId", "PRODUCT_DOCUMENT_UPLOADED", (*world).freshProduct).with(arguments{"document": aDocument, "applyEndpoints": true}),
			"Mutation.deleteProductDocument": on("documentId", "PRODUCT_DOCUMENT_DELETED", (*world).freshDocument),
		},
		tables: map[string]table{"product_documents": {
			client: func(c *db.Client) any { return c.ProductDocument }, column: "id", value: specimen("document of the private product"),
			adds: func(c *db.Client) adding {
				return added(c.ProductDocument.Create, c.ProductDocument.CreateBulk, func(x *db.ProductDocumentCreate, o owner) {
					x.SetOrganizationID(o.organization).SetProductID(o.product).SetNumber(int(uuid.New().ID())).SetTitle("Orders").SetAPIVersion("1").
						SetFormat(domain.DocumentJSON).SetText("{}").SetSize(2).SetSha256("").SetServer("").SetOperations(domain.DocumentOperations{})
				})
			},
			policy: &productdocument.Policy, types: []string{"ProductDocument"},
		}},
		shown:   shownOfProduct("document of the "),
		targets: map[string]string{"uploadProductDocument": "productId", "deleteProductDocument": "documentId"},
		samples: map[string]string{"documentId": "document of the product"},
		produce: (*world).produceDocuments,
		furnish: func(w *world) {
			for _, of := range []string{"product", "private product", "draft product"} {
				w.ids["document of the "+of] = w.documentOf(w.ids[of])
			}
		},
	}
}

// productDocumentFields are how the reference resolves fields of documents.
func productDocumentFields() map[string]resolver {
	return map[string]resolver{
		"ProductDocument.product": objectIn(nodeid.Product, "ProductID"),
		"Product.documents":       newestFirst(listOf(nodeid.ProductDocument, func(q fieldRequest, d *db.ProductDocument) bool { return d.ProductID == q.parent.(*db.Product).ID })),
		"ProductDocument.operations": valueOf(func(d *db.ProductDocument) any {
			return catalog.OperationsOf(d)
		}),
		"ProductDocument.curl": func(q fieldRequest) (any, error) {
			d := q.parent.(*db.ProductDocument)
			x, err := q.rows.byID(nodeid.Product, d.ProductID)
			if p, _ := x.(*db.Product); err == nil && p != nil {
				method, _ := q.text("method")
				path, _ := q.text("path")
				if call := catalog.Curl(p, d, method, path, catalog.Caller{}); call != nil {
					return *call, nil
				}
			}
			return nil, err
		},
	}
}

func productDocumentQuestions() map[string]question {
	everybody := func(below, at string) question {
		return question{
			document: `query($name: String!) { catalogue(organization: "one") { product(name: $name) { ` + below + ` } } }`, at: "catalogue.product" + at,
			vars: func(w *world) map[string]any { return map[string]any{"name": w.productName("product")} },
		}
	}
	return map[string]question{
		"ProductDocument":                        of("ProductDocument", "document of the product", ""),
		"ProductDocument: private":               of("ProductDocument", "document of the private product", ""),
		"ProductDocument: draft":                 of("ProductDocument", "document of the draft product", ""),
		"ProductOperation":                       of("ProductDocument", "document of the product", "operations"),
		"ProductDocumentConnection":              of("Product", "product", "documents"),
		"ProductDocumentEdge":                    of("Product", "product", "documents.edges"),
		"ProductDocument: to everybody":          everybody("documents { nodes { %s } }", ".documents.nodes"),
		"ProductOperation: everybody's":          everybody("documents { nodes { operations { %s } } }", ".documents.nodes.operations"),
		"ProductDocumentConnection: everybody's": everybody("documents { %s }", ".documents"),
		"ProductDocumentEdge: everybody's":       everybody("documents { edges { %s } }", ".documents.edges"),
		"DocumentChanges":                        uploading("changes { %s }", "changes"),
		"DocumentChange":                         uploading("changes { operations { %s } }", "changes.operations"),
		"DocumentEndpoints":                      uploading("endpoints { %s }", "endpoints"),
	}
}

// uploading selects inside the answer to a trial with a document of the product.
func uploading(open, at string) question {
	text, _ := json.Marshal(anotherDocument)
	return question{
		document: "mutation($id: ID!) { uploadProductDocument(input: {productId: $id, dryRun: true, applyEndpoints: true, document: " + string(text) + "}) { " + open + " } }",
		specimen: "product", at: "uploadProductDocument." + at,
	}
}

func (w *world) freshDocument() string { return w.documentOf(w.freshProduct()) }

func (w *world) documentOf(product string) string {
	return w.make("admin", "uploadProductDocument", arguments{"productId": product, "document": aDocument}, "productDocument")
}

// produceDocuments compares two documents.
func (w *world) produceDocuments() {
	product := w.freshProduct()
	for _, text := range []string{aDocument, anotherDocument} {
		w.mustSucceed("admin", "uploadProductDocument", arguments{"productId": product, "document": text}, "productDocument { format } changes { operations { kind } }")
	}
}
