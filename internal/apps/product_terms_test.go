package apps_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// termsScene is a tenant with a product that has terms, and an app.
type termsScene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product *db.Product
	app     *db.App
}

func newTermsScene(t *testing.T, f *portaltest.Fixture) *termsScene {
	s := &termsScene{Fixture: f, Tenant: f.MustTenant(t, "one")}
	s.product, _ = f.MustProduct(t, s.Admin, "weather")
	s.setTerms(t, "1")
	s.app = f.MustApp(t, s.Developer, "App").App
	return s
}

func (s *termsScene) setTerms(t *testing.T, version string) {
	t.Helper()
	require.NoError(t, setTerms(s.Admin, s.Portal, s.product, version))
}

// setTerms sets the terms of a product; "" removes them.
func setTerms(admin context.Context, p *portal.Portal, x *db.Product, version string) error {
	in := catalog.UpdateProductInput{ProductID: x.GlobalID(), Terms: input.Patch[domain.Terms]{Set: true}}
	if version != "" {
		in.Terms.Value = &domain.Terms{Version: version, URL: "https://terms.example/" + version}
	}
	_, err := p.Catalog.UpdateProduct(admin, in)
	return err
}

func (s *termsScene) register(by context.Context, a *db.App, version *string) (*db.Subscription, error) {
	created, err := s.Portal.Apps.Register(by, apps.RegisterInput{AppID: a.GlobalID(), ProductID: s.product.GlobalID(), AcceptedTermsVersion: version})
	return created.Subscription, err
}

// accept accepts terms for subscriptions.
func (s *termsScene) accept(by context.Context, version string, subs ...*db.Subscription) ([]*db.Subscription, error) {
	in := apps.AcceptProductTermsInput{Version: version}
	for _, x := range subs {
		in.SubscriptionIDs = append(in.SubscriptionIDs, x.GlobalID())
	}
	return s.Portal.Apps.AcceptProductTerms(by, in)
}

// toAccept returns the version of the terms that are to be accepted for a subscription.
func (s *termsScene) toAccept(t *testing.T, x *db.Subscription) string {
	t.Helper()
	system := portaltest.System(t)
	terms := apps.ProductTermsToAccept(s.Client.Product.GetX(system, s.product.ID), s.Client.Subscription.GetX(system, x.ID))
	if terms == nil {
		return ""
	}
	return terms.Version
}

func TestRegister_ProductTerms(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newTermsScene(t, portaltest.New(t, url))
		for want, version := range map[string]*string{
			"REQUIRED acceptedTermsVersion": nil,
			"INVALID acceptedTermsVersion":  new("0"),
		} {
			_, err := s.register(s.Developer, s.app, version)
			portaltest.RequireProblems(t, err, want)
		}
		_, err := s.register(s.Developer, s.app, new("\u200b"))
		portaltest.RequireProblems(t, err, "REQUIRED acceptedTermsVersion")
		require.Equal(t, 0, s.Client.Subscription.Query().CountX(portaltest.System(t)))

		sub, err := s.register(s.Developer, s.app, new("1"))
		require.NoError(t, err)
		got := apps.ProductTermsAccepted(sub)
		require.Equal(t, []any{"1", s.Clock.Now(), viewer.Current(s.Developer).UserID}, []any{got.Version, got.At.UTC(), *got.AcceptedBy})
		require.Empty(t, s.toAccept(t, sub))

		staff := s.MustApp(t, s.Developer, "Of staff").App
		_, err = s.register(s.Admin, staff, new("1"))
		portaltest.RequireProblems(t, err, "NOT_ALLOWED acceptedTermsVersion")
		theirs, err := s.register(s.Admin, staff, nil)
		require.NoError(t, err)
		require.Nil(t, apps.ProductTermsAccepted(theirs), "nobody accepts for somebody else")
		require.Equal(t, "1", s.toAccept(t, theirs))

		s.setTerms(t, "")
		free, err := s.register(s.Developer, s.MustApp(t, s.Developer, "Free").App, new("1"))
		require.NoError(t, err)
		require.Nil(t, apps.ProductTermsAccepted(free), "there are no terms any more")
	})
}

