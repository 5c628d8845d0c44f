package graph_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/migrate"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// row is a row of any table, and its owner.
type row struct{ text, organization, account, user string }

// snapshot is the whole database except for the counts of sign-ins, and for the
// addresses that wait to be looked for, by table and id.
type snapshot map[string]row

func (w *world) snapshot() snapshot {
	w.t.Helper()
	out := snapshot{}
	for _, table := range migrate.Tables {
		if table.Name == "sign_in_attempts" || table.Name == "password_reset_requests" || table.Name == "leak_reports" {
			continue
		}
		var rows entsql.Rows
		text := "SELECT * FROM " + table.Name
		switch table.Name {
		case "session_tokens": // they belong to whom their session does
			text = "SELECT t.*, s.organization_id, s.user_id FROM session_tokens t JOIN sessions s ON s.id = t.session_id"
		case "totp_factors", "recovery_codes":
			text = "SELECT t.*, u.organization_id FROM " + table.Name + " t JOIN users u ON u.id = t.user_id"
		}
		require.NoError(w.t, w.Database.Driver().Query(w.t.Context(), text, []any{}, &rows))
		names, err := rows.Columns()
		require.NoError(w.t, err)
		for rows.Next() {
			values := make([]any, len(names))
			targets := make([]any, len(names))
			for i := range values {
				targets[i] = &values[i]
			}
			require.NoError(w.t, rows.Scan(targets...))
			id, r := rowOf(table.Name, names, values)
			out[table.Name+" "+id] = r
		}
		require.NoError(w.t, rows.Close())
	}
	return out
}

// rowOf returns a row as text. The rows of organizations and accounts belong to
// themselves.
func rowOf(table string, names []string, values []any) (id string, r row) {
	var b strings.Builder
	for i, name := range names {
		s := written(values[i])
		switch name {
		case "id":
			id = s
		case "organization_id":
			r.organization = s
		case "account_id":
			r.account = s
		case "user_id":
			r.user = s
		}
		b.WriteString(s)
		b.WriteByte(0)
	}
	switch table {
	case "organizations", "event_positions", "mail_settings":
		r.organization = id
	case "accounts":
		r.account = id
	}
	r.text = b.String()
	return id, r
}

// written returns a column's value as text; NULL is empty.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		return strconv.FormatInt(v.UnixNano(), 10)
	}
	return fmt.Sprint(v)
}

// changed returns the rows that differ now, with their present content, or the
// previous one if they are gone.
func (before snapshot) changed(now snapshot) map[string]row {
	out := map[string]row{}
	for k, r := range now {
		if before[k].text != r.text {
			out[k] = r
		}
	}
	for k, r := range before {
		if _, still := now[k]; !still {
			out[k] = r
		}
	}
	return out
}

// beyond returns the first changed row that the actor may not change.
func beyond(changed map[string]row, actor viewer.Viewer) (string, bool) {
	for k, r := range changed {
		// What becomes of an offer is told to both accounts.
		if strings.HasPrefix(k, "events ") && strings.Contains(r.text, "APP_TRANSFER_") && r.organization == actor.OrganizationID.String() {
			continue
		}
		if r.organization != actor.OrganizationID.String() ||
			actor.Role == viewer.Portal && r.account != "" && r.account != actor.AccountID.String() {
			return k, true
		}
	}
	return "", false
}

// recorded reports whether an event after a position records what the actor did.
func (w *world) recorded(p play, target string, actor viewer.Viewer, after int64) bool {
	w.t.Helper()
	if p.event == "" {
		return true
	}
	q := w.Client.Event.Query().Where(event.Type(p.event), event.OrganizationID(actor.OrganizationID), event.PositionGT(after))
	switch {
	case actor.UserID != uuid.Nil:
		q.Where(event.ActorID(actor.UserID))
	case actor.ByToken():
		q.Where(event.ActorIDIsNil(), event.ActorTokenID(actor.TokenID), event.ActorRole(string(actor.Role)), event.ActorName(actor.Name))
	case actor.Role == "": // nobody yet
		q.Where(event.ActorIDIsNil())
	default: // somebody new
		q.Where(event.ActorIDNotNil())
	}
	all, err := q.All(portaltest.System(w.t))
	require.NoError(w.t, err)
	kind, id, ok := nodeid.Split(target)
	for _, e := range all {
		if !ok || e.SubjectType != string(kind) || e.SubjectID == id {
			return true
		}
	}
	return false
}

// position returns the last position of an organization's log.
func (w *world) position(organization uuid.UUID) int64 {
	w.t.Helper()
	e, err := w.Client.Event.Query().Where(event.OrganizationID(organization)).Order(event.ByPosition(entsql.OrderDesc())).First(portaltest.System(w.t))
	if db.IsNotFound(err) {
		return 0
	}
	require.NoError(w.t, err)
	return e.Position
}
