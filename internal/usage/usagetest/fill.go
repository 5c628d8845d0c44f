// Package usagetest provides a database with an organization for tests of counts, and fills
// the tables of counts for benchmarks.
package usagetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"portico/internal/database"
)

// fillTime bounds each statement.
const fillTime = 15 * time.Minute

// Fill inserts rows into the days, and as many into the minutes, spread evenly over the
// apps and the given number of days before now: by days of UTC, all rolled up, with 3 calls
// in each row. It works on Postgres only, and gathers statistics at the end. 10 million
// rows take some minutes.
func Fill(ctx context.Context, db *database.DB, organization uuid.UUID, apps []uuid.UUID, days, rows int) error {
	if db.Dialect() != dialect.Postgres {
		return errors.New("usagetest: only Postgres is filled")
	}
	if len(apps) == 0 || days < 1 {
		return errors.New("usagetest: there are no apps or no days")
	}
	ctx = database.Patient(ctx, fillTime)
	now := time.Now().UTC()
	texts := make([]string, len(apps))
	for i, a := range apps {
		texts[i] = a.String()
	}
	for table, bucket := range map[string]string{"usage_days": "day", "usage_minutes": "minute"} {
		if err := db.InTx(ctx, func(tx *database.Tx) error {
			return withoutIndexes(ctx, tx, table, func() error { return fill(ctx, tx, table, bucket, organization, texts, now, days, rows) })
		}); err != nil {
			return fmt.Errorf("usagetest: filling %s: %w", table, err)
		}
	}
	return nil
}

// withoutIndexes runs work while a table has only its primary key, and creates the other
// indexes again: that is several times as fast for many rows.
func withoutIndexes(ctx context.Context, tx *database.Tx, table string, work func() error) error {
	var drop, create string
	err := tx.QueryRowContext(ctx, `SELECT string_agg('DROP INDEX ' || quote_ident(indexname), '; '), string_agg(indexdef, '; ')
		FROM pg_indexes WHERE schemaname = current_schema() AND tablename = $1 AND indexname <> $1 || '_pkey'`, table).Scan(&drop, &create)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, drop); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `ANALYZE `+table)
	return err
}

// fill inserts row n for app n mod apps. Its other ids are derived from n, so that each
// row is different.
func fill(ctx context.Context, tx *database.Tx, table, bucket string, organization uuid.UUID, apps []string, now time.Time, days, rows int) error {
	rolled, columns := "", ""
	if bucket == "minute" {
		rolled, columns = ", 3, false", ", rolled, due"
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls`+columns+`)
		SELECT (lpad(to_hex((extract(epoch FROM r.at) * 1000)::bigint), 12, '0') || right(md5(r.n::text), 20))::uuid, $1::uuid, r.at,
			md5('account' || r.app)::uuid, r.app, md5('key' || r.app || (r.n / $5) % 3)::uuid, md5('product' || (r.n / $5) % 5)::uuid, md5('endpoint' || r.n)::uuid,
			CASE WHEN r.n % 10 = 0 THEN 'RATE_LIMITED' ELSE 'VALID' END, 3`+rolled+`
		FROM (SELECT n, ($2::uuid[])[1 + n % $5] AS app,
			date_trunc('`+bucket+`', ($3::timestamptz - (n * ($4 * 86400.0 / $6)) * interval '1 second') AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS at
			FROM generate_series(0::bigint, $6::bigint - 1) AS n) AS r`,
		organization, pq.Array(apps), now, days, len(apps), rows)
	return err
}
