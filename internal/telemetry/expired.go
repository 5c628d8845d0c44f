package telemetry

import "github.com/prometheus/client_golang/prometheus"

// NewExpiredRequests returns a func that counts requests which expired because nobody
// decided about them.
func NewExpiredRequests(r prometheus.Registerer) func(n int) {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "portico_requests_expired_total", Help: "Subscriptions and changes of plan that this server ended because nobody decided about them in time."})
	r.MustRegister(c)
	return func(n int) { c.Add(float64(n)) }
}
