package gqlhttp_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

func TestEveryErrorHasCodeAndRequestID(t *testing.T) {
	h := toyHandler(gqlhttp.Options{
		RequestID: func(context.Context) string { return "req-1" },
		Recover:   func(context.Context, any) error { return errors.New("pq: panic") },
	})
	for document, code := range map[string]string{
		"{":                                      "BAD_USER_INPUT",
		"{ nothing }":                            "BAD_USER_INPUT",
		"{ hello @odd }":                         "BAD_USER_INPUT",
		"query($n: Color!) { hello(color: $n) }": "BAD_USER_INPUT",
		"{ fails }":                              "NOT_FOUND",
		"{ lost }":                               "INTERNAL",
		"{ panics }":                             "INTERNAL",
	} {
		a := query(t, h, document, "")
		require.Equal(t, code, a.code(), document)
		require.Equal(t, "req-1", a.JSON.Errors[0].Extensions["requestId"], document)
		require.NotContains(t, a.Body.String(), "pq:")
	}
	a := send(t, h, post("[]"))
	require.Equal(t, "req-1", a.JSON.Errors[0].Extensions["requestId"])
}

func TestPresenterGetsEveryError(t *testing.T) {
	h := toyHandler(gqlhttp.Options{ErrorPresenter: func(_ context.Context, err error) *gqlerror.Error {
		return &gqlerror.Error{Message: "presented", Extensions: map[string]any{"was": string(fault.From(err).Code)}}
	}})
	for document, code := range map[string]string{"{": "BAD_USER_INPUT", "{ no }": "BAD_USER_INPUT", "{ fails }": "NOT_FOUND"} {
		a := query(t, h, document, "")
		require.Equal(t, "presented", a.JSON.Errors[0].Message)
		require.Equal(t, code, a.JSON.Errors[0].Extensions["was"])
		require.Equal(t, code, a.code(), "a code is added when the presenter adds none")
	}
}

// With Options.UnknownName, every document that uses a name which the schema
// does not have gets that one error, whatever else is wrong with it.
func TestUnknownNamesGetOneError(t *testing.T) {
	h := toyHandler(gqlhttp.Options{UnknownName: func(context.Context) error {
		return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	}})
	for _, document := range []string{
		"{ secrets }", "{ madeUp { deeper } }", "{ hello(no: 1) }", "query($x: Hidden) { secrets(x: $x) }",
		"query($x: Hidden = SECRET, $y: Other!) { hello }", "{ ...F } fragment F on Hidden { id }", "{ hello ... on Hidden { id } }",
		"query($x: Hidden) { hello(x: {a: $x, b: NOPE}) secrets { ...F } } fragment F on Hidden { id { deeper(x: $z) } }",
		"{ hello @skip hello @skip hello @skip hello @skip hello @skip hello @skip hello @skip hello @skip secrets }",
	} {
		a := query(t, h, document, "")
		require.Equal(t, "UNAUTHENTICATED", a.code(), document)
		require.Len(t, a.JSON.Errors, 1, document)
		require.Equal(t, "Sign in first.", a.JSON.Errors[0].Message, document)
		require.Equal(t, "NOT_SIGNED_IN", a.JSON.Errors[0].Extensions["reason"], document)
		require.NotEmpty(t, a.JSON.Errors[0].Locations, document)
	}
	require.Equal(t, "BAD_USER_INPUT", query(t, h, "{ hello hello @skip }", "").code())
}

func TestVariableErrorsNameTheVariable(t *testing.T) {
	a := query(t, toyHandler(gqlhttp.Options{}), `query($w: Filter) { search(where: $w) }`, `{"w":{"and":[{"odd":1}]}}`)
	require.Equal(t, `Variable "$w.and[0].odd" unknown field.`, a.JSON.Errors[0].Message)
	require.Empty(t, a.JSON.Errors[0].Path, "a path is a place in the answer")
}

func TestErrorsHaveAFixedOrder(t *testing.T) {
	a := query(t, toyHandler(gqlhttp.Options{}), `{ c: fails a: fails b: lost hello }`, "")
	var paths []any
	for _, e := range a.JSON.Errors {
		paths = append(paths, e.Path...)
	}
	require.Equal(t, []any{"a", "b", "c"}, paths)
	require.JSONEq(t, `{"c":null,"a":null,"b":null,"hello":null}`, string(a.JSON.Data))
}

func TestDefaultPresenterSetsRetryAfter(t *testing.T) {
	e := gqlhttp.Present(t.Context(), fault.RetryAfter(fault.CodeRateLimited, fault.ReasonSignInFailures, 1500*time.Millisecond, "Too many."))
	require.Equal(t, map[string]any{"code": fault.CodeRateLimited, "reason": fault.ReasonSignInFailures, "retryAfter": 2}, e.Extensions)
}

func TestDeadline(t *testing.T) {
	h := toyHandler(gqlhttp.Options{Timeout: time.Millisecond})
	a := query(t, h, "{ waits }", "")
	require.Equal(t, "UNAVAILABLE", a.code())
	require.Equal(t, []any{"waits"}, a.JSON.Errors[0].Path)
	require.NotContains(t, a.Body.String(), "pq:")
}

func TestPanicsAreLoggedAndSurvived(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	h := toyHandler(gqlhttp.Options{})
	a := query(t, h, "{ panics }", "")
	require.Equal(t, "INTERNAL", a.code())
	require.Equal(t, "DEFECT", a.JSON.Errors[0].Extensions["reason"])
	require.NotContains(t, a.Body.String(), "toy")
	require.Contains(t, log.String(), "panic=toy")
	require.Empty(t, query(t, h, "{ hello }", "").JSON.Errors)
}

func TestPanicsOutsideOfResolvers(t *testing.T) {
	h := gqlhttp.New(brokenSchema{newToy()}, gqlhttp.Options{Recover: func(context.Context, any) error {
		return fault.New(fault.CodeInternal, fault.ReasonDefect, "Something went wrong on our side.")
	}})
	a := query(t, h, "{ hello }", "")
	require.Equal(t, http.StatusInternalServerError, a.Code)
	require.Equal(t, "INTERNAL", a.code())
}

func TestLongMessagesAreTruncated(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Message = 20
	a := query(t, toyHandler(gqlhttp.Options{Limits: limits}), "{ nothingAtAllOfThisName }", "")
	require.LessOrEqual(t, len(a.JSON.Errors[0].Message), 20)
	require.True(t, strings.HasSuffix(a.JSON.Errors[0].Message, "…"))
}

func TestRefuse(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	r.Header.Set("Accept", "application/graphql-response+json")
	h.Refuse(w, r, fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "Sign in again."))
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.JSONEq(t, `{"errors":[{"message":"Sign in again.","extensions":{"code":"UNAUTHENTICATED","reason":"INVALID_TOKEN"}}]}`, w.Body.String())
}

// counting returns the default presenter, which also counts its calls in n.
func counting(n *int) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		*n++
		return gqlhttp.Present(ctx, err)
	}
}
