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
	"time"
)

// paths are the paths that are measured.
func paths() []string { return []string{"verify", "authorize"} }

// duel is two servers that take turns, so that other work of the machine affects both
// equally.
type duel struct {
	// question says what the comparison answers.
	question string
	one, two *contender
	rounds   int
	length   time.Duration
	// aim is the intended ratio of the first to the second.
	aim string
	// ratio returns the figure that is compared.
	ratio func(p pair) float64
	pairs map[string][]pair // by path
}

// pair is the measurement of both servers at a path in one round.
type pair struct{ one, two load }

// The slices of the duel about growth are short and many: the difference is small, and the
// machine's own speed varies from minute to minute.
const (
	growthRounds = 30
	growthLength = 4 * time.Second
)

// duels returns the comparisons.
func (b *bench) duels() []*duel {
	few, most := b.keys[0], slices.Max(b.keys)
	cpu := func(p pair) float64 { return p.one.perThousand() / p.two.perThousand() }
	all := []*duel{{
		question: fmt.Sprintf("Requests/s that can last, with %d keys in use, to an empty handler's", b.used), aim: "≥ 0.80",
		one: b.contender(b.used, b.used), two: b.contender(0, 0), rounds: b.rounds, length: b.length,
		ratio: func(p pair) float64 { return p.one.lasting() / p.two.rate() },
	}}
	if few == most {
		return all
	}
	return append(all, &duel{
		question: fmt.Sprintf("CPU for a request with %d keys in memory, to that with %d; %d in use", most, few, few), aim: "< 1.15",
		one: b.contender(most, few), two: b.contender(few, few), rounds: growthRounds, length: growthLength, ratio: cpu,
	}, &duel{
		question: fmt.Sprintf("The same with all %d in use: the requests alone, without the folding of as many counts", most), aim: "< 1.15",
		one: b.contender(most, most), two: b.contender(few, few), rounds: max(1, b.rounds/2), length: b.length,
		ratio: func(p pair) float64 {
			return (p.one.perThousand() - p.one.laterPerThousand()) / (p.two.perThousand() - p.two.laterPerThousand())
		},
	})
}

// measure runs all duels, and checks that every request was counted.
func (b *bench) measure(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	if err := b.open(ctx); err != nil {
		return err
	}
	for _, d := range b.duels() {
		if err := b.fight(ctx, d); err != nil {
			return err
		}
		d.report(os.Stdout)
	}
	for _, p := range b.places {
		if _, p.most, err = p.memory(); err != nil {
			return err
		}
		if err := b.counted(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// fight runs all rounds of a duel; each server begins every second one.
func (b *bench) fight(ctx context.Context, d *duel) error {
	d.pairs = map[string][]pair{}
	for round := range d.rounds + 1 { // the first one warms up
		for _, path := range paths() {
			var p pair
			turns := []func() error{
				func() (err error) { p.one, err = b.runLoad(ctx, d.one, path, d.length, round); return err },
				func() (err error) { p.two, err = b.runLoad(ctx, d.two, path, d.length, round); return err },
			}
			if round%2 == 1 {
				slices.Reverse(turns)
			}
			for _, turn := range turns {
				if err := turn(); err != nil {
					return err
				}
			}
			if round > 0 {
				d.pairs[path] = append(d.pairs[path], p)
			}
		}
	}
	return nil
}

// sample calls each path once and returns the sizes of the responses: the body of verify,
// the headers of authorize.
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

// counted checks that all responses were counted, and that the calls passed: a server that
// refuses everything would be fast, too. wrk does not count the requests in flight when it
// stops.
func (b *bench) counted(ctx context.Context, p *place) error {
	w, sent := p.world, p.sent
	spare := p.loads*b.connections + 2
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
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d requests were answered, %d counted: %w", sent, all, err)
		}
	}
}
