package listing

import (
	"context"
	"database/sql/driver"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// statement is the text of a read and how its rows are scanned. It serves every
// request of its shape: whatever differs between those is an argument.
type statement[T any] struct {
	text string
	// args are constants of the shape, and slots.
	args   []any
	driver dialect.Driver
	rows   *reading[T]
	// parent and total say which further columns follow those of the rows.
	parent, total bool
	// joined are the readings of the edges.
	joined []any
}

// shape is everything that the text of a statement depends on. Two requests of
// one shape differ in the values of the slots only.
type shape struct {
	// list is the name of the list, and kind the way it is read.
	list, kind string
	// filtered is the type of what narrows the list, and filter is that as JSON with
	// all values.
	filtered reflect.Type
	filter   string
	// columns are those that are asked for, of the rows and of the edges.
	columns  string
	order    string
	limit    int
	backward bool
	// total and parent say whether these columns are read too.
	total, parent bool
	after, before bool
	viewer        viewer.Viewer
}

// slot stands in a statement's arguments for a value of the request.
type slot int

const (
	organizationSlot slot = iota + 1
	accountSlot
	userSlot
	// idSlot is one id, idsSlot is all ids that were asked for.
	idSlot
	idsSlot
	afterValueSlot
	afterIDSlot
	beforeValueSlot
	beforeIDSlot
	nowSlot
)

// values are what a request has for the slots.
type values struct {
	viewer        viewer.Viewer
	ids           []uuid.UUID
	after, before *position
	now           time.Time
}

func (v values) of(s slot, dialectName string) any {
	switch s {
	case organizationSlot:
		return v.viewer.OrganizationID
	case accountSlot:
		return v.viewer.AccountID
	case userSlot:
		return v.viewer.UserID
	case idSlot:
		return v.ids[0]
	case idsSlot:
		return database.List(dialectName, v.ids)
	case afterValueSlot:
		return v.after.value
	case afterIDSlot:
		return v.after.id
	case beforeValueSlot:
		return v.before.value
	case beforeIDSlot:
		return v.before.id
	default:
		return v.now
	}
}

// shapeOf returns what a row policy may make its predicates depend on: the role,
// whether the account is suspended, and ids, which markers stand for. Policies see
// this instead of the viewer, so nothing else can enter a statement.
func (m markers) shapeOf(v viewer.Viewer) viewer.Viewer {
	mark := func(id, marker uuid.UUID) uuid.UUID {
		if id == uuid.Nil {
			return id
		}
		return marker
	}
	return viewer.Viewer{
		Role: v.Role, AccountOwner: v.AccountOwner, AccountSuspended: v.AccountSuspended,
		OrganizationID: mark(v.OrganizationID, m.organization),
		AccountID:      mark(v.AccountID, m.account),
		UserID:         mark(v.UserID, m.user),
	}
}

// slotOf returns the slot of a marker.
func (m markers) slotOf(id uuid.UUID) (slot, bool) {
	switch id {
	case m.organization:
		return organizationSlot, true
	case m.account:
		return accountSlot, true
	case m.user:
		return userSlot, true
	}
	return 0, false
}

// prepare returns the statement of a shape: the cached one, or a new one that
// build completes. It reads the columns that are asked for, and the further ones
// that the list needs. order returns the order of a page's rows, nil without one.
func prepare[T any](ctx context.Context, r Reader, of shape, src Source[T], asked, further []string, edges []Edge, build func(*sql.Selector), order func(c func(string) string) []string) (*statement[T], error) {
	marked := r.Statements.markers()
	of.viewer = marked.shapeOf(viewer.Current(ctx))
	of.filtered, of.filter = src.of, src.filter
	of.columns = columnsOf(asked, edges)
	if s, ok := r.Statements.cached(of).(*statement[T]); ok {
		return s, nil
	}
	for _, e := range edges {
		further = append(further, e.refers())
	}
	q, columns := src.fresh(), columnsWith(asked, further...)
	ctx = viewer.NewContext(ctx, of.viewer)
	selector, err := q.Statement(ctx, columns)
	if err != nil {
		return nil, err
	}
	build(selector)
	s := &statement[T]{driver: q.Driver(), parent: of.parent, total: of.total}
	if s.rows, err = newReading(q, columns); err != nil {
		return nil, err
	}
	c := selector.C
	if len(edges) > 0 && order != nil {
		selector, c = s.afterwards(selector, order)
	}
	for _, e := range edges {
		joined, err := e.join(ctx, selector, c)
		if err != nil {
			return nil, err
		}
		s.joined = append(s.joined, joined)
	}
	text, args := selector.Query()
	if err := selector.Err(); err != nil {
		return nil, err
	}
	s.text, s.args = distinct(text, marked.withSlots(args))
	if general(s.args) && src.whole() && len(of.filter) <= maxFilter {
		r.Statements.add(of, s)
	}
	return s, nil
}

// afterwards returns a statement in which edges are joined to the rows of a page,
// which are found first: without an index for their order, all rows would be
// joined before they are sorted. c returns the name of a column of the rows.
func (s *statement[T]) afterwards(page *sql.Selector, order func(c func(string) string) []string) (out *sql.Selector, c func(string) string) {
	page = named(page, "page")
	columns := slices.Clone(s.rows.read)
	if s.parent {
		columns = append(columns, parentColumn)
	}
	if s.total {
		columns = append(columns, totalColumn)
	}
	for i := range columns {
		columns[i] = page.C(columns[i])
	}
	out = sql.Dialect(page.Dialect()).Select(columns...).From(page)
	return out.OrderBy(order(page.C)...), page.C
}

// named returns a copy of a statement under a name. The statement itself keeps its
// own names, which its predicates may ask for when the text is written.
func named(s *sql.Selector, name string) *sql.Selector { return s.Clone().As(name) }

// withSlots replaces the markers of viewers by their slots.
func (m markers) withSlots(args []any) []any {
	for i, a := range args {
		if id, ok := a.(uuid.UUID); ok {
			if s, ok := m.slotOf(id); ok {
				args[i] = s
			}
		}
	}
	return args
}

// distinct returns a statement in which each argument occurs once, if its
// placeholders have numbers, as on Postgres.
func distinct(text string, args []any) (string, []any) {
	if !strings.Contains(text, "$1") {
		return text, args
	}
	var out []any
	number := make([]string, len(args))
	for i, a := range args {
		at := -1
		if _, ok := a.(slot); ok {
			at = slices.Index(out, a)
		}
		if at < 0 {
			at, out = len(out), append(out, a)
		}
		number[i] = "$" + strconv.Itoa(at+1)
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		n, _ := strconv.Atoi(p[1:]) // digits
		return number[n-1]
	}), out
}

