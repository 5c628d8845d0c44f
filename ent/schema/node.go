package schema

// Node declares an entity as a type of the public schema. From it follow the
// prefix of the ids, the binding of the type and its connection, the look-up of
// nodes, the reads by id and the order of lists.
type Node struct {
	// Type is the name of the type in the public schema.
	Type string `json:"type"`
	// Prefix begins the opaque ids. It never changes, because clients store ids.
	Prefix string `json:"prefix"`
	// Hidden is true for what the log has ids of and the schema has no type for.
	Hidden bool `json:"hidden"`
	// List is the name of its lists, to which cursors are bound; empty: it has no
	// connection.
	List string `json:"list"`
	// Of are the types that have a field with such a list, which is called like it.
	Of []string `json:"of"`
	// Orders are what lists may be ordered by. The first is the default.
	Orders []Order `json:"orders"`
	// Columns are those behind the fields that are not called like their one
	// column; nil for a field that is read by the object's id.
	Columns map[string][]string `json:"columns"`
	// Refers maps columns to the type of the objects whose ids they have, if
	// reading a row announces that these may be read next. A field of the schema
	// that is called like the column without _id shows the object; it is joined to
	// the row where an operation selects it.
	Refers map[string]string `json:"refers"`
}

// Order is a column that lists may be ordered by, under the name that the
// public schema has for it.
type Order struct {
	Name   string `json:"name"`
	Column string `json:"column"`
	// Nulls says where rows stand whose time is NULL; empty for a column that never is.
	// An index for such an order has the expression of listing.Nulls, which ent cannot
	// declare: a migration by hand makes it, and makes it again whenever one for SQLite
	// makes the table anew.
	Nulls Nulls `json:"nulls"`
}

// Nulls is the name of a constant of listing: where rows stand whose time is NULL.
type Nulls string

// Before or after all times, in the ascending order.
const (
	NullsEarliest Nulls = "NullsEarliest"
	NullsLatest   Nulls = "NullsLatest"
)

// byCreation is the usual order.
func byCreation() Order { return Order{Name: "CREATED_AT", Column: "created_at"} }

// Name of the annotation.
func (Node) Name() string { return "Node" }
