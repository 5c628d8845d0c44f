package leaks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/leaks"
	"portico/internal/portal/portaltest"
	"portico/internal/seldom"
	"portico/internal/testdb"
)

// scene is a handler with the services of an organization behind it.
type scene struct {
	*portaltest.Fixture
	portaltest.Tenant
	options leaks.Options
	log     bytes.Buffer
}

func newScene(t *testing.T, url string) *scene {
	f := portaltest.New(t, url)
	s := &scene{Fixture: f, Tenant: f.MustTenant(t, "one")}
	s.options = leaks.Options{
		Keys: f.Portal.Apps, Pay: func(context.Context, http.Header) error { return nil },
		Log: slog.New(seldom.NewHandler(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}), f.Clock.Now)),
	}
	return s
}

func (s *scene) key(t *testing.T) apps.CreatedCredential {
	return s.MustKey(t, s.Developer, apps.GenerateKeyInput{AccountID: new(s.Account.GlobalID())})
}

func (s *scene) status(t *testing.T, k apps.CreatedCredential) access.CredentialStatus {
	return s.Client.Credential.GetX(portaltest.System(t), k.Credential.ID).Status
}

// revoke sends a body with these headers.
func (s *scene) revoke(t *testing.T, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, leaks.RevokePath, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	leaks.New(s.options).Revoke(w, r)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return w
}

// problem requires that a request was refused, and returns why.
func problem(t *testing.T, w *httptest.ResponseRecorder, status int) (detail string) {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var p struct{ Detail, Code string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	return p.Detail
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

func TestRevoke(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		presented := map[string]func(k apps.CreatedCredential) []string{
			"bearer": func(k apps.CreatedCredential) []string { return []string{"Authorization", "Bearer " + k.Secret.RawKey} },
			"header": func(k apps.CreatedCredential) []string { return []string{"X-API-Key", k.Secret.RawKey} },
			"basic": func(k apps.CreatedCredential) []string {
				return []string{"Authorization", basic(k.Secret.Username.String(), k.Secret.Password.String())}
			},
		}
		for name, headers := range presented {
			k := s.key(t)
			for range 2 {
				w := s.revoke(t, "", headers(k)...)
				require.Equal(t, http.StatusNoContent, w.Code, "%s: %s", name, w.Body)
				require.Empty(t, w.Body.String())
			}
			require.Equal(t, access.CredentialRevoked, s.status(t, k), name)
		}
		k := s.key(t)
		require.Equal(t, http.StatusNoContent, s.revoke(t, ` {"reason": "SUPERSEDED", "note": "Ö"} `, presented["bearer"](k)...).Code)
		c := s.Client.Credential.GetX(portaltest.System(t), k.Credential.ID)
		require.Equal(t, []string{"SUPERSEDED", "Ö"}, []string{string(*c.RevokedReason), c.RevokedNote})
		require.NotContains(t, s.log.String(), k.Secret.RawKey)
	})
}

// Nothing tells an unknown key from one with another secret, and no refusal repeats what was
// sent.
func TestRevoke_ErrUnknownKey(t *testing.T) {
	s := newScene(t, testdb.SQLite(t))
	k := s.key(t)
	unknown, wrong := rawkey.Join("ptk", uuid.New(), uuid.New()), rawkey.Join("ptk", k.Secret.Username, uuid.New())
	one, other := s.revoke(t, "", "X-API-Key", unknown), s.revoke(t, "", "X-API-Key", wrong)
	problem(t, one, http.StatusUnauthorized)
	require.Equal(t, one.Body.String(), other.Body.String())
	require.Equal(t, one.Header(), other.Header())
	require.NotEmpty(t, one.Header().Get("WWW-Authenticate"))
	require.Equal(t, access.CredentialActive, s.status(t, k))
	for _, secret := range []string{unknown, wrong} {
		require.NotContains(t, s.log.String()+one.Body.String(), secret)
	}
}

