package change_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A change that another one has overtaken begins anew, and what it did before is gone; its own
// error is the answer if that happens each time.
func TestOvertakenChangesBeginAnew(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := viewer.AsSystem(t.Context(), uuid.Nil)
		runner := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		for times, want := range map[int]error{0: nil, 1: nil, 2: nil, 3: fault.Conflict("Overtaken.")} {
			attempts := 0
			err := change.Exec(ctx, runner, func(ctx context.Context, tx *change.Tx) error {
				slug := fmt.Sprintf("times-%d", times)
				o, err := tx.Organization.Create().SetSlug(slug).SetName(slug).Save(ctx)
				if err != nil {
					return err
				}
				if attempts++; attempts <= times {
					return fmt.Errorf("locking: %w", change.Overtaken(fault.Conflict("Overtaken.")))
				}
				tx.Enter(o.ID)
				tx.Record(eventlog.Entry{Type: eventlog.OrganizationCreated, Subject: nodeid.Organization, SubjectID: o.ID, SubjectName: slug})
				return nil
			})
			require.Equal(t, min(times+1, 3), attempts)
			if want == nil {
				require.NoError(t, err)
			} else {
				require.Equal(t, fault.CodeConflict, fault.From(err).Code)
			}
		}
		require.Equal(t, 3, f.Client.Organization.Query().CountX(ctx))
		require.Equal(t, 3, f.Client.Event.Query().CountX(ctx))
	})
}

// Changes with an outer transaction see each other, and happen with it or not at
// all, their events too.
func TestChangesWithAnOuterTransaction(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := viewer.AsSystem(t.Context(), uuid.Nil)
		outer := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		count := func() (organizations, events int) {
			return f.Client.Organization.Query().CountX(ctx), f.Client.Event.Query().CountX(ctx)
		}
		broken := errors.New("broken")
		create := func(tx *change.Tx, slug string) error {
			inner := change.NewRunner(change.Options{Client: tx.Client(), Database: f.Database, Clock: f.Clock, Outer: tx})
			return change.Exec(ctx, inner, func(ctx context.Context, tx *change.Tx) error {
				if slug == "" {
					return broken
				}
				o, err := tx.Organization.Create().SetSlug(slug).SetName(slug).Save(ctx)
				if err != nil {
					return err
				}
				tx.Enter(o.ID)
				tx.Record(eventlog.Entry{Type: eventlog.OrganizationCreated, Subject: nodeid.Organization, SubjectID: o.ID, SubjectName: slug})
				return nil
			})
		}
		err := change.Exec(ctx, outer, func(ctx context.Context, tx *change.Tx) error {
			require.NoError(t, create(tx, "first"))
			require.Equal(t, 1, tx.Organization.Query().CountX(ctx))
			require.Equal(t, 1, tx.Event.Query().CountX(ctx))
			return broken
		})
		require.ErrorIs(t, err, broken)
		organizations, events := count()
		require.Zero(t, organizations+events)

		err = change.Exec(ctx, outer, func(_ context.Context, tx *change.Tx) error {
			require.NoError(t, create(tx, "first"))
			require.Error(t, create(tx, ""))
			return nil // although a part of it has failed
		})
		require.ErrorIs(t, err, broken)
		organizations, events = count()
		require.Zero(t, organizations+events)

		err = change.Exec(ctx, outer, func(ctx context.Context, tx *change.Tx) error {
			inner := change.NewRunner(change.Options{Client: tx.Client(), Database: f.Database, Clock: f.Clock, Outer: tx})
			require.Panics(t, func() {
				_ = change.Exec(ctx, inner, func(context.Context, *change.Tx) error { panic("broken") })
			})
			return nil
		})
		require.ErrorContains(t, err, "panicked")

		err = change.Exec(ctx, outer, func(_ context.Context, tx *change.Tx) error {
			return errors.Join(create(tx, "first"), create(tx, "second"))
		})
		require.NoError(t, err)
		organizations, events = count()
		require.Equal(t, []int{2, 2}, []int{organizations, events})
	})
}

// What a change takes of the events inside it is theirs alone, and once, whatever others commit
// meanwhile.
func TestTakeInside(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		system := viewer.AsSystem(t.Context(), uuid.Nil)
		o := f.Client.Organization.Create().SetSlug("one").SetName("One").SaveX(system)
		ctx := viewer.AsSystem(t.Context(), o.ID)
		runner := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
		inside := func(tx *change.Tx) *change.Runner {
			return change.NewRunner(change.Options{Client: tx.Client(), Database: f.Database, Clock: f.Clock, Outer: tx})
		}
		note := func(tx *change.Tx, name string) {
			tx.Record(eventlog.Entry{Type: eventlog.OrganizationUpdated, Subject: nodeid.Organization, SubjectID: o.ID, SubjectName: name})
		}
		noted := func(r *change.Runner, name string) {
			require.NoError(t, change.Exec(ctx, r, func(_ context.Context, tx *change.Tx) error { note(tx, name); return nil }))
		}
		require.NoError(t, change.Exec(ctx, runner, func(_ context.Context, tx *change.Tx) error {
			if f.Database.Dialect() == dialect.Postgres { // SQLite has one writer
				noted(runner, "another's")
			}
			noted(inside(tx), "first")
			require.NoError(t, change.Exec(ctx, inside(tx), func(_ context.Context, tx *change.Tx) error {
				noted(inside(tx), "second")
				note(tx, "third")
				return nil
			}))
			var names []string
			for _, e := range tx.TakeInside() {
				names = append(names, e.SubjectName)
			}
			require.Equal(t, []string{"first", "second", "third"}, names)
			require.Empty(t, tx.TakeInside())
			noted(inside(tx), "fourth")
			require.Len(t, tx.TakeInside(), 1)
			return nil
		}))
	})
}
