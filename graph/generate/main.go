// Command generate writes the verdict codes into the schema and the documentation,
// and the schema's error codes into docs/errors.md. It runs gqlgen by gqlgen.yml and
// the entities of package entity, and then replaces gqlgen's concurrent lists by
// sequential ones; see graph/generated/sequence.go.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	"golang.org/x/tools/imports"

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
	if err := api.Generate(c); err != nil {
		return err
	}
	files, err := filepath.Glob("graph/generated/*.go")
	if err != nil {
		return err
	}
	replaced := 0
	for _, f := range files {
		n, err := sequential(f)
		if err != nil {
			return err
		}
		replaced += n
	}
	if replaced == 0 {
		return fmt.Errorf("gqlgen writes lists in another way than before: look at graph/generate")
	}
	return nil
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

const (
	theirs = "graphql.MarshalSliceConcurrently("
	ours   = "marshalSlice("
)

// sequential rewrites one file and returns how many lists it contains.
func sequential(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	n := bytes.Count(text, []byte(theirs))
	if n == 0 {
		return 0, nil
	}
	text = bytes.ReplaceAll(text, []byte(theirs), []byte(ours))
	text, err = imports.Process(file, text, &imports.Options{Comments: true, TabIndent: true, TabWidth: 8, FormatOnly: true})
	if err != nil {
		return 0, err
	}
	return n, os.WriteFile(file, text, 0o644)
}
