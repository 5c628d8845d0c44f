package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/database"
)

// check reads the database directly after a start: what was acknowledged, and what must
// always be true. The database is open only during the check: otherwise SQLite would have
// nothing to recover after a kill.
func (v *victim) check(t *testing.T) {
	t.Helper()
	v.finish(t)
	db, err := database.Open(t.Context(), v.url, database.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows := states(t, db)
	for _, f := range v.known {
		now, found := rows[f.id]
		require.True(t, found, "an acknowledged object is lost: %+v", f)
		ok := now.version > f.version || now == f
		if f.state == deleted || f.state == revoked {
			ok = now.state == f.state
		}
		require.True(t, ok, "acknowledged was %+v, found is %+v", f, now)
	}
	for what, query := range offences() {
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&n), what)
		assert.Zero(t, n, what)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// finish repeats the createApp requests that were cut off, with the same idempotency keys:
// each app then exists once, whether it was created before or not.
func (v *victim) finish(t *testing.T) {
	t.Helper()
	developer := &servertest.Client{URL: v.server.URL, Token: v.developer}
	for _, input := range v.cut {
		a := developer.Must(t, document("createApp", "replayed app { id version name } credential { id version status }"), servertest.Vars{"input": input})
		v.known = append(v.known, factsOf(a, "createApp")...)
		v.cutApps++
		if a.At("createApp", "replayed") == true {
			v.madeApps++
		}
	}
	v.cut = nil
}

// states returns the apps, keys and subscriptions as they are, by their ids.
func states(t *testing.T, db *database.DB) map[string]fact {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		SELECT CAST(id AS text), version, CASE WHEN deleted_at IS NULL THEN name ELSE 'deleted' END FROM apps
		UNION ALL SELECT CAST(id AS text), version, status FROM credentials
		UNION ALL SELECT CAST(id AS text), version, status FROM subscriptions`)
	require.NoError(t, err)
	defer rows.Close()
	all := map[string]fact{}
	for rows.Next() {
		var f fact
		require.NoError(t, rows.Scan(&f.id, &f.version, &f.state))
		all[f.id] = f
	}
	require.NoError(t, rows.Err())
	return all
}

// offences returns queries that count violations of what must always be true.
func offences() map[string]string {
	const of = " NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = x.id AND e.type = "
	return map[string]string{
		"apps without their event":          `SELECT count(*) FROM apps x WHERE` + of + `'APP_CREATED')`,
		"keys without their event":          `SELECT count(*) FROM credentials x WHERE` + of + `'CREDENTIAL_CREATED')`,
		"subscriptions without their event": `SELECT count(*) FROM subscriptions x WHERE` + of + `'SUBSCRIPTION_REGISTERED')`,
		"deleted apps without their event":  `SELECT count(*) FROM apps x WHERE deleted_at IS NOT NULL AND` + of + `'APP_DELETED')`,
		"revoked keys without their event":  `SELECT count(*) FROM credentials x WHERE status = 'REVOKED' AND` + of + `'CREDENTIAL_REVOKED')`,
		"approved subscriptions without their event": `SELECT count(*) FROM subscriptions x WHERE status = 'APPROVED' AND version = 2 AND pending_plan_id IS NULL AND` +
			of + `'SUBSCRIPTION_APPROVED')`,
		"ended subscriptions without their event": `SELECT count(*) FROM subscriptions x WHERE status = 'UNSUBSCRIBED' AND NOT EXISTS
			(SELECT 1 FROM events e WHERE e.subject_id = x.id AND e.type IN ('SUBSCRIPTION_UNREGISTERED', 'SUBSCRIPTION_WITHDRAWN'))`,
		"events of things that are not there": `SELECT count(*) FROM events e WHERE
			type = 'APP_CREATED' AND NOT EXISTS (SELECT 1 FROM apps x WHERE x.id = e.subject_id)
			OR type = 'CREDENTIAL_CREATED' AND NOT EXISTS (SELECT 1 FROM credentials x WHERE x.id = e.subject_id)
			OR type = 'SUBSCRIPTION_REGISTERED' AND NOT EXISTS (SELECT 1 FROM subscriptions x WHERE x.id = e.subject_id)`,
		"events of changes that have not happened": `SELECT count(*) FROM events e WHERE
			type = 'APP_DELETED' AND NOT EXISTS (SELECT 1 FROM apps x WHERE x.id = e.subject_id AND deleted_at IS NOT NULL)
			OR type = 'CREDENTIAL_REVOKED' AND NOT EXISTS (SELECT 1 FROM credentials x WHERE x.id = e.subject_id AND status = 'REVOKED')`,
		// An offer of an app changes nothing of the app.
		"apps with more or fewer changes than events": `SELECT count(*) FROM apps x WHERE version <>
			(SELECT count(*) FROM events e WHERE e.subject_id = x.id AND type NOT LIKE 'APP_TRANSFER_%')`,
		"keys with more or fewer changes than events": `SELECT count(*) FROM credentials x WHERE version <>
			(SELECT count(*) FROM events e WHERE e.subject_id = x.id AND type <> 'CREDENTIAL_EXPIRED')`,
		"subscriptions with more or fewer changes than events": `SELECT count(*) FROM subscriptions x WHERE version <>
			(SELECT count(*) FROM events e WHERE e.subject_id = x.id)`,
		"apps without their first key": `SELECT count(*) FROM apps a WHERE name LIKE 'Life of %' AND NOT EXISTS
			(SELECT 1 FROM credentials c WHERE c.app_id = a.id)`,
		"apps made twice under one idempotency key": `SELECT count(*) - count(DISTINCT substr(name, 1, 44)) FROM apps WHERE name LIKE 'Life of %'`,
		"idempotency keys of nothing": `SELECT count(*) FROM idempotency_keys k WHERE NOT EXISTS (SELECT 1 FROM apps a WHERE a.id = k.object_id)
			OR NOT EXISTS (SELECT 1 FROM credentials c WHERE c.id = k.second_id AND c.app_id = k.object_id)`,
		"keys of deleted apps": `SELECT count(*) FROM credentials c JOIN apps a ON a.id = c.app_id
			WHERE a.deleted_at IS NOT NULL AND (c.status <> 'REVOKED' OR c.deleted_at IS NULL)`,
		// Suspended subscriptions outlive their app: deleting it ends no suspension.
		"subscriptions of deleted apps": `SELECT count(*) FROM subscriptions s JOIN apps a ON a.id = s.app_id
			WHERE a.deleted_at IS NOT NULL AND (s.status IN ('WAITING', 'APPROVED') OR s.deleted_at IS NULL)`,
		"organizations with gaps in their log": `SELECT count(*) FROM event_positions p WHERE
			(SELECT count(*) FROM events e WHERE e.organization_id = p.id) <> last
			OR (SELECT min(position) FROM events e WHERE e.organization_id = p.id) <> 1
			OR (SELECT max(position) FROM events e WHERE e.organization_id = p.id) <> last`,
	}
}
