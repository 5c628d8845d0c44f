package keyring

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

func ids(list []Key) []string {
	var names []string
	for _, k := range list {
		names = append(names, k.ID)
	}
	return names
}

func TestRotate(t *testing.T) {
	path, c := mustCreate(t)
	before := mustLoad(t, path, c).Current(Pepper)

	added, err := Rotate(path, c, Pepper, time.Time{})
	require.NoError(t, err)
	require.Equal(t, "p2", added.ID)
	require.Equal(t, start.Add(RotationDelay), added.ActiveFrom)

	ring := mustLoad(t, path, c)
	require.Equal(t, before, ring.Current(Pepper), "not active yet")
	known, ok := ring.Lookup(Pepper, "p2")
	require.True(t, ok, "but known already")
	require.Equal(t, added, known)
	require.Equal(t, []string{"p2", "p1"}, ids(ring.All(Pepper)))

	c.Advance(RotationDelay - time.Microsecond)
	require.Equal(t, "p1", ring.Current(Pepper).ID)
	c.Advance(time.Microsecond)
	require.Equal(t, added, ring.Current(Pepper))
	_, ok = ring.Lookup(Pepper, "p1")
	require.True(t, ok, "the old one still checks")
	_, ok = ring.Lookup(JWT, "p1")
	require.False(t, ok, "but not for another use")
}

func TestRotateRefuses(t *testing.T) {
	path, c := mustCreate(t)
	_, err := Rotate(path, c, "session", time.Time{})
	require.ErrorContains(t, err, "session")
	_, err = Rotate(filepath.Join(t.TempDir(), "none"), c, JWT, time.Time{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = Rotate(path, c, JWT, time.Time{})
	require.ErrorContains(t, err, "mode 0644")
}

func TestAnEmergencyKeyPrecedesAWaitingOne(t *testing.T) {
	path, c := mustCreate(t)
	_, err := Rotate(path, c, JWT, start.Add(time.Hour))
	require.NoError(t, err)
	now, err := Rotate(path, c, JWT, start)
	require.NoError(t, err)
	ring := mustLoad(t, path, c)
	require.Equal(t, now.ID, ring.Current(JWT).ID)
	c.Advance(2 * time.Hour)
	require.Equal(t, now.ID, ring.Current(JWT).ID, "the newest stays the newest")
}

func TestCurrentWithAClockThatIsBehind(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	c.Advance(-time.Minute)
	require.Equal(t, "j1", ring.Current(JWT).ID)
}

func TestConcurrentRotationsAreAllKept(t *testing.T) {
	path, c := mustCreate(t)
	var wait sync.WaitGroup
	for i := range 24 {
		wait.Go(func() {
			_, err := Rotate(path, c, Uses()[i%3], time.Time{})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	ring := mustLoad(t, path, c)
	for _, use := range Uses() {
		require.Len(t, ring.All(use), 9)
	}
}

func TestRotateFollowsALink(t *testing.T) {
	path, c := mustCreate(t)
	link := filepath.Join(t.TempDir(), "link.json")
	require.NoError(t, os.Symlink(path, link))
	_, err := Rotate(link, c, JWT, start)
	require.NoError(t, err)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	require.Equal(t, "j2", mustLoad(t, path, c).Current(JWT).ID)
}

func TestRetire(t *testing.T) {
	const life = 10 * time.Minute
	path, c := mustCreate(t)
	_, err := Rotate(path, c, JWT, time.Time{}) // j2 is active after RotationDelay
	require.NoError(t, err)
	_, err = Rotate(path, c, Pepper, start)
	require.NoError(t, err)

	c.Advance(RotationDelay + life + RotationDelay - time.Microsecond)
	gone, err := Retire(path, c, life)
	require.NoError(t, err)
	require.Empty(t, gone, "a token of the last moment may still live")

	c.Advance(time.Microsecond)
	gone, err = Retire(path, c, life)
	require.NoError(t, err)
	require.Equal(t, []string{"j1"}, gone)

	c.Advance(1000 * time.Hour)
	gone, err = Retire(path, c, life)
	require.NoError(t, err)
	require.Empty(t, gone, "the current one stays, however old")
	ring := mustLoad(t, path, c)
	require.Equal(t, []string{"j2"}, ids(ring.All(JWT)))
	require.Equal(t, []string{"p2", "p1"}, ids(ring.All(Pepper)))

	added, err := Rotate(path, c, JWT, time.Time{})
	require.NoError(t, err)
	require.Equal(t, "j3", added.ID, "an id is never used again")
}

// A leaked secret is removed at once, and nothing signed with it is valid.
func TestReplaceDropsTheOlderKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.json")
	c := clock.NewFake(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, Create(path, c))
	ring, err := Load(path, c)
	require.NoError(t, err)
	leaked, pepper := ring.Current(JWT), ring.Current(Pepper)
	added, err := Replace(path, c, JWT)
	require.NoError(t, err)
	_, err = ring.Reload()
	require.NoError(t, err)
	require.Equal(t, added.ID, ring.Current(JWT).ID)
	_, known := ring.Lookup(JWT, leaked.ID)
	require.False(t, known)
	require.Equal(t, pepper.ID, ring.Current(Pepper).ID)
	_, err = Replace(path, c, Pepper)
	require.Error(t, err, "every key made under it would die")
}
