package change_test

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// unreliable is a database some of whose commits fail, whether they take effect or
// not.
type unreliable struct {
	dialect.Driver
	// fail are the next commits; the others are as they should be.
	fail []commit
	// dark is how many transactions cannot be begun after a commit that failed,
	// because of darkness: a lost connection unless it is set.
	dark, unlit int
	darkness    error
	// late is a commit that happens when it is asked about.
	late *entsql.Tx
}

// commit is one that fails with err. It takes effect, is rolled back, or takes
// effect only when the database is used again.
type commit struct {
	happens, late bool
	err           error
}

// finishLate lets a late commit take effect.
func (f *unreliable) finishLate() {
	if late := f.late; late != nil {
		f.late = nil
		go func() { _ = late.Commit() }()
	}
}

func (f *unreliable) Tx(ctx context.Context) (dialect.Tx, error) {
	if f.unlit > 0 {
		f.unlit--
		return nil, cmp.Or(f.darkness, driver.ErrBadConn)
	}
	if f.Dialect() == dialect.SQLite {
		f.finishLate() // there, a transaction waits at its beginning
	}
	tx, err := f.Driver.Tx(ctx)
	if err != nil {
		return nil, err
	}
	return &unreliableTx{tx.(*entsql.Tx), f}, nil
}

type unreliableTx struct {
	*entsql.Tx
	driver *unreliable
}

func (t *unreliableTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.driver.finishLate()
	return t.Tx.QueryContext(ctx, query, args...)
}

func (t *unreliableTx) Commit() error {
	f := t.driver
	if len(f.fail) == 0 {
		return t.Tx.Commit()
	}
	next := f.fail[0]
	f.fail, f.unlit = f.fail[1:], f.dark
	if next.late {
		f.late = t.Tx
		return next.err
	}
	if !next.happens {
		return cmp.Or(t.Tx.Rollback(), next.err)
	}
	return cmp.Or(t.Tx.Commit(), next.err)
}

// lost and gave up are how a commit's answer may fail.
var lost, gaveUp = driver.ErrBadConn, error(&pq.Error{Code: "40001"})

// unclearCommits returns commits whose outcome is not known for certain.
func unclearCommits() map[string][]commit {
	return map[string][]commit{
		"it happened, and the answer was lost":          {{true, false, lost}},
		"it did not happen":                             {{false, false, lost}},
		"it happened, and the database says it gave up": {{true, false, gaveUp}},
		"the database gave it up":                       {{false, false, gaveUp}},
		"it happened late":                              {{false, true, lost}},
		"twice":                                         {{false, false, lost}, {true, false, lost}},
	}
}

// unreliablePortal returns a Portal that uses an unreliable database.
func unreliablePortal(f *portaltest.Fixture) (*portal.Portal, *unreliable) {
	d := &unreliable{Driver: f.Database.Driver()}
	return f.With(func(o *portal.Options) { o.Client, o.UnclearFor = db.NewClient(db.Driver(d)), time.Second }), d
}

