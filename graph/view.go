package graph

import (
	"bytes"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/viewer"
)

// audience is whom a view is for: a role, or the service tokens with some scopes in it.
type audience struct {
	role   viewer.Role
	scopes domain.Scopes
}

// view returns the part of the schema that an audience may use, without what the
// directives forbid and what can then not be reached. Anonymous callers and gateways
// see only what is @public.
func view(whole *ast.Schema, of audience) (*ast.Schema, error) {
	c := &cutter{whole: whole, role: string(of.role), public: !hasView(of.role),
		token: viewer.Viewer{Role: of.role, Scopes: of.scopes}, kept: map[string]*ast.Definition{}}
	c.keep("Query")
	c.keep(mutationType)
	if len(c.kept[mutationType].Fields) == 0 {
		delete(c.kept, mutationType)
	}
	for _, d := range whole.Directives {
		for _, a := range d.Arguments {
			if d.Name != "goField" && d.Name != "hasRole" && d.Name != "hasScope" {
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
		return nil, fmt.Errorf("graph: the view of role %q with the scopes %v is no schema: %w", of.role, of.scopes.Names(), err)
	}
	return schema, nil
}

// hasView reports whether people in a role have a view of their own; all others have that
// of anonymous callers.
func hasView(r viewer.Role) bool {
	return r == viewer.Admin || r == viewer.Approver || r == viewer.Portal
}

// RoleOf returns the role whose view of the schema has a name: admin, approver, portal or
// anonymous.
func RoleOf(name string) (role viewer.Role, ok bool) {
	role, ok = map[string]viewer.Role{"admin": viewer.Admin, "approver": viewer.Approver, "portal": viewer.Portal, "anonymous": viewer.Anonymous}[name]
	return role, ok
}

// ViewerOf returns a viewer of the view that a name means (RoleOf), which v may see: that of
// everybody, that of its own role, and administrators see all.
func ViewerOf(v viewer.Viewer, name string) (viewer.Viewer, error) {
	role, known := RoleOf(name)
	switch {
	case !known:
		return v, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "role is one of admin, approver, portal and anonymous.")
	case role == viewer.Anonymous || role == v.Role || v.Role == viewer.Admin:
		return viewer.Viewer{Role: role}, nil
	case v.Role == viewer.Anonymous:
		return v, notSignedIn()
	}
	return v, wrongRole()
}

// cutter builds a view of the whole schema.
type cutter struct {
	whole  *ast.Schema
	role   string
	public bool
	// token has the role and the scopes of service tokens; no scopes for others.
	token viewer.Viewer
	kept  map[string]*ast.Definition
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
		// have no way to request one, nor have service tokens that may not read, and
		// approvers see those types of which they see objects elsewhere.
		for _, t := range c.whole.PossibleTypes[name] {
			if !c.public && c.token.Reads() && c.role != string(viewer.Approver) {
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
	if c.token.ByToken() && d.Kind == ast.Object {
		return !c.scoped(d, f)
	}
	if c.role == string(viewer.Approver) && d.Kind == ast.Object {
		return !decides(d, f) || c.undecided(f.Type.Name())
	}
	if !c.public || d.Kind != ast.Object {
		return false
	}
	return d.Directives.ForName("public") == nil && f.Directives.ForName("public") == nil
}

// scoped reports whether service tokens may use a field. What is public may be asked, but
// what is public and changes something is for people who sign in.
func (c *cutter) scoped(d *ast.Definition, f *ast.FieldDefinition) bool {
	public := d.Directives.ForName("public") != nil || f.Directives.ForName("public") != nil
	if d == c.whole.Query || d == c.whole.Mutation {
		changes := d == c.whole.Mutation
		if own := f.Directives.ForName("hasRole"); own != nil {
			return inScope(c.token, changes, scopesIn(own.Arguments.ForName("scopes")))
		}
		return public && !changes
	}
	if public || c.token.Reads() {
		return true
	}
	for _, list := range []ast.DirectiveList{d.Directives, f.Directives} {
		if own := list.ForName("hasScope"); own != nil && c.token.Scopes.HasAny(scopesIn(own.Arguments.ForName("any"))...) {
			return true
		}
	}
	return false
}

// scopesIn returns the scopes of a directive's argument; nil if it was left out.
func scopesIn(a *ast.Argument) []domain.ServiceTokenScope {
	if a == nil {
		return nil
	}
	out := []domain.ServiceTokenScope{}
	for _, child := range a.Value.Children {
		out = append(out, domain.ServiceTokenScope(child.Value.Raw))
	}
	return out
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
// is refused when they use it. Their service tokens see what they may use.
func (c *cutter) forbidden(list ast.DirectiveList) bool {
	d := list.ForName("hasRole")
	if d == nil || c.role == string(viewer.Admin) && !c.token.ByToken() {
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
