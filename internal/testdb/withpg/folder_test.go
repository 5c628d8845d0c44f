//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewFolderRemovesWhatKilledOnesLeft(t *testing.T) {
	parent := t.TempDir()
	old := time.Now().Add(-time.Hour)
	leave := func(name, file, content string) string {
		path := filepath.Join(parent, name)
		require.NoError(t, os.MkdirAll(filepath.Join(path, filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(path, file), []byte(content), 0o644))
		require.NoError(t, os.Chtimes(path, old, old))
		return path
	}
	killed := leave(prefix+"killed", lockName, "")
	withoutLock := leave(prefix+"without-lock", "log", "")
	deadServer := leave(prefix+"dead-server", "data/postmaster.pid", "0\n")
	serving := leave(prefix+"serving", "data/postmaster.pid", strconv.Itoa(os.Getpid())+"\n/data\n")
	other := leave("other", lockName, "")
	starting := leave(prefix+"starting", "data/base", "")
	require.NoError(t, os.Chtimes(starting, time.Time{}, time.Now()))
	working, err := newFolder(parent)
	require.NoError(t, err)
	temporary, err := working.temporary()
	require.NoError(t, err)

	f, err := newFolder(parent)
	require.NoError(t, err)
	for _, gone := range []string{killed, withoutLock, deadServer} {
		assert.NoDirExists(t, gone)
	}
	for _, stays := range []string{serving, other, starting, temporary, f.path} {
		assert.DirExists(t, stays)
	}
	require.NoError(t, f.remove())
	assert.NoDirExists(t, f.path)
	require.NoError(t, working.remove())
}
