package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
)

// doors are the ones that are measured.
func doors() []string { return []string{"verify", "authorize"} }

// pair is both servers' work at a door in one round.
type pair struct{ portico, empty load }

// result is what was measured with a number of keys.
type result struct {
	keys           int
	compared       bool
	rounds         map[string][]pair
	resident, most int
	sizes          map[string]int
}

// measure plays all rounds over one number of keys. Only one number is
// compared with the empty handler; of the others the cost alone is of interest.
func (b *bench) measure(ctx context.Context, n int) (err error) {
	w, err := b.fill(ctx, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	s, err := b.gate(ctx, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	r := &result{keys: n, compared: n == b.used, rounds: map[string][]pair{}, sizes: map[string]int{}}
	if r.sizes["verify"], r.sizes["authorize"], err = sample(s, w); err != nil {
		return err
	}
	var rival *server
	if r.compared {
		if rival, err = b.rival(ctx, r.sizes["verify"], r.sizes["authorize"]); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rival.stop()) }()
	}
	if err := pin(ctx, w); err != nil {
		return err
	}
	if r.resident, r.most, err = s.resident(); err != nil {
		return err
	}
	sent := 0
	for round := range b.rounds + 1 { // the first one warms up
		for _, door := range doors() {
			p, err := b.round(ctx, s, rival, w, door, round)
			if err != nil {
				return err
			}
			if sent += p.portico.requests; round > 0 {
				r.rounds[door] = append(r.rounds[door], p)
			}
		}
	}
	if _, r.most, err = s.resident(); err != nil {
		return err
	}
	b.results = append(b.results, r)
	return b.counted(ctx, w, sent)
}

// round begins with the one server and the other by turns.
func (b *bench) round(ctx context.Context, s, rival *server, w *world, door string, round int) (p pair, err error) {
	turns := []func() error{
		func() (err error) { p.portico, err = b.burden(ctx, s, w, door, round); return err },
		func() (err error) {
			if rival != nil {
				p.empty, err = b.burden(ctx, rival, w, door, round)
			}
			return err
		},
	}
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	for _, turn := range turns {
		if err := turn(); err != nil {
			return p, err
		}
	}
	return p, nil
}

// sample asks each door once and gives the sizes of the answers: the body's of
// verify, the headers' of authorize.
func sample(s *server, w *world) (verify, authorize int, err error) {
	text, err := os.ReadFile(w.file)
	if err != nil {
		return 0, 0, err
	}
	key, _, _ := strings.Cut(string(text), "\n")
	body, _ := json.Marshal(map[string]string{"key": key, "product": "bench", "method": "GET", "path": "/orders/1", "ip": "192.0.2.1"})
	answer, got, err := ask(s, w, "/v1/verify", body, "")
	if err != nil {
		return 0, 0, err
	}
	if answer.StatusCode != http.StatusOK || !bytes.Contains(got, []byte(`"code":"VALID"`)) {
		return 0, 0, fmt.Errorf("/v1/verify: %d %s", answer.StatusCode, got)
	}
	answer, got2, err := ask(s, w, "/v1/authorize", nil, key)
	if err != nil {
		return 0, 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("/v1/authorize: %d %s", answer.StatusCode, got2)
	}
	for name, values := range answer.Header {
		if name != "Date" && name != "Content-Length" {
			authorize += len(name) + len(values[0]) + len(": \r\n")
		}
	}
	return len(got), authorize, nil
}

func ask(s *server, w *world, path string, body []byte, key string) (*http.Response, []byte, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("X-Portico-Gateway-Token", w.token)
	req.Header.Set("X-Portico-Product", "bench")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Header.Set("X-API-Key", key)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return answer, got, err
}

// counted checks that what was answered is what was counted, and passed: a
// server that refuses everything would be fast too. wrk does not count the
// requests that were under way when it stopped.
func (b *bench) counted(ctx context.Context, w *world, sent int) error {
	spare := (b.rounds+1)*len(doors())*b.connections + 2
	for {
		var valid, all int
		err := w.database.QueryRowContext(ctx, `SELECT coalesce(sum(calls) FILTER (WHERE code = 'VALID'), 0), coalesce(sum(calls), 0) FROM usage_minutes`).Scan(&valid, &all)
		if err != nil {
			return err
		}
		if valid != all || valid > sent+spare {
			return fmt.Errorf("%d requests were answered, %d counted, %d of them VALID", sent, all, valid)
		}
		if valid >= sent {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%d requests were answered, %d counted: %w", sent, all, err)
		}
	}
}
