package main

import "syscall"

// endWithParent makes the kernel end the server even if withpg is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
}
