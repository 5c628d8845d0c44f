package telemetry

import "github.com/prometheus/client_golang/prometheus"

// NewLocalBudgets registers the counter of budget decisions that this server
// took by itself, and returns a func that counts one.
func NewLocalBudgets(r prometheus.Registerer) (count func()) {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "portico_api_local_budgets_total",
		Help: "Requests of the API whose budgets were kept by this server alone because Redis did not answer.",
	})
	r.MustRegister(c)
	return c.Inc
}
