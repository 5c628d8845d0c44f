package usage

import "portico/clients/go/gate/limits"

// room is memory that the flushes of a busy node reuse: new allocations would cause
// most of the garbage collector's work.
type room struct {
	spare  []counted
	used   []limits.Used
	bodies [][]byte
}

const (
	// keptRoom is up to how many rows, and keptBody up to how many bytes, are
	// kept: those of an outage are not.
	keptRoom, keptBody = 1 << 16, 1 << 20
)

// rows returns room for rows, which the caller owns then.
func (r *room) rows() []counted {
	out := r.spare
	r.spare = nil
	return out[:0]
}

// quotas returns room for what was used of quotas.
func (r *room) quotas() []limits.Used {
	out := r.used
	r.used = nil
	return out[:0]
}

// body returns room for a page.
func (r *room) body() []byte {
	n := len(r.bodies)
	if n == 0 {
		return nil
	}
	out := r.bodies[n-1]
	r.bodies = r.bodies[:n-1]
	return out[:0]
}

// free takes back rows that are in pages now.
func (r *room) free(rows []counted) {
	if cap(rows) <= keptRoom {
		r.spare = rows
	}
}

// stored takes back the memory of a batch that was stored.
func (r *room) stored(b *batch) {
	if cap(b.used) <= keptRoom {
		r.used = b.used
	}
	for _, p := range b.pages {
		if cap(p.body) <= keptBody && len(r.bodies) < parts {
			r.bodies = append(r.bodies, p.body)
		}
	}
}
