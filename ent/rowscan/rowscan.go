// Package rowscan assigns values of the database drivers to the fields of rows.
// The functions that ent/db generates for each column call it instead of ent's
// own scanning, which allocates a nullable value for each cell and finds its type
// by reflection. NULL is the zero value, because a row that was joined may be absent.
package rowscan

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Cell is a function that a column's value is passed to; it implements
// sql.Scanner.
type Cell func(v any) error

// Scan passes the value on.
func (c Cell) Scan(v any) error { return c(v) }

// Into returns the cell that assigns a column's value.
func Into[T any](to *T, assign func(*T, any) error) Cell {
	return func(v any) error { return assign(to, v) }
}

// Text assigns a text.
func Text[T ~string](to *T, v any) error {
	switch v := v.(type) {
	case string:
		*to = T(v)
	case []byte:
		*to = T(v)
	case nil:
		*to = ""
	default:
		return mismatch(to, v)
	}
	return nil
}

// ID assigns a UUID: its text, as both databases store or send it.
func ID(to *uuid.UUID, v any) (err error) {
	switch v := v.(type) {
	case []byte:
		*to, err = uuid.ParseBytes(v)
	case string:
		*to, err = uuid.Parse(v)
	case nil:
		*to = uuid.Nil
	default:
		return mismatch(to, v)
	}
	return err
}

// Time assigns a point in time.
func Time(to *time.Time, v any) error {
	switch v := v.(type) {
	case time.Time:
		*to = v
	case nil:
		*to = time.Time{}
	default:
		return mismatch(to, v)
	}
	return nil
}

// Bool assigns a boolean, which SQLite may return as a number.
func Bool(to *bool, v any) error {
	switch v := v.(type) {
	case bool:
		*to = v
	case int64:
		*to = v != 0
	case nil:
		*to = false
	default:
		return mismatch(to, v)
	}
	return nil
}

// Int assigns an integer.
func Int[T ~int | ~int64](to *T, v any) error {
	switch v := v.(type) {
	case int64:
		*to = T(v)
	case nil:
		*to = 0
	default:
		return mismatch(to, v)
	}
	return nil
}

// Bytes assigns a copy of a driver's bytes.
func Bytes(to *[]byte, v any) error {
	switch v := v.(type) {
	case []byte:
		*to = bytes.Clone(v)
	case string:
		*to = []byte(v)
	case nil:
		*to = nil
	default:
		return mismatch(to, v)
	}
	return nil
}

// JSON decodes a document.
func JSON[T any](to *T, v any) error {
	var text []byte
	switch v := v.(type) {
	case []byte:
		text = v
	case string:
		text = []byte(v)
	case nil:
	default:
		return mismatch(to, v)
	}
	var decoded T // not *to, of which what the document lacks would stay
	if len(text) > 0 {
		if err := json.Unmarshal(text, &decoded); err != nil {
			return err
		}
	}
	*to = decoded
	return nil
}

// Optional assigns a value to a field that is nil for NULL.
func Optional[T any](to **T, v any, assign func(*T, any) error) error {
	if v == nil {
		*to = nil
		return nil
	}
	*to = new(T)
	return assign(*to, v)
}

// By assigns what a column's own ValueScanner makes of a value: new returns what
// it scans into, and from converts that.
func By[T any](to *T, v any, scanned any, from func(driver.Value) (T, error)) (err error) {
	if v == nil {
		var zero T
		*to = zero
		return nil
	}
	s, ok := scanned.(sql.Scanner)
	if !ok {
		return mismatch(to, v)
	}
	if err := s.Scan(v); err != nil {
		return err
	}
	*to, err = from(scanned)
	return err
}

func mismatch(to, v any) error {
	return fmt.Errorf("rowscan: a value of type %T for a field of type %T", v, to)
}
