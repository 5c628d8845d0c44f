package listing

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/paging"
)

// Type is the type of a key's values.
type Type int

// The types of keys.
const (
	Text Type = iota
	Time
	Number
)

// format returns the text of a value in a cursor.
func (Type) format(v any) string {
	if t, ok := v.(time.Time); ok {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// parse is the inverse of format.
func (t Type) parse(s string) (any, error) {
	switch t {
	case Time:
		return time.Parse(time.RFC3339Nano, s)
	case Number:
		return strconv.ParseInt(s, 10, 64)
	}
	return s, nil
}

// ordering is a list in a validated order.
type ordering[T any] struct {
	key  Key[T]
	desc bool
	// name is what cursors are bound to.
	name string
	id   func(T) uuid.UUID
}

func (l List[T]) ordered(o Order) (ordering[T], error) {
	for _, k := range l.Keys {
		if o.By == "" || k.Name == o.By {
			return ordering[T]{key: k, desc: o.Desc, name: fmt.Sprintf("%s|%s|%v", l.Name, k.Column, o.Desc), id: l.ID}, nil
		}
	}
	return ordering[T]{}, fmt.Errorf("listing: the list %q has no order by %q", l.Name, o.By)
}

// position is the row that a cursor points to.
type position struct {
	value any
	id    uuid.UUID
}

// open decodes a cursor; nil for an empty one.
func (o ordering[T]) open(r Reader, cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	place, err := paging.Open(r.cursorKeyByID, o.name, cursor)
	if err != nil {
		return nil, err
	}
	value, err := o.key.Type.parse(place.Value)
	if err != nil {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidCursor, "The cursor is not one of this list.")
	}
	return &position{value: value, id: place.ID}, nil
}

// seal returns the function that returns the cursor of a row.
func (o ordering[T]) seal(r Reader) func(T) string {
	return func(row T) string {
		place := paging.Place{Value: o.key.Type.format(o.key.Nulls.value(o.key.Value(row))), ID: o.id(row)}
		return paging.Seal(r.cursorKey(), o.name, place)
	}
}

func (r Reader) cursorKey() paging.Key {
	id, secret := r.Keys.CursorKey()
	return paging.Key{ID: id, Secret: secret}
}

func (r Reader) cursorKeyByID(id string) (paging.Key, bool) {
	secret, ok := r.Keys.CursorKeyByID(id)
	return paging.Key{ID: id, Secret: secret}, ok
}
