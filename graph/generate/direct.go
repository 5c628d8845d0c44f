package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/tools/imports"
)

// direct is a plugin of gqlgen that rewrites the functions which resolve the
// fields of objects:
//
//   - Objects and lists below the root are written while they are resolved, each
//     field after the other, instead of building a tree that is written at the end.
//   - Plain fields, whose value is there and cannot fail, are encoded directly;
//     see graph/generated/direct.go. So are the objects that were read with a row:
//     their resolver would only look them up. gqlgen's function remains for requests
//     that were stopped, because it reports the reason for each field.
//   - The arguments of a field below the root are parsed once in a request. Fields
//     without arguments and directives are resolved in the context that the
//     rows of a list share.
//   - Without what @defer needs: this server refuses it, and it costs a map, a set
//     and the object's path in every object. Without the map of all inputs, which
//     only resolvers that decode their own would use, and there are none.
//   - The buffer of an answer is used again.
//   - What the selection sets of a document have for a type is collected once.
type direct struct {
	objects map[string]*codegen.Object
	// plain are the plain objects that were decided, by name; false while an
	// object is being decided, so that a type which contains itself is not plain.
	plain map[string]bool
	// rewritten is the number of fields that are encoded directly.
	rewritten int
	// found is the number of computed fields that were found.
	found int
}

// Name returns the name of the plugin.
func (*direct) Name() string { return "direct" }

// GenerateCode decides which objects are plain. gqlgen calls it before it writes
// the files that rewrite is for.
func (d *direct) GenerateCode(data *codegen.Data) error {
	d.objects, d.plain = map[string]*codegen.Object{}, map[string]bool{}
	for _, o := range data.Objects {
		d.objects[o.Name] = o
	}
	for _, o := range data.Objects {
		for _, f := range o.Fields {
			d.isPlain(f)
		}
	}
	return nil
}

// rewrite rewrites the files that gqlgen wrote. Each rule must find something:
// otherwise gqlgen writes other code than before.
func (d *direct) rewrite() error {
	files, err := filepath.Glob("graph/generated/*.generated.go")
	if err != nil {
		return err
	}
	all := rules()
	for _, f := range files {
		if err := d.rewriteFile(f, all); err != nil {
			return err
		}
	}
	for _, r := range all {
		if r.found == 0 {
			return fmt.Errorf("gqlgen writes no %s any more: look at graph/generate", r.from)
		}
	}
	if d.found != len(computed) {
		return fmt.Errorf("of the fields %v, some are no plain objects with a resolver any more", computed)
	}
	if d.rewritten == 0 {
		return errors.New("gqlgen writes fields in another way than before: look at graph/generate")
	}
	return nil
}

// rule replaces a text of gqlgen's.
type rule struct {
	from *regexp.Regexp
	to   string
	// found is how often the text was found.
	found int
}

func rules() []*rule {
	var all []*rule
	for _, r := range [][2]string{
		{`(?ms)^\tinputUnmarshalMap := .*?^\t\)\n`, ""},
		{`(?m)^\t+ctx = graphql\.WithUnmarshalerMap\(.*\n`, ""},
		{`var buf bytes\.Buffer\n\t+data\.MarshalGQL\(&buf\)\n`, "buf := encode(ctx, data)\n"},
		{`fields := graphql\.CollectFields\((ec\.OperationContext, .*)\n`, "fields := gqlhttp.CollectFields(ctx, $1\n"},
		{`range fields \{`, "range fields.List {"},
		{`(?m)^\tdeferredFieldSet := .*\n\tdeferLabelToView := .*\n`, ""},
		{`(?ms)^\tatomic\.AddInt32\(&ec\.Deferred, .*?^\t\}\)\n\n`, ""},
		{`graphql\.NewFieldSet\(`, "newFieldSet("},
		{`\*graphql\.FieldSet\b`, "*fieldSet"},
	} {
		all = append(all, &rule{from: regexp.MustCompile(r[0]), to: r[1]})
	}
	return all
}

func (d *direct) rewriteFile(name string, all []*rule) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, r := range all {
		r.found += len(r.from.FindAllIndex(text, -1))
		text = r.from.ReplaceAll(text, []byte(r.to))
	}
	text = listFunction.ReplaceAllFunc(text, d.rewriteList)
	text = fieldFunction.ReplaceAllFunc(text, d.rewriteField)
	text = arguments.ReplaceAllFunc(text, d.rewriteArguments)
	text = objectFunction.ReplaceAllFunc(text, func(f []byte) []byte {
		parts := objectFunction.FindSubmatch(f)
		o := d.objects[string(parts[2])]
		if o == nil || o.Root || o.Stream {
			return f
		}
		return append(parts[1], d.objectBody(o)...)
	})
	if bytes.Contains(text, []byte("MarshalSliceConcurrently(")) {
		return fmt.Errorf("%s: gqlgen writes lists in another way than before, whose goroutines would write one answer at once: look at graph/generate", name)
	}
	if text, err = imports.Process(name, text, nil); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

