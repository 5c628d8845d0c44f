package activity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/entity"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
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

// Events returns a page of the events that the viewer may see. A time that ends before it
// begins is fault.CodeBadUserInput.
func (svc *Service) Events(ctx context.Context, f EventFilter, desc bool, r listing.Request) (*paging.Page[*db.Event], error) {
	if f.From != nil && f.To != nil && f.To.Before(*f.From) {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "No event is so late and so early: from is after to.")
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.EventList(), listing.Filtered(f, svc.eventQuery), listing.Order{Desc: desc}, r)
}

func (svc *Service) eventQuery(f EventFilter) listing.Query[*db.Event] {
	q := svc.client.Event.Query()
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

// Timelines returns the same page of the events of many objects, newest first.
// The timeline of an account or app includes the events of what belongs to it.
func (svc *Service) Timelines(ctx context.Context, of nodeid.Kind, ids []uuid.UUID, r listing.Request) (listing.Pages[*db.Event], error) {
	ch := listing.Children[*db.Event]{List: entity.EventList(), Column: event.FieldSubjectID, Parent: func(e *db.Event) uuid.UUID { return e.SubjectID }}
	switch of {
	case nodeid.App:
		ch.Column, ch.Parent = event.FieldAppID, func(e *db.Event) uuid.UUID { return input.OrZero(e.AppID) }
	case nodeid.Account:
		ch.Column, ch.Parent = event.FieldAccountID, func(e *db.Event) uuid.UUID { return input.OrZero(e.AccountID) }
	}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.Filtered(EventFilter{}, svc.eventQuery), ids, listing.Order{Desc: true}, r)
}
