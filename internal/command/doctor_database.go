package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entgo.io/ent/dialect"

	"portico/clients/go/gate/zone"
	"portico/internal/backend"
	"portico/internal/database"
	"portico/migrate"
)

// maxSkew is how far this machine's clock may be from the database's.
const maxSkew = 2 * time.Second

// checkDatabase opens the database and runs the checks of it.
func (d *doctor) checkDatabase(ctx context.Context) {
	const about = "database"
	if d.broken["DATABASE_URL"] {
		return
	}
	if d.missingFile() {
		return
	}
	db, err := database.Open(ctx, d.config.DatabaseURL, backend.DatabaseOptions(d.config))
	if err != nil {
		d.wrong(about, d.config.MaskedDatabaseURL()+": "+err.Error(), adviceForOpenError(err))
		return
	}
	defer func() { _ = db.Close() }() // it was only read
	looks := []func(context.Context, *database.DB) error{d.migrations, d.zones, d.checkRing}
	if db.Dialect() == dialect.Postgres {
		looks = append([]func(context.Context, *database.DB) error{d.postgres, d.clock, d.rights, d.extension}, looks...)
	} else {
		looks = append([]func(context.Context, *database.DB) error{d.sqlite}, looks...)
	}
	for _, look := range looks {
		if d.denied {
			return // further checks would report the same
		}
		if err := look(ctx, db); err != nil {
			d.wrong(about, err.Error(), "see the log of the database")
		}
	}
}

// missingFile reports whether the SQLite file does not exist yet. Opening would
// create it.
func (d *doctor) missingFile() bool {
	path, fresh := backend.IsNewFile(d.config.DatabaseURL)
	if !fresh {
		return false
	}
	folder := filepath.Dir(path)
	switch info, err := os.Stat(folder); {
	case err != nil || !info.IsDir():
		d.wrong("database", "the folder "+folder+" of the database file does not exist", "make it, or correct DATABASE_URL")
	case d.config.Dev:
		d.ok("database", "%s is not there yet: the first start makes it", path)
		if backend.UsesDevelopmentRing(d.config) {
			d.setRingFinding(isOK, firstRing(), "")
		}
	default:
		d.note("database", path+" is not there yet: the first start makes an empty one", "correct DATABASE_URL if this installation has a database already")
	}
	return true
}

