package graph_test

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/entity"
	"portico/internal/nodeid"
)

// rowReader reads whole rows by plain queries, and each only once.
type rowReader struct {
	ctx    context.Context
	tables map[nodeid.Kind]wholeTable
	one    map[nodeid.Kind]map[uuid.UUID]any
	lists  map[nodeid.Kind]wholeList
}

// wholeTable reads the rows of a table that the viewer of a context may see: one
// by its id, nil if there is none, or all.
type wholeTable struct {
	row reflect.Type
	one func(context.Context, uuid.UUID) (any, error)
	all func(context.Context) ([]any, error)
}

type wholeList struct {
	rows []any
	err  error
}

func newRowReader(ctx context.Context, c *db.Client) *rowReader {
	r := &rowReader{ctx: ctx, tables: map[nodeid.Kind]wholeTable{}, one: map[nodeid.Kind]map[uuid.UUID]any{}, lists: map[nodeid.Kind]wholeList{}}
	known := tables()
	for _, e := range entity.All() {
		r.tables[e.Kind] = wholeTableOf(known[e.Table].client(c))
	}
	r.tables[accessEntries] = wholeTableOf(known[string(accessEntries)].client(c))
	return r
}

// accessEntries are rows without a type of their own.
const accessEntries nodeid.Kind = "access_entries"

// wholeTableOf returns a table by one of ent's clients: client.Get reads one row,
// client.Query().All reads all.
func wholeTableOf(client any) wholeTable {
	c := reflect.ValueOf(client)
	read := func(method reflect.Value, in ...any) (reflect.Value, error) {
		args := make([]reflect.Value, len(in))
		for i := range in {
			args[i] = reflect.ValueOf(in[i])
		}
		out := method.Call(args)
		err, _ := out[1].Interface().(error)
		return out[0], err
	}
	return wholeTable{
		row: c.MethodByName("Get").Type().Out(0).Elem(),
		one: func(ctx context.Context, id uuid.UUID) (any, error) {
			row, err := read(c.MethodByName("Get"), ctx, id)
			switch {
			case db.IsNotFound(err):
				return nil, nil
			case err != nil:
				return nil, err
			}
			return row.Interface(), nil
		},
		all: func(ctx context.Context) (out []any, err error) {
			rows, err := read(c.MethodByName("Query").Call(nil)[0].MethodByName("All"), ctx)
			for i := range rows.Len() {
				out = append(out, rows.Index(i).Interface())
			}
			return out, err
		},
	}
}

// byID reads the row of an id; nil if there is none.
func (r *rowReader) byID(k nodeid.Kind, id uuid.UUID) (any, error) {
	if row, ok := r.one[k][id]; ok {
		return row, nil
	}
	table, ok := r.tables[k]
	if !ok {
		return nil, nil
	}
	row, err := table.one(r.ctx, id)
	if err != nil {
		return nil, err
	}
	if r.one[k] == nil {
		r.one[k] = map[uuid.UUID]any{}
	}
	r.one[k][id] = row
	return row, nil
}

// all reads all rows of a table.
func (r *rowReader) all(k nodeid.Kind) ([]any, error) {
	l, ok := r.lists[k]
	if !ok {
		l.rows, l.err = r.tables[k].all(r.ctx)
		r.lists[k] = l
	}
	return l.rows, l.err
}

// byOpaqueID reads the object of an opaque id; nil if there is none, and if it is
// not an id of one of the kinds, which are all of them if none is given.
func (r *rowReader) byOpaqueID(id string, kinds ...nodeid.Kind) (any, error) {
	k, row, ok := nodeid.Split(id)
	if !ok || len(kinds) > 0 && k != kinds[0] {
		return nil, nil
	}
	return r.byID(k, row)
}

// rowsWhere returns the rows that meet a condition.
func rowsWhere[T any](all []any, err error, matches func(T) bool) ([]any, error) {
	var out []any
	for _, x := range all {
		if matches(x.(T)) {
			out = append(out, x)
		}
	}
	return out, err
}

// columnOf returns a row's value of the column that a Go field is for.
func columnOf(row any, field string) any {
	return reflect.ValueOf(row).Elem().FieldByName(field).Interface()
}

// mustRead panics if rows could not be read. The reference answers within fuzz targets, too,
// where the test of its world may not be told.
func mustRead(err error) {
	if err != nil {
		panic(err)
	}
}
