package telemetry

import "github.com/prometheus/client_golang/prometheus"

// NewProductEndings returns a func that counts the steps of the ends of products which this
// server has taken: deprecated, retired, announced.
func NewProductEndings(r prometheus.Registerer) func(step string) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portico_product_endings_total", Help: "Products that this server deprecated or retired because their time had come, and notices of retirements."}, []string{"step"})
	r.MustRegister(c)
	for _, step := range []string{"deprecated", "retired", "announced"} {
		c.WithLabelValues(step)
	}
	return func(step string) { c.WithLabelValues(step).Inc() }
}
