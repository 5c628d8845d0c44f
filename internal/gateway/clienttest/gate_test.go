package clienttest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/rawkey"
	"portico/clients/go/gate/verdict"
	"portico/internal/nodeid"
)

func TestKeyIsVerifiedOnceThenDecidedLocally(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	g := guard(t, p)
	for range 5 {
		w := g.call("X-API-Key", raw, "X-Portico-Plan", "mine", "X-Portico-Anything", "mine", "X-Other", "stays")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		h := w.Header()
		require.Equal(t, nodeid.Encode(nodeid.App, p.now.app.ID), h.Get("Got-X-Portico-App"))
		require.Equal(t, nodeid.Encode(nodeid.Credential, p.now.credential.ID), h.Get("Got-X-Portico-Credential"))
		require.Equal(t, "Free%20plan", h.Get("Got-X-Portico-Plan"))
		require.Equal(t, "stays", h.Get("Got-X-Other"))
		require.Empty(t, h.Get("Got-X-Portico-Anything"))
		require.Empty(t, h.Get("Got-X-Api-Key"), "the key goes no further")
	}
	require.EqualValues(t, 1, p.asked.Load())
}

// The pair of user name and password is the same key: Portico is asked once, and then
// the Gate decides by the auth types that the product accepts.
func TestPairIsTheSameKey(t *testing.T) {
	p := newPortico(t)
	username, password, ok := rawkey.Parse(p.newKey(t))
	require.True(t, ok)
	g := guard(t, p)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(username.String()+":"+password.String()))
	for range 5 {
		w := g.call("Authorization", basic)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
	}
	require.EqualValues(t, 1, p.asked.Load())
	p.change(func(s *state) { s.catalogue.Products[0].AuthTypes = []access.AuthType{access.APIKey} })
	g.eventually(t, http.StatusForbidden, "AUTH_TYPE_NOT_ALLOWED", "Authorization", basic)
}

// Only Portico can look up a key that was made elsewhere: it is asked about each call,
// where the organization accepts such keys, and about none where it does not.
func TestImportedKeysAreAskedAbout(t *testing.T) {
	p := newPortico(t)
	p.newKey(t)
	p.set(func(p *portico) { p.imported = "a-token-of-the-old-portal" })
	g := guard(t, p)
	for range 2 {
		require.Contains(t, g.call("X-API-Key", "a-token-of-the-old-portal").Body.String(), "MALFORMED")
	}
	require.Zero(t, p.asked.Load())
	p.change(func(s *state) { s.catalogue.Organization.ImportedKeys = true })
	g.eventually(t, http.StatusOK, "", "X-API-Key", "a-token-of-the-old-portal")
	asked := p.asked.Load()
	for range 3 {
		require.Equal(t, http.StatusOK, g.call("Authorization", "Bearer a-token-of-the-old-portal").Code)
	}
	require.Equal(t, asked+3, p.asked.Load())
	require.Contains(t, g.call("X-API-Key", "another-token").Body.String(), "MALFORMED", "as Portico says")
	p.change(func(s *state) { s.credential.Status = access.CredentialRevoked })
	g.eventually(t, http.StatusUnauthorized, "REVOKED", "X-API-Key", "a-token-of-the-old-portal")
	p.change(func(s *state) { s.catalogue.Organization.ImportedKeys = false })
	g.eventually(t, http.StatusUnauthorized, "MALFORMED", "X-API-Key", "a-token-of-the-old-portal")
}

func TestConcurrentFirstUsesAskOnce(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	g := guard(t, p)
	var calling sync.WaitGroup
	for range 64 {
		calling.Go(func() {
			if w := g.call("Authorization", "Bearer "+raw); w.Code != http.StatusOK {
				t.Error(w.Code, w.Body)
			}
		})
	}
	calling.Wait()
	require.EqualValues(t, 1, p.asked.Load())
}

func TestWrongSecretIsNeverVerified(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	p.set(func(p *portico) { p.secrets[p.now.credential.Username] = p.now.app.ID })
	for n := range 3 {
		w := g.call("X-API-Key", raw)
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, "NOT_FOUND", w.Header().Get("X-Portico-Code"))
		require.EqualValues(t, n+1, p.asked.Load())
	}
}

// If Portico does not look up a key, because too many unknown ones were presented, its
// answer says nothing about the secret: the Gate asks about the key again.
func TestKeyThatWasNotLookedUpIsNotVerified(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	p.set(func(p *portico) {
		p.secrets[p.now.credential.Username] = p.now.app.ID
		p.says = verdict.RateLimited
	})
	require.Equal(t, http.StatusTooManyRequests, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.says = 0 })
	w := g.call("X-API-Key", raw)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, "NOT_FOUND", w.Header().Get("X-Portico-Code"))
	require.EqualValues(t, 2, p.asked.Load())
}

