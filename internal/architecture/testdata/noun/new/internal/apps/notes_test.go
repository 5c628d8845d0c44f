package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

func TestCreateNote(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		app := f.MustApp(t, x.Developer, "Shop").App.GlobalID()
		t.Run("OK", func(t *testing.T) {
			n, err := f.Portal.Apps.CreateNote(x.Developer, apps.CreateNoteInput{AppID: app, Text: "first"})
			require.NoError(t, err)
			require.Equal(t, []string{"NOTE_CREATED"}, f.EventTypes(t, n.ID))
		})
		t.Run("ErrTextRequired", func(t *testing.T) {
			_, err := f.Portal.Apps.CreateNote(x.Developer, apps.CreateNoteInput{AppID: app})
			portaltest.RequireProblems(t, err, "REQUIRED text")
		})
		t.Run("ErrNotFound", func(t *testing.T) {
			_, err := f.Portal.Apps.CreateNote(f.MustTenant(t, "two").Developer, apps.CreateNoteInput{AppID: app, Text: "theirs"})
			portaltest.RequireCode(t, err, fault.CodeNotFound)
		})
	})
}

func TestUpdateNote(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		n, err := f.Portal.Apps.CreateNote(x.Developer, apps.CreateNoteInput{AppID: f.MustApp(t, x.Developer, "Shop").App.GlobalID(), Text: "first"})
		require.NoError(t, err)
		for range 2 { // the second time, nothing changes
			n, err = f.Portal.Apps.UpdateNote(x.Admin, apps.UpdateNoteInput{NoteID: n.GlobalID(), Text: input.SetTo("second")})
			require.NoError(t, err)
			require.Equal(t, "second", n.Text)
			require.Equal(t, []string{"NOTE_CREATED", "NOTE_UPDATED"}, f.EventTypes(t, n.ID))
		}
	})
}
