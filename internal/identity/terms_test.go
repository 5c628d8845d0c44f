package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// setTerms sets the terms of an organization to a version; "" removes them.
func setTerms(t *testing.T, p *portal.Portal, admin context.Context, version string) *db.Organization {
	t.Helper()
	in := identity.UpdateOrganizationInput{Terms: input.SetTo(domain.Terms{Version: version, URL: "https://one.example/terms"})}
	if version == "" {
		in.Terms.Value = nil
	}
	o, err := p.Identity.UpdateOrganization(admin, in)
	require.NoError(t, err)
	return o
}

// makesApp tries to change something.
func makesApp(p *portal.Portal, ctx context.Context) error {
	_, err := p.Apps.CreateApp(ctx, apps.CreateAppInput{Name: "App"})
	return err
}

func requireTermsFirst(t *testing.T, err error) {
	t.Helper()
	require.Equal(t, fault.ReasonTerms, fault.From(err).Reason, "%v", err)
}

func TestStory_Terms(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		svc := x.Portal.Identity
		require.NoError(t, makesApp(x.Portal, x.Enter(t, x.owner)), "an organization has none at first")
		portaltest.RequireProblems(t, errOf(svc.AcceptTerms(x.Developer, "1")), "INVALID version")

		o := setTerms(t, x.Portal, x.Admin, "1")
		require.Equal(t, &domain.Terms{Version: "1", URL: "https://one.example/terms"}, identity.TermsOf(o))
		require.Equal(t, o.Version, setTerms(t, x.Portal, x.Admin, "1").Version, "the same terms change nothing")
		due := x.Enter(t, x.owner)
		requireTermsFirst(t, makesApp(x.Portal, due))
		_, err := x.Client.App.Query().Count(due)
		require.NoError(t, err, "reading goes on")
		require.NoError(t, errOf(svc.UpdateUser(due, identity.UpdateUserInput{UserID: x.owner.GlobalID(), Name: input.SetTo("Another")})))
		require.NoError(t, errOf(svc.UpdateAccount(x.Admin, identity.UpdateAccountInput{AccountID: x.Account.GlobalID(), Name: input.SetTo("New")})), "staff go on")

		for _, wrong := range []string{"2", "1 ", "", "\n", "1\n", strings.Repeat("1", 10_000)} {
			err := errOf(svc.AcceptTerms(due, wrong))
			require.Len(t, fault.Problems(err), 1, "%.10q: %v", wrong, err)
		}
		u, err := svc.AcceptTerms(due, "1")
		require.NoError(t, err)
		require.Equal(t, &domain.AcceptedTerms{Version: "1", At: x.Clock.Now()}, identity.TermsAcceptedBy(u))
		require.Nil(t, identity.TermsToAccept(o, u))
		require.NoError(t, makesApp(x.Portal, x.Enter(t, u)))
		requireTermsFirst(t, makesApp(x.Portal, x.Enter(t, x.member)))

		x.Clock.Advance(time.Hour)
		again, err := svc.AcceptTerms(x.Enter(t, u), "1")
		require.NoError(t, err)
		require.Equal(t, []any{u.Version, *u.TermsAcceptedAt}, []any{again.Version, *again.TermsAcceptedAt}, "accepting again changes nothing")
		require.Len(t, termsEvents(t, x.Fixture, u.ID), 1)

		o = setTerms(t, x.Portal, x.Admin, "2")
		requireTermsFirst(t, makesApp(x.Portal, x.Enter(t, u)))
		require.Equal(t, "2", identity.TermsToAccept(o, u).Version)
		portaltest.RequireProblems(t, errOf(svc.AcceptTerms(x.Enter(t, u), "1")), "INVALID version")
		require.NoError(t, errOf(svc.AcceptTerms(x.Enter(t, u), "2")))
		require.NoError(t, makesApp(x.Portal, x.Enter(t, u)))
		events := termsEvents(t, x.Fixture, u.ID)
		require.Equal(t, change.Attributes("version", "2"), events[1].Changes)

		setTerms(t, x.Portal, x.Admin, "")
		require.NoError(t, makesApp(x.Portal, x.Enter(t, x.member)), "there are none any more")
	})
}

func termsEvents(t *testing.T, f *portaltest.Fixture, of uuid.UUID) []*db.Event {
	t.Helper()
	return tokenEvents(t, f, of, eventlog.TermsAccepted)
}

