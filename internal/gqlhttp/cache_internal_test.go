package gqlhttp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCacheKeepsWithinItsBounds(t *testing.T) {
	one := &document{tokens: 1}
	weight := 1 + tokenBytes
	c := newCache(Limits{CacheEntries: 3, CacheBytes: 2 * weight, CacheText: 8})

	c.add("a", one)
	c.add("b", one)
	c.add("a", one)
	require.Equal(t, 2*weight, c.bytes, "added twice, counted once")

	_, ok := c.get("a")
	require.True(t, ok)
	c.add("c", one)
	_, ok = c.get("b")
	require.False(t, ok, "the one used longest ago makes room")
	_, ok = c.get("a")
	require.True(t, ok)
	require.Equal(t, 2*weight, c.bytes)

	long := strings.Repeat("x", 9)
	c.add(long, one)
	_, ok = c.get(long)
	require.False(t, ok)
	require.False(t, c.lru.Contains(long), "it takes no room")
	c.add(long[:8], one)
	_, ok = c.get(long[:8])
	require.True(t, ok, "the longest text that is kept")
	require.True(t, c.has(long[:8]))

	c.add("d", &document{tokens: 1000})
	require.Zero(t, c.bytes, "what is larger than the cache is not kept")
}

func TestCacheWithoutRoomKeepsNothing(t *testing.T) {
	c := newCache(Limits{CacheBytes: 1 << 20, CacheText: 8})
	c.add("a", &document{})
	_, ok := c.get("a")
	require.False(t, ok)
}

func TestTruncateKeepsWholeCharacters(t *testing.T) {
	require.Equal(t, "short", truncate("short", 5))
	require.Equal(t, "é…", truncate("ééééé", 6))
	require.Equal(t, "…", truncate("\x80\x80\x80\x80\x80", 4), "what is no text")
}
