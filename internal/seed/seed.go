// Package seed fills a database with data for trying out Portico: two
// independent organizations with products, developers, apps, credentials and
// subscriptions in every state (Demo), and a large number of apps for
// measurements (Large).
//
// The demo data is in demo.json and second.json, whose types are in outline.go. An
// author calls the services with it, as the people who do these things, and moves
// the clock from step to step: whatever is in the data could have happened, and has
// its events. The large set is inserted in bulk, as the services fill in rows.
//
// The data is the same each time: names, ids, reference ids, user names of
// credentials, order. Times are relative to now; passwords of credentials are
// random and not recorded.
package seed

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/ent/db"
	dborg "portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/portal"
	"portico/internal/viewer"
)

// DefaultPassword is everybody's password in development, unless another is
// given.
const DefaultPassword = "portico-demo"

// ErrExists is returned if one of the seed's organizations exists already;
// nothing was changed.
var ErrExists = errors.New("the demo data exists already")

// ErrNotEmpty is returned if the database contains organizations that the seed
// has not created; nothing was changed.
var ErrNotEmpty = errors.New("the database is not empty")

// Options configure seeding.
type Options struct {
	Client   *db.Client
	Database *database.DB
	Clock    clock.Clock
	// Hash returns the stored form of a password.
	Hash func(ctx context.Context, password string) (string, error)
	// Secrets has the peppers for credentials; nothing else of it is used.
	Secrets portal.Secrets
	// Password is everybody's; empty means DefaultPassword, which is refused
	// outside of development. Its strength is not checked.
	Password    string
	Development bool
}

// password returns everybody's password, or an error for the public one outside
// of development.
func (o Options) password() (string, error) {
	given := cmp.Or(o.Password, DefaultPassword)
	if IsDefaultPassword(given) && !o.Development {
		return "", errors.New("outside development the demo data needs a password of its own: set PORTICO_DEMO_PASSWORD")
	}
	return given, nil
}

// IsDefaultPassword reports whether a password is the public one, in any
// spelling: a sign-in would accept several of them.
func IsDefaultPassword(password string) bool { return domain.Fold(password) == DefaultPassword }

// Empty reports whether there is no organization yet.
func Empty(ctx context.Context, c *db.Client) (bool, error) {
	exists, err := c.Organization.Query().Exist(viewer.AsSystem(ctx, uuid.Nil))
	return !exists, err
}

// Demo creates the demo data, all of it or nothing. It returns ErrNotEmpty if
// there is an organization that the seed has not created, in development too:
// people with a public password must not exist beside real data. It returns
// ErrExists if one of the seed's own exists already. If two processes create the
// data at the same moment, one of them does and the other succeeds too, with a
// summary without counts.
func Demo(ctx context.Context, o Options) (*Summary, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	if err := checkAbsent(ctx, o.Client.Organization); err != nil {
		return nil, err
	}
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	people, err := o.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	sum, err := o.create(ctx, people)
	if errors.Is(err, ErrExists) {
		return newSummary(), nil // another process was faster
	}
	return sum, err
}

// hash hashes the password for each person, which takes long, before the
// transaction begins. Those who wait for a decision get one that nobody knows: once
// approved they are users like any other, also outside development.
func (o Options) hash(ctx context.Context, password string) (*passwords, error) {
	out := &passwords{}
	for range SignIns() {
		hash, err := o.Hash(ctx, password)
		if err != nil {
			return nil, err
		}
		out.hashes = append(out.hashes, hash)
	}
	for _, org := range organizations() {
		for range org.SignUps {
			hash, err := o.Hash(ctx, rand.Text())
			if err != nil {
				return nil, err
			}
			out.unknown = append(out.unknown, hash)
		}
	}
	return out, nil
}

// create creates everything in one transaction.
func (o Options) create(ctx context.Context, people *passwords) (*Summary, error) {
	ids := &series{}
	changes := change.NewRunner(change.Options{Client: newClient(o.Database, ids), Database: o.Database, Clock: o.Clock})
	return change.Write(ctx, changes, func(ctx context.Context, tx *change.Tx) (*Summary, error) {
		if err := o.lockOrganizations(ctx, tx.Tx); err != nil {
			return nil, err
		}
		// Asked once more: hashing the passwords took a while.
		if err := checkAbsent(ctx, tx.Organization); err != nil {
			return nil, err
		}
		*ids = series{from: demoFrom}
		for _, org := range organizations() {
			if err := o.newAuthor(tx, ids, people).organization(ctx, org); err != nil {
				return nil, err
			}
		}
		if err := tx.User.Update().SetMadeInDevelopment(o.Development).Exec(ctx); err != nil {
			return nil, err
		}
		return count(ctx, tx.Tx)
	})
}

// mostNamed is the most organizations that a refusal names.
const mostNamed = 3

// checkAbsent returns ErrNotEmpty if there is an organization whose id is not one of
// the seed's, and ErrExists if there are only such that are.
func checkAbsent(ctx context.Context, c *db.OrganizationClient) error {
	if err := checkAlone(ctx, c); err != nil {
		return err
	}
	found, err := c.Query().Order(dborg.BySlug()).Select(dborg.FieldSlug).Strings(ctx)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%w: there is an organization %s; nothing was changed", ErrExists, strings.Join(found, " and "))
	}
	return err
}

// checkAlone returns ErrNotEmpty if there is an organization whose id is not one of
// the seed's.
func checkAlone(ctx context.Context, c *db.OrganizationClient) error {
	others, err := c.Query().Where(dborg.Or(dborg.IDLT(floor(demoFrom)), dborg.IDGTE(floor(largeFrom)))).
		Order(dborg.BySlug()).Limit(mostNamed + 1).Select(dborg.FieldSlug).Strings(ctx)
	if err != nil {
		return err
	}
	if len(others) > mostNamed {
		others[mostNamed] = "others"
	}
	if len(others) > 0 {
		return fmt.Errorf("%w: it has the organization %s, which is no demo data; nothing was changed", ErrNotEmpty, strings.Join(others, " and "))
	}
	return nil
}

// lockOrganizations lets no other process create an organization until tx ends,
// and waits for those that do. SQLite has one writer at a time anyway.
func (o Options) lockOrganizations(ctx context.Context, tx *db.Tx) error {
	if o.Database.Dialect() != dialect.Postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, "LOCK TABLE "+dborg.Table+" IN SHARE ROW EXCLUSIVE MODE")
	return err
}
