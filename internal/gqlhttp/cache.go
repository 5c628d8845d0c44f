package gqlhttp

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// tokenBytes is the approximate memory of one token in the syntax tree, and in
// what is collected from it.
const tokenBytes = 384

// cache keeps the most recently used documents, bounded by number and by memory.
type cache struct {
	mu       sync.Mutex
	lru      *simplelru.LRU[string, *document]
	bytes    int
	maxBytes int
	maxText  int
}

// newCache returns a cache. If CacheEntries is below 1 it stores nothing.
func newCache(limits Limits) *cache {
	c := &cache{maxBytes: limits.CacheBytes, maxText: limits.CacheText}
	// The only error is a size below one, which leaves lru nil.
	c.lru, _ = simplelru.NewLRU(limits.CacheEntries, func(text string, d *document) {
		c.bytes -= weigh(text, d)
	})
	return c
}

func weigh(text string, d *document) int { return len(text) + d.tokens*tokenBytes }

func (c *cache) get(text string) (*document, bool) {
	if c.lru == nil || len(text) > c.maxText {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(text)
}

// has reports whether get would find the text's document.
func (c *cache) has(text string) bool {
	if c.lru == nil || len(text) > c.maxText {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Contains(text)
}

func (c *cache) add(text string, d *document) {
	if c.lru == nil || len(text) > c.maxText {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru.Contains(text) {
		return
	}
	c.lru.Add(text, d)
	c.bytes += weigh(text, d)
	for c.bytes > c.maxBytes {
		c.lru.RemoveOldest()
	}
}
