package graph

import (
	"bytes"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// view returns the part of the schema that a role may use, without what the
// directives forbid and what can then not be reached. Anonymous callers and
// machines see only what is @public.
func view(whole *ast.Schema, role viewer.Role) (*ast.Schema, error) {
	c := &cutter{whole: whole, role: string(role), public: role != viewer.Admin && role != viewer.Portal,
		kept: map[string]*ast.Definition{}}
	c.keep("Query")
	c.keep("Mutation")
	for _, d := range whole.Directives {
		for _, a := range d.Arguments {
			if d.Name != "goField" && (d.Name != "hasRole" || !c.public) {
				c.keep(a.Type.Name())
			}
		}
	}
	text, err := c.print()
	if err != nil {
		return nil, err
	}
	schema, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("graph: the view of role %q is no schema: %w", role, err)
	}
	return schema, nil
}

// cutter builds a view of the whole schema.
type cutter struct {
	whole  *ast.Schema
	role   string
	public bool
	kept   map[string]*ast.Definition
}

// keep adds a type to the view, and everything that its allowed fields lead to.
func (c *cutter) keep(name string) {
	d := c.whole.Types[name]
	if d == nil || d.BuiltIn || c.kept[name] != nil {
		return
	}
	own := *d
	c.kept[name] = &own
	own.Fields = nil
	for _, f := range d.Fields {
		if c.hidden(d, f) {
			continue
		}
		field := *f
		field.Arguments = nil
		for _, a := range f.Arguments {
			if !c.forbidden(a.Directives) {
				field.Arguments = append(field.Arguments, a)
				c.keep(a.Type.Name())
			}
		}
		own.Fields = append(own.Fields, &field)
		c.keep(f.Type.Name())
	}
	for _, i := range d.Interfaces {
		c.keep(i)
	}
	if d.Kind == ast.Interface {
		// An interface stands for all types that implement it; anonymous callers
		// have no way to request one.
		for _, t := range c.whole.PossibleTypes[name] {
			if !c.public {
				c.keep(t.Name)
			}
		}
	}
}

// hidden reports whether the role may not use a field. Anonymous callers see
// only what is @public, on the field or on its whole type; the fields of inputs
// and of introspection are visible with what uses them.
func (c *cutter) hidden(d *ast.Definition, f *ast.FieldDefinition) bool {
	if c.forbidden(f.Directives) {
		return true
	}
	if !c.public || d.Kind != ast.Object {
		return false
	}
	return d.Directives.ForName("public") == nil && f.Directives.ForName("public") == nil
}

// publicRoots returns the root fields that everybody may use.
func publicRoots(whole *ast.Schema) map[gqlhttp.FieldName]bool {
	out := map[gqlhttp.FieldName]bool{}
	for _, root := range []*ast.Definition{whole.Query, whole.Mutation} {
		for _, f := range root.Fields {
			if f.Directives.ForName("public") != nil {
				out[gqlhttp.FieldName{Type: root.Name, Field: f.Name}] = true
			}
		}
	}
	return out
}

// forbidden reports whether a @hasRole names other roles only. Administrators
// see everything, because theirs is the published contract; what is not for them
// is refused when they use it.
func (c *cutter) forbidden(list ast.DirectiveList) bool {
	d := list.ForName("hasRole")
	if d == nil || c.role == string(viewer.Admin) {
		return false
	}
	for _, child := range d.Arguments.ForName("any").Value.Children {
		if child.Value.Raw == c.role {
			return false
		}
	}
	return true
}

// print returns the view as SDL; parsing it proves that it is a schema.
func (c *cutter) print() (string, error) {
	cut := *c.whole
	cut.Types = map[string]*ast.Definition{}
	for name, d := range c.kept {
		cut.Types[name] = withoutDirectives(d)
	}
	cut.Query, cut.Mutation = cut.Types["Query"], cut.Types["Mutation"]
	cut.Directives = map[string]*ast.DirectiveDefinition{}
	for name, d := range c.whole.Directives {
		if d.Position != nil && d.Position.Src != nil && d.Position.Src.BuiltIn {
			cut.Directives[name] = d
		}
	}
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(&cut)
	if b.Len() == 0 {
		return "", fmt.Errorf("graph: nothing is left for role %q", c.role)
	}
	return b.String(), nil
}

// withoutDirectives removes the directives that only the server uses, and keeps
// those that clients know (@deprecated, @specifiedBy).
func withoutDirectives(d *ast.Definition) *ast.Definition {
	out := *d
	out.Directives = public(d.Directives)
	out.Fields = nil
	for _, f := range d.Fields {
		field := *f
		field.Directives = public(f.Directives)
		field.Arguments = nil
		for _, a := range f.Arguments {
			argument := *a
			argument.Directives = public(a.Directives)
			field.Arguments = append(field.Arguments, &argument)
		}
		out.Fields = append(out.Fields, &field)
	}
	return &out
}

func public(list ast.DirectiveList) ast.DirectiveList {
	var out ast.DirectiveList
	for _, d := range list {
		if d.Name == "deprecated" || d.Name == "specifiedBy" {
			out = append(out, d)
		}
	}
	return out
}

// parse parses SDL into a schema.
func parse(text string) (*ast.Schema, error) {
	schema, err := parser.ParseSchemas(validator.Prelude, &ast.Source{Name: "view", Input: text})
	if err != nil {
		return nil, err
	}
	return validator.ValidateSchemaDocument(schema)
}
