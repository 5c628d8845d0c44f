package graph_test

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// refusal applies @hasRole.
func (a *execution) refusal(list ast.DirectiveList) error {
	d := list.ForName("hasRole")
	if d == nil {
		return nil
	}
	allowed := names(d, a.who.Role)
	switch {
	case a.who.AccountSuspended:
		return fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "")
	case !allowed && a.who.Role == viewer.Anonymous:
		return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "")
	case !allowed:
		return fault.New(fault.CodeForbidden, fault.ReasonRole, "")
	}
	return nil
}

// names reports whether a @hasRole names a role.
func names(d *ast.Directive, role viewer.Role) bool {
	return slices.ContainsFunc(d.Arguments.ForName("any").Value.Children, func(c *ast.ChildValue) bool { return c.Value.Raw == string(role) })
}

// hides reports whether the viewer's schema lacks a field of an object or of an
// input. Administrators have every field, approvers what a decision needs and what is
// about themselves; who is none of these nor a developer has only what is @public.
func (r *reference) hides(owner *ast.Definition, f *ast.FieldDefinition) bool {
	switch d := f.Directives.ForName("hasRole"); {
	case r.who.Role == viewer.Admin:
		return false
	case d != nil && !names(d, r.who.Role):
		return true
	case r.who.Role == viewer.Portal || owner.Kind != ast.Object:
		return false
	case r.who.Role == viewer.Approver:
		public := owner.Directives.ForName("public") != nil || f.Directives.ForName("public") != nil
		needed := owner.Directives.ForName("hasScope") != nil || f.Directives.ForName("hasScope") != nil
		about := slices.ContainsFunc(owner.Fields, func(f *ast.FieldDefinition) bool { return f.Directives.ForName("hasScope") != nil })
		return r.lacks(owner.Name) || about && !needed && !public
	}
	return owner.Directives.ForName("public") == nil && f.Directives.ForName("public") == nil
}

// lacks reports whether the viewer's schema has no type of objects that the whole schema
// has.
func (r *reference) lacks(name string) bool {
	return r.who.Role == viewer.Approver && slices.Contains([]string{"Credential", "Endpoint", "Membership", "Invitation", "ServiceToken"}, name)
}

// refused returns why a document as a whole is refused, as it uses something that
// the viewer's schema does not have; none if it uses nothing such.
func (r *reference) refused(doc *ast.QueryDocument, variables map[string]any) (why []string) {
	fields, inputs := r.usesHidden(doc)
	for _, d := range doc.Operations[0].VariableDefinitions {
		sent, _ := variables[d.Variable].(map[string]any)
		inputs = inputs || r.hidesIn(r.schema.Types[d.Type.Name()], sent)
	}
	switch {
	case !fields && !inputs:
		return nil
	case r.who.Role == viewer.Anonymous:
		return []string{"UNAUTHENTICATED/NOT_SIGNED_IN"}
	case r.who.Role != viewer.Portal && r.who.Role != viewer.Approver:
		return []string{"FORBIDDEN/ROLE"}
	}
	if fields {
		why = append(why, "BAD_USER_INPUT/INVALID_DOCUMENT")
	}
	if inputs {
		why = append(why, "BAD_USER_INPUT/INVALID_VALUE")
	}
	return why
}

// usesHidden reports whether a document uses hidden fields of objects, and of
// inputs.
func (r *reference) usesHidden(doc *ast.QueryDocument) (fields, inputs bool) {
	input := func(typeName string, v *ast.Value) {
		sent, _ := literalValue(v, nil).(map[string]any)
		inputs = inputs || r.hidesIn(r.schema.Types[typeName], sent)
	}
	var in func(ast.SelectionSet)
	in = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if d := s.ObjectDefinition.Fields.ForName(s.Name); d != nil {
					fields = fields || r.hides(s.ObjectDefinition, d)
				}
				for _, a := range s.Arguments {
					input(s.Definition.Arguments.ForName(a.Name).Type.Name(), a.Value)
				}
				in(s.SelectionSet)
			case *ast.InlineFragment:
				fields = fields || r.lacks(s.TypeCondition)
				in(s.SelectionSet)
			}
		}
	}
	in(doc.Operations[0].SelectionSet)
	for _, f := range doc.Fragments {
		fields = fields || r.lacks(f.TypeCondition)
		in(f.SelectionSet)
	}
	for _, d := range doc.Operations[0].VariableDefinitions {
		if d.DefaultValue != nil {
			input(d.Type.Name(), d.DefaultValue)
		}
	}
	return fields, inputs
}

// hidesIn reports whether an input has a field that the viewer's schema lacks.
func (r *reference) hidesIn(d *ast.Definition, sent map[string]any) bool {
	for name := range sent {
		if f := d.Fields.ForName(name); r.hides(d, f) {
			return true
		}
	}
	return false
}
