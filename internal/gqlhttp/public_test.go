package gqlhttp_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

// Who could not be authenticated may send what is public, all of it, and nothing else.
func TestPublicOperationsNeedNoAuthentication(t *testing.T) {
	h := toyHandler(gqlhttp.Options{
		AuthError: func(context.Context) error {
			return fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "The token is not valid.")
		},
		Public: map[gqlhttp.FieldName]bool{{"Query", "hello"}: true, {"Item", "item"}: true, {"Query", "none"}: true},
	})
	for document, public := range map[string]bool{
		"{ hello }":                                   true,
		"{ hello again: hello }":                      true,
		"{ __typename hello }":                        true,
		"{ ... { hello } }":                           true,
		"{ ...F } fragment F on Query { hello }":      true,
		"{ __typename }":                              false,
		"{ hello item { id } }":                       false,
		"{ item { id } }":                             false,
		"{ hello ... { lost } }":                      false,
		"{ hello __schema { queryType { name } } }":   false,
		"{ ...F } fragment F on Query { hello lost }": false,
		"mutation { item { id } }":                    false,
		"{ unheard }":                                 false,
	} {
		a := query(t, h, document, "")
		require.Equal(t, public, a.code() == "", "%s: %s", document, a.Body)
		if !public {
			require.Equal(t, "UNAUTHENTICATED", a.code(), document)
			require.Equal(t, http.StatusUnauthorized, a.Code, document)
		}
	}
	// An operation that is not found may be found by those who are authenticated.
	a := send(t, h, post(`{"query":"query A { hello }","operationName":"B"}`))
	require.Equal(t, "UNAUTHENTICATED", a.code())
}
