package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Jobs counts the runs of the program's background work.
type Jobs struct {
	runs    *prometheus.CounterVec
	time    *prometheus.HistogramVec
	success *prometheus.GaugeVec
}

// NewJobs returns the metrics and registers them.
func NewJobs(r prometheus.Registerer) *Jobs {
	m := &Jobs{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portico_job_runs_total", Help: "Runs of background jobs on this server, by job and outcome (ok or error)."}, []string{"job", "outcome"}),
		time: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "portico_job_seconds", Help: "How long a run of a background job took.",
			Buckets: []float64{.01, .05, .25, 1, 5, 15, 60, 300}}, []string{"job"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "portico_job_last_success_timestamp_seconds", Help: "When a background job last ended well on this server; another server may have run it since."}, []string{"job"}),
	}
	r.MustRegister(m.runs, m.time, m.success)
	return m
}

// Watch returns a func that calls run and counts it under a job's name.
func (m *Jobs) Watch(job string, run func(context.Context) error) func(context.Context) error {
	for _, outcome := range []string{"ok", "error"} {
		m.runs.WithLabelValues(job, outcome) // a rate needs an initial zero
	}
	return func(ctx context.Context) error {
		start := time.Now()
		outcome := "error" // if it panics
		defer func() {
			m.runs.WithLabelValues(job, outcome).Inc()
			m.time.WithLabelValues(job).Observe(time.Since(start).Seconds())
		}()
		err := run(ctx)
		if err == nil {
			outcome = "ok"
			m.success.WithLabelValues(job).SetToCurrentTime()
		}
		return err
	}
}
