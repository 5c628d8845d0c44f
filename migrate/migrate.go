// Package migrate contains the database's schema as versioned SQL files, one
// directory for each database, and applies them.
//
// A file is named YYYYMMDDhhmmss_name.sql and never changes once it has been
// applied anywhere: its checksum is stored in checksums.txt beside it and in the
// database. Each runs in a transaction of its own, so it must not contain
// statements that refuse one (CREATE INDEX CONCURRENTLY). For one release files
// only add, so that the previous program runs on the new schema.
//
//	go run ./internal/testdb/withpg go run ./migrate/diff NAME
//
// writes the next file for both databases from ent's tables.
package migrate

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"portico/internal/database"
)

//go:embed postgres sqlite
var embedded embed.FS

// patience is how long one statement of a migration may take, and how long one
// process waits for another that is migrating.
const patience = 10 * time.Minute

// lockKey is the advisory lock of migrations on Postgres: "portico" in ASCII.
const lockKey = 0x706f727469636f

// Up applies the program's migrations that the database does not have yet, and
// returns their names. Any number of processes may call it at once. It returns
// an error if an applied migration differs from the program's.
func Up(ctx context.Context, db *database.DB) (applied []string, err error) {
	files, err := Files(db.Dialect())
	if err != nil {
		return nil, err
	}
	return UpFrom(ctx, db, files)
}

// Files returns the program's files for a dialect, checksums.txt included.
func Files(name string) (fs.FS, error) {
	if name == dialect.Postgres {
		return fs.Sub(embedded, "postgres")
	}
	return fs.Sub(embedded, "sqlite")
}

// Hash returns a hash of the program's files for a dialect: equal hashes mean
// equal schemas.
func Hash(name string) (string, error) {
	files, err := Files(name)
	if err != nil {
		return "", err
	}
	sums, err := fs.ReadFile(files, ChecksumFile)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(sums)), nil
}

// UpFrom is Up with the caller's files.
func UpFrom(ctx context.Context, db *database.DB, files fs.FS) (applied []string, err error) {
	list, err := load(files)
	if err != nil {
		return nil, err
	}
	ctx = database.Patient(ctx, patience)
	r, err := newRunner(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("preparing to migrate: %w", err)
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, f := range list {
		did, err := r.apply(ctx, f)
		if err != nil {
			return applied, fmt.Errorf("migration %s: %w", f.name, err)
		}
		if did {
			applied = append(applied, f.name)
		}
	}
	return applied, nil
}

// runner migrates over one connection with settings of its own.
type runner struct {
	conn   *sql.Conn
	sqlite bool
	had    map[string]record
}

func newRunner(ctx context.Context, db *database.DB) (*runner, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	r := &runner{conn: conn, sqlite: db.Dialect() == dialect.SQLite}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// prepare creates the table of applied migrations, and reads it.
func (r *runner) prepare(ctx context.Context) error {
	if r.sqlite {
		// Turn foreign keys off before BEGIN, as it has no effect inside a
		// transaction: rebuilding a table would delete the rows that refer to
		// it.
		set := fmt.Sprintf("PRAGMA foreign_keys = off; PRAGMA busy_timeout = %d", patience.Milliseconds())
		if _, err := r.conn.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	err := r.locked(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, createTable)
		return withAdvice(err)
	})
	if err != nil {
		return err
	}
	r.had, err = records(ctx, r.conn)
	return err
}

// withAdvice adds advice to the error of a user who may not create tables: on
// Postgres 15 and later that is everybody but the database's owner.
func withAdvice(err error) error {
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "42501" {
		return fmt.Errorf("%w: the user of DATABASE_URL must be allowed to create tables; as the database's owner, run GRANT CREATE ON SCHEMA public TO that user", err)
	}
	return err
}

// withExtensionAdvice adds advice to the error of a user who may not create an extension,
// or of a server on which it is not installed.
func withExtensionAdvice(err error) error {
	var p *pq.Error
	if errors.As(err, &p) && (strings.Contains(p.Message, "extension") || strings.Contains(p.Message, "gin_trgm_ops")) {
		return fmt.Errorf("%w: as the database's owner, run CREATE EXTENSION pg_trgm in it, and migrate again; it is part of Postgres' contrib modules, which the server must have", err)
	}
	return err
}

// locked runs f in a transaction that excludes every other process; on SQLite
// any writing transaction does.
func (r *runner) locked(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := r.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	err = func() error {
		if !r.sqlite {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockKey)); err != nil {
				return err
			}
		}
		return f(tx)
	}()
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// apply runs a file, unless it was applied. It checks again under the lock
// whether another process was faster.
func (r *runner) apply(ctx context.Context, f file) (did bool, err error) {
	if had, ok := r.had[f.version]; ok {
		return false, had.verify(f)
	}
	err = r.locked(ctx, func(tx *sql.Tx) error {
		all, err := records(ctx, tx)
		if err != nil {
			return err
		}
		if had, ok := all[f.version]; ok {
			return had.verify(f)
		}
		did = true
		return r.run(ctx, tx, f)
	})
	return did && err == nil, err
}

// run sends the file as one text: without arguments both drivers accept many
// statements, and they split them more reliably than code here could.
func (r *runner) run(ctx context.Context, tx *sql.Tx, f file) error {
	if _, err := tx.ExecContext(ctx, f.text); err != nil {
		return withExtensionAdvice(err)
	}
	if r.sqlite {
		if err := orphans(ctx, tx); err != nil {
			return err
		}
	}
	return insert(ctx, tx, f)
}

// orphans checks the foreign keys, which were off.
func orphans(ctx context.Context, tx *sql.Tx) (err error) {
	rows, err := tx.QueryContext(ctx, `SELECT "table", "parent" FROM pragma_foreign_key_check LIMIT 1`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		var table, parent string
		if err := rows.Scan(&table, &parent); err != nil {
			return err
		}
		return fmt.Errorf("rows of %s would refer to rows of %s that do not exist", table, parent)
	}
	return rows.Err()
}

// close closes the connection instead of returning it to the pool: a new one has
// the usual settings.
func (r *runner) close() error {
	err := r.conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
