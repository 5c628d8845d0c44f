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

// doors are the ones that are measured.
func doors() []string { return []string{"verify", "authorize"} }

// place is a portico over a world, with all its keys in memory.
type place struct {
	*server
	world          *world
	sent           int
	resident, most int
}

// contender is a server that is asked with some keys.
type contender struct {
	*server
	place *place // nil: the empty handler
	name  string
	// used is how many keys are asked with, out of those in memory.
	used   int
	file   string
	rounds map[string][]load // by door
}

// measure starts all servers and lets them take turns, so that what the machine
// is busy with besides meets them all alike.
func (b *bench) measure(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, b.closeAll(ctx)) }()
	for _, n := range b.keys {
		if err := b.enter(ctx, n); err != nil {
			return fmt.Errorf("%d keys: %w", n, err)
		}
	}
	if err := b.enterRival(ctx); err != nil {
		return err
	}
	if err := pin(ctx, b.places[0].world); err != nil {
		return err
	}
	for round := range b.rounds + 1 { // the first one warms up
		for _, door := range doors() {
			if err := b.round(ctx, door, round); err != nil {
				return err
			}
		}
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

// enter fills a world and starts portico over it. It is asked with all keys,
// and where they are the most, also with as many as the first world has.
func (b *bench) enter(ctx context.Context, n int) error {
	p := &place{}
	b.places = append(b.places, p)
	var err error
	if p.world, err = b.fill(ctx, n); err != nil {
		return err
	}
	if p.server, err = b.gate(ctx, p.world); err != nil {
		return err
	}
	if p.resident, p.most, err = p.memory(); err != nil {
		return err
	}
	b.contend(&contender{server: p.server, place: p, used: n, file: p.world.file})
	few := b.keys[0]
	if n == few || n < slices.Max(b.keys) {
		return nil
	}
	file, err := p.world.some(n, few)
	b.contend(&contender{server: p.server, place: p, used: few, file: file})
	return err
}

func (b *bench) contend(c *contender) {
	c.rounds = map[string][]load{}
	if c.name = "empty"; c.place != nil {
		c.name = fmt.Sprintf("%d keys, %d used", c.place.world.n, c.used)
	}
	b.contenders = append(b.contenders, c)
}

// enterRival starts the empty handler, with answers of portico's sizes.
func (b *bench) enterRival(ctx context.Context) error {
	like := b.compared()
	if like == nil {
		return nil
	}
	verify, authorize, err := sample(like.server, like.place.world)
	if err != nil {
		return err
	}
	if b.rival, err = b.startRival(ctx, verify, authorize); err != nil {
		return err
	}
	b.contend(&contender{server: b.rival, used: like.used, file: like.file})
	return nil
}

// compared is the contender that is compared with the empty handler, if there
// is one.
func (b *bench) compared() *contender {
	for _, c := range b.contenders {
		if c.place != nil && c.place.world.n == b.used && c.used == b.used {
			return c
		}
	}
	return nil
}

// round asks all contenders, forwards and backwards by turns, and each of them
// begins once in a while.
func (b *bench) round(ctx context.Context, door string, round int) error {
	turns := slices.Concat(b.contenders[round%len(b.contenders):], b.contenders[:round%len(b.contenders)])
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	for _, c := range turns {
		l, err := b.burden(ctx, c, door, round)
		if err != nil {
			return err
		}
		if c.place != nil {
			c.place.sent += l.requests
		}
		if round > 0 {
			c.rounds[door] = append(c.rounds[door], l)
		}
	}
	return nil
}

func (b *bench) closeAll(ctx context.Context) (err error) {
	if b.rival != nil {
		err = b.rival.stop()
	}
	for _, p := range b.places {
		if p.server != nil {
			err = errors.Join(err, p.stop())
		}
		if p.world != nil {
			err = errors.Join(err, p.world.close(ctx))
		}
	}
	return err
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
func (b *bench) counted(ctx context.Context, p *place) error {
	w, sent := p.world, p.sent
	spare := (b.rounds+1)*len(doors())*len(b.contenders)*b.connections + 2
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
