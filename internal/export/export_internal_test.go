package export

import "github.com/vektah/gqlparser/v2/ast"

// Columns returns the names of a list's columns in a view.
func Columns(view *ast.Schema, name string) []string {
	l := lists()[name]
	fields := l.fields
	var columns []column
	if name == usageList {
		columns = columnsOf(fields, nil, nil, nil)
	} else {
		node := nodeOf(view, view.Query.Fields.ForName(name))
		columns = columnsOf(prune(view, node, fields), view, node, nil)
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.name()
	}
	return out
}

// Whole reports whether a view has all fields of a list.
func Whole(view *ast.Schema, name string) bool {
	fields := lists()[name].fields
	return name == usageList || text(prune(view, nodeOf(view, view.Query.Fields.ForName(name)), fields)) == text(fields)
}
