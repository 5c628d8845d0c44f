package server

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"portico/internal/config"
)

// ops serves operators: metrics, profiles and health. It has no authentication,
// so its address must not be reachable from outside, nor through a browser
// inside. The command line is not among the profiles.
func ops(metrics *prometheus.Registry, state *readiness, known hosts) http.Handler {
	r := chi.NewRouter()
	r.Use(known.refuseOthers)
	r.Get("/healthz", liveness)
	r.Get("/readyz", state.ServeHTTP)
	r.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	r.Route("/debug/pprof", func(r chi.Router) {
		r.HandleFunc("/symbol", pprof.Symbol)
		r = r.With(limitProfiles())
		r.HandleFunc("/", pprof.Index)
		r.HandleFunc("/profile", pprof.Profile)
		r.HandleFunc("/trace", pprof.Trace)
		r.HandleFunc("/{profile}", pprof.Index)
	})
	return r
}

// hosts are the names accepted by the operators' listener. A page of another
// origin can resolve a name of its own to this address (DNS rebinding); the
// request then has that name.
type hosts []string

// refuseOthers refuses requests for other hosts.
func (h hosts) refuseOthers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.allows(r.Context(), r.Host) {
			writeStatus(w, http.StatusMisdirectedRequest, "refused", "this host is not known here: see PORTICO_OPS_HOSTS")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allows reports whether a Host is local to this machine, is the address at
// which the request arrived, or is listed. HTTP/1.0 clients, which are not
// browsers, may send none.
func (h hosts) allows(ctx context.Context, host string) bool {
	name := hostname(host)
	if name == "" || name == "localhost" || slices.Contains(h, name) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return true
	}
	at, ok := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && at.AddrPort().Addr().Unmap().WithZone("") == ip
}

// hostname returns a Host without its port, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// opsHosts returns the configured names, including that of the listen address.
func opsHosts(c *config.Config) hosts {
	all := hosts{hostname(c.OpsAddr)}
	for _, name := range c.OpsHosts {
		all = append(all, hostname(name))
	}
	return all
}
