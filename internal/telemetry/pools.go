package telemetry

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"
)

// pools collects the state of the database's connection pools at the time of
// each scrape.
type pools struct {
	stats                           func() map[string]sql.DBStats
	used, idle, most, waits, waited *prometheus.Desc
}

// NewPools registers the metrics of connection pools; stats returns their state
// by name.
func NewPools(r prometheus.Registerer, stats func() map[string]sql.DBStats) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("portico_db_"+name, help, []string{"pool"}, nil)
	}
	r.MustRegister(&pools{
		stats:  stats,
		used:   desc("connections_used", "Database connections at work."),
		idle:   desc("connections_idle", "Database connections that wait for work."),
		most:   desc("connections_max", "Most database connections at once."),
		waits:  desc("waits_total", "How often a connection had to be waited for."),
		waited: desc("wait_seconds_total", "How long connections were waited for, in all."),
	})
}

// Describe implements prometheus.Collector.
func (p *pools) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.used, p.idle, p.most, p.waits, p.waited} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (p *pools) Collect(out chan<- prometheus.Metric) {
	for name, s := range p.stats() {
		gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
		out <- prometheus.MustNewConstMetric(p.used, gauge, float64(s.InUse), name)
		out <- prometheus.MustNewConstMetric(p.idle, gauge, float64(s.Idle), name)
		out <- prometheus.MustNewConstMetric(p.most, gauge, float64(s.MaxOpenConnections), name)
		out <- prometheus.MustNewConstMetric(p.waits, counter, float64(s.WaitCount), name)
		out <- prometheus.MustNewConstMetric(p.waited, counter, s.WaitDuration.Seconds(), name)
	}
}
