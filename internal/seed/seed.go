// Package seed fills a database with data for trying out Portico: two
// independent organizations with products, developers, apps, credentials and
// subscriptions in every state (Demo), and a large number of apps for
// measurements (Large).
//
// The data is defined by plain tables in demo.go and second.go. A player creates
// it step by step, so that no row is in a state that people could not have
// caused, and each step has its event.
//
// The data is the same each time: names, ids, reference ids, user names of
// credentials, order. Times are relative to now; passwords of credentials are
// random and not recorded.
package seed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/ent/db"
	dborg "portico/ent/db/organization"
	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
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
	// Pepper returns the secret that credentials are hashed with, and its id.
	Pepper func() (id string, secret []byte)
	// Password is everybody's; empty means DefaultPassword, which is refused
	// outside of development. Its strength is not checked.
	Password    string
	Development bool
}

// password returns everybody's password, or an error for the public one outside
// of development.
func (o Options) password() (string, error) {
	if o.Password != "" && o.Password != DefaultPassword {
		return o.Password, nil
	}
	if !o.Development {
		return "", errors.New("outside development the demo data needs a password of its own: set PORTICO_DEMO_PASSWORD")
	}
	return DefaultPassword, nil
}

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
	if err := absent(ctx, o.Client.Organization); err != nil {
		return nil, err
	}
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	people, err := o.people(ctx, password)
	if err != nil {
		return nil, err
	}
	made, err := o.play(ctx, people)
	if lost(err) {
		// Another process was faster, unless one of the seed's ids belongs to
		// something else.
		if now := absent(ctx, o.Client.Organization); !errors.Is(now, ErrExists) {
			return nil, errors.Join(err, now)
		}
		return newSummary(), nil
	}
	return made, err
}

// mostNamed is the most organizations that a refusal names.
const mostNamed = 3

// absent returns ErrNotEmpty if there is an organization whose id is not one of
// the seed's, and ErrExists if one of the seed's exists.
func absent(ctx context.Context, c *db.OrganizationClient) error {
	if err := alone(ctx, c); err != nil {
		return err
	}
	var slugs []string
	for _, org := range organizations() {
		slugs = append(slugs, org.slug)
	}
	found, err := c.Query().Where(dborg.SlugIn(slugs...)).Order(dborg.BySlug()).Select(dborg.FieldSlug).Strings(ctx)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%w: there is an organization %s; nothing was changed", ErrExists, strings.Join(found, " and "))
	}
	return err
}

// alone returns ErrNotEmpty if there is an organization whose id is not one of
// the seed's.
func alone(ctx context.Context, c *db.OrganizationClient) error {
	strangers, err := c.Query().Where(dborg.Or(dborg.IDLT(floor(demoFrom)), dborg.IDGTE(floor(largeFrom)))).
		Order(dborg.BySlug()).Limit(mostNamed + 1).Select(dborg.FieldSlug).Strings(ctx)
	if err != nil {
		return err
	}
	if len(strangers) > mostNamed {
		strangers[mostNamed] = "others"
	}
	if len(strangers) > 0 {
		return fmt.Errorf("%w: it has the organization %s, which is no demo data; nothing was changed", ErrNotEmpty, strings.Join(strangers, " and "))
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

// lost reports whether another process has created the organization in the
// meantime.
func lost(err error) bool {
	constraint, ok := database.IsUnique(err)
	return ok && strings.HasPrefix(constraint, dborg.Table)
}

// known is what is stored of a person's address and password.
type known struct {
	email address.Email
	hash  string
}

// people hashes the passwords, which takes long, before the transaction begins.
func (o Options) people(ctx context.Context, password string) (map[string]known, error) {
	out := map[string]known{}
	for _, s := range SignIns() {
		email := address.ParseEmail(s.Email)
		if err := email.Check("email"); err != nil {
			return nil, err
		}
		hash, err := o.Hash(ctx, password)
		if err != nil {
			return nil, err
		}
		out[s.Email] = known{email, hash}
	}
	return out, nil
}

// play creates everything in one transaction.
func (o Options) play(ctx context.Context, people map[string]known) (*Summary, error) {
	sum := newSummary()
	err := inTx(ctx, o.Client, func(tx *db.Tx) error {
		if err := o.lockOrganizations(ctx, tx); err != nil {
			return err
		}
		// Asked once more: hashing the passwords took a while.
		if err := alone(ctx, tx.Organization); err != nil {
			return err
		}
		ids := &series{from: demoFrom}
		keys := newMinter(o)
		for _, org := range organizations() {
			p := &player{Tx: tx, dialect: o.Database.Dialect(), ids: ids, keys: keys, people: people, development: o.Development, sum: sum, story: newStory(o.Clock.Now())}
			if err := p.organization(ctx, org); err != nil {
				return err
			}
			n, err := p.story.write(ctx, tx, o.Database.Dialect(), p.org.ID)
			if err != nil {
				return err
			}
			sum.Events += n
		}
		return nil
	})
	return sum, err
}

// inTx calls f in one transaction, and rolls back if f panics.
func inTx(ctx context.Context, c *db.Client, f func(tx *db.Tx) error) error {
	tx, err := c.Tx(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback() // the first error is the one to return
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	done = true
	return tx.Commit()
}
