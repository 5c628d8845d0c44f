//go:build unix && !linux

package main

import "syscall"

// endWithParent has no means for this here: a killed withpg leaves its server
// running.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
