package main

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

	"portico/internal/adapters"
	"portico/internal/auth"
	"portico/internal/budget"
	"portico/internal/clock"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
	"portico/internal/limits"
	"portico/internal/limits/redislimits"
	"portico/internal/telemetry"
	"portico/internal/usage"
)

// gateway is what answers gateways: the keys in memory, the limits, the counts.
type gatewayService struct {
	*gateway.Verifier
	usage   *usage.Store
	flusher *usage.Flusher
	metrics *prometheus.Registry
	lanes   *telemetry.Lanes
	budget  *budget.Budget
	redis   redis.UniversalClient // nil without
	// shared are the limiters that ask Redis.
	shared []*redislimits.Limiter
}

// newGatewayService puts the gate over the backend's database.
func (p *program) newGatewayService(b *backend) (*gatewayService, error) {
	g := &gatewayService{usage: usage.NewStore(b.database, b.clock), metrics: prometheus.NewRegistry()}
	g.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	telemetry.NewPools(g.metrics, b.database.Stats)
	g.lanes = telemetry.NewLanes(g.metrics)
	memory := limits.NewMemory(b.clock, nil, 0)
	counter := usage.NewCounter()
	node := uuid.New()
	g.flusher = usage.NewFlusher(usage.FlusherOptions{DB: b.database, Clock: b.clock, Node: node, Counter: counter, Quotas: memory, Log: p.log})
	if p.config.RedisURL != "" {
		var err error
		if g.redis, err = redislimits.Open(p.config.RedisURL, 0); err != nil {
			return nil, err
		}
	}
	limiter := g.limiter(p.log, memory, "the limits of keys and plans")
	g.budget = budget.New(budget.Options{
		// In buckets of its own.
		Limiter: g.limiter(p.log, limits.NewMemory(b.clock, nil, 0), "the budgets of the API's callers"),
		User:    p.config.UserBudget, Organization: p.config.OrgBudget, OnLocalAnswer: telemetry.NewLocalBudgets(g.metrics),
	})
	g.Verifier = gateway.New(gateway.Options{
		DB: b.database, DatabaseURL: p.listenURL(), Clock: b.clock,
		Peppers: adapters.Peppers{Ring: b.ring}, Tokens: b.machines,
		Limiter: limiter, Memory: memory, Counter: counter, Usage: g.usage, Flush: g.flusher.Flush, Flushed: g.flusher.Through, Visible: g.flusher.Visible,
		NodeID: node, NodeName: nodeName(),
		MaxKeys: p.config.GateKeys, Preload: p.config.GatePreload, Grace: p.config.GateGrace,
		Log: p.log, Metrics: gateway.NewMetrics(g.metrics),
	})
	return g, nil
}

// limiter is the memory where there is no Redis, and else what falls back to it,
// which the log tells of once.
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

// alone says that limits are not shared although they should be; "" where they
// are, and where there is nothing to share them by. Redis is asked only when it
// failed before, and as calls ask it: one that answers may still refuse to write.
func (g *gatewayService) alone(ctx context.Context) string {
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

// listenURL is where other servers' changes are waited for; "" for nowhere, and
// then they are found by asking. A pooler gives nobody a session to wait on.
func (p *program) listenURL() string {
	if p.config.ListenURL == "" && databaseOptions(p.config).Pooled {
		p.log.Info("changes of other servers are found by asking, twice a second: PORTICO_LISTEN_URL, which leads past the pooler, is not set")
		return ""
	}
	return cmp.Or(p.config.ListenURL, p.config.DatabaseURL)
}

// redisTime is how long Redis may take to answer at the start.
const redisTime = 2 * time.Second

// checkRedis says when Redis does not answer. The server starts all the same.
func (g *gatewayService) checkRedis(ctx context.Context, log *slog.Logger) {
	if g.redis == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, redisTime)
	defer cancel()
	if err := g.redis.Ping(limited).Err(); err != nil {
		log.WarnContext(ctx, "Redis (REDIS_URL) does not answer: until it does, each server keeps the limits by itself", "error", err)
	}
}

// nodeName is this server's name to people.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// run follows the log and stores counts until ctx ends; the last counts are
// stored then.
func (g *gatewayService) run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { g.Run(ctx) })
	running.Go(func() { g.flusher.Run(ctx) })
	running.Wait()
	if g.redis != nil {
		_ = g.redis.Close() // nothing is under way any more
	}
}

// gatewayServer is what gateways talk to.
func (p *program) gatewayServer(g *gatewayService) (*httpapi.Server, error) {
	proxies, err := p.config.Proxies()
	if err != nil {
		return nil, err
	}
	d := httpapi.New(httpapi.Options{
		Verifier: g.Verifier, Usage: g.usage, Peer: gatewayPeer(proxies), Clock: clock.System{}, Log: p.log,
	})
	g.lanes.Add(g.Loads())
	g.lanes.Add(map[string]telemetry.Load{"batches": d.Batches, "gateway_bodies": d.Bodies})
	return httpapi.NewServer(d), nil
}

// gatewayPeer tells for whom a gateway asks, and whether it is believed what it
// says of the call: on this machine, and from the listed proxies.
func gatewayPeer(proxies []netip.Prefix) func(remote netip.Addr, forwarded string) (address netip.Addr, trusted bool) {
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	return auth.Peers{Trusted: append(local, proxies...)}.Client
}
