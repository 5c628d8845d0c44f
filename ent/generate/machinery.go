package main

import (
	"os"
	"path/filepath"
	"slices"

	"entgo.io/ent/entc/gen"

	"portico/ent/schema"
)

// tableFile declares the tables, in the folder that ent writes to.
var tableFile = filepath.Join("migrate", "schema.go")

// withoutMachinery lets ent write no code for tables that only hand-written SQL
// uses, except for their declarations, from which migrations are made, and their
// names.
func withoutMachinery(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		declared, err := declarations(next, g)
		if err != nil {
			return err
		}
		var tables []string
		g.Nodes = slices.DeleteFunc(g.Nodes, func(t *gen.Type) bool {
			without := t.Annotations[schema.WithoutClient{}.Name()] != nil
			if without {
				tables = append(tables, t.Table())
			}
			return without
		})
		if err := next.Generate(g); err != nil {
			return err
		}
		if err := write("machinery.tmpl", filepath.Join(g.Target, "migrate", "machinery_gen.go"), tables); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(g.Target, tableFile), declared, 0o644)
	})
}

// declarations returns what ent would write about the tables of the whole graph.
func declarations(next gen.Generator, g *gen.Graph) ([]byte, error) {
	folder, err := os.MkdirTemp("", "portico-ent-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }() // the system removes it one day
	whole, config := *g, *g.Config
	config.Target, whole.Config = folder, &config
	if err := next.Generate(&whole); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, tableFile))
}
