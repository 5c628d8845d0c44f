package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const (
	uploadFields = `productDocument { id number apiVersion format sha256 } changes { addedCount removedCount changedCount operations { kind method path parts } } endpoints { createdCount updatedCount deletedCount narrowedSubscriptionCount }`
	firstTides   = `{"openapi": "3.1.0", "info": {"title": "Tides", "version": "1.0"}, "servers": [{"url": "https://api.demo.example"}], "paths": {
		"/tides": {"get": {"summary": "All tides.", "parameters": [{"name": "port", "in": "query", "required": true, "example": "it's $(id) \"here\"", "schema": {"type": "string"}}], "responses": {"200": {"description": ""}}}},
		"/tides/{port}": {"get": {"summary": "The tides of a port.", "parameters": [{"name": "port", "in": "path", "required": true, "schema": {"type": "string"}}], "responses": {"200": {"description": ""}}}}}}`
	secondTides = `openapi: 3.1.0
info: {title: Tides, version: '2.0'}
servers: [{url: 'https://api.demo.example'}]
paths:
  /tides:
    get:
      summary: The tides of today.
      parameters: [{name: port, in: query, required: true, example: "it's $(id) \"here\"", schema: {type: string}}]
      responses: {'200': {description: ''}}
    post:
      requestBody: {required: true, content: {application/json: {example: {height: 1}}}}
      responses: {'200': {description: ''}}`
)

// productDocuments tests OpenAPI documents: what differs, what becomes of the endpoints, who
// reads them, and a call that a shell takes as it is.
func productDocuments(t *testing.T, s *servertest.Server) {
	c, other := newActors(t, s, "documented"), newActors(t, s, "documented-other")
	product, _ := c.newProduct(t, "documented", "AUTO")
	upload := func(text string, more vars) *servertest.Answer {
		in := vars{"productId": product, "document": text}
		for k, v := range more {
			in[k] = v
		}
		return c.admin.Ask(t, "uploadProductDocument", in, uploadFields)
	}
	endpoints := func() []string {
		return texts(c.admin.Must(t, `query($id: ID!) { product(id: $id) { endpoints { nodes { path } } } }`, vars{"id": product}), "path", "product", "endpoints", "nodes")
	}
	trial := upload(firstTides, vars{"dryRun": true, "applyEndpoints": true})
	require.Nil(t, trial.At("uploadProductDocument", "productDocument"))
	require.Equal(t, 2, trial.Number("uploadProductDocument", "changes", "addedCount"))
	require.Equal(t, 2, trial.Number("uploadProductDocument", "endpoints", "createdCount"))
	require.Empty(t, endpoints(), "a trial changes nothing")

	first := upload(firstTides, vars{"applyEndpoints": true})
	require.Equal(t, 1, first.Number("uploadProductDocument", "productDocument", "number"))
	require.ElementsMatch(t, []string{"/tides", "/tides/{port}"}, endpoints())
	second := upload(secondTides, nil)
	require.Equal(t, 2, second.Number("uploadProductDocument", "productDocument", "number"))
	require.Equal(t, "YAML", second.Text("uploadProductDocument", "productDocument", "format"))
	for _, kind := range []string{"addedCount", "removedCount", "changedCount"} {
		require.Equal(t, 1, second.Number("uploadProductDocument", "changes", kind), kind)
	}
	require.Len(t, endpoints(), 2, "endpoints follow only when they are asked to")
	again := upload(secondTides, nil)
	require.Equal(t, second.At("uploadProductDocument", "productDocument"), again.At("uploadProductDocument", "productDocument"))

	for text, code := range map[string]string{`{"swagger": "2.0"}`: "INVALID", "a: &a [*a]": "INVALID", strings.Repeat("x", 200_001): "TOO_LONG"} {
		requireProblem(t, upload(text, nil), "uploadProductDocument", code, "document")
	}
	c.limitedEndpointStays(t, product, upload)
	requireUnknownField(t, c.dev.Ask(t, "uploadProductDocument", vars{"productId": product, "document": firstTides}, `productDocument { id }`))

	for _, dev := range []*servertest.Client{c.dev, other.dev} {
		got := dev.Must(t, `query($id: ID!) { product(id: $id) { documents(first: 1) { totalCount nodes { number text operations { method path } curl(method: "GET", path: "/tides") } } } }`, vars{"id": product})
		require.Equal(t, 2, got.Number("product", "documents", "totalCount"))
		require.Equal(t, secondTides, got.Text("product", "documents", "nodes", 0, "text"))
		requireCall(t, got.Text("product", "documents", "nodes", 0, "curl"))
	}
	id := second.Text("uploadProductDocument", "productDocument", "id")
	require.Equal(t, id, c.admin.Do(t, "deleteProductDocument", vars{"documentId": id}, `deletedProductDocumentId`).Text("deleteProductDocument", "deletedProductDocumentId"))
	requireError(t, c.admin.Ask(t, "deleteProductDocument", vars{"documentId": id}, `deletedProductDocumentId`), "NOT_FOUND")
	require.Equal(t, 3, upload(secondTides, nil).Number("uploadProductDocument", "productDocument", "number"), "no number is given twice")
	c.admin.Do(t, "updateProduct", vars{"productId": product, "visibility": "PRIVATE"}, `product { id }`)
	hidden := c.dev.Must(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": first.At("uploadProductDocument", "productDocument", "id")})
	require.Nil(t, hidden.At("node"), "nobody reads the document of a product that is hidden")
}

// limitedEndpointStays: a document cannot take away an endpoint that a plan limits.
func (c *actors) limitedEndpointStays(t *testing.T, product string, upload func(string, vars) *servertest.Answer) {
	t.Helper()
	of := `query($id: ID!) { product(id: $id) { endpoints { nodes { id path } } } }`
	var limited []vars
	for _, e := range c.admin.Must(t, of, vars{"id": product}).List("product", "endpoints", "nodes") {
		if one, _ := e.(map[string]any); one["path"] == "/tides/{port}" {
			limited = append(limited, vars{"endpointId": one["id"], "quota": vars{"limit": 5, "per": "DAY"}})
		}
	}
	made := c.admin.Do(t, "createPlan", vars{"productId": product, "name": "Limited", "endpointLimits": limited}, `plan { id }`)
	refused := upload(secondTides, vars{"applyEndpoints": true})
	requireProblem(t, refused, "uploadProductDocument", "NOT_ALLOWED", "applyEndpoints")
	require.Contains(t, refused.Text("uploadProductDocument", "userErrors", 0, "message"), "The plan Limited limits the endpoint GET /tides/{port}")
	c.admin.Do(t, "updatePlan", vars{"planId": made.At("createPlan", "plan", "id"), "endpointLimits": []vars{}}, `plan { id }`)
	applied := upload(secondTides, vars{"applyEndpoints": true})
	for _, kind := range []string{"createdCount", "updatedCount", "deletedCount"} {
		require.Equal(t, 1, applied.Number("uploadProductDocument", "endpoints", kind), kind)
	}
}

// requireCall runs a call by a shell in which curl prints what it is given.
func requireCall(t *testing.T, call string) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	out, err := exec.CommandContext(t.Context(), shell, "-c", "curl() { printf '%s\\n' \"$@\"; }\nAPI_KEY=secret\n"+call).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "https://api.demo.example/tides?port=it%27s", call)
	require.NotContains(t, string(out), "uid=", "the shell runs nothing out of a document")
	require.Contains(t, string(out), "secret", "the key is a variable")
}
