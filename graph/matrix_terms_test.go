package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// Terms is what the matrix knows of terms. The organization of the developer has none; one
// called "terms" has.
func (nouns) Terms() noun {
	by := func(q question, credentials func(w *world) arguments) question {
		q.vars = func(w *world) map[string]any { return map[string]any{"input": credentials(w)} }
		return q
	}
	accepted := func(q question) question {
		return by(q, func(w *world) arguments {
			u := w.freshUser()
			require.NoError(w.t, w.Client.User.UpdateOneID(idOf(u)).SetTermsVersion("1").SetTermsAcceptedAt(portaltest.Start()).Exec(portaltest.System(w.t)))
			return arguments{"email": w.emailOf(u), "password": portaltest.Password}
		})
	}
	owing := func(q question) question {
		return by(q, func(w *world) arguments {
			_, v := w.whoOwesTerms("developer")
			return arguments{"email": w.emailOf(nodeid.Encode(nodeid.User, v.UserID)), "password": portaltest.Password}
		})
	}
	return noun{
		fields: map[string]resolver{
			"Organization.terms": valueOf(func(o *db.Organization) any { return termsOf(o) }),
			"User.acceptedTerms": valueOf(func(u *db.User) any { return termsOfUser(u) }),
		},
		values: map[string]any{"Terms": domain.Terms{}, "AcceptedTerms": domain.AcceptedTerms{}},
		questions: map[string]question{
			"Terms":                           plain(`{ serverInfo(organization: "terms") { terms { %s } } }`, "serverInfo.terms"),
			"ServerInfo: with terms":          plain(`{ serverInfo(organization: "terms") { %s } }`, "serverInfo"),
			"AcceptedTerms":                   of("User", "user with terms", "acceptedTerms"),
			"AcceptedTerms: at sign-in":       accepted(atSignIn("viewer { acceptedTerms { ", ".viewer.acceptedTerms")),
			"User: who accepted terms":        of("User", "user with terms", ""),
			"Viewer: who owes terms":          owing(atSignIn("viewer { ", ".viewer")),
			"Organization: of who owes terms": owing(atSignIn("viewer { organization { ", ".viewer.organization")),
		},
		plays: map[string]play{"Mutation: one's own.acceptTerms": {event: "TERMS_ACCEPTED", enter: (*world).whoOwesTerms, input: func(*world, string) arguments {
			return arguments{"version": "2"}
		}}},
		targets: map[string]string{"acceptTerms": ""},
		nothing: map[string]string{
			"none": "UpdateOrganizationInput.terms", "none are accepted, where there are none": "SignUpInput.termsVersion",
			"none are accepted, where there are none, and when signed in": "AcceptInvitationInput.termsVersion",
		},
		furnish: func(w *world) {
			id := w.people["other"].UserID
			w.ids["user with terms"] = nodeid.Encode(nodeid.User, id)
			system := portaltest.System(w.t)
			require.NoError(w.t, w.Client.User.UpdateOneID(id).SetTermsVersion("1").SetTermsAcceptedAt(portaltest.Start()).Exec(system))
			require.NoError(w.t, w.Client.Organization.UpdateOne(w.MustOrganization(w.t, "terms")).SetTermsVersion("2").SetTermsURL("https://terms.example/2").Exec(system))
		},
		produce: func(w *world) {
			token, _ := w.whoOwesTerms("developer")
			a := w.ask(w.t, token, `{ viewer { account { viewerCan { createApp { code } } } termsToAccept { version } } }`, nil)
			require.Contains(w.t, a.raw, `{"code":"TERMS"}`)
			require.Contains(w.t, w.ask(w.t, token, mutation("createApp", "app { id }"), map[string]any{"input": arguments{"name": "x"}}).raw, `"reason":"TERMS"`)
			accepted := w.ask(w.t, token, mutation("acceptTerms", "userErrors { code }"), map[string]any{"input": arguments{"version": "2"}})
			require.Contains(w.t, accepted.raw, `"userErrors":[]`)
			log := w.ask(w.t, w.token(w.t, w.MustAdmin(w.t, w.withTerms())), `{ events(where: {type: [TERMS_ACCEPTED]}, first: 1) { nodes { type } } }`, nil)
			require.Contains(w.t, log.raw, `{"type":"TERMS_ACCEPTED"}`)
		},
	}
}

// whoOwesTerms makes a developer who has to accept terms, for a viewer who is one.
func (w *world) whoOwesTerms(who string) (string, viewer.Viewer) {
	if w.people[who].Role != viewer.Portal || w.people[who].ByToken() {
		return w.tokens[who], w.people[who]
	}
	admin := w.MustAdmin(w.t, w.withTerms())
	ctx := w.MustDeveloper(w.t, admin, w.MustAccount(w.t, admin, w.name("account")))
	return w.token(w.t, ctx), viewer.Current(ctx)
}

// withTerms returns the organization that has terms.
func (w *world) withTerms() *db.Organization {
	o, err := w.Client.Organization.Query().Where(organization.Slug("terms")).Only(portaltest.System(w.t))
	require.NoError(w.t, err)
	return o
}

func termsOf(o *db.Organization) *domain.Terms {
	if o.TermsVersion == nil {
		return nil
	}
	return &domain.Terms{Version: *o.TermsVersion, URL: *o.TermsURL}
}

func termsOfUser(u *db.User) *domain.AcceptedTerms {
	if u.TermsVersion == nil {
		return nil
	}
	return &domain.AcceptedTerms{Version: *u.TermsVersion, At: *u.TermsAcceptedAt}
}
