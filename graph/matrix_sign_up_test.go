package graph_test

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/graph/model"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// SignUp is what the matrix knows of sign-ups.
func (nouns) SignUp() noun {
	accepted := func(selection string) question { return of("SignUp", "accepted sign-up", selection) }
	return noun{
		prefix: "sup", list: sorted{list: "signUps"}, fields: signUpFields(), staffOnly: true,
		values: map[string]any{
			"SignUpPermissions": identity.SignUpPermissions{}, "SignUpForm": domain.Form{}, "SignUpInfo": model.SignUpInfo{},
		},
		questions: map[string]question{
			"SignUp":               of("SignUp", "sign-up", ""),
			"SignUp: accepted":     accepted(""),
			"Answer: of a sign-up": accepted("answers"),
			"SignUpPermissions":    of("SignUp", "sign-up", "viewerCan"),
			"SignUpConnection":     plain("{ signUps { %s } }", "signUps"),
			"SignUpEdge":           plain("{ signUps { edges { %s } } }", "signUps.edges"),
			"SignUpForm":           of("Organization", "organization", "signUpForm"),
			"SignUpInfo":           plain(`{ serverInfo(organization: "one") { signUp { %s } } }`, "serverInfo.signUp"),
			"Question: at sign-up": plain(`{ serverInfo(organization: "one") { signUp { questions { %s } } } }`, "serverInfo.signUp.questions"),
			"Query.signUps":        rootList("signUps(first: 100)", "sign-up"),
		},
		plays: map[string]play{
			"Mutation: by anybody.signUp": {input: (*world).signingUp, event: "SIGN_UP_REQUESTED", enter: nobodyIn},
			"Mutation: by anybody.verifyEmail": {event: "SIGN_UP_VERIFIED", enter: newcomerIn, input: func(w *world, _ string) arguments {
				return arguments{"token": w.Portal.Identity.SignUpToken(idOf(w.freshSignUp(domain.SignUpUnverified))), "password": portaltest.Password}
			}},
			"Mutation.approveSignUp": on("signUpId", "SIGN_UP_APPROVED", (*world).waitingSignUp),
			"Mutation.rejectSignUp":  on("signUpId", "SIGN_UP_REJECTED", (*world).waitingSignUp).with(arguments{"reason": "No."}),
		},
		targets: map[string]string{"signUp": "", "verifyEmail": "", "approveSignUp": "signUpId", "rejectSignUp": "signUpId"},
		samples: map[string]string{"signUpId": "sign-up"},
		nothing: map[string]string{
			"the usual":           "SignUpInput.accountName SignUpInput.language",
			"none given":          "SignUpInput.answers",
			"no questions":        "UpdateOrganizationInput.signUpForm",
			"none said, approved": "ApproveSignUpInput.note",
		},
		tables: map[string]table{"sign_ups": {
			client: func(c *db.Client) any { return c.SignUp }, column: "id", value: specimen("sign-up"),
			adds: func(c *db.Client) adding {
				return added(c.SignUp.Create, c.SignUp.CreateBulk, func(x *db.SignUpCreate, o owner) {
					email := uuid.NewString() + "@example.com"
					fillSignUp(x, o.organization, email, portaltest.Start())
				})
			},
			policy: &signup.Policy, types: []string{"SignUp"},
		}},
		produce: (*world).produceSignUps,
		furnish: func(w *world) {
			for _, who := range []string{"foreign", "admin"} {
				w.make(who, "updateOrganization", arguments{"signUp": "OPEN", "signUpForm": arguments{"questions": []arguments{
					{"name": "plan", "label": "Which plan?", "kind": "CHOICE", "options": []string{"free", "paid"}},
					{"name": "why", "label": "What do you want to build?", "kind": "TEXT"},
					{"name": "news", "label": "May we write?", "kind": "BOOLEAN"},
				}}}, "organization")
			}
			w.ids["accepted sign-up"] = w.waitingSignUp()
			w.make("admin", "approveSignUp", arguments{"signUpId": w.ids["accepted sign-up"], "note": "Welcome."}, "signUp")
			w.ids["sign-up"] = w.waitingSignUp()
			email := w.name("theirs") + "@two.example"
			_, err := fillSignUp(w.Client.SignUp.Create(), w.people["foreign"].OrganizationID, email, w.Clock.Now()).Save(portaltest.System(w.t))
			require.NoError(w.t, err)
		},
	}
}

// nobodyIn returns who acts where the caller is nobody yet.
func nobodyIn(w *world, who string) (string, viewer.Viewer) {
	return w.tokens[who], viewer.Viewer{OrganizationID: w.one.Organization.ID}
}

// newcomerIn returns who acts where the caller becomes a user with an account, neither of
// which exists yet: somebody in the organization.
func newcomerIn(w *world, who string) (string, viewer.Viewer) {
	return w.tokens[who], viewer.Viewer{Role: viewer.System, OrganizationID: w.one.Organization.ID}
}

