package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// alternate asks both servers the same, one request after the other, on one connection
// each. They answer in the same moments, so what else the machine does slows both. The
// second of two equal requests finds its rows in the processor's cache: each server is
// second every other time.
func (w *world) alternate(ctx context.Context, o operation, seed uint64, length time.Duration) (r round, err error) {
	servers := [2]*server{w.portico, w.baseline}
	var clients [2]*client
	var before [2]cpu
	for i, s := range servers {
		if clients[i], err = w.dial(ctx, s, o, rand.New(rand.NewPCG(seed, 0))); err != nil {
			return r, err
		}
		defer clients[i].Close()
	}
	for i, s := range servers {
		if before[i], err = w.used(ctx, s); err != nil {
			return r, err
		}
	}
	until := time.Now().Add(time.Duration(len(servers)) * length)
	for n := 0; time.Now().Before(until); n++ {
		if err := errors.Join(clients[n%2].send(), clients[1-n%2].send(), ctx.Err()); err != nil {
			return r, err
		}
	}
	for i, into := range [2]*load{&r.portico, &r.baseline} {
		after, err := w.used(ctx, servers[i])
		if err != nil {
			return r, err
		}
		var took time.Duration
		for _, l := range clients[i].latencies {
			took += l
		}
		if *into, err = sum(clients[i:i+1], took, before[i], after); err != nil {
			return r, err
		}
	}
	return r, nil
}
