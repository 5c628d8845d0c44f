package gateway

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"portico/clients/go/gate/verdict"
)

// Metrics are the metrics of a Verifier.
type Metrics struct {
	verdicts     []prometheus.Counter // by code
	latency      prometheus.Histogram
	keys         prometheus.Gauge
	hits, misses prometheus.Counter
	cursorLag    prometheus.Gauge
	flushLag     prometheus.Gauge
	local        prometheus.Counter
	refusedReads map[string]prometheus.Counter // by what was not read
}

// The values of the label of refusedReads.
const (
	ofKey   = "key"
	ofToken = "token"
)

// NewMetrics returns new metrics, registered with r unless r is nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	verdicts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portico_gate_verdicts_total", Help: "Verdicts, by code."}, []string{"code"})
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portico_gate_lookups_total", Help: "Look-ups of keys: hit, in memory; miss, read from the database."}, []string{"result"})
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portico_gate_refused_reads_total", Help: "What was not in memory and not read from the database, because too much was read in vain: key, token."}, []string{"of"})
	m := &Metrics{
		refusedReads: map[string]prometheus.Counter{ofKey: refused.WithLabelValues(ofKey), ofToken: refused.WithLabelValues(ofToken)},
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "portico_gate_verdict_seconds", Help: "Time to a verdict, without reading the request and writing the answer.",
			Buckets: []float64{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 0.5, 2}}),
		keys: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_gate_keys", Help: "Keys in memory."}),
		hits: lookups.WithLabelValues("hit"), misses: lookups.WithLabelValues("miss"),
		cursorLag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_gate_cursor_lag_seconds", Help: "Time since the log was known to be applied, of the organization that is worst off."}),
		flushLag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_gate_flush_lag_seconds", Help: "Age of the oldest counts that may not be stored."}),
		local: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "portico_gate_local_limits_total", Help: "Verdicts whose limits were kept by this node alone because Redis did not answer."}),
	}
	m.verdicts = make([]prometheus.Counter, verdict.Valid+1)
	for _, c := range verdict.Codes() {
		m.verdicts[c] = verdicts.WithLabelValues(c.String())
	}
	if r != nil {
		r.MustRegister(verdicts, lookups, m.latency, m.keys, m.cursorLag, m.flushLag, m.local, refused)
	}
	return m
}

func (m *Metrics) refusedRead(of string) { m.refusedReads[of].Inc() }

func (m *Metrics) verdict(v *verdict.Verdict, took time.Duration) {
	m.verdicts[v.Code].Inc()
	m.latency.Observe(took.Seconds())
	if v.Limits.Local {
		m.local.Inc()
	}
}

// measure brings the gauges up to date.
func (v *Verifier) measure() {
	now, worst := v.o.Mono(), time.Duration(0)
	for _, f := range v.readyFollowers() {
		if confirmed := f.confirmedAt.Load(); confirmed == neverConfirmed {
			worst = max(worst, v.maxStaleness) // invalidated
		} else {
			worst = max(worst, now-time.Duration(confirmed))
		}
	}
	v.o.Metrics.cursorLag.Set(worst.Seconds())
	v.o.Metrics.flushLag.Set(v.o.Clock.Now().Sub(v.o.CountsStored()).Seconds())
	v.o.Metrics.keys.Set(float64(v.budget.Used()))
}

// Load returns the use of a bounded resource: how much of its size is in use, how
// many callers wait, and how many were turned away.
type Load = func() (used, size, waiting, refused int64)

// Loads returns the load of the bounded resources, by name: reads of credentials
// and tokens for calls, and answers of the feed.
func (v *Verifier) Loads() map[string]Load {
	return map[string]Load{"reads": v.reads.Load, "feeds": v.feedReaders.Load}
}
