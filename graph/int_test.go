package graph

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph/model"
)

// smallInts returns, for each field and argument of type Int, why 32 bits are
// enough. What counts calls, events, or anything else that only grows, is a
// BigInt.
func smallInts() map[string]string {
	return map[string]string{
		"first": "at most 100", "last": "at most 100", "version": "the changes of one object", "versions": "as before", "totalCount": "rows of one list; stops at the bound",
		"credentialCount": "keys of one organization", "appCount": "apps of one organization", "productSubscriptionCount": "subscriptions of one product, app or account",
		"KeyCounts.total": "keys of one app", "keyCount": "keys of one app", "Statement.number": "statements of one organization", "lineCount": "lines of one account and month", "KeyCounts.active": "keys of one app", "KeyCounts.uncollected": "keys of one app",
		"KeyCounts.disabled": "keys of one app", "KeyCounts.expired": "keys of one app", "KeyCounts.revoked": "keys of one app",
		"AppFilter.keysAtLeast": "keys of one app", "AppFilter.keysAtMost": "keys of one app",
		"ProductSubscriptionCounts.total": "subscriptions of one organization", "waiting": "as before", "approved": "as before", "rejected": "as before", "suspended": "as before",
		"unsubscribed": "as before", "planChangesWaiting": "as before", "KeyRequestCounts.total": "requests of one organization", "pending": "as before", "withdrawn": "as before", "KeyRequestCounts.expired": "as before", "collectKeysWithinDays": "at most 90", "requestsExpireAfterDays": "at most 365",
		"deletedRetentionDays": "at most 365", "eventRetentionDays": "at most 3650", "development": "at most 3650", "staging": "at most 3650", "production": "at most 3650",
		"position": "at most 50", "Plan.revision": "the changes of one plan", "PlanRevision.number": "as before", "PlanRevision.subscriptionCount": "subscriptions of one plan", "moved": "at most 100", "remaining": "subscriptions of one plan",
		"ProductDocument.number": "the uploads of one product", "ProductDocument.size": "at most 200000", "addedCount": "at most 500", "removedCount": "at most 500", "changedCount": "at most 500",
		"createdCount": "at most 500", "updatedCount": "at most 500", "deletedCount": "at most 500", "narrowedSubscriptionCount": "subscriptions of one product",
		"minutes": "at most 90", "hours": "at most 1000", "days": "at most 3660", "overlapMinutes": "at most 43200", "maxLength": "at most 500", "UpstreamCalls.statusClass": "1 to 5",
	}
}

func TestEveryIntIsSmall(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	known := smallInts()
	check := func(of, name string, typ *ast.Type) {
		if typ.Name() == "Int" && known[name] == "" && known[of+"."+name] == "" {
			t.Errorf("%s.%s is an Int: say in smallInts why 32 bits are enough, or make it a BigInt", of, name)
		}
	}
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			check(d.Name, f.Name, f.Type)
			for _, a := range f.Arguments {
				check(d.Name+"."+f.Name, a.Name, a.Type)
			}
		}
	}
	require.NotEmpty(t, whole.Types["BigInt"].Directives.ForName("specifiedBy"))
}

func TestNumbersStayWithinTheirBounds(t *testing.T) {
	wrote := func(m graphql.Marshaler) string {
		var b bytes.Buffer
		m.MarshalGQL(&b)
		return b.String()
	}
	require.Equal(t, "2147483647", wrote(model.MarshalInt(math.MaxInt32)))
	require.Equal(t, "2147483647", wrote(model.MarshalInt(math.MaxInt32+1)))
	require.Equal(t, "-2147483648", wrote(model.MarshalInt(math.MinInt64)))
	require.Equal(t, "9007199254740991", wrote(model.MarshalBigInt(1<<53-1)))
	require.Equal(t, "9007199254740991", wrote(model.MarshalBigInt(math.MaxInt64)))
	require.Equal(t, "9007199254740991", wrote(model.MarshalCount(1<<53)))
	for _, good := range []any{json.Number("9007199254740991"), int64(1<<53 - 1), json.Number("0"), json.Number("-1")} {
		_, err := model.UnmarshalBigInt(good)
		require.NoError(t, err, good)
	}
	for _, bad := range []any{json.Number("9007199254740992"), int64(math.MaxInt64), json.Number("1.5"), json.Number("1e3"), "7", nil, true, 1.5} {
		_, err := model.UnmarshalBigInt(bad)
		require.Error(t, err, "%v", bad)
	}
}
