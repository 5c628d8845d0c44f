//go:build unix

package keyring

import (
	"os"
	"syscall"
)

// keepOwner sets the owner of file to that of the file it will replace. A
// rotation run by root must not lock the service out of its ring.
func keepOwner(file *os.File, like os.FileInfo) error {
	old, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(old.Uid) == os.Geteuid() {
		return nil
	}
	return file.Chown(int(old.Uid), int(old.Gid))
}

// isOurs reports whether this process's user owns the file of info.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// exposed reports whether users other than the owner can read or change the
// file of info. It returns false for a file of root that this process, not
// being root, reads as a member of its group: this is how Kubernetes mounts
// secrets for a pod's fsGroup.
func exposed(info os.FileInfo) bool {
	others := info.Mode().Perm() & 0o077
	stat, ok := info.Sys().(*syscall.Stat_t)
	lent := others == 0o040 && ok && stat.Uid == 0 && os.Geteuid() != 0
	return others != 0 && !lent
}
