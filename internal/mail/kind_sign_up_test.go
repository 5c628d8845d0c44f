package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// signUp signs up with an address, under a name that would be a link.
func (w *world) signUp(policy domain.SignUpPolicy, email string) (*db.SignUp, string) {
	w.t.Helper()
	require.NoError(w.t, errOf(w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{SignUp: input.SetTo(policy)})))
	in := identity.SignUpInput{Organization: "one", Email: address.ParseEmail(email), Name: "Win at https://phish.example", Language: new(domain.Turkish)}
	require.NoError(w.t, w.Portal.Identity.SignUp(w.t.Context(), in))
	s, err := w.Client.SignUp.Query().Where(signup.EmailFolded(in.Email)).Order(db.Desc(signup.FieldID)).First(portaltest.System(w.t))
	require.NoError(w.t, err)
	return s, w.Portal.Identity.SignUpToken(s.ID)
}

func (w *world) verify(token string) {
	w.t.Helper()
	require.NoError(w.t, errOf(w.Portal.Identity.VerifyEmail(w.t.Context(), identity.VerifyEmailInput{Token: token, Password: portaltest.Password})))
}

func TestVerification(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		_, token := w.signUp(domain.SignUpOpen, "stranger@elsewhere.example")
		to, subject, text := w.one()
		require.Equal(t, "stranger@elsewhere.example", to)
		require.Equal(t, "The one organization için adresinizi doğrulayın", subject)
		require.Contains(t, text, portalURL+"/verify-email#token="+token+"\n")
		require.NotContains(t, text, "phish", "strangers write nothing in letters")
		w.verify(token)
		_, _, text = w.one()
		require.Contains(t, text, "Adresiniz doğrulandı")

		// Who has the address is told so, in the own language, and gets no link.
		u := w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.step()
		w.signUp(domain.SignUpOpen, u.Email)
		to, subject, text = w.one()
		require.Equal(t, u.Email, to)
		require.Equal(t, "You can sign in to The one organization", subject)
		require.NotContains(t, text, "psu_")
		require.NotContains(t, text, "phish")

		// Nobody who is disabled gets letters; what has ended is not sent.
		require.NoError(t, errOf(w.Portal.Identity.DisableUser(w.Admin, u.GlobalID(), nil)))
		w.signUp(domain.SignUpOpen, u.Email)
		require.Empty(t, w.sent())
		_, token = w.signUp(domain.SignUpOpen, "quick@elsewhere.example")
		w.verify(token)
		_, subject, _ = w.one()
		require.Equal(t, "The one organization hesabınız", subject)
	})
}

func TestSignUpDecided(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		waiting := func(email string) *db.SignUp {
			s, token := w.signUp(domain.SignUpApproval, email)
			w.one()
			w.verify(token)
			to, subject, text := w.one()
			require.Equal(t, w.email(w.admin()), to)
			require.Equal(t, "Sign-up for Win at https phish example", subject)
			require.Contains(t, text, "Win at https phish example ("+email+")")
			require.Contains(t, text, portalURL+"/sign-ups/"+s.GlobalID())
			return s
		}
		require.NoError(t, errOf(w.Portal.Identity.ApproveSignUp(w.Admin, waiting("yes@elsewhere.example").GlobalID(), new("Welcome aboard."))))
		to, subject, text := w.one()
		require.Equal(t, []string{"yes@elsewhere.example", "The one organization kuruluşuna hoş geldiniz"}, []string{to, subject})
		require.Contains(t, text, "> Welcome aboard.")
		require.Contains(t, text, "seçtiğiniz parolayla")
		require.Contains(t, text, portalURL+"/sign-in")
		require.NoError(t, errOf(w.Portal.Identity.RejectSignUp(w.Admin, waiting("no@elsewhere.example").GlobalID(), "We do not\nknow you.")))
		to, _, text = w.one()
		require.Equal(t, "no@elsewhere.example", to)
		require.Contains(t, text, "> We do not\n> know you.")

		// No letter promises a password that is not used any more.
		late := waiting("late@elsewhere.example")
		require.NoError(t, errOf(w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)})))
		require.NoError(t, errOf(w.Portal.Identity.ApproveSignUp(w.Admin, late.GlobalID(), nil)))
		_, _, text = w.one()
		require.Contains(t, text, "Seçtiğiniz parola kullanılmaz")
		require.NotContains(t, text, "seçtiğiniz parolayla")
	})
}

// The daily letter has the sign-ups that wait, too, for administrators alone.
func TestWaitingSignUps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		product, plan := w.MustProduct(t, w.Admin, "weather")
		w.MustApprover(t, w.Admin, product)
		w.sent()
		_, token := w.signUp(domain.SignUpApproval, "nora@elsewhere.example")
		w.one()
		w.verify(token)
		w.one()
		w.Clock.Advance(2 * day)
		to, subject, text := w.one()
		require.Equal(t, []string{w.email(w.admin()), "Requests that wait for a decision: 1"}, []string{to, subject})
		require.Contains(t, text, "\n- Win at https phish example (nora@elsewhere.example) has signed up, since ")
		require.Contains(t, text, portalURL+"/sign-ups\n")
		w.MustRegister(t, w.Developer, w.MustApp(t, w.Developer, "App").App, product, plan)
		w.sent()
		w.Clock.Advance(day)
		for _, l := range w.sent() {
			text, _ := l.Parts(t)
			require.Equal(t, l.To == w.email(w.admin()), strings.Contains(text, "nora@elsewhere.example"), l.To)
			require.Contains(t, text, portalURL+"/requests\n")
		}
	})
}

// Whoever was a user before is told that a provider lets them in from now on; who becomes
// one by it is not.
func TestIdentityLinked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		settings := identity.DefaultProvider()
		settings.Name, settings.Label, settings.Issuer, settings.Audience, settings.LinkByEmail, settings.CreateUsers = "main", "Main", "https://login.example", "api", true, domain.CreatePortal
		p, err := w.Portal.Identity.AddProvider(t.Context(), "one", settings, nil)
		require.NoError(t, err)
		w.Clock.Advance(time.Minute)
		email := w.email(w.developer())
		comes := func(email string) {
			_, err := w.Portal.Identity.Arrive(t.Context(), p, identity.Arrival{Subject: email, Role: domain.RolePortal, IssuedAt: w.Clock.Now(), Name: "Ada", Email: address.ParseEmail(email)})
			require.NoError(t, err)
		}
		comes("ada@elsewhere.example")
		require.Empty(t, w.sent())
		comes(email)
		to, subject, _ := w.one()
		require.Equal(t, email, to)
		require.Contains(t, subject, "You can sign in by an identity provider from now on")
	})
}