// Who acts for the organization, and machines, accept nothing, and need not.
func TestAcceptTerms_ErrRole(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		b := newBackend(t, url, time.Hour)
		setTerms(t, b.Portal, b.Admin, "1")
		require.NoError(t, errOf(b.Portal.Identity.UpdateAccount(b.Admin, identity.UpdateAccountInput{AccountID: b.Account.GlobalID(), Name: input.SetTo("New")})))
		out, err := b.Portal.Identity.CreateServiceToken(b.Admin, tokenInput{Name: "erp", Scopes: scopes(domain.PortalWrite), AccountID: new(b.Account.GlobalID())})
		require.NoError(t, err)
		v, ok := machine(t, b.Fixture, out.Secret)
		require.True(t, ok)
		require.NoError(t, makesApp(b.Portal, portaltest.As(t, v)), "an account's token is nobody who accepts")

		acting, ok := b.acting()
		require.True(t, ok)
		requireTermsFirst(t, makesApp(b.Portal, portaltest.As(t, acting)))
		for _, ctx := range []context.Context{b.Admin, portaltest.As(t, v), portaltest.As(t, acting), b.ctx, nobody(t)} {
			portaltest.RequireCode(t, errOf(b.Portal.Identity.AcceptTerms(ctx, "1")), fault.CodeForbidden)
		}
		require.NoError(t, errOf(b.Portal.Identity.AcceptTerms(b.Developer, "1")))
		acting, ok = b.acting()
		require.True(t, ok)
		require.NoError(t, makesApp(b.Portal, portaltest.As(t, acting)), "the developer has")
	})
}

// Who comes by an identity provider accepts them afterwards, without a session.
func TestTerms_OfWhoArrives(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		setTerms(t, f.Portal, x.Admin, "1")
		p := mustProvider(t, f, "one", creates)
		require.NoError(t, errOf(f.Portal.Identity.Arrive(t.Context(), p, arrival(f, "ada"))))
		enter := func() context.Context {
			v, ok, err := f.Directory.External(t.Context(), p, arrival(f, "ada"), uuid.Nil)
			require.NoError(t, err)
			require.True(t, ok)
			return portaltest.As(t, v)
		}
		requireTermsFirst(t, makesApp(f.Portal, enter()))
		require.NoError(t, errOf(f.Portal.Identity.AcceptTerms(enter(), "1")))
		require.NoError(t, makesApp(f.Portal, enter()))
	})
}

// Whoever signs up accepts them then; what has changed until there is a user has not been
// accepted.
func TestSignUp_AcceptsTerms(t *testing.T) {
	eachSignUp(t, domain.SignUpApproval, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		svc, two := f.Portal.Identity, f.MustTenant(t, "two")
		in := signUpAs("nora@example.com")
		in.TermsVersion = new("nothing to accept")
		require.NoError(t, svc.SignUp(nobody(t), in), "there are none")
		setTerms(t, f.Portal, x.Admin, "1")
		setTerms(t, f.Portal, two.Admin, "theirs")
		known := f.MustUser(t, x.Admin, x.Account, domain.Member).Email
		for version, want := range map[string]string{"theirs": "INVALID", "0": "INVALID", "1\n": "INVALID", "": "REQUIRED", "\u200b": "REQUIRED", strings.Repeat("1", 10_000): "INVALID"} {
			for _, email := range []string{"nora@example.com", known} {
				in := signUpAs(email)
				in.TermsVersion = &version
				portaltest.RequireProblems(t, svc.SignUp(nobody(t), in), want+" termsVersion")
			}
		}
		in = signUpAs("ada@example.com")
		portaltest.RequireProblems(t, svc.SignUp(nobody(t), in), "REQUIRED termsVersion")
		in.Name = ""
		portaltest.RequireProblems(t, svc.SignUp(nobody(t), in), "REQUIRED name", "REQUIRED termsVersion")
		require.Equal(t, 1, f.Rows(t, "sign_ups"))

		in.Name, in.TermsVersion = "Ada", new("1")
		require.NoError(t, svc.SignUp(nobody(t), in))
		s := f.Client.SignUp.Query().Order(db.Desc("id")).FirstX(portaltest.System(t))
		require.Equal(t, change.Attributes("termsVersion", "1"), tokenEvents(t, f, s.ID, eventlog.SignUpRequested)[0].Changes)
		at := f.Clock.Now()
		f.Clock.Advance(time.Hour)
		require.NoError(t, errOf(verify(t, f.Portal, svc.SignUpToken(s.ID))))
		f.Clock.Advance(time.Hour)
		setTerms(t, f.Portal, x.Admin, "2")
		out, err := svc.ApproveSignUp(x.Admin, s.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, &domain.AcceptedTerms{Version: "1", At: at}, identity.TermsAcceptedBy(out.User))
		requireTermsFirst(t, makesApp(f.Portal, f.Enter(t, out.User)))
		setTerms(t, f.Portal, x.Admin, "1")
		require.NoError(t, makesApp(f.Portal, f.Enter(t, out.User)))
	})
}

