package identity_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db/membership"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// Both owners of an account leave it, or give up being its owners, at the same moment:
// one of them stays. Each round is another account.
func TestRace_OwnersLeave(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for round := range 10 {
			a := h.MustAccount(t, x.Admin, "Globex")
			var owners []context.Context
			var ids []string
			for range 2 {
				u := h.MustUser(t, x.Admin, a, domain.Owner)
				m, err := h.Client.Membership.Query().Where(membership.UserID(u.ID)).Only(portaltest.System(t))
				require.NoError(t, err)
				owners, ids = append(owners, h.Enter(t, u)), append(ids, m.GlobalID())
			}
			_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
				who := n / 2 % 2 // each on both nodes
				if round%2 == 0 {
					return ids[who], errOf(p.Identity.ChangeMemberRole(owners[who], ids[who], domain.Member))
				}
				return p.Identity.RemoveMember(owners[who], ids[who], nil)
			})
			racetest.RequireOnly(t, outcomes, racetest.OK, "LAST_OWNER", string(fault.CodeNotFound), string(fault.CodeForbidden))
			left, err := h.Client.Membership.Query().Where(membership.AccountID(a.ID), membership.RoleEQ(domain.Owner)).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, 1, left)
		}
	})
}