func (w *world) signingUp(string) arguments {
	return arguments{"organization": "one", "email": w.name("signer") + "@one.example", "name": "New", "accountName": "New Ltd", "language": "TR", "answers": []arguments{
		{"name": "why", "value": "Maps"}, {"name": "plan", "value": "free"}, {"name": "news", "value": "true"},
	}}
}

func fillSignUp(x *db.SignUpCreate, organization uuid.UUID, email string, at time.Time) *db.SignUpCreate {
	return x.SetOrganizationID(organization).SetEmail(email).SetEmailFolded(address.ParseEmail(email)).SetName("New").SetAccountName("New Ltd").
		SetAnswers(domain.Answers{Answers: []domain.Answer{{Name: "why", Label: "What do you want to build?", Kind: domain.QuestionText, Value: "Maps"}}}).
		SetCreatedAt(at).SetExpiresAt(at.Add(identity.SignUpLife)).SetEndedAt(at.Add(identity.SignUpLife))
}

// freshSignUp stores a sign-up, without the limits of those that come by the API.
func (w *world) freshSignUp(state domain.SignUpState) string {
	x := fillSignUp(w.Client.SignUp.Create(), w.one.Organization.ID, w.name("signer")+"@one.example", w.Clock.Now())
	if state == domain.SignUpWaiting {
		x.SetState(state).SetPasswordHash("hash " + uuid.NewString()).SetVerifiedAt(w.Clock.Now())
		x.Mutation().ResetEndedAt()
	}
	s, err := x.Save(portaltest.System(w.t))
	require.NoError(w.t, err)
	return s.GlobalID()
}

func (w *world) waitingSignUp() string { return w.freshSignUp(domain.SignUpWaiting) }

// produceSignUps brings sign-ups into each status, under each policy.
func (w *world) produceSignUps() {
	w.mustSucceed("anonymous", "signUp", w.signingUp(""), "userErrors { code }")
	verify := func(id string) {
		w.mustSucceed("anonymous", "verifyEmail", arguments{"token": w.Portal.Identity.SignUpToken(idOf(id)), "password": portaltest.Password}, "status")
	}
	verify(w.freshSignUp(domain.SignUpUnverified))
	for _, policy := range []string{"INVITATION", "APPROVAL"} {
		w.mustSucceed("admin", "updateOrganization", arguments{"signUp": policy}, "organization { signUp signUpForm { questions { kind } } }")
	}
	verify(w.freshSignUp(domain.SignUpUnverified))
	w.mustSucceed("admin", "rejectSignUp", arguments{"signUpId": w.waitingSignUp(), "reason": "No."}, "signUp { status answers { kind } }")
	replaced, expired := w.freshSignUp(domain.SignUpUnverified), w.freshSignUp(domain.SignUpUnverified)
	system := portaltest.System(w.t)
	require.NoError(w.t, w.Client.SignUp.UpdateOneID(idOf(replaced)).SetState(domain.SignUpReplaced).Exec(system))
	past := w.Clock.Now().AddDate(0, 0, -2)
	_, err := w.Database.ExecContext(w.t.Context(), `UPDATE sign_ups SET created_at = $2, expires_at = $3 WHERE id = $1`, idOf(expired), past, past.Add(identity.SignUpLife))
	require.NoError(w.t, err)
	for _, status := range w.values("SignUpStatus") {
		a := w.askAs("admin", `query($of: [SignUpStatus!]) { signUps(where: {status: $of}, first: 1) { nodes { status } } }`, map[string]any{"of": []string{status}})
		require.Contains(w.t, a.raw, `"status":"`+status+`"`)
	}
	w.mustSucceed("admin", "updateOrganization", arguments{"signUp": "OPEN"}, "organization { signUp }")
}

// signUpFields are how the reference resolves fields of sign-ups.
func signUpFields() map[string]resolver {
	status := func(q fieldRequest, s *db.SignUp) domain.SignUpStatus {
		if s.State == domain.SignUpUnverified && !q.w.Clock.Now().Before(s.ExpiresAt) {
			return domain.SignUpExpired
		}
		return domain.SignUpStatus(s.State)
	}
	return map[string]resolver{
		"Query.signUps": listOf(nodeid.SignUp, func(q fieldRequest, s *db.SignUp) bool {
			return q.object("where").among("status", string(status(q, s)))
		}),
		"SignUp.status":    decidedFor(func(q fieldRequest, s *db.SignUp) any { return status(q, s) }),
		"SignUp.answers":   valueOf(func(s *db.SignUp) any { return s.Answers.Answers }),
		"SignUp.decidedBy": func(q fieldRequest) (any, error) { return q.person(q.parent.(*db.SignUp).DecidedBy) },
		"SignUp.user":      objectIn(nodeid.User, "PersonID"),
		"SignUp.viewerCan": decidedFor(func(q fieldRequest, s *db.SignUp) any { return q.w.Portal.Identity.SignUpPermissions(q.ctx, s) }),
	}
}
