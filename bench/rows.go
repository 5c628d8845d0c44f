package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/nodeid"
)

const (
	// furtherApps is the number of apps beside the large set, and tables how many of
	// them have a full table of credentials.
	furtherApps, tables = 400, 100
	// keysOfTable is the number of credentials in such a table: more than a page.
	keysOfTable = 60
)

// The rows beside the large set are copies of its rows with other values, so that they
// have every column. The apps are older than all others: the pages of the list remain as
// they are.
const (
	appRows = `INSERT INTO apps SELECT r.*
FROM apps a JOIN (SELECT id, row_number() OVER (ORDER BY reference_id) AS n FROM apps WHERE name LIKE 'Load app %') x ON x.id = a.id
CROSS JOIN LATERAL jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'reference_id', gen_random_uuid(),
'name', 'Further app ' || x.n, 'name_folded', 'further app ' || x.n, 'created_at', a.created_at - interval '30 days' - x.n * interval '1 minute')) r
WHERE x.n <= $1`

	// One in ten is revoked, another expired, another disabled; four in five were used.
	keyRows = `INSERT INTO credentials SELECT r.*
FROM apps a CROSS JOIN generate_series(1, $1) n JOIN credentials c ON c.id = (SELECT id FROM credentials WHERE status = 'ACTIVE' AND app_id IS NOT NULL ORDER BY created_at DESC LIMIT 1)
CROSS JOIN LATERAL jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'username', gen_random_uuid(),
'app_id', a.id, 'account_id', a.account_id, 'name', 'Key ' || n, 'created_at', a.created_at + n * interval '1 second',
'status', CASE n % 10 WHEN 0 THEN 'REVOKED' WHEN 1 THEN 'DISABLED' ELSE 'ACTIVE' END,
'revoked_at', CASE n % 10 WHEN 0 THEN now() END, 'revoked_reason', CASE n % 10 WHEN 0 THEN 'SUPERSEDED' END,
'expires_at', CASE WHEN n % 10 = 2 THEN now() - interval '1 day' WHEN n % 3 = 0 THEN now() + interval '1 year' END,
'expiry_recorded_at', CASE n % 10 WHEN 2 THEN now() END,
'last_used_at', CASE WHEN n % 5 > 0 THEN date_trunc('minute', now()) - n * interval '1 minute' END)) r
WHERE a.id = ANY($2::uuid[])`

	// Some apps wait for each product that has subscriptions.
	waitingRows = `INSERT INTO subscriptions SELECT r.*
FROM apps a CROSS JOIN (SELECT DISTINCT ON (product_id) product_id, plan_id FROM subscriptions WHERE organization_id = $1 ORDER BY product_id, plan_id) p
JOIN subscriptions s ON s.id = (SELECT id FROM subscriptions WHERE organization_id = $1 AND status = 'APPROVED' AND newest AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 1)
CROSS JOIN LATERAL jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'app_id', a.id, 'account_id', a.account_id,
'product_id', p.product_id, 'plan_id', p.plan_id, 'status', 'WAITING', 'decided_at', NULL, 'decided_by', NULL, 'reason', '', 'created_at', a.created_at + interval '1 hour')) r
WHERE a.name LIKE 'Further app %'`

	// Calls with each credential that was used: in seven of the last hours, and in three
	// minutes just past. All are rolled up, so that no job of Portico's does it in a round.
	hourRows = `INSERT INTO usage_hours (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls)
SELECT gen_random_uuid(), c.organization_id, date_trunc('hour', x.at), c.account_id, c.app_id, c.id, $1::uuid, $1::uuid, 'VALID', 7
FROM credentials c CROSS JOIN (SELECT now() - h * interval '1 hour' FROM generate_series(1, 20, 3) h UNION ALL SELECT now() - m * interval '1 minute' FROM generate_series(1, 9, 4) m) x(at)
WHERE c.app_id = ANY($2::uuid[]) AND c.last_used_at IS NOT NULL`
	minuteRows = `INSERT INTO usage_minutes (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls, rolled, due)
SELECT gen_random_uuid(), c.organization_id, date_trunc('minute', now()) - m * interval '1 minute', c.account_id, c.app_id, c.id, $1::uuid, $1::uuid, 'VALID', 7, 7, false
FROM credentials c CROSS JOIN generate_series(1, 9, 4) m WHERE c.app_id = ANY($2::uuid[]) AND c.last_used_at IS NOT NULL`
)

// furnish adds tables of credentials with their calls, and subscriptions that wait, to the
// large set, and gathers statistics: otherwise autovacuum starts during a round.
func (w *world) furnish(ctx context.Context) error {
	if _, err := w.database.ExecContext(ctx, appRows, furtherApps); err != nil {
		return err
	}
	ids, organization, err := w.furthest(ctx)
	if err != nil {
		return err
	}
	list := database.List(w.database.Dialect(), ids)
	for _, rows := range []struct {
		text string
		args []any
	}{
		{keyRows, []any{keysOfTable, list}},
		{waitingRows, []any{organization}},
		{hourRows, []any{uuid.Nil, list}},
		{minuteRows, []any{uuid.Nil, list}},
		{"VACUUM ANALYZE", nil},
	} {
		if _, err := w.database.ExecContext(ctx, rows.text, rows.args...); err != nil {
			return fmt.Errorf("%.40s…: %w", rows.text, err)
		}
	}
	for _, id := range ids {
		w.tables = append(w.tables, nodeid.Encode(nodeid.App, id))
	}
	return nil
}

// furthest returns the apps that get tables, and their organization.
func (w *world) furthest(ctx context.Context) (ids []uuid.UUID, organization uuid.UUID, err error) {
	rows, err := w.database.QueryContext(ctx, `SELECT id, organization_id FROM apps WHERE name LIKE 'Further app %' ORDER BY created_at, id LIMIT $1`, tables)
	if err != nil {
		return nil, uuid.Nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id, &organization); err != nil {
			return nil, uuid.Nil, err
		}
		ids = append(ids, id)
	}
	return ids, organization, rows.Err()
}

// surveyQueue records the cursors of the pages of the approval queue.
func (w *world) surveyQueue(ctx context.Context) error {
	queue := operationOf("ApprovalQueue")
	for after := (*string)(nil); ; {
		var page struct {
			Data struct{ ProductSubscriptions struct{ PageInfo pageInfo } }
		}
		text, err := w.portico.ask(ctx, w.token, queue.body(map[string]any{"after": after}))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return err
		}
		if !page.Data.ProductSubscriptions.PageInfo.HasNextPage {
			break
		}
		// The last page is left out, as that of the list.
		w.queue = append(w.queue, after)
		after = page.Data.ProductSubscriptions.PageInfo.EndCursor
	}
	if len(w.queue) == 0 {
		return errors.New("no full page waits for approval")
	}
	return nil
}
