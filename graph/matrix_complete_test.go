package graph_test

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/viewer"
)

// gaps returns what the policy must cover and does not: fields without a line,
// fields that no viewer may read, and fields that a role's view shows although
// no line lets it reach them.
func gaps(schema *ast.Schema, lines []line) ([]string, error) {
	wants := map[string]map[string][]outcome{}
	for _, l := range lines {
		key := l.owner + "." + l.field
		if wants[key] == nil {
			wants[key] = map[string][]outcome{}
		}
		for who, o := range l.want {
			wants[key][who] = append(wants[key][who], o)
		}
	}
	var out []string
	for _, key := range requiredLines(schema) {
		if wants[key] == nil {
			out = append(out, key+" has no line")
		}
	}
	for key, by := range wants {
		if !given(by) && !spared(key) {
			out = append(out, key+" is never given to anybody")
		}
	}
	for who, role := range map[string]viewer.Role{"anonymous": viewer.Anonymous, "developer": viewer.Portal, "admin": viewer.Admin} {
		shown, err := graph.View(role)
		if err != nil {
			return nil, err
		}
		for _, d := range shown.Types {
			for _, f := range d.Fields {
				all := wants[d.Name+"."+f.Name][who]
				if d.Kind == ast.Object && len(all) > 0 && !slices.ContainsFunc(all, func(o outcome) bool { return o != unknown }) {
					out = append(out, d.Name+"."+f.Name+" is shown to "+who+", and no line has a way there")
				}
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

func given(by map[string][]outcome) bool {
	for _, all := range by {
		if slices.Contains(all, yes) || slices.Contains(all, done) {
			return true
		}
	}
	return false
}

// spared reports whether a field needs no viewer who may read it: Portico's own
// tables, the problems of an input that is valid, and what only service tokens get, which
// scopes.txt shows.
func spared(key string) bool {
	return strings.HasPrefix(key, rows+".") || strings.HasSuffix(key, ".userErrors") || key == "UserError.params" ||
		key == "Mutation.actAs" || strings.HasPrefix(key, "ActAsPayload.")
}

// requiredLines lists what needs a line: each field of each object, each input's field
// and each argument that only some may use, and each table.
func requiredLines(schema *ast.Schema) []string {
	var out []string
	for _, d := range schema.Types {
		if d.BuiltIn || d.Kind != ast.Object && d.Kind != ast.InputObject {
			continue
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if d.Kind == ast.Object || f.Directives.ForName("hasRole") != nil {
				out = append(out, d.Name+"."+f.Name)
			}
			for _, a := range f.Arguments {
				if a.Directives.ForName("hasRole") != nil {
					out = append(out, d.Name+"."+f.Name+"("+a.Name+")")
				}
			}
		}
	}
	for _, t := range withClient() {
		out = append(out, rows+"."+t.Name)
	}
	slices.Sort(out)
	return out
}
