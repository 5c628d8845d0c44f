package graph_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"portico/ent/db/accessentry"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/endpoint"
	"portico/ent/db/event"
	"portico/ent/db/eventposition"
	"portico/ent/db/gatecursor"
	"portico/ent/db/gatenode"
	"portico/ent/db/idempotencykey"
	"portico/ent/db/lease"
	"portico/ent/db/membership"
	"portico/ent/db/migrate"
	"portico/ent/db/organization"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/ent/db/quotacount"
	"portico/ent/db/servicetoken"
	"portico/ent/db/signinattempt"
	"portico/ent/db/subscription"
	"portico/ent/db/usagebatch"
	"portico/ent/db/usageday"
	"portico/ent/db/usagehour"
	"portico/ent/db/usagejournal"
	"portico/ent/db/usageminute"
	"portico/ent/db/usageupstream"
	"portico/ent/db/user"
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
			require.Contains(t, []string{"developer", "other"}, d.viewer, "%s: only developers were let in", d)
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

// TestMatrixSeesAMissingRule opens one table's privacy rules to everybody, one
// table at a time: the rows must then report a difference, and so must the API
// where it can reach the table. A credential's access list and the idempotency
// records are only ever reached by a credential or a person that are behind
// rules themselves.
func TestMatrixSeesAMissingRule(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	m := newMatrix(w, w.server)
	policy := readPolicy(t)
	for _, r := range rules() {
		t.Run(r.table, func(t *testing.T) {
			about := func(owners ...string) []line {
				return slices.DeleteFunc(slices.Clone(policy), func(l line) bool {
					return !slices.Contains(owners, l.owner) || l.owner == rows && l.field != r.table
				})
			}
			sound := *r.policy
			defer func() { *r.policy = sound }()
			*r.policy = everybody{}
			for _, specimen := range []string{"read", "change", "make"} {
				lines := slices.DeleteFunc(about(rows), func(l line) bool { return l.specimen != specimen })
				require.NotEmpty(t, m.differences(lines), "%s without rules, and nobody noticed", r.table)
			}
			for _, kind := range r.types {
				require.NotEmpty(t, m.differences(about(kind)), "%s without rules, and %s shows nothing of it", r.table, kind)
			}
			*r.policy = sound
			require.Empty(t, m.differences(about(append(r.types, rows)...)))
		})
	}
	require.Len(t, rules(), len(migrate.Tables), "a table whose rules nobody has tried to take away")
}

// rule is where a table's privacy rules are stored, and the types by which the
// API must show that they are missing.
type rule struct {
	table  string
	policy *ent.Policy
	types  []string
}

func rules() []rule {
	return []rule{
		{"accounts", &account.Policy, []string{"Account", "AccountProfile"}},
		{"apps", &app.Policy, []string{"App", "KeyCounts"}},
		{"credentials", &credential.Policy, []string{"Credential", "CredentialPermissions"}},
		{"events", &event.Policy, []string{"Event", "EventChange"}},
		{"memberships", &membership.Policy, []string{"Membership"}},
		{"organizations", &organization.Policy, []string{"Organization", "KeyLife"}},
		{"plans", &plan.Policy, []string{"Plan", "Price"}},
		{"products", &product.Policy, []string{"Product", "ProductPermissions"}},
		{"subscriptions", &subscription.Policy, []string{"ProductSubscription"}},
		{"endpoints", &endpoint.Policy, []string{"Endpoint", "EndpointPermissions"}},
		{"users", &user.Policy, []string{"User"}},
		{"access_entries", &accessentry.Policy, nil},
		{"event_positions", &eventposition.Policy, nil},
		{"idempotency_keys", &idempotencykey.Policy, nil},
		{"leases", &lease.Policy, nil},
		{"service_tokens", &servicetoken.Policy, nil},
		{"gate_cursors", &gatecursor.Policy, nil},
		{"gate_nodes", &gatenode.Policy, nil},
		{"quota_counts", &quotacount.Policy, nil},
		{"usage_batches", &usagebatch.Policy, nil},
		{"usage_days", &usageday.Policy, nil},
		{"usage_hours", &usagehour.Policy, nil},
		{"usage_journal", &usagejournal.Policy, nil},
		{"usage_minutes", &usageminute.Policy, nil},
		{"usage_upstreams", &usageupstream.Policy, nil},
		{"sign_in_attempts", &signinattempt.Policy, nil},
	}
}

// everybody is a policy that allows everything.
type everybody struct{}

func (everybody) EvalQuery(context.Context, ent.Query) error       { return nil }
func (everybody) EvalMutation(context.Context, ent.Mutation) error { return nil }
