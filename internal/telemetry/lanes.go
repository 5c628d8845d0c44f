package telemetry

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Load returns how full a lane is: how much of its size is in use, how many wait
// for a place, and how many were refused since the start.
type Load = func() (used, size, waiting, refused int64)

// Lanes collects the load of the lanes, which bound concurrent work, at the time
// of each scrape.
type Lanes struct {
	used, size, waiting, refused *prometheus.Desc

	mu    sync.Mutex
	loads map[string]Load
}

// NewLanes registers the metrics of lanes, which are added by Add.
func NewLanes(r prometheus.Registerer) *Lanes {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("portico_lane_"+name, help, []string{"lane"}, nil)
	}
	l := &Lanes{
		loads:   map[string]Load{},
		used:    desc("used", "How much of a lane, which bounds the work that runs at once, is in use."),
		size:    desc("size", "How much fits into a lane at once."),
		waiting: desc("waiting", "How many wait for a place in a lane."),
		refused: desc("refused_total", "How many found no place in a lane in time, or too many waiting."),
	}
	r.MustRegister(l)
	return l
}

// Add adds lanes, by their names.
func (l *Lanes) Add(loads map[string]Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.loads, loads)
}

// Describe implements prometheus.Collector.
func (l *Lanes) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.used, l.size, l.waiting, l.refused} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (l *Lanes) Collect(out chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
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
