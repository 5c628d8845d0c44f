package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// Both sides of an app read and write its notes.
func TestNotes(t *testing.T) {
	s := servertest.Start(t, testdb.EmptySQLite(t))
	c := newActors(t, s, "notes")
	app := c.dev.Do(t, "createApp", vars{"name": "Shop"}, `app { id }`).Text("createApp", "app", "id")
	id := c.dev.Do(t, "createNote", vars{"appId": app, "text": "first"}, `note { id }`).Text("createNote", "note", "id")
	c.admin.Do(t, "updateNote", vars{"noteId": id, "version": 1, "text": "second"}, `note { version }`)
	requireError(t, c.dev.Ask(t, "updateNote", vars{"noteId": id, "version": 1, "text": "late"}, `note { version }`), "CONFLICT")
	a := c.dev.Must(t, `query($id: ID!) { app(id: $id) { notes { totalCount nodes { id text } } } }`, vars{"id": app})
	require.Equal(t, []any{map[string]any{"id": id, "text": "second"}}, a.At("app", "notes", "nodes"))
}
