package keyring

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

func TestNoFolderForADevelopmentRing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(file, "home"))
	t.Setenv("TMPDIR", filepath.Join(file, "temp"))
	_, err := NewDevelopment(clock.System{})
	require.ErrorContains(t, err, "key ring: ")
	require.Equal(t, filepath.Join(file, "home", "portico"), DevelopmentFolder())
	_, err = FindDevelopment("0123", clock.System{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, filepath.Join(file, "home", "portico")+" or "+filepath.Join(file, "temp"))
}

func TestChangesOfARingThatCannotBeRead(t *testing.T) {
	c := clock.NewFake(start)
	gone := filepath.Join(t.TempDir(), "none", "ring.json")
	require.Error(t, Create(gone, c))
	broken := filepath.Join(t.TempDir(), "ring.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	for _, path := range []string{gone, broken} {
		_, err := Rotate(path, c, JWT, start)
		require.Error(t, err)
		_, err = Replace(path, c, Cursor)
		require.Error(t, err)
		ids, err := Retire(path, c, time.Hour)
		require.Error(t, err)
		require.Empty(t, ids)
	}
	_, err := Load(t.TempDir(), c)
	require.Error(t, err, "a folder is no ring")
}

func TestBrokenRings(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	for _, text := range []string{"", "{", "[]", `{"development": "yes"}`, `{"jwt": {}}`, `{"jwt": [1]}`} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path, c)
		require.ErrorContains(t, err, "the JSON is broken", text)
	}
}

func TestCursorKeysCanBeReplaced(t *testing.T) {
	path, c := mustCreate(t)
	k, err := Replace(path, c, Cursor)
	require.NoError(t, err)
	ring := mustLoad(t, path, c)
	require.Equal(t, k.ID, ring.Current(Cursor).ID)
	_, ok := ring.CursorKeyByID("c1")
	require.False(t, ok, "the older one is gone")
}

func TestKeysByTheirUses(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	for use, f := range map[Use]struct {
		current func() (string, []byte)
		byID    func(string) ([]byte, bool)
	}{Pepper: {ring.Pepper, ring.PepperByID}, Cursor: {ring.CursorKey, ring.CursorKeyByID}} {
		want := ring.Current(use)
		id, secret := f.current()
		require.Equal(t, want.ID, id)
		require.Equal(t, want.Secret, secret)
		secret, ok := f.byID(id)
		require.True(t, ok)
		require.Equal(t, want.Secret, secret)
		_, ok = f.byID("none")
		require.False(t, ok)
	}
}

// Whether the file was changed is seen by any of its identity, its size and its time.
func TestChangesOfAFileAreSeen(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string, was os.FileInfo){
		"another file of the size and time": func(t *testing.T, path string, was os.FileInfo) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".new", text, 0o600))
			require.NoError(t, os.Chtimes(path+".new", was.ModTime(), was.ModTime()))
			require.NoError(t, os.Rename(path+".new", path))
		},
		"another size at the time": func(t *testing.T, path string, was os.FileInfo) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
			require.NoError(t, err)
			_, err = f.WriteString("\n")
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime()))
		},
		"another time": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime().Add(time.Second)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, c := mustCreate(t)
			ring := mustLoad(t, path, c)
			before := ring.Revision()
			was, err := os.Stat(path)
			require.NoError(t, err)
			change(t, path, was)
			changed, err := ring.Reload()
			require.NoError(t, err)
			require.True(t, changed)
			require.NotSame(t, before, ring.Revision())
			changed, err = ring.Reload()
			require.NoError(t, err)
			require.False(t, changed, "it is read once")
		})
	}
}

// A file that could not be used is no change, and what it was wrong with is forgotten
// when it is right.
func TestReloadOfWhatCannotBeUsed(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, spoil := range map[string]func(){
		"gone":    func() { require.NoError(t, os.Remove(path)) },
		"broken":  func() { require.NoError(t, os.WriteFile(path, []byte("{"), 0o600)) },
		"foreign": func() { edit(t, path, func(all map[Use][]record) { all[Pepper][0].ID = "p9" }) },
	} {
		spoil()
		changed, err := ring.Reload()
		require.Error(t, err, name)
		require.False(t, changed, name)
		require.Equal(t, name == "foreign", ring.Foreign() != nil, name)
		require.NoError(t, os.WriteFile(path+".new", good, 0o600))
		require.NoError(t, os.Rename(path+".new", path))
		_, err = ring.Reload()
		require.NoError(t, err, name)
		require.NoError(t, ring.Foreign(), name)
	}
}

// A clock that is set back does not keep unknown ids waiting.
func TestUnknownIDAfterTheClockWasSetBack(t *testing.T) {
	path, c := mustCreate(t)
	ring := mustLoad(t, path, c)
	_, ok := ring.Lookup(JWT, "j2")
	require.False(t, ok)
	_, err := Rotate(path, c, JWT, start)
	require.NoError(t, err)
	c.Advance(-time.Hour)
	_, ok = ring.Lookup(JWT, "j2")
	require.True(t, ok)
}

func TestWeakSecrets(t *testing.T) {
	// As many different bytes as are enough, in no order and no text; and one fewer.
	random := rand.New(rand.NewPCG(1, 2))
	sixteen := make([]byte, 64)
	for i := range sixteen {
		sixteen[i] = byte(0x80 + random.IntN(minDistinctBytes))
	}
	require.Equal(t, minDistinctBytes, distinct(sixteen))
	require.Empty(t, weakness(sixteen))
	fifteen := bytes.ReplaceAll(sixteen, []byte{0x80}, []byte{0x81})
	require.Equal(t, "has too few different bytes", weakness(fifteen))
	half := []byte{0x91, 2, 0xf3, 4, 0xa5, 6, 7, 0xc8, 9, 0xea, 11, 0x8c, 13, 0xbe, 15, 0xd0}
	require.Equal(t, "is a repeated pattern", weakness(append(bytes.Clone(half), half...)))
	sequence := make([]byte, 32)
	for i := range sequence {
		sequence[i] = byte(100 + 3*i)
	}
	require.Equal(t, "is a plain sequence", weakness(sequence))
	text := []byte("abcdefghijklmnopqrstuvwxyzABCDEFQZ")
	require.Equal(t, "is text, not random bytes", weakness(text))
	text[5] = 1
	require.Empty(t, weakness(text), "text has no control characters")
}
