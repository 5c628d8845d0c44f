//go:build unix

package keyring

import (
	"os"
	"syscall"
)

// keepOwner gives file the owner of the one that it will replace. A rotation
// run by root must not lock the service out of its own ring.
func keepOwner(file *os.File, like os.FileInfo) error {
	old, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(old.Uid) == os.Geteuid() {
		return nil
	}
	return file.Chown(int(old.Uid), int(old.Gid))
}

// isOurs tells whether this process's user owns what info describes.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
