package main

import (
	"context"
	"fmt"

	"ariga.io/atlas/sql/postgres"
	atlas "ariga.io/atlas/sql/schema"
	"entgo.io/ent/dialect/sql/schema"

	"portico/internal/database"
)

// normalizeConditions prevents conditions from differing in spelling only: Postgres
// stores "a IN ('x')" as "((a)::text = ANY (ARRAY['x'::text]))". It creates the
// wanted tables in an empty database to learn how Postgres spells them. If the
// present database has the same spelling, that is used for the wanted condition;
// otherwise the schema's own is kept, for the migration that will be written.
func normalizeConditions(ctx context.Context, scratch *database.DB) schema.DiffHook {
	return func(next schema.Differ) schema.Differ {
		return schema.DiffFunc(func(current, desired *atlas.Schema) ([]atlas.Change, error) {
			driver, err := postgres.Open(scratch)
			if err != nil {
				return nil, err
			}
			normalizer, ok := driver.(atlas.Normalizer)
			if !ok {
				return nil, fmt.Errorf("%T cannot normalize a schema", driver)
			}
			normal, err := normalizer.NormalizeSchema(ctx, desired)
			if err != nil {
				return nil, err
			}
			wanted, has := conditions(normal), conditions(current)
			for name, ours := range conditions(desired) {
				if want, present := wanted[name], has[name]; want != nil && present != nil && *want == *present {
					*ours = *present
				}
			}
			return next.Diff(current, desired)
		})
	}
}

// conditions returns the expressions of a schema's CHECKs and partial indexes,
// by table and name.
func conditions(s *atlas.Schema) map[string]*string {
	found := map[string]*string{}
	for _, table := range s.Tables {
		for _, a := range table.Attrs {
			if check, ok := a.(*atlas.Check); ok {
				found[table.Name+" check "+check.Name] = &check.Expr
			}
		}
		for _, index := range table.Indexes {
			for _, a := range index.Attrs {
				if where, ok := a.(*postgres.IndexPredicate); ok {
					found[table.Name+" index "+index.Name] = &where.P
				}
			}
		}
	}
	return found
}
