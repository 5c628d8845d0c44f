package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/jwtauth/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/viewer"
)

var account = uuid.MustParse("33333333-3333-4333-8333-333333333333")

// directory is a Directory with one developer with one account, and the given machines.
type directory struct {
	machines [][]byte
	err      error
	asked    int
}

func (d *directory) Person(_ context.Context, o, u, s, _ uuid.UUID) (viewer.Viewer, bool, error) {
	d.asked++
	ok := o == organization && u == user && s == session
	return viewer.Viewer{Role: viewer.Portal, OrganizationID: o, UserID: u, AccountID: account}, ok && d.err == nil, d.err
}

func (d *directory) Acting(_ context.Context, a identity.Acting) (viewer.Viewer, bool, error) {
	d.asked++
	ok := a.Organization == organization && a.User == user && a.Account == account
	return viewer.Viewer{Role: viewer.Portal, OrganizationID: a.Organization, UserID: a.User, AccountID: a.Account, TokenID: a.Token}, ok && d.err == nil, d.err
}

func (d *directory) Machine(_ context.Context, hash []byte) (viewer.Viewer, bool, error) {
	d.asked++
	for _, known := range d.machines {
		if bytes.Equal(known, hash) {
			return viewer.Viewer{Role: viewer.Gateway, OrganizationID: organization}, d.err == nil, d.err
		}
	}
	return viewer.Viewer{}, false, d.err
}

// harness is an Authenticator with its dependencies.
type harness struct {
	*Authenticator
	directory *directory
	clock     *clock.Fake
	ring      *keyring.Ring
}

func newHarness() *harness {
	tokens, ring, c := newTokens()
	d := &directory{}
	return &harness{&Authenticator{
		Tokens: tokens, Machines: NewMachineTokens(ring), Directory: d,
		RequestID: func(context.Context) string { return "req-1" },
	}, d, c, ring}
}

// send returns the answer and the viewer that the handler saw, nil when it was
// not reached.
func (w *harness) send(change func(r *http.Request)) (*httptest.ResponseRecorder, *viewer.Viewer) {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("{}"))
	r.RemoteAddr = "192.0.2.1:4711"
	change(r)
	var seen *viewer.Viewer
	answer := httptest.NewRecorder()
	w.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v, ok := viewer.FromContext(r.Context())
		if ok {
			seen = &v
		}
	})).ServeHTTP(answer, r)
	return answer, seen
}

func withBearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func requireRefused(t *testing.T, answer *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	require.Equal(t, status, answer.Code)
	require.Equal(t, "application/json; charset=utf-8", answer.Header().Get("Content-Type"))
	var body struct {
		Data   any
		Errors []struct {
			Message    string
			Extensions map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
	require.Len(t, body.Errors, 1)
	require.Equal(t, code, body.Errors[0].Extensions["code"])
	require.Equal(t, "req-1", body.Errors[0].Extensions["requestId"])
	require.NotEmpty(t, body.Errors[0].Message)
	if status == http.StatusUnauthorized {
		require.Equal(t, `Bearer error="invalid_token"`, answer.Header().Get("WWW-Authenticate"))
		require.Equal(t, "You are not signed in, or your sign-in has ended.", body.Errors[0].Message)
	}
}

func TestMiddlewareAcceptsAnAccessToken(t *testing.T) {
	w := newHarness()
	want := viewer.Viewer{
		Role: viewer.Portal, OrganizationID: organization, UserID: user, AccountID: account,
		Address: "192.0.2.1", RequestID: "req-1",
	}
	_, seen := w.send(withBearer(mustIssue(t, w.Tokens)))
	require.Equal(t, &want, seen)
	require.Equal(t, 1, w.directory.asked, "one question a request")
}

func TestMiddlewarePassesAnonymousRequests(t *testing.T) {
	w := newHarness()
	token := mustIssue(t, w.Tokens)
	for name, change := range map[string]func(*http.Request){
		"nothing":         func(*http.Request) {},
		"cookie":          func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "jwt", Value: token}) },
		"query parameter": func(r *http.Request) { r.URL.RawQuery = "jwt=" + token + "&access_token=" + token },
		"another header":  func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer "+token) },
	} {
		t.Run(name, func(t *testing.T) {
			answer, seen := w.send(change)
			require.Equal(t, http.StatusOK, answer.Code)
			require.Equal(t, &viewer.Viewer{Address: "192.0.2.1", RequestID: "req-1"}, seen)
		})
	}
	require.Zero(t, w.directory.asked)
}

