// Package activity answers what happened: the events of an organization's log,
// and who may see which counts of calls. It changes nothing. The counts
// themselves are package usage's.
package activity

import (
	"portico/ent/db"
	"portico/internal/entity"
)

// Options configures a Service. All fields are required.
type Options struct {
	Client   *db.Client
	Entities entity.Reader
}

// Service implements the reading of events and usage. It is safe for concurrent
// use.
type Service struct {
	client   *db.Client
	entities entity.Reader
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{client: o.Client, entities: o.Entities}
}
