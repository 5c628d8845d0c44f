//go:build !linux

package redistest

import "syscall"

// endWithParent knows no way here: a killed test leaves its server behind.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
