package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// load is the measurement of a server under load.
type load struct {
	requests int
	// bytes is the total length of the responses' bodies.
	bytes int
	took  time.Duration
	// cpu is the CPU time of the server, postgres that of its connections' processes in
	// Postgres.
	cpu, postgres time.Duration
	p50, p99      time.Duration
}

// perRequest returns the server's CPU time for one request.
func (l load) perRequest() time.Duration { return l.cpu / time.Duration(max(1, l.requests)) }

// database returns Postgres' CPU time for one request.
func (l load) database() time.Duration { return l.postgres / time.Duration(max(1, l.requests)) }

// size returns the mean size of a response in bytes.
func (l load) size() float64 { return float64(l.bytes) / float64(max(1, l.requests)) }

// rate returns the requests per second.
func (l load) rate() float64 { return float64(l.requests) / l.took.Seconds() }

// busy returns the share of the server's core that was used.
func (l load) busy() float64 { return l.cpu.Seconds() / l.took.Seconds() }

// clientsOf returns how many connections an operation keeps busy.
func (s settings) clientsOf(o operation) int { return cmp.Or(o.clients, s.clients) }

// runLoad keeps the clients' connections busy with one operation for some time. The same
// seed chooses the same variables in the same order.
func (w *world) runLoad(ctx context.Context, s *server, o operation, seed uint64, length time.Duration) (load, error) {
	clients := make([]*client, w.clientsOf(o))
	for i := range clients {
		c, err := w.dial(ctx, s, o, rand.New(rand.NewPCG(seed, uint64(i))))
		if err != nil {
			return load{}, err
		}
		defer c.Close()
		clients[i] = c
	}
	before, err := w.used(ctx, s)
	if err != nil {
		return load{}, err
	}
	begin := time.Now()
	var running sync.WaitGroup
	failures := make([]error, len(clients))
	for i, c := range clients {
		running.Go(func() { failures[i] = c.work(begin.Add(length)) })
	}
	running.Wait()
	took := time.Since(begin)
	after, err := w.used(ctx, s)
	if err := errors.Join(append(failures, err, ctx.Err())...); err != nil {
		return load{}, err
	}
	return sum(clients, took, before, after)
}

// sum returns the measurement of clients that were busy for some time.
func sum(clients []*client, took time.Duration, before, after cpu) (load, error) {
	var all []time.Duration
	size := 0
	for _, c := range clients {
		all, size = append(all, c.latencies...), size+c.received
	}
	slices.Sort(all)
	if len(all) == 0 {
		return load{}, errors.New("no request was answered")
	}
	return load{
		requests: len(all), bytes: size, took: took,
		cpu: after.server - before.server, postgres: since(before.backends, after.backends),
		p50: all[len(all)/2], p99: all[len(all)*99/100],
	}, nil
}

// cpu is the CPU time so far of a server and of its connections' processes in Postgres.
type cpu struct {
	server   time.Duration
	backends map[string]time.Duration
}

func (w *world) used(ctx context.Context, s *server) (used cpu, err error) {
	if used.backends, err = w.backends(ctx, s); err != nil {
		return used, err
	}
	used.server, err = s.cpu()
	return used, err
}

// client is one connection. It is simpler than net/http's and uses less of the core that
// it shares with Postgres.
type client struct {
	net.Conn
	world     *world
	operation operation
	random    *rand.Rand
	reader    *bufio.Reader
	head      string
	request   []byte
	answer    bytes.Buffer
	latencies []time.Duration
	// received counts the bytes of the responses.
	received int
}

func (w *world) dial(ctx context.Context, s *server, o operation, random *rand.Rand) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	return &client{
		Conn: conn, world: w, operation: o, random: random, reader: bufio.NewReaderSize(conn, 32<<10),
		head: "POST /graphql HTTP/1.1\r\nHost: " + s.address + "\r\nContent-Type: application/json\r\n" +
			"Accept: application/json\r\nAuthorization: Bearer " + w.token + "\r\nContent-Length: ",
	}, nil
}

// work sends one request after the other.
func (c *client) work(until time.Time) error {
	for time.Now().Before(until) {
		if err := c.send(); err != nil {
			return err
		}
	}
	return nil
}

// send sends one request and waits for the response.
func (c *client) send() error {
	body := c.operation.body(c.operation.variables(c.world, c.random))
	c.request = append(append(c.request[:0], c.head...), strconv.Itoa(len(body))...)
	c.request = append(append(c.request, "\r\n\r\n"...), body...)
	begin := time.Now()
	err := c.roundTrip()
	c.latencies = append(c.latencies, time.Since(begin))
	return err
}

func (c *client) roundTrip() error {
	if err := c.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	c.answer.Reset()
	if _, err := c.answer.ReadFrom(answer.Body); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c.received += c.answer.Len()
	if answer.StatusCode != http.StatusOK || !bytes.HasPrefix(c.answer.Bytes(), []byte(`{"data":{`)) {
		return fmt.Errorf("status %d: %.300s", answer.StatusCode, c.answer.Bytes())
	}
	return nil
}
