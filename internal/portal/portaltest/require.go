package portaltest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/maintenance"
)

// RequireProblems requires these problems of the input, each as "CODE field".
func RequireProblems(t *testing.T, err error, want ...string) {
	t.Helper()
	require.Error(t, err)
	got := []string{}
	for _, p := range fault.Problems(err) {
		got = append(got, string(p.Code)+" "+strings.Join(p.Field, "."))
	}
	require.Equal(t, want, got, "%v", err)
}

// Subtest returns the name of a subtest that requires problems of the input:
// ErrNameRequired for "REQUIRED name", ErrProductsUnknownReference for
// "UNKNOWN_REFERENCE products.1".
func Subtest(problems ...string) string {
	name := "Err"
	for i, words := range problems {
		code, field, _ := strings.Cut(words, " ")
		if i > 0 {
			name += "And"
		}
		for _, part := range strings.Split(strings.TrimSpace(field), ".") {
			if strings.Trim(part, "0123456789") != "" {
				name += strings.ToUpper(part[:1]) + part[1:]
			}
		}
		for _, part := range strings.Split(code, "_") {
			name += part[:1] + strings.ToLower(part[1:])
		}
	}
	return name
}

// RequireCode requires an error of this code, which is about no field of the
// input.
func RequireCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	require.Error(t, err)
	require.Empty(t, fault.Problems(err))
	require.Equal(t, want, fault.From(err).Code, "%v", err)
}

// Count returns the number of rows of a query.
func Count(t *testing.T, q interface {
	Count(context.Context) (int, error)
}) int {
	t.Helper()
	n, err := q.Count(System(t))
	return must(t, n, err)
}

// Rows returns the number of rows of a table.
func (f *Fixture) Rows(t *testing.T, table string) (n int) {
	t.Helper()
	require.NoError(t, f.Database.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// EventTypes returns the types of the events of an object, in their order.
func (f *Fixture) EventTypes(t *testing.T, of uuid.UUID) []string {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.SubjectID(of)).Order(event.ByPosition()).All(System(t))
	require.NoError(t, err)
	var out []string
	for _, e := range all {
		out = append(out, string(e.Type))
	}
	return out
}

// RequirePurge purges, and requires what was purged.
func (f *Fixture) RequirePurge(t *testing.T, want maintenance.Purged) {
	t.Helper()
	got, err := f.Portal.Maintenance.Purge(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, *got)
}

// RequirePurged requires that a purged app cannot be restored, and that no other
// app is given its reference id.
func (f *Fixture) RequirePurged(t *testing.T, admin context.Context, gone *db.App) {
	t.Helper()
	_, err := f.Portal.Apps.RestoreApp(admin, gone.GlobalID(), nil)
	require.True(t, fault.Is(err, fault.CodeNotFound), "restoring a purged app: %v", err)
	owner, reference := f.MustAccount(t, admin, "Later").GlobalID(), gone.ReferenceID.String()
	_, err = f.Portal.Apps.CreateApp(admin, apps.CreateAppInput{Name: "Thief", AccountID: &owner, ReferenceID: &reference})
	p := fault.Problems(err)
	require.True(t, len(p) == 1 && p[0].Code == fault.Taken, "the reference id of a purged app was given again: %v", err)
}
