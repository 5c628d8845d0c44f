package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/nodeid"
	"portico/internal/testdb"
)

// person returns the claims of a person whose address is verified.
func person(name, email string) vars {
	return vars{"name": name, "email": email, "email_verified": true}
}

// provided is an organization with an identity provider.
type provided struct {
	*actors
	*idp
	slug string
}

// bearer returns a client with an access token.
func (p *provided) bearer(token string) *servertest.Client {
	return &servertest.Client{URL: p.server.URL, Token: token}
}

// set changes the provider's settings.
func (p *provided) set(t *testing.T, flags ...string) {
	t.Helper()
	p.server.Run(t, "", append([]string{"identity-provider", "update", "--organization", p.slug, "--name", "main"}, flags...)...)
}

const whoArrived = `{ viewer { role user { id name email } account { id name } accounts { nodes { id } } } }`

// isOut requires that a token is refused as every other one.
func (p *provided) isOut(t *testing.T, token string) {
	t.Helper()
	requireReason(t, p.bearer(token).Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED", "SESSION_EXPIRED")
}

// comesIn requires that a token is accepted.
func (p *provided) comesIn(t *testing.T, token string) *servertest.Answer {
	t.Helper()
	client := p.bearer(token)
	// What was permitted just now is known after 2 s.
	require.Eventually(t, func() bool { return client.Send(t, whoArrived, nil).At("viewer") != nil }, 5*time.Second, 100*time.Millisecond)
	return client.Must(t, whoArrived, nil)
}

// addProvider adds a provider to an organization, which is known after a moment.
func addProvider(t *testing.T, c *actors, p *idp, slug string, flags ...string) *provided {
	t.Helper()
	c.server.Run(t, "", append([]string{"identity-provider", "add", "--organization", slug, "--name", "main", "--label", "Main", "--issuer", p.issuer, "--audience", apiAudience}, flags...)...)
	return &provided{c, p, slug}
}

// People of an identity provider come in with its access tokens.
func TestStory_IdentityProvider(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c, foreign := newOrganization(t, s, "provided"), newOrganization(t, s, "elsewhere")
		people := map[string]vars{
			"ada": person("Ada", "ada@provided.example"), "noor": person("Noor", "noor@provided.example"),
			"dev": person("The developer", strings.ToUpper(c.email)), "boss": person("Boss", "boss@provided.example"),
			"thief": {"name": "Thief", "email": c.email}, "nobody": {"name": "No address"},
		}
		people["boss"]["groups"] = []string{"everybody", "api-managers"}
		people["noor"]["accounts"] = []string{c.account, foreign.account, "acct_junk"}
		p := addProvider(t, c, startIDP(t, people, "http://127.0.0.1:1/auth/callback"), "provided")
		t.Run("nobody is made a user, or linked, unless the operator says so", func(t *testing.T) {
			for _, who := range []string{"ada", "dev", "thief", "nobody", "boss"} {
				p.isOut(t, p.token(t, who))
			}
		})
		t.Run("who is unknown becomes a developer", func(t *testing.T) { p.becomesDeveloper(t, foreign) })
		t.Run("who has the address is linked only if it is verified", func(t *testing.T) { p.isLinked(t) })
		t.Run("only a mapping makes staff", func(t *testing.T) { p.becomesStaff(t) })
		t.Run("memberships follow the claims", func(t *testing.T) { p.followsClaims(t, foreign) })
		t.Run("who is disabled or deleted stays out", func(t *testing.T) { p.staysOut(t) })
		t.Run("a wrong token is refused, whatever is wrong with it", func(t *testing.T) { p.refusesWrong(t) })
		t.Run("keys rotate, and the provider may be down", func(t *testing.T) { p.rotates(t) })
		t.Run("it ends with the next request", func(t *testing.T) {
			token := p.token(t, "ada")
			p.comesIn(t, token)
			s.Run(t, "", "identity-provider", "remove", "--organization", "provided", "--name", "main")
			p.isOut(t, token)
		})
	})
}

