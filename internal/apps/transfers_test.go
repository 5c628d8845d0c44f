package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/policy"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// transferScene is a planScene whose app may go to a second account, the receiver's.
type transferScene struct {
	*planScene
	to       *db.Account
	receiver context.Context
	key      *db.Credential
}

func newTransferScene(t *testing.T, f *portaltest.Fixture, slug string) *transferScene {
	s := &transferScene{planScene: newPlanScene(t, f, slug)}
	s.to = f.MustAccount(t, s.Admin, "Receiver")
	s.receiver = f.MustDeveloper(t, s.Admin, s.to)
	id := s.app.GlobalID()
	s.key = f.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &id, AccessControlList: []string{s.product.GlobalID()}}).Credential
	return s
}

func eachTransferScene(t *testing.T, run func(t *testing.T, s *transferScene)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, newTransferScene(t, portaltest.New(t, url), "one")) })
}

func (s *transferScene) offer(by context.Context) (*db.AppTransfer, error) {
	out, err := s.Portal.Apps.TransferApp(by, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: s.to.GlobalID(), Reason: new("You run it.")})
	return out.Transfer, err
}

func (s *transferScene) mustOffer(t *testing.T) *db.AppTransfer {
	t.Helper()
	out, err := s.offer(s.Developer)
	require.NoError(t, err)
	return out
}

// types returns the types of the events of an account about offers, oldest first.
func (s *transferScene) types(t *testing.T, of *db.Account) (out []string) {
	t.Helper()
	require.NoError(t, s.Client.Event.Query().Where(event.AccountID(of.ID), event.TypeHasPrefix("APP_TRANSFER")).
		Order(event.ByPosition()).Select(event.FieldType).Scan(portaltest.System(t), &out))
	return out
}

// requireOwner requires that the app and all that belongs to it is an account's.
func (s *transferScene) requireOwner(t *testing.T, of *db.Account) {
	t.Helper()
	ctx := portaltest.System(t)
	require.Equal(t, of.ID, s.Client.App.GetX(ctx, s.app.ID).AccountID)
	for _, c := range s.Client.Credential.Query().Where(credential.AppID(s.app.ID)).AllX(ctx) {
		require.Equal(t, of.ID, c.AccountID)
		for _, e := range s.Client.AccessEntry.Query().Where(accessentry.CredentialID(c.ID)).AllX(ctx) {
			require.Equal(t, of.ID, e.AccountID)
		}
	}
	for _, sub := range s.Client.Subscription.Query().Where(subscription.AppID(s.app.ID)).AllX(ctx) {
		require.Equal(t, of.ID, sub.AccountID)
	}
}

// An app goes over with all that belongs to it: its former people lose it in the same
// moment, and the new ones have it.
func TestTransferApp(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		require.Equal(t, []string{"weather"}, offered.ProductTitles)
		require.Equal(t, 2, offered.KeyCount)
		require.Equal(t, "You run it.", offered.Reason)
		require.Equal(t, s.Clock.Now().Add(apps.TransferLife), offered.ExpiresAt)
		s.requireOwner(t, s.Account)
		require.True(t, db.IsNotFound(errOf(s.Client.App.Get(s.receiver, s.app.ID))))

		out, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		require.NoError(t, err)
		require.Equal(t, domain.TransferAccepted, out.Transfer.Status)
		require.Equal(t, s.to.ID, out.App.AccountID)
		s.requireOwner(t, s.to)
		_, err = s.Portal.Apps.UpdateApp(s.Developer, apps.UpdateAppInput{AppID: s.app.GlobalID(), Name: input.SetTo("Still mine")})
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = s.Portal.Apps.UpdateApp(s.receiver, apps.UpdateAppInput{AppID: s.app.GlobalID(), Name: input.SetTo("Mine")})
		require.NoError(t, err)
		_, err = s.Portal.Apps.RevokeKey(s.Developer, s.key.GlobalID(), nil, nil)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		sub := s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID)
		require.Equal(t, access.SubscriptionApproved, sub.Status)
		require.Nil(t, sub.RequestedBy, "the new account is not told who asked for it in the former one")
		for _, of := range []*db.Account{s.Account, s.to} {
			require.Equal(t, []string{"APP_TRANSFER_OFFERED", "APP_TRANSFER_ACCEPTED"}, s.types(t, of))
		}
	})
}

