package database

import "database/sql/driver"

// columnRows is what both drivers' rows can tell about their columns; ent asks.
type columnRows interface {
	driver.Rows
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

// rows are a query's rows. Until they are closed their statement stays busy
// and their context is watched.
type rows struct {
	columnRows
	op   *op
	free func()
}

func newRows(found driver.Rows, o *op, free func()) driver.Rows {
	able, ok := found.(columnRows)
	if !ok { // true of neither driver; such rows would go unwatched
		free()
		_ = o.end(nil)
		return found
	}
	return &rows{columnRows: able, op: o, free: free}
}

// Next reads a row.
func (r *rows) Next(dest []driver.Value) error {
	return r.op.explain(r.columnRows.Next(dest))
}

// Close lets the statement be used again. database/sql calls it once.
func (r *rows) Close() error {
	err := r.columnRows.Close()
	r.free()
	return r.op.end(err)
}
