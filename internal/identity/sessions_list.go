package identity

import (
	"context"
	"time"

	"portico/ent/db"
	"portico/ent/db/session"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/paging"
)

// liveAt narrows a list to the sessions that have not ended at a time.
type liveAt struct{ At time.Time }

// Sessions returns a page of the viewer's own sessions, oldest first, without those
// that have ended.
func (svc *Service) Sessions(ctx context.Context, r listing.Request) (*paging.Page[*db.Session], error) {
	return listing.ReadPage(ctx, svc.entities.Lists, entity.SessionList(), listing.Filtered(liveAt{svc.clock.Now()}, svc.sessionQuery), listing.Order{}, r)
}

func (svc *Service) sessionQuery(f liveAt) listing.Query[*db.Session] {
	return svc.client.Session.Query().Where(session.EndedAtIsNil(), session.ExpiresAtGT(f.At))
}
