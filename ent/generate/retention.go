package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/entc/gen"

	"portico/ent/schema"
)

// kept is the retention of a table.
type kept struct {
	schema.Retention
	Table string
}

// retentions returns what the entities declare, by the tables' names.
func retentions(g *gen.Graph) ([]kept, error) {
	var out []kept
	for _, t := range g.Nodes {
		k := kept{Table: t.Table()}
		found, err := annotation(t, k.Name(), &k.Retention)
		switch {
		case err != nil:
		case !found:
			err = errors.New("it declares no schema.Retention: how long are its rows kept?")
		default:
			err = k.check(t, g)
		}
		if err != nil {
			return nil, fmt.Errorf("the table %s: %w", k.Table, err)
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b kept) int { return cmp.Compare(a.Table, b.Table) })
	return out, nil
}

// check refuses a declaration that is of no kind, or of several, or names what
// does not exist.
func (k kept) check(t *gen.Type, g *gen.Graph) error {
	kinds := 0
	for _, is := range []bool{k.Forever, len(k.With) > 0, k.Until != "", k.For > 0, k.Setting != ""} {
		if is {
			kinds++
		}
	}
	timed := k.For > 0 || k.Setting != ""
	switch {
	case kinds != 1 || k.What == "":
		return errors.New("its retention must say what the rows are, and be of one kind")
	case timed != (k.Since != "") || timed != (k.Job != ""):
		return errors.New("a period has a column from which it counts, and a job; nothing else has")
	case timed && !slices.ContainsFunc(t.Fields, func(f *gen.Field) bool { return f.StorageKey() == k.Since && f.IsTime() }):
		return fmt.Errorf("it has no time %q", k.Since)
	}
	for _, name := range k.With {
		if !slices.ContainsFunc(g.Nodes, func(o *gen.Type) bool { return o.Table() == name }) {
			return fmt.Errorf("there is no table %q", name)
		}
	}
	return nil
}

// annotation decodes one of an entity's annotations; found is false if it has
// none of that name.
func annotation(t *gen.Type, name string, into any) (found bool, err error) {
	raw, found := t.Annotations[name]
	if !found {
		return false, nil
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(text, into)
}
