package apps

import (
	"context"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// CreateNoteInput is the input of CreateNote.
type CreateNoteInput struct{ AppID, Text string }

// CreateNote writes a note about an app.
func (svc *Service) CreateNote(ctx context.Context, in CreateNoteInput) (*db.Note, error) {
	if err := checkNote(in.Text); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Note, error) {
		a, err := lockApp(ctx, tx, in.AppID)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.CreateNote(a.OrganizationID, a.AccountID)); err != nil {
			return nil, err
		}
		out, err := tx.Note.Create().SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetAppID(a.ID).SetText(in.Text).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Record(noteEvent(eventlog.NoteCreated, out, change.Attributes("text", out.Text)))
		return out, nil
	})
}

// checkNote requires a text that is neither empty nor too long.
func checkNote(text string) error {
	if text == "" {
		return fault.Input(fault.Required, "text", "A note says something.")
	}
	return input.CheckText("text", text, input.MaxDescription, true)
}

// UpdateNoteInput is the input of UpdateNote.
type UpdateNoteInput struct {
	NoteID  string
	Version *int
	Text    input.Patch[string]
}

// UpdateNote changes what a note says.
func (svc *Service) UpdateNote(ctx context.Context, in UpdateNoteInput) (*db.Note, error) {
	if err := in.Text.Required("text"); err != nil {
		return nil, err
	}
	if in.Text.Value != nil {
		if err := checkNote(*in.Text.Value); err != nil {
			return nil, err
		}
	}
	id, err := input.DecodeID(nodeid.Note, in.NoteID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Note, error) {
		x, err := change.LockRowForUpdate(ctx, tx, tx.Note, id)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.UpdateNote(x.OrganizationID, x.AccountID)); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		u := tx.Note.UpdateOne(x)
		var d change.Diff
		change.SetText(&d, "text", x.Text, in.Text, func(s string) { u.SetText(s) })
		if d.Changes == nil {
			return x, nil
		}
		tx.Record(noteEvent(eventlog.NoteUpdated, x, d.Changes))
		return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}

func noteEvent(t eventlog.Type, x *db.Note, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Note, SubjectID: x.ID, AccountID: &x.AccountID, AppID: &x.AppID, Changes: changes}
}
