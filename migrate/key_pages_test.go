package migrate_test

import (
	"io/fs"
	"slices"
	"testing"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/migrate"
)

// For an hour the index of credentials by organization and id had a migration of
// its own. Whichever file created it, a database ends up with the same indexes.
func TestEveryHistoryOfTheKeysIndexEndsAlike(t *testing.T) {
	const (
		storage = "20261122004660_gate_storage.sql"
		former  = "20261122065857_key_pages.sql"
		pages   = "20261122080819_pages.sql"
	)
	formerText := `CREATE INDEX "credential_organization_id_id" ON "credentials" ("organization_id", "id");
DROP INDEX "credential_organization_id";`
	for name, last := range map[string]string{"neither": "", "a file of its own": former, "the pages'": pages} {
		t.Run(name, func(t *testing.T) {
			testdb.EachEmpty(t, func(t *testing.T, url string) {
				db := testdb.Open(t, url)
				files, err := migrate.Files(db.Dialect())
				if err != nil {
					t.Fatal(err)
				}
				had := until(t, files, storage)
				switch last {
				case former:
					had[former] = formerText
				case pages:
					had[pages] = text(t, files, pages)
				}
				up(t, db, folder(t, had))
				if _, err := migrate.Up(t.Context(), db); err != nil {
					t.Fatal(err)
				}
				got := indexes(t, db)
				if !slices.Contains(got, "credential_organization_id_id") || slices.Contains(got, "credential_organization_id") {
					t.Errorf("keys have the indexes %v", got)
				}
			})
		})
	}
}

// until returns the migrations up to one.
func until(t *testing.T, files fs.FS, last string) map[string]string {
	t.Helper()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		if name <= last {
			out[name] = text(t, files, name)
		}
	}
	return out
}

func text(t *testing.T, files fs.FS, name string) string {
	t.Helper()
	b, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func indexes(t *testing.T, db *database.DB) (names []string) {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'credentials'"
	if db.Dialect() == "postgres" {
		query = "SELECT indexname FROM pg_indexes WHERE tablename = 'credentials'"
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
