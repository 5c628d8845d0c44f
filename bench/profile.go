package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// profileSeconds is how long a profile takes.
const profileSeconds = 10

// profile writes the profiles of Portico that were asked for. Each is taken under load of
// its own after the rounds, so that the figures do not include what it costs.
func (w *world) profile(ctx context.Context, o operation) error {
	for _, p := range []struct{ kind, file string }{{"profile", w.cpuProfile}, {"allocs", w.memProfile}} {
		if p.file == "" {
			continue
		}
		if err := w.signIn(ctx); err != nil {
			return err
		}
		done := make(chan error, 1)
		go func() { done <- w.portico.profile(ctx, p.kind, p.file) }()
		_, err := w.runLoad(ctx, w.portico, o, 0, profileSeconds*time.Second)
		if err := errors.Join(err, <-done); err != nil {
			return err
		}
	}
	return nil
}

// profile stores what a process does from now on, as its listener for operators shows it.
func (s *server) profile(ctx context.Context, kind, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", s.ops, kind, profileSeconds), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %.300s", kind, answer.StatusCode, text)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