var (
	listFunction   = regexp.MustCompile(`(?ms)^func \(ec \*executionContext\) marshal[NO](\w+?)2.*?^\}\n`)
	objectFunction = regexp.MustCompile(`(?ms)^(func \(ec \*executionContext\) _(\w+)\(ctx context\.Context, sel ast\.SelectionSet.*?\{\n).*?^\}\n`)

	fieldFunction = regexp.MustCompile(`(?ms)^func \(ec \*executionContext\) _(\w+?)_(\w+)\(ctx context\.Context, field graphql\.CollectedField, obj .*?^\}\n`)
	fieldContext  = regexp.MustCompile(`(?m)^\t\tfunc\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) \{\n.*\n\t\t\},\n`)
	arguments     = regexp.MustCompile(`ec\.(field_([A-Z]\w*?)_\w+_args)\(ctx, field\.ArgumentMap\(ec\.Variables\)\)`)

	elements = regexp.MustCompile(`ret := graphql\.MarshalSliceConcurrently\(.*\n\t+fc := .*\n\t+fc\.Result = .*\n`)
	nulls    = regexp.MustCompile(`(?ms)^\tfor _, e := range ret \{\n.*?^\t\}\n\n`)
)

// rewriteField resolves a field without what only arguments and directives need.
func (d *direct) rewriteField(f []byte) []byte {
	names := fieldFunction.FindSubmatch(f)
	o := d.objects[string(names[1])]
	if o == nil || o.Root || o.Stream {
		return f
	}
	for _, field := range o.Fields {
		if field.Name == string(names[2]) && len(field.Args) == 0 && !field.HasDirectives() {
			d.rewritten++
			text := fieldContext.ReplaceAllString(string(f), fmt.Sprintf("\t\t%q,\n", o.Name))
			return []byte(strings.NewReplacer("graphql.ResolveField(", "resolve(", "\t\tnil,\n", "", "\t\ttrue,\n\t\ttrue,\n", "\t\ttrue,\n", "\t\ttrue,\n\t\tfalse,\n", "\t\tfalse,\n").Replace(text))
		}
	}
	return f
}

// rewriteArguments parses the arguments of a field once in a request. Those of root
// fields are parsed once anyway.
func (d *direct) rewriteArguments(call []byte) []byte {
	names := arguments.FindSubmatch(call)
	if o := d.objects[string(names[2])]; o == nil || o.Root || o.Stream {
		return call
	}
	d.rewritten++
	return fmt.Appendf(nil, "gqlhttp.Arguments(ctx, %q, field, ec.Variables, ec.%s)", names[2], names[1])
}

// rewriteList writes the elements of a list as they are resolved. Those of a list
// of plain objects need no context of their own.
func (d *direct) rewriteList(f []byte) []byte {
	if !elements.Match(f) {
		return f
	}
	d.rewritten++
	name := "writeList"
	if d.plain[string(listFunction.FindSubmatch(f)[1])] {
		name = "writePlain"
	}
	call := fmt.Sprintf("ret := %s(ctx, len(v), %t, func(ctx context.Context, i int) graphql.Marshaler {\n", name, nulls.Match(f))
	return nulls.ReplaceAll(elements.ReplaceAll(f, []byte(call)), nil)
}

// isPlain reports whether a field's value stands in its object and can be encoded
// without an error, and without anything else being read.
func (d *direct) isPlain(f *codegen.Field) bool {
	switch {
	case f.IsReserved(), f.IsResolver, f.HasDirectives(), len(f.Args) > 0, f.MethodHasContext, f.IsMap(), f.Batch, f.Stream, f.VOkFunc:
		return false
	case f.IsMethod() && (!f.NoErr || !isRow(f.Object.Type)):
		return false
	}
	return d.isPlainType(f.TypeReference)
}

// isPlainType reports whether values of a type can be encoded without an error.
func (d *direct) isPlainType(t *config.TypeReference) bool {
	switch t.Definition.Kind {
	case ast.Scalar:
		return !t.IsContext && (t.Marshaler == nil || neverFails(t.Marshaler))
	case ast.Enum:
		return !t.IsContext
	case ast.Object:
		return d.isPlainObject(t)
	}
	return false
}

// isPlainObject reports whether all fields of an object are plain. Rows of the
// database are not: whether they have what the operation selects is checked when
// they are resolved.
func (d *direct) isPlainObject(t *config.TypeReference) bool {
	name := t.Definition.Name
	if plain, decided := d.plain[name]; decided {
		return plain
	}
	d.plain[name] = false
	o := d.objects[name]
	if o == nil || isRow(t.Target) {
		return false
	}
	for _, f := range o.Fields {
		if !f.IsReserved() && !d.isPlain(f) {
			return false
		}
	}
	d.plain[name] = true
	return true
}

// isRow reports whether a type is one of ent's rows.
func isRow(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "portico/ent/db"
}

// neverFails reports whether a function encodes every value of its type.
func neverFails(f *types.Func) bool {
	switch name := f.FullName(); name {
	case gqlgen + "MarshalString", gqlgen + "MarshalID", gqlgen + "MarshalBoolean":
		return true
	default:
		return strings.HasPrefix(name, "portico/graph/model.Marshal")
	}
}

const gqlgen = "github.com/99designs/gqlgen/graphql."
