package gqlhttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
	"portico/internal/gqlhttp/lanes"
)

// The room of a request is released, whatever its outcome.
func TestRoomIsReleased(t *testing.T) {
	h := toyHandler(gqlhttp.Options{Lanes: lanes.New(8 << 20)})
	filling := `{"x":"` + strings.Repeat("x", 200<<10) + `"}`
	good := bodyOf("{ items(first: 100) { nodes { id name self { id name } } } }", filling)
	bodies := []string{good, good[1:], strings.Replace(good, "name", "none", 1), strings.Replace(good, "100", "101", 1), bodyOf("mutation { push(n: 1) }", filling)}
	for i := range 500 {
		a := send(t, h, post(bodies[i%len(bodies)]))
		require.NotEqual(t, http.StatusServiceUnavailable, a.Code, i)
	}
}
