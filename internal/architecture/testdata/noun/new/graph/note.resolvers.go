package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/graph/generated"
	"portico/graph/model"
	"portico/internal/apps"
	"portico/internal/listing"
	"portico/internal/nodeid"
)

// Notes is the resolver for the notes field.
func (r *appResolver) Notes(ctx context.Context, obj *db.App, first *int, after *string, last *int, before *string) (*model.NoteConnection, error) {
	return pageOf(ctx, nodeid.App, obj.ID, nodeid.Note, args(first, after, last, before), nil, func(ctx context.Context, ids []uuid.UUID, rd listing.Request) (listing.Pages[*db.Note], error) {
		return r.Portal.Apps.NotesOfApps(ctx, ids, rd)
	})
}

// CreateNote is the resolver for the createNote field.
func (r *mutationResolver) CreateNote(ctx context.Context, input apps.CreateNoteInput) (*model.CreateNotePayload, error) {
	note, err := r.Portal.Apps.CreateNote(ctx, input)
	errs, err := problems(err)
	return &model.CreateNotePayload{Note: note, UserErrors: errs}, err
}

// UpdateNote is the resolver for the updateNote field.
func (r *mutationResolver) UpdateNote(ctx context.Context, input model.UpdateNoteInput) (*model.UpdateNotePayload, error) {
	note, err := r.Portal.Apps.UpdateNote(ctx, updateNote(input))
	errs, err := problems(err)
	return &model.UpdateNotePayload{Note: note, UserErrors: errs}, err
}

// App is the resolver for the app field.
func (r *noteResolver) App(ctx context.Context, obj *db.Note) (*db.App, error) {
	return one(ctx, nodeid.App, obj.AppID, r.Entities.AppsByID)
}

// ViewerCan is the resolver for the viewerCan field.
func (r *noteResolver) ViewerCan(ctx context.Context, obj *db.Note) (*apps.NotePermissions, error) {
	return r.Portal.Apps.NotePermissions(ctx, obj), nil
}

// Edges is the resolver for the edges field.
func (r *noteConnectionResolver) Edges(ctx context.Context, obj *model.NoteConnection) ([]*model.NoteEdge, error) {
	return obj.Edges, nil
}

// Note returns generated.NoteResolver implementation.
func (r *Resolver) Note() generated.NoteResolver { return &noteResolver{r} }

// NoteConnection returns generated.NoteConnectionResolver implementation.
func (r *Resolver) NoteConnection() generated.NoteConnectionResolver {
	return &noteConnectionResolver{r}
}

type (
	noteResolver           struct{ *Resolver }
	noteConnectionResolver struct{ *Resolver }
)
