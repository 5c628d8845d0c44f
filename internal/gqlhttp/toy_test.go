package gqlhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

// toySDL is a schema with one field for each case under test.
const toySDL = `
enum Color { RED GREEN }
input Filter { and: [Filter!], color: Color, name: String }
type Item { id: ID!, name: String, self: Item, items(first: Int, last: Int): Items, tags: [String!], labels: [Label!], text(size: Int!): String }
type Label { key: String, value: String }
type Items { nodes: [Item], totalCount: Int }
type Query {
  hello(name: String, color: Color): String
  item: Item
  items(first: Int, last: Int): Items
  nodes(ids: [ID!]!): [Item]
  search(where: Filter): Int
  fails: String
  lost: String
  later: String
  panics: String
  waits: String
  headers: String
  top(first: Int = 7): [Item]
  text(size: Int!): String
  endless: String
}
type Mutation { item: Item, push(n: Int!): Int, pushed(size: Int!): String, endless: String, bursts: String }
type Subscription { ticks: Int }
`

// toy executes toySDL. Each field resolves to what the methods return, or to an
// object that has the fields of its type.
type toy struct {
	schema *ast.Schema
	pushed []int64
	// texts counts how often text was resolved, written the bytes of endless.
	texts, written atomic.Int64
	// open, if not nil, is closed to let text continue; inside receives once for
	// each that waits.
	open, inside chan struct{}
}

func newToy() *toy {
	return &toy{schema: gqlparser.MustLoadSchema(&ast.Source{Name: "toy.graphql", Input: toySDL})}
}

func (t *toy) Schema() *ast.Schema { return t.schema }

func (t *toy) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (t *toy) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation == ast.Mutation {
		return t.run("Mutation")
	}
	return t.run("Query")
}

func (t *toy) run(root string) graphql.ResponseHandler {
	return func(ctx context.Context) *graphql.Response {
		op := graphql.GetOperationContext(ctx)
		fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{root})
		out := graphql.NewFieldSet(fields)
		for i, field := range fields {
			ctx := graphql.WithRootFieldContext(ctx, &graphql.RootFieldContext{Object: root, Field: field})
			out.Values[i] = op.RootResolverMiddleware(ctx, func(ctx context.Context) graphql.Marshaler {
				return t.field(ctx, op, root, field, ast.Path{ast.PathName(field.Alias)})
			})
		}
		var buffer bytes.Buffer
		out.MarshalGQL(&buffer)
		return &graphql.Response{Data: buffer.Bytes()}
	}
}

func (t *toy) object(
	ctx context.Context, op *graphql.OperationContext, typ string, set ast.SelectionSet, path ast.Path,
) graphql.Marshaler {
	fields := graphql.CollectFields(op, set, []string{typ})
	out := graphql.NewFieldSet(fields)
	for i, field := range fields {
		at := append(path[:len(path):len(path)], ast.PathName(field.Alias))
		out.Values[i] = t.field(ctx, op, typ, field, at)
	}
	return out
}

func (t *toy) field(
	ctx context.Context, op *graphql.OperationContext, typ string, field graphql.CollectedField, path ast.Path,
) (value graphql.Marshaler) {
	defer func() {
		if p := recover(); p != nil {
			graphql.AddError(ctx, &gqlerror.Error{Err: op.RecoverFunc(ctx, p), Path: path})
			value = graphql.Null
		}
	}()
	if field.Name == "__typename" {
		return graphql.MarshalString(typ)
	}
	if len(field.Selections) > 0 && field.Definition.Type.Elem == nil && !strings.HasPrefix(field.Name, "__") {
		return t.object(ctx, op, field.Definition.Type.Name(), field.Selections, path)
	}
	if field.Name == "endless" {
		return graphql.WriterFunc(t.endless)
	}
	if field.Name == "bursts" {
		return graphql.WriterFunc(func(io.Writer) { panic("toy bursts") })
	}
	result, err := op.ResolverMiddleware(ctx, func(ctx context.Context) (any, error) {
		return t.leaf(ctx, op, field.Name, field.ArgumentMap(op.Variables))
	})
	if err != nil {
		graphql.AddError(ctx, &gqlerror.Error{Err: err, Message: err.Error(), Path: path})
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _ = json.NewEncoder(w).Encode(result) })
}

