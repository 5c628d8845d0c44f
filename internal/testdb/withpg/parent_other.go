//go:build unix && !linux

package main

import "syscall"

// endWithParent knows no way here: a killed withpg leaves its server behind.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
