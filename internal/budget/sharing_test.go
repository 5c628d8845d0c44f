package budget_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/budget"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/redislimits"
	"portico/internal/redislimits/redistest"
	"portico/internal/viewer"
)

// each runs f with a budget of one server, and with one that servers share.
func each(t *testing.T, o budget.Options, f func(t *testing.T, b *budget.Budget)) {
	t.Run("alone", func(t *testing.T) {
		o.Limiter = limits.NewMemory(clock.System{}, nil, 0)
		f(t, budget.New(o))
	})
	t.Run("shared", func(t *testing.T) {
		server := redistest.New(t)
		o.Limiter = sharedBy(t, server)
		f(t, budget.New(o))
	})
}

// patient is a time that a busy machine needs at most.
const patient = 10 * time.Second

func sharedBy(t *testing.T, server *redistest.Server) limits.Limiter {
	t.Helper()
	client, err := redislimits.Open(server.URL(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return redislimits.New(client, limits.NewMemory(clock.System{}, nil, 0), redislimits.Options{Timeout: patient})
}

func take(ctx context.Context, b *budget.Budget, cost int) error {
	return b.Take(ctx, &gqlhttp.Cost{Requested: cost, Charged: cost})
}

func machine(t *testing.T, organization, token uuid.UUID, address string) context.Context {
	return viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Gateway, OrganizationID: organization, TokenID: token, Address: address})
}

// A service token has its own bucket, wherever it is used, separate from other
// tokens, other organizations and users at the same address.
func TestServiceTokenBudget(t *testing.T) {
	each(t, budget.Options{User: 6000, Organization: 15_000}, func(t *testing.T, b *budget.Budget) {
		const here, there = "192.0.2.1", "192.0.2.2"
		one, other, token := uuid.New(), uuid.New(), uuid.New()
		require.NoError(t, take(machine(t, one, token, here), b, 6000))
		refused(t, take(machine(t, one, token, here), b, 6000))
		refused(t, take(machine(t, one, token, there), b, 6000))
		require.NoError(t, take(machine(t, one, uuid.New(), here), b, 6000))
		require.NoError(t, take(machine(t, other, uuid.New(), here), b, 6000))
		require.NoError(t, take(client(t, here), b, 6000))
		require.NoError(t, take(person(t, other), b, 6000))
		refused(t, take(machine(t, one, uuid.New(), here), b, 6000))
	})
}

// Anonymous clients are distinguished by organization too.
func TestAnonymousClientsCountByOrganization(t *testing.T) {
	each(t, budget.Options{User: 6000}, func(t *testing.T, b *budget.Budget) {
		for range 2 {
			require.NoError(t, take(machine(t, uuid.New(), uuid.Nil, "192.0.2.1"), b, 6000))
		}
		require.NoError(t, take(client(t, "192.0.2.1"), b, 6000))
		refused(t, take(client(t, "192.0.2.1"), b, 6000))
	})
}

// A cost above the limit is refused without a time to retry.
func TestNoRetryTimeAboveTheLimit(t *testing.T) {
	for _, o := range []budget.Options{{User: 100}, {Organization: 100}, {User: 1000, Organization: 100}} {
		each(t, o, func(t *testing.T, b *budget.Budget) {
			who := person(t, uuid.New())
			err := take(who, b, 101)
			require.True(t, fault.Is(err, fault.CodeRateLimited), "%v", err)
			require.Zero(t, fault.From(err).RetryAfter)
			require.NoError(t, take(who, b, 100))
			refused(t, take(who, b, 100))
		})
	}
}

// Two servers share a budget; when Redis fails, each continues locally from
// where it was, and each local answer is counted.
func TestServersContinueWithoutRedis(t *testing.T) {
	server := redistest.New(t)
	var alone [2]atomic.Int64
	var nodes [2]*budget.Budget
	for i := range nodes {
		nodes[i] = budget.New(budget.Options{Limiter: sharedBy(t, server), User: 9000, Organization: 9000, OnLocalAnswer: func() { alone[i].Add(1) }})
	}
	dev := person(t, uuid.New())
	require.NoError(t, take(dev, nodes[0], 6000))
	refused(t, take(dev, nodes[1], 6000))
	require.Zero(t, alone[0].Load()+alone[1].Load())
	server.Stop()
	for i, b := range nodes {
		refused(t, take(dev, b, 6000))
		require.EqualValues(t, 1, alone[i].Load())
		fresh := person(t, uuid.New())
		require.NoError(t, take(fresh, b, 6000))
		refused(t, take(fresh, b, 6000))
		require.EqualValues(t, 3, alone[i].Load())
	}
}
