package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/ent/db"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

// randomValues are values of a world: everybody's objects.
type randomValues struct {
	w    *world
	rows map[nodeid.Kind][]any
	ids  map[nodeid.Kind][]string
	// orders are the usual orders of lists.
	orders listOrders
}

// enum is a value of an enum, which literals write without quotes.
type enum string

func newRandomValues(t testing.TB, w *world) *randomValues {
	t.Helper()
	v := &randomValues{w: w, rows: map[nodeid.Kind][]any{}, orders: newListOrders()}
	r := newRowReader(portaltest.System(t), w.Client)
	var err error
	v.ids, err = r.ids()
	require.NoError(t, err)
	for k := range v.ids {
		v.rows[k], err = r.all(k)
		require.NoError(t, err)
	}
	return v
}

// ids returns the ids of all objects, of each kind in the order of creation.
func (r *rowReader) ids() (map[nodeid.Kind][]string, error) {
	out := map[nodeid.Kind][]string{}
	for k := range r.tables {
		all, err := r.all(k)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(all, func(a, b any) int {
			return strings.Compare(fmt.Sprint(columnOf(a, "ID")), fmt.Sprint(columnOf(b, "ID")))
		})
		for _, row := range all {
			out[k] = append(out[k], nodeid.Encode(k, columnOf(row, "ID").(uuid.UUID)))
		}
	}
	delete(out, accessEntries)
	return out, nil
}

// id returns an id of a kind, or of any for "": mostly of an object that the
// viewer may see, sometimes of another's, and rarely of none.
func (d *randomDocuments) id(k nodeid.Kind) string {
	if k == "" {
		k = pick(d.Rand, slices.Sorted(maps.Keys(d.values.ids)))
	}
	switch d.IntN(24) {
	case 0:
		return pick(d.Rand, []string{"", "x", "app_", "app_x", "none_0000000000000000000000"})
	case 1:
		return nodeid.Encode(k, uuid.UUID{15: byte(d.IntN(9))})
	case 2:
		return d.id("")
	case 3, 4, 5:
		return pick(d.Rand, d.values.ids[k])
	}
	if len(d.own[k]) > 0 {
		return pick(d.Rand, d.own[k])
	}
	return pick(d.Rand, d.values.ids[k])
}

// kindOfIDs returns the kind of the ids of an argument or an input's field; "" for
// any.
func kindOfIDs(owner *ast.FieldDefinition, name string) nodeid.Kind {
	for _, text := range []string{name, strings.ToLower(owner.Type.Name())} {
		for prefix, k := range map[string]nodeid.Kind{"app": nodeid.App, "account": nodeid.Account, "product": nodeid.Product} {
			if strings.HasPrefix(text, prefix) {
				return k
			}
		}
	}
	return ""
}

// value returns a value of a type, for an argument or an input's field.
func (d *randomDocuments) value(f *ast.FieldDefinition, name string, t *ast.Type, depth int) any {
	if !t.NonNull && d.chance(15) {
		return nil
	}
	if t.Elem != nil {
		return d.list(f, name, t.Elem, depth)
	}
	def := d.schema.Types[t.NamedType]
	switch {
	case def.Kind == ast.Enum:
		return enum(pick(d.Rand, def.EnumValues).Name)
	case def.Kind == ast.InputObject:
		out := map[string]any{}
		for _, in := range def.Fields {
			if in.Type.NonNull && in.DefaultValue == nil || d.chance(2) {
				out[in.Name] = d.value(f, in.Name, in.Type, depth-1)
			}
		}
		return out
	}
	return d.scalar(f, name, t.NamedType)
}

func (d *randomDocuments) list(f *ast.FieldDefinition, name string, of *ast.Type, depth int) any {
	out := []any{}
	for range d.IntN(4) {
		out = append(out, d.value(f, name, of, depth))
	}
	if name == "ids" && d.chance(2) { // of one type, so that they are read together
		k := pick(d.Rand, slices.Sorted(maps.Keys(d.values.ids)))
		for range 4 {
			out = append(out, d.id(k))
		}
	}
	return out
}

func (d *randomDocuments) scalar(f *ast.FieldDefinition, name, typeName string) any {
	v := d.values
	switch typeName {
	case "ID":
		return d.id(kindOfIDs(f, name))
	case "Boolean":
		return d.chance(2)
	case "Int", "BigInt":
		return d.IntN(40)
	case "Time":
		return portaltest.Start().Add(time.Duration(d.IntN(60*24*10)-60*24) * time.Minute).Format(time.RFC3339)
	case "UUID":
		return pick(d.Rand, v.rows[nodeid.App]).(*db.App).ReferenceID.String()
	}
	switch name {
	case "key":
		if f.Name == "credentialByKey" {
			return pick(d.Rand, append([]string{"x"}, v.usernames()...))
		}
		return pick(d.Rand, []string{"team", "stage", "Team", "", "none"})
	case "value":
		return pick(d.Rand, []string{"maps", "", "a \"b\"", "x"})
	case "organization":
		return pick(d.Rand, []string{"one", "two", "none", ""})
	}
	return pick(d.Rand, []string{"", "a", "E", "app", "s app", "%", "_", "Ü", "ß", "one", "@", "zzz", "\\", "'"})
}

func (v *randomValues) usernames() (out []string) {
	for _, c := range v.rows[nodeid.Credential] {
		out = append(out, c.(*db.Credential).Username.String())
	}
	return out
}

// literalOf returns a value as a document has it.
func literalOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case enum:
		return string(v)
	case string:
		text, _ := json.Marshal(v) // has no escapes that GraphQL does not have
		return string(text)
	case int:
		return strconv.Itoa(v)
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, literalOf(one))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(all, k+": "+literalOf(v[k]))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return fmt.Sprint(value)
}

// plainJSON returns a value as variables have it.
func plainJSON(value any) any {
	switch v := value.(type) {
	case enum:
		return string(v)
	case []any:
		out := []any{}
		for _, one := range v {
			out = append(out, plainJSON(one))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			out[k] = plainJSON(one)
		}
		return out
	}
	return value
}
