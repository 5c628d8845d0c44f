// Command diff writes the next migration of both databases, with what ent's
// schema has and the existing migrations do not:
//
//	go run ./internal/testdb/withpg go run ./migrate/diff add_labels
//
// It only adds: what the schema no longer has stays in the database until a
// hand-written migration removes it, and hand-written parts, such as triggers,
// are not changed. After editing or adding a file by hand,
//
//	go run ./migrate/diff
//
// without a name updates the checksums.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"entgo.io/ent/dialect"

	"portico/ent/db/migrate"
	files "portico/migrate"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "diff:", err)
		os.Exit(1)
	}
}

var validName = regexp.MustCompile(`^[a-z0-9_]+$`)

func run(args []string) error {
	folders := map[string]string{dialect.SQLite: "migrate/sqlite", dialect.Postgres: "migrate/postgres"}
	if len(args) > 0 {
		if len(args) > 1 || !validName.MatchString(args[0]) {
			return fmt.Errorf("usage: diff [NAME], a name of the letters a–z, digits and underscores")
		}
		if err := writeBoth(context.Background(), folders, args[0]); err != nil {
			return err
		}
	}
	for _, folder := range folders {
		if err := writeChecksums(folder); err != nil {
			return err
		}
	}
	return nil
}

// writeBoth computes both plans before it writes either, and names them by the same
// version.
func writeBoth(ctx context.Context, folders map[string]string, name string) error {
	version := time.Now().UTC().Format("20060102150405")
	plans := map[string]string{}
	for d := range folders {
		text, err := pending(ctx, d, os.DirFS(folders[d]), migrate.Tables)
		if err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		plans[d] = text
	}
	for d, folder := range folders {
		if plans[d] == "" {
			fmt.Printf("%s: nothing to do\n", d)
			continue
		}
		path := filepath.Join(folder, version+"_"+name+".sql")
		if err := os.WriteFile(path, []byte(plans[d]), 0o644); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

func writeChecksums(folder string) error {
	sums, err := files.Checksums(os.DirFS(folder))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, files.ChecksumFile), []byte(sums), 0o644)
}
