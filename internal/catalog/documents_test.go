package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/endpoint"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// openAPI is a document with some operations, such as "get /orders".
func openAPI(version string, operations ...string) string {
	var paths []string
	for _, o := range operations {
		method, path, _ := strings.Cut(o, " ")
		parameters := "[]"
		if _, name, ok := strings.Cut(path, "{"); ok {
			name, _, _ = strings.Cut(name, "}")
			parameters = fmt.Sprintf(`[{"name":%q,"in":"path","required":true,"schema":{"type":"string"}}]`, name)
		}
		paths = append(paths, fmt.Sprintf(`%q:{%q:{"summary":"What it does.","parameters":%s,"responses":{"200":{"description":""}}}}`, path, method, parameters))
	}
	return `{"openapi":"3.1.0","info":{"title":"Orders","version":"` + version + `"},"paths":{` + strings.Join(paths, ",") + `}}`
}

// Documents are numbered, compared, and applied to the endpoints if that is wanted.
func TestStory_ProductDocument(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "orders")
		kept := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/orders/{order}")
		gone := f.MustEndpoint(t, x.Admin, prod, access.MethodPost, "/old")
		upload := func(in catalog.UploadProductDocumentInput) (*catalog.UploadedDocument, error) {
			in.ProductID = prod.GlobalID()
			return f.Portal.Catalog.UploadProductDocument(x.Admin, in)
		}
		endpoints := func() (out []string) {
			for _, e := range f.Client.Endpoint.Query().Where(endpoint.ProductID(prod.ID)).Order(endpoint.ByPath()).AllX(portaltest.System(t)) {
				out = append(out, string(e.Method)+" "+e.Path)
			}
			return out
		}
		one := openAPI("1", "get /orders/{id}", "post /orders")
		trial, err := upload(catalog.UploadProductDocumentInput{Document: one, DryRun: true, ApplyEndpoints: true})
		require.NoError(t, err)
		require.Nil(t, trial.Document)
		require.Equal(t, 2, trial.Changes.AddedCount)
		require.Equal(t, &catalog.DocumentEndpoints{CreatedCount: 1, UpdatedCount: 1, DeletedCount: 1}, trial.Endpoints)
		require.Equal(t, []string{"POST /old", "GET /orders/{order}"}, endpoints())

		first, err := upload(catalog.UploadProductDocumentInput{Document: one})
		require.NoError(t, err)
		require.Equal(t, []any{1, "1", "Orders", domain.DocumentJSON}, []any{first.Document.Number, first.Document.APIVersion, first.Document.Title, first.Document.Format})
		require.Nil(t, first.Endpoints)
		again, err := upload(catalog.UploadProductDocumentInput{Document: one, ApplyEndpoints: true})
		require.NoError(t, err)
		require.Equal(t, first.Document.ID, again.Document.ID)
		require.Equal(t, []string{"POST /orders", "GET /orders/{id}"}, endpoints())
		require.Equal(t, string(eventlog.EndpointUpdated), f.EventTypes(t, kept.ID)[1])
		require.Equal(t, string(eventlog.EndpointDeleted), f.EventTypes(t, gone.ID)[1])
		require.Equal(t, []string{string(eventlog.ProductDocumentUploaded)}, f.EventTypes(t, first.Document.ID))

		second, err := upload(catalog.UploadProductDocumentInput{Document: openAPI("2", "post /orders", "delete /orders/{id}")})
		require.NoError(t, err)
		require.Equal(t, 2, second.Document.Number)
		require.Equal(t, []catalog.DocumentChange{
			{Kind: domain.OperationRemoved, Method: "GET", Path: "/orders/{id}"}, {Kind: domain.OperationAdded, Method: "DELETE", Path: "/orders/{id}"},
		}[0].Kind, second.Changes.Operations[1].Kind)
		require.Equal(t, []int{1, 1, 0}, []int{second.Changes.AddedCount, second.Changes.RemovedCount, second.Changes.ChangedCount})

		deleted, err := f.Portal.Catalog.DeleteProductDocument(x.Admin, second.Document.GlobalID())
		require.NoError(t, err)
		require.Equal(t, second.Document.GlobalID(), deleted)
		_, err = f.Portal.Catalog.DeleteProductDocument(x.Admin, second.Document.GlobalID())
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		third, err := upload(catalog.UploadProductDocumentInput{Document: openAPI("3", "post /orders"), DryRun: true})
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 0}, []int{third.Changes.AddedCount, third.Changes.RemovedCount, third.Changes.ChangedCount}, "compared to the one that is left")
		third, err = upload(catalog.UploadProductDocumentInput{Document: openAPI("3", "post /orders")})
		require.NoError(t, err)
		require.Equal(t, 3, third.Document.Number, "no number is given twice")

		other := f.MustTenant(t, "two")
		_, err = f.Portal.Catalog.UploadProductDocument(other.Admin, catalog.UploadProductDocumentInput{ProductID: prod.GlobalID(), Document: one})
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = f.Portal.Catalog.DeleteProductDocument(other.Admin, third.Document.GlobalID())
		portaltest.RequireCode(t, err, fault.CodeNotFound)
	})
}

