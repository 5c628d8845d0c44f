package migrate_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/migrate"
)

const (
	parents  = "20260101000000_parents.sql"
	children = "20260102000000_children.sql"
	guard    = "20260103000000_guard.sql"
)

// folder returns migrations with their checksums.
func folder(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	sums, err := migrate.Checksums(m)
	if err != nil {
		t.Fatal(err)
	}
	m[migrate.ChecksumFile] = &fstest.MapFile{Data: []byte(sums)}
	return m
}

// family is a schema of two tables and a trigger in the database's dialect.
func family(dialect string) map[string]string {
	files := map[string]string{
		parents:  "CREATE TABLE parent (id integer PRIMARY KEY);\nINSERT INTO parent VALUES (1);\n",
		children: "CREATE TABLE child (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES parent (id) ON DELETE CASCADE);\n",
		guard: "CREATE TRIGGER child_stays BEFORE DELETE ON child\nBEGIN\n  SELECT RAISE(ABORT, 'children stay; always');\nEND;\n" +
			"INSERT INTO child VALUES (1, 1);\n",
	}
	if dialect == "postgres" {
		files[guard] = "CREATE FUNCTION child_stays() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n" +
			"  RAISE EXCEPTION 'children stay; always';\nEND;\n$$;\n" +
			"CREATE TRIGGER child_stays BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION child_stays();\n" +
			"INSERT INTO child VALUES (1, 1);\n"
	}
	return files
}

func up(t *testing.T, db *database.DB, files fs.FS) []string {
	t.Helper()
	applied, err := migrate.UpFrom(context.Background(), db, files)
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

func TestUp(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		files := folder(t, family(db.Dialect()))
		if got := up(t, db, files); !slices.Equal(got, []string{parents, children, guard}) {
			t.Errorf("applied %v", got)
		}
		if got := up(t, db, files); len(got) != 0 {
			t.Errorf("applied again: %v", got)
		}
		if _, err := db.ExecContext(ctx, "DELETE FROM child"); err == nil || !strings.Contains(err.Error(), "children stay") {
			t.Errorf("the trigger does not hold: %v", err)
		}
		// The migrations' connection had foreign keys off; the next one has them
		// on.
		if _, err := db.ExecContext(ctx, "INSERT INTO child VALUES (2, 99)"); err == nil {
			t.Error("foreign keys do not hold")
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		var mu sync.Mutex
		var all []string
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				db := testdb.OpenWith(t, url, database.Options{MaxConns: 2})
				applied, err := migrate.UpFrom(context.Background(), db, folder(t, family(db.Dialect())))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, applied...)
			})
		}
		wg.Wait()
		slices.Sort(all)
		if !slices.Equal(all, []string{parents, children, guard}) {
			t.Errorf("together they applied %v", all)
		}
	})
}

func TestFailedFileLeavesNothing(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		files := family(db.Dialect())
		files[children] += "INSERT INTO nowhere VALUES (1);\n"
		applied, err := migrate.UpFrom(ctx, db, folder(t, files))
		if err == nil || !strings.Contains(err.Error(), children) {
			t.Fatalf("got %v, want an error that names %s", err, children)
		}
		if !slices.Equal(applied, []string{parents}) {
			t.Errorf("applied %v", applied)
		}
		if _, err := db.ExecContext(ctx, "SELECT count(*) FROM child"); err == nil {
			t.Error("half of the file stayed")
		}
		if got := up(t, db, folder(t, family(db.Dialect()))); !slices.Equal(got, []string{children, guard}) {
			t.Errorf("once mended it applied %v", got)
		}
	})
}

