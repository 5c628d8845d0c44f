package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
)

// columnRows are the methods about columns that both drivers' rows have and ent
// calls.
type columnRows interface {
	driver.Rows
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

// rows are a query's rows. Until they are closed, their statement stays busy
// and their context is watched.
type rows struct {
	columnRows
	op   *op
	free func()
	// finish commits or rolls back the transaction of a statement that runs in
	// one of its own.
	finish func(error) error
}

func newRows(found driver.Rows, o *op, free func(), finish func(error) error) (driver.Rows, error) {
	able, ok := found.(columnRows)
	if !ok { // neither driver returns such rows, whose context would not be watched
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

// Close releases the statement. database/sql calls it once.
func (r *rows) Close() error {
	err := r.columnRows.Close()
	r.free()
	return r.finish(r.op.end(err))
}
