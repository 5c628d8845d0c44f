package keyring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

func TestNewDevelopment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	first, err := NewDevelopment(clock.System{})
	require.NoError(t, err)
	require.True(t, first.Development())
	require.True(t, strings.HasPrefix(first.Path(), filepath.Join(home, "portico")))
	other, err := NewDevelopment(clock.System{})
	require.NoError(t, err)
	require.NotEqual(t, first.Path(), other.Path())

	t.Chdir(t.TempDir())
	again, err := FindDevelopment(first.firstPepper(), clock.System{})
	require.NoError(t, err)
	require.Equal(t, first.Path(), again.Path())
	require.Equal(t, first.Current(JWT).Secret, again.Current(JWT).Secret)

	require.NoError(t, os.Rename(first.Path(), filepath.Join(home, "portico", "development-renamed.json")))
	again, err = FindDevelopment(first.firstPepper(), clock.System{})
	require.NoError(t, err)
	require.Equal(t, first.firstPepper(), again.firstPepper())

	require.NoError(t, again.Discard())
	_, err = FindDevelopment(first.firstPepper(), clock.System{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, filepath.Base(first.Path()))
}

func TestNewDevelopmentWithoutAHome(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(os.DevNull, "nowhere"))
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ring, err := NewDevelopment(clock.System{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ring.Path(), temp))
	_, err = FindDevelopment(ring.firstPepper(), clock.System{})
	require.NoError(t, err)
}

func TestNewDevelopmentKeepsABrokenRing(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ring, err := NewDevelopment(clock.System{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ring.Path(), []byte("{}"), 0o600))
	_, err = FindDevelopment(ring.firstPepper(), clock.System{})
	require.ErrorContains(t, err, "pepper key is missing")
}

// A message that replaces a system error appears once, whatever the caller.
func TestSystemErrorsAreReplaced(t *testing.T) {
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
