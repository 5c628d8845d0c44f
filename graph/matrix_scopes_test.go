package graph_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/domain"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// narrowViewers returns the viewers of scopes.txt: service tokens that have one scope alone,
// and the approver of one product.
func narrowViewers() []string { return append(tokenViewers(), approver) }

// TestScopes plays testdata/scopes.txt: what those read, change and reach who have a narrow
// part of a role.
func TestScopes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		m := newMatrix(w, w.server)
		m.viewers = narrowViewers()
		lines := readScopes(t)
		if graph.Updating() {
			for _, l := range lines {
				var got []string
				for _, who := range m.viewers {
					got = append(got, fmt.Sprintf("%-12s", m.try(l, who)))
				}
				t.Logf("%s\t%-30s %s", l.section(), l.field, strings.Join(got, " "))
			}
			return
		}
		for _, d := range m.differences(lines) {
			t.Error(d)
		}
	})
}

// readScopes reads the lines, which are written as those of the matrix are; without
// columns, a field has those of its section.
func readScopes(t testing.TB) []line {
	t.Helper()
	text, err := os.ReadFile("testdata/scopes.txt")
	require.NoError(t, err)
	var out []line
	var section line
	of := func(place string, words []string) map[string]outcome {
		require.Len(t, words, len(narrowViewers()), place)
		want := map[string]outcome{}
		for i, who := range narrowViewers() {
			want[who] = outcome(words[i])
			if words[i] == "." {
				want[who] = section.want[who]
			}
			require.Contains(t, outcomes(), want[who], place)
		}
		return want
	}
	for i, raw := range strings.Split(string(text), "\n") {
		place := fmt.Sprintf("scopes.txt:%d", i+1)
		raw, _, _ = strings.Cut(raw, "#")
		words := strings.Fields(raw)
		if head, rest, ok := strings.Cut(raw, "]"); ok {
			owner, specimen, _ := strings.Cut(strings.TrimPrefix(head, "["), ": ")
			section = line{owner: owner, specimen: specimen}
			section.want = of(place, strings.Fields(rest))
			continue
		}
		if len(words) == 0 {
			continue
		}
		l := section
		l.place, l.field = place, words[0]
		if len(words) > 1 {
			l.want = of(place, words[1:])
		}
		out = append(out, l)
	}
	return out
}

// TestScopesAreComplete: each root field and each table has its lines, and each table is
// read, changed and made.
func TestScopesAreComplete(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	have := map[string]bool{}
	for _, l := range readScopes(t) {
		key := l.owner + "." + l.field
		if l.owner == rows {
			key = l.section() + "." + l.field
		}
		have[key] = true
	}
	for _, root := range []*ast.Definition{whole.Query, whole.Mutation} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				require.True(t, have[root.Name+"."+f.Name], "%s.%s has no line in scopes.txt", root.Name, f.Name)
			}
		}
	}
	for _, table := range withClient() {
		for _, way := range []string{"read", "change", "make"} {
			require.True(t, have[rows+": "+way+"."+table.Name], "%s of %s has no line in scopes.txt", way, table.Name)
		}
	}
}

// TestViewsOfTokens: a token that may read sees the objects that people in its role see,
// and one that may only decide sees what it needs for that; each combination of scopes
// has a view.
func TestViewsOfTokens(t *testing.T) {
	for role, all := range map[viewer.Role][]domain.ServiceTokenScope{
		viewer.Portal: {domain.PortalRead, domain.PortalWrite},
		viewer.Admin:  {domain.AdminRead, domain.AdminWrite, domain.SubscriptionsDecide, domain.UsersActAs},
	} {
		people, err := graph.View(role)
		require.NoError(t, err)
		for n := 1; n < 1<<len(all); n++ {
			var some []domain.ServiceTokenScope
			for i, s := range all {
				if n&(1<<i) != 0 {
					some = append(some, s)
				}
			}
			v := viewer.Viewer{Role: role, Scopes: domain.NewScopes(some...)}
			view, err := graph.ViewOfTokens(role, v.Scopes)
			require.NoError(t, err, some)
			require.Equal(t, v.Writes() || v.Scopes.HasAny(domain.SubscriptionsDecide, domain.UsersActAs), view.Mutation != nil, some)
			for name, d := range view.Types {
				require.NotNil(t, people.Types[name], "%s of %v", name, some)
				for _, f := range d.Fields {
					require.NotNil(t, people.Types[name].Fields.ForName(f.Name), "%s.%s of %v", name, f.Name, some)
				}
			}
			if !v.Reads() {
				continue
			}
			for _, name := range []string{"App", "Credential", "ProductSubscription", "Event"} {
				for _, f := range people.Types[name].Fields {
					require.NotNil(t, view.Types[name].Fields.ForName(f.Name), "%s.%s of %v", name, f.Name, some)
				}
			}
		}
	}
}

// TestADeciderSeesWhatItNeeds: the objects and fields that a token sees which may decide
// and nothing else, written by hand.
func TestADeciderSeesWhatItNeeds(t *testing.T) {
	view, err := graph.ViewOfTokens(viewer.Admin, domain.NewScopes(domain.SubscriptionsDecide))
	require.NoError(t, err)
	want := map[string]string{
		"Query":               "catalogue keyRequest keyRequestCounts keyRequests productSubscription productSubscriptionCounts productSubscriptions serverInfo viewer",
		"Mutation":            "approveKeyRequest approvePlanChange approveSubscription decideSubscriptions rejectKeyRequest rejectPlanChange rejectSubscription",
		"ProductSubscription": "acceptedTerms account allowedTransitions answers app badgeColor createdAt decidedAt decidedBy handOffUrl id keyRequest pendingChange plan planRevision product reason requestedBy status timeline updatedAt version",
		"KeyRequest":          "account app changesKey collectUntil collectedAt createdAt decidedAt decidedBy deleted environment id name productSubscriptions products reason removeProducts requestedBy status updatedAt version viewerCan",
		"App":                 "account createdAt description id labels name referenceId",
		"Account":             "createdAt id name profile status",
		"Product":             "apiVersion deprecatesAt description descriptionHtml documentationUrl documents guides handOffUrl id logoUrl name plans retiresAt status summary tags terms title",
		"Answer":              "kind label name value",
		"Plan":                "charge id kind name overage price quota quotaPer rateLimit revision spendingCap",
		"Event":               "actor at changes id position reason subject type",
		"Actor":               "name role",
		"User":                "email id name role",
		"Organization":        "id name slug",
	}
	for name, d := range view.Types {
		if d.Kind != ast.Object || d.BuiltIn || strings.HasPrefix(name, "__") {
			continue
		}
		if w, ok := want[name]; ok {
			require.Equal(t, w, fieldsOf(d), name)
			delete(want, name)
		}
	}
	require.Empty(t, want)
	require.Nil(t, view.Types["Credential"])
	require.Nil(t, view.Query.Fields.ForName("node"))
}
