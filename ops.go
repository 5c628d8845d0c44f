package main

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
)

// ops is for operators: metrics, profiles and health. It asks for no password,
// so its address must not be reachable from outside, nor through the browser of
// somebody inside. The command line is not among the profiles.
func ops(metrics *prometheus.Registry, state *readiness, known hosts) http.Handler {
	r := chi.NewRouter()
	r.Use(known.only)
	r.Get("/healthz", alive)
	r.Get("/readyz", state.ServeHTTP)
	r.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	r.Route("/debug/pprof", func(r chi.Router) {
		r.HandleFunc("/symbol", pprof.Symbol)
		r = r.With(briefly())
		r.HandleFunc("/", pprof.Index)
		r.HandleFunc("/profile", pprof.Profile)
		r.HandleFunc("/trace", pprof.Trace)
		r.HandleFunc("/{profile}", pprof.Index)
	})
	return r
}

// hosts are the names by which the operators' listener may be called. A page
// of another origin can make a name of its own lead here; then the name in the
// request is that one.
type hosts []string

// only refuses requests that were meant for another host.
func (h hosts) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.knows(r.Context(), r.Host) {
			writeStatus(w, http.StatusMisdirectedRequest, "refused", "this host is not known here: see PORTICO_OPS_HOSTS")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows reports whether a Host is of this machine alone, is the address to
// which the request came, or is one of the listed. None comes from programs of
// HTTP/1.0, which are no browsers.
func (h hosts) knows(ctx context.Context, host string) bool {
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

// hostname is a Host without its port, in small letters.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// opsHosts are the configured names, that of the listen address included.
func (p *program) opsHosts() hosts {
	all := hosts{hostname(p.config.OpsAddr)}
	for _, name := range p.config.OpsHosts {
		all = append(all, hostname(name))
	}
	return all
}
