package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	entschema "entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/schema"
)

// Toaster is an entity that the program does not have.
type Toaster struct{ ent.Schema }

func (Toaster) Mixin() []ent.Mixin {
	return []ent.Mixin{schema.Identity{}, schema.Tenant{}, schema.Changeable{}}
}

func (Toaster) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}), field.UUID("user_id", uuid.UUID{}).Optional().Nillable(),
		field.String("serial_number"), field.Int64("slots"), field.Time("sold_at").Optional().Nillable(),
	}
}

func (Toaster) Annotations() []entschema.Annotation { return []entschema.Annotation{toaster()} }

func toaster() schema.Node {
	return schema.Node{
		Type: "KitchenToaster", Prefix: "toast", List: "toasters", Of: []string{"KitchenToaster"},
		Orders:  []schema.Order{{Name: "CREATED_AT", Column: "created_at"}, {Name: "SLOTS", Column: "slots"}, {Name: "SERIAL", Column: "serial_number"}},
		Columns: map[string][]string{"account": {"account_id"}, "slices": nil},
		Refers:  map[string]string{"account_id": "Account", "user_id": "User"},
	}
}

// graphOf returns the graph of the toaster, as if it had a changed annotation.
func graphOf(t *testing.T, n schema.Node) *gen.Graph {
	t.Helper()
	raw, err := load.MarshalSchema(Toaster{})
	require.NoError(t, err)
	s, err := load.UnmarshalSchema(raw)
	require.NoError(t, err)
	s.Annotations["Node"] = n
	g, err := gen.NewGraph(&gen.Config{Package: "portico/ent/db", Target: t.TempDir(), IDType: &field.TypeInfo{Type: field.TypeInt}}, s)
	require.NoError(t, err)
	return g
}

// TestANodeIsDeclaredOnce: an entity's annotation is all that is written by hand
// for its ids, look-up, reads by id, lists and binding.
func TestANodeIsDeclaredOnce(t *testing.T) {
	root := t.TempDir()
	for _, file := range outputs() {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755))
	}
	require.NoError(t, writeAll(root, graphOf(t, toaster())))
	for file, parts := range map[string][]string{
		"internal/nodeid/kinds_gen.go": {`KitchenToaster Kind = "KitchenToaster"`, `return "toast"`, `case "toast": return KitchenToaster, true`},
		"internal/entity/entities_gen.go": {
			`{Kind: nodeid.KitchenToaster, Table: "toasters", Row: "Toaster", Connection: true}`,
			`"account": {"account_id"}`, `"serialNumber": {"serial_number"}`, `"slices": nil`, `"toasters": nil`, `"id": nil`,
			`func ToasterList() listing.List[*db.Toaster]`, `Name: "toasters"`,
			`{Name: "CREATED_AT", Column: "created_at", Type: listing.Time, Value: func(x *db.Toaster) any { return x.CreatedAt }}`,
			`{Name: "SLOTS", Column: "slots", Type: listing.Number, Value: func(x *db.Toaster) any { return x.Slots }}`,
			`{Name: "SERIAL", Column: "serial_number", Type: listing.Text, Value: func(x *db.Toaster) any { return x.SerialNumber }}`,
			`func (r Reader) ToastersByID(`,
		},
		"graph/nodes_gen.go": {
			`case nodeid.KitchenToaster: return some(oneWith(ctx, k, id, columns, r.ToastersByID))`, `case *db.Toaster:`,
			`l.saw(nodeid.KitchenToaster, r.ID)`, `l.saw(nodeid.Account, r.AccountID)`, `l.sawOptional(nodeid.User, r.UserID)`,
		},
		"graph/model/connections_gen.go": {`KitchenToasterConnection = paging.Page[*db.Toaster]`, `KitchenToasterEdge = paging.Edge[*db.Toaster]`},
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		for _, part := range parts {
			require.Contains(t, strings.Join(strings.Fields(string(text)), " "), part, file)
		}
	}
}

// A hidden node has ids, and nothing else.
func TestAHiddenNodeHasOnlyIDs(t *testing.T) {
	root := t.TempDir()
	for _, file := range outputs() {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755))
	}
	n := toaster()
	n.Hidden = true
	require.NoError(t, writeAll(root, graphOf(t, n)))
	for _, file := range outputs() {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		require.Equal(t, strings.HasPrefix(file, "internal/nodeid"), strings.Contains(string(text), "Toaster"), file)
	}
}

// What cannot be true of an entity is refused when code is generated.
func TestAWrongAnnotationIsRefused(t *testing.T) {
	for what, change := range map[string]func(*schema.Node){
		`it cannot be ordered by "colour"`:  func(n *schema.Node) { n.Orders[0].Column = "colour" },
		`it cannot be ordered by "sold_at"`: func(n *schema.Node) { n.Orders[0].Column = "sold_at" },
		`it has no column "colour"`:         func(n *schema.Node) { n.Columns["colour"] = []string{"colour"} },
		`it has no column "shop_id"`:        func(n *schema.Node) { n.Refers["shop_id"] = "Account" },
		`there is no node Shop`:             func(n *schema.Node) { n.Of = []string{"Shop"} },
	} {
		n := toaster()
		change(&n)
		require.ErrorContains(t, writeAll(t.TempDir(), graphOf(t, n)), what)
	}
}
