package gateway_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/ent/db/credential"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/keyimport"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// oldRing is a ring with one pepper more, which another program has used.
type oldRing struct{ portal.Secrets }

func (r oldRing) Pepper() (string, []byte) { return "old", []byte("the pepper of yesterday") }

func (r oldRing) PepperIDs() []string { return append(r.Secrets.PepperIDs(), "old") }

func (r oldRing) PepperByID(id string) ([]byte, bool) {
	if id == "old" {
		return []byte("the pepper of yesterday"), true
	}
	return r.Secrets.PepperByID(id)
}

func (w *world) importKeys(t *testing.T, lines ...string) {
	t.Helper()
	text := strings.ReplaceAll(strings.Join(lines, "\n"), "APP", w.made.App.ReferenceID.String())
	sum, err := w.Portal.Imports.Import(t.Context(), keyimport.Options{Organization: w.Organization.ID, Refused: func(r keyimport.Refusal) error { t.Error(r); return nil }},
		keyimport.NewReader(strings.NewReader(text), access.Production, w.Clock.Now()))
	require.NoError(t, err)
	require.Equal(t, len(lines), sum.Imported)
}

func (w *world) allowImported(t *testing.T, allowed bool) {
	t.Helper()
	_, err := w.Portal.Identity.UpdateOrganization(w.Admin, identity.UpdateOrganizationInput{ImportedKeys: input.Patch[bool]{Set: true, Value: &allowed}})
	require.NoError(t, err)
}

// A key that was made elsewhere passes as its callers have always sent it, where the
// organization allows that, until it is revoked; whatever the pepper of the time of its
// import.
func TestImportedKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t, func(o *gateway.Options) { o.Peppers = oldRing{w.Ring} })
		run(t, g)
		c := w.caller(t, g)
		w.importKeys(t, `{"app":"APP","key":"a-token-of-the-old-portal"}`, `{"app":"APP","username":"alice","secret":"wonderland"}`)
		recent := w.Portal
		w.Portal = w.With(func(o *portal.Options) { o.Secrets = oldRing{w.Ring} })
		w.importKeys(t, `{"app":"APP","key":"under-the-old-pepper"}`)
		w.Portal = recent

		raw := func(key string) *gateway.Request {
			return &gateway.Request{RawKey: key, Presented: access.APIKey, Product: "weather"}
		}
		pair := func(username, password string) *gateway.Request {
			return &gateway.Request{Username: username, Password: password, Presented: access.Basic, Product: "weather"}
		}
		imported := []*gateway.Request{raw("a-token-of-the-old-portal"), pair("alice", "wonderland"), raw("under-the-old-pepper")}
		for _, r := range imported {
			requireVerdict(t, g, c, r, verdict.Malformed)
		}
		w.allowImported(t, true)
		require.NoError(t, g.Sync(t.Context(), w.Organization.ID))
		for range 2 { // first from the database, then from memory
			for _, r := range imported {
				requireVerdict(t, g, c, r, verdict.Valid)
			}
		}
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		for _, r := range []*gateway.Request{
			raw("a-token-of-the-old-portaI"), raw("x"), pair("alice", "wonderland "), pair("alice", "wonderlanD"), pair("Alice", "wonderland"), pair("bob", "wonderland"),
		} {
			requireVerdict(t, g, c, r, verdict.NotFound)
		}
		for _, r := range []*gateway.Request{
			{Product: "weather"}, {Presented: access.APIKey, Product: "weather"}, pair("alice", ""), pair("", "wonderland"),
			{RawKey: "a-token-of-the-old-portal", Username: "alice", Password: "wonderland", Presented: access.APIKey, Product: "weather"},
			{RawKey: "a-token-of-the-old-portal", Malformed: true, Presented: access.APIKey, Product: "weather"},
		} {
			requireVerdict(t, g, c, r, verdict.Malformed)
		}

		alice := w.Client.Credential.Query().Where(credential.Name("alice")).OnlyX(portaltest.System(t))
		_, err := w.Portal.Apps.RevokeKey(w.Developer, alice.GlobalID(), nil, nil)
		require.NoError(t, err)
		require.NoError(t, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, pair("alice", "wonderland"), verdict.Revoked)
		requireVerdict(t, g, c, raw("a-token-of-the-old-portal"), verdict.Valid)
		w.allowImported(t, false)
		require.NoError(t, g.Sync(t.Context(), w.Organization.ID))
		requireVerdict(t, g, c, raw("a-token-of-the-old-portal"), verdict.Malformed)
	})
}

