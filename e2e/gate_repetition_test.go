package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// repetitions is how many keys each way of taking away is repeated for.
const repetitions = 25

// Whoever repeats on another node what was done a moment ago, or is being done,
// is answered when that node refuses, too: whether it is told that it is so
// already, or that there is no such thing.
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
		for _, g := range f.gates {
			g.soon(t, "VALID", raw, "")
		}
		f.takeEverywhere(t, people, `mutation($id: ID!) { deleteApp(input: {appId: $id}) { deletedAppId userErrors { code } } }`,
			a.Text("createApp", "app", "id"), raw, "REVOKED")
	}
}

// takeEverywhere does the same on all nodes at once; each asks its own gate
// when it is answered.
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
			if v, err := f.gates[i].try(vars{"key": raw}); err != nil || v.Code != want {
				t.Errorf("node %d answered %v, and its gate says %q %v", i, a, v.Code, err)
			}
		})
	}
	all.Wait()
	require.False(t, t.Failed())
}
