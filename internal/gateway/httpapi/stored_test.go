package httpapi_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Earlier builds stored keys as UNCOLLECTED, without a secret. No route lets one
// pass, whatever is shown for it, and to those who follow the feed it is revoked.
func TestAnUnknownStoredStatusIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		h := newRealServer(t, url)
		f, admin := h.fixture, h.tenant.Admin
		product, plan := f.MustProduct(t, admin, "orders")
		created := f.MustApp(t, h.tenant.Developer, "Shop")
		subscription := f.MustRegister(t, h.tenant.Developer, created.App, product, plan)
		if _, err := f.Portal.Apps.Approve(admin, subscription.GlobalID(), nil); err != nil {
			t.Fatal(err)
		}
		uncollected(t, f, created.Credential.ID)
		h.sync(t)
		user := created.Secret.Username.String()
		nobodys := "00000000-0000-0000-0000-000000000000"
		for _, question := range []string{
			`{"key":"` + created.Secret.RawKey + `","product":"orders"}`,
			`{"key":"` + created.Secret.RawKey + `"}`,
			`{"username":"` + user + `","password":"` + created.Secret.Password.String() + `","product":"orders"}`,
			`{"username":"` + user + `","password":"` + nobodys + `","product":"orders"}`,
		} {
			if got := h.code(t, question); got != "NOT_FOUND" {
				t.Errorf("%s: %s", question, got)
			}
		}
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+created.Secret.Password.String()))
		c := h.dial(t)
		for _, authorization := range []string{"Bearer " + created.Secret.RawKey, basic} {
			a := h.ask(t, "GET", "/v1/authorize", "", "Authorization", authorization, "X-Portico-Product", "orders")
			if a.status != 401 || a.header.Get("X-Portico-Code") != "NOT_FOUND" {
				t.Errorf("authorize answered %d %v", a.status, a.header)
			}
			e, err := check(t, c, call(map[string]string{"authorization": authorization}, map[string]string{"product": "orders"}), h.token)
			if err != nil || e.GetOkResponse() != nil || e.GetDeniedResponse() == nil {
				t.Errorf("Envoy was answered %v %v", e, err)
			}
		}
		feed := h.ask(t, "GET", "/v1/feed", "")
		if feed.status != 200 || !strings.Contains(feed.body, `"status":"REVOKED"`) || strings.Contains(feed.body, "UNCOLLECTED") {
			t.Errorf("the feed says %d %s", feed.status, feed.body)
		}
	})
}

// uncollected writes the status past the program.
func uncollected(t *testing.T, f *portaltest.Fixture, key any) {
	t.Helper()
	_, err := f.Database.ExecContext(t.Context(), `UPDATE credentials SET status = 'UNCOLLECTED', secret_hash = NULL, pepper_id = '' WHERE id = $1`, key)
	if err != nil {
		t.Fatal(err)
	}
}
