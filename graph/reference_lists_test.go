package graph_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// wholePage is a page of a list, before what is selected of it is known.
type wholePage struct {
	nodes  []any
	total  int
	info   paging.Info
	cursor func(row any) string
}

// wholeEdge is an edge of a page.
type wholeEdge struct {
	Cursor string
	Node   any
}

func (p *wholePage) edges() []wholeEdge {
	out := []wholeEdge{}
	for _, n := range p.nodes {
		out = append(out, wholeEdge{p.cursor(n), n})
	}
	return out
}

// sorted is a list's order: the Go field and the column that it is sorted by,
// and the name to which cursors are bound.
type sorted struct {
	list, field, column string
	desc                bool
	// latest is true if rows without a time stand after all others.
	latest bool
}

// accessOrder is the order of access control lists.
func accessOrder() sorted { return sorted{list: "access", field: "ID", column: "id"} }

// listOrders are the usual orders of the lists of each kind.
type listOrders map[nodeid.Kind]sorted

func newListOrders() listOrders {
	out := listOrders{}
	for name, n := range allNouns() {
		out[nodeid.Kind(name)] = n.list
	}
	return out
}

// by returns the order of a list of a kind; orderBy is the argument, if the list
// has one.
func (l listOrders) by(k nodeid.Kind, orderBy parameters) sorted {
	o := l[k]
	if o.field == "" {
		o.field, o.column = "CreatedAt", "created_at"
	}
	o.desc = orderBy["direction"] == "DESC"
	switch by, _ := orderBy.text("field"); by {
	case "LAST_USED_AT":
		o.field, o.column = "LastUsedAt", "last_used_at"
		return o
	case "EXPIRES_AT":
		o.field, o.column, o.latest = "ExpiresAt", "expires_at", true
		return o
	case "KEYS":
		o.field, o.column = "KeyCount", "key_count"
		return o
	}
	if by, _ := orderBy.text("field"); by != "" && by != "CREATED_AT" { // texts are compared regardless of case
		o.field, o.column = by[:1]+strings.ToLower(by[1:])+"Folded", strings.ToLower(by)+"_folded"
	}
	return o
}

func (o sorted) name() string { return o.list + "|" + o.column + "|" + strconv.FormatBool(o.desc) }

// position is a row's place in an order.
type position struct {
	key any
	id  uuid.UUID
}

func (o sorted) position(row any) position {
	key := columnOf(row, o.field)
	switch t := key.(type) {
	case int:
		key = int64(t)
	case *time.Time:
		switch {
		case t != nil:
			key = *t
		case o.latest:
			key = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		default:
			key = time.Time{}
		}
	}
	return position{key, columnOf(row, "ID").(uuid.UUID)}
}

// compare orders two positions as the list has them.
func (o sorted) compare(a, b position) int {
	c := 0
	switch key := a.key.(type) {
	case time.Time:
		c = key.Compare(b.key.(time.Time))
	case string:
		c = strings.Compare(key, b.key.(string))
	case int64:
		c = cmp.Compare(key, b.key.(int64))
	}
	if c == 0 {
		c = bytes.Compare(a.id[:], b.id[:])
	}
	if o.desc {
		return -c
	}
	return c
}

// seal returns the cursor of a row.
func (o sorted) seal(w *world, row any) string {
	p := o.position(row)
	text := fmt.Sprint(p.key)
	if t, ok := p.key.(time.Time); ok {
		text = t.UTC().Format(time.RFC3339Nano)
	}
	id, secret := w.Ring.CursorKey()
	return paging.Seal(paging.Key{ID: id, Secret: secret}, o.name(), paging.Place{Value: text, ID: p.id})
}

// open returns the position of a cursor.
func (o sorted) open(w *world, cursor string) (p position, err error) {
	place, err := paging.Open(func(id string) (paging.Key, bool) {
		secret, ok := w.Ring.CursorKeyByID(id)
		return paging.Key{ID: id, Secret: secret}, ok
	}, o.name(), cursor)
	p.id, p.key = place.ID, place.Value
	switch o.field {
	case "CreatedAt", "LastUsedAt", "ExpiresAt", "DeletedAt":
		p.key, _ = time.Parse(time.RFC3339Nano, place.Value)
	case "Position", "KeyCount":
		p.key, _ = strconv.ParseInt(place.Value, 10, 64)
	case "ID":
		p.key = place.ID
	}
	return p, err
}

// page returns the page of a list that the arguments request.
func (r *reference) page(rows []any, o sorted, args parameters) (*wholePage, error) {
	first, forward := args.number("first")
	last, backward := args.number("last")
	size := paging.Default
	switch {
	case forward && backward:
		return nil, invalidArgument()
	case forward:
		size = first
	case backward:
		size = last
	}
	if size < 1 || size > 100 {
		return nil, invalidArgument()
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b any) int { return o.compare(o.position(a), o.position(b)) })
	p := &wholePage{total: len(rows), cursor: func(row any) string { return o.seal(r.w, row) }}
	for _, side := range []struct {
		argument string
		sign     int
		other    *bool
	}{{"after", 1, &p.info.HasPreviousPage}, {"before", -1, &p.info.HasNextPage}} {
		cursor, ok := args.text(side.argument)
		if !ok || cursor == "" {
			continue
		}
		at, err := o.open(r.w, cursor)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(row any) bool { return o.compare(o.position(row), at)*side.sign <= 0 })
		*side.other = true
	}
	p.cut(rows, size, backward)
	return p, nil
}

// cut takes the page from the rows between the cursors. In the direction of
// reading it is known whether there are more; in the other, that there was a
// cursor.
func (p *wholePage) cut(rows []any, size int, backward bool) {
	more := len(rows) > size
	switch {
	case backward:
		p.info.HasPreviousPage = more
		rows = rows[max(0, len(rows)-size):]
	default:
		p.info.HasNextPage = more
		rows = rows[:min(len(rows), size)]
	}
	p.nodes = rows
	if len(rows) > 0 {
		first, last := p.cursor(rows[0]), p.cursor(rows[len(rows)-1])
		p.info.StartCursor, p.info.EndCursor = &first, &last
	}
}

func invalidArgument() error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "")
}
