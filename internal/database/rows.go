package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
)

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
	// finish ends the transaction of a statement that is one by itself.
	finish func(error) error
}

func newRows(found driver.Rows, o *op, free func(), finish func(error) error) (driver.Rows, error) {
	able, ok := found.(columnRows)
	if !ok { // true of neither driver; such rows would go unwatched
		free()
		err := errors.Join(fmt.Errorf("the driver's %T lacks a method that is needed", found), found.Close())
		return nil, finish(o.end(err))
	}
	return &rows{columnRows: able, op: o, free: free, finish: finish}, nil
}

// Next reads a row.
func (r *rows) Next(dest []driver.Value) error {
	return r.op.explain(r.columnRows.Next(dest))
}

// Close lets the statement be used again. database/sql calls it once.
func (r *rows) Close() error {
	err := r.columnRows.Close()
	r.free()
	return r.finish(r.op.end(err))
}
