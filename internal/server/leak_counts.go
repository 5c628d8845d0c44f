package server

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"portico/internal/apps"
)

// countLeaks counts the keys that are said to have leaked, by who says it and what came
// of it. All pairs exist from the start, so that an increase from zero is visible.
func countLeaks(r prometheus.Registerer) func(apps.LeakSource, apps.LeakOutcome) {
	leaks := promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "portico_key_leaks_total", Help: "Keys said to have leaked, by who says it and what came of it.",
	}, []string{"source", "outcome"})
	for _, s := range apps.LeakSources() {
		for _, o := range apps.LeakOutcomes() {
			leaks.WithLabelValues(string(s), string(o))
		}
	}
	return func(s apps.LeakSource, o apps.LeakOutcome) { leaks.WithLabelValues(string(s), string(o)).Inc() }
}
