// Package maintenance does what the passing of time asks for, as Portico itself:
// it records that credentials have expired or soon will, and removes what is no
// longer retained.
package maintenance

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/viewer"
)

// batchSize is the number of rows that one maintenance transaction changes: few
// enough that other transactions do not wait for it long.
const batchSize = 500

// Service records expiries and purges. It is safe for concurrent use, on several
// nodes at once.
type Service struct {
	client   *db.Client
	database *database.DB
	changes  *change.Runner
	clock    clock.Clock
}

// New returns a Service.
func New(client *db.Client, d *database.DB, changes *change.Runner, c clock.Clock) *Service {
	return &Service{client: client, database: d, changes: changes, clock: c}
}

// inBatches repeats some until it returns less than batchSize.
func inBatches(some func() (int, error)) error {
	for {
		if n, err := some(); n < batchSize || err != nil {
			return err
		}
	}
}

// inOrganizations calls some for each of the organizations, whose ids it parses, until it
// returns less than batchSize, and returns the sum. What fails in one organization keeps
// no other waiting.
func inOrganizations(ctx context.Context, ids []string, some func(context.Context) (int, error)) (n int, err error) {
	var errs []error
	for _, text := range ids {
		id, err := uuid.Parse(text)
		if err == nil {
			err = inBatches(func() (int, error) {
				done, err := some(viewer.AsSystem(ctx, id))
				n += done
				return done, err
			})
		}
		errs = append(errs, err)
	}
	return n, errors.Join(errs...)
}

// addTo adds n to total, unless err is not nil.
func addTo(total *int, n int, err error) error {
	if err == nil {
		*total += n
	}
	return err
}