func TestMalformedKeyIsRefusedWithoutAsking(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for name, headers := range map[string][]string{
		"no key": nil, "junk": {"X-API-Key", "junk"}, "empty": {"X-API-Key", ""}, "a changed letter": {"X-API-Key", raw[:len(raw)-1] + "!"},
		"two headers": {"X-API-Key", raw, "Authorization", "Bearer " + raw}, "twice": {"X-API-Key", raw, "X-API-Key", raw},
		"another scheme": {"Authorization", "Digest " + raw}, "half a pair": {"Authorization", basic("only")},
		"not base 64": {"Authorization", "Basic ä"}, "two apps": {"X-API-Key", raw, "X-Portico-App", "a", "X-Portico-App", "b"}, "an app that is not UTF-8": {"X-API-Key", raw, "X-Portico-App", "a\xff"},
	} {
		w := g.call(headers...)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
		require.Equal(t, "MALFORMED", w.Header().Get("X-Portico-Code"), name)
		require.NotEmpty(t, w.Header().Get("WWW-Authenticate"), name)
	}
	require.Zero(t, p.asked.Load())
}

func TestFeedReportsRevocation(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.change(func(s *state) { s.credential.Status = access.CredentialRevoked })
	g.eventually(t, http.StatusUnauthorized, "REVOKED", "X-API-Key", raw)
	require.EqualValues(t, 1, p.asked.Load(), "decided here")
}

func TestDeletedKeyIsForgotten(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	was := p.now.credential
	p.gone()
	g.eventually(t, http.StatusUnauthorized, "NOT_FOUND", "X-API-Key", raw)
	before := p.asked.Load()
	g.call("X-API-Key", raw)
	require.Equal(t, before+1, p.asked.Load(), "it is Portico's again to judge")
	p.change(func(s *state) { s.credential = was })
	g.eventually(t, http.StatusOK, "", "X-API-Key", raw)
	require.Greater(t, p.asked.Load(), before+1, "also when it comes back")
}

func TestSilenceRefuses(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.away = true })
	g.mono.Add(int64(gate.MaxSilence / 2))
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code, "not silent for long enough")
	// One answer that was in flight may still count.
	require.Eventually(t, func() bool {
		g.mono.Add(int64(gate.MaxSilence) + 1)
		return g.call("X-API-Key", raw).Code == http.StatusServiceUnavailable
	}, 20*time.Second, 10*time.Millisecond)
	w := g.call("X-API-Key", raw)
	require.Equal(t, "UNAVAILABLE", w.Header().Get("X-Portico-Code"))
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	p.set(func(p *portico) { p.away = false })
	g.eventually(t, http.StatusOK, "", "X-API-Key", raw)
}

func TestARevokedTokenRefusesAtOnce(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.revoked = true })
	p.change(func(*state) {}) // ends the present poll
	g.eventually(t, http.StatusServiceUnavailable, "UNAVAILABLE", "X-API-Key", raw)
}

func TestTooShortLogCausesNewSnapshot(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	p.set(func(p *portico) { p.oldest = 1 << 20 })
	p.change(func(s *state) { s.credential.Status = access.CredentialDisabled })
	g.eventually(t, http.StatusUnauthorized, "DISABLED", "X-API-Key", raw)
}

func TestRateLimit(t *testing.T) {
	p := newPortico(t)
	p.change(func(s *state) {
		s.catalogue.Products[0].Plans[0].RateLimit = &access.RateLimit{Limit: 3, Per: access.PerMinute, Burst: 3}
	})
	raw, g := p.newKey(t), guard(t, p)
	for n := range 3 {
		w := g.call("X-API-Key", raw)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, `"rate";r=`+[]string{"2;t=20", "1;t=40", "0;t=60"}[n], w.Header().Get("RateLimit"))
		require.Equal(t, `"rate";q=3;w=60`, w.Header().Get("RateLimit-Policy"), "the first is Portico's word, the others are the Gate's own")
	}
	w := g.call("X-API-Key", raw)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "RATE_LIMITED", w.Header().Get("X-Portico-Code"))
	require.Equal(t, "20", w.Header().Get("Retry-After"))
	require.Equal(t, `"rate";q=3;w=60`, w.Header().Get("RateLimit-Policy"))
	require.EqualValues(t, 1, p.asked.Load())
}