// An endpoint that a plan limits stays, and nothing else is changed.
func TestUploadProductDocument_ErrLimited(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustProduct(t, x.Admin, "orders")
		dear := f.MustEndpoint(t, x.Admin, prod, access.MethodPost, "/dear")
		limit := func(all ...catalog.EndpointLimitInput) {
			_, err := f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), EndpointLimits: input.SetTo(all)})
			require.NoError(t, err)
		}
		limit(catalog.EndpointLimitInput{EndpointID: dear.GlobalID(), Quota: &access.Quota{Limit: 1, Per: access.PerDay}})
		in := catalog.UploadProductDocumentInput{ProductID: prod.GlobalID(), Document: openAPI("1", "get /new"), ApplyEndpoints: true}
		for _, in.DryRun = range []bool{true, false} {
			_, err := f.Portal.Catalog.UploadProductDocument(x.Admin, in)
			problems := fault.Problems(err)
			require.Len(t, problems, 1)
			require.Equal(t, []any{fault.NotAllowed, []string{"applyEndpoints"}}, []any{problems[0].Code, problems[0].Field})
			require.Contains(t, problems[0].Message, "The plan "+plan.Name+" limits the endpoint POST /dear")
		}
		require.Zero(t, f.Client.ProductDocument.Query().CountX(portaltest.System(t)))
		require.Equal(t, 1, f.Client.Endpoint.Query().Where(endpoint.ProductID(prod.ID)).CountX(portaltest.System(t)))
		limit()
		out, err := f.Portal.Catalog.UploadProductDocument(x.Admin, in)
		require.NoError(t, err)
		require.Equal(t, []int{1, 1, 1}, []int{out.Document.Number, out.Endpoints.CreatedCount, out.Endpoints.DeletedCount})
	})
}

// What is refused changes nothing, and names the operation.
func TestUploadProductDocument_Errors(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	prod, _ := f.MustProduct(t, x.Admin, "orders")
	for text, want := range map[string]string{
		"": "REQUIRED document", `{"swagger":"2.0"}`: "INVALID document",
		strings.Repeat("x", domain.MaxDocument+1):             "TOO_LONG document",
		openAPI("1", "trace /a"):                              "INVALID document",
		openAPI("1", "get /a/{b}.json"):                       "INVALID document",
		openAPI("1", "get /a/{b}", "get /a/{c}"):              "", // by kin-openapi or by the endpoints
		openAPI("1", "get /ok", "get /a//b", "get /c/../d/e"): "INVALID document\nINVALID document",
	} {
		_, err := f.Portal.Catalog.UploadProductDocument(x.Admin, catalog.UploadProductDocumentInput{ProductID: prod.GlobalID(), Document: text, ApplyEndpoints: true})
		require.Error(t, err, "%.80s", text)
		for _, p := range fault.Problems(err) {
			require.Equal(t, []string{"document"}, p.Field, "%.80s", text)
			if want != "" {
				require.Contains(t, want, string(p.Code), "%.80s", text)
			}
		}
		require.NotEmpty(t, fault.Problems(err), "%.80s: %v", text, err)
	}
	require.Zero(t, f.Client.ProductDocument.Query().CountX(portaltest.System(t)))
	require.Zero(t, f.Client.Endpoint.Query().Where(endpoint.ProductID(prod.ID)).CountX(portaltest.System(t)))
}

// Of many who upload the same text one creates the document; others get numbers without gaps.
func TestRace_UploadProductDocument(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, _ := h.MustProduct(t, x.Admin, "orders")
		upload := func(p *portal.Portal, text string) (int, error) {
			out, err := p.Catalog.UploadProductDocument(x.Admin, catalog.UploadProductDocumentInput{ProductID: prod.GlobalID(), Document: text})
			if err != nil {
				return 0, err
			}
			return out.Document.Number, nil
		}
		numbers, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (int, error) { return upload(p, openAPI("0", "get /a")) })
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		for _, n := range numbers {
			require.Equal(t, 1, n)
		}
		numbers, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (int, error) { return upload(p, openAPI(fmt.Sprint(n+1), "get /a")) })
		require.Equal(t, map[string]int{racetest.OK: catalog.MaxDocuments - 1, "TOO_MANY": racetest.Requests - catalog.MaxDocuments + 1}, racetest.Tally(outcomes))
		seen := map[int]bool{}
		for i, n := range numbers {
			if outcomes[i] == racetest.OK {
				seen[n] = true
			}
		}
		require.Len(t, seen, catalog.MaxDocuments-1)
		require.True(t, seen[2] && seen[catalog.MaxDocuments])
		all := h.Client.ProductDocument.Query().AllX(portaltest.System(t))
		require.Len(t, all, catalog.MaxDocuments)
		for _, d := range all {
			require.Len(t, h.Events(t, d.ID, eventlog.ProductDocumentUploaded), 1)
		}
	})
}