func (p *provided) becomesDeveloper(t *testing.T, foreign *actors) {
	p.set(t, "--create-users", "PORTAL")
	token := p.token(t, "ada")
	a := p.comesIn(t, token)
	require.Equal(t, "PORTAL", a.Text("viewer", "role"))
	require.Equal(t, "Ada", a.Text("viewer", "user", "name"))
	require.Equal(t, "ada@provided.example", a.Text("viewer", "user", "email"))
	require.Equal(t, "Ada", a.Text("viewer", "account", "name"), "an account of her own")
	ada := p.bearer(token)
	ada.Do(t, "createApp", vars{"name": "Ada's"}, `app { id } secret { rawKey }`)
	require.Equal(t, a.Text("viewer", "user", "id"), p.comesIn(t, p.token(t, "ada")).Text("viewer", "user", "id"), "the same again")
	requireReason(t, ada.As("X-Portico-Account", p.account).Send(t, whoArrived, nil), "FORBIDDEN", "NOT_A_MEMBER")
	requireReason(t, ada.As("X-Portico-Account", foreign.account).Send(t, whoArrived, nil), "FORBIDDEN", "NOT_A_MEMBER")
	p.isOut(t, p.token(t, "nobody"))
	requireReason(t, ada.Ask(t, "switchAccount", vars{"accountId": a.Text("viewer", "account", "id")}, `account { id }`), "FORBIDDEN", "POLICY")
	requireReason(t, ada.Ask(t, "signOut", vars{}, `userErrors { code }`), "FORBIDDEN", "POLICY")
	ada.Do(t, "signOut", vars{"everywhere": true}, ``)
	events := p.admin.Must(t, `{ events(first: 4, where: {type: [USER_CREATED, USER_IDENTITY_LINKED, ACCOUNT_CREATED, MEMBER_ADDED]}) { nodes { type actor { user { id } } changes { field after } } } }`, nil)
	require.Equal(t, []string{"MEMBER_ADDED", "ACCOUNT_CREATED", "USER_IDENTITY_LINKED", "USER_CREATED"}, texts(events, "type", "events", "nodes"))
	require.Equal(t, a.Text("viewer", "user", "id"), events.Text("events", "nodes", 2, "actor", "user", "id"))
	requireError(t, p.server.Anonymous().Ask(t, "signIn", vars{"email": "ada@provided.example", "password": ""}, `accessToken`), "UNAUTHENTICATED")
}

func (p *provided) isLinked(t *testing.T) {
	p.isOut(t, p.token(t, "dev"))
	p.set(t, "--link-by-email")
	p.isOut(t, p.token(t, "thief"))
	a := p.comesIn(t, p.token(t, "dev"))
	require.Equal(t, p.developer, a.Text("viewer", "user", "id"))
	require.Equal(t, p.account, a.Text("viewer", "account", "id"))
	heir := person("The next one", p.email)
	heir["sub"] = "heir"
	p.isOut(t, p.sign(t, vars{}, heir)) // who was given the address
	p.set(t, "--no-link-by-email")
	p.comesIn(t, p.token(t, "dev"))
}

func (p *provided) becomesStaff(t *testing.T) {
	a := p.comesIn(t, p.token(t, "boss"))
	require.Equal(t, "PORTAL", a.Text("viewer", "role"), "groups mean nothing yet")
	p.set(t, "--role-claim", "groups", "--admin-value", "api-managers")
	require.Equal(t, "PORTAL", p.comesIn(t, p.token(t, "boss")).Text("viewer", "role"), "a known user is not promoted by claims")
	second := func(groups ...string) string {
		return p.sign(t, vars{}, vars{"sub": "second", "name": "Second", "email": "second@provided.example", "email_verified": true, "groups": groups})
	}
	require.Equal(t, "ADMIN", p.comesIn(t, second("api-managers")).Text("viewer", "role"))
	p.isOut(t, second("everybody"))
	p.set(t, "--approver-value", "deciders")
	third := p.sign(t, vars{}, vars{"sub": "third", "name": "Third", "email": "third@provided.example", "email_verified": true, "groups": []string{"deciders"}})
	require.Equal(t, "APPROVER", p.comesIn(t, third).Text("viewer", "role"))
	p.isOut(t, second("deciders")) // an administrator
	p.comesIn(t, second("api-managers"))
	secret, _ := setUpApp(t, p.admin, servertest.UserPassword)
	p.admin.Do(t, "updateOrganization", vars{"staffTotp": true}, `organization { staffTotp }`)
	p.isOut(t, second("api-managers"))
	p.set(t, "--second-factor")
	p.comesIn(t, second("api-managers"))
	p.admin.Do(t, "updateOrganization", vars{"staffTotp": false}, `organization { staffTotp }`)
	p.admin.Do(t, "disableTotp", vars{"code": code(t, secret, next)}, `user { id }`)
	p.set(t, "--no-second-factor")
}

