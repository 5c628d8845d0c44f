package portaltest

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
)

// asked is a query in a transaction.
type asked struct {
	text string
	args []any
}

// spiedTx notes all queries of a transaction.
type spiedTx struct {
	dialect.Tx
	spy *Spy
}

// Tx begins a transaction of the driver, whose queries PlanOf finds.
func (s *Spy) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := s.Driver.Tx(ctx)
	if err != nil {
		return nil, err
	}
	return spiedTx{tx, s}, nil
}

// Query is the transaction's.
func (tx spiedTx) Query(ctx context.Context, query string, args, v any) error {
	tx.spy.inside = append(tx.spy.inside, asked{query, args.([]any)})
	return tx.Tx.Query(ctx, query, args, v)
}

// QueryContext is the transaction's.
func (tx spiedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	tx.spy.inside = append(tx.spy.inside, asked{query, args})
	return tx.Tx.(interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}).QueryContext(ctx, query, args...)
}

// ExecContext is the transaction's.
func (tx spiedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.Tx.(interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}).ExecContext(ctx, query, args...)
}

// PlanOf returns the plan of the last query of a transaction in which all texts occur.
func (s *Spy) PlanOf(t testing.TB, texts ...string) string {
	t.Helper()
	for _, q := range slices.Backward(s.inside) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(q.text, text) }) {
			s.text, s.args = q.text, q.args
			return s.Plan(t)
		}
	}
	require.Fail(t, "no such query", texts)
	return ""
}
