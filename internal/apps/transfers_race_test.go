package apps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// Of many answers one wins: the app goes over once, with one event in each account's log.
func TestRace_AcceptAppTransfer(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newTransferScene(t, h.Fixture, "one")
		offered := s.mustOffer(t)
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.AcceptedApp, error) {
			return p.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		})
		racetest.RequireOne(t, outcomes, "WRONG_STATUS")
		s.requireOwner(t, s.to)
		for _, of := range []*db.Account{s.Account, s.to} {
			require.Equal(t, []string{"APP_TRANSFER_OFFERED", "APP_TRANSFER_ACCEPTED"}, s.types(t, of))
		}
	})
}

// Of many offers of one app one is made.
func TestRace_TransferApp(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newTransferScene(t, h.Fixture, "one")
		other := s.MustAccount(t, s.Admin, "Other")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (apps.OfferedApp, error) {
			to := []*db.Account{s.to, other}[n%2]
			return p.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: to.GlobalID()})
		})
		racetest.RequireOne(t, outcomes, "WRONG_STATUS")
		require.Len(t, h.Events(t, s.app.ID, eventlog.AppTransferOffered), 1)
	})
}

// Whatever happens to the app and to its accounts while it is accepted: the offer ends at
// most once, and the app is where it says.
func TestRace_AcceptAndEnd(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		for name, end := range map[string]func(p *portal.Portal, s *transferScene) error{
			"delete the app": func(p *portal.Portal, s *transferScene) error {
				return errOf(p.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil))
			},
			"suspend the account": func(p *portal.Portal, s *transferScene) error {
				return errOf(p.Identity.SuspendAccount(s.Admin, s.Account.GlobalID(), nil))
			},
			"suspend the subscription": func(p *portal.Portal, s *transferScene) error {
				return errOf(p.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil))
			},
			"delete the receiver": func(p *portal.Portal, s *transferScene) error {
				return errOf(p.Identity.DeleteAccount(s.Admin, s.to.GlobalID(), nil))
			},
			"expire": func(p *portal.Portal, _ *transferScene) error {
				return errOf(p.Maintenance.ExpireTransfers(portaltest.System(t)))
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := newTransferScene(t, h.Fixture, "org-"+map[string]string{"delete the app": "a", "suspend the account": "b", "suspend the subscription": "c", "delete the receiver": "d", "expire": "e"}[name])
				offered := s.mustOffer(t)
				_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (struct{}, error) {
					switch n % 4 {
					case 0:
						return struct{}{}, errOf(p.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID()))
					case 1:
						return struct{}{}, errOf(p.Apps.CancelAppTransfer(s.Developer, offered.GlobalID(), nil))
					case 2:
						return struct{}{}, errOf(p.Apps.DeclineAppTransfer(s.receiver, offered.GlobalID(), nil))
					}
					return struct{}{}, end(p, s)
				})
				racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "NOT_FOUND", "NOT_AVAILABLE", "FORBIDDEN")
				row := h.Client.AppTransfer.GetX(portaltest.System(t), offered.ID)
				require.NotEqual(t, domain.TransferPending, row.Status)
				require.Len(t, s.types(t, s.Account), 2, "one end, for each side")
				require.Len(t, s.types(t, s.to), 2, "one end, for each side")
				if row.Status == domain.TransferAccepted {
					s.requireOwner(t, s.to)
				} else {
					s.requireOwner(t, s.Account)
				}
			})
		}
	})
}
