package maintenance

import (
	"context"

	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/internal/change"
	"portico/internal/database"
)

// deleteCredentials deletes up to batchSize credentials with their access
// control lists. The database forgets them as predecessors and successors of others.
func deleteCredentials(ctx context.Context, tx *change.Tx, which predicate.Credential) (int, error) {
	ids, err := tx.Credential.Query().Where(which).Limit(batchSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := tx.AccessEntry.Delete().Where(database.AnyOf(accessentry.FieldCredentialID, ids)).Exec(ctx); err != nil {
		return 0, err
	}
	return tx.Credential.Delete().Where(database.AnyOf(credential.FieldID, ids)).Exec(ctx)
}