// What each side reads of the other in its timeline is the account's name.
func TestTransferApp_Timelines(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		_, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		require.NoError(t, err)
		names := func(as context.Context, id *db.Account) (out []string) {
			require.NoError(t, s.Client.Event.Query().Where(event.AccountID(id.ID), event.TypeHasPrefix("APP_TRANSFER")).Order(event.ByPosition()).
				Select(event.FieldActorName).Scan(as, &out))
			return out
		}
		mine, theirs := viewer.Current(s.Developer).Name, viewer.Current(s.receiver).Name
		require.Equal(t, []string{mine, "Receiver"}, names(s.Developer, s.Account))
		require.Equal(t, []string{s.Account.Name, theirs}, names(s.receiver, s.to))
		require.Empty(t, names(s.receiver, s.Account), "what was before is not told")
		told := s.Client.Event.Query().Where(event.AccountID(s.to.ID), event.Type(string(eventlog.AppTransferOffered))).OnlyX(portaltest.System(t))
		require.Equal(t, offered.ID, told.SubjectID, "not the app's id")
		n := portaltest.Count(t, s.Client.Event.Query().Where(event.AppID(s.app.ID), event.AccountID(s.to.ID), event.TypeNEQ(string(eventlog.AppTransferAccepted))))
		require.Zero(t, n)
	})
}

// An offer has one end, after which nobody answers it any more.
func TestAnswerAppTransfer(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		for name, end := range map[string]func(t *testing.T, id string) domain.AppTransferStatus{
			"declined": func(t *testing.T, id string) domain.AppTransferStatus {
				out, err := s.Portal.Apps.DeclineAppTransfer(s.receiver, id, new("No."))
				require.NoError(t, err)
				require.Equal(t, "No.", out.Answer)
				return domain.TransferDeclined
			},
			"cancelled": func(t *testing.T, id string) domain.AppTransferStatus {
				_, err := s.Portal.Apps.CancelAppTransfer(s.Developer, id, nil)
				require.NoError(t, err)
				return domain.TransferCancelled
			},
			"expired": func(t *testing.T, id string) domain.AppTransferStatus {
				s.Clock.Advance(apps.TransferLife)
				_, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, id)
				portaltest.RequireProblems(t, err, "WRONG_STATUS appTransferId")
				n, err := s.Portal.Maintenance.ExpireTransfers(t.Context())
				require.NoError(t, err)
				require.Equal(t, 1, n)
				return domain.TransferExpired
			},
		} {
			t.Run(name, func(t *testing.T) {
				offered := s.mustOffer(t)
				before := len(s.types(t, s.to))
				want := end(t, offered.GlobalID())
				require.Equal(t, want, s.Client.AppTransfer.GetX(portaltest.System(t), offered.ID).Status)
				require.Len(t, s.types(t, s.to), before+1)
				for _, answer := range []error{
					errOf(s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())),
					errOf(s.Portal.Apps.DeclineAppTransfer(s.receiver, offered.GlobalID(), nil)),
					errOf(s.Portal.Apps.CancelAppTransfer(s.Developer, offered.GlobalID(), nil)),
				} {
					portaltest.RequireProblems(t, answer, "WRONG_STATUS appTransferId")
				}
				require.Len(t, s.types(t, s.to), before+1)
				s.requireOwner(t, s.Account)
			})
		}
		n, err := s.Portal.Maintenance.ExpireTransfers(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// Only owners act, each side for itself; staff may for both.
func TestTransferApp_Who(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		member := s.Enter(t, s.MustUser(t, s.Admin, s.Account, domain.Member))
		theirs := s.Enter(t, s.MustUser(t, s.Admin, s.to, domain.Member))
		stranger := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Stranger"))
		portaltest.RequireCode(t, errOf(s.offer(member)), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(s.offer(s.receiver)), fault.CodeNotFound)
		offered := s.mustOffer(t)
		id := offered.GlobalID()
		for who, want := range map[context.Context]fault.Code{theirs: fault.CodeForbidden, member: fault.CodeForbidden, s.Developer: fault.CodeForbidden, stranger: fault.CodeNotFound} {
			portaltest.RequireCode(t, errOf(s.Portal.Apps.AcceptAppTransfer(who, id)), want)
			portaltest.RequireCode(t, errOf(s.Portal.Apps.DeclineAppTransfer(who, id, nil)), want)
		}
		portaltest.RequireCode(t, errOf(s.Portal.Apps.CancelAppTransfer(member, id, nil)), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(s.Portal.Apps.CancelAppTransfer(s.receiver, id, nil)), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(s.Portal.Apps.CancelAppTransfer(stranger, id, nil)), fault.CodeNotFound)
		// What front ends show is what would be answered, with the reason.
		for who, wrong := range map[context.Context]func(*apps.AppTransferPermissions) policy.Decision{
			s.Developer: func(p *apps.AppTransferPermissions) policy.Decision { return p.Accept },
			s.receiver:  func(p *apps.AppTransferPermissions) policy.Decision { return p.Cancel },
		} {
			d := wrong(s.Portal.Apps.AppTransferPermissions(who, offered))
			require.True(t, d.Is(policy.Role))
			require.Contains(t, *d.Message, "Only the account ")
		}
		_, err := s.Portal.Apps.AcceptAppTransfer(s.Admin, id)
		require.NoError(t, err)
		s.requireOwner(t, s.to)
	})
}

