package generated

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp"
)

// object is an object that is being written.
type object struct {
	*gqlhttp.Writer
	fields gqlhttp.Fields
	// start is where the object begins in the text, before where the present field
	// does, and value where that field's value does.
	start, before, value int
	// direct reports whether fields may be encoded without being resolved.
	direct bool
	// omit is set while a field is resolved that is not written: one before it has
	// its name.
	omit bool
	// invalid is set if a field has no value that must have one.
	invalid bool
}

// newObject begins an object.
func newObject(ctx context.Context, op *graphql.OperationContext, sel ast.SelectionSet, implementors []string) object {
	w := gqlhttp.WriterOf(ctx)
	o := object{Writer: w, fields: w.CollectFields(op, sel, implementors), start: len(w.Text), direct: w.Direct()}
	w.Text = append(w.Text, '{')
	return o
}

// field begins the field i.
func (o *object) field(i int) {
	o.omitted()
	if !o.Check() {
		o.direct = false
	}
	o.before = len(o.Text)
	o.omit = o.fields.Repeated(i)
	if o.before > o.start+1 {
		o.Text = append(o.Text, ',')
	}
	// A name in GraphQL has no character that JSON escapes.
	o.Text = append(o.Text, '"')
	o.Text = append(o.Text, o.fields.List[i].Alias...)
	o.Text = append(o.Text, '"', ':')
	o.value = len(o.Text)
}

// omitted removes the present field if it is not written.
func (o *object) omitted() {
	if o.omit {
		o.Truncate(o.before)
	}
}

// required sets the value of a field that must have one.
func (o *object) required(m graphql.Marshaler) {
	if m == graphql.Null {
		o.invalid = true
	}
	o.put(m)
}

// optional sets the value of a field that may be null.
func (o *object) optional(m graphql.Marshaler) {
	if m == graphql.RequiredNull {
		o.invalid = true
	}
	o.put(m)
}

func (o *object) put(m graphql.Marshaler) { replace(o.Writer, o.value, m) }

func (o *object) null() { o.Text = append(o.Text, "null"...) }

// end ends the object. It returns null if a field is invalid.
func (o *object) end() graphql.Marshaler {
	o.omitted()
	if o.invalid {
		o.Truncate(o.start)
		return graphql.Null
	}
	o.Text = append(o.Text, '}')
	return gqlhttp.Written{}
}

// replace writes m in the place of what follows start, unless m was written there.
func replace(w *gqlhttp.Writer, start int, m graphql.Marshaler) {
	if m != (gqlhttp.Written{}) {
		w.Truncate(start)
		m.MarshalGQL(w)
	}
}

// writeList writes a list. required reports whether each element must have a
// value; without one the result is null. An element that panics makes the list
// empty and adds an error, and the others continue. The elements share a context,
// whose index is that of the present one.
func writeList(ctx context.Context, length int, required bool, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Marshaler {
	index := 0
	child := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &index})
	return list(ctx, length, required, func(i int) (m graphql.Marshaler, ok bool) {
		index = i
		defer func() {
			if r := recover(); r != nil {
				graphql.AddError(child, graphql.Recover(child, r))
				m, ok = graphql.Null, false
			}
		}()
		return element(child, i), true
	})
}

// writePlain is writeList for a list of plain objects, which need no context of
// their own and do not fail.
func writePlain(ctx context.Context, length int, required bool, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Marshaler {
	return list(ctx, length, required, func(i int) (graphql.Marshaler, bool) { return element(ctx, i), true })
}

func list(ctx context.Context, length int, required bool, element func(i int) (m graphql.Marshaler, ok bool)) graphql.Marshaler {
	w := gqlhttp.WriterOf(ctx)
	start, whole, invalid := len(w.Text), true, false
	w.Text = append(w.Text, '[')
	for i := range length {
		if i > 0 {
			w.Text = append(w.Text, ',')
		}
		at := len(w.Text)
		m, ok := element(i)
		whole, invalid = whole && ok, invalid || required && m == graphql.Null
		replace(w, at, m)
	}
	if !whole {
		return graphql.Array(nil)
	}
	if invalid {
		w.Truncate(start)
		return graphql.Null
	}
	w.Text = append(w.Text, ']')
	return gqlhttp.Written{}
}
