package server

import (
	"github.com/go-chi/chi/v5"

	"portico/internal/auth"
	"portico/internal/leaks"
)

// routeLeaks serves those who hold a key that is not theirs to use any more.
func (p *process) routeLeaks(r chi.Router, who *auth.Authenticator) {
	o := leaks.Options{Keys: p.portal.Apps, Pay: p.payExchange, Log: p.log}
	r = r.With(withDeadline(requestTime), who.Anonymous)
	if p.config.ScanningKeys != "" {
		o.Programme = leaks.NewProgramme(p.config.ScanningKeys, p.Clock)
		r.Post(leaks.ScanningPath, leaks.New(o).Scan)
	}
	r.Post(leaks.RevokePath, leaks.New(o).Revoke)
}
