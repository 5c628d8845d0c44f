package main

import (
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
//   - Plain fields, whose value is there and cannot fail, are encoded directly;
//     see graph/generated/direct.go. So are the objects that were read with a row:
//     their resolver would only look them up. gqlgen's function remains for requests
//     that were stopped, because it reports the reason for each field.
//   - Without what @defer needs: this server refuses it, and it costs a map, a set
//     and the object's path in every object. Without the map of all inputs, which
//     only resolvers that decode their own would use, and there are none.
//   - The buffer of an answer is as large as the answer.
//   - What the selection sets of a document have for a type is collected once.
//   - Lists are encoded one element after the other.
type direct struct {
	objects map[string]*codegen.Object
	// plain are the plain objects that were decided, by name; false while an
	// object is being decided, so that a type which contains itself is not plain.
	plain map[string]bool
	// rewritten is the number of fields that are encoded directly.
	rewritten int
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
		{`graphql\.MarshalSliceConcurrently\(`, "marshalSlice("},
		{`(?ms)^\tinputUnmarshalMap := .*?^\t\)\n`, ""},
		{`(?m)^\t+ctx = graphql\.WithUnmarshalerMap\(.*\n`, ""},
		{`var buf bytes\.Buffer\n\t+data\.MarshalGQL\(&buf\)\n`, "buf := encode(ctx, data)\n"},
		{`graphql\.CollectFields\(ec\.OperationContext, `, "gqlhttp.CollectFields(ctx, ec.OperationContext, "},
		{`(?m)^\tdeferredFieldSet := .*\n\tdeferLabelToView := .*\n`, ""},
		{`(?ms)^\t\t\tif field\.IsDeferred\(\) \{\n.*?^\t\t\t\}\n\n?`, ""},
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
		text = r.from.ReplaceAllFunc(text, func([]byte) []byte {
			r.found++
			return []byte(r.to)
		})
	}
	text = plainList.ReplaceAllFunc(text, d.rewriteList)
	text = objectFunction.ReplaceAllFunc(text, func(f []byte) []byte {
		o := d.objects[string(objectFunction.FindSubmatch(f)[1])]
		if o == nil || o.Root || o.Stream {
			return f
		}
		return d.rewriteObject(o, f)
	})
	if text, err = imports.Process(name, text, nil); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

var (
	plainList      = regexp.MustCompile(`(?ms)^func \(ec \*executionContext\) marshal[NO](\w+?)2.*?^\}\n`)
	objectFunction = regexp.MustCompile(`(?ms)^func \(ec \*executionContext\) _(\w+)\(ctx context\.Context, sel ast\.SelectionSet.*?^\}\n`)
)

// rewriteObject encodes an object's plain fields directly.
func (d *direct) rewriteObject(o *codegen.Object, f []byte) []byte {
	text, rewritten := string(f), 0
	for _, field := range o.Fields {
		if code, ok := joinedValue(field); ok {
			at := fmt.Sprintf("\t\tcase %q:\n", field.Name)
			text = strings.Replace(text, at, at+code, 1)
			rewritten++
			continue
		}
		value, plain := d.plainValue(field)
		call := fmt.Sprintf("\t\t\tout.Values[i] = ec._%s_%s(ctx, field, obj)\n", o.Name, field.Name)
		if !plain || !strings.Contains(text, call) {
			continue
		}
		text = strings.Replace(text, call, value+call+"\t\t\t}\n", 1)
		rewritten++
	}
	if rewritten == 0 {
		return f
	}
	d.rewritten += rewritten
	return []byte(strings.Replace(text, "\tout := newFieldSet(fields)\n", "\tout := newFieldSet(fields)\n\tdirect := gqlhttp.Direct(ctx)\n", 1))
}

// rewriteList encodes the elements of a list of plain objects without a context
// for each.
func (d *direct) rewriteList(f []byte) []byte {
	if !d.plain[string(plainList.FindSubmatch(f)[1])] {
		return f
	}
	return elements.ReplaceAll(f, []byte("ret := marshalPlain(len(v), func(i int) graphql.Marshaler {\n"))
}

var elements = regexp.MustCompile(`ret := marshalSlice\(.*\n\t+fc := .*\n\t+fc\.Result = .*\n`)

// plainValue returns the code that encodes a plain field, up to the else for the
// cases in which it must not.
func (d *direct) plainValue(f *codegen.Field) (code string, plain bool) {
	if !d.isPlain(f) {
		return "", false
	}
	t, value, condition := f.TypeReference, "obj."+f.GoFieldName, "direct"
	if f.IsMethod() {
		value += "()"
	}
	switch {
	case t.GQL.NonNull && isUUID(t):
		condition += " && " + value + " != (uuid.UUID{})" // an empty one is null
	case t.GQL.NonNull && t.IsNilable() && !t.IsSlice():
		condition += " && " + value + " != nil" // a null is an error, with a path
	}
	size := "gqlhttp.FieldBytes"
	if t.Marshaler != nil && t.Marshaler.FullName() == gqlgen+"MarshalString" && !t.IsPtr() {
		size += " + len(" + value + ")"
	}
	return fmt.Sprintf("\t\t\tif %s {\n\t\t\t\tout.direct += %s\n\t\t\t\tout.Values[i] = ec.%s(ctx, field.Selections, %s)\n\t\t\t} else {\n", condition, size, t.MarshalFunc(), value), true
}

// joinedValue returns the code that encodes the object of a reference, if it was
// read with the row; otherwise, and once the request was stopped, it is resolved.
func joinedValue(f *codegen.Field) (code string, ok bool) {
	t, getter := f.TypeReference, "Joined"+f.GoFieldName
	if !f.IsResolver || f.HasDirectives() || len(f.Args) > 0 || !isRow(f.Object.Type) {
		return "", false
	}
	if m, _, _ := types.LookupFieldOrMethod(types.NewPointer(f.Object.Type), true, nil, getter); m == nil {
		return "", false
	}
	invalid := ""
	if t.GQL.NonNull {
		invalid = "\t\t\t\tif out.Values[i] == graphql.Null {\n\t\t\t\t\tatomic.AddUint32(&out.Invalids, 1)\n\t\t\t\t}\n"
	}
	return fmt.Sprintf("\t\t\tif joined := obj.%s(); direct && joined != nil {\n\t\t\t\tout.direct += gqlhttp.FieldBytes\n"+
		"\t\t\t\tout.Values[i] = ec.%s(within(ctx, %q, field), field.Selections, joined)\n%s\t\t\t\tcontinue\n\t\t\t}\n",
		getter, t.MarshalFunc(), f.Object.Name, invalid), true
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

// isUUID reports whether a scalar is a UUID, of which an empty one is null.
func isUUID(t *config.TypeReference) bool {
	return t.Marshaler != nil && t.Marshaler.FullName() == "portico/graph/model.MarshalUUID" && !t.IsPtr()
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