func TestQuotaStartsFromPorticosCount(t *testing.T) {
	p := newPortico(t) // whose count is 7
	p.change(func(s *state) { s.catalogue.Products[0].Plans[0].Quota = &access.Quota{Limit: 10, Per: access.PerDay} })
	raw, g := p.newKey(t), guard(t, p)
	for range 3 {
		require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	}
	w := g.call("X-API-Key", raw)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "QUOTA_EXCEEDED", w.Header().Get("X-Portico-Code"))
	require.Equal(t, `"quota";r=0;t=50400`, w.Header().Get("RateLimit"), "until midnight")
	require.EqualValues(t, 1, p.asked.Load())
	p.clock.Advance(14 * time.Hour)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code, "the next day")
	require.EqualValues(t, 2, p.asked.Load(), "of which Portico may know more")
}

func TestKeylessProduct(t *testing.T) {
	p := newPortico(t)
	p.change(func(s *state) { s.catalogue.Products[0].Keyless = true })
	g := guard(t, p)
	require.Equal(t, http.StatusOK, g.call().Code)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", "whatever").Code, "it may be meant for the API")
	p.change(func(s *state) { s.catalogue.Products[0].EnforceEndpoints = true })
	g.eventually(t, http.StatusForbidden, "ENDPOINT_NOT_ALLOWED")
	p.change(func(s *state) {
		s.catalogue.Products[0].Endpoints = []keycache.Endpoint{{ID: uuid.New(), Method: access.MethodGet, Path: "/rates"}}
	})
	g.eventually(t, http.StatusOK, "")
	require.Zero(t, p.asked.Load())
}

func TestCallsAreReportedOnce(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	p.set(func(p *portico) { p.forgets = true })
	for range 10 {
		g.call("X-API-Key", raw)
	}
	g.call("X-API-Key", "junk")
	sent := func(n int) func() bool {
		return func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.sent >= n }
	}
	require.Eventually(t, sent(2), 20*time.Second, 10*time.Millisecond, "the same batch comes again")
	p.set(func(p *portico) { p.forgets = false })
	g.call("X-API-Key", raw)
	require.NoError(t, g.Close(context.Background()))
	require.Equal(t, map[string]int64{"VALID": 10, "MALFORMED": 1}, p.counted(), "the first call was Portico's to count")
	for _, calls := range p.batches {
		for _, c := range calls {
			if c.Code == "VALID" {
				require.Equal(t, p.now.credential.ID, c.Credential)
				require.Equal(t, p.now.app.ID, c.App)
				require.Equal(t, p.now.account.ID, c.Account)
				require.Equal(t, p.now.catalogue.Products[0].ID, c.Product)
			}
		}
	}
}

// The Gate refuses as Portico's own /v1/authorize does.
func TestRefusalsEqualAuthorize(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	for _, code := range verdict.Codes() {
		if code == verdict.Valid {
			continue
		}
		p.set(func(p *portico) { p.says = code })
		ours := g.call("X-API-Key", raw)
		r, err := http.NewRequest(http.MethodGet, p.URL+"/v1/authorize", nil)
		require.NoError(t, err)
		r.Header.Set("X-Portico-Gateway-Token", token)
		r.Header.Set("X-API-Key", raw)
		theirs, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.Equal(t, theirs.StatusCode, ours.Code, code)
		for _, name := range []string{"X-Portico-Code", "Content-Type", "Cache-Control", "WWW-Authenticate", "Retry-After"} {
			require.Equal(t, theirs.Header.Get(name), ours.Header().Get(name), "%s: %s", code, name)
		}
		var a, b map[string]any
		require.NoError(t, json.NewDecoder(theirs.Body).Decode(&a))
		require.NoError(t, theirs.Body.Close())
		require.NoError(t, json.Unmarshal(ours.Body.Bytes(), &b))
		delete(a, "detail")
		delete(b, "detail")
		require.Equal(t, a, b)
		p.set(func(p *portico) { p.says = 0 })
		raw = p.newKey(t) // one that was not verified by a limit's refusal yet
	}
}

func TestOptions(t *testing.T) {
	p := newPortico(t)
	good := gate.Options{URL: p.URL, Token: token, Product: "rates", Log: quiet()}
	for name, spoil := range map[string]func(*gate.Options){
		"no URL": func(o *gate.Options) { o.URL = "" }, "no scheme": func(o *gate.Options) { o.URL = "127.0.0.1:1" },
		"no token": func(o *gate.Options) { o.Token = "" }, "no product": func(o *gate.Options) { o.Product = "" },
		"too patient": func(o *gate.Options) { o.Silence = gate.MaxSilence + 1 }, "too hasty": func(o *gate.Options) { o.Silence = 1 },
	} {
		o := good
		spoil(&o)
		_, err := gate.New(t.Context(), o)
		require.Error(t, err, name)
	}
	o := good
	o.Token = "another"
	_, err := gate.New(t.Context(), o)
	require.ErrorIs(t, err, gate.ErrToken)
	require.NotContains(t, err.Error(), o.Token)
	p.set(func(p *portico) { p.away = true })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = gate.New(ctx, good)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
