package servertest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Memory returns the program's resident memory in bytes.
func (s *Server) Memory(t testing.TB) int { return s.status(t, "VmRSS") }

// MostMemory returns the maximum of Memory so far.
func (s *Server) MostMemory(t testing.TB) int { return s.status(t, "VmHWM") }

// status returns a value of /proc/PID/status.
func (s *Server) status(t testing.TB, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Skip("only Linux says how much memory a process holds")
	}
	_, line, _ := strings.Cut(string(text), name+":")
	var kilobytes int
	if _, err := fmt.Sscan(line, &kilobytes); err != nil {
		t.Fatalf("the memory of the program: %v\n%s", err, text)
	}
	return kilobytes << 10
}
