package database

import (
	"context"
	"database/sql/driver"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxCachedBytes is the length of the longest text, in bytes, that is cached.
// Longer ones are bulk inserts, which differ each time.
const maxCachedBytes = 8 << 10

// maxStatementBytes bounds the texts of one connection's prepared statements, in
// bytes. Each of them takes Postgres about 75 bytes of memory.
const maxStatementBytes = 128 << 10

// cacheable excludes statements without arguments: they take one round trip
// anyhow, and a text may contain several of them.
func cacheable(query string, args int) bool { return args > 0 && len(query) <= maxCachedBytes }

// statement is a prepared statement in the cache.
type statement struct {
	contextStmt
	busy    bool // under way, or its rows are still open
	evicted bool // to be closed as soon as it is free
}

// contextStmt are the methods that both drivers' statements have.
type contextStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// statements caches the prepared statements of one connection and evicts the
// least recently used. Like the connection it is not safe for concurrent use.
type statements struct {
	lru *simplelru.LRU[string, *statement]
	// bytes is the length of all texts.
	bytes int
}

func newStatements(size int) *statements {
	if size <= 0 {
		return &statements{}
	}
	c := &statements{}
	// NewLRU fails only if the size is not positive.
	c.lru, _ = simplelru.NewLRU(size, func(query string, s *statement) {
		c.bytes -= len(query)
		s.evict()
	})
	return c
}

// take returns the prepared statement of a text, preparing it first if
// necessary, and marks it busy until release. It returns nil if there is no
// cache, or if the rows of the statement are still being read.
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
	able, ok := prepared.(contextStmt)
	if !ok {
		return nil, prepared.Close()
	}
	s := &statement{contextStmt: able, busy: true}
	c.bytes += len(query)
	c.lru.Add(query, s)
	for c.bytes > maxStatementBytes {
		c.lru.RemoveOldest()
	}
	return s, nil
}

// release marks the statement as free. s may be nil.
func (c *statements) release(s *statement) {
	if s == nil {
		return
	}
	s.busy = false
	if s.evicted {
		s.evict()
	}
}

// drop removes a text's statement from the cache.
func (c *statements) drop(query string) { c.lru.Remove(query) }

func (c *statements) closeAll() {
	if c.lru != nil {
		c.lru.Purge()
	}
}

// evict closes the statement, now or when it is released. An error is ignored:
// it shows in the next use of the connection.
func (s *statement) evict() {
	s.evicted = true
	if !s.busy {
		_ = s.Close()
	}
}
