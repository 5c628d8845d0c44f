package keyimport

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// outcome is what became of a batch.
type outcome struct {
	Sum
	refused []Refusal
}

// store stores a batch of keys in one transaction, each with its event.
func (svc *Service) store(ctx context.Context, batch []Key, began uuid.UUID) (Sum, []Refusal, error) {
	if len(batch) == 0 {
		return Sum{}, nil, nil
	}
	out, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (outcome, error) {
		owners, err := lockApps(ctx, tx, batch)
		if err != nil {
			return outcome{}, err
		}
		known, err := svc.find(ctx, tx, batch)
		if err != nil {
			return outcome{}, err
		}
		var out outcome
		var all []*db.CredentialCreate
		for n := range batch {
			k := &batch[n]
			owner := owners[k.App]
			refusal, present := judge(k, owner, known[k.Line], began)
			switch {
			case refusal != nil:
				out.refused = append(out.refused, *refusal)
			case present:
				out.Present++
			default:
				all = append(all, svc.create(tx, k, owner))
			}
		}
		out.Imported = len(all)
		return out, insert(ctx, tx, all)
	})
	return out.Sum, out.refused, err
}

// lockApps finds the apps of a batch by their reference ids, and keeps them from being
// deleted until the keys are stored, which are counted there.
func lockApps(ctx context.Context, tx *change.Tx, batch []Key) (map[uuid.UUID]*db.App, error) {
	ids := make([]uuid.UUID, len(batch))
	for n, k := range batch {
		ids[n] = k.App
	}
	all, err := change.LockForUpdate(tx, tx.App.Query().Where(app.OrganizationID(tx.OrganizationID()), app.DeletedAtIsNil(), database.AnyOf(app.FieldReferenceID, ids))).All(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]*db.App, len(all))
	for _, a := range all {
		out[a.ReferenceID] = a
	}
	return out, nil
}

// find returns the credentials that a batch's keys have already, by their lines. A key may
// have been imported under each pepper of the ring. User names are unique in the whole
// installation, so those of other organizations are found too.
func (svc *Service) find(ctx context.Context, tx *change.Tx, batch []Key) (map[int]*db.Credential, error) {
	lines := map[uuid.UUID]int{}
	var names []uuid.UUID
	for _, id := range svc.peppers.PepperIDs() {
		pepper, _ := svc.peppers.PepperByID(id)
		for n := range batch {
			name, _ := batch[n].pair(pepper)
			if _, twice := lines[name]; !twice {
				lines[name] = batch[n].Line
				names = append(names, name)
			}
		}
	}
	all, err := tx.Credential.Query().Where(database.AnyOf(credential.FieldUsername, names)).
		Select(credential.FieldID, credential.FieldUsername, credential.FieldOrganizationID, credential.FieldAppID, credential.FieldImported, credential.FieldStatus).
		All(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return nil, err
	}
	out := make(map[int]*db.Credential, len(all))
	for _, c := range all {
		out[lines[c.Username]] = c
	}
	return out, nil
}

// judge says why a key cannot be stored, or whether it is stored already; is is its
// credential, owner its app, nil for none. A credential whose id is after began was made by
// this run, and so by an earlier line.
func judge(k *Key, owner *db.App, is *db.Credential, began uuid.UUID) (refusal *Refusal, present bool) {
	switch {
	case owner == nil:
		return &Refusal{k.Line, "app", fault.UnknownReference, "The organization has no app with this reference id."}, false
	case is == nil:
		return nil, false
	case is.OrganizationID != owner.OrganizationID || !is.Imported || is.AppID == nil || *is.AppID != owner.ID:
		return &Refusal{k.Line, "", fault.Taken, "There is a key with this user name already, and it is not this one."}, false
	case bytes.Compare(is.ID[:], began[:]) > 0:
		return twice(k.Line), false
	case is.Status == access.CredentialRevoked:
		return &Refusal{k.Line, "", fault.KeyRevoked, "The key was imported earlier and has been revoked since: it never comes back."}, false
	}
	return nil, true
}

// create returns the credential of a key: its hash, never the key.
func (svc *Service) create(tx *change.Tx, k *Key, owner *db.App) *db.CredentialCreate {
	id, pepper := svc.peppers.Pepper()
	username, password := k.pair(pepper)
	at := tx.Now
	if k.CreatedAt != nil {
		at = *k.CreatedAt
	}
	c := tx.Credential.Create().SetOrganizationID(owner.OrganizationID).SetAccountID(owner.AccountID).SetAppID(owner.ID).
		SetUsername(username).SetPepperID(id).SetSecretHash(apikey.Hash(pepper, username, password)).SetImported(true).
		SetName(k.Name).SetNameFolded(domain.Fold(k.Name)).SetEnvironment(k.Environment).SetNillableExpiresAt(k.ExpiresAt).
		SetNillableExpiryNotice(lifecycle.ExpiryNotice(tx.Now, k.ExpiresAt)).
		SetCreatedAt(at).SetUpdatedAt(tx.Now)
	if k.Labels != nil {
		c.SetLabels(k.Labels)
	}
	return c
}

// insert inserts credentials, and records their events.
func insert(ctx context.Context, tx *change.Tx, all []*db.CredentialCreate) error {
	if len(all) == 0 {
		return nil
	}
	made, err := tx.Credential.CreateBulk(all...).Save(ctx)
	if err != nil {
		return err
	}
	for _, c := range made {
		tx.Record(apps.CredentialCreated(c, nil))
	}
	return nil
}
