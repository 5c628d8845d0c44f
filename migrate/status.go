package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"portico/internal/database"
)

const createTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
	version varchar(14) NOT NULL PRIMARY KEY,
	name varchar(255) NOT NULL,
	sha256 varchar(64) NOT NULL,
	applied_at varchar(32) NOT NULL
)`

// State is the state of one migration.
type State struct {
	// Name is the file's name.
	Name string
	// AppliedAt is when it was applied; zero if it is pending.
	AppliedAt time.Time
	// Unknown reports whether it was applied but is unknown to this program. The
	// program is older than the schema, which is allowed.
	Unknown bool
	// Changed reports whether it was applied with other content than the
	// program's.
	Changed bool
}

// Status returns the program's migrations and those that a newer program
// applied, by version. It changes nothing.
func Status(ctx context.Context, db *database.DB) ([]State, error) {
	files, err := Files(db.Dialect())
	if err != nil {
		return nil, err
	}
	return StatusFrom(ctx, db, files)
}

// StatusFrom is Status with the caller's files.
func StatusFrom(ctx context.Context, db *database.DB, files fs.FS) ([]State, error) {
	list, err := load(files)
	if err != nil {
		return nil, err
	}
	had, err := history(ctx, db)
	if err != nil {
		return nil, err
	}
	var states []State
	for _, f := range list {
		r, applied := had[f.version]
		states = append(states, State{Name: f.name, AppliedAt: r.at, Changed: applied && r.verify(f) != nil})
		delete(had, f.version)
	}
	for _, r := range had {
		states = append(states, State{Name: r.name, AppliedAt: r.at, Unknown: true})
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.Name, b.Name) })
	return states, nil
}

// history is records for a database that may never have been migrated.
func history(ctx context.Context, db *database.DB) (map[string]record, error) {
	query := "SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'"
	if db.Dialect() == dialect.Postgres {
		query = "SELECT count(to_regclass('schema_migrations'))"
	}
	var exists int
	if err := db.QueryRowContext(ctx, query).Scan(&exists); err != nil || exists == 0 {
		return nil, err
	}
	return records(ctx, db)
}

// record is a row of schema_migrations.
type record struct {
	name, sha256 string
	at           time.Time
}

// verify returns an error unless the file is the one that was applied.
func (r record) verify(f file) error {
	if r.sha256 == f.sha256 && r.name == f.name {
		return nil
	}
	return fmt.Errorf("the database has had this migration in another form (%s, sha256 %s); "+
		"an applied migration must not change: restore it and write a new one", r.name, r.sha256)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// records reads the applied migrations, by version.
func records(ctx context.Context, q querier) (had map[string]record, err error) {
	rows, err := q.QueryContext(ctx, "SELECT version, name, sha256, applied_at FROM schema_migrations")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	had = map[string]record{}
	for rows.Next() {
		var r record
		var version, at string
		if err := rows.Scan(&version, &r.name, &r.sha256, &at); err != nil {
			return nil, err
		}
		if r.at, err = time.Parse(time.RFC3339, at); err != nil {
			return nil, err
		}
		had[version] = r
	}
	return had, rows.Err()
}

// insert records a file as applied. The time is text, alike on both databases.
func insert(ctx context.Context, tx *sql.Tx, f file) error {
	_, err := tx.ExecContext(ctx,
		"INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
		f.version, f.name, f.sha256, time.Now().UTC().Format(time.RFC3339))
	return err
}
