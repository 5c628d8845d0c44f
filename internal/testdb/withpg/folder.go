//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	prefix   = "portico-postgres-"
	lockName = "lock"
	// settle is the age below which a folder without a lock may belong to a withpg
	// that is about to lock it.
	settle = time.Minute
)

// folder is the temporary directory of one withpg. It contains the files of the
// server, and everything temporary of the command.
type folder struct {
	path string
	lock *os.File // locked until withpg ends, however it ends
}

// newFolder creates a folder below parent, and removes those that killed ones
// left there.
func newFolder(parent string) (*folder, error) {
	sweep(parent)
	path, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	// Servers that tests start may be other users.
	if err := os.Chmod(path, 0o755); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	if f.lock, err = os.Create(filepath.Join(path, lockName)); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

// temporary creates the directory that is TMPDIR for the command: what a killed
// test or build leaves in it goes with the folder.
func (f *folder) temporary() (string, error) {
	path := filepath.Join(f.path, "tmp")
	if err := os.Mkdir(path, 0o777); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o777|os.ModeSticky) // whatever the umask
}

func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// sweep removes the folders in which nobody works any more. Those that it may
// not remove, because they belong to another user, stay.
func sweep(parent string) {
	paths, _ := filepath.Glob(filepath.Join(parent, prefix+"*")) // the pattern is well formed
	for _, path := range paths {
		if !inUse(path) {
			_ = os.RemoveAll(path)
		}
	}
}

// inUse reports whether a withpg has locked the folder, or may be about to, or
// its server still runs.
func inUse(path string) bool {
	if serverRuns(path) {
		return true
	}
	lock, err := os.Open(filepath.Join(path, lockName))
	if err != nil {
		info, err := os.Stat(path)
		return err != nil || time.Since(info.ModTime()) < settle
	}
	defer lock.Close() // and with it the lock
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// serverRuns reports whether the process that the server's pid file names lives.
func serverRuns(path string) bool {
	content, err := os.ReadFile(filepath.Join(path, "data", "postmaster.pid"))
	if err != nil {
		return false
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	return err == nil && pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
