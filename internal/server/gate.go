package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"

	"portico/clients/go/gate/limits"
	"portico/internal/auth"
	"portico/internal/backend"
	"portico/internal/budget"
	"portico/internal/clock"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
	"portico/internal/redislimits"
	"portico/internal/seldom"
	"portico/internal/telemetry"
	"portico/internal/usage/counts"
	"portico/internal/usage/intake"
	"portico/internal/usage/report"
)

// gatewayService serves gateways: the key cache, the limits, the usage counts.
type gatewayService struct {
	*gateway.Verifier
	intake  *intake.Store
	counts  *counts.Store
	reports *report.Reader
	flusher *intake.Flusher
	metrics *prometheus.Registry
	lanes   *telemetry.Lanes
	budget  *budget.Budget
	redis   redis.UniversalClient // nil if not configured
	// shared are the limiters that use Redis.
	shared []*redislimits.Limiter
}

// newGatewayService creates the gateway service for the backend's database.
func (p *process) newGatewayService() (*gatewayService, error) {
	g := &gatewayService{
		intake: intake.NewStore(p.Database, p.Clock), counts: counts.NewStore(p.Database, p.DatabaseClock), reports: report.NewReader(p.Database, p.Clock),
		metrics: prometheus.NewRegistry(),
	}
	g.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	telemetry.NewPools(g.metrics, p.Database.Stats)
	g.lanes = telemetry.NewLanes(g.metrics)
	if h, ok := p.log.Handler().(*seldom.Handler); ok {
		telemetry.NewLog(g.metrics, seldom.Kinds(), h.LeftOut)
	}
	memory := limits.NewMemory(p.Clock, nil, 0)
	counter := intake.NewCounter()
	node := uuid.New()
	g.flusher = intake.NewFlusher(intake.FlusherOptions{DB: p.Database, Clock: p.Clock, Node: node, Counter: counter, Quotas: memory, Log: p.log})
	if p.config.RedisURL != "" {
		var err error
		if g.redis, err = redislimits.Open(p.config.RedisURL, 0); err != nil {
			return nil, err
		}
	}
	limiter := g.limiter(p.log, memory, "the limits of keys and plans")
	g.budget = budget.New(budget.Options{
		// In buckets of its own.
		Limiter: g.limiter(p.log, limits.NewMemory(p.Clock, nil, 0), "the budgets of the API's callers"),
		User:    p.config.UserBudget, Organization: p.config.OrgBudget, OnLocalAnswer: telemetry.NewLocalBudgets(g.metrics),
	})
	g.Verifier = gateway.New(gateway.Options{
		DB: p.Database, DatabaseURL: p.listenURL(), Clock: p.Clock,
		Peppers: p.Ring, Tokens: p.Machines,
		Limiter: limiter, Memory: memory, Counter: counter, Usage: g.intake, StoreQuotas: g.flusher.Flush, CountsStored: g.flusher.Through, CountsReported: g.flusher.Visible,
		NodeID: node, NodeName: nodeName(),
		MaxKeys: p.config.GateKeys, Preload: p.config.GatePreload, Grace: p.config.GateGrace,
		Log: p.log, Metrics: gateway.NewMetrics(g.metrics),
	})
	return g, nil
}

// limiter returns memory if there is no Redis, and else a limiter that uses
// Redis and falls back to memory, which is logged once.
func (g *gatewayService) limiter(log *slog.Logger, memory *limits.Memory, what string) limits.Limiter {
	if g.redis == nil {
		return memory
	}
	l := redislimits.New(g.redis, memory, redislimits.Options{Changed: func(err error) {
		if err != nil {
			log.Warn("Redis does not answer: this server keeps "+what+" by itself meanwhile", "error", err)
			return
		}
		log.Info("Redis answers again: servers share " + what)
	}})
	g.shared = append(g.shared, l)
	return l
}

// unsharedWarning returns a warning if limits are not shared although they
// should be, else "". It queries Redis only if Redis failed before, and in the
// way that calls do: a server that responds may still refuse to write.
func (g *gatewayService) unsharedWarning(ctx context.Context) string {
	for _, l := range g.shared {
		err := l.Probe(ctx)
		switch {
		case err == nil:
		case errors.As(err, new(redis.Error)):
			return "Redis refuses what it is asked: this server keeps limits and budgets by itself"
		default:
			return "Redis does not answer: this server keeps limits and budgets by itself"
		}
	}
	return ""
}

// listenURL returns where to listen for other servers' changes; if it is "",
// changes are found by polling. A pooler offers no session to listen on.
func (p *process) listenURL() string {
	if p.config.ListenURL == "" && backend.DatabaseOptions(p.config).Pooled {
		p.log.Info("changes of other servers are found by asking, twice a second: PORTICO_LISTEN_URL, which leads past the pooler, is not set")
		return ""
	}
	return cmp.Or(p.config.ListenURL, p.config.DatabaseURL)
}

// RedisTime is how long Redis may take to respond at the start.
const RedisTime = 2 * time.Second

// checkRedis logs if Redis does not respond. The server starts all the same.
func (g *gatewayService) checkRedis(ctx context.Context, log *slog.Logger) {
	if g.redis == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, RedisTime)
	defer cancel()
	if err := g.redis.Ping(limited).Err(); err != nil {
		log.WarnContext(ctx, "Redis (REDIS_URL) does not answer: until it does, each server keeps the limits by itself", "error", err)
	}
}

// nodeName returns this server's name for people.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// run follows the event log and stores counts until ctx ends, and then the last
// counts.
func (g *gatewayService) run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { g.Run(ctx) })
	running.Go(func() { g.flusher.Run(ctx) })
	running.Wait()
	if g.redis != nil {
		_ = g.redis.Close() // nothing is under way any more
	}
}

// gatewayServer returns the server for gateways.
func (p *process) gatewayServer() (*httpapi.Server, error) {
	g := p.gateway
	proxies, err := p.config.Proxies()
	if err != nil {
		return nil, err
	}
	d := httpapi.New(httpapi.Options{
		Verifier: g.Verifier, Usage: g.intake, Peer: gatewayClient(proxies), Clock: clock.System{}, Log: p.log,
	})
	g.lanes.Add(g.Loads())
	g.lanes.Add(map[string]telemetry.Load{"batches": d.Batches, "gateway_bodies": d.Bodies})
	return httpapi.NewServer(d), nil
}

// gatewayClient returns a function that returns the client's address for a
// gateway's connection, and reports whether the gateway is trusted to describe
// the call: it is on this machine or one of the listed proxies.
func gatewayClient(proxies []netip.Prefix) func(remote netip.Addr, forwarded string) (address netip.Addr, trusted bool) {
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	return auth.Peers{Trusted: append(local, proxies...)}.Client
}
