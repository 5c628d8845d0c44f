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
