package gqlhttp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// A literal is judged as a variable's value is, wherever it stands.
func TestLiteralsOfBuiltInScalars(t *testing.T) {
	h := toyHandler(gqlhttp.Options{})
	for document, good := range map[string]bool{
		`{ hello(name: "x") }`:                                            true,
		`{ hello(name: """x""") }`:                                        true,
		`{ hello(name: null) }`:                                           true,
		`{ hello(name: 1) }`:                                              false,
		`{ hello(name: true) }`:                                           false,
		`{ hello(name: RED) }`:                                            false,
		`{ hello(name: ["x"]) }`:                                          false,
		`{ hello(name: {}) }`:                                             false,
		`{ items(first: 1) { totalCount } }`:                              true,
		`{ items(first: 1.5) { totalCount } }`:                            false,
		`{ items(first: "1") { totalCount } }`:                            false,
		`{ items(first: 2147483648) { totalCount } }`:                     false,
		`{ items(first: true) { totalCount } }`:                           false,
		`{ nodes(ids: ["a", 1]) { id } }`:                                 true,
		`{ nodes(ids: "a") { id } }`:                                      true,
		`{ nodes(ids: 1) { id } }`:                                        true,
		`{ nodes(ids: [1.5]) { id } }`:                                    false,
		`{ nodes(ids: [true]) { id } }`:                                   false,
		`{ nodes(ids: [9223372036854775808]) { id } }`:                    false,
		`{ search(where: {name: "x", and: {name: "y"}}) }`:                true,
		`{ search(where: {name: 1}) }`:                                    false,
		`{ search(where: {and: [{name: true}]}) }`:                        false,
		`{ search(where: {color: RED}) }`:                                 true,
		`{ search(where: {color: "RED"}) }`:                               false,
		`{ hello @skip(if: true) item { id } }`:                           true,
		`{ hello @skip(if: "true") }`:                                     false,
		`{ hello @skip(if: 1) }`:                                          false,
		`query($n: String = "x") { hello(name: $n) }`:                     true,
		`query($n: String = 1) { hello(name: $n) }`:                       false,
		`query($n: Int = 2147483648) { items(first: $n) { totalCount } }`: false,
	} {
		a := query(t, h, document, "")
		require.Equal(t, good, a.code() == "", "%s: %s", document, a.Body)
		if !good {
			require.Equal(t, "BAD_USER_INPUT", a.code(), document)
		}
	}
}
