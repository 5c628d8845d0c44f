package keyimport_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/domain"
	"portico/internal/keyimport"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// world is an organization into which keys are imported.
type world struct {
	*portaltest.Fixture
	portaltest.Tenant
}

func newWorld(t *testing.T, url string) *world {
	f := portaltest.New(t, url)
	return &world{f, f.MustTenant(t, "acme")}
}

// run imports a text, and returns the lines that were refused, as "line field code".
func (w *world) run(t *testing.T, svc *keyimport.Service, from io.Reader) (keyimport.Sum, []string, error) {
	t.Helper()
	var refused []string
	sum, err := svc.Import(t.Context(), keyimport.Options{Organization: w.Organization.ID, Refused: func(r keyimport.Refusal) error {
		refused = append(refused, fmt.Sprintf("%d %s %s", r.Line, r.Field, r.Code))
		return nil
	}}, keyimport.NewReader(from, access.Production, w.Clock.Now()))
	return sum, refused, err
}

func line(app uuid.UUID, key string) string {
	return fmt.Sprintf(`{"app":%q,"key":%q,"createdAt":"2020-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z"}`, app, key) + "\n"
}

func TestImport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		rain, snow := w.MustApp(t, w.Developer, "Rain"), w.MustApp(t, w.Developer, "Snow")
		gone := w.MustApp(t, w.Developer, "Gone")
		_, err := w.Portal.Apps.DeleteApp(w.Developer, gone.App.GlobalID(), nil)
		require.NoError(t, err)
		foreign := w.MustTenant(t, "zeta")
		theirs := w.MustApp(t, foreign.Developer, "Theirs")
		username, password := uuid.New(), uuid.New()

		text := line(rain.App.ReferenceID, "the-first-token") +
			fmt.Sprintf(`{"app":%q,"username":%q,"secret":%q,"name":"Nightly"}`, snow.App.ReferenceID, username, password) + "\n" +
			line(uuid.New(), "of-an-unknown-app") +
			line(gone.App.ReferenceID, "of-a-deleted-app") +
			line(theirs.App.ReferenceID, "of-another-organization") +
			line(rain.App.ReferenceID, "the-first-token") +
			line(snow.App.ReferenceID, "the-first-token") +
			line(rain.App.ReferenceID, rawkey.Join("old", rain.Secret.Username, password)) +
			line(rain.App.ReferenceID, rawkey.Join("old", theirs.Secret.Username, password)) +
			"{}\n"
		sum, refused, err := w.run(t, w.Portal.Imports, strings.NewReader(text))
		require.NoError(t, err)
		require.ElementsMatch(t, []string{
			"3 app UNKNOWN_REFERENCE", "4 app UNKNOWN_REFERENCE", "5 app UNKNOWN_REFERENCE",
			"6  TAKEN", "7  TAKEN", "8  TAKEN", "9  TAKEN", "10 app REQUIRED",
		}, refused)
		require.Equal(t, keyimport.Sum{Lines: 10, Imported: 2, Refused: 8}, sum)

		all := w.Client.Credential.Query().Where(credential.Imported(true)).Order(credential.ByCreatedAt()).AllX(portaltest.System(t))
		require.Len(t, all, 2)
		first, nightly := all[0], all[1]
		_, pepper := w.Ring.Pepper()
		name, secret := apikey.DigestOf("the-first-token").Pair(pepper)
		require.Equal(t, []any{name, rain.App.ID, "2020-01-01", "2027-01-01", access.Production, access.AllProducts, access.CredentialActive, "", ""},
			[]any{first.Username, *first.AppID, first.CreatedAt.Format("2006-01-02"), first.ExpiresAt.Format("2006-01-02"), first.Environment, first.Access, first.Status, first.SecretHint, first.RawKeyHint})
		require.True(t, apikey.Matches(*first.SecretHash, pepper, name, secret))
		require.Equal(t, []any{username, snow.App.ID, "Nightly"}, []any{nightly.Username, *nightly.AppID, nightly.Name})
		require.True(t, apikey.Matches(*nightly.SecretHash, pepper, username, password))
		for _, c := range all {
			require.Equal(t, []string{"CREDENTIAL_CREATED"}, w.EventTypes(t, c.ID))
		}

		// The same file again changes nothing, a revoked key stays revoked.
		_, err = w.Portal.Apps.RevokeKey(w.Admin, nightly.GlobalID(), nil, nil)
		require.NoError(t, err)
		events := w.Rows(t, "events")
		sum, refused, err = w.run(t, w.Portal.Imports, strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, keyimport.Sum{Lines: 10, Present: 1, Refused: 9}, sum)
		require.Contains(t, refused, "2  KEY_REVOKED")
		require.Equal(t, events, w.Rows(t, "events"))
	})
}

// peppers is a ring whose peppers a test adds.
type peppers struct {
	portal.Secrets
	ids     []string
	secrets map[string][]byte
}

func (p *peppers) Pepper() (id string, secret []byte) { return p.ids[0], p.secrets[p.ids[0]] }
func (p *peppers) PepperIDs() []string                { return p.ids }
func (p *peppers) PepperByID(id string) ([]byte, bool) {
	s, ok := p.secrets[id]
	return s, ok
}

