package portaltest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/database"
	"portico/internal/portal"
)

// Spy notes the last statement that it passes on, so that its plan can be read.
type Spy struct {
	dialect.Driver
	database *database.DB
	text     string
	args     []any
	inside   []asked // in transactions
}

// Spied returns a portal on the fixture's database, and the Spy on its statements.
func (f *Fixture) Spied() (*portal.Portal, *Spy) {
	spy := &Spy{Driver: f.Database.Driver(), database: f.Database}
	return f.With(func(o *portal.Options) { o.Client = db.NewClient(db.Driver(spy)) }), spy
}

// Query is the driver's.
func (s *Spy) Query(ctx context.Context, query string, args, v any) error {
	s.text, s.args = query, args.([]any)
	return s.Driver.Query(ctx, query, args, v)
}

// Plan returns the plan of the last statement, a line for each step.
func (s *Spy) Plan(t testing.TB) string {
	t.Helper()
	command := "EXPLAIN "
	if s.database.Dialect() == dialect.SQLite {
		command = "EXPLAIN QUERY PLAN "
	}
	return s.explain(t, nil, command+s.text, s.args...)
}

// GenericPlan returns the plan that Postgres makes of the last statement for whatever its
// arguments will be.
func (s *Spy) GenericPlan(t testing.TB) string {
	t.Helper()
	literals := make([]string, len(s.args))
	for i, a := range s.args {
		literals[i] = "'" + strings.ReplaceAll(fmt.Sprint(a), "'", "''") + "'"
	}
	before := []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE spied AS " + s.text}
	return s.explain(t, before, "EXPLAIN EXECUTE spied("+strings.Join(literals, ", ")+")")
}

// explain runs statements and returns the text of the last one, whose last column it is.
func (s *Spy) explain(t testing.TB, before []string, text string, args ...any) string {
	t.Helper()
	conn, err := s.database.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	for _, statement := range before {
		_, err = tx.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	if before != nil {
		defer func() { _, _ = tx.ExecContext(t.Context(), "DEALLOCATE ALL") }()
	}
	rows, err := tx.QueryContext(t.Context(), text, args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var lines []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(string)
		}
		require.NoError(t, rows.Scan(cells...))
		lines = append(lines, *cells[len(cells)-1].(*string))
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, lines, text)
	return strings.Join(lines, "\n")
}
