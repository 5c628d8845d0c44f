package graph_test

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
)

// difference is a line whose outcome is not the expected one.
type difference struct {
	line, viewer string
	want, got    outcome
}

func (d difference) String() string {
	return fmt.Sprintf("%s for %s: want %s, got %s", d.line, d.viewer, d.want, d.got)
}

// matrix plays the lines of the policy against a handler.
type matrix struct {
	*world
	api    *server
	schema *ast.Schema
	// viewers are those who try each line.
	viewers []string
	// played are the results of the mutations, by section and field, and by
	// viewer.
	played map[string]map[string]result
}

// newMatrix returns a matrix for a server over the world's database.
func newMatrix(w *world, api *server) *matrix {
	w.t.Helper()
	whole, err := graph.WholeSchema()
	require.NoError(w.t, err)
	return &matrix{world: w, schema: whole, api: api, viewers: viewers(), played: map[string]map[string]result{}}
}

// differences plays the lines, for each viewer.
func (m *matrix) differences(lines []line) []difference {
	var out []difference
	for _, l := range lines {
		for _, who := range m.viewers {
			if got := m.try(l, who); got != l.want[who] {
				out = append(out, difference{l.place + " " + l.String(), who, l.want[who], got})
			}
		}
	}
	return out
}

// try returns the outcome of a line for a viewer.
func (m *matrix) try(l line, who string) outcome {
	if l.owner == rows {
		return m.reach(l, who)
	}
	d := m.schema.Types[l.owner]
	if d == nil || d.Fields.ForName(l.field) == nil {
		return "no such field"
	}
	switch {
	case l.owner == "Mutation":
		if r, ok := m.mutate(l.String(), l.field)[who]; ok {
			return r.outcome
		}
		return "no play for it"
	case strings.HasSuffix(l.owner, "Payload"):
		return m.payload(l, who)
	case l.owner == "Query" || d.Kind == ast.InputObject:
		q, ok := questions()[l.String()]
		if !ok {
			return "no question for it"
		}
		return m.answerTo(q, "", l.field, who)
	}
	q, ok := questions()[l.section()]
	if !ok {
		return "no question for it"
	}
	return m.answerTo(q, l.field, m.selected(d.Fields.ForName(l.field)), who)
}

// selected returns a field with the least possible selection below it.
func (m *matrix) selected(f *ast.FieldDefinition) string {
	d := m.schema.Types[f.Type.Name()]
	switch {
	case !d.IsCompositeType():
		return withNeeded(f)
	case d.Fields.ForName("totalCount") != nil:
		return f.Name + "(first: 1) { totalCount nodes { __typename } }"
	case d.Fields.ForName("error") != nil: // of one of several objects
		return f.Name + " { error { code reason } }"
	}
	return withNeeded(f) + " { __typename }"
}

// answerTo sends a question and judges the answer. field is the response name
// below the question's path; "" for a root field, which the document names.
func (m *matrix) answerTo(q question, field, text, who string) outcome {
	put := func(id string) answer {
		vars := map[string]any{}
		if q.vars != nil {
			vars = q.vars(m.world)
		}
		document := q.document
		if field != "" {
			document = strings.Replace(document, "%s", text, 1)
		}
		if id != "" {
			vars["id"] = id
		}
		return m.api.ask(m.t, m.tokens[who], document, vars)
	}
	id := m.ids[q.specimen]
	var standIn func() answer
	if id != "" {
		standIn = func() answer { return put(madeUp(id)) }
	}
	a := put(id)
	if len(a.Errors) > 0 {
		return erred(a, who, standIn)
	}
	path := q.at + "." + field
	if field == "" {
		path = rootOf(a)
	}
	v, how := dig(a.Data, path)
	if q.among != "" {
		return within(v, m.ids[q.among])
	}
	if how == yes {
		how = valued(v)
	}
	if how == null && standIn != nil && standIn().raw == a.raw {
		return hidden
	}
	return how
}

// rootOf returns the only root field of an answer.
func rootOf(a answer) string {
	for name := range a.Data {
		return name
	}
	return ""
}
