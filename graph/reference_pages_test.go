package graph_test

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/nodeid"
)

// listOf resolves a list of those rows of a kind that match.
func listOf[T any](k nodeid.Kind, matches func(fieldRequest, T) bool) resolver {
	return func(q fieldRequest) (any, error) {
		if text, ok := q.object("where").text("search"); ok {
			if err := checkSearch(text); err != nil {
				return nil, err
			}
		}
		order := q.orders.by(k, q.object("orderBy"))
		all, err := q.rows.all(k)
		all, err = rowsWhere(all, err, func(row T) bool { return matches(q, row) })
		if err != nil {
			// The arguments are checked before anything is read.
			if _, invalid := q.page(nil, order, q.parameters); invalid != nil {
				err = invalid
			}
			return nil, err
		}
		return nonNil(q.page(all, order, q.parameters))
	}
}

// nonNil returns a nil interface for an error.
func nonNil(p *wholePage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// timelineOf resolves a list of the events that match, newest first.
func timelineOf(matches func(q fieldRequest, e *db.Event) bool) resolver {
	return newestFirst(listOf(nodeid.Event, matches))
}

// newestFirst resolves a list in the other direction.
func newestFirst(list resolver) resolver {
	return func(q fieldRequest) (any, error) {
		q.parameters = maps.Clone(q.parameters)
		q.parameters["orderBy"] = map[string]any{"direction": "DESC"}
		return list(q)
	}
}

// ownTimeline resolves the events about an object itself.
func ownTimeline() resolver {
	return timelineOf(func(q fieldRequest, e *db.Event) bool { return e.SubjectID == columnOf(q.parent, "ID") })
}

// accountsOfViewer are those that the person belongs to, of which the row policies
// show a developer only the active one.
func accountsOfViewer(q fieldRequest) (any, error) {
	user := q.parent.(*viewing).User.(*db.User).ID
	members, err := q.system.all(nodeid.Membership)
	if err != nil {
		return nil, err
	}
	all, err := q.system.all(nodeid.Account)
	all, err = rowsWhere(all, err, func(a *db.Account) bool {
		return a.DeletedAt == nil && slices.ContainsFunc(members, func(m any) bool {
			return m.(*db.Membership).UserID == user && m.(*db.Membership).AccountID == a.ID
		})
	})
	if err != nil {
		return nil, err
	}
	return nonNil(q.page(all, q.orders.by(nodeid.Account, nil), q.parameters))
}

// only returns the one row that matches; nil if there is none.
func (r *reference) only(k nodeid.Kind, matches func(any) bool) (any, error) {
	all, err := r.rows.all(k)
	if i := slices.IndexFunc(all, matches); i >= 0 {
		return all[i], err
	}
	return nil, err
}

// listed returns the objects of ids that the viewer may see.
func (r *reference) listed(k nodeid.Kind, ids []uuid.UUID) (out []any, err error) {
	for _, id := range ids {
		row, err := r.rows.byID(k, id)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, nil
}
