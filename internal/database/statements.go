package database

import (
	"context"
	"database/sql/driver"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// longestCached is the longest text, in bytes, that is worth keeping prepared.
// Longer ones are bulk inserts, which differ each time.
const longestCached = 8 << 10

// cacheable leaves out statements without arguments: they take one round trip
// anyhow, and may be several in one text.
func cacheable(query string, args int) bool { return args > 0 && len(query) <= longestCached }

// statement is a prepared statement in the cache.
type statement struct {
	runnable
	busy    bool // under way, or its rows are still open
	evicted bool // to be closed as soon as it is free
}

// runnable is what both drivers' statements can do.
type runnable interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// statements keeps the statements of one connection, the least recently used
// of which makes room. Like the connection it is for one goroutine at a time.
type statements struct {
	lru *simplelru.LRU[string, *statement]
}

func newStatements(size int) *statements {
	if size <= 0 {
		return &statements{}
	}
	// The error says that the size is not positive.
	lru, _ := simplelru.NewLRU(size, func(_ string, s *statement) { s.evict() })
	return &statements{lru: lru}
}

// take returns the statement of a text, prepared now if need be, and marks it
// busy until release. It gives nil when there is none to be had: without a
// cache, or because its rows are being read at this moment.
func (c *statements) take(ctx context.Context, on driver.ConnPrepareContext, query string) (*statement, error) {
	if c.lru == nil {
		return nil, nil
	}
	if s, ok := c.lru.Get(query); ok {
		if s.busy {
			return nil, nil
		}
		s.busy = true
		return s, nil
	}
	prepared, err := on.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	able, ok := prepared.(runnable)
	if !ok {
		return nil, prepared.Close()
	}
	s := &statement{runnable: able, busy: true}
	c.lru.Add(query, s)
	return s, nil
}

// release says that the statement is free again. nil is allowed.
func (c *statements) release(s *statement) {
	if s == nil {
		return
	}
	s.busy = false
	if s.evicted {
		s.evict()
	}
}

// drop forgets a text's statement.
func (c *statements) drop(query string) { c.lru.Remove(query) }

func (c *statements) closeAll() {
	if c.lru != nil {
		c.lru.Purge()
	}
}

// evict closes the statement, now or when it is released. That a statement
// cannot be closed shows in the next use of its connection.
func (s *statement) evict() {
	s.evicted = true
	if !s.busy {
		_ = s.Close()
	}
}
