package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/keyheader"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/organization"
	"portico/internal/apikey"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// CredentialIDByKey finds the credential of an API key among those that the
// viewer may see, revoked ones included. key is an API key of any form, a user name
// and password with a colon between them, or a user name alone, which is public.
// The result is uuid.Nil if the key is unknown, has another secret, or may not
// be seen by the viewer. A text that cannot be a key is fault.CodeBadUserInput; where
// the organization accepts imported keys, nearly every text can be one.
func (svc *Service) CredentialIDByKey(ctx context.Context, key string) (uuid.UUID, error) {
	if username, ok := apikey.ParseUUID(key); ok {
		found, err := svc.seenCredential(ctx, username)
		if err != nil || found == nil {
			return uuid.Nil, err
		}
		return found.ID, nil
	}
	if whole, ok := apikey.Parse(key); ok {
		return svc.provenCredential(ctx, whole)
	}
	foreign := false
	if keyheader.Visible(key) && len(key) <= keyheader.MaxLen {
		var err error
		if foreign, err = svc.client.Organization.Query().Where(organization.ImportedKeys(true)).Exist(ctx); err != nil {
			return uuid.Nil, database.Fault(err)
		}
	}
	if !foreign {
		return uuid.Nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a key.")
	}
	return svc.importedCredential(ctx, apikey.DigestOf(key))
}

// importedCredential finds the credential of a key that was made elsewhere.
func (svc *Service) importedCredential(ctx context.Context, of apikey.Digest) (uuid.UUID, error) {
	for _, id := range svc.peppers.PepperIDs() {
		pepper, _ := svc.peppers.PepperByID(id)
		username, password := of.Pair(pepper)
		if found, err := svc.provenCredential(ctx, apikey.Secret{Username: username, Password: password}); err != nil || found != uuid.Nil {
			return found, err
		}
	}
	return uuid.Nil, nil
}

// provenCredential returns the id of the credential that has a secret.
func (svc *Service) provenCredential(ctx context.Context, key apikey.Secret) (uuid.UUID, error) {
	found, err := svc.seenCredential(ctx, key.Username)
	if err != nil || found == nil || !svc.isSecretOf(found, key) {
		return uuid.Nil, err
	}
	return found.ID, nil
}

// seenCredential returns what is needed of the credential with a username; nil if the
// viewer may see none.
func (svc *Service) seenCredential(ctx context.Context, username uuid.UUID) (*db.Credential, error) {
	found, err := svc.client.Credential.Query().Where(credential.Username(username)).
		Select(credential.FieldID, credential.FieldSecretHash, credential.FieldPepperID).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return found, database.Fault(err)
}

// credentialOf returns the credential of a whole API key, whoever presents it and whatever
// has become of it; nil if the key is unknown or has another secret. Both cost the same.
func (svc *Service) credentialOf(ctx context.Context, key apikey.Secret) (*db.Credential, error) {
	c, err := svc.client.Credential.Query().Where(credential.Username(key.Username)).Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		c, err = &db.Credential{}, nil
	}
	if err != nil {
		return nil, database.Fault(err)
	}
	if !svc.isSecretOf(c, key) {
		return nil, nil
	}
	return c, nil
}

// isSecretOf reports, in constant time, whether a key has the secret of a credential. None
// has that of a credential whose secret nobody has ever had, or whose pepper is gone.
func (svc *Service) isSecretOf(c *db.Credential, key apikey.Secret) bool {
	pepper, known := svc.peppers.PepperByID(c.PepperID)
	if !known {
		_, pepper = svc.peppers.Pepper()
	}
	var hash []byte
	if c.SecretHash != nil {
		hash = *c.SecretHash
	}
	return apikey.Matches(hash, pepper, key.Username, key.Password) && known
}
