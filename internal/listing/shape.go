package listing

import (
	"reflect"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/viewer"
)

// shape is everything that the text of a statement depends on. Two requests of
// one shape differ in the values of the slots only.
type shape struct {
	// list is the name of the list, and kind the way it is read.
	list, kind string
	// filtered is the type of what narrows the list, and filter is that as JSON with
	// all values.
	filtered reflect.Type
	filter   string
	// columns are those that are asked for, of the rows and of the edges.
	columns  string
	order    string
	limit    int
	backward bool
	// total and parent say whether these columns are read too.
	total, parent bool
	after, before bool
	viewer        viewer.Viewer
}

// slot stands in a statement's arguments for a value of the request.
type slot int

const (
	organizationSlot slot = iota + 1
	accountSlot
	userSlot
	// idSlot is one id, idsSlot is all ids that were asked for.
	idSlot
	idsSlot
	afterValueSlot
	afterIDSlot
	beforeValueSlot
	beforeIDSlot
	nowSlot
)

// values are what a request has for the slots.
type values struct {
	viewer        viewer.Viewer
	ids           []uuid.UUID
	after, before *position
	now           time.Time
}

func (v values) of(s slot, dialectName string) any {
	switch s {
	case organizationSlot:
		return v.viewer.OrganizationID
	case accountSlot:
		return v.viewer.AccountID
	case userSlot:
		return v.viewer.UserID
	case idSlot:
		return v.ids[0]
	case idsSlot:
		return database.List(dialectName, v.ids)
	case afterValueSlot:
		return v.after.value
	case afterIDSlot:
		return v.after.id
	case beforeValueSlot:
		return v.before.value
	case beforeIDSlot:
		return v.before.id
	default:
		return v.now
	}
}

// slotOf returns the slot of a viewer's id that a mark stands for.
func slotOf(m viewer.Marks, mark uuid.UUID) (slot, bool) {
	for s, v := range map[slot]viewer.Viewer{
		organizationSlot: {OrganizationID: uuid.Max}, accountSlot: {AccountID: uuid.Max}, userSlot: {UserID: uuid.Max},
	} {
		if id, _ := m.IDOf(v, mark); id == uuid.Max {
			return s, true
		}
	}
	return 0, false
}
