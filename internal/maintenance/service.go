// Package maintenance does what the passing of time asks for, as Portico itself:
// it records that credentials have expired, and removes what is no longer
// retained.
package maintenance

import (
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
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

// addTo adds n to total, unless err is not nil.
func addTo(total *int, n int, err error) error {
	if err == nil {
		*total += n
	}
	return err
}
