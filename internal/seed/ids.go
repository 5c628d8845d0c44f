package seed

import (
	"context"
	"encoding/binary"
	"strconv"

	"entgo.io/ent"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/database"
)

// The times in the ids of the seed, in Unix milliseconds: before any real id, so
// that they sort before all of them, and the large set after the demo data.
const (
	demoFrom  = 1_735_689_600_000 // January 2025
	largeFrom = 1_738_368_000_000 // February 2025
	largeTo   = 1_740_787_200_000 // March 2025
)

// namespace separates names that are hashed to UUIDs from those of other
// programs.
var namespace = uuid.MustParse("5c6f3a0e-6f0b-4d0a-9c39-0f6f7d1f2b77")

// named returns the fixed UUID of a name.
func named(kind string, n int64) uuid.UUID {
	return uuid.NewSHA1(namespace, []byte(kind+" "+strconv.FormatInt(n, 10)))
}

// ident returns the fixed id of a row: a UUID of version 7 for n milliseconds
// after from, so that a greater n sorts later.
func ident(from, n int64) uuid.UUID {
	at := from + n
	id := named("row", at)
	first := floor(at)
	copy(id[:6], first[:6])
	id[6] = id[6]&0x0f | 0x70
	return id
}

// floor returns the least UUID of version 7 at a time.
func floor(ms int64) (id uuid.UUID) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(ms)<<16)
	copy(id[:6], b[:6])
	id[6], id[8] = 0x70, 0x80
	return id
}

// series generates ids in ascending order; n is how many there were.
type series struct{ from, n int64 }

func (s *series) next() uuid.UUID {
	s.n++
	return ident(s.from, s.n)
}

// newClient returns a client whose new rows take their ids from a series, in the
// order in which they are created.
func newClient(d *database.DB, ids *series) *db.Client {
	c := db.NewClient(db.Driver(d.Driver()))
	c.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if row, ok := m.(interface{ SetID(uuid.UUID) }); ok && m.Op().Is(ent.OpCreate) {
				row.SetID(ids.next())
			}
			return next.Mutate(ctx, m)
		})
	})
	return c
}
