package portal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// EventFilter narrows a list of events.
type EventFilter struct {
	Type          []eventlog.Type
	SubjectID     *string
	From, To      *time.Time
	AfterPosition *int
}

func eventList() list[*db.Event] {
	return list[*db.Event]{"events", func(e *db.Event, _ string) (any, uuid.UUID) { return e.Position, e.ID }, nil}
}

// Events returns a page of the events that the viewer may see.
func (p *Portal) Events(ctx context.Context, f EventFilter, desc bool, r Read) (*paging.Page[*db.Event], error) {
	return readPage(ctx, p, eventList(), p.eventQuery(f), Order{event.FieldPosition, desc}, r)
}

func (p *Portal) eventQuery(f EventFilter) func() listable[*db.Event, *db.EventSelect] {
	return func() listable[*db.Event, *db.EventSelect] {
		q := p.client.Event.Query()
		if f.Type != nil {
			types := make([]string, len(f.Type))
			for i, t := range f.Type {
				types[i] = string(t)
			}
			q.Where(event.TypeIn(types...))
		}
		if f.SubjectID != nil {
			kind, id, _ := nodeid.Split(*f.SubjectID)
			q.Where(event.SubjectType(string(kind)), event.SubjectID(id))
		}
		if f.From != nil {
			q.Where(event.AtGTE(*f.From))
		}
		if f.To != nil {
			q.Where(event.AtLT(*f.To))
		}
		if f.AfterPosition != nil {
			q.Where(event.PositionGT(int64(*f.AfterPosition)))
		}
		return q
	}
}

// Timelines returns the same page of the events of many objects, newest first.
// The timeline of an account or app includes the events of what belongs to it.
func (p *Portal) Timelines(ctx context.Context, of nodeid.Kind, ids []uuid.UUID, r Read) (Pages[*db.Event], error) {
	ch := children[*db.Event]{list: eventList(), column: event.FieldSubjectID, parent: func(e *db.Event) uuid.UUID { return e.SubjectID }}
	switch of {
	case nodeid.App:
		ch.column, ch.parent = event.FieldAppID, func(e *db.Event) uuid.UUID { return deref(e.AppID) }
	case nodeid.Account:
		ch.column, ch.parent = event.FieldAccountID, func(e *db.Event) uuid.UUID { return deref(e.AccountID) }
	}
	return readPages(ctx, p, ch, p.eventQuery(EventFilter{}), ids, Order{event.FieldPosition, true}, r)
}
