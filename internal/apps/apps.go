package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// CreateAppInput is the input of CreateApp.
type CreateAppInput struct {
	Name        string
	Description *string
	Labels      []domain.Label
	ReferenceID *string // a UUID
	AccountID   *string
	GenerateKey *bool
	// FirstKey describes the first credential; nil for a development one with
	// default attributes.
	FirstKey       *FirstKeyInput `json:",omitempty"` // omitted if nil, so that older inputs keep their hash
	IdempotencyKey *string
}

// CreatedApp is a new app and its first credential.
type CreatedApp struct {
	App        *db.App
	Credential *db.Credential
	Secret     *apikey.Secret
	Replayed   bool
}

// CreateApp creates an app and, unless GenerateKey is false, its first
// credential: both or neither. A reference id that any app has ever had is
// TAKEN.
func (svc *Service) CreateApp(ctx context.Context, in CreateAppInput) (CreatedApp, error) {
	if err := fault.Collect(
		input.CheckName("name", in.Name),
		input.CheckText("description", input.OrZero(in.Description), input.MaxDescription, true),
		input.CheckLabels("labels", in.Labels),
		checkReference(in.ReferenceID),
		checkFirstKey(in, svc.clock.Now()),
	); err != nil {
		return CreatedApp{}, err
	}
	if in.ReferenceID != nil {
		in.ReferenceID = new(parseReference(*in.ReferenceID).String()) // canonical, because the input is hashed
	}
	key := in.IdempotencyKey
	in.IdempotencyKey, in.FirstKey = nil, in.FirstKey.withDefaults()
	o, err := newRequest(ctx, "createApp", key, in)
	if err != nil {
		return CreatedApp{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (CreatedApp, change.Created, error) {
		out, err := svc.createApp(ctx, tx, in)
		if err != nil {
			return out, change.Created{}, err
		}
		m := change.Created{First: out.App.ID}
		if out.Credential != nil {
			m.Second = out.Credential.ID
		}
		return out, m, nil
	}, svc.replayApp)
}

// checkReference reports an error unless given is nil or a UUID in its usual
// text form, other than the nil UUID.
func checkReference(given *string) error {
	if given != nil && parseReference(*given) == uuid.Nil {
		return fault.Input(fault.InvalidValue, "referenceId", "This is not a UUID by RFC 9562, or the one of all zeros.")
	}
	return nil
}

// parseReference parses a UUID in its usual text form; it returns the nil UUID
// for anything else.
func parseReference(s string) uuid.UUID {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) { // Parse accepts other forms, too
		return uuid.Nil
	}
	return id
}

func (svc *Service) createApp(ctx context.Context, tx *change.Tx, in CreateAppInput) (CreatedApp, error) {
	owner, err := identity.OwningAccount(ctx, tx, in.AccountID)
	if err != nil {
		return CreatedApp{}, err
	}
	if err := tx.Authorize(policy.CreateApp(owner.OrganizationID, owner.ID)); err != nil {
		return CreatedApp{}, err
	}
	create := FillApp(tx.App.Create(), owner, in.Name, tx.Now).SetDescription(input.OrZero(in.Description))
	if labels := input.SortLabels(in.Labels); labels != nil {
		create.SetLabels(labels)
	}
	if in.ReferenceID != nil {
		id := parseReference(*in.ReferenceID)
		if err := checkReferenceUnused(ctx, tx, id); err != nil {
			return CreatedApp{}, err
		}
		create.SetReferenceID(id)
	}
	created, err := create.Save(ctx)
	if err != nil {
		return CreatedApp{}, change.Taken(err, "referenceId", "This reference id belongs to another app, or did before.")
	}
	tx.Record(AppCreated(created))
	out := CreatedApp{App: created}
	if in.GenerateKey == nil || *in.GenerateKey {
		key, err := svc.firstKey(ctx, tx, created, in.FirstKey)
		out.Credential, out.Secret = key.Credential, key.Secret
		return out, err
	}
	return out, nil
}

// FillApp sets what each new app has.
func FillApp(c *db.AppCreate, owner *db.Account, name string, at time.Time) *db.AppCreate {
	return c.SetOrganizationID(owner.OrganizationID).SetAccountID(owner.ID).SetName(name).SetNameFolded(domain.Fold(name)).
		SetCreatedAt(at).SetUpdatedAt(at)
}

