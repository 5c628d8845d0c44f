package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/address"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// Totp is what the matrix knows of second factors.
func (nouns) Totp() noun {
	begun := func(w *world, who string) arguments { return w.withApp(who, false) }
	set := func(w *world, who string) arguments { return w.withApp(who, true) }
	return noun{
		questions: map[string]question{
			"SignInChallenge": {
				document: "mutation($input: SignInInput!) { signIn(input: $input) { challenge { %s } } }", at: "signIn.challenge",
				vars: func(w *world) map[string]any { return map[string]any{"input": w.challengedPerson()} },
			},
			"SignInChallenge: of a strict administrator": {
				document: "mutation($input: SignInInput!) { signIn(input: $input) { challenge { %s } } }", at: "signIn.challenge",
				vars: func(w *world) map[string]any { return map[string]any{"input": w.strictAdministrator()} },
			},
			"Viewer: with a code": {
				document: "mutation($input: CompleteSignInInput!) { completeSignIn(input: $input) { viewer { %s } } }", at: "completeSignIn.viewer",
				vars: func(w *world) map[string]any {
					in := w.withApp("developer", true)
					return map[string]any{"input": arguments{"challenge": w.begin().Token, "code": in["code"]}}
				},
			},
			"User: with an app": of("User", "user with an app", ""),
			"TotpSetup": {
				document: "mutation($input: SignInInput!) { signIn(input: $input) { challenge { setup { %s } } } }", at: "signIn.challenge.setup",
				vars: func(w *world) map[string]any { return map[string]any{"input": w.strictAdministrator()} },
			},
		},
		plays: map[string]play{
			"Mutation: one's own.enableTotp": {enter: (*world).freshPerson, input: func(*world, string) arguments {
				return arguments{"password": portaltest.Password}
			}},
			"Mutation: one's own.confirmTotp":          {event: "USER_TOTP_ENABLED", enter: (*world).entered, input: begun},
			"Mutation: one's own.disableTotp":          {event: "USER_TOTP_DISABLED", enter: (*world).entered, input: set},
			"Mutation: one's own.replaceRecoveryCodes": {event: "USER_RECOVERY_CODES_REPLACED", enter: (*world).entered, input: set},
			"Mutation: of who has an app.signIn":       {later: true, input: func(w *world, _ string) arguments { return w.challengedPerson() }},
			"Mutation: with the first code.completeSignIn": {event: "USER_SIGNED_IN", enter: (*world).entered, input: func(w *world, who string) arguments {
				w.strictAdministrator()
				asked := w.begin()
				w.person.token = w.tokens[who]
				return arguments{"challenge": asked.Token, "code": w.App(w.t, *asked.Setup).Code()}
			}},
			"Mutation.resetTotp": on("userId", "USER_TOTP_RESET", (*world).userWithApp),
			"Mutation: with a code.completeSignIn": {event: "USER_SIGNED_IN", enter: (*world).entered, input: func(w *world, who string) arguments {
				in := w.withApp("developer", true)
				w.person.token = w.tokens[who]
				return arguments{"challenge": w.begin().Token, "code": in["code"]}
			}},
		},
		targets: map[string]string{"enableTotp": "", "confirmTotp": "", "disableTotp": "", "replaceRecoveryCodes": "", "completeSignIn": "", "resetTotp": "userId"},
		furnish: func(w *world) {
			id := w.people["other"].UserID
			w.ids["user with an app"] = nodeid.Encode(nodeid.User, id)
			require.NoError(w.t, w.Client.User.UpdateOneID(id).SetTotpEnabledAt(portaltest.Start()).Exec(portaltest.System(w.t)))
		},
		produce: func(w *world) {
			w.withApp("developer", true)
			ctx := portaltest.As(w.t, w.person.viewer)
			fresh, err := w.Portal.Identity.ReplaceRecoveryCodes(ctx, w.person.codes[0])
			require.NoError(w.t, err)
			_, err = w.Portal.Identity.DisableTotp(ctx, fresh[0])
			require.NoError(w.t, err)
		},
		nothing: map[string]string{"none": "CompleteSignInInput.deviceToken", "none said": "ResetTotpInput.reason"},
	}
}

// person is somebody made for one play.
type person struct {
	token, email string
	viewer       viewer.Viewer
	// codes are the recovery codes.
	codes []string
}

// withApp makes a person like the viewer, with an authenticator app that is set up, or
// only begun, and returns a code of it. Who has no person gets a wrong one.
func (w *world) withApp(who string, set bool) arguments {
	token, v := w.freshPerson(who)
	if w.person = (person{token: token, viewer: v}); !v.SignedIn() {
		return arguments{"code": "000000"}
	}
	ctx := portaltest.As(w.t, v)
	u, err := w.Client.User.Get(portaltest.System(w.t), v.UserID)
	require.NoError(w.t, err)
	w.person.email = u.Email
	if set {
		var app portaltest.App
		app, w.person.codes = w.MustTotp(w.t, ctx)
		return arguments{"code": app.Code()}
	}
	setup, err := w.Portal.Identity.EnableTotp(ctx, portaltest.Password)
	require.NoError(w.t, err)
	return arguments{"code": w.App(w.t, *setup).Code()}
}

// begin begins the sign-in of a person who is asked for a code.
func (w *world) begin() *identity.SignInChallenge {
	signedIn, err := w.Portal.Identity.SignIn(w.t.Context(), identity.SignInInput{Email: address.ParseEmail(w.person.email), Password: portaltest.Password})
	require.NoError(w.t, err)
	return signedIn.Challenge
}

// entered returns the person of the play.
func (w *world) entered(string) (string, viewer.Viewer) { return w.person.token, w.person.viewer }

// userWithApp makes a developer with an authenticator app.
func (w *world) userWithApp() string {
	w.withApp("developer", true)
	return nodeid.Encode(nodeid.User, w.person.viewer.UserID)
}

// challengedPerson returns the credentials of a developer who is asked for a code.
func (w *world) challengedPerson() arguments {
	w.withApp("developer", true)
	return arguments{"email": w.person.email, "password": portaltest.Password}
}

// strictAdministrator returns the credentials of a new administrator who is asked to set
// up an app.
func (w *world) strictAdministrator() arguments {
	ctx := portaltest.System(w.t)
	strict, err := w.Client.Organization.Query().Where(organization.Slug("strict")).Only(ctx)
	if db.IsNotFound(err) {
		strict, err = w.Client.Organization.UpdateOne(w.MustOrganization(w.t, "strict")).SetStaffTotp(true).Save(ctx)
	}
	require.NoError(w.t, err)
	v := viewer.Current(w.MustAdmin(w.t, strict))
	u, err := w.Client.User.Get(ctx, v.UserID)
	require.NoError(w.t, err)
	w.person = person{email: u.Email, viewer: v}
	return arguments{"email": u.Email, "password": portaltest.Password}
}