// Junk is refused before anything is looked up.
func TestRevoke_ErrNoKey(t *testing.T) {
	s := newScene(t, testdb.SQLite(t))
	k := s.key(t)
	raw, username := k.Secret.RawKey, k.Secret.Username.String()
	for name, headers := range map[string][]string{
		"none": {}, "empty": {"Authorization", ""}, "no scheme": {"Authorization", raw}, "another scheme": {"Authorization", "Digest " + raw},
		"two": {"Authorization", "Bearer " + raw, "X-API-Key", raw}, "twice": {"X-API-Key", raw, "X-API-Key", raw},
		"checksum": {"X-API-Key", raw[:len(raw)-1] + "!"}, "cut": {"X-API-Key", raw[1:]}, "user name": {"X-API-Key", username},
		"half a pair": {"Authorization", basic(username, "x")}, "no pair": {"Authorization", basic(username, "")},
		"long": {"X-API-Key", strings.Repeat("a", 1<<16)}, "token": {"Authorization", "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AA"},
	} {
		w := s.revoke(t, "", headers...)
		require.NotContains(t, problem(t, w, http.StatusBadRequest)+s.log.String(), raw, name)
	}
}

func TestRevoke_ErrBody(t *testing.T) {
	s := newScene(t, testdb.SQLite(t))
	k := s.key(t)
	header := []string{"X-API-Key", k.Secret.RawKey}
	for _, body := range []string{
		"null", "null x", "[]", "{", `{"reasons": "SUPERSEDED"}`, `{"reason": "superseded"}`, `{"reason": "NONE"}`, `{"reason": "APP_DELETED"}`, `{"reason": 1}`,
		`{"note": 1}`, `{"note": "` + strings.Repeat("a", 1001) + `"}`, `{"note": "\u0000"}`, `{} {}`, "reason=SUPERSEDED",
		`{"Reason": "SUPERSEDED"}`, `{"reason": "SUPERSEDED", "reason": "KEY_COMPROMISE"}`, `{"note": "a", "n\u006fte": "b"}`, `{"note": "\ud800"}`, "{\"note\": \"\xff\"}",
		"\ufeff{}", "\xff\xfe{\x00}\x00", `{"note": ` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + `}`, `{"note": "a",}`,
	} {
		require.NotEmpty(t, problem(t, s.revoke(t, body, header...), http.StatusBadRequest), body)
	}
	problem(t, s.revoke(t, strings.Repeat(" ", 16<<10+1), header...), http.StatusRequestEntityTooLarge)
	require.Equal(t, "The field reason is there twice.", problem(t, s.revoke(t, `{"reason": null, "reason": "SUPERSEDED"}`, header...), http.StatusBadRequest))
	require.Equal(t, "The field reasons is not known.", problem(t, s.revoke(t, `{"reasons": 1}`, header...), http.StatusBadRequest))
	for _, other := range [][]string{{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}} {
		problem(t, s.revoke(t, `{"reason": "SUPERSEDED"}`, append(other, header...)...), http.StatusUnsupportedMediaType)
	}
	require.Equal(t, access.CredentialActive, s.status(t, k))
}

func TestRevoke_ErrBudget(t *testing.T) {
	s := newScene(t, testdb.SQLite(t))
	s.options.Pay = func(context.Context, http.Header) error {
		return fault.New(fault.CodeRateLimited, fault.ReasonBudget, "Wait.")
	}
	require.Equal(t, "Wait.", problem(t, s.revoke(t, "", "X-API-Key", s.key(t).Secret.RawKey), http.StatusTooManyRequests))
}

type brokenKeys struct{ leaks.Keys }

func (brokenKeys) RevokeHeldKey(context.Context, apps.RevokeHeldKeyInput) error {
	return errors.New("a detail")
}

func TestRevoke_ErrInternal(t *testing.T) {
	s := newScene(t, testdb.SQLite(t))
	s.options.Keys = brokenKeys{}
	require.NotContains(t, problem(t, s.revoke(t, "", "X-API-Key", s.key(t).Secret.RawKey), http.StatusInternalServerError), "detail")
	require.Contains(t, s.log.String(), "a detail")
}
