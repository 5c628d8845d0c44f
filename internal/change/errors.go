package change

import (
	"errors"

	"entgo.io/ent/privacy"

	"portico/ent/db"
	"portico/internal/database"
	"portico/internal/fault"
)

// PublicError turns an error of the storage into one that may be shown to
// clients; other errors that may be shown are returned unchanged.
func PublicError(err error) error {
	var known *fault.Error
	var invalid *fault.Invalid
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &invalid):
		return err
	case errors.Is(err, privacy.Deny):
		return fault.Wrap(fault.CodeForbidden, fault.ReasonRole, err, "Your role does not allow this.")
	case db.IsNotFound(err):
		return fault.NotFound()
	case database.IsRetryable(err):
		return fault.Wrap(fault.CodeConflict, fault.ReasonConcurrentChange, err, "Somebody else changed the same at the same moment; try again.")
	}
	return database.Fault(err)
}
