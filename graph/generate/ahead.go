package main

import (
	_ "embed"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
)

// ahead is a plugin of gqlgen. It writes, for each entity, the function that calls
// the resolvers of the selected lists of an object before the object itself is read:
// they need only its id.
type ahead struct{}

// Name returns the name of the plugin.
func (ahead) Name() string { return "ahead" }

//go:embed ahead.gotpl
var aheadTemplate string

// aheadObject is an entity with the fields that need only its id.
type aheadObject struct {
	Name   string
	Fields []*codegen.Field
}

// GenerateCode writes graph/generated/ahead.go.
func (ahead) GenerateCode(data *codegen.Data) error {
	var all []aheadObject
	for _, o := range data.Objects {
		if o.Root || o.Type == nil || !isRow(o.Type) {
			continue
		}
		one := aheadObject{Name: o.Name}
		for _, f := range o.Fields {
			if f.IsResolver && !f.HasDirectives() && strings.HasSuffix(f.TypeReference.Definition.Name, "Connection") {
				one.Fields = append(one.Fields, f)
			}
		}
		if len(one.Fields) > 0 {
			all = append(all, one)
		}
	}
	return templates.Render(templates.Options{
		PackageName: "generated", Filename: "graph/generated/ahead.go", Template: aheadTemplate, Data: all,
		GeneratedHeader: true, Packages: data.Config.Packages,
	})
}