// A developer who names an account learns nothing about which there are; staff do.
func TestTransferApp_UnknownAccounts(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		gone, suspended := s.MustAccount(t, s.Admin, "Gone"), s.MustAccount(t, s.Admin, "Suspended")
		foreign := s.MustTenant(t, "two")
		_, err := s.Portal.Identity.DeleteAccount(s.Admin, gone.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.Portal.Identity.SuspendAccount(s.Admin, suspended.GlobalID(), nil)
		require.NoError(t, err)
		to := func(by context.Context, id string) error {
			return errOf(s.Portal.Apps.TransferApp(by, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: id}))
		}
		unknown := to(s.Developer, "acct_nonsense")
		portaltest.RequireProblems(t, unknown, "UNKNOWN_REFERENCE toAccountId")
		for _, id := range []string{gone.GlobalID(), suspended.GlobalID(), foreign.Account.GlobalID(), s.app.GlobalID()} {
			require.Equal(t, unknown, to(s.Developer, id))
		}
		portaltest.RequireProblems(t, to(s.Admin, foreign.Account.GlobalID()), "UNKNOWN_REFERENCE toAccountId")
		portaltest.RequireProblems(t, to(s.Admin, gone.GlobalID()), "WRONG_STATUS toAccountId")
		portaltest.RequireProblems(t, to(s.Admin, suspended.GlobalID()), "WRONG_STATUS toAccountId")
		portaltest.RequireProblems(t, to(s.Developer, s.Account.GlobalID()), "NOT_ALLOWED toAccountId")
		require.Zero(t, portaltest.Count(t, s.Client.AppTransfer.Query()))

		s.mustOffer(t)
		portaltest.RequireProblems(t, errOf(s.offer(s.Developer)), "WRONG_STATUS appId")
		// One whose time is over makes room for the next, before the job has recorded it.
		s.Clock.Advance(apps.TransferLife)
		s.mustOffer(t)
		require.Equal(t, []string{"APP_TRANSFER_OFFERED", "APP_TRANSFER_EXPIRED", "APP_TRANSFER_OFFERED"}, s.types(t, s.Account))
	})
}

// What the receiving account may not see does not come to it by a transfer, be it when the
// app is offered or when it is accepted; subscriptions that have ended count, too.
func TestTransferApp_HiddenProducts(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		_, err := s.Database.ExecContext(t.Context(), `UPDATE products SET visibility = 'PRIVATE' WHERE id = $1`, s.product.ID)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())), "NOT_AVAILABLE appTransferId")
		err = errOf(s.Portal.Apps.AcceptAppTransfer(s.Admin, offered.GlobalID()))
		portaltest.RequireProblems(t, err, "NOT_AVAILABLE appTransferId")
		require.ErrorContains(t, err, "weather")
		s.requireOwner(t, s.Account)
		_, err = s.Portal.Apps.CancelAppTransfer(s.Developer, offered.GlobalID(), nil)
		require.NoError(t, err)
		err = errOf(s.offer(s.Developer))
		portaltest.RequireProblems(t, err, "NOT_AVAILABLE toAccountId")
		require.NotContains(t, err.Error(), "weather")
		require.ErrorContains(t, errOf(s.offer(s.Admin)), "weather")
		_, err = s.Portal.Apps.Unregister(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.offer(s.Developer)), "NOT_AVAILABLE toAccountId")

		// A product that is retired is only history: nobody can ask for it again.
		_, err = s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), Status: input.SetTo(domain.Retired)})
		require.NoError(t, err)
		s.mustOffer(t)
	})
}

