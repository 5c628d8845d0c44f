package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Statements counts what becomes of statements.
type Statements struct {
	settled, closed prometheus.Counter
	waiting, oldest prometheus.Gauge
}

// NewStatements returns the metrics and registers them.
func NewStatements(r prometheus.Registerer) *Statements {
	s := &Statements{
		settled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "portico_statement_lines_settled_total", Help: "Lines of statements that this server settled."}),
		closed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "portico_statements_closed_total", Help: "Statements that this server closed."}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_statement_lines_waiting", Help: "Lines of statements that have ended and are not settled, when this server last looked."}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_statement_lines_oldest_end_timestamp_seconds", Help: "When the oldest of them ended; 0 if there is none."}),
	}
	r.MustRegister(s.settled, s.closed, s.waiting, s.oldest)
	return s
}

// Done counts what a run of the job has done.
func (s *Statements) Done(settled, closed int) {
	s.settled.Add(float64(settled))
	s.closed.Add(float64(closed))
}

// Waits says how many lines wait to be settled, and when the oldest has ended; the zero time
// if there is none.
func (s *Statements) Waits(lines int, oldest time.Time) {
	s.waiting.Set(float64(lines))
	s.oldest.Set(0)
	if !oldest.IsZero() {
		s.oldest.Set(float64(oldest.Unix()))
	}
}
