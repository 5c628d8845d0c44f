package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/intake"
	"portico/internal/usage/report"
)

// realServer is a server with a real Verifier and database.
type realServer struct {
	*testServer
	fixture  *portaltest.Fixture
	tenant   portaltest.Tenant
	verifier *gateway.Verifier
	token    string
}

func newRealServer(t *testing.T, url string) *realServer {
	t.Helper()
	f := portaltest.New(t, url)
	h := &realServer{testServer: &testServer{log: &syncBuffer{}, clock: f.Clock, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}, fixture: f, tenant: f.MustTenant(t, "demo")}
	machines := auth.NewMachineTokens(f.Ring)
	var hash []byte
	var hint string
	h.token, hash, hint = machines.New()
	if _, err := f.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: h.tenant.Organization.Slug, Name: "edge-1", Hash: hash, Hint: hint}); err != nil {
		t.Fatal(err)
	}
	store := intake.NewStore(f.Database, f.Clock)
	h.verifier = gateway.New(gateway.Options{
		DB: f.Database, DatabaseURL: url, Clock: f.Clock, Peppers: f.Ring, Tokens: machines,
		Memory: limits.NewMemory(f.Clock, nil, 0), Counter: intake.NewCounter(), Usage: store, NodeID: uuid.New(), NodeName: "test",
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	running := make(chan struct{})
	go func() { defer close(running); h.verifier.Run(ctx) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpapi.NewServer(httpapi.New(httpapi.Options{
		Verifier: h.verifier, Usage: store, Peer: peer, Clock: f.Clock, Log: slog.New(slog.NewTextHandler(h.log, nil)),
	}))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
		cancel()
		<-running
	})
	h.addr, h.url = l.Addr().String(), "http://"+l.Addr().String()
	return h
}

// code asks until the node is there: it may still be following the log.
func (h *realServer) code(t *testing.T, body string) string {
	t.Helper()
	var got struct{ Code string }
	for range 200 {
		a := h.send(t, "POST", "/v1/verify", body, "X-Portico-Gateway-Token", "", "X-Portico-Gateway-Token", h.token)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
			t.Fatalf("%v: %d %s", err, a.status, a.body)
		}
		if got.Code != "UNAVAILABLE" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return got.Code
}

func TestHandlerWithVerifier(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		h := newRealServer(t, url)
		f, admin := h.fixture, h.tenant.Admin
		product, plan := f.MustProduct(t, admin, "orders")
		created := f.MustApp(t, h.tenant.Developer, "Shop")
		question := `{"key":"` + created.Secret.RawKey + `","product":"orders","method":"GET","path":"/orders/1"}`
		if got := h.code(t, question); got != "NOT_SUBSCRIBED" {
			t.Fatalf("without a subscription: %s", got)
		}
		subscription := f.MustRegister(t, h.tenant.Developer, created.App, product, plan)
		if _, err := f.Portal.Apps.Approve(admin, subscription.GlobalID(), nil); err != nil {
			t.Fatal(err)
		}
		h.sync(t)
		if got := h.code(t, question); got != "VALID" {
			t.Fatalf("with one: %s", got)
		}
		h.tryAuthorize(t, created)
		h.tryEnvoy(t, created)
		h.tryFeed(t, created)
		h.tryUsage(t, created)
		if _, err := f.Portal.Apps.RevokeKey(admin, created.Credential.GlobalID(), nil, nil); err != nil {
			t.Fatal(err)
		}
		h.sync(t)
		if got := h.code(t, question); got != "REVOKED" {
			t.Errorf("after its revocation: %s", got)
		}
		if text := h.log.String(); strings.Contains(text, created.Secret.RawKey) || strings.Contains(text, h.token) || strings.Contains(text, created.Secret.Password.String()) {
			t.Errorf("a secret is in the log: %s", text)
		}
	})
}

