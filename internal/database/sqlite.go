package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"
)

// readers is the most connections that read an SQLite file at a time.
const readers = 8

// openSQLite opens a file with one writer and several readers. More writers
// would only wait for each other inside SQLite, which is slower.
func (d *DB) openSQLite(path string, o Options) error {
	if err := createFile(path); err != nil {
		return err
	}
	write, err := sqlite.NewConnector(path + "?" + pragmas(o.IOTimeout, false))
	if err != nil {
		return err
	}
	read, err := sqlite.NewConnector(path + "?" + pragmas(o.IOTimeout, true))
	if err != nil {
		return err
	}
	d.dialect = dialect.SQLite
	d.writer = o.OpenPool(&connector{open: withoutLine(write), driver: write.Driver(), cached: o.CachedStatements})
	d.writer.SetMaxOpenConns(1)
	d.reader = o.OpenPool(&connector{open: withoutLine(read), driver: read.Driver(), cached: o.CachedStatements})
	d.reader.SetMaxOpenConns(min(o.MaxConns, readers))
	d.reader.SetMaxIdleConns(min(o.MaxConns, readers))
	return nil
}

// withoutLine returns a function that opens connections without a network.
func withoutLine(c driver.Connector) func(context.Context) (driver.Conn, *line, error) {
	return func(ctx context.Context) (driver.Conn, *line, error) {
		inner, err := c.Connect(ctx)
		return inner, nil, err
	}
}

// createFile creates the file, readable for its owner only; SQLite creates its
// log files with the same mode.
func createFile(path string) error {
	if path == "" || strings.ContainsAny(path, "?\x00") || strings.Contains(path, ":memory:") {
		return errors.New(`the database URL must be "sqlite:" and the path of a file`)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the folder %s of the database file does not exist", filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("opening the database file: %w", err)
	}
	info, err := file.Stat()
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("opening the database file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file that can be a database", path)
	}
	return nil
}

// pragmas returns the settings of each connection. wait is how long to wait for
// another process's lock, less than a request's deadline; FULL means that a
// commit has reached the disk; immediate means that a transaction that reads
// and then writes cannot be refused halfway.
func pragmas(wait time.Duration, readOnly bool) string {
	v := url.Values{
		"_pragma":      {"busy_timeout(" + milliseconds(wait) + ")", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
	}
	if readOnly {
		v.Add("_pragma", "query_only(1)")
	} else {
		v.Set("_txlock", "immediate")
	}
	return v.Encode()
}
