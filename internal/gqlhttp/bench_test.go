package gqlhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp"
)

// canned answers every request with the same data, so that a benchmark measures
// everything but the execution.
type canned struct {
	*toy
	data []byte
}

func (c canned) Exec(context.Context) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Data: c.data})
}

// stock returns gqlgen's own server, configured as its documentation advises.
func stock(schema graphql.ExecutableSchema) http.Handler {
	server := handler.New(schema)
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	server.SetParserTokenLimit(1500)
	return server
}

// BenchmarkRequest compares this handler with gqlgen's, for a small answer and
// for one of 16 kB.
func BenchmarkRequest(b *testing.B) {
	document := `query Page($id: Int) { items(first: $id) { totalCount nodes { id name self { id name } } } hello(name: "x") }`
	body := bodyOf(document, `{"id":20}`)
	for name, size := range map[string]int{"small": 100, "16kB": 16 << 10} {
		schema := canned{newToy(), []byte(`{"items":{"nodes":[{"name":"` + strings.Repeat("x", size) + `"}]}}`)}
		for kind, h := range map[string]http.Handler{
			"stock": stock(schema), "gqlhttp": gqlhttp.New(schema, gqlhttp.Options{}),
		} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, post(body))
					if w.Code != http.StatusOK {
						b.Fatal(w.Body)
					}
				}
			})
		}
	}
}

// BenchmarkUnknownDocument measures a document that is not cached: parsing,
// guard and validation.
func BenchmarkUnknownDocument(b *testing.B) {
	limits := gqlhttp.DefaultLimits()
	limits.CacheEntries = 0
	h := toyHandler(gqlhttp.Options{Limits: limits})
	for b.Loop() {
		query(b, h, `{ items { totalCount nodes { id name self { id name } } } hello(name: "x") }`, "")
	}
}
