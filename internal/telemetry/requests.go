// Package telemetry provides what operators monitor of the API and of the
// program's own work: metrics for Prometheus, and traces for OpenTelemetry. It
// knows neither GraphQL nor the services; they report to it.
package telemetry

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
)

// maxOperations is how many operation names have metrics of their own at a time.
// Clients choose the names, and each takes memory here and in Prometheus.
const maxOperations = 200

// Other is the label of operations without a name and of those whose document is
// not known.
const Other = "other"

// Request is an answered request of the API.
type Request struct {
	// Operation is the operation's name, empty if it has none; Kind is query or
	// mutation, empty if the document was refused.
	Operation, Kind string
	// Known reports whether an authenticated caller has had the document
	// answered before.
	Known bool
	// Codes are the codes of the answer's errors.
	Codes []string
	Took  time.Duration
}

// Requests counts the requests of the API.
type Requests struct {
	count  *prometheus.CounterVec
	errors *prometheus.CounterVec
	time   *prometheus.HistogramVec

	mu    sync.Mutex
	names *simplelru.LRU[string, struct{}] // most recently used
}

// NewRequests returns the metrics and registers them.
func NewRequests(r prometheus.Registerer) *Requests {
	m := &Requests{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portico_api_requests_total", Help: "Requests of the GraphQL API, by operation name, kind (query, mutation, or refused) and outcome (ok or error)."},
			[]string{"operation", "kind", "outcome"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portico_api_errors_total", Help: "Top-level errors in the answers of the GraphQL API, by operation name and code."},
			[]string{"operation", "code"}),
		time: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "portico_api_request_seconds", Help: "Time from the end of authentication to the last byte of the answer, by operation name and kind.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"operation", "kind"}),
	}
	// The only error is a size below one.
	m.names, _ = simplelru.NewLRU(maxOperations, func(name string, _ struct{}) { m.forget(name) })
	r.MustRegister(m.count, m.errors, m.time)
	return m
}

// Observe counts one request.
func (m *Requests) Observe(r Request) {
	m.mu.Lock() // so that a name is not dropped while it is counted
	defer m.mu.Unlock()
	operation, kind, outcome := m.name(r), r.Kind, "ok"
	if kind == "" {
		kind = "refused"
	}
	if len(r.Codes) > 0 {
		outcome = "error"
	}
	m.count.WithLabelValues(operation, kind, outcome).Inc()
	m.time.WithLabelValues(operation, kind).Observe(r.Took.Seconds())
	for _, code := range r.Codes {
		m.errors.WithLabelValues(operation, code).Inc()
	}
}

// name returns the label of an operation.
func (m *Requests) name(r Request) string {
	if r.Operation == "" || !r.Known {
		return Other
	}
	m.names.Add(r.Operation, struct{}{})
	return r.Operation
}

// forget deletes the metrics of a name, to make room for another.
func (m *Requests) forget(name string) {
	labels := prometheus.Labels{"operation": name}
	m.count.DeletePartialMatch(labels)
	m.errors.DeletePartialMatch(labels)
	m.time.DeletePartialMatch(labels)
}
