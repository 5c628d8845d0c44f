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

// markers are the ids that stand for a viewer's while a statement is built. They
// are random, so that no filter contains one.
type markers struct{ organization, account, user uuid.UUID }

func newMarkers() markers { return markers{uuid.New(), uuid.New(), uuid.New()} }

// shapeOf returns what a row policy may make its predicates depend on: the role,
// whether the account is suspended, and ids, which markers stand for. Policies see
// this instead of the viewer, so nothing else can enter a statement.
func (m markers) shapeOf(v viewer.Viewer) viewer.Viewer {
	mark := func(id, marker uuid.UUID) uuid.UUID {
		if id == uuid.Nil {
			return id
		}
		return marker
	}
	return viewer.Viewer{
		Role: v.Role, AccountOwner: v.AccountOwner, AccountSuspended: v.AccountSuspended,
		OrganizationID: mark(v.OrganizationID, m.organization),
		AccountID:      mark(v.AccountID, m.account),
		UserID:         mark(v.UserID, m.user),
	}
}

// slotOf returns the slot of a marker.
func (m markers) slotOf(id uuid.UUID) (slot, bool) {
	switch id {
	case m.organization:
		return organizationSlot, true
	case m.account:
		return accountSlot, true
	case m.user:
		return userSlot, true
	}
	return 0, false
}
