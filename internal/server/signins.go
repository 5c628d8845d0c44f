package server

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"portico/internal/identity"
)

// countSignIns counts failed sign-ins by reason. All reasons exist from the
// start, so that an increase from zero is visible.
func countSignIns(r prometheus.Registerer) func(identity.SignInFailure) {
	failed := promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "portico_sign_ins_failed_total", Help: "Sign-ins that failed, by the reason.",
	}, []string{"reason"})
	for _, reason := range identity.SignInFailures() {
		failed.WithLabelValues(string(reason))
	}
	return func(reason identity.SignInFailure) { failed.WithLabelValues(string(reason)).Inc() }
}