func (p *provided) followsClaims(t *testing.T, foreign *actors) {
	p.set(t, "--accounts-claim", "accounts")
	at := time.Now().Add(-time.Minute)
	noor := func(accounts ...string) string {
		at = at.Add(time.Second)
		claims := person("Noor", "noor@provided.example")
		claims["sub"], claims["accounts"], claims["iat"] = "noor", append([]string{}, accounts...), at.Unix()
		return p.sign(t, vars{}, claims)
	}
	in := func(token string) []string { return texts(p.comesIn(t, token), "id", "viewer", "accounts", "nodes") }
	second := p.newAccount(t, "Second")
	first := noor(p.account, foreign.account, "acct_junk")
	require.Equal(t, []string{p.account}, in(first), "and no account of her own")
	require.ElementsMatch(t, []string{p.account, second}, in(noor(p.account, second)))
	require.ElementsMatch(t, []string{p.account, second}, in(first), "an older token changes nothing")
	p.admin.Do(t, "removeMember", vars{"membershipId": membershipOf(t, p.actors, p.comesIn(t, first).Text("viewer", "user", "id"))}, `deletedMembershipId`)
	require.Equal(t, []string{second}, in(noor(second, p.account)), "who was removed is not added again")
	for name, claim := range map[string]any{"none": nil, "a number": 1, "too many": manyAccounts(101)} {
		claims := person("Noor", "noor@provided.example")
		claims["sub"], claims["accounts"], claims["iat"] = "noor", claim, at.Add(time.Second).Unix()
		require.Equal(t, []string{second}, in(p.sign(t, vars{}, claims)), name)
	}
	require.Equal(t, []string{second}, in(noor(second, p.account)), "nor after a token that says nothing of accounts")
	p.admin.Do(t, "addMember", vars{"accountId": second, "userId": p.developer, "role": "OWNER"}, `membership { id }`)
	require.Empty(t, in(noor()))
	require.Equal(t, []string{p.account}, in(noor(p.account)), "named anew")
}

// manyAccounts returns the ids of accounts that do not exist.
func manyAccounts(n int) (out []string) {
	for range n {
		out = append(out, nodeid.Encode(nodeid.Account, uuid.New()))
	}
	return out
}

func (p *provided) staysOut(t *testing.T) {
	token := p.token(t, "noor")
	id := p.comesIn(t, token).Text("viewer", "user", "id")
	p.admin.Do(t, "disableUser", vars{"userId": id, "reason": "Abuse."}, `user { id }`)
	p.isOut(t, token)
	p.isOut(t, p.token(t, "noor"))
	p.admin.Do(t, "enableUser", vars{"userId": id}, `user { id }`)
	p.comesIn(t, token)
	p.admin.Do(t, "disableUser", vars{"userId": id, "reason": "Abuse."}, `user { id }`)
	p.admin.Do(t, "deleteUser", vars{"userId": id}, `deletedUserId`)
	p.isOut(t, token)
	p.isOut(t, p.token(t, "noor"))
	p.server.Run(t, "", "identity-provider", "unlink", "--organization", p.slug, "--name", "main", "--subject", "noor")
	require.NotEqual(t, id, p.comesIn(t, p.token(t, "noor")).Text("viewer", "user", "id"), "somebody new, once an operator says so")
}

