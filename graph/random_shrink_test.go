package graph_test

import (
	"bytes"
	"slices"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	validation "github.com/vektah/gqlparser/v2/validator/rules"
)

// shrunk returns a smaller document that still fails: it drops one selection,
// argument or directive after the other, as long as the document stays valid.
func shrunk(schema *ast.Schema, doc randomDocument, fails func(randomDocument) bool) randomDocument {
	for smaller := true; smaller; {
		smaller = false
		for i := 0; ; i++ {
			next, ok := without(doc, i)
			if !ok {
				break
			}
			if _, err := gqlparser.LoadQueryWithRules(schema, next.text, validation.NewDefaultRules()); err == nil && fails(next) {
				doc, smaller = next, true
				i--
			}
		}
	}
	return doc
}

// without returns the document without its part number n. ok is false if it has
// no such part.
func without(doc randomDocument, n int) (out randomDocument, ok bool) {
	parsed, err := parser.ParseQuery(&ast.Source{Input: doc.text})
	if err != nil {
		return doc, false
	}
	d := dropping{left: n}
	d.in(&parsed.Operations[0].SelectionSet)
	for _, f := range parsed.Fragments {
		d.in(&f.SelectionSet)
	}
	if d.left >= 0 {
		return doc, false
	}
	text := formatted(parsed)
	for { // what is not used any more has to go too
		parsed, err = parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			return doc, false
		}
		prune(parsed)
		pruned := formatted(parsed)
		if pruned == text {
			return randomDocument{text, doc.variables}, true
		}
		text = pruned
	}
}

func formatted(doc *ast.QueryDocument) string {
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatQueryDocument(doc)
	return b.String()
}

// dropping drops the part number left.
type dropping struct{ left int }

// now reports whether the part that is looked at is to be dropped.
func (d *dropping) now() bool { d.left--; return d.left == -1 }

func (d *dropping) in(set *ast.SelectionSet) {
	for i := 0; i < len(*set); i++ {
		if len(*set) > 1 && d.now() {
			*set = slices.Delete(*set, i, i+1)
			return
		}
		switch s := (*set)[i].(type) {
		case *ast.Field:
			d.directives(&s.Directives)
			for j := range s.Arguments {
				if d.now() {
					s.Arguments = slices.Delete(s.Arguments, j, j+1)
					return
				}
			}
			d.in(&s.SelectionSet)
		case *ast.InlineFragment:
			d.directives(&s.Directives)
			if d.now() { // its content in its place
				*set = slices.Replace(*set, i, i+1, s.SelectionSet...)
				return
			}
			d.in(&s.SelectionSet)
		case *ast.FragmentSpread:
			d.directives(&s.Directives)
		}
	}
}

func (d *dropping) directives(list *ast.DirectiveList) {
	if len(*list) > 0 && d.now() {
		*list = nil
	}
}

// prune drops fragments and variables that are not used.
func prune(doc *ast.QueryDocument) {
	fragments, variables := map[string]bool{}, map[string]bool{}
	var value func(*ast.Value)
	value = func(v *ast.Value) {
		if v.Kind == ast.Variable {
			variables[v.Raw] = true
		}
		for _, c := range v.Children {
			value(c.Value)
		}
	}
	arguments := func(list ast.ArgumentList) {
		for _, a := range list {
			value(a.Value)
		}
	}
	var in func(ast.SelectionSet)
	in = func(set ast.SelectionSet) {
		for _, s := range set {
			var list ast.DirectiveList
			switch s := s.(type) {
			case *ast.Field:
				list = s.Directives
				arguments(s.Arguments)
				in(s.SelectionSet)
			case *ast.InlineFragment:
				list = s.Directives
				in(s.SelectionSet)
			case *ast.FragmentSpread:
				list = s.Directives
				fragments[s.Name] = true
			}
			for _, d := range list {
				arguments(d.Arguments)
			}
		}
	}
	in(doc.Operations[0].SelectionSet)
	for _, f := range doc.Fragments {
		in(f.SelectionSet)
	}
	doc.Fragments = slices.DeleteFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return !fragments[f.Name] })
	op := doc.Operations[0]
	op.VariableDefinitions = slices.DeleteFunc(op.VariableDefinitions, func(v *ast.VariableDefinition) bool { return !variables[v.Variable] })
}