// A key is imported once, whatever pepper it was imported under.
func TestImportAfterAPepperWasAdded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ring := &peppers{Secrets: w.Ring, ids: []string{"old"}, secrets: map[string][]byte{"old": []byte("the pepper of yesterday"), "new": []byte("the pepper of today")}}
		svc := w.With(func(o *portal.Options) { o.Secrets = ring }).Imports
		rain := w.MustApp(t, w.Developer, "Rain")
		sum, _, err := w.run(t, svc, strings.NewReader(line(rain.App.ReferenceID, "the-first-token")))
		require.NoError(t, err)
		require.Equal(t, 1, sum.Imported)
		ring.ids = []string{"new", "old"}
		sum, _, err = w.run(t, svc, strings.NewReader(line(rain.App.ReferenceID, "the-first-token")+line(rain.App.ReferenceID, "the-second-token")))
		require.NoError(t, err)
		require.Equal(t, keyimport.Sum{Lines: 2, Imported: 1, Present: 1}, sum)
	})
}

// What an interrupted run has committed stays, and the next one goes on.
func TestImportGoesOn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		rain := w.MustApp(t, w.Developer, "Rain")
		const all = 1700
		var text strings.Builder
		var half int
		for n := range all {
			if n == 1200 {
				half = text.Len()
			}
			text.WriteString(line(rain.App.ReferenceID, fmt.Sprintf("token-%08d", n)))
		}
		torn := errors.New("the file is torn")
		sum, refused, err := w.run(t, w.Portal.Imports, io.MultiReader(strings.NewReader(text.String()[:half]), iotest{torn}))
		require.ErrorIs(t, err, torn)
		require.Equal(t, keyimport.Sum{Lines: 1000, Imported: 1000}, sum)
		require.Empty(t, refused)

		full := errors.New("the disk is full")
		_, err = w.Portal.Imports.Import(t.Context(), keyimport.Options{Organization: w.Organization.ID, Refused: func(keyimport.Refusal) error { return full }},
			keyimport.NewReader(strings.NewReader("{}\n"), access.Production, w.Clock.Now()))
		require.ErrorIs(t, err, full)

		sum, refused, err = w.run(t, w.Portal.Imports, strings.NewReader(text.String()))
		require.NoError(t, err)
		require.Equal(t, keyimport.Sum{Lines: all, Imported: 700, Present: 1000}, sum)
		require.Empty(t, refused)
		require.Equal(t, all, w.Client.Credential.Query().Where(credential.Imported(true)).CountX(portaltest.System(t)))
	})
}

// However far apart two lines are that have the same key, the second is refused: what the
// run does not remember any more, the database knows.
func TestImportRefusesDuplicatesFarApart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		rain := w.MustApp(t, w.Developer, "Rain")
		w.Portal.Imports.SetWindow(100)
		const all = 1200
		var text strings.Builder
		for n := range all {
			text.WriteString(line(rain.App.ReferenceID, fmt.Sprintf("token-%08d", n)))
		}
		text.WriteString(line(rain.App.ReferenceID, "token-00000000"))
		sum, refused, err := w.run(t, w.Portal.Imports, strings.NewReader(text.String()))
		require.NoError(t, err)
		require.Equal(t, keyimport.Sum{Lines: all + 1, Imported: all, Refused: 1}, sum)
		require.Equal(t, []string{"1201  TAKEN"}, refused)
	})
}

// What a run remembers of its lines does not grow with them.
func TestRememberedLinesAreBounded(t *testing.T) {
	const lines, most = 3_000_000, 48 << 20
	twice := keyimport.Remember()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range lines {
		require.False(t, twice(sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))))
	}
	require.True(t, twice(sha256.Sum256(strconv.AppendInt(nil, lines-1, 10))))
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(most))
	runtime.KeepAlive(twice)
}

// Labels are those that generated keys may have, and are found again.
func TestImportLabels(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	rain := w.MustApp(t, w.Developer, "Rain").App.ReferenceID
	labelled := func(key, labels string) string {
		return fmt.Sprintf(`{"app":%q,"key":%q,"labels":%s}`, rain, key, labels) + "\n"
	}
	sum, refused, err := w.run(t, w.Portal.Imports, strings.NewReader(
		labelled("the-first-token", `[{"key":"team","value":"payments"}]`)+
			labelled("the-second-token", `[{"key":"team","value":"a"},{"key":"team","value":"b"}]`)+
			labelled("the-third-token", `[{"key":"","value":"b"}]`)+
			labelled("the-fourth-token", `{"team":"b"}`)+
			labelled("the-fifth-token", `[{"key":"team","color":"b"}]`)))
	require.NoError(t, err)
	require.Equal(t, []string{"2 labels.1.key TAKEN", "3 labels.0.key REQUIRED", "4 labels INVALID", "5 color MALFORMED"}, refused)
	require.Equal(t, 1, sum.Imported)
	c := w.Client.Credential.Query().Where(credential.Imported(true)).OnlyX(portaltest.System(t))
	require.Equal(t, []domain.Label{{Key: "team", Value: "payments"}}, c.Labels)
}