func (t *toy) leaf(ctx context.Context, op *graphql.OperationContext, name string, args map[string]any) (any, error) {
	switch name {
	case "hello":
		return args["name"], nil
	case "headers":
		return op.Headers.Get("X-Test"), nil
	case "fails":
		return nil, fault.New(fault.CodeNotFound, fault.ReasonUnknownObject, "There is no such object.")
	case "later":
		return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, 2*time.Second, "The database does not answer.")
	case "lost":
		return nil, errors.New("pq: secret detail")
	case "panics":
		panic("toy")
	case "waits":
		<-ctx.Done()
		return nil, errors.New("pq: canceling statement")
	case "text", "pushed":
		return t.text(ctx, name, args)
	case "push":
		n, err := graphql.UnmarshalInt64(args["n"])
		t.pushed = append(t.pushed, n)
		return n, err
	}
	return nil, nil
}

func (t *toy) text(ctx context.Context, name string, args map[string]any) (any, error) {
	size, err := graphql.UnmarshalInt64(args["size"])
	if name == "pushed" {
		t.pushed = append(t.pushed, size)
	}
	t.texts.Add(1)
	if t.open != nil {
		t.inside <- struct{}{}
		select {
		case <-t.open:
		case <-ctx.Done():
		}
	}
	return strings.Repeat("x", int(size)), err
}

// endless writes until it is stopped.
func (t *toy) endless(w io.Writer) {
	for {
		n, _ := io.WriteString(w, "xxxxxxxx")
		t.written.Add(int64(n))
	}
}

// reply is a decoded answer.
type reply struct {
	*httptest.ResponseRecorder
	JSON struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message    string         `json:"message"`
			Path       []any          `json:"path"`
			Locations  []any          `json:"locations"`
			Extensions map[string]any `json:"extensions"`
		} `json:"errors"`
		Extensions struct {
			Cost map[string]any `json:"cost"`
		} `json:"extensions"`
	}
}

func send(t testing.TB, h http.Handler, r *http.Request) *reply {
	t.Helper()
	a := &reply{ResponseRecorder: httptest.NewRecorder()}
	h.ServeHTTP(a, r)
	if err := json.Unmarshal(a.Body.Bytes(), &a.JSON); err != nil {
		t.Fatalf("the answer is not JSON: %v: %.300s", err, a.Body)
	}
	return a
}

func post(body string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// query posts a document; variables is JSON or "".
func query(t testing.TB, h http.Handler, document, variables string) *reply {
	t.Helper()
	return send(t, h, post(bodyOf(document, variables)))
}

func bodyOf(document, variables string) string {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	if variables == "" {
		variables = "null"
	}
	return `{"query":` + string(text) + `,"variables":` + variables + `}`
}

// limit returns the limit that the first error names.
func (a *reply) limit() string {
	if len(a.JSON.Errors) == 0 {
		return ""
	}
	limit, _ := a.JSON.Errors[0].Extensions["limit"].(string)
	return limit
}

// code returns the code of the first error, "" if there is none.
func (a *reply) code() string {
	if len(a.JSON.Errors) == 0 {
		return ""
	}
	code, _ := a.JSON.Errors[0].Extensions["code"].(string)
	return code
}

func toyHandler(o gqlhttp.Options) *gqlhttp.Handler { return gqlhttp.New(newToy(), o) }

// brokenSchema panics before any resolver runs.
type brokenSchema struct{ *toy }

func (brokenSchema) Exec(context.Context) graphql.ResponseHandler { panic("broken") }
