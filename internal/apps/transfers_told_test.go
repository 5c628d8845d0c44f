package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/credential"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// asToken returns who a service token of the developer's account is.
func (s *planScene) asToken(t *testing.T) context.Context {
	v := viewer.Current(s.Developer)
	v.UserID, v.TokenID, v.Name, v.Scopes = uuid.Nil, uuid.New(), "nightly", domain.NewScopes(domain.PortalRead, domain.PortalWrite)
	return portaltest.As(t, v)
}

// Whoever wrote or did something before a transfer, the new account is told neither the words
// nor the person: a service token, a developer, one who is an administrator by now, and staff.
// The codes stay.
func TestTransferApp_TellsNothingOfBefore(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		former := s.MustUser(t, s.Admin, s.Account, domain.Owner)
		promoted := s.Enter(t, former)
		revoke := func(by context.Context, words string, why *domain.RevocationReason) {
			key := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: new(s.app.GlobalID())}).Credential
			_, err := s.Portal.Apps.RevokeKey(by, key.GlobalID(), why, new(words))
			require.NoError(t, err)
		}
		revoke(s.asToken(t), "The token's words.", nil)
		revoke(s.Developer, "The person's words.", new(domain.KeyCompromise))
		revoke(promoted, "Words of one who is staff now.", nil)
		revoke(s.Admin, "What staff wrote to the former account.", nil)

		var ends []func(id string) error
		for _, by := range []context.Context{s.Admin, s.asToken(t), s.Developer, promoted} { // developers end what waits
			ends = append(ends, func(id string) error { return errOf(s.Portal.Apps.Unregister(by, id, new("Ended because."))) })
		}
		again := s.sub
		for _, end := range ends {
			require.NoError(t, end(again.GlobalID()))
			again = s.MustRegister(t, promoted, s.app, s.product, s.free)
		}
		_, err := s.Portal.Apps.Approve(s.Admin, again.GlobalID(), new("For Acme alone."))
		require.NoError(t, err)
		_, err = s.Portal.Identity.ChangeUserRole(s.Admin, identity.ChangeUserRoleInput{UserID: former.GlobalID(), Role: domain.RoleAdmin})
		require.NoError(t, err)

		_, err = s.Portal.Apps.AcceptAppTransfer(s.receiver, s.mustOffer(t).GlobalID())
		require.NoError(t, err)
		revoked := s.Client.Credential.Query().Where(credential.AppID(s.app.ID), credential.StatusEQ(access.CredentialRevoked)).AllX(s.receiver)
		require.Len(t, revoked, 4)
		leaked := 0
		for _, c := range revoked {
			require.Empty(t, c.RevokedNote)
			require.Nil(t, c.RevokedBy)
			require.NotNil(t, c.RevokedAt)
			if *c.RevokedReason == domain.KeyCompromise {
				leaked++
			}
		}
		require.Equal(t, 1, leaked, "the codes stay")
		all := s.Client.Subscription.Query().Where(subscription.AppID(s.app.ID)).AllX(s.receiver)
		require.Len(t, all, 5)
		for _, x := range all {
			require.Empty(t, x.Reason)
			require.Nil(t, x.DecidedBy)
			require.Nil(t, x.RequestedBy)
			require.NotNil(t, x.DecidedAt)
		}
	})
}

// An offer that ends because the other account is deleted names nobody: the offering side
// has not taken it back, and the people of the other one are nothing to it.
func TestAppTransfer_OfADeletedAccount(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		_, err := s.Portal.Identity.DeleteAccount(s.receiver, s.to.GlobalID(), nil)
		require.NoError(t, err)
		ended := s.Client.AppTransfer.GetX(portaltest.System(t), offered.ID)
		require.Equal(t, domain.TransferCancelled, ended.Status)
		for _, who := range []context.Context{s.Developer, s.receiver, s.Admin} {
			require.Nil(t, apps.DecidedBy(viewer.Current(who), ended))
		}

		// Whose app is deleted has taken its offer back.
		s.to = s.MustAccount(t, s.Admin, "Another receiver")
		offered = s.mustOffer(t)
		_, err = s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil)
		require.NoError(t, err)
		ended = s.Client.AppTransfer.GetX(portaltest.System(t), offered.ID)
		require.Equal(t, viewer.Current(s.Developer).UserID, *apps.DecidedBy(viewer.Current(s.Developer), ended))
		require.Nil(t, apps.DecidedBy(viewer.Current(s.MustDeveloper(t, s.Admin, s.to)), ended))
	})
}

// A request of staff that has locked the account which the app leaves in the same moment
// changes nothing under the wrong lock.
func TestSuspend_MeetsATransfer(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		offered := s.mustOffer(t)
		suspended := make(chan error, 1)
		go func() { suspended <- errOf(s.Portal.Apps.Suspend(s.Admin, s.sub.GlobalID(), nil)) }()
		_, accepted := s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		err := <-suspended
		row := s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID)
		switch {
		case accepted != nil: // the suspension came first
			portaltest.RequireProblems(t, accepted, "NOT_AVAILABLE appTransferId")
			require.NoError(t, err)
			require.Equal(t, s.Account.ID, row.AccountID)
		case err != nil:
			require.ErrorContains(t, err, "gone to another account")
			require.Equal(t, access.SubscriptionApproved, row.Status)
		default:
			require.Equal(t, access.SubscriptionSuspended, row.Status)
			require.Equal(t, s.to.ID, row.AccountID)
		}
	})
}
