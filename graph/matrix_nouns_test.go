package graph_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/entity"
	"portico/internal/nodeid"
)

// noun is what the tests of the role matrix, of ids and of null must know of a
// type of the schema, its mutations and its tables.
type noun struct {
	// questions are how fields are requested: those of objects by the policy's
	// section, root fields and inputs by section and field.
	questions map[string]question
	// plays are how mutations are tried, by section and field.
	plays map[string]play
	// tables are the tables, by name.
	tables map[string]table
	// targets are, for each mutation, the field of its input whose object must
	// exist, or else the answer is NOT_FOUND; "" if there is none. Every other id
	// in an input is the user's to correct.
	targets map[string]string
	// samples are specimens of which inputs' fields take the id.
	samples map[string]string
	// nothing are the optional fields of inputs that may be null, by the meaning
	// of it; "cleared" for those that it clears. Null is refused for all others:
	// their default is for requests that leave them out.
	nothing map[string]string
	// shown reports whether a developer sees an object of the organization; nil if
	// that is what belongs to the developer's account.
	shown func(w *world, who string, o object) bool
	// personal is true if every person sees the own objects only, staff too.
	personal bool
	// prefix is that of the ids. It never changes, because clients store ids.
	prefix string
	// produce creates objects with every value of the enums that only the noun has;
	// nil for none.
	produce func(w *world)
	// staffOnly is true if developers see no object.
	staffOnly bool
	// ownersOnly is true if members of the developer's account see no object.
	ownersOnly bool
	// furnish creates the specimens of a noun that newWorld does not; nil for none.
	furnish func(w *world)
	// list is the name to which the cursors of its lists are bound, and their usual
	// order if that is not by the time of creation.
	list sorted
	// fields are how the reference resolves the fields "Type.field" that have not
	// the value of a column of the same name. values are the Go values of objects
	// that these return, by type, besides rows and pages.
	fields map[string]resolver
	values map[string]any
}

// table is what the matrix must know of a table.
type table struct {
	// client returns the table's client.
	client func(c *db.Client) any
	// column and value select the row at stake; "" and nil for a table that is
	// refused before any row is looked up.
	column string
	value  func(w *world) any
	// adds returns the attempt to create rows.
	adds func(c *db.Client) adding
	// policy is where the table's rules are stored, and types are those by which
	// the API must show that the rules are missing.
	policy *ent.Policy
	types  []string
	// change is how rows are changed; nil for the next version, or a deletion
	// where rows have none.
	change func(c *db.Client) reaching
}

// nouns has a method for each noun: for each entity by the name of its type.
type nouns struct{}

// allNouns returns the nouns by their names.
func allNouns() map[string]noun {
	out := map[string]noun{}
	all := reflect.ValueOf(nouns{})
	for i := range all.NumMethod() {
		out[all.Type().Method(i).Name] = all.Method(i).Interface().(func() noun)()
	}
	return out
}

// gathered joins one map of each noun.
func gathered[V any](of func(noun) map[string]V) map[string]V {
	out := map[string]V{}
	for _, n := range allNouns() {
		maps.Copy(out, of(n))
	}
	return out
}

func questions() map[string]question {
	return gathered(func(n noun) map[string]question { return n.questions })
}
func plays() map[string]play   { return gathered(func(n noun) map[string]play { return n.plays }) }
func tables() map[string]table { return gathered(func(n noun) map[string]table { return n.tables }) }
func targets() map[string]string {
	return gathered(func(n noun) map[string]string { return n.targets })
}
func samples() map[string]string {
	return gathered(func(n noun) map[string]string { return n.samples })
}

// mayBeNothing returns the meaning of null for the fields of inputs that take it.
func mayBeNothing() map[string]string {
	out := map[string]string{}
	for _, n := range allNouns() {
		for meaning, fields := range n.nothing {
			for f := range strings.FieldsSeq(fields) {
				out[f] = meaning
			}
		}
	}
	return out
}

// TestEveryEntityIsInTheMatrix: an entity, and a table, that the matrix does not
// know fails.
func TestEveryEntityIsInTheMatrix(t *testing.T) {
	known := allNouns()
	for _, e := range entity.All() {
		n, ok := known[string(e.Kind)]
		require.True(t, ok, "write `func (nouns) %s() noun`, in a file of its own", e.Kind)
		require.NotEmpty(t, n.questions, e.Kind)
		require.NotEmpty(t, n.tables, e.Kind)
		prefix, _, _ := strings.Cut(nodeid.Encode(e.Kind, uuid.New()), "_")
		require.Equal(t, n.prefix, prefix, "%s: clients have stored ids", e.Kind)
	}
	var names []string
	for _, table := range withClient() {
		names = append(names, table.Name)
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(tables())))
}

// specimen returns the value of an id's column: the row of a specimen.
func specimen(name string) func(w *world) any {
	return func(w *world) any { return uuidOf(w.ids[name]) }
}

func organizationAtStake(w *world) any { return w.one.Organization.ID }
func developerAtStake(w *world) any    { return w.people["developer"].UserID }

// condition selects rows.
type condition = func(*sql.Selector)

// reaching is an attempt at the rows of a table; it returns how many there
// were.
type reaching = func(context.Context, condition) (int, error)

// counting, changing and deleting are attempts at a table's rows.
func counting(c *db.Client, name string) reaching {
	return found(method(tables()[name].client(c), "Query"), "Count")
}

func deleting(c *db.Client, name string) reaching {
	return found(method(tables()[name].client(c), "Delete"), "Exec")
}

func changing(c *db.Client, name string) reaching {
	at := tables()[name]
	if at.change != nil {
		return at.change(c)
	}
	update := reflect.ValueOf(method(at.client(c), "Update"))
	if next := update.MethodByName("AddVersion"); next.IsValid() {
		return found(next.Call([]reflect.Value{reflect.ValueOf(1)})[0].Interface(), "Save")
	}
	return deleting(c, name)
}

func method(of any, name string) any {
	return reflect.ValueOf(of).MethodByName(name).Call(nil)[0].Interface()
}

// found restricts one of ent's builders to the rows of a condition, and runs it.
func found(builder any, run string) reaching {
	return func(ctx context.Context, is condition) (int, error) {
		where := reflect.ValueOf(builder).MethodByName("Where")
		narrowed := where.Call([]reflect.Value{reflect.ValueOf(is).Convert(where.Type().In(0).Elem())})[0]
		out := narrowed.MethodByName(run).Call([]reflect.Value{reflect.ValueOf(ctx)})
		err, _ := out[1].Interface().(error)
		return int(out[0].Int()), err
	}
}

// pick returns the condition for the row at stake of a table.
func (w *world) pick(name string) condition {
	at := tables()[name]
	column, value := at.column, any(uuid.New())
	if at.value != nil {
		value = at.value(w)
	}
	if column == "" {
		column = "id"
	}
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), value)) }
}
