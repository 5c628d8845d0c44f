package keyring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

func TestMadeUp(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	first, err := MakeUp(clock.System{})
	require.NoError(t, err)
	require.True(t, first.Development())
	require.True(t, strings.HasPrefix(first.Path(), filepath.Join(home, "portico")))
	other, err := MakeUp(clock.System{})
	require.NoError(t, err)
	require.NotEqual(t, first.Path(), other.Path())

	t.Chdir(t.TempDir())
	again, err := FindMadeUp(first.firstPepper(), clock.System{})
	require.NoError(t, err)
	require.Equal(t, first.Path(), again.Path())
	require.Equal(t, first.Current(JWT).Secret, again.Current(JWT).Secret)

	require.NoError(t, os.Rename(first.Path(), filepath.Join(home, "portico", "development-renamed.json")))
	again, err = FindMadeUp(first.firstPepper(), clock.System{})
	require.NoError(t, err)
	require.Equal(t, first.firstPepper(), again.firstPepper())

	require.NoError(t, again.Discard())
	_, err = FindMadeUp(first.firstPepper(), clock.System{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, filepath.Base(first.Path()))
}

func TestMadeUpWithoutAHome(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(os.DevNull, "nowhere"))
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ring, err := MakeUp(clock.System{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ring.Path(), temp))
	_, err = FindMadeUp(ring.firstPepper(), clock.System{})
	require.NoError(t, err)
}

func TestMadeUpDoesNotReplaceABrokenRing(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ring, err := MakeUp(clock.System{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ring.Path(), []byte("{}"), 0o600))
	_, err = FindMadeUp(ring.firstPepper(), clock.System{})
	require.ErrorContains(t, err, "pepper key is missing")
}

// What stands for an error of the system is said once, in whatever way the file
// is come to.
func TestErrorsAreSaidOnce(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "ring.json")
	_, load := Load(path, clock.System{})
	_, rotate := Rotate(path, clock.System{}, JWT, clock.System{}.Now())
	for _, err := range []error{load, rotate} {
		require.ErrorIs(t, err, os.ErrNotExist)
		require.EqualError(t, err, "key ring "+path+": there is no such file")
	}
	require.NoError(t, Create(path, clock.System{}))
	err := Create(path, clock.System{})
	require.ErrorIs(t, err, os.ErrExist)
	require.NotContains(t, err.Error(), "file exists")
	require.NotContains(t, err.Error(), "file already exists")
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = Load(path, clock.System{})
	require.ErrorIs(t, err, ErrExposed)
	require.ErrorContains(t, err, "chmod 600 "+path)
}
