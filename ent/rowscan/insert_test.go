package rowscan_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/migrate"
	"portico/internal/address"
	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A row that is created alone, by the statement with all columns, is stored as ent
// stores it among others: with all values, and with those only that it must have.
func TestEveryRowIsStoredAsByEnt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		relax(t, d)
		client := db.NewClient(db.Driver(d.Driver()))
		ctx, tables := viewer.AsSystem(t.Context(), uuid.Nil), 0
		v := reflect.ValueOf(client).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if !v.Type().Field(i).IsExported() || !v.Field(i).MethodByName("CreateBulk").IsValid() {
				continue
			}
			tables++
			for _, whole := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%v", name, whole), func(t *testing.T) {
					values := map[string]any{}
					alone := stored(ctx, t, client, name, values, whole, func(create, _ reflect.Value) []reflect.Value {
						return create.MethodByName("Save").Call([]reflect.Value{reflect.ValueOf(ctx)})
					})
					among := stored(ctx, t, client, name, values, whole, func(create, of reflect.Value) []reflect.Value {
						return of.MethodByName("CreateBulk").Call([]reflect.Value{create})[0].MethodByName("Save").Call([]reflect.Value{reflect.ValueOf(ctx)})
					})
					if !reflect.DeepEqual(alone, among) {
						t.Errorf("stored alone as\n%#v\nand among others as\n%#v", alone, among)
					}
				})
			}
		}
		if tables < 10 {
			t.Errorf("%d tables only", tables)
		}
	})
}

// stored creates a row, and returns what the driver reads of it. The row is not
// committed, so that others can have its id.
func stored(ctx context.Context, t *testing.T, client *db.Client, name string, values map[string]any, whole bool, save func(create, of reflect.Value) []reflect.Value) map[string]any {
	t.Helper()
	tx, err := client.Tx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	of := reflect.ValueOf(tx).Elem().FieldByName(name)
	create := of.MethodByName("Create").Call(nil)[0]
	row := of.MethodByName("Get").Type().Out(0).Elem()
	table := tableWith(t, row)
	for _, column := range table.Columns {
		if column.Name == "id" || whole || !column.Nullable {
			if _, ok := values[column.Name]; !ok {
				values[column.Name] = valueOf(t, column, row)
			}
			setColumn(t, create, column.Name, values[column.Name])
		}
	}
	answer := save(create, of)
	if err, _ := answer[1].Interface().(error); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]any, len(names))
	for i := range cells {
		cells[i] = new(any)
	}
	if !rows.Next() {
		t.Fatal("no row was stored")
	}
	if err := rows.Scan(cells...); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for i, name := range names {
		out[name] = *cells[i].(*any)
	}
	return out
}

// setColumn sets a column of a row that will be created.
func setColumn(t *testing.T, create reflect.Value, column string, v any) {
	t.Helper()
	if column == "id" {
		create.MethodByName("SetID").Call([]reflect.Value{reflect.ValueOf(v)})
		return
	}
	m := create.MethodByName("Mutation").Call(nil)[0].Interface().(ent.Mutation)
	if err := m.SetField(column, v); err != nil {
		t.Fatal(err)
	}
}

// valueOf returns a value of a column, as its field has it.
func valueOf(t *testing.T, column *schema.Column, row reflect.Type) any {
	t.Helper()
	f := fieldOf(t, row, column.Name)
	if f.Kind() == reflect.Pointer && column.Type != field.TypeJSON {
		f = f.Elem()
	}
	out := reflect.New(f).Elem()
	switch {
	case f == reflect.TypeFor[address.Email]():
		return address.ParseEmail("Ada@Example.com")
	case column.Type == field.TypeUUID:
		return uuid.New()
	case column.Type == field.TypeTime:
		return time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	case column.Type == field.TypeEnum:
		out.SetString(column.Enums[0])
	case column.Type == field.TypeString:
		out.SetString("Straße 漢")
	case column.Type == field.TypeBytes:
		out.SetBytes([]byte{0, 1, 0xff})
	default:
		set(out)
	}
	if _, ok := out.Interface().(driver.Valuer); ok {
		t.Fatalf("a value of %s", column.Name)
	}
	return out.Interface()
}

// fieldOf returns the type of a column's field.
func fieldOf(t *testing.T, row reflect.Type, column string) reflect.Type {
	t.Helper()
	for i := range row.NumField() {
		if f := row.Field(i); f.Name != "Edges" && columnOf(f) == column {
			return f.Type
		}
	}
	t.Fatalf("%s has no field for %q", row, column)
	return nil
}

// columnOf returns the column of a field: its name in JSON, unless it is sensitive.
func columnOf(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
		return name
	}
	var out strings.Builder
	for i, r := range f.Name {
		if i > 0 && r >= 'A' && r <= 'Z' && f.Name[i-1] >= 'a' {
			out.WriteByte('_')
		}
		out.WriteRune(r)
	}
	return strings.ToLower(out.String())
}

// tableWith returns the table that has a column for each field of a row.
func tableWith(t *testing.T, row reflect.Type) *schema.Table {
	t.Helper()
	var names []string
	for i := range row.NumField() {
		if f := row.Field(i); f.IsExported() && f.Name != "Edges" {
			names = append(names, columnOf(f))
		}
	}
	slices.Sort(names)
	for _, table := range migrate.Tables {
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, c.Name)
		}
		slices.Sort(columns)
		if slices.Equal(columns, names) {
			return table
		}
	}
	t.Fatalf("no table has the columns %v", names)
	return nil
}

// relax stops the database from checking foreign keys and conditions.
func relax(t *testing.T, d *database.DB) {
	t.Helper()
	all := []string{"PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"}
	if d.Dialect() == dialect.Postgres {
		all = dropConstraints(t, d)
	}
	for _, s := range all {
		if _, err := d.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}