func TestChangedFileIsRefused(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := testdb.Open(t, url)
		files := family(db.Dialect())
		up(t, db, folder(t, files))
		files[children] += "-- an afterthought\n"
		_, err := migrate.UpFrom(context.Background(), db, folder(t, files))
		if err == nil || !strings.Contains(err.Error(), children) || !strings.Contains(err.Error(), "another form") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOlderProgramRunsOnNewerSchema(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		files := family(db.Dialect())
		before, err := migrate.StatusFrom(ctx, db, folder(t, files))
		if err != nil || fmt.Sprint(shown(before)) != "[20260101000000 pending 20260102000000 pending 20260103000000 pending]" {
			t.Errorf("before: %v (%v)", shown(before), err)
		}
		up(t, db, folder(t, files))
		delete(files, guard)
		if got := up(t, db, folder(t, files)); len(got) != 0 {
			t.Errorf("applied %v", got)
		}
		after, err := migrate.StatusFrom(ctx, db, folder(t, files))
		if err != nil || fmt.Sprint(shown(after)) != "[20260101000000 applied 20260102000000 applied 20260103000000 unknown]" {
			t.Errorf("after: %v (%v)", shown(after), err)
		}
	})
}

func shown(states []migrate.State) (list []string) {
	for _, s := range states {
		what := "applied"
		switch {
		case s.Unknown:
			what = "unknown"
		case s.AppliedAt.IsZero():
			what = "pending"
		}
		list = append(list, s.Name[:14]+" "+what)
	}
	return list
}

// SQLite changes a table by rebuilding it. Dropping the old one must not delete
// the children, and a row without its parent must be detected.
func TestSQLiteRebuild(t *testing.T) {
	db := testdb.Open(t, testdb.EmptySQLite(t))
	ctx := context.Background()
	files := family(db.Dialect())
	delete(files, guard)
	files["20260104000000_rebuild.sql"] = `INSERT INTO child VALUES (1, 1);
		CREATE TABLE new_parent (id integer PRIMARY KEY, name text);
		INSERT INTO new_parent (id) SELECT id FROM parent;
		DROP TABLE parent;
		ALTER TABLE new_parent RENAME TO parent;`
	up(t, db, folder(t, files))
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM child").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d children are left, want 1 (%v)", n, err)
	}
	files["20260105000000_orphan.sql"] = "INSERT INTO child VALUES (2, 99);"
	if _, err := migrate.UpFrom(ctx, db, folder(t, files)); err == nil || !strings.Contains(err.Error(), "do not exist") {
		t.Errorf("an orphan slipped in: %v", err)
	}
}

func TestFolderIsChecked(t *testing.T) {
	db := testdb.Open(t, testdb.EmptySQLite(t))
	for name, spoil := range map[string]func(fstest.MapFS){
		"changed": func(m fstest.MapFS) { m[parents] = &fstest.MapFile{Data: []byte("SELECT 1;")} },
		"missing": func(m fstest.MapFS) { delete(m, parents) },
		"more":    func(m fstest.MapFS) { m["20260109000000_more.sql"] = &fstest.MapFile{} },
		"named":   func(m fstest.MapFS) { m["more.sql"] = &fstest.MapFile{} },
		"twice":   func(m fstest.MapFS) { m["20260101000000_twice.sql"] = &fstest.MapFile{} },
		"no sums": func(m fstest.MapFS) { delete(m, migrate.ChecksumFile) },
	} {
		t.Run(name, func(t *testing.T) {
			files := folder(t, family(db.Dialect()))
			spoil(files)
			if applied, err := migrate.UpFrom(context.Background(), db, files); err == nil {
				t.Errorf("accepted, and applied %v", applied)
			}
		})
	}
}

// The program's own migrations, on an empty database, and their status.
func TestEmbedded(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := testdb.Open(t, url)
		applied, err := migrate.Up(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		states, err := migrate.Status(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		if len(states) != len(applied) {
			t.Errorf("applied %d, status has %d", len(applied), len(states))
		}
		for _, s := range states {
			if s.Unknown || s.AppliedAt.IsZero() {
				t.Errorf("%s is not applied", s.Name)
			}
		}
	})
}