// A new person accepts them with the invitation, and a user of the organization with
// acceptTerms.
func TestAcceptInvitation_AcceptsTerms(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		setTerms(t, x.Portal, x.Admin, "1")
		_, token := x.invite(t, x.Admin, "nora@example.com")
		in := identity.AcceptInvitationInput{Token: token}
		_, err := x.Portal.Identity.AcceptInvitation(nobody(t), in)
		portaltest.RequireProblems(t, err, "REQUIRED name", "REQUIRED password", "REQUIRED termsVersion")
		in.Name, in.Password, in.TermsVersion = new("Nora"), new("short"), new("2")
		_, err = x.Portal.Identity.AcceptInvitation(nobody(t), in)
		portaltest.RequireProblems(t, err, "WEAK_PASSWORD password", "INVALID termsVersion")
		in.Password, in.TermsVersion = new(portaltest.Password), new("1")
		out, err := x.Portal.Identity.AcceptInvitation(nobody(t), in)
		require.NoError(t, err)
		require.Equal(t, "1", *out.User.TermsVersion)
		require.Equal(t, out.User.ID, *termsEvents(t, x.Fixture, out.User.ID)[0].ActorID)
		require.NoError(t, makesApp(x.Portal, x.Enter(t, out.User)))

		stranger := x.userOf(t, x.stranger)
		_, token = x.invite(t, x.Admin, stranger.Email)
		out, err = x.accept(x.Enter(t, stranger), token)
		require.NoError(t, err)
		require.Nil(t, out.User.TermsVersion)
		require.Equal(t, viewer.Portal, viewer.Current(x.Enter(t, stranger)).Role)
		requireTermsFirst(t, makesApp(x.Portal, x.Enter(t, stranger)))
	})
}

func TestUpdateOrganization_Terms(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		for _, c := range []struct{ version, url, want string }{
			{"", "https://one.example", "REQUIRED terms.version"},
			{" \u200b", "https://one.example", "REQUIRED terms.version"},
			{strings.Repeat("v", 65), "https://one.example", "TOO_LONG terms.version"},
			{"1\n2", "https://one.example", "INVALID_CHARACTERS terms.version"},
			{"1\u202e", "https://one.example", "INVALID_CHARACTERS terms.version"},
			{"1", "", "REQUIRED terms.url"},
			{"1", "javascript:alert(1)", "INVALID terms.url"},
			{"1", "//one.example/terms", "INVALID terms.url"},
			{"1", "https://me:secret@one.example", "INVALID terms.url"},
			{"1", "https://one.example/\nx", "INVALID_CHARACTERS terms.url"},
			{"1", "https://one.example/" + strings.Repeat("x", 10_000), "TOO_LONG terms.url"},
		} {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Terms: input.SetTo(domain.Terms{Version: c.version, URL: c.url})})
			portaltest.RequireProblems(t, err, c.want)
		}
		o, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{Terms: input.SetTo(domain.Terms{Version: strings.Repeat("ü", 64), URL: "https://bücher.example/terms"})})
		require.NoError(t, err)
		require.Equal(t, "https://xn--bcher-kva.example/terms", *o.TermsURL)
		for _, half := range []string{`UPDATE organizations SET terms_url = NULL`, `UPDATE organizations SET terms_version = NULL`, `UPDATE users SET terms_version = '1'`, `UPDATE users SET terms_accepted_at = created_at`} {
			_, err := f.Database.ExecContext(t.Context(), half)
			require.Error(t, err, half)
		}
		before := setTerms(t, f.Portal, x.Admin, "").Version
		require.Equal(t, before, setTerms(t, f.Portal, x.Admin, "").Version)
	})
}

// Of many acceptances at once one is recorded, and one of terms that change meanwhile is
// of those before or none.
func TestRace_AcceptTerms(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for round, version := range []string{"1", "2", "3"} {
			setTerms(t, h.Portal, x.Admin, version)
			_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.User, error) { return p.Identity.AcceptTerms(x.Developer, version) })
			racetest.RequireOnly(t, outcomes, racetest.OK)
			require.Len(t, termsEvents(t, h.Fixture, viewer.Current(x.Developer).UserID), round+1)
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.User, error) {
			if n == 0 {
				setTerms(t, p, x.Admin, "4")
				return nil, nil
			}
			return p.Identity.AcceptTerms(x.Developer, "4")
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "INVALID")
		u := h.Client.User.GetX(portaltest.System(t), viewer.Current(x.Developer).UserID)
		require.Equal(t, racetest.Tally(outcomes)[racetest.OK] > 1, *u.TermsVersion == "4")
	})
}
