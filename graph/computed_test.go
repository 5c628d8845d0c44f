package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
)

// The counts of an app's keys come with the app, whichever of them are selected, and
// do not multiply the apps.
func TestKeyCountsComeWithTheApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "counts")
		for i := range 3 {
			id := s.MustApp(t, tenant.Developer, fmt.Sprint("app", i)).App.GlobalID()
			for range i {
				key := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id})
				if i == 2 {
					_, err := s.Portal.Apps.RevokeKey(tenant.Developer, key.Credential.GlobalID(), nil, nil)
					require.NoError(t, err)
				}
			}
		}
		token := s.token(t, tenant.Developer)
		for selected, want := range map[string]string{
			"__typename":                         `[{"keyCounts":{"__typename":"KeyCounts"}},{"keyCounts":{"__typename":"KeyCounts"}},{"keyCounts":{"__typename":"KeyCounts"}}]`,
			"active":                             `[{"keyCounts":{"active":1}},{"keyCounts":{"active":2}},{"keyCounts":{"active":1}}]`,
			"disabled expired":                   `[{"keyCounts":{"disabled":0,"expired":0}},{"keyCounts":{"disabled":0,"expired":0}},{"keyCounts":{"disabled":0,"expired":0}}]`,
			"revoked":                            `[{"keyCounts":{"revoked":0}},{"keyCounts":{"revoked":0}},{"keyCounts":{"revoked":2}}]`,
			"total active } keyCounts { revoked": `[{"keyCounts":{"total":1,"active":1,"revoked":0}},{"keyCounts":{"total":2,"active":2,"revoked":0}},{"keyCounts":{"total":3,"active":1,"revoked":2}}]`,
		} {
			var got answer
			sent := c.during(func() {
				got = s.ask(t, token, `{ apps(orderBy: {field: CREATED_AT, direction: ASC}) { nodes { keyCounts { `+selected+` } } } }`, nil)
			})
			require.Empty(t, got.Errors, got.raw)
			require.Contains(t, got.raw, want, selected)
			require.Len(t, sent, 2, strings.Join(sent, "\n"))
		}
	})
}

// Counts are only read with the apps for which they are selected.
func TestKeyCountsAreReadWhereSelected(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "where")
		id := s.MustApp(t, tenant.Developer, "app").App.GlobalID()
		token := s.token(t, tenant.Developer)
		sent := c.during(func() {
			got := s.ask(t, token, `query($id: ID!, $yes: Boolean = true, $no: Boolean = false) {
				a: apps(first: 5) { nodes { name } } b: apps(first: 6) { nodes { keyCounts @skip(if: $yes) { total } } }
				c: apps(first: 7) { nodes { ... @include(if: $no) { keyCounts { total } } } } d: app(id: $id) { name ...f @skip(if: $yes) }
				e: apps(first: 8) { edges { node { ...f } } } f: viewer { account { apps(first: 9) { nodes { name } } } }
			} fragment f on App { keyCounts { active } }`, map[string]any{"id": id})
			require.Empty(t, got.Errors, got.raw)
			require.Contains(t, got.raw, `"e":{"edges":[{"node":{"keyCounts":{"active":1}}}]}`)
		})
		with := 0
		for _, text := range sent {
			if strings.Contains(text, "of_keyCounts") {
				with++
			}
		}
		require.Equal(t, 1, with, strings.Join(sent, "\n"))
	})
}
