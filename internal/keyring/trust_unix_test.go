//go:build unix

package keyring

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
)

// somebodyElse is the id of a user who does not run the tests.
const somebodyElse = 54321

// asRoot skips a test that has to change the owner of files, unless root runs it.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
}

func TestTrustedFolders(t *testing.T) {
	temp := t.TempDir()
	ours, file, link := filepath.Join(temp, "ours"), filepath.Join(temp, "file"), filepath.Join(temp, "link")
	require.NoError(t, os.Mkdir(ours, 0o700))
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Symlink(ours, link))
	require.True(t, developmentFolder{path: ours, shared: true}.trusted())
	for _, path := range []string{file, link, filepath.Join(temp, "none")} {
		require.False(t, developmentFolder{path: path, shared: true}.trusted(), path)
		require.True(t, developmentFolder{path: path}.trusted(), "the user's own folder is the user's")
	}
	require.NoError(t, developmentFolder{path: filepath.Join(temp, "new"), shared: true}.create())
	require.ErrorContains(t, developmentFolder{path: filepath.Join(file, "below")}.create(), "key ring: ")
	require.True(t, developmentFolders()[1].shared, "the folder for temporary files is everybody's")
}

func TestFoldersOfOthersAreNotTrusted(t *testing.T) {
	asRoot(t)
	theirs := developmentFolder{path: t.TempDir(), shared: true}
	require.NoError(t, os.Chown(theirs.path, somebodyElse, somebodyElse))
	require.False(t, theirs.trusted())
	require.ErrorContains(t, theirs.create(), "somebody else's")
}

// A ring that somebody else has put into a folder of theirs is not read, neither by
// the name of its file nor by its pepper.
func TestRingInAFolderOfOthersIsNotFound(t *testing.T) {
	asRoot(t)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(os.DevNull, "nowhere"))
	t.Setenv("TMPDIR", t.TempDir())
	ring, err := NewDevelopment(clock.System{})
	require.NoError(t, err)
	require.NoError(t, os.Chown(filepath.Dir(ring.Path()), somebodyElse, somebodyElse))
	_, err = FindDevelopment(ring.firstPepper(), clock.System{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Rename(ring.Path(), filepath.Join(filepath.Dir(ring.Path()), "development-renamed.json")))
	_, err = FindDevelopment(ring.firstPepper(), clock.System{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A rotation by root leaves the ring to the service's user.
func TestRotationKeepsTheOwner(t *testing.T) {
	asRoot(t)
	path, c := mustCreate(t)
	require.NoError(t, os.Chown(path, somebodyElse, somebodyElse+1))
	_, err := Rotate(path, c, JWT, start)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	stat, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	require.Equal(t, []uint32{somebodyElse, somebodyElse + 1}, []uint32{stat.Uid, stat.Gid})
}

func TestFilesThatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.json")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o700: false, 0o640: true, 0o604: true, 0o660: true, 0o601: true} {
		require.NoError(t, os.Chmod(path, mode))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, exposed(info), "%o", mode)
	}
}

// What cannot be read for another reason than that it is gone is an error, and no change.
func TestReloadOfWhatIsNoFolderAnyMore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	path, c := filepath.Join(folder, "ring.json"), clock.NewFake(start)
	require.NoError(t, Create(path, c))
	ring := mustLoad(t, path, c)
	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.WriteFile(folder, nil, 0o600))
	changed, err := ring.Reload()
	require.Error(t, err)
	require.False(t, changed)
	_, err = Load(path, c)
	require.Error(t, err)
	_, err = Rotate(path, c, JWT, start)
	require.ErrorContains(t, err, "key ring: ")
}