// AppCreated returns the event of a new app.
func AppCreated(a *db.App) eventlog.Entry {
	return appEvent(eventlog.AppCreated, a, change.Attributes("name", a.Name, "referenceId", a.ReferenceID,
		"description", a.Description, "labels", a.Labels))
}

// checkReferenceUnused looks at all apps, deleted ones included: a reference id
// is never used again.
func checkReferenceUnused(ctx context.Context, tx *change.Tx, id uuid.UUID) error {
	all := viewer.AsSystem(ctx, tx.OrganizationID())
	exists, err := tx.App.Query().Where(app.ReferenceID(id)).Exist(all)
	if err != nil {
		return err
	}
	if exists {
		return fault.Input(fault.Taken, "referenceId", "This reference id belongs to another app, or did before.")
	}
	return nil
}

// replayApp returns what an earlier request created, without the secret.
func (svc *Service) replayApp(ctx context.Context, m change.Created) (CreatedApp, error) {
	apps, err := svc.entities.AppsByID(ctx, []uuid.UUID{m.First}, nil)
	if err != nil {
		return CreatedApp{}, err
	}
	if apps[m.First] == nil {
		return CreatedApp{}, fault.NotFound() // deleted meanwhile
	}
	credentials, err := svc.entities.CredentialsByID(ctx, []uuid.UUID{m.Second}, nil)
	return CreatedApp{App: apps[m.First], Credential: credentials[m.Second], Replayed: true}, err
}

// UpdateAppInput is the input of UpdateApp.
type UpdateAppInput struct {
	AppID       string
	Version     *int
	Name        input.Patch[string]
	Description input.Patch[string]
	Labels      input.Patch[[]domain.Label]
}

// UpdateApp changes an app. If no attribute differs, nothing is written and no
// event recorded.
func (svc *Service) UpdateApp(ctx context.Context, in UpdateAppInput) (*db.App, error) {
	if err := checkAppPatch(in); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.App, error) {
		a, err := lockApp(ctx, tx, in.AppID)
		if err != nil {
			return nil, err
		}
		if err := tx.Authorize(policy.UpdateApp(a.OrganizationID, a.AccountID)); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, a.Version); err != nil {
			return nil, err
		}
		return patchApp(ctx, tx, a, in)
	})
}

func checkAppPatch(in UpdateAppInput) error {
	errs := []error{in.Name.Required("name")}
	if in.Name.Value != nil {
		errs = append(errs, input.CheckName("name", *in.Name.Value))
	}
	return fault.Collect(append(errs,
		input.CheckText("description", in.Description.Or(""), input.MaxDescription, true),
		input.CheckLabels("labels", in.Labels.Or(nil)))...)
}

func patchApp(ctx context.Context, tx *change.Tx, a *db.App, in UpdateAppInput) (*db.App, error) {
	u := tx.App.UpdateOne(a)
	var d change.Diff
	if in.Name.Set {
		d.Add("name", a.Name, *in.Name.Value)
		u.SetName(*in.Name.Value).SetNameFolded(domain.Fold(*in.Name.Value))
	}
	if in.Description.Set {
		d.Add("description", a.Description, in.Description.Or(""))
		u.SetDescription(in.Description.Or(""))
	}
	if in.Labels.Set {
		labels := append([]domain.Label{}, input.SortLabels(in.Labels.Or(nil))...)
		d.Add("labels", a.Labels, labels)
		u.SetLabels(labels)
	}
	if d.Changes == nil {
		return a, nil
	}
	tx.Record(appEvent(eventlog.AppUpdated, a, d.Changes))
	return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

// lockApp reads some columns of an app, none for all, and locks it, and so what belongs
// to it, against other changes until the transaction ends.
func lockApp(ctx context.Context, tx *change.Tx, id string, columns ...string) (*db.App, error) {
	appID, err := input.DecodeID(nodeid.App, id)
	if err != nil {
		return nil, err
	}
	return change.LockRowForUpdate(ctx, tx, tx.App, appID, columns...)
}

func appEvent(t eventlog.Type, a *db.App, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.App, SubjectID: a.ID, SubjectName: a.Name, AccountID: &a.AccountID, AppID: &a.ID, Changes: changes}
}
