package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/database"
	"portico/internal/fault"
)

// CredentialIDByKey finds the credential of an API key among those that the
// viewer may see, revoked ones included. key is a raw key, a user name and
// password with a colon between them, or a user name alone, which is public.
// The result is uuid.Nil if the key is unknown, has another secret, or may not
// be seen by the viewer. A text that cannot be a key is fault.CodeBadUserInput.
func (svc *Service) CredentialIDByKey(ctx context.Context, key string) (uuid.UUID, error) {
	proven := true
	username, password, ok := rawkey.Parse(key)
	if !ok {
		username, password, ok = apikey.ParsePair(key)
	}
	if !ok {
		proven = false
		username, ok = apikey.ParseUsername(key)
	}
	if !ok {
		return uuid.Nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a key.")
	}
	found, err := svc.client.Credential.Query().Where(credential.Username(username)).
		Select(credential.FieldID, credential.FieldSecretHash, credential.FieldPepperID).Only(ctx)
	switch {
	case db.IsNotFound(err):
		return uuid.Nil, nil
	case err != nil:
		return uuid.Nil, database.Fault(err)
	case !proven:
		return found.ID, nil
	}
	pepper, ok := svc.peppers.PepperByID(found.PepperID)
	if !ok || found.SecretHash == nil || !apikey.Matches(*found.SecretHash, pepper, username, password) {
		return uuid.Nil, nil
	}
	return found.ID, nil
}