// postgres checks the server. That the database is UTF8 and writable, and that
// no unconfigured pooler is in front of it, was checked when it was opened.
func (d *doctor) postgres(ctx context.Context, db *database.DB) error {
	var version, isolation string
	var most int
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('transaction_isolation'),
		current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer`).Scan(&version, &isolation, &most)
	if err != nil {
		return err
	}
	d.ok("database", "%s is Postgres %s, UTF8, and takes changes", d.config.MaskedDatabaseURL(), version)
	if isolation != "read committed" && !backend.DatabaseOptions(d.config).Pooled {
		d.wrong("isolation", "statements run at the level "+isolation+", not read committed", "remove default_transaction_isolation from DATABASE_URL")
	}
	if d.config.DBConns > most {
		d.wrong("database", fmt.Sprintf("PORTICO_DB_CONNS is %d, and the server takes %d connections at most, of all programs", d.config.DBConns, most), "lower PORTICO_DB_CONNS, or raise max_connections")
	}
	return nil
}

// sqlite checks whether the file is writable at the moment.
func (d *doctor) sqlite(ctx context.Context, db *database.DB) error {
	tx, err := db.Begin(ctx, nil)
	if database.IsUnavailable(err) {
		d.note("database", d.config.MaskedDatabaseURL()+" is locked by another program: "+err.Error(), "end what keeps it locked; servers of Portico do not for long")
		return nil
	}
	if err != nil {
		d.wrong("database", d.config.MaskedDatabaseURL()+" takes no changes: "+err.Error(), "give the file and its folder to the user who runs Portico")
		return nil
	}
	d.ok("database", "%s takes changes", d.config.MaskedDatabaseURL())
	return tx.Rollback()
}

// rights checks the user's privileges on the schema and the tables.
func (d *doctor) rights(ctx context.Context, db *database.DB) error {
	var user, schema, denied string
	var may bool
	err := db.QueryRowContext(ctx, `SELECT current_user, coalesce(current_schema(), ''), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
		coalesce((SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
			AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))), '')`).
		Scan(&user, &schema, &may, &denied)
	if err != nil {
		return err
	}
	switch {
	case schema == "":
		d.wrong("rights", "the user "+user+" has no schema to put tables in", "as the owner of the database run: GRANT ALL ON SCHEMA public TO "+user)
	case !may:
		d.wrong("rights", "the user "+user+" may not create tables in the schema "+schema+", which migrations do", "as the owner of the database run: GRANT CREATE ON SCHEMA "+schema+" TO "+user)
	case denied != "":
		d.denied = true
		d.wrong("rights", "the user "+user+" may not read and change "+denied, "as the owner of the tables run: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+schema+" TO "+user)
	default:
		d.ok("rights", "%s may create tables in the schema %s, and read and change them", user, schema)
	}
	return nil
}

// extension checks that names can be searched by an index of trigrams, for which migrations
// need an extension of Postgres.
func (d *doctor) extension(ctx context.Context, db *database.DB) error {
	const about = "extension"
	var seen, installed, available, may, letters bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_opclass c WHERE c.opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(c.oid)),
		EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm'), EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'),
		has_database_privilege(current_database(), 'CREATE'), 'ş' ~ '[[:alpha:]]'`).Scan(&seen, &installed, &available, &may, &letters)
	switch {
	case err != nil:
		return err
	case seen:
		d.ok(about, "pg_trgm is there")
	case installed:
		d.wrong(about, "pg_trgm is in a schema that is not on the search_path", "as the owner of the extension run: ALTER EXTENSION pg_trgm SET SCHEMA, with a schema that is")
	case !available:
		d.wrong(about, "the server does not have pg_trgm, without which migrations fail", "install Postgres' contrib modules on the machine of the database")
	case !may:
		d.wrong(about, "the user may not create pg_trgm, which migrations do", "as the owner of the database run: CREATE EXTENSION pg_trgm")
	default:
		d.ok(about, "migrations create pg_trgm")
	}
	if err == nil && !letters {
		d.note(about, "the database's LC_CTYPE knows no letters but those of English: searches for others read all names", "make the database with the locale C.UTF-8")
	}
	return nil
}

// clock compares this machine's clock with the database's.
func (d *doctor) clock(ctx context.Context, db *database.DB) error {
	by, err := db.Skew(ctx, time.Now)
	if err != nil {
		return err
	}
	if by.Abs() > maxSkew {
		d.wrong("clock", fmt.Sprintf("the database's clock is %s from this machine's", by.Round(time.Millisecond)), "run NTP on both: tokens, expiries and quotas follow the clock")
		return nil
	}
	d.ok("clock", "this machine's and the database's agree")
	return nil
}

// migrations compares the migrations of the database with those of the program.
func (d *doctor) migrations(ctx context.Context, db *database.DB) error {
	states, err := migrate.Status(ctx, db)
	if err != nil {
		return err
	}
	pending, newer := 0, 0
	for _, s := range states {
		switch {
		case s.Changed:
			d.wrong("migrations", "the database has had "+s.Name+" in another form", "run the program that made the database, or restore a backup of it")
		case s.Unknown:
			newer++
		case s.AppliedAt.IsZero():
			pending++
		}
	}
	d.migrated = pending == 0
	switch {
	case newer > 0:
		d.note("migrations", fmt.Sprintf("the database has %d of a newer program", newer), "upgrade this one when the others are")
	case pending > 0:
		d.note("migrations", fmt.Sprintf("%d are still to come", pending), "serve applies them when it starts; portico migrate does it now")
	default:
		d.ok("migrations", "all %d are applied", len(states))
	}
	return nil
}

// zones looks for organizations whose time zone is unknown to the program: none
// of their calls would pass.
func (d *doctor) zones(ctx context.Context, db *database.DB) error {
	if !d.migrated {
		return nil
	}
	rows, err := db.QueryContext(ctx, `SELECT slug, time_zone FROM organizations ORDER BY slug`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var slug, name string
		if err := rows.Scan(&slug, &name); err != nil {
			return err
		}
		if !zone.Known(name) {
			d.wrong("time zone", fmt.Sprintf("the organization %s has %q, which is no IANA name", slug, name), "set another one by updateOrganization")
		}
	}
	return rows.Err()
}
