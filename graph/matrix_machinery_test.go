package graph_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/migrate"
	"portico/ent/db/servicetoken"
)

// Machinery is what the matrix knows of the tables that only Portico itself
// writes to by ent, which no type of the schema shows. Those that only
// hand-written SQL uses are migrate.WithoutClient's.
func (nouns) Machinery() noun {
	return noun{tables: map[string]table{
		"service_tokens": {
			client: func(c *db.Client) any { return c.ServiceToken }, policy: &servicetoken.Policy, column: "organization_id", value: organizationAtStake,
			adds: func(c *db.Client) adding {
				return added(c.ServiceToken.Create, c.ServiceToken.CreateBulk, func(x *db.ServiceTokenCreate, o owner) {
					name := uuid.NewString()
					x.SetOrganizationID(o.organization).SetName(name).SetScopes([]string{"gateway"}).SetTokenHash([]byte(name)).SetHint("last")
				})
			},
		},
	}}
}

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