func (p *provided) refusesWrong(t *testing.T) {
	now := time.Now()
	good := func(header, claims vars) string {
		claims["sub"] = "ada"
		return p.sign(t, header, claims)
	}
	p.comesIn(t, good(vars{}, vars{"iat": now.Unix() - 600, "exp": now.Unix() - 20}))
	p.comesIn(t, good(vars{}, vars{"nbf": now.Unix() + 20}))
	p.comesIn(t, good(vars{"typ": "JWT"}, vars{"aud": []string{"another", apiAudience}}))
	p.server.Run(t, "", "identity-provider", "add", "--organization", "elsewhere", "--name", "another", "--label", "Another", "--issuer", p.issuer, "--audience", "https://second.example")
	forTwo := good(vars{}, vars{"aud": []string{apiAudience, "https://second.example"}})
	require.Eventually(t, func() bool { return p.bearer(forTwo).Send(t, whoArrived, nil).At("viewer") == nil },
		5*time.Second, 100*time.Millisecond, "the other provider is known after 2 s")
	real := good(vars{}, vars{})
	for name, token := range map[string]string{
		"expired":                 good(vars{}, vars{"iat": now.Unix() - 600, "exp": now.Unix() - 40}),
		"not valid yet":           good(vars{}, vars{"nbf": now.Unix() + 60}),
		"issued in the future":    good(vars{}, vars{"iat": now.Unix() + 60}),
		"without expiry":          good(vars{}, vars{"exp": nil}),
		"never expires":           good(vars{}, vars{"exp": 0}),
		"an ID token":             good(vars{}, vars{"at_hash": "x"}),
		"without time of issue":   good(vars{}, vars{"iat": nil}),
		"wrong issuer":            good(vars{}, vars{"iss": p.issuer + "/"}),
		"unknown issuer":          good(vars{}, vars{"iss": "https://elsewhere.example"}),
		"wrong audience":          good(vars{}, vars{"aud": "https://another.example"}),
		"for two organizations":   forTwo,
		"no audience":             good(vars{}, vars{"aud": nil}),
		"of a client":             good(vars{}, vars{"aud": clientID}),
		"unknown key":             good(vars{"kid": "unknown"}, vars{}),
		"an algorithm not listed": good(vars{"alg": "ES256"}, vars{}),
		"the public key as HMAC":  good(vars{"alg": "HS256"}, vars{}),
		"none":                    good(vars{"alg": "none"}, vars{}),
		"another type":            good(vars{"typ": "logout+jwt"}, vars{}),
		"bound to a key":          good(vars{}, vars{"cnf": vars{"jkt": "x"}}),
		"without subject":         p.sign(t, vars{}, vars{}),
		"a long subject":          p.sign(t, vars{}, vars{"sub": strings.Repeat("x", 256)}),
		"another signature":       real[:len(real)-8] + "AAAAAAAA",
		"cut":                     real[:len(real)/2],
		"longer than a token":     good(vars{}, vars{"junk": strings.Repeat("x", 16<<10)}),
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			p.isOut(t, token)
			require.Less(t, time.Since(started), 5*time.Second)
		})
	}
	_, err := p.bearer(good(vars{}, vars{"junk": strings.Repeat("x", 200_000)})).Try(whoArrived, nil)
	require.Error(t, err, "200 kB of headers are no GraphQL request")
	p.set(t, "--algorithms", "RS256,ES256")
	p.comesIn(t, good(vars{"alg": "ES256"}, vars{}))
	p.set(t, "--required-claim", "tenant.id", "--required-value", "blue")
	p.isOut(t, real)
	p.isOut(t, good(vars{}, vars{"tenant": vars{"id": "red"}}))
	p.comesIn(t, good(vars{}, vars{"tenant": vars{"id": "blue"}}))
	p.set(t, "--required-claim", "", "--required-value", "")
}

func (p *provided) rotates(t *testing.T) {
	before := p.token(t, "ada")
	p.comesIn(t, before)
	p.stop()
	p.comesIn(t, before)
	p.start(t)
	after := p.token(t, "ada")
	require.Eventually(t, func() bool {
		a := p.bearer(after).Send(t, `{ apps { totalCount } }`, nil)
		return len(a.Errors) == 0
	}, 20*time.Second, 200*time.Millisecond, "a new key is asked for, at most once in 5 s")
	p.isOut(t, before)
	p.stop()
	p.comesIn(t, after)
	p.start(t)
	latest := p.token(t, "ada")
	p.stop()
	require.Eventually(t, func() bool {
		started := time.Now()
		a := p.bearer(latest).Send(t, `{ apps { totalCount } }`, nil)
		require.Less(t, time.Since(started), 5*time.Second)
		if len(a.Errors) == 1 && a.Errors[0].Extensions["reason"] == "IDENTITY_PROVIDER" {
			require.Equal(t, "UNAVAILABLE", a.Errors[0].Code())
			require.NotEmpty(t, a.Header.Get("Retry-After"))
			return true
		}
		return false
	}, 20*time.Second, 200*time.Millisecond, "a key that cannot be asked for")
	p.comesIn(t, after)
	p.start(t)
	require.Eventually(t, func() bool {
		return len(p.bearer(p.token(t, "ada")).Send(t, `{ apps { totalCount } }`, nil).Errors) == 0
	}, 20*time.Second, 200*time.Millisecond)
}
