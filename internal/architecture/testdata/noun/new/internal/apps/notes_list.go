package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/note"
	"portico/internal/entity"
	"portico/internal/listing"
)

func (svc *Service) noteQuery() listing.Query[*db.Note] { return svc.client.Note.Query() }

// NotesOfApps returns the same page of the notes about many apps.
func (svc *Service) NotesOfApps(ctx context.Context, apps []uuid.UUID, r listing.Request) (listing.Pages[*db.Note], error) {
	ch := listing.Children[*db.Note]{List: entity.NoteList(), Column: note.FieldAppID, Parent: func(x *db.Note) uuid.UUID { return x.AppID }}
	return listing.ReadPages(ctx, svc.entities.Lists, ch, listing.All(svc.noteQuery), apps, listing.Order{}, r)
}