// Guesses at keys made elsewhere are limited as those at other keys are: one guess costs
// one failed read, whatever the number of peppers, and a right key costs none.
func TestGuessesAtImportedKeysAreLimited(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	w.allowImported(t, true)
	w.importKeys(t, `{"app":"APP","key":"a-token-of-the-old-portal"}`)
	g := w.verifier(t, func(o *gateway.Options) { o.Peppers = oldRing{w.Ring} })
	run(t, g)
	c := w.caller(t, g)
	raw := func(key string) *gateway.Request {
		return from(&gateway.Request{RawKey: key, Presented: access.APIKey, Product: "weather"}, "203.0.113.7")
	}
	requireVerdict(t, g, c, raw("a-token-of-the-old-portal"), verdict.Valid)
	for n := range clientRoom {
		requireVerdict(t, g, c, raw("guess-"+strconv.Itoa(n)), verdict.NotFound)
	}
	requireVerdict(t, g, c, raw("one-guess-more"), verdict.RateLimited)
	requireVerdict(t, g, c, raw("a-token-of-the-old-portal"), verdict.Valid)
}

// A key that was made elsewhere is explained as gateways answer it: refused for its form
// while the organization does not accept such keys, whatever else is to be said of it. A
// pair of UUIDs that was imported is a key like Portico's own.
func TestExplainImported(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	g := w.verifier(t)
	run(t, g)
	c := w.caller(t, g)
	const username, password = "0b9d2b9e-1d0f-4c7e-9d8d-2f5d1a3c4e5f", "5a1d2b9e-1d0f-4c7e-9d8d-2f5d1a3c4e5f"
	w.importKeys(t, `{"app":"APP","name":"foreign","key":"a-token-of-the-old-portal"}`, `{"app":"APP","name":"pair","username":"`+username+`","secret":"`+password+`"}`)
	for _, allowed := range []bool{false, true, false} {
		w.allowImported(t, allowed)
		require.NoError(t, g.Sync(t.Context(), w.Organization.ID))
		for name, presented := range map[string]*gateway.Request{
			"foreign": {RawKey: "a-token-of-the-old-portal", Presented: access.APIKey, Product: "weather"},
			"pair":    {Username: username, Password: password, Presented: access.Basic, Product: "weather"},
		} {
			of := w.Client.Credential.Query().Where(credential.Name(name)).OnlyX(portaltest.System(t))
			var v verdict.Verdict
			g.Verify(t.Context(), c, presented, &v)
			e, err := g.Explain(t.Context(), c, of.ID, &gateway.Request{Product: "weather"}, w.Clock.Now())
			require.NoError(t, err)
			require.Equal(t, v.Code, e.Code, "%s, allowed: %v", name, allowed)
			require.Equal(t, v.Product, e.Verdict.Product)
			if first := e.Steps[0]; name == "foreign" {
				require.Equal(t, []any{verdict.Malformed, allowed, !allowed}, []any{first.Code, first.Passed, first.Remedy != ""}, first.Detail)
				require.Contains(t, first.Detail, "importedKeys")
				require.Equal(t, allowed, len(e.Steps) > 1)
			} else {
				require.Equal(t, verdict.NotFound, first.Code)
			}
		}
	}
}
