package servertest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Memory is how many bytes of memory the program holds now.
func (s *Server) Memory(t testing.TB) int { return s.status(t, "VmRSS") }

// MostMemory is how many it has held at most.
func (s *Server) MostMemory(t testing.TB) int { return s.status(t, "VmHWM") }

// status reads one of the numbers that Linux keeps of a process.
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
