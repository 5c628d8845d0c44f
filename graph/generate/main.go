// Command generate writes the verdict codes into the schema and the documentation,
// and the schema's error codes into docs/errors.md. It runs gqlgen by gqlgen.yml and
// the entities of package entity, with the plugin direct.
package main

import (
	"fmt"
	"os"
	"regexp"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"

	"portico/internal/entity"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	if err := printVerdicts(); err != nil {
		return err
	}
	if err := printErrors(); err != nil {
		return err
	}
	c, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return err
	}
	bindEntities(c)
	for _, name := range updateInputs(c) {
		c.Models.ForceGenerate(name, true)
	}
	d := &direct{}
	if err := api.Generate(c, api.AddPlugin(d), api.AddPlugin(ahead{})); err != nil {
		return err
	}
	return d.rewrite()
}

// bindEntities binds the types of entities to ent's rows, and their connections
// to pages of them.
func bindEntities(c *config.Config) {
	for _, e := range entity.All() {
		c.Models[string(e.Kind)] = config.TypeMapEntry{
			Model:  config.StringList{"portico/ent/db." + e.Row},
			Fields: map[string]config.TypeMapField{"id": {FieldName: "GlobalID"}},
		}
		if e.Connection {
			c.Models.Add(string(e.Kind)+"Connection", "portico/graph/model."+string(e.Kind)+"Connection")
			c.Models.Add(string(e.Kind)+"Edge", "portico/graph/model."+string(e.Kind)+"Edge")
		}
	}
}

var updateInput = regexp.MustCompile(`(?m)^input (Update\w+Input)\b`)

// updateInputs returns the inputs in which an absent field stays as it is. They
// are not bound to the services' types of the same name, because gqlgen's alone
// distinguish an absent field from null.
func updateInputs(c *config.Config) []string {
	var out []string
	for _, s := range c.Sources {
		for _, m := range updateInput.FindAllStringSubmatch(s.Input, -1) {
			out = append(out, m[1])
		}
	}
	return out
}
