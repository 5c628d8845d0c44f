package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// repetitions is the number of credentials for which each change is repeated.
const repetitions = 25

// A change that is repeated on another node, a moment later or concurrently, is answered
// after that node refuses the API key, too: also if the response is that the change was
// already made, or that the object does not exist.
func TestRepetitionsHoldOnEveryNode(t *testing.T) {
	f := newFleet(t)
	var people []*servertest.Client
	for _, n := range f.nodes {
		people = append(people, n.SignIn(t, "admin@demo.example"))
	}
	for _, c := range []struct{ want, mutation string }{
		{"REVOKED", `mutation($id: ID!) { revokeKey(input: {credentialId: $id}) { credential { status } userErrors { code } } }`},
		{"DISABLED", `mutation($id: ID!) { disableKey(input: {credentialId: $id}) { credential { status } userErrors { code } } }`},
	} {
		ids, raws := f.keys(t, repetitions)
		for i := range ids {
			f.takeEverywhere(t, people, c.mutation, ids[i], raws[i], c.want)
		}
	}
	for range repetitions {
		a := f.dev.Do(t, "createApp", vars{"name": "Gone"}, `app { id } secret { rawKey }`)
		raw := a.Text("createApp", "secret", "rawKey")
		for _, g := range f.gateways {
			g.requireSoon(t, "VALID", raw, "")
		}
		f.takeEverywhere(t, people, `mutation($id: ID!) { deleteApp(input: {appId: $id}) { deletedAppId userErrors { code } } }`,
			a.Text("createApp", "app", "id"), raw, "REVOKED")
	}
}

// takeEverywhere makes the same change on all nodes concurrently; each client then
// verifies the API key on its own node.
func (f *fleet) takeEverywhere(t *testing.T, people []*servertest.Client, mutation, id, raw, want string) {
	t.Helper()
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() {
			a, err := p.Try(mutation, vars{"id": id})
			if err != nil {
				t.Errorf("node %d: %v", i, err)
				return
			}
			if v, err := f.gateways[i].try(vars{"key": raw}); err != nil || v.Code != want {
				t.Errorf("node %d answered %v, and its gate says %q %v", i, a, v.Code, err)
			}
		})
	}
	all.Wait()
	require.False(t, t.Failed())
}
