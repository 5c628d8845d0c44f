package intake

import (
	"portico/clients/go/gate/limits"
	"portico/internal/usage/counts"
)

// buffers is memory that the flushes of a busy node reuse: allocating it each time
// would cause most of the garbage collector's work. The take methods return an empty
// slice, which the caller owns; the put methods take it back.
type buffers struct {
	rows   []counts.Row
	used   []limits.Used
	bodies [][]byte
}

// maxReusedLen is the number of rows, and maxReusedBody the number of bytes, up to
// which memory is reused; the larger batches after an outage are not.
const maxReusedLen, maxReusedBody = 1 << 16, 1 << 20

func (b *buffers) takeRows() []counts.Row {
	out := b.rows
	b.rows = nil
	return out[:0]
}

func (b *buffers) takeUsed() []limits.Used {
	out := b.used
	b.used = nil
	return out[:0]
}

// takeBody returns memory for a page, or nil.
func (b *buffers) takeBody() []byte {
	n := len(b.bodies)
	if n == 0 {
		return nil
	}
	out := b.bodies[n-1]
	b.bodies = b.bodies[:n-1]
	return out[:0]
}

// putRows takes back rows that are encoded in pages.
func (b *buffers) putRows(rows []counts.Row) {
	if cap(rows) <= maxReusedLen {
		b.rows = rows
	}
}

// putBatch takes back the memory of a batch that was stored.
func (b *buffers) putBatch(done *batch) {
	if cap(done.used) <= maxReusedLen {
		b.used = done.used
	}
	for _, p := range done.pages {
		if cap(p.body) <= maxReusedBody && len(b.bodies) < parts {
			b.bodies = append(b.bodies, p.body)
		}
	}
}
