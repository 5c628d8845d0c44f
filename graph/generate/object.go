package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
)

// objectBody returns the body of the function that encodes an object.
func (d *direct) objectBody(o *codegen.Object) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "\tout := newObject(ctx, ec.OperationContext, sel, %sImplementors)\n", lowerFirst(o.Name))
	b.WriteString("\tfor i, field := range out.fields.List {\n\t\tout.field(i)\n\t\tswitch field.Name {\n")
	fmt.Fprintf(&b, "\t\tcase \"__typename\":\n\t\t\tout.Text = append(out.Text, `%q`...)\n", o.Name)
	for _, f := range o.Fields {
		fmt.Fprintf(&b, "\t\tcase %q:\n", f.Name)
		b.WriteString(d.fieldCode(o, f))
	}
	b.WriteString("\t\tdefault:\n\t\t\tpanic(\"unknown field \" + strconv.Quote(field.Name))\n\t\t}\n\t}\n\treturn out.end()\n}\n")
	return []byte(b.String())
}

func lowerFirst(name string) string {
	// gqlgen leaves names alone that begin with an underscore.
	return strings.ToLower(name[:1]) + name[1:]
}

// fieldCode returns the code that writes a field.
func (d *direct) fieldCode(o *codegen.Object, f *codegen.Field) string {
	resolved := put(f, fmt.Sprintf("ec._%s_%s(ctx, field, obj)", o.Name, f.Name))
	code, ok := joinedCode(f)
	if !ok {
		code, ok = d.computedCode(f)
	}
	if ok {
		d.rewritten++
		return "\t\t\t" + code + " else {\n" + resolved + "\t\t\t}\n"
	}
	if !d.isPlain(f) {
		return resolved
	}
	d.rewritten++
	t, value, condition := f.TypeReference, "obj."+f.GoFieldName, "out.direct"
	if f.IsMethod() {
		value += "()"
	}
	switch {
	case t.GQL.NonNull && t.Marshaler != nil && t.Marshaler.FullName() == schemaModel+"MarshalUUID" && !t.IsPtr():
		condition += " && " + value + " != (uuid.UUID{})" // an empty one is null
	case t.GQL.NonNull && t.IsNilable() && !t.IsSlice():
		condition += " && " + value + " != nil" // a null is an error, with a path
	}
	return fmt.Sprintf("\t\t\tif %s {\n%s\t\t\t} else {\n%s\t\t\t}\n", condition, plainCode(f, value), resolved)
}

// put returns the code that writes the result of a function.
func put(f *codegen.Field, call string) string {
	if f.TypeReference.GQL.NonNull {
		return "\t\t\tout.required(" + call + ")\n"
	}
	return "\t\t\tout.optional(" + call + ")\n"
}

// plainCode returns the code that writes a plain value.
func plainCode(f *codegen.Field, value string) string {
	if isRow(f.Object.Type) && f.GoFieldName == "GlobalID" {
		return "\t\t\tout.Text = model.AppendNodeID(out.Text, obj.NodeKind(), obj.ID)\n"
	}
	t := f.TypeReference
	function, argument := appendFunction(t)
	switch {
	case function == "":
		return put(f, fmt.Sprintf("ec.%s(ctx, field.Selections, %s)", t.MarshalFunc(), value))
	case t.IsPtr():
		return fmt.Sprintf("\t\t\tif v := %s; v != nil {\n\t\t\t\tout.Text = %s(out.Text, %s)\n\t\t\t} else {\n\t\t\t\tout.null()\n\t\t\t}\n",
			value, function, fmt.Sprintf(argument, "*v"))
	}
	return fmt.Sprintf("\t\t\tout.Text = %s(out.Text, %s)\n", function, fmt.Sprintf(argument, value))
}

const schemaModel = "portico/graph/model."

// appendFunction returns the function that appends what a type's marshaler encodes,
// and how its argument is written; "" if there is none.
func appendFunction(t *config.TypeReference) (function, argument string) {
	if t.Marshaler == nil || t.IsSlice() || t.GQL.Elem != nil {
		return "", ""
	}
	switch t.Marshaler.FullName() {
	case gqlgen + "MarshalString", gqlgen + "MarshalID", schemaModel + "MarshalText", schemaModel + "MarshalUUIDText":
		return "model.AppendText", "string(%s)"
	case gqlgen + "MarshalBoolean":
		return "strconv.AppendBool", "bool(%s)"
	case schemaModel + "MarshalTime":
		return "model.AppendTime", "%s"
	case schemaModel + "MarshalUUID":
		return "model.AppendUUID", "%s"
	case schemaModel + "MarshalInt":
		return "model.AppendInt", "int(%s)"
	case schemaModel + "MarshalBigInt", schemaModel + "MarshalCount":
		return "model.AppendBigInt", "int64(%s)"
	}
	return "", ""
}

// joinedCode returns the code that writes the object of a reference, if it was read
// with the row; otherwise, and once the request was stopped, it is resolved.
func joinedCode(f *codegen.Field) (code string, ok bool) {
	getter := "Joined" + f.GoFieldName
	if !f.IsResolver || f.HasDirectives() || len(f.Args) > 0 || !isRow(f.Object.Type) {
		return "", false
	}
	if m, _, _ := types.LookupFieldOrMethod(types.NewPointer(f.Object.Type), true, nil, getter); m == nil {
		return "", false
	}
	encoded := put(f, fmt.Sprintf("ec.%s(out.Within(ctx, %q, field), field.Selections, joined)", f.TypeReference.MarshalFunc(), f.Object.Name))
	return fmt.Sprintf("if joined := obj.%s(); out.direct && joined != nil {\n%s\t\t\t}", getter, encoded), true
}

// computed are the fields whose objects may have been computed in the row's statement.
var computed = []string{"App.keyCounts"}

// computedCode returns the code that writes such an object, if it was; otherwise, and
// once the request was stopped, it is resolved.
func (d *direct) computedCode(f *codegen.Field) (code string, ok bool) {
	if !slices.Contains(computed, f.Object.Name+"."+f.Name) || !f.IsResolver || f.HasDirectives() || len(f.Args) > 0 || !d.isPlainObject(f.TypeReference) {
		return "", false
	}
	d.found++
	row := types.TypeString(f.TypeReference.GO, func(p *types.Package) string { return p.Name() })
	encoded := put(f, fmt.Sprintf("ec.%s(out.Within(ctx, %q, field), field.Selections, value)", f.TypeReference.MarshalFunc(), f.Object.Name))
	return fmt.Sprintf("if value, ok := obj.Computed(%q).(%s); out.direct && ok {\n%s\t\t\t}", f.Name, row, encoded), true
}
