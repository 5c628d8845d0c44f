//go:build unix

// Command withpg runs a command beside a Postgres server of its own:
//
//	go run ./internal/testdb/withpg go test ./...
//
// The server uses a temporary directory and a free local port, without fsync
// and other durability. The environment variable PORTICO_TEST_POSTGRES contains
// its URL, and TMPDIR a directory beside the server's. withpg stops the server
// and removes both when the command ends, forwards signals to the command, and
// returns its exit code. What a killed withpg left behind, the next one removes.
// Without Postgres on the machine the command runs on SQLite only; with CI=true
// that is an error.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"portico/internal/testdb"
)

func main() {
	// The kernel ends the server when the thread that started it ends.
	runtime.LockOSThread()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withpg COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(code)
}

// run returns the exit code of the command, or 1 and the reason why it did not
// run.
func run(command []string) (code int, err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if os.Getenv(testdb.Variable) != "" {
		return execute(command, os.Environ(), signals)
	}
	f, err := newFolder(os.TempDir())
	if err != nil {
		return 1, err
	}
	defer func() {
		if removeErr := f.remove(); err == nil && removeErr != nil {
			code, err = max(code, 1), removeErr
		}
	}()
	temporary, err := f.temporary()
	if err != nil {
		return 1, err
	}
	environment := append(os.Environ(), "TMPDIR="+temporary)
	bin, ok := binaries()
	if !ok {
		if os.Getenv("CI") == "true" {
			return 1, errors.New("Postgres is not installed, and in CI the tests need it")
		}
		fmt.Fprintln(os.Stderr, "Postgres is not installed: the tests run on SQLite alone.")
		return execute(command, environment, signals)
	}
	s, err := start(bin, f.path)
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := s.stop(); err == nil && stopErr != nil {
			code, err = max(code, 1), stopErr
		}
	}()
	return execute(command, append(environment, testdb.Variable+"="+s.url()), signals)
}

// execute runs the command and forwards signals to it.
func execute(command, environment []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s) // it may have ended just now
		case err := <-done:
			return exitCode(err)
		}
	}
}

// exitCode returns the command's exit code, or, as in a shell, 128 plus the
// number of the signal that ended it.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
