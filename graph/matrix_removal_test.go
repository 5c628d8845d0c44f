package graph_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"portico/graph"
	"portico/internal/testdb"
)

// TestMatrixSeesAMissingLock removes each @hasRole that excludes developers, one
// at a time, from the views and at run time: the lines of that field must then
// report a difference. (A lock that is open to developers and administrators
// alike excludes nobody else: all others see only what is @public.)
func TestMatrixSeesAMissingLock(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	policy := readPolicy(t)
	locked := staffOnly(t)
	for _, field := range []string{"Query.users", "Mutation.approveSubscription", "User.lastSignInAt", "Event.address", "AppFilter.accountIds"} {
		require.Contains(t, locked, field)
	}
	for _, field := range locked {
		lines := slices.DeleteFunc(slices.Clone(policy), func(l line) bool { return l.owner+"."+l.field != field })
		require.NotEmpty(t, lines, field)
		api := w.serving(t, func(o graph.Options) (http.Handler, error) { return graph.NewHandlerUnlocked(o, field) })
		found := newMatrix(w, api).differences(lines)
		require.NotEmpty(t, found, "%s without its lock, and nobody noticed", field)
		for _, d := range found {
			require.Contains(t, []string{"developer", "other", "member"}, d.viewer, "%s: only developers were let in", d)
		}

		// The lock at run time suffices, whatever the views show.
		api = w.serving(t, func(o graph.Options) (http.Handler, error) { return graph.NewHandlerShown(o, field) })
		found = newMatrix(w, api).differences(lines)
		require.NotEmpty(t, found, field)
		for _, d := range found {
			require.Contains(t, []outcome{denied, hidden}, d.got, "%s: the views were the only lock", d)
		}
	}
}

// staffOnly lists the fields, of objects and of inputs, that developers may not
// use.
func staffOnly(t *testing.T) []string {
	t.Helper()
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	var out []string
	for _, d := range whole.Types {
		for _, f := range d.Fields {
			lock := f.Directives.ForName("hasRole")
			if lock == nil {
				continue
			}
			open := false
			for _, role := range lock.Arguments.ForName("any").Value.Children {
				open = open || role.Value.Raw == "PORTAL"
			}
			if !open {
				out = append(out, d.Name+"."+f.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestMatrixSeesAMissingRule opens one table's row policies to everybody, one
// table at a time: the rows must then report a difference, and so must the API
// where it can reach the table. A credential's access list and the idempotency
// records are only ever reached by a credential or a person that are behind
// rules themselves.
func TestMatrixSeesAMissingRule(t *testing.T) { testdb.Each(t, tryMissingRules) }

func tryMissingRules(t *testing.T, url string) {
	w := newWorld(t, url)
	m := newMatrix(w, w.server)
	policy := readPolicy(t)
	for name, r := range tables() {
		t.Run(name, func(t *testing.T) {
			about := func(owners ...string) []line {
				return slices.DeleteFunc(slices.Clone(policy), func(l line) bool {
					return !slices.Contains(owners, l.owner) || l.owner == rows && l.field != name
				})
			}
			sound := *r.policy
			defer func() { *r.policy = sound }()
			*r.policy = everybody{}
			w.Portal.ForgetStatements()
			for _, specimen := range []string{"read", "change", "make"} {
				lines := slices.DeleteFunc(about(rows), func(l line) bool { return l.specimen != specimen })
				require.NotEmpty(t, m.differences(lines), "%s without rules, and nobody noticed", name)
			}
			for _, kind := range r.types {
				require.NotEmpty(t, m.differences(about(kind)), "%s without rules, and %s shows nothing of it", name, kind)
			}
			*r.policy = sound
			w.Portal.ForgetStatements()
			require.Empty(t, m.differences(about(append(slices.Clone(r.types), rows)...)))
		})
	}
}

// everybody is a policy that allows everything.
type everybody struct{}

func (everybody) EvalQuery(context.Context, ent.Query) error       { return nil }
func (everybody) EvalMutation(context.Context, ent.Mutation) error { return nil }