func (h *realServer) sync(t *testing.T) {
	t.Helper()
	if err := h.verifier.Sync(t.Context(), h.tenant.Organization.ID); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request with the real token.
func (h *realServer) ask(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	return h.send(t, method, path, body, append([]string{"X-Portico-Gateway-Token", "", "X-Portico-Gateway-Token", h.token}, headers...)...)
}

func (h *realServer) tryAuthorize(t *testing.T, created apps.CreatedApp) {
	t.Helper()
	for key, want := range map[string]int{created.Secret.RawKey: 200, created.Secret.RawKey + "x": 401, strings.ToUpper(created.Secret.RawKey): 401, strings.Repeat("a", 30000): 401} {
		a := h.ask(t, "GET", "/v1/authorize", "", "X-API-Key", key, "X-Portico-Product", "orders", "X-Original-Method", "GET", "X-Original-URI", "/a/../b")
		if a.status != want || strings.Contains(a.body, key) {
			t.Errorf("%.60s: %d %s %v", key, a.status, a.body, a.header)
		}
		if named := a.header.Get("X-Portico-App"); (named == created.App.GlobalID()) != (want == 200) {
			t.Errorf("the app is %q", named)
		}
	}
	if a := h.ask(t, "GET", "/v1/authorize", ""); a.status != 401 || a.header.Get("X-Portico-Code") != "MALFORMED" {
		t.Errorf("without a key: %d %v", a.status, a.header)
	}
}

func (h *realServer) tryEnvoy(t *testing.T, created apps.CreatedApp) {
	t.Helper()
	c := h.dial(t)
	for product, ok := range map[string]bool{"orders": true, "others": false} {
		a, err := check(t, c, call(map[string]string{"authorization": "Bearer " + created.Secret.RawKey}, map[string]string{"product": product}), h.token)
		if err != nil || (a.GetOkResponse() != nil) != ok {
			t.Errorf("%s: %v %v", product, a, err)
		}
	}
}

func (h *realServer) tryFeed(t *testing.T, created apps.CreatedApp) {
	t.Helper()
	a := h.ask(t, "GET", "/v1/feed", "")
	lines := strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
	if a.status != 200 || !strings.Contains(a.body, created.Credential.ID.String()) || strings.Contains(a.body, created.Secret.Password.String()) {
		t.Fatalf("the snapshot: %d %s", a.status, a.body)
	}
	var last struct{ Position json.Number }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Position == "" {
		t.Fatalf("%v: %s", err, a.body)
	}
	if a := h.ask(t, "GET", "/v1/feed?after="+last.Position.String(), ""); a.status != 200 || strings.TrimSpace(a.body) != `{"position":`+last.Position.String()+`}` {
		t.Errorf("nothing new: %d %s", a.status, a.body)
	}
	if a := h.ask(t, "GET", "/v1/feed?after=999999999", ""); a.status != 410 {
		t.Errorf("of another time: %d %s", a.status, a.body)
	}
}

func (h *realServer) tryUsage(t *testing.T, created apps.CreatedApp) {
	t.Helper()
	at := h.clock.Now().Format(time.RFC3339)
	body := `{"batch":"one","calls":[{"app":"` + created.App.GlobalID() + `","account":"` + nodeid.Encode(nodeid.Account, h.tenant.Account.ID) + `","credential":"` + created.Credential.GlobalID() +
		`","code":"VALID","statusClass":2,"latencyMs":7,"calls":3,"at":"` + at + `"}]}`
	for _, want := range []string{`{"replayed":false}`, `{"replayed":true}`} {
		if a := h.ask(t, "POST", "/v1/usage", body); a.status != 200 || a.body != want {
			t.Errorf("reporting: %d %s", a.status, a.body)
		}
	}
	for _, bad := range []string{`"calls":1,"code":"VALID"`, `"calls":1,"code":"VALID","at":"2020-01-01T00:00:00Z"`, `"calls":1,"at":"` + at + `"`, `"code":"VALID","at":"` + at + `"`} {
		refused(t, h.ask(t, "POST", "/v1/usage", `{"batch":"two","calls":[{`+bad+`}]}`), bad, 400, "")
	}
	calls, err := report.NewReader(h.fixture.Database, h.clock).Report(t.Context(), usage.Query{
		Organization: h.tenant.Organization.ID, From: h.clock.Now().Truncate(time.Hour).Add(-time.Hour), To: h.clock.Now().Truncate(time.Hour).Add(time.Hour),
		Location: time.UTC, OrganizationLocation: time.UTC, Interval: usage.Hour,
	})
	if err != nil || calls.Total != 3 {
		t.Errorf("counted %+v %v", calls, err)
	}
}
