package viewer_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"portico/internal/viewer"
)

// Every field of a viewer either distinguishes kept statements, or no row policy sees
// it. A new field must be added to one of the lists.
func TestMarked(t *testing.T) {
	distinguishes := []string{"Role", "Scopes", "AccountOwner", "AccountSuspended", "PublicCatalogue", "OrganizationID", "AccountID", "UserID"}
	unseen := []string{"TokenID", "SessionID", "UserAgent", "Name", "TimeZone", "Policy", "TermsDue", "Address", "RequestID"}
	m, of := viewer.NewMarks(), reflect.TypeFor[viewer.Viewer]()
	for i := range of.NumField() {
		name := of.Field(i).Name
		var v viewer.Viewer
		fill(reflect.ValueOf(&v).Elem().Field(i))
		switch marked := m.Marked(v); {
		case slices.Contains(distinguishes, name):
			if marked == (viewer.Viewer{}) {
				t.Errorf("%s does not distinguish statements", name)
			}
		case !slices.Contains(unseen, name):
			t.Errorf("what of %s?", name)
		case marked != (viewer.Viewer{}):
			t.Errorf("row policies see %s", name)
		}
	}
}

// A mark stands for one id of the viewer, and for no other id.
func TestIDOf(t *testing.T) {
	m := viewer.NewMarks()
	v := viewer.Viewer{OrganizationID: uuid.New(), AccountID: uuid.New(), UserID: uuid.New()}
	marked := m.Marked(v)
	for mark, want := range map[uuid.UUID]uuid.UUID{
		marked.OrganizationID: v.OrganizationID, marked.AccountID: v.AccountID, marked.UserID: v.UserID,
	} {
		if got, ok := m.IDOf(v, mark); !ok || got != want || mark == want {
			t.Errorf("%s stands for %s, not %s", mark, got, want)
		}
	}
	if _, ok := m.IDOf(v, v.OrganizationID); ok {
		t.Error("an id is its own mark")
	}
	if m.Marked(v) == viewer.NewMarks().Marked(v) {
		t.Error("marks are not random")
	}
}

// fill sets a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Array:
		v.Index(0).SetUint(7)
	case reflect.Struct:
		fill(v.Field(0))
	}
}
