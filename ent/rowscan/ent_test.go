package rowscan_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/migrate"
	_ "portico/ent/db/runtime" // the schema's value scanners
	"portico/ent/rowscan"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// The generated functions read every column of every node as ent itself does: with
// values, empty ones, and NULL where the table has it.
func TestEveryColumnIsReadAsByEnt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		insert := inserter(t, d)
		client := reflect.ValueOf(db.NewClient(db.Driver(d.Driver()))).Elem()
		ctx, nodes := viewer.AsSystem(t.Context(), uuid.Nil), 0
		for i := range client.NumField() {
			node, name := client.Field(i), client.Type().Field(i).Name
			if !client.Type().Field(i).IsExported() || !node.MethodByName("Query").IsValid() {
				continue
			}
			query := func() reflect.Value { return node.MethodByName("Query").Call(nil)[0] }
			if _, ok := query().Interface().(statement); !ok {
				continue // not a node: its rows are read by ent
			}
			nodes++
			t.Run(name, func(t *testing.T) {
				table := tableOf(t, ctx, query())
				for _, fill := range []filling{full, empty, null} {
					insert(t, table, fill, query().MethodByName("Row"))
				}
				compare(t, byEnt(ctx, t, query()), byRowscan(ctx, t, query()), table)
			})
		}
		if nodes < 10 {
			t.Errorf("%d nodes only", nodes)
		}
	})
}

// statement is implemented by the queries of nodes.
type statement interface {
	Statement(ctx context.Context, columns []string) (*sql.Selector, error)
	Columns() []string
	Driver() dialect.Driver
}

func tableOf(t *testing.T, ctx context.Context, query reflect.Value) *schema.Table {
	t.Helper()
	s, err := query.Interface().(statement).Statement(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(migrate.Tables, func(x *schema.Table) bool { return x.Name == s.TableName() })
	if i < 0 {
		t.Fatalf("no table %q", s.TableName())
	}
	return migrate.Tables[i]
}

func byEnt(ctx context.Context, t *testing.T, query reflect.Value) map[uuid.UUID]reflect.Value {
	t.Helper()
	answer := query.MethodByName("All").Call([]reflect.Value{reflect.ValueOf(ctx)})
	if err, _ := answer[1].Interface().(error); err != nil {
		t.Fatal(err)
	}
	out := map[uuid.UUID]reflect.Value{}
	for i := range answer[0].Len() {
		row := answer[0].Index(i).Elem()
		out[row.FieldByName("ID").Interface().(uuid.UUID)] = row
	}
	return out
}

func byRowscan(ctx context.Context, t *testing.T, query reflect.Value) map[uuid.UUID]reflect.Value {
	t.Helper()
	q := query.Interface().(statement)
	s, err := q.Statement(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, args := s.Query()
	var rows sql.Rows
	if err := q.Driver().Query(ctx, text, args, &rows); err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[uuid.UUID]reflect.Value{}
	for rows.Next() {
		row := query.MethodByName("Row").Call([]reflect.Value{reflect.ValueOf([]string(nil))})[0]
		var cells []any
		for _, c := range q.Columns() {
			assign := query.MethodByName("Assign").Call([]reflect.Value{reflect.ValueOf(c)})[0]
			cells = append(cells, rowscan.Cell(func(v any) error {
				value := reflect.New(reflect.TypeFor[any]()).Elem() // a NULL, too
				if v != nil {
					value.Set(reflect.ValueOf(v))
				}
				err, _ := assign.Call([]reflect.Value{row, value})[0].Interface().(error)
				return err
			}))
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		out[row.Elem().FieldByName("ID").Interface().(uuid.UUID)] = row.Elem()
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// compare checks that two readings of a table's rows are the same.
func compare(t *testing.T, want, got map[uuid.UUID]reflect.Value, table *schema.Table) {
	t.Helper()
	if len(want) != 3 || len(got) != 3 {
		t.Fatalf("%d rows by ent, %d by rowscan", len(want), len(got))
	}
	for id, row := range want {
		fields := 0
		for i := range row.NumField() {
			f := row.Type().Field(i)
			if !f.IsExported() || f.Name == "Edges" {
				continue
			}
			fields++
			if a, b := row.Field(i).Interface(), got[id].Field(i).Interface(); !same(a, b) {
				t.Errorf("%s is %#v by ent, %#v by rowscan", f.Name, a, b)
			}
		}
		if fields != len(table.Columns) {
			t.Errorf("%d fields for %d columns", fields, len(table.Columns))
		}
	}
}

// same reports whether a value that ent read is the one that rowscan did. NULL
// bytes are a pointer to no bytes for ent, but nil for rowscan.
func same(byEnt, byRowscan any) bool {
	if want, ok := byEnt.(*[]byte); ok && want != nil && *want == nil && byRowscan == (*[]byte)(nil) {
		return true
	}
	return reflect.DeepEqual(byEnt, byRowscan)
}
