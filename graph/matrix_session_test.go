package graph_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/session"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// Session is what the matrix knows of sessions.
func (nouns) Session() noun {
	return noun{
		prefix: "sess", list: sorted{list: "sessions"}, fields: sessionFields(),
		questions: map[string]question{
			"Session":           of("Session", "session", ""),
			"SessionConnection": plain("{ sessions { %s } }", "sessions"),
			"SessionEdge":       plain("{ sessions { edges { %s } } }", "sessions.edges"),

			"Query.sessions": rootList("sessions(first: 100)", "session"),
		},
		plays: map[string]play{
			"Mutation: by the developer's token.refreshSession": {
				enter: asDeveloper, input: func(w *world, _ string) arguments { return arguments{"refreshToken": w.refreshToken("developer")} },
			},
			"Mutation: by the developer's token.signOut": {
				event: "USER_SIGNED_OUT", enter: asDeveloper,
				input: func(w *world, _ string) arguments {
					return arguments{"refreshToken": w.refreshToken("developer")}
				},
			},
			"Mutation: the developer's account.switchAccount": {target: "accountId", input: func(w *world, _ string) arguments {
				return arguments{"accountId": w.ids["account"]}
			}},
			"Mutation: a session of the developer's.signOut": on("sessionId", "USER_SIGNED_OUT", (*world).freshSession),
		},
		tables: map[string]table{"sessions": {
			client: func(c *db.Client) any { return c.Session }, column: "id", value: specimen("session"),
			adds: func(c *db.Client) adding {
				return added(c.Session.Create, c.Session.CreateBulk, func(x *db.SessionCreate, o owner) {
					x.SetOrganizationID(o.organization).SetUserID(o.user).SetDevice("").SetAddress("").SetLastSeenAt(portaltest.Start()).SetExpiresAt(portaltest.Start())
				})
			},
			policy: &session.Policy, types: []string{"Session"},
		}},
		targets:  map[string]string{"refreshSession": "", "signOut": "sessionId", "switchAccount": "accountId"},
		samples:  map[string]string{"sessionId": "session"},
		personal: true,
		nothing:  map[string]string{"the request's": "SignOutInput.sessionId", "none": "SignOutInput.refreshToken RefreshSessionInput.refreshToken"},
		produce:  (*world).produceSessions,
		furnish: func(w *world) {
			w.ids["session"] = nodeid.Encode(nodeid.Session, w.people["developer"].SessionID)
			// Everybody may see the own address; that of staff is what nobody else may.
			require.NoError(w.t, w.Client.Session.Update().SetAddress("198.51.100.1").Exec(portaltest.System(w.t)))
		},
	}
}

// asDeveloper lets whoever sends a play act as the developer.
func asDeveloper(w *world, who string) (string, viewer.Viewer) {
	return w.tokens[who], w.people["developer"]
}

// refreshToken signs a person in once more, and returns the refresh token.
func (w *world) refreshToken(who string) string {
	a := w.askAs("anonymous", mutation("signIn", "refreshToken"), map[string]any{"input": w.credentials(who)})
	token, _ := dig(a.Data, "signIn.refreshToken")
	require.NotEmpty(w.t, token, a.raw)
	return token.(string)
}

// freshSession begins a session of the developer.
func (w *world) freshSession() string {
	u, err := w.Client.User.Get(portaltest.System(w.t), w.people["developer"].UserID)
	require.NoError(w.t, err)
	return w.MustSession(w.t, u).GlobalID()
}

// sessionFields are how the reference resolves fields of sessions.
func sessionFields() map[string]resolver {
	return map[string]resolver{
		"Query.sessions": listOf(nodeid.Session, func(q fieldRequest, s *db.Session) bool {
			return s.EndedAt == nil && s.ExpiresAt.After(q.w.Clock.Now())
		}),
		"Session.current": decidedFor(func(q fieldRequest, s *db.Session) any { return s.ID == viewer.Current(q.ctx).SessionID }),
	}
}

// produceSessions uses a refresh token twice, and signs out.
func (w *world) produceSessions() {
	token := arguments{"refreshToken": w.refreshToken("developer")}
	w.mustSucceed("anonymous", "refreshSession", token, "accessToken")
	w.Clock.Advance(time.Minute)
	a := w.askAs("anonymous", mutation("refreshSession", "accessToken"), map[string]any{"input": token})
	require.Contains(w.t, a.raw, "SESSION_EXPIRED")
	w.mustSucceed("anonymous", "signOut", arguments{"refreshToken": w.refreshToken("developer")}, "endedSessionIds")
}
