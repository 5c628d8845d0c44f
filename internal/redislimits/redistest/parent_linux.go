package redistest

import "syscall"

// endWithParent has the kernel end the server even if the test is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
