package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// place is a portico on a world, with all credentials in memory.
type place struct {
	*server
	world          *world
	sent, loads    int
	resident, most int
}

// contender is a server that is called with some API keys.
type contender struct {
	*server
	place *place // nil: the empty handler
	name  string
	// used is the number of API keys that calls use, of those in memory.
	used int
	file string
}

// open starts portico on worlds of all sizes. Each is called with all its API keys, and
// the largest also with as many as the first one has.
func (b *bench) open(ctx context.Context) error {
	for _, n := range b.keys {
		p, err := b.place(ctx, n)
		if err != nil {
			return fmt.Errorf("%d keys: %w", n, err)
		}
		b.contend(&contender{server: p.server, place: p, used: n, file: p.world.file})
		few := b.keys[0]
		if n == few || n < slices.Max(b.keys) {
			continue
		}
		file, err := p.world.some(few)
		if err != nil {
			return err
		}
		b.contend(&contender{server: p.server, place: p, used: few, file: file})
	}
	like := b.contender(b.used, b.used)
	if like == nil {
		return fmt.Errorf("-used: there is no world of %d keys", b.used)
	}
	verify, authorize, err := sample(like.server, like.place.world)
	if err != nil {
		return err
	}
	if b.rival, err = b.startRival(ctx, verify, authorize); err != nil {
		return err
	}
	b.contend(&contender{server: b.rival, used: like.used, file: like.file})
	return pin(ctx, b.places[0].world)
}

// place fills a world and starts portico on it.
func (b *bench) place(ctx context.Context, n int) (p *place, err error) {
	p = &place{}
	b.places = append(b.places, p) // to be closed also after an error
	if p.world, err = b.fill(ctx, n); err != nil {
		return nil, err
	}
	if p.server, err = b.gate(ctx, p.world); err != nil {
		return nil, err
	}
	p.resident, p.most, err = p.memory()
	return p, err
}

func (b *bench) contend(c *contender) {
	if c.name = "empty"; c.place != nil {
		c.name = fmt.Sprintf("%d keys, %d used", c.place.world.n, c.used)
	}
	b.contenders = append(b.contenders, c)
}

// contender returns the contender with a number of API keys; 0: the empty handler.
func (b *bench) contender(keys, used int) *contender {
	for _, c := range b.contenders {
		if keys == 0 && c.place == nil || c.place != nil && c.place.world.n == keys && c.used == used {
			return c
		}
	}
	return nil
}

// close stops the servers and drops the worlds' databases.
func (b *bench) close(ctx context.Context) (err error) {
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
