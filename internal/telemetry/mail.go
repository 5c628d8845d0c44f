package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Mail counts letters. The gauges are of the server that sends them at present, and 0
// on others.
type Mail struct {
	letters *prometheus.CounterVec
	waiting prometheus.Gauge
	oldest  prometheus.Gauge
	down    prometheus.Gauge
}

// NewMail returns the metrics and registers them.
func NewMail(r prometheus.Registerer) *Mail {
	m := &Mail{
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portico_mail_letters_total", Help: "Attempts to send letters on this server, by kind and outcome (sent, delayed, failed or skipped)."}, []string{"kind", "outcome"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_mail_waiting", Help: "Letters that wait to be sent."}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_mail_oldest_waiting_seconds", Help: "How long the oldest letter that waits has waited."}),
		down: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portico_mail_server_unusable", Help: "1 while the mail server takes no letters, else 0."}),
	}
	r.MustRegister(m.letters, m.waiting, m.oldest, m.down)
	return m
}

// Letter counts what became of an attempt.
func (m *Mail) Letter(kind, outcome string) { m.letters.WithLabelValues(kind, outcome).Inc() }

// Waiting sets how many letters wait, and for how long the oldest has.
func (m *Mail) Waiting(letters int, oldest time.Duration) {
	m.waiting.Set(float64(letters))
	m.oldest.Set(oldest.Seconds())
}

// Server sets whether the mail server can be used.
func (m *Mail) Server(usable bool) {
	m.down.Set(1)
	if usable {
		m.down.Set(0)
	}
}
