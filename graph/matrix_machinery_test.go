package graph_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/migrate"
)

// withClient returns the tables that an ent client reaches.
func withClient() []*schema.Table {
	return slices.DeleteFunc(slices.Clone(migrate.Tables), func(t *schema.Table) bool { return slices.Contains(migrate.WithoutClient(), t.Name) })
}

// TestMachineryHasNoClient: rows that only hand-written SQL reads and writes need
// no row policy, because no client reaches them; each other table has one client.
func TestMachineryHasNoClient(t *testing.T) {
	client, clients := reflect.TypeFor[db.Client](), map[string]bool{}
	for i := range client.NumField() {
		if f := client.Field(i); f.IsExported() && f.Type.Kind() == reflect.Pointer && strings.HasSuffix(f.Type.Elem().Name(), "Client") {
			clients[f.Name] = true
		}
	}
	require.Len(t, withClient(), len(clients))
	for _, name := range migrate.WithoutClient() {
		for c := range clients {
			require.NotEqual(t, strings.TrimSuffix(strings.ReplaceAll(name, "_", ""), "s"), strings.ToLower(c), "%s has a client", name)
		}
	}
}
