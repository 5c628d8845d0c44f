package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"entgo.io/ent/dialect"
	_ "github.com/lib/pq" // the driver named "postgres"

	"portico/migrate"
)

// server is a Postgres server on which databases may be created.
type server struct{ url string }

// ErrNoServer is returned if PORTICO_TEST_POSTGRES is not set.
var ErrNoServer = errors.New(Variable + " is not set; run this through internal/testdb/withpg")

// Throwaway creates an empty Postgres database for a tool. The caller drops it.
func Throwaway(ctx context.Context) (url string, drop func(context.Context) error, err error) {
	s := server{url: os.Getenv(Variable)}
	if s.url == "" {
		return "", nil, ErrNoServer
	}
	return s.create(ctx, "template0")
}

// create copies a database under a random name.
func (s server) create(ctx context.Context, from string) (address string, drop func(context.Context) error, err error) {
	name := "portico_test_" + strings.ToLower(rand.Text()[:16])
	err = s.admin(ctx, func(c *sql.Conn) error {
		// Copying files is faster than using the WAL, because fsync is off.
		_, err := c.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from+" STRATEGY FILE_COPY")
		return err
	})
	if err != nil {
		return "", nil, err
	}
	drop = func(ctx context.Context) error {
		return s.admin(ctx, func(c *sql.Conn) error {
			_, err := c.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			return err
		})
	}
	address, err = s.named(name)
	return address, drop, err
}

// template returns the name of a migrated database, which the first test of any
// process creates and which exists as long as the server. The name contains a
// hash of the migrations; a database of that name is always complete.
func (s server) template(ctx context.Context) (string, error) {
	hash, err := migrate.Hash(dialect.Postgres)
	if err != nil {
		return "", err
	}
	name := "portico_template_" + hash[:16]
	return name, s.admin(ctx, func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
			return err // the lock ends with the connection
		}
		var exists bool
		err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
		if err != nil || exists {
			return err
		}
		return s.makeTemplate(ctx, c, name)
	})
}

func (s server) makeTemplate(ctx context.Context, c *sql.Conn, name string) error {
	draft := name + "_draft"
	if _, err := c.ExecContext(ctx, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, "CREATE DATABASE "+draft+" TEMPLATE template0"); err != nil {
		return err
	}
	address, err := s.named(draft)
	if err != nil {
		return err
	}
	if err := migrated(ctx, address); err != nil {
		return err
	}
	// The server may need a moment to notice that a connection was closed;
	// renaming waits for it.
	_, err = c.ExecContext(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
	return err
}

// admin calls f with a connection to the database of the server's URL.
func (s server) admin(ctx context.Context, f func(*sql.Conn) error) (err error) {
	db, err := sql.Open("postgres", s.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return f(c)
}

// named returns the server's URL with another database.
func (s server) named(name string) (string, error) {
	u, err := url.Parse(s.url)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", Variable)
	}
	u.Path = "/" + name
	return u.String(), nil
}
