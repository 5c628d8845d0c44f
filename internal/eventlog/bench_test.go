package eventlog_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/testdb"
)

// numbering is a way of numbering events so that followers miss none. write adds
// one event to a transaction.
type numbering struct {
	name  string
	write func(ctx context.Context, tx *database.Tx, d *database.DB, organization uuid.UUID) error
}

// insert has the columns that Append writes; %s is the table.
const insert = `INSERT INTO %s (position, id, organization_id, type, payload_version, at, actor_role, actor_id, actor_name, address,
	request_id, subject_type, subject_id, subject_name, account_id, app_id, reason, changes)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`

// insertInto inserts an event with a number unrelated to the order of commits.
func insertInto(table string) func(context.Context, *database.Tx, *database.DB, uuid.UUID) error {
	var last atomic.Int64
	text := fmt.Sprintf(insert, table)
	return func(ctx context.Context, tx *database.Tx, _ *database.DB, organization uuid.UUID) error {
		_, err := tx.ExecContext(ctx, text, last.Add(1), uuid.Must(uuid.NewV7()), organization, string(eventlog.AppUpdated), 1, at(),
			"SYSTEM", nil, "Portico", "", "", "App", uuid.New(), "", nil, nil, "", "[]")
		return err
	}
}

// byTransaction is a prototype of the alternative: rows carry the number of
// their transaction, and followers read WHERE xid < pg_snapshot_xmin(
// pg_current_snapshot()) ORDER BY xid, seq: below the oldest transaction that
// is still running, anywhere in the server.
const byTransaction = `CREATE TABLE events_by_transaction (LIKE events INCLUDING ALL, seq bigserial, xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE INDEX ON events_by_transaction (organization_id, xid, seq)`

func numberings(d *database.DB) []numbering {
	all := []numbering{
		{"unnumbered", insertInto("events")},
		{"locked-row", func(ctx context.Context, tx *database.Tx, d *database.DB, organization uuid.UUID) error {
			return eventlog.Append(ctx, tx, d.Dialect(), organization, at(), entry())
		}},
	}
	if d.Dialect() == dialect.Postgres {
		all = append(all, numbering{"oldest-running", insertInto("events_by_transaction")})
	}
	return all
}

// BenchmarkWrite measures the cost of numbering: transactions that change a row of
// the writer's own and write its event. One op is one transaction, over all
// writers.
func BenchmarkWrite(b *testing.B) {
	urls := map[string]string{dialect.SQLite: testdb.SQLite(b)}
	if url, ok := testdb.Postgres(b); ok {
		urls[dialect.Postgres] = url
	}
	for _, name := range []string{dialect.Postgres, dialect.SQLite} {
		if url, ok := urls[name]; ok {
			b.Run(name, func(b *testing.B) { benchmarkOn(b, url) })
		}
	}
}

func benchmarkOn(b *testing.B, url string) {
	const most = 16
	d := testdb.OpenWith(b, url, database.Options{MaxConns: most, StatementTimeout: -1, IOTimeout: timeout})
	setUp := []string{`CREATE TABLE things (id integer PRIMARY KEY, n integer NOT NULL)`}
	for i := range most {
		setUp = append(setUp, fmt.Sprintf(`INSERT INTO things VALUES (%d, 0)`, i))
	}
	if d.Dialect() == dialect.Postgres {
		setUp = append(setUp, byTransaction)
	}
	for _, s := range setUp {
		if _, err := d.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	ways := numberings(d)
	for _, load := range []struct{ writers, tenants int }{{1, 1}, {most, 1}, {most, most}} {
		for _, way := range ways {
			all := organizations(b, d, load.tenants)
			b.Run(fmt.Sprintf("writers=%d/tenants=%d/%s", load.writers, load.tenants, way.name), func(b *testing.B) {
				benchmarkWriters(b, d, way, load.writers, all)
			})
		}
	}
}

func benchmarkWriters(b *testing.B, d *database.DB, way numbering, writers int, organizations []uuid.UUID) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				err := d.InTx(context.Background(), func(tx *database.Tx) error {
					if _, err := tx.ExecContext(context.Background(), `UPDATE things SET n = n + 1 WHERE id = $1`, i); err != nil {
						return err
					}
					return way.write(context.Background(), tx, d, organizations[i%len(organizations)])
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