func TestMiddlewareRefuses(t *testing.T) {
	w := newHarness()
	token := mustIssue(t, w.Tokens)
	issue := func(u, o, s uuid.UUID) string {
		token, _, err := w.Tokens.Issue(u, o, s)
		require.NoError(t, err)
		return token
	}
	none := validToken(w.ring)
	none.alg, none.header["alg"] = "", "none"
	wrongAudience := validToken(w.ring)
	wrongAudience.claims["aud"] = "another"
	machine, _, _ := w.Machines.New()
	for name, change := range map[string]func(*http.Request){
		"forged":          withBearer(token[:len(token)-4] + "AAAA"),
		"none":            withBearer(none.sign(t)),
		"wrong audience":  withBearer(wrongAudience.sign(t)),
		"empty":           func(r *http.Request) { r.Header.Set("Authorization", "") },
		"empty bearer":    func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"no scheme":       func(r *http.Request) { r.Header.Set("Authorization", token) },
		"other separator": func(r *http.Request) { r.Header.Set("Authorization", "Bearer\t"+token) },
		"no separator":    func(r *http.Request) { r.Header.Set("Authorization", "Bearer_"+token) },
		"padded":          withBearer(token + "="),
		"with a tail":     withBearer(token + " x"),
		"basic":           func(r *http.Request) { r.SetBasicAuth("developer@demo.example", "portico-demo") },
		"two headers":     func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + token, "Bearer " + token} },
		"bad and cookie":  func(r *http.Request) { withBearer("x")(r); r.AddCookie(&http.Cookie{Name: "jwt", Value: token}) },
		"unknown user":    withBearer(issue(uuid.New(), organization, session)),
		"other org":       withBearer(issue(user, uuid.New(), session)),
		"other session":   withBearer(issue(user, organization, uuid.New())),
		"unknown machine": withBearer(machine),
		"broken machine":  withBearer(machine[:len(machine)-1] + "~"),
	} {
		t.Run(name, func(t *testing.T) {
			answer, seen := w.send(change)
			requireRefused(t, answer, http.StatusUnauthorized, "UNAUTHENTICATED")
			require.Nil(t, seen)
		})
	}
	t.Run("expired", func(t *testing.T) {
		w.clock.Advance(TokenLife)
		answer, seen := w.send(withBearer(token))
		requireRefused(t, answer, http.StatusUnauthorized, "UNAUTHENTICATED")
		require.Nil(t, seen)
	})
}

func TestMalformedTokensAreRefusedWithoutALookup(t *testing.T) {
	w := newHarness()
	for _, token := range []string{"x", "pgw_x", "a.b.c", "pgw_" + strings.Repeat("0", 49)} {
		_, seen := w.send(withBearer(token))
		require.Nil(t, seen)
	}
	require.Zero(t, w.directory.asked)
}

func TestMiddlewareAcceptsAServiceToken(t *testing.T) {
	w := newHarness()
	token, hash, _ := w.Machines.New()
	w.directory.machines = [][]byte{hash}
	_, seen := w.send(withBearer(token))
	require.Equal(t, &viewer.Viewer{Role: viewer.Gateway, OrganizationID: organization, Address: "192.0.2.1", RequestID: "req-1"}, seen)
}

// slowDirectory answers about machines when it is let.
type slowDirectory struct {
	directory
	inside, answer chan struct{}
}

func (d *slowDirectory) Machine(ctx context.Context, _ []byte) (viewer.Viewer, bool, error) {
	d.inside <- struct{}{}
	select {
	case <-d.answer:
	case <-ctx.Done():
	}
	return viewer.Viewer{}, false, ctx.Err()
}

// However many unknown service tokens arrive, only a few are looked up at a time,
// and access tokens do not wait for them.
func TestAFloodOfUnknownServiceTokens(t *testing.T) {
	w := newHarness()
	slow := &slowDirectory{inside: make(chan struct{}, 100), answer: make(chan struct{})}
	w.Directory = slow
	answers := make(chan int)
	flood := func() {
		token, _, _ := w.Machines.New()
		answer, _ := w.send(withBearer(token))
		answers <- answer.Code
	}
	for range maxConcurrentLookups {
		go flood()
		<-slow.inside
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	token, _, _ := w.Machines.New()
	answer, _ := w.send(func(r *http.Request) { withBearer(token)(r); *r = *r.WithContext(gone) })
	requireRefused(t, answer, http.StatusServiceUnavailable, "UNAVAILABLE")
	require.Empty(t, slow.inside, "one more is not asked about")
	_, seen := w.send(withBearer(mustIssue(t, w.Tokens)))
	require.NotNil(t, seen)
	close(slow.answer)
	go flood()
	for range maxConcurrentLookups + 1 {
		require.Equal(t, http.StatusUnauthorized, <-answers)
	}
}

func TestMiddlewareWithoutADirectory(t *testing.T) {
	w := newHarness()
	w.directory.err = errors.New("pq: the host db-7 is gone")
	machine, _, _ := w.Machines.New()
	for _, token := range []string{mustIssue(t, w.Tokens), machine} {
		answer, seen := w.send(withBearer(token))
		requireRefused(t, answer, http.StatusServiceUnavailable, "UNAVAILABLE")
		require.Equal(t, "1", answer.Header().Get("Retry-After"))
		require.NotContains(t, answer.Body.String(), "db-7")
		require.Nil(t, seen)
	}
}

func TestARefusalInGraphQLMediaType(t *testing.T) {
	answer, _ := newHarness().send(func(r *http.Request) {
		withBearer("x")(r)
		r.Header.Set("Accept", "application/graphql-response+json, application/json")
	})
	require.Equal(t, "application/graphql-response+json; charset=utf-8", answer.Header().Get("Content-Type"))
	require.Equal(t, http.StatusUnauthorized, answer.Code)
}

func TestAuthenticateOutsideARequest(t *testing.T) {
	w := newHarness()
	before := viewer.NewContext(t.Context(), viewer.Viewer{Address: "192.0.2.7", RequestID: "socket-1"})
	ctx, err := w.Authenticate(before, mustIssue(t, w.Tokens))
	require.NoError(t, err)
	v := viewer.Current(ctx)
	require.Equal(t, user, v.UserID)
	require.Equal(t, "192.0.2.7", v.Address)
	require.Equal(t, "socket-1", v.RequestID)
	token, _, err := jwtauth.FromContext(ctx)
	require.NoError(t, err)
	require.Equal(t, start.Add(TokenLife), token.Expiration().UTC())

	w.clock.Advance(time.Hour)
	ctx, err = w.Authenticate(before, mustIssue(t, w.Tokens)+"x")
	requireUnauthenticated(t, err)
	require.False(t, viewer.Current(ctx).SignedIn())
}
