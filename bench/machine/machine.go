// Package machine reads what Linux reports about processes and the machine, for the
// benchmarks.
package machine

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ticks is the number of units of CPU time in a second in /proc, the same on every Linux.
const ticks = 100

// CPU returns a process's CPU time so far, of user and system.
func CPU(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	// The second field is a name in parentheses, which may contain anything.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("unknown form of /proc/PID/stat: %s", text)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks, err
}

// ThreadCPU returns the CPU time so far of a process with one thread, to the nanosecond
// where the kernel counts that.
func ThreadCPU(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/schedstat")
	if err != nil {
		return CPU(pid)
	}
	running, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(running, 10, 64)
	return time.Duration(n), err
}

// LoadAverage returns the load average of the last minute.
func LoadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	average, _, _ := strings.Cut(string(text), " ")
	return average
}

// Processor returns the model of the machine's processor, if Linux reports it.
func Processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
