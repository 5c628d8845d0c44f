package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Load is how full a lane is: how much of its size is in use, how many wait for
// a place, and how many were turned away since the start.
type Load func() (used, size, waiting, refused int64)

// lanes shows what bounds work that runs at once, as it is when asked.
type lanes struct {
	loads                        map[string]Load
	used, size, waiting, refused *prometheus.Desc
}

// NewLanes registers the metrics of lanes, by their names.
func NewLanes(r prometheus.Registerer, loads map[string]Load) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("portico_lane_"+name, help, []string{"lane"}, nil)
	}
	r.MustRegister(&lanes{
		loads:   loads,
		used:    desc("used", "How much of a lane, which bounds the work that runs at once, is in use."),
		size:    desc("size", "How much fits into a lane at once."),
		waiting: desc("waiting", "How many wait for a place in a lane."),
		refused: desc("refused_total", "How many found no place in a lane in time, or too many waiting."),
	})
}

// Describe lists the metrics.
func (l *lanes) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.used, l.size, l.waiting, l.refused} {
		out <- d
	}
}

// Collect reads the lanes.
func (l *lanes) Collect(out chan<- prometheus.Metric) {
	for name, load := range l.loads {
		used, size, waiting, refused := load()
		gauge := func(d *prometheus.Desc, n int64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), name)
		}
		gauge(l.used, used)
		gauge(l.size, size)
		gauge(l.waiting, waiting)
		out <- prometheus.MustNewConstMetric(l.refused, prometheus.CounterValue, float64(refused), name)
	}
}
