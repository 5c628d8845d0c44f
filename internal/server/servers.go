package server

import (
	"context"
	"log/slog"
	"net"

	"portico/internal/gqlhttp"
	"portico/internal/seldom"
)

// servers returns the server of each listener.
func (p *process) servers(l listeners) ([]service, error) {
	api, err := p.routes()
	if err != nil {
		return nil, err
	}
	// Errors of connections, not of requests.
	errorLog := slog.NewLogLogger(p.log.Handler().WithAttrs([]slog.Attr{seldom.Line(seldom.Connections)}), slog.LevelWarn)
	public := gqlhttp.Server(l.api.Addr().String(), api, gqlhttp.DefaultTimeouts())
	public.ErrorLog = errorLog
	out := []service{{l.api, public}}
	if l.gateways != nil {
		doors, err := p.gatewayServer()
		if err != nil {
			return nil, err
		}
		out = append(out, service{l.gateways, doors})
	}
	if l.ops != nil {
		server := gqlhttp.Server(l.ops.Addr().String(), ops(p.gateway.metrics, p.state, opsHosts(p.config)), gqlhttp.DefaultTimeouts())
		server.ErrorLog = errorLog
		out = append(out, service{l.ops, server})
	}
	return out, nil
}

// logAddresses logs where the server listens.
func (p *process) logAddresses(ctx context.Context, l listeners) {
	if a, ok := l.api.Addr().(*net.TCPAddr); ok && p.config.Dev && !a.IP.IsLoopback() {
		p.log.WarnContext(ctx, "development mode serves demo users with a known password, and this address can be reached from outside")
	}
	where := []any{"address", l.api.Addr().String()}
	if l.gateways != nil {
		where = append(where, "gateways", l.gateways.Addr().String())
	}
	if l.ops != nil {
		where = append(where, "ops", l.ops.Addr().String())
	}
	p.log.InfoContext(ctx, "serving", append(where, "version", p.version,
		"database", p.config.MaskedDatabaseURL(), "development", p.config.Dev)...)
}
