//go:build unix

package keyring

import (
	"os"
	"syscall"
)

// keepOwner returns file the owner of the one that it will replace. A rotation
// run by root must not lock the service out of its own ring.
func keepOwner(file *os.File, like os.FileInfo) error {
	old, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(old.Uid) == os.Geteuid() {
		return nil
	}
	return file.Chown(int(old.Uid), int(old.Gid))
}

// isOurs reports whether this process's user owns what info describes.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// exposed reports whether others than the owner can read or change what info
// describes. A file of root that this process, which is not root, reads as a
// member of its group is not: so Kubernetes mounts secrets for a pod's fsGroup.
func exposed(info os.FileInfo) bool {
	others := info.Mode().Perm() & 0o077
	stat, ok := info.Sys().(*syscall.Stat_t)
	lent := others == 0o040 && ok && stat.Uid == 0 && os.Geteuid() != 0
	return others != 0 && !lent
}
