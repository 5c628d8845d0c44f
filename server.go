// Command portico is the backend of a developer portal: a GraphQL API over
// SQLite or Postgres, and the commands that set it up. This package starts it;
// package command is the command line, and package server what `portico serve`
// runs.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"portico/internal/command"
	"portico/internal/redislimits"
	"portico/internal/telemetry"
)

func main() {
	redislimits.LogWith(slog.Default)
	telemetry.LogWith(slog.Default)
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	// The second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	err := command.Run(ctx, os.Args[1:], command.Environment{
		Getenv: os.Getenv, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Version: programVersion(),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "portico:", command.Explain(err))
	}
	os.Exit(command.ExitCode(err))
}

// endSignals returns the signals that end the program after the last response.
// A closed terminal is one, unless the program was started by nohup to outlive
// it.
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// version is set by the linker: see the Makefile.
var version string

// programVersion returns the version that was built, or the one that Go
// recorded.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
