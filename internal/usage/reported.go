package usage

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

const (
	// MaxReported is the maximum number of rows in a batch.
	MaxReported = 1000
	// MaxBatchID is the maximum length of a batch's id, in bytes.
	MaxBatchID = 100
)

// Reporter is a gateway whose reports are taken in.
type Reporter struct {
	Organization uuid.UUID
	// Products are those whose calls it may report, besides refusals of calls to no
	// product; nil: all products, and calls to none.
	Products access.ProductScope
	// Environment is the one whose credentials it may report; "": all.
	Environment access.Environment
}

// Reported is a row of a gateway's report: calls that the gateway decided about by
// itself (Code), or the responses to calls behind it (StatusClass), or both.
type Reported struct {
	Call
	At time.Time
	// Calls is the number of calls, at least 1.
	Calls int64
	// StatusClass is the first digit of the HTTP status, 1–5; 0: unknown.
	StatusClass int
	// Latency is the sum over all Calls.
	Latency time.Duration
}

// InTime reports whether Latency is possible for that number of calls.
func (r *Reported) InTime() bool {
	if r.Latency < 0 || r.Latency > MaxLatency {
		return false
	}
	return r.Calls > int64(MaxLatency/MaxMeanLatency) || r.Latency <= MaxMeanLatency*time.Duration(r.Calls)
}
