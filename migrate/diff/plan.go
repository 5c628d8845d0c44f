package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	atlas "ariga.io/atlas/sql/migrate"
	atlasschema "ariga.io/atlas/sql/schema"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/migrate"
)

// pending applies a directory of migrations to a throwaway database and returns
// the SQL that the tables still need; "" if none. It has applied that SQL there
// and verified that nothing is left.
func pending(ctx context.Context, d string, files fs.FS, tables []*schema.Table) (text string, err error) {
	url, drop, err := throwaway(ctx, d)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, drop(ctx)) }()
	db, err := database.Open(ctx, url, database.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := migrate.UpFrom(ctx, db, files); err != nil {
		return "", err
	}
	if text, err = plan(ctx, db, tables); err != nil || text == "" {
		return "", err
	}
	if _, err := db.ExecContext(ctx, text); err != nil {
		return "", fmt.Errorf("the planned migration does not run: %w\n%s", err, text)
	}
	if rest, err := plan(ctx, db, tables); err != nil || rest != "" {
		return "", fmt.Errorf("after the planned migration there would still be (%v):\n%s", err, rest)
	}
	return text, nil
}

func throwaway(ctx context.Context, d string) (url string, drop func(context.Context) error, err error) {
	if d == dialect.Postgres {
		return testdb.Throwaway(ctx)
	}
	folder, err := os.MkdirTemp("", "portico-diff-")
	return "sqlite:" + filepath.Join(folder, "replay.db"), func(context.Context) error { return os.RemoveAll(folder) }, err
}

// plan compares an open database with the tables.
func plan(ctx context.Context, db *database.DB, tables []*schema.Table) (text string, err error) {
	dir := &atlas.MemDir{}
	options := []schema.MigrateOption{
		schema.WithDir(dir), schema.WithErrNoPlan(true), schema.WithFormatter(atlas.DefaultFormatter),
		schema.WithDiffOptions(atlasschema.DiffNormalized()), // otherwise CHECKs are compared by name only
	}
	if db.Dialect() == dialect.Postgres {
		scratch, close, failed := openScratch(ctx)
		if failed != nil {
			return "", failed
		}
		defer func() { err = errors.Join(err, close()) }()
		options = append(options, schema.WithDiffHook(normalizeConditions(ctx, scratch)))
	}
	m, err := schema.NewMigrate(db.Driver(), options...)
	if err != nil {
		return "", err
	}
	switch err := m.NamedDiff(ctx, "next", tables...); {
	case errors.Is(err, atlas.ErrNoPlan):
		return "", nil
	case err != nil:
		return "", err
	}
	written, err := dir.Files()
	if err != nil {
		return "", err
	}
	if len(written) != 1 {
		return "", fmt.Errorf("a plan of %d files, want 1", len(written))
	}
	return string(written[0].Bytes()), nil
}

// openScratch opens an empty Postgres database, which close drops.
func openScratch(ctx context.Context) (db *database.DB, close func() error, err error) {
	url, drop, err := testdb.Throwaway(ctx)
	if err != nil {
		return nil, nil, err
	}
	if db, err = database.Open(ctx, url, database.Options{}); err != nil {
		return nil, nil, errors.Join(err, drop(ctx))
	}
	return db, func() error { return errors.Join(db.Close(), drop(ctx)) }, nil
}
