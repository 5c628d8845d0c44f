package rowscan_test

import (
	"context"
	stdsql "database/sql"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/domain"
)

// filling is what a row is filled with.
type filling string

const (
	full  filling = "full"
	empty filling = "empty"
	null  filling = "null"
)

// inserter returns the function that inserts a row, whatever the constraints say:
// what is tested is reading.
func inserter(t *testing.T, d *database.DB) func(*testing.T, *schema.Table, filling, reflect.Value) {
	t.Helper()
	c, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	relax := []string{"PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"}
	if d.Dialect() == dialect.Postgres {
		relax = dropConstraints(t, d)
	}
	for _, s := range relax {
		if _, err := c.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return func(t *testing.T, table *schema.Table, f filling, newRow reflect.Value) {
		t.Helper()
		row := newRow.Call([]reflect.Value{reflect.ValueOf([]string(nil))})[0].Elem().Type()
		if err := insertRow(t.Context(), c, d.Dialect(), table, f, row); err != nil {
			t.Fatalf("the %s row: %v", f, err)
		}
	}
}

// dropConstraints returns the statements that drop the checks and foreign keys.
func dropConstraints(t *testing.T, d *database.DB) (out []string) {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
		FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 AND connamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func insertRow(ctx context.Context, c *stdsql.Conn, dialectName string, table *schema.Table, f filling, row reflect.Type) error {
	into := sql.Dialect(dialectName).Insert(table.Name)
	var values []any
	for _, column := range table.Columns {
		v, err := value(column, f, row)
		if err != nil {
			return fmt.Errorf("%s: %w", column.Name, err)
		}
		into.Columns(column.Name)
		values = append(values, v)
	}
	text, args := into.Values(values...).Query()
	_, err := c.ExecContext(ctx, text, args...)
	return err
}

// value returns a column's value. Those of ids differ, as rows do.
func value(column *schema.Column, f filling, row reflect.Type) (any, error) {
	if f == null && column.Nullable {
		return nil, nil
	}
	some := f != empty
	switch column.Type {
	case field.TypeUUID:
		return uuid.New(), nil
	case field.TypeTime:
		return time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), nil
	case field.TypeBool:
		return some, nil
	case field.TypeInt, field.TypeInt64:
		return map[filling]int64{full: 42, null: 43}[f], nil
	case field.TypeBytes:
		return map[filling][]byte{full: {0, 1, 0xff}, null: {2}, empty: {}}[f], nil
	case field.TypeEnum:
		return column.Enums[0], nil
	case field.TypeString:
		return map[filling]string{full: "Straße 漢", null: "x"}[f], nil
	case field.TypeJSON:
		if !some {
			return "null", nil
		}
		return document(row, column.Name)
	}
	return nil, fmt.Errorf("no value of the type %s", column.Type)
}

// document returns the JSON of a field in which everything is set.
func document(row reflect.Type, column string) (string, error) {
	for i := range row.NumField() {
		if name, _, _ := strings.Cut(row.Field(i).Tag.Get("json"), ","); name == column {
			v := reflect.New(row.Field(i).Type)
			set(v.Elem())
			text, err := json.Marshal(v.Interface())
			return string(text), err
		}
	}
	return "", fmt.Errorf("no field of %s", row)
}

// set sets a value and all that is in it.
func set(v reflect.Value) {
	switch v.Type() { // what is checked when it is written
	case reflect.TypeFor[domain.Form]():
		v.Set(reflect.ValueOf(domain.Form{Questions: []domain.Question{{Name: "why", Label: "Why?", Kind: domain.QuestionText, Required: true}}}))
		return
	case reflect.TypeFor[domain.Answers]():
		v.Set(reflect.ValueOf(domain.Answers{Answers: []domain.Answer{{Name: "why", Label: "Why?", Kind: domain.QuestionText, Value: "Straße"}}}))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				set(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		set(v.Index(0))
		set(v.Index(1))
	case reflect.Array:
		for i := range v.Len() {
			set(v.Index(i))
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		set(key)
		set(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		setText(v)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7.5)
	}
}

// setText sets a text to the first of some that its type marshals.
func setText(v reflect.Value) {
	for _, s := range []string{"7", "MINUTE", "MONTH", "API_KEY"} {
		v.SetString(s)
		if m, ok := v.Interface().(encoding.TextMarshaler); !ok {
			return
		} else if _, err := m.MarshalText(); err == nil {
			return
		}
	}
}