// A sanction is not shed by a transfer, and none is got round.
func TestTransferApp_Sanctions(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		_, err := s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())), "NOT_AVAILABLE appTransferId")
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.AcceptAppTransfer(s.Admin, offered.GlobalID())), "WRONG_STATUS appTransferId")
		_, err = s.Portal.Apps.CancelAppTransfer(s.Admin, offered.GlobalID(), nil)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.offer(s.Developer)), "WRONG_STATUS appId")
		_, err = s.Portal.Apps.Resume(s.Admin, s.sub.GlobalID(), nil)
		require.NoError(t, err)

		// The receiver, for whom everything of the product waits, gets no approved use of it.
		theirs := s.MustApp(t, s.receiver, "Theirs").App
		waiting := s.MustRegister(t, s.receiver, theirs, s.product, s.free)
		_, err = s.Portal.Apps.Approve(s.Admin, waiting.GlobalID(), nil)
		require.NoError(t, err)
		_, err = s.Portal.Apps.Suspend(s.Admin, waiting.GlobalID(), nil)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.offer(s.Developer)), "NOT_AVAILABLE toAccountId")
		_, err = s.Portal.Apps.Unregister(s.Admin, waiting.GlobalID(), nil)
		require.NoError(t, err)
		offered = s.mustOffer(t)

		_, err = s.Portal.Identity.SuspendAccount(s.Admin, s.Account.GlobalID(), nil)
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())), "NOT_AVAILABLE appTransferId")
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.AcceptAppTransfer(s.Admin, offered.GlobalID())), "WRONG_STATUS appTransferId")
		s.requireOwner(t, s.Account)
	})
}

// A change of plan that the former account asked for ends, and what it wrote is not told.
func TestTransferApp_PlanChange(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		_, err := s.change(s.Developer, s.auto, domain.PlanChangePeriodEnd)
		require.NoError(t, err)
		_, err = s.Portal.Apps.RevokeKey(s.Developer, s.key.GlobalID(), nil, new("Our secret reason."))
		require.NoError(t, err)
		offered := s.mustOffer(t)
		require.Equal(t, 1, offered.KeyCount)
		_, err = s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		require.NoError(t, err)
		requirePlan(t, s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID), s.free)
		e := s.last(t)
		require.Equal(t, string(eventlog.SubscriptionPlanCancelled), e.Type)
		require.Equal(t, s.to.ID, *e.AccountID)
		key := s.Client.Credential.GetX(portaltest.System(t), s.key.ID)
		require.Empty(t, key.RevokedNote)
		require.Nil(t, key.RevokedBy)
		require.Equal(t, access.CredentialRevoked, key.Status)
		s.Clock.Advance(40 * 24 * time.Hour)
		n, err := s.Portal.Maintenance.TakeDuePlans(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// An open offer ends with its app, and with the account that it was made to.
func TestTransferApp_Deletions(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		status := func(x *db.AppTransfer) domain.AppTransferStatus {
			return s.Client.AppTransfer.GetX(portaltest.System(t), x.ID).Status
		}
		first := s.mustOffer(t)
		_, err := s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, domain.TransferCancelled, status(first))
		portaltest.RequireCode(t, errOf(s.offer(s.Admin)), fault.CodeNotFound)
		_, err = s.Portal.Apps.RestoreApp(s.Admin, s.app.GlobalID(), nil)
		require.NoError(t, err)
		second := s.mustOffer(t)
		_, err = s.Portal.Identity.DeleteAccount(s.Admin, s.to.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, domain.TransferCancelled, status(second))
	})
}

// A list shows each account its own offers, by direction and state.
func TestAppTransfers(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		count := func(as context.Context, f apps.AppTransferFilter) int {
			page, err := s.Portal.Apps.AppTransfers(as, f, listing.Order{}, listing.Request{})
			require.NoError(t, err)
			return len(page.Nodes)
		}
		in, out := apps.AppTransferFilter{Direction: new(apps.Incoming)}, apps.AppTransferFilter{Direction: new(apps.Outgoing)}
		stranger := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Stranger"))
		require.Equal(t, []int{0, 1, 1, 0, 0}, []int{count(s.Developer, in), count(s.Developer, out), count(s.receiver, in), count(s.receiver, out), count(stranger, apps.AppTransferFilter{})})
		require.Equal(t, []int{1, 0, 1, 0}, []int{
			count(s.Admin, apps.AppTransferFilter{}), count(s.Admin, in), count(s.Admin, apps.AppTransferFilter{AccountIDs: []string{s.to.GlobalID()}}), count(s.Admin, apps.AppTransferFilter{AppIDs: []string{}}),
		})
		pending := apps.AppTransferFilter{Status: []domain.AppTransferStatus{domain.TransferPending}}
		expired := apps.AppTransferFilter{Status: []domain.AppTransferStatus{domain.TransferExpired}}
		require.Equal(t, []int{1, 0, 0}, []int{count(s.receiver, pending), count(s.receiver, expired), count(s.receiver, apps.AppTransferFilter{Status: []domain.AppTransferStatus{}})})
		s.Clock.Advance(apps.TransferLife)
		require.Equal(t, []int{0, 1}, []int{count(s.receiver, pending), count(s.receiver, expired)})
		require.Equal(t, domain.TransferExpired, s.Portal.Apps.AppTransferStatus(offered))
	})
}
