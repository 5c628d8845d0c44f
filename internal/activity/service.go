// Package activity answers what happened: the events of an organization's log,
// and who may see which counts of calls. The only events of its own are those of
// exports. The counts themselves are package usage's.
package activity

import (
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/entity"
)

// Options configures a Service. All fields are required.
type Options struct {
	Client   *db.Client
	Changes  *change.Runner
	Entities entity.Reader
}

// Service implements the reading of events and usage. It is safe for concurrent
// use.
type Service struct {
	client   *db.Client
	changes  *change.Runner
	entities entity.Reader
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{client: o.Client, changes: o.Changes, entities: o.Entities}
}