// Whatever the outcome of a commit is, the answer has what was created, with its
// secret, and it was created once; with an idempotency key and without.
func TestUnclearCommit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, plan := f.MustProduct(t, x.Admin, "weather")
		app := f.MustApp(t, x.Developer, "App").App
		id := app.GlobalID()
		for name, commits := range unclearCommits() {
			for _, key := range []*string{nil, new(string)} {
				for _, dark := range []int{0, 1} {
					if key != nil {
						*key = uuid.NewString()
					}
					p, d := unreliablePortal(f)
					d.fail, d.dark = slices.Clone(commits), dark
					before := f.Client.Credential.Query().CountX(portaltest.System(t))
					created, err := p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &id, IdempotencyKey: key})
					require.NoError(t, err, name)
					require.False(t, created.Replayed, name)
					require.NotEmpty(t, created.Secret.RawKey)
					require.Equal(t, created.Secret.Username, f.Client.Credential.GetX(portaltest.System(t), created.Credential.ID).Username, "the secret is that of the key that is there")

					d.fail = slices.Clone(commits)
					both, err := p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "Another", IdempotencyKey: key})
					require.NoError(t, err, name)
					require.False(t, both.Replayed, name)
					require.Equal(t, both.Secret.Username, f.Client.Credential.GetX(portaltest.System(t), both.Credential.ID).Username)
					require.Equal(t, before+2, f.Client.Credential.Query().CountX(portaltest.System(t)), name)

					d.fail = slices.Clone(commits)
					planID := plan.GlobalID()
					sub, err := p.Apps.Register(x.Developer, apps.RegisterInput{AppID: both.App.GlobalID(), ProductID: product.GlobalID(), PlanID: &planID, IdempotencyKey: key})
					require.NoError(t, err, name)
					require.False(t, sub.Replayed, name)

					_, err = f.Portal.Apps.DeleteApp(x.Admin, both.App.GlobalID(), nil)
					require.NoError(t, err)
					d.fail = slices.Clone(commits)
					back, err := p.Apps.RestoreApp(x.Admin, both.App.GlobalID(), nil)
					require.NoError(t, err, name)
					require.Equal(t, back.Secret.Username, f.Client.Credential.GetX(portaltest.System(t), back.Credential.ID).Username)

					if key != nil {
						again, err := p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &id, IdempotencyKey: key})
						require.NoError(t, err)
						require.True(t, again.Replayed, "another request under the key repeats")
						require.Equal(t, created.Credential.ID, again.Credential.ID)
					}
				}
			}
		}
	})
}

// When it cannot be found out whether a commit happened, nothing is tried again and
// the error says so; under an idempotency key the next request finds out.
func TestUnclearCommit_ErrOutcomeUnknown(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		id := f.MustApp(t, x.Developer, "App").App.GlobalID()
		p, d := unreliablePortal(f)
		d.fail, d.dark = []commit{{true, false, gaveUp}}, 1<<30
		key := "mine"
		before := f.Client.Credential.Query().CountX(portaltest.System(t))
		created, err := p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &id})
		require.True(t, fault.Is(err, fault.CodeUnavailable), "%v", err)
		require.Equal(t, fault.ReasonOutcomeUnknown, fault.From(err).Reason)
		require.Nil(t, created.Secret, "what may not be there is not shown")
		require.Equal(t, before+1, f.Client.Credential.Query().CountX(portaltest.System(t)), "it is not tried again")

		d.fail, d.unlit = []commit{{true, false, lost}}, 0
		created, err = p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &id, IdempotencyKey: &key})
		require.NoError(t, err, "the request knows its own key's row")
		require.False(t, created.Replayed)
		require.NotEmpty(t, created.Secret.RawKey)
	})
}

// A revocation whose commit was lost is answered when its outcome is known, and
// after this node's key cache has applied it.
func TestUnclearCommit_Revocation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		for name, commits := range unclearCommits() {
			credential := f.MustApp(t, x.Developer, "App").Credential
			var synced atomic.Int64
			d := &unreliable{Driver: f.Database.Driver(), fail: slices.Clone(commits)}
			p := f.With(func(o *portal.Options) {
				o.Client, o.KeyCache = db.NewClient(db.Driver(d)), syncFunc(func(uuid.UUID) { synced.Add(1) })
			})
			k, err := p.Apps.RevokeKey(x.Developer, credential.GlobalID(), nil, nil)
			require.NoError(t, err, name)
			require.Equal(t, 2, k.Version, name)
			require.EqualValues(t, 1, synced.Load(), name)
		}
	})
}

// syncFunc is a change.KeyCache that is called for each Sync.
type syncFunc func(organization uuid.UUID)

func (g syncFunc) Sync(_ context.Context, organization uuid.UUID) error { g(organization); return nil }

func (syncFunc) Wake() {}
