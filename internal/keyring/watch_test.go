package keyring

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

func TestReload(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	changed, err := ring.Reload()
	require.NoError(t, err)
	require.False(t, changed)

	_, err = Rotate(path, c, JWT, start)
	require.NoError(t, err)
	require.Equal(t, "j1", ring.Current(JWT).ID)
	changed, err = ring.Reload()
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "j2", ring.Current(JWT).ID)
}

func TestReloadKeepsTheKeysOfABrokenFile(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"gone":  func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"empty": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, nil, 0o600)) },
		"weak": func(t *testing.T, path string) {
			edit(t, path, func(all map[Use][]record) { all[JWT][0].Secret = "AAAA" })
		},
		"lost pepper": func(t *testing.T, path string) {
			edit(t, path, func(all map[Use][]record) { all[Pepper][0].ID = "p9" })
		},
		"readable": func(t *testing.T, path string) {
			edit(t, path, func(map[Use][]record) {})
			require.NoError(t, os.Chmod(path, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, c := mustCreate(t)
			ring := mustLoad(t, path, c)
			before := ring.Current(Pepper)
			good, err := os.ReadFile(path)
			require.NoError(t, err)

			spoil(t, path)
			_, err = ring.Reload()
			require.Error(t, err)
			require.Equal(t, before, ring.Current(Pepper))

			require.NoError(t, os.WriteFile(path+".new", good, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
			changed, err := ring.Reload()
			require.NoError(t, err)
			require.True(t, changed)
		})
	}
}

func TestAnUnknownIDReadsTheFileAtMostOnceASecond(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	rotate := func() {
		_, err := Rotate(path, c, JWT, start)
		require.NoError(t, err)
	}
	rotate()
	_, ok := ring.Lookup(JWT, "j2")
	require.True(t, ok)
	rotate()
	_, ok = ring.Lookup(JWT, "j3")
	require.False(t, ok, "too soon")
	c.Advance(minReloadInterval)
	_, ok = ring.Lookup(JWT, "j3")
	require.True(t, ok)
}

// TestWatch replaces the default logger; nothing in this package runs beside it.
func TestWatch(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)

	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go ring.Watch(ctx, 5*time.Second)
		look := func() { time.Sleep(6 * time.Second); synctest.Wait() }

		require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
		look()
		look()
		require.Equal(t, 1, strings.Count(log.String(), "the key ring is broken"), "said once")
		require.Equal(t, "j1", ring.Current(JWT).ID)

		require.NoError(t, os.WriteFile(path, good, 0o600))
		_, err := Rotate(path, c, JWT, start)
		require.NoError(t, err)
		look()
		require.Equal(t, "j2", ring.Current(JWT).ID)
		require.Contains(t, log.String(), "jwt=j2")
	})
}

func TestARingIsUsedWhileItChanges(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	first := ring.Current(JWT)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 200 {
				if k, ok := ring.Lookup(JWT, first.ID); !ok || !bytes.Equal(k.Secret, first.Secret) {
					t.Error("a key was lost")
				}
				_, _ = ring.Lookup(JWT, "j99")
				_ = ring.Current(JWT)
				_ = ring.All(Pepper)
			}
		})
	}
	for range 20 {
		_, err := Rotate(path, c, JWT, start)
		require.NoError(t, err)
		_, err = ring.Reload()
		require.NoError(t, err)
	}
	wait.Wait()
	require.Equal(t, "j21", ring.Current(JWT).ID)
}

func TestForTest(t *testing.T) {
	ring := ForTest()
	_, ok := ring.Lookup(JWT, "j2")
	require.False(t, ok)
	changed, err := ring.Reload()
	require.NoError(t, err)
	require.False(t, changed)
	require.NotEqual(t, ring.Current(JWT).Secret, ForTest().Current(JWT).Secret)
	var _ clock.Clock = ring.clock
}

// A file whose ids have other secrets is another ring: the one in use stays,
// and reports it until its own file is back.
func TestReloadRefusesAForeignRing(t *testing.T) {
	for _, use := range Uses() {
		t.Run(string(use), func(t *testing.T) {
			path, c := mustCreate(t)
			ring := mustLoad(t, path, c)
			before := ring.Current(use)
			require.NoError(t, os.Rename(path, path+".own"))
			require.NoError(t, Create(path, c))
			edit(t, path, func(all map[Use][]record) {
				for _, other := range Uses() { // one secret is another one, the rest is the ring's
					if other != use {
						all[other][0].Secret = base64.StdEncoding.EncodeToString(ring.Current(other).Secret)
					}
				}
			})
			_, err := ring.Reload()
			var foreign *ForeignError
			require.ErrorAs(t, err, &foreign)
			require.Equal(t, use, foreign.Use)
			require.ErrorContains(t, err, path)
			require.ErrorIs(t, ring.Foreign(), err)
			require.Equal(t, before, ring.Current(use))

			require.NoError(t, os.Rename(path+".own", path))
			_, err = ring.Reload()
			require.NoError(t, err)
			require.NoError(t, ring.Foreign())
		})
	}
}

func TestDevelopmentIsKeptInTheFile(t *testing.T) {
	c := clock.NewFake(start)
	for created, create := range map[bool]func(string, clock.Clock) error{false: Create, true: CreateDevelopment} {
		path := t.TempDir() + "/ring.json"
		require.NoError(t, create(path, c))
		require.Equal(t, created, mustLoad(t, path, c).Development())
		_, err := Rotate(path, c, Pepper, start)
		require.NoError(t, err)
		require.Equal(t, created, mustLoad(t, path, c).Development(), "after a rotation")
	}
}

// A fingerprint differs for each secret, use and id, and contains nothing of
// the secret.
func TestFingerprint(t *testing.T) {
	k := newKeys(start)[Pepper][0]
	seen := map[string]bool{k.Fingerprint(Pepper): true}
	for _, other := range []struct {
		key Key
		use Use
	}{{newKeys(start)[Pepper][0], Pepper}, {k, JWT}, {Key{ID: "p2", Secret: k.Secret}, Pepper}} {
		print := other.key.Fingerprint(other.use)
		require.Len(t, print, 64)
		require.False(t, seen[print])
		seen[print] = true
	}
	require.Equal(t, k.Fingerprint(Pepper), Key{ID: k.ID, Secret: bytes.Clone(k.Secret)}.Fingerprint(Pepper))
	require.NotContains(t, k.Fingerprint(Pepper), hex.EncodeToString(k.Secret[:4]))
}
