package maintenance_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// mustToken creates a service token that expires after a while; never if life is 0.
func mustToken(t *testing.T, f *portaltest.Fixture, ctx context.Context, name string, life time.Duration, scope domain.ServiceTokenScope) *db.ServiceToken {
	t.Helper()
	in := identity.CreateServiceTokenInput{Name: name, Scopes: []domain.ServiceTokenScope{scope}}
	if life != 0 {
		in.ExpiresAt = new(f.Clock.Now().Add(life))
	}
	out, err := f.Portal.Identity.CreateServiceToken(ctx, in)
	require.NoError(t, err)
	return out.ServiceToken
}

// tokenNotices returns "token days", for each event that a token expires, in their order.
func tokenNotices(t *testing.T, f *portaltest.Fixture) (out []string) {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.Type(string(eventlog.ServiceTokenExpiring))).Order(event.ByAt(), event.BySubjectName()).All(portaltest.System(t))
	require.NoError(t, err)
	for _, e := range all {
		require.Nil(t, e.AccountID, "no developer sees it")
		require.Equal(t, "SYSTEM", e.ActorRole)
		x, err := f.Client.ServiceToken.Get(portaltest.System(t), e.SubjectID)
		require.NoError(t, err)
		require.Equal(t, []domain.Change{{Field: "expiresAt", After: domain.Text(x.ExpiresAt)}}, e.Changes)
		out = append(out, e.SubjectName+" "+strconv.Itoa(int(x.ExpiresAt.Sub(e.At)/day)))
	}
	return out
}

// Each notice of a token is recorded once, in every organization; those of tokens that
// are revoked are not.
func TestRecordNotices_ServiceTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		mustToken(t, f, one.Admin, "long", 31*day, domain.AdminRead)
		mustToken(t, f, one.Admin, "edge", 10*day, domain.GatewayScope)
		mustToken(t, f, one.Admin, "never", 0, domain.AdminRead)
		revoked := mustToken(t, f, one.Admin, "revoked", 31*day, domain.AdminRead)
		mustToken(t, f, two.Admin, "theirs", 15*day, domain.AdminRead)
		_, err := f.Portal.Identity.RevokeServiceToken(one.Admin, revoked.GlobalID(), nil)
		require.NoError(t, err)
		for range 2 * 33 {
			_, err := f.Portal.Maintenance.RecordNotices(t.Context())
			require.NoError(t, err)
			f.Clock.Advance(day / 2)
		}
		require.Equal(t, []string{"long 30", "theirs 14", "edge 7", "theirs 7", "edge 1", "theirs 1", "long 14", "long 7", "long 1"}, tokenNotices(t, f))
	})
}

// Portico that stood still for weeks catches up with the notice that is due now alone.
func TestRecordNotices_ServiceTokensAfterAnOutage(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	mustToken(t, f, f.MustTenant(t, "one").Admin, "long", 40*day, domain.AdminRead)
	f.Clock.Advance(35 * day)
	n, err := f.Portal.Maintenance.RecordNotices(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"long 5"}, tokenNotices(t, f))
}

// Nodes that record at once record each notice once.
func TestRace_RecordNoticesOfServiceTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		admin := f.MustTenant(t, "one").Admin
		var want []string
		for i := range 20 {
			name := "token " + strconv.Itoa(10+i)
			mustToken(t, f, admin, name, 31*day, domain.AdminRead)
			want = append(want, name+" 30")
		}
		f.Clock.Advance(day)
		var wg sync.WaitGroup
		counts := make([]int, 6)
		for i := range counts {
			wg.Go(func() {
				var err error
				counts[i], err = f.Portal.Maintenance.RecordNotices(t.Context())
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		total := 0
		for _, n := range counts {
			total += n
		}
		require.Equal(t, len(want), total)
		got := tokenNotices(t, f)
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}
