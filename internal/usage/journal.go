package usage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/limits"
)

// A busy node counts tens of thousands of rows a second, and most of them again
// a moment later. It stores what it counted in a few journal rows at once, so
// that a crash loses no more than a quiet node's would, and folds them into the
// counts every now and then, when many calls have become one row.

const (
	// mostDirect is up to how many rows a flush goes into the counts at once.
	mostDirect = 512
	// parts divides the journal by what is counted, so that folding a part is
	// one transaction of bounded size.
	parts = 16
)

// page is a row of usage_journal.
type page struct {
	id   uuid.UUID
	part int
	body []byte
}

// pagesOf writes rows and quotas into pages, one for each part that has any.
func pagesOf(rows []counted, used []limits.Used) []page {
	pages := make([]page, parts)
	for i := range rows {
		p := &pages[rows[i].part()]
		p.body = appendRow(p.body, &rows[i])
	}
	for _, u := range used {
		p := &pages[u.Subscription[15]%parts]
		p.body = appendUsed(p.body, u)
	}
	var out []page
	for part, p := range pages {
		if len(p.body) == 0 {
			continue
		}
		out = append(out, page{uuid.New(), part, p.body})
	}
	return out
}

// part gives the part of a call: the same for the same call in any minute.
func (c *Call) part() int {
	return int(c.Credential[15]^c.App[15]^c.Product[15]^c.Endpoint[15]^c.Organization[15]) % parts
}

// What an entry of a page begins with. Never change one: pages of an older
// program are read by a newer one.
const (
	entryRow  = 1
	entryUsed = 2
)

func appendRow(b []byte, r *counted) []byte {
	b = append(b, entryRow)
	b = binary.AppendVarint(b, r.at.Unix()/60)
	b = binary.AppendVarint(b, r.calls)
	for _, id := range []*uuid.UUID{&r.Organization, &r.Account, &r.App, &r.Credential, &r.Product, &r.Endpoint} {
		b = append(b, id[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Code)))
	return append(b, r.Code...)
}

func appendUsed(b []byte, u limits.Used) []byte {
	b = append(b, entryUsed)
	b = append(append(b, u.Organization[:]...), u.Subscription[:]...)
	b = binary.AppendVarint(b, u.PeriodStart.UnixMicro())
	b = binary.AppendVarint(b, u.PeriodEnd.UnixMicro())
	return binary.AppendVarint(b, u.N)
}

var errPage = errors.New("usage: a page of the journal cannot be read")

// sums are what pages hold, each row and each quota once.
type sums struct {
	rows map[uuid.UUID]counted
	used map[uuid.UUID]limits.Used
}

func newSums() *sums { return &sums{map[uuid.UUID]counted{}, map[uuid.UUID]limits.Used{}} }

// add reads a page.
func (s *sums) add(body []byte) error {
	r := &reader{rest: body}
	for len(r.rest) > 0 && !r.broken {
		switch kind := r.take(1)[0]; kind {
		case entryRow:
			s.addRow(r)
		case entryUsed:
			s.addUsed(r)
		default:
			return fmt.Errorf("%w: an entry of kind %d", errPage, kind)
		}
	}
	if r.broken {
		return errPage
	}
	return nil
}

func (s *sums) addRow(r *reader) {
	c := counted{at: time.Unix(r.number()*60, 0).UTC(), calls: r.number()}
	for _, id := range []*uuid.UUID{&c.Organization, &c.Account, &c.App, &c.Credential, &c.Product, &c.Endpoint} {
		copy(id[:], r.take(len(id)))
	}
	c.Code = string(r.take(int(r.length())))
	c.id = c.Call.id(c.at)
	c.calls += s.rows[c.id].calls
	if !r.broken {
		s.rows[c.id] = c
	}
}

func (s *sums) addUsed(r *reader) {
	var u limits.Used
	copy(u.Organization[:], r.take(16))
	copy(u.Subscription[:], r.take(16))
	u.PeriodStart, u.PeriodEnd = time.UnixMicro(r.number()).UTC(), time.UnixMicro(r.number()).UTC()
	id := quotaID(u)
	if u.N = r.number() + s.used[id].N; !r.broken {
		s.used[id] = u
	}
}

// reader takes a page apart; what is too short breaks it.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.broken, r.rest = true, nil
		return make([]byte, 16)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) number() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		n = len(r.rest) + 1
	}
	r.take(n)
	return v
}

func (r *reader) length() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > uint64(len(r.rest)) {
		n = len(r.rest) + 1
	}
	r.take(n)
	return v
}

// addPages stores pages.
func (f *Flusher) addPages(ctx context.Context, tx *database.Tx, pages []page) error {
	text := "INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES "
	args := []any{f.o.Node, f.o.Clock.Now()}
	for i, p := range pages {
		if i > 0 {
			text += ", "
		}
		n := len(args)
		text += fmt.Sprintf("($%d, $1, $%d, $2, $%d)", n+1, n+2, n+3)
		args = append(args, p.id, p.part, p.body)
	}
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}
