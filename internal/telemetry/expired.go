package telemetry

import "github.com/prometheus/client_golang/prometheus"

// NewExpiredRequests returns a func that counts requests which expired because nobody
// decided about them.
func NewExpiredRequests(r prometheus.Registerer) func(n int) {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "portico_requests_expired_total", Help: "Subscriptions, changes of plan and requests for keys that this server ended because nobody decided about them in time."})
	r.MustRegister(c)
	return func(n int) { c.Add(float64(n)) }
}

// NewUncollectedKeys returns a func that counts keys which were revoked because nobody
// collected them.
func NewUncollectedKeys(r prometheus.Registerer) func(n int) {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "portico_keys_uncollected_total", Help: "Requests for keys that this server ended because nobody collected their key in time."})
	r.MustRegister(c)
	return func(n int) { c.Add(float64(n)) }
}
