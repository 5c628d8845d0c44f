package telemetry

import "github.com/prometheus/client_golang/prometheus"

// NewLog registers how many lines of each kind were left out of the log.
func NewLog(r prometheus.Registerer, kinds []string, leftOut func(kind string) int) {
	for _, k := range kinds {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "portico_log_lines_left_out_total",
			Help:        "Lines at WARN or ERROR that were not written, because one of the same kind was within the last minute.",
			ConstLabels: prometheus.Labels{"kind": k},
		}, func() float64 { return float64(leftOut(k)) }))
	}
}