func TestAcceptProductTerms(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newTermsScene(t, portaltest.New(t, url))
		one, err := s.register(s.Developer, s.app, new("1"))
		require.NoError(t, err)
		two, err := s.register(s.Admin, s.MustApp(t, s.Developer, "Two").App, nil)
		require.NoError(t, err)
		s.setTerms(t, "2")
		require.Equal(t, "2", s.toAccept(t, one))

		_, err = s.accept(s.Developer, "1", one, two)
		portaltest.RequireProblems(t, err, "INVALID version")
		_, err = s.accept(s.Developer, "2")
		portaltest.RequireProblems(t, err, "REQUIRED subscriptionIds")
		_, err = s.accept(s.Developer, "2", one, one)
		require.NotEmpty(t, fault.Problems(err))
		_, err = s.accept(s.Admin, "2", one)
		portaltest.RequireCode(t, err, fault.CodeForbidden)
		other := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other"))
		_, err = s.accept(other, "2", one)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		elsewhere, plan := s.MustProduct(t, s.Admin, "elsewhere")
		foreign := s.MustRegister(t, s.Developer, s.app, elsewhere, plan)
		_, err = s.accept(s.Developer, "2", one, foreign)
		require.NotEmpty(t, fault.Problems(err))
		_, err = s.accept(s.Developer, "2", foreign)
		portaltest.RequireProblems(t, err, "INVALID version")
		require.Equal(t, "2", s.toAccept(t, one), "nothing was accepted")

		for range 2 { // the second time changes nothing
			out, err := s.accept(s.Developer, "2", two, one)
			require.NoError(t, err)
			require.Equal(t, []string{two.GlobalID(), one.GlobalID()}, []string{out[0].GlobalID(), out[1].GlobalID()})
			require.Equal(t, []string{"2", "2"}, []string{*out[0].AcceptedTermsVersion, *out[1].AcceptedTermsVersion})
		}
		require.Equal(t, 1, strings.Count(strings.Join(s.EventTypes(t, one.ID), " "), string(eventlog.SubscriptionTermsAccepted)))
		require.Empty(t, s.toAccept(t, one))

		_, err = s.Portal.Apps.Unregister(s.Admin, two.GlobalID(), nil)
		require.NoError(t, err)
		s.setTerms(t, "3")
		require.Empty(t, s.toAccept(t, two), "it has ended")
		_, err = s.accept(s.Developer, "3", one, two)
		portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionIds.1")
		require.Equal(t, "3", s.toAccept(t, one))
	})
}

// An app that goes to another account takes no acceptance along.
func TestTransfer_ProductTerms(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newTermsScene(t, portaltest.New(t, url))
		sub, err := s.register(s.Developer, s.app, new("1"))
		require.NoError(t, err)
		to := s.MustAccount(t, s.Admin, "Other")
		offer, err := s.Portal.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: to.GlobalID()})
		require.NoError(t, err)
		_, err = s.Portal.Apps.AcceptAppTransfer(s.MustDeveloper(t, s.Admin, to), offer.Transfer.GlobalID())
		require.NoError(t, err)
		now := s.Client.Subscription.GetX(portaltest.System(t), sub.ID)
		require.Equal(t, to.ID, now.AccountID)
		require.Nil(t, apps.ProductTermsAccepted(now))
		require.Equal(t, "1", s.toAccept(t, sub))
	})
}

// Terms are accepted while others are set: what was accepted is what the terms were at that
// moment, or nothing.
func TestRace_AcceptProductTerms(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newTermsScene(t, h.Fixture)
		sub, err := s.register(s.Developer, s.app, new("1"))
		require.NoError(t, err)
		s.setTerms(t, "2")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n == racetest.Requests/2 {
				return nil, setTerms(s.Admin, p, s.product, "3")
			}
			_, err := p.Apps.AcceptProductTerms(s.Developer, apps.AcceptProductTermsInput{SubscriptionIDs: []string{sub.GlobalID()}, Version: "2"})
			return nil, err
		})
		tally := racetest.Tally(outcomes)
		require.Equal(t, racetest.Requests, tally[racetest.OK]+tally["INVALID"])
		require.Equal(t, "3", s.toAccept(t, sub), "nobody has accepted these")
		accepted := strings.Count(strings.Join(s.EventTypes(t, sub.ID), " "), string(eventlog.SubscriptionTermsAccepted))
		require.Equal(t, min(1, tally[racetest.OK]-1), accepted, "one event for a change")
	})
}
