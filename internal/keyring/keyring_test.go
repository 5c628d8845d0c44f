package keyring

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// mustCreate creates a ring file at the time start.
func mustCreate(t *testing.T) (path string, c *clock.Fake) {
	t.Helper()
	path, c = filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	require.NoError(t, Create(path, c))
	return path, c
}

func mustLoad(t *testing.T, path string, c clock.Clock) *Ring {
	t.Helper()
	r, err := Load(path, c)
	require.NoError(t, err)
	return r
}

// edit changes the file of a ring as with an editor.
func edit(t *testing.T, path string, change func(map[Use][]record)) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	records := map[Use][]record{}
	require.NoError(t, json.Unmarshal(content, &records))
	change(records)
	content, err = json.Marshal(records)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestCreate(t *testing.T) {
	path, c := mustCreate(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	ring := mustLoad(t, path, c)
	for _, use := range Uses() {
		require.Len(t, ring.Current(use).Secret, KeyBytes)
		require.Equal(t, string(use)[:1]+"1", ring.Current(use).ID)
	}
	require.ErrorIs(t, Create(path, c), os.ErrExist)
	require.Equal(t, ring.Current(JWT), mustLoad(t, path, c).Current(JWT), "the refused one changed nothing")

	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary files stay behind")
}

func TestLoadRefusesTheFile(t *testing.T) {
	path, c := mustCreate(t)
	_, err := Load(path+".other", c)
	require.ErrorIs(t, err, os.ErrNotExist)

	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = Load(path, c)
		require.ErrorContains(t, err, fmt.Sprintf("mode %04o", mode))
	}
	require.NoError(t, os.WriteFile(path, []byte(`{"pepper": [{"id": "p1", "secret": "c2VjcmV0`), 0o600))
	require.NoError(t, os.Chmod(path, 0o600))
	_, err = Load(path, c)
	require.ErrorContains(t, err, "broken")
	require.NotContains(t, err.Error(), "c2VjcmV0")
}

func TestLoadRefusesWeakSecrets(t *testing.T) {
	sequence := make([]byte, 32)
	for i := range sequence {
		sequence[i] = byte(3 * i)
	}
	padded := append([]byte("changeme"), newKeys(start)[JWT][0].Secret...)
	for name, c := range map[string]struct {
		secret []byte
		says   string
	}{
		"empty":           {nil, "is missing"},
		"short":           {newKeys(start)[JWT][0].Secret[:31], "shorter than 32 bytes"},
		"one byte":        {[]byte(strings.Repeat("\xa7", 32)), "repeated pattern"},
		"zeros":           {make([]byte, 64), "repeated pattern"},
		"pattern":         {[]byte(strings.Repeat("\x01\xfe\x33\x80\x99", 7)), "repeated pattern"},
		"sequence":        {sequence, "plain sequence"},
		"few bytes":       {append(make([]byte, 20), newKeys(start)[JWT][0].Secret[:12]...), "too few different bytes"},
		"sentence":        {[]byte("correct horse battery staple, and more"), "is text"},
		"turkish":         {[]byte("çok gizli bir anahtar değil bu, şğüöı"), "is text"},
		"hexadecimal":     {[]byte("00112233445566778899aabbccddeeffghijklmnopqrst"), "is text"},
		"word and random": {padded, "is text"},
	} {
		t.Run(name, func(t *testing.T) {
			path, clock := mustCreate(t)
			encoded := base64.StdEncoding.EncodeToString(c.secret)
			edit(t, path, func(all map[Use][]record) { all[JWT][0].Secret = encoded })
			_, err := Load(path, clock)
			require.ErrorContains(t, err, `jwt key "j1"`)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "pepper", "the good ones are not named")
			if encoded != "" {
				require.NotContains(t, err.Error(), encoded)
				require.NotContains(t, err.Error(), string(c.secret))
			}
		})
	}
}

func TestLoadRefusesTheRing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[Use][]record)
		says   string
	}{
		"missing use":  {func(all map[Use][]record) { delete(all, Cursor) }, "the cursor key is missing"},
		"empty use":    {func(all map[Use][]record) { all[Pepper] = nil }, "the pepper key is missing"},
		"not base64":   {func(all map[Use][]record) { all[Pepper][0].Secret = "!!" }, `pepper key "p1" is not base64`},
		"id twice":     {func(all map[Use][]record) { all[JWT] = append(all[JWT], all[JWT][0]) }, `jwt key "j1" is there twice`},
		"no id":        {func(all map[Use][]record) { all[JWT][0].ID = "" }, `jwt key "" has no id`},
		"one for both": {func(all map[Use][]record) { all[JWT][0].Secret = all[Cursor][0].Secret }, `cursor key "c1" has the same secret as jwt key "j1"`},
	} {
		t.Run(name, func(t *testing.T) {
			path, clock := mustCreate(t)
			edit(t, path, c.change)
			_, err := Load(path, clock)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestNewKeysAreNeverRefused(t *testing.T) {
	for range 2000 {
		require.Empty(t, newKeys(start).problems())
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	key := ForTest().Current(Pepper)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "pointer", &key)
	asJSON, err := json.Marshal(key)
	require.NoError(t, err)
	all := log.String() + string(asJSON) + fmt.Sprintf("%v %+v %#v %s %x %q %v", key, key, key, key, key, &key, []Key{key})
	for _, form := range []string{
		string(key.Secret), base64.StdEncoding.EncodeToString(key.Secret), fmt.Sprintf("%x", key.Secret),
		strings.Trim(fmt.Sprint(key.Secret), "[]"),
	} {
		require.NotContains(t, all, form)
	}
	require.Contains(t, all, "p1")
}
