package keyring

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

const someURL = "postgres://portico:hunter2hunter2@127.0.0.1/portico"

func TestDevelopment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	first, path, err := Development(someURL, clock.System{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(path, filepath.Join(home, "portico")))
	require.NotContains(t, path, "hunter2")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), "hunter2")

	t.Chdir(t.TempDir())
	again, samePath, err := Development(someURL, clock.System{})
	require.NoError(t, err)
	require.Equal(t, path, samePath)
	require.Equal(t, first.Current(JWT).Secret, again.Current(JWT).Secret)

	other, _, err := Development("sqlite:portico.db", clock.System{})
	require.NoError(t, err)
	require.NotEqual(t, first.Current(JWT).Secret, other.Current(JWT).Secret)
}

func TestDevelopmentStartsAtOnceAgree(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	secrets := make([]string, 32)
	var wait sync.WaitGroup
	for i := range secrets {
		wait.Go(func() {
			ring, _, err := Development(someURL, clock.System{})
			if err != nil {
				t.Error(err)
				return
			}
			secrets[i] = string(ring.Current(Pepper).Secret)
		})
	}
	wait.Wait()
	for _, s := range secrets {
		require.Equal(t, secrets[0], s)
	}
}

func TestDevelopmentWithoutAHome(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(os.DevNull, "nowhere"))
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, path, err := Development(someURL, clock.System{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(path, temp))
}

func TestDevelopmentDoesNotReplaceABrokenRing(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	_, path, err := Development(someURL, clock.System{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	_, _, err = Development(someURL, clock.System{})
	require.ErrorContains(t, err, "pepper key is missing")
}