var placeholder = regexp.MustCompile(`\$[0-9]+`)

// whole reports whether the filter's JSON has all that the query may depend on.
func (src Source[T]) whole() bool { return src.of == nil || marshalsWhole(src.of) }

func marshalsWhole(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return marshalsWhole(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return true
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Tag.Get("json") != "" || !marshalsWhole(f.Type) {
				return false
			}
		}
		return true
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	}
	return t == reflect.TypeFor[uuid.UUID]()
}

// general reports whether a statement serves other requests: its constants are
// plain values, all of which the filter has. An id, a list of ids or a time may
// come from elsewhere.
func general(args []any) bool {
	for _, a := range args {
		if _, ok := a.(slot); ok {
			continue
		}
		if _, ok := a.(driver.Valuer); ok {
			return false
		}
		switch reflect.ValueOf(a).Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		default:
			return false
		}
	}
	return true
}

// run reads the rows for a request's values, and calls each with every row: its
// parent and the total, if the statement has them.
func (s *statement[T]) run(ctx context.Context, v values, edges []Edge, each func(row T, parent uuid.UUID, total int)) error {
	rows, err := s.query(ctx, v)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	return s.scan(rows, edges, each)
}

// query runs the statement for a request's values.
func (s *statement[T]) query(ctx context.Context, v values) (*sql.Rows, error) {
	args := make([]any, len(s.args))
	for i, a := range s.args {
		if slot, ok := a.(slot); ok {
			a = v.of(slot, s.driver.Dialect())
		}
		args[i] = a
	}
	var rows sql.Rows
	if err := s.driver.Query(ctx, s.text, args, &rows); err != nil {
		return nil, err
	}
	return &rows, nil
}
