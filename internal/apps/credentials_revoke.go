package apps

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// MaxRevokedKeys is the maximum number of credentials that RevokeKeys revokes at once.
const MaxRevokedKeys = 100

// RevokeKeysInput is the input of RevokeKeys.
type RevokeKeysInput struct {
	CredentialIDs []string
	Reason        *domain.RevocationReason
	Note          *string
}

// RevokeKeysResult is what has become of one of the credentials: it is revoked, or Error
// says why RevokeKey would have failed.
type RevokeKeysResult struct {
	CredentialID string
	Credential   *db.Credential
	Error        *fault.Kind
}

// RevokeKeys revokes 1–MaxRevokedKeys credentials permanently and returns a result for
// each, in their order. It is one transaction: what is about the request, such as a
// suspended account or a lost connection, leaves all of them as they were, and only that
// there is no such credential is a result.
func (svc *Service) RevokeKeys(ctx context.Context, in RevokeKeysInput) ([]*RevokeKeysResult, error) {
	why := input.Or(in.Reason, domain.Unspecified)
	if err := fault.Collect(input.Each("credentialIds", in.CredentialIDs, MaxRevokedKeys, "Name at least one key.", "This key is named twice."), input.CheckReason("note", in.Note), checkRevocation(why)); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) ([]*RevokeKeysResult, error) {
		found, err := lockToRevoke(ctx, tx, input.DecodeIDs(nodeid.Credential, in.CredentialIDs)...)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if err := authorizeRevocation(tx, c); err != nil {
				return nil, err
			}
		}
		if err := revokeAll(ctx, tx, found, why, input.OrZero(in.Note)); err != nil {
			return nil, err
		}
		return revoked(ctx, tx, in.CredentialIDs, found)
	})
}

// lockToRevoke reads those of the credentials that the viewer may see, in their present
// status, and locks them. Revoking one changes the notices of the one whose place it takes
// (noticePredecessors), so that this one is locked with it: both in the order of their
// ids, as everybody locks credentials. Which one it is never changes, so it can be read
// before.
func lockToRevoke(ctx context.Context, tx *change.Tx, ids ...uuid.UUID) ([]*db.Credential, error) {
	successors, err := tx.Credential.Query().Where(database.AnyOf(credential.FieldID, ids), credential.PredecessorIDNotNil()).
		Select(credential.FieldPredecessorID).All(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(ids)
	for _, c := range successors {
		all = append(all, *c.PredecessorID)
	}
	locked, err := lockCredentials(ctx, tx, database.AnyOf(credential.FieldID, all))
	return slices.DeleteFunc(locked, func(c *db.Credential) bool { return !slices.Contains(ids, c.ID) }), err
}

// lockOneToRevoke is lockToRevoke for a single credential.
func lockOneToRevoke(ctx context.Context, tx *change.Tx, id uuid.UUID) (*db.Credential, error) {
	all, err := lockToRevoke(ctx, tx, id)
	if err == nil && len(all) == 0 {
		err = &db.NotFoundError{}
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// lockCredentials locks the credentials that the viewer may see of those that match, and
// reads them in their present status. Their apps come first, as where these are deleted:
// what ends a credential is counted there.
func lockCredentials(ctx context.Context, tx *change.Tx, which ...predicate.Credential) ([]*db.Credential, error) {
	if err := lockAppsOf(ctx, tx, which...); err != nil {
		return nil, err
	}
	all, err := change.LockForUpdate(tx, tx.Credential.Query().Where(which...)).All(ctx)
	for _, c := range all {
		c.Settle(tx.Now)
	}
	return all, err
}

// lockAppsOf locks the apps of credentials, deleted ones too.
func lockAppsOf(ctx context.Context, tx *change.Tx, which ...predicate.Credential) error {
	of, err := tx.Credential.Query().Where(which...).Where(credential.AppIDNotNil()).Select(credential.FieldAppID).All(ctx)
	if err != nil || len(of) == 0 {
		return err
	}
	apps := make([]uuid.UUID, len(of))
	for i, c := range of {
		apps[i] = *c.AppID
	}
	_, err = change.LockForUpdate(tx, tx.App.Query().Where(database.AnyOf(app.FieldID, apps))).IDs(viewer.AsSystem(ctx, viewer.Current(ctx).OrganizationID))
	return err
}

// authorizeRevocation asks the policy whether a credential may be revoked; one that is
// revoked already is left as it is.
func authorizeRevocation(tx *change.Tx, c *db.Credential) error {
	if c.Status == access.CredentialRevoked {
		return change.Refusal(policy.Decide(tx.Viewer, onCredential(c, lifecycle.Revoke).WithoutConditions()))
	}
	return authorizeCredential(tx, c, lifecycle.Revoke)
}

// revoked returns the results for ids of which those of found are revoked.
func revoked(ctx context.Context, tx *change.Tx, ids []string, found []*db.Credential) ([]*RevokeKeysResult, error) {
	of := make([]uuid.UUID, len(found))
	for i, c := range found {
		of[i] = c.ID
	}
	all, err := tx.Credential.Query().Where(database.AnyOf(credential.FieldID, of)).All(ctx)
	if err != nil {
		return nil, err
	}
	now := make(map[string]*db.Credential, len(all))
	for _, c := range all {
		now[c.GlobalID()] = c
	}
	out := make([]*RevokeKeysResult, len(ids))
	for i, id := range ids {
		out[i] = &RevokeKeysResult{CredentialID: id, Credential: now[id]}
		if now[id] == nil {
			none := fault.NotFound()
			out[i].Error = &fault.Kind{Code: none.Code, Reason: none.Reason}
		}
	}
	return out, nil
}
