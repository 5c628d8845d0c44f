package usage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// What an entry of a page begins with. Never change one: pages of an older
// program are read by a newer one. The entries of a page have most in common,
// so that those since the second begin with a byte that tells what is as in the
// one before of their kind and left out, a bit for each field in their order.
const (
	entryRow       = 1
	entryUsed      = 2
	entryRowAfter  = 3
	entryUsedAfter = 4
	// Those of an app whose account has a count, too.
	entryShared      = 5
	entrySharedAfter = 6
)

// writer writes a page.
type writer struct {
	body     []byte
	lastRow  *counted
	lastUsed *limits.Used
}

// ids are a call's in the order of an entry.
func (c *Call) ids() [6]*uuid.UUID {
	return [...]*uuid.UUID{&c.Organization, &c.Account, &c.App, &c.Credential, &c.Product, &c.Endpoint}
}

// row adds a row, which must not change until the page is written.
func (w *writer) row(r *counted) {
	ids, same := r.ids(), byte(0)
	if before := w.lastRow; before == nil {
		w.body = append(w.body, entryRow)
	} else {
		same = bit(0, r.at.Equal(before.at)) | bit(7, r.Code == before.Code)
		for i, id := range before.ids() {
			same |= bit(i+1, *id == *ids[i])
		}
		w.body = append(w.body, entryRowAfter, same)
	}
	w.lastRow = r
	if same&1 == 0 {
		w.body = binary.AppendVarint(w.body, minuteOf(r.at))
	}
	w.body = binary.AppendVarint(w.body, r.calls)
	for i, id := range ids {
		if same&bit(i+1, true) == 0 {
			w.body = append(w.body, id[:]...)
		}
	}
	if same&bit(7, true) == 0 {
		w.body = append(binary.AppendUvarint(w.body, uint64(len(r.Code))), r.Code...)
	}
}

// quota adds what was used of one; it must not change until the page is written.
func (w *writer) quota(u *limits.Used) {
	first, after, same := byte(entryUsed), byte(entryUsedAfter), byte(0)
	shared := u.Account != uuid.Nil
	if shared {
		first, after = entryShared, entrySharedAfter
	}
	if before := w.lastUsed; before == nil {
		w.body = append(w.body, first)
	} else {
		same = bit(0, u.Organization == before.Organization) |
			bit(1, u.PeriodStart.Equal(before.PeriodStart) && u.PeriodEnd.Equal(before.PeriodEnd)) |
			bit(2, shared && u.Account == before.Account)
		w.body = append(w.body, after, same)
	}
	w.lastUsed = u
	if same&1 == 0 {
		w.body = append(w.body, u.Organization[:]...)
	}
	w.body = append(w.body, u.Subscription[:]...)
	if shared && same&4 == 0 {
		w.body = append(w.body, u.Account[:]...)
	}
	if same&2 == 0 {
		w.body = binary.AppendVarint(w.body, u.PeriodStart.UnixMicro())
		w.body = binary.AppendVarint(w.body, u.PeriodEnd.UnixMicro())
	}
	w.body = binary.AppendVarint(w.body, u.N)
}

// bit is the i-th, if it is to be set.
func bit(i int, set bool) byte {
	if set {
		return 1 << i
	}
	return 0
}

var errPage = errors.New("usage: a page of the journal cannot be read")

// sums are what pages hold, each row and each quota once.
type sums struct {
	rows map[cell]int64
	used map[quotaKey]quotaSum
}

// quotaKey is a row of quota_counts.
type quotaKey struct {
	organization, subscription uuid.UUID
	start                      time.Time
}

// quotaSum is what was used; the end and the account are those of the newest
// page, as a plan's period may be changed where it begins.
type quotaSum struct {
	n       int64
	end     time.Time
	account uuid.UUID
}

func newSums() *sums { return &sums{map[cell]int64{}, map[quotaKey]quotaSum{}} }

// add reads a page; older pages come first. What cannot be read as a whole adds
// nothing.
func (s *sums) add(body []byte) error {
	if err := (&reader{rest: body}).each(func(cell, int64) {}, func(limits.Used) {}); err != nil {
		return err
	}
	return (&reader{rest: body}).each(func(c cell, calls int64) { s.rows[c] = plus(s.rows[c], calls) }, func(u limits.Used) {
		k := quotaKey{u.Organization, u.Subscription, u.PeriodStart}
		s.used[k] = quotaSum{plus(s.used[k].n, u.N), u.PeriodEnd, u.Account}
	})
}

// counted returns the rows with their ids.
func (s *sums) counted() []counted {
	out := appendCounted(nil, s.rows)
	nameRows(out)
	return out
}

// quotas returns what was used, in no order.
func (s *sums) quotas() []limits.Used {
	out := make([]limits.Used, 0, len(s.used))
	for k, sum := range s.used {
		out = append(out, limits.Used{Organization: k.organization, Subscription: k.subscription, Account: sum.account, PeriodStart: k.start, PeriodEnd: sum.end, N: sum.n})
	}
	return out
}

// reader takes a page apart; what is too short breaks it. row and used are the
// last entries of their kinds.
type reader struct {
	rest   []byte
	broken bool
	row    cell
	used   limits.Used
}

// each returns all entries to row and used.
func (r *reader) each(row func(cell, int64), used func(limits.Used)) error {
	for len(r.rest) > 0 {
		kind, same := r.take(1)[0], byte(0)
		if kind == entryRowAfter || kind == entryUsedAfter || kind == entrySharedAfter {
			same = r.take(1)[0]
		}
		switch kind {
		case entryRow, entryRowAfter:
			if calls := r.nextRow(same); !r.broken {
				row(r.row, calls)
			}
		case entryUsed, entryUsedAfter, entryShared, entrySharedAfter:
			if r.nextUsed(kind >= entryShared, same); !r.broken {
				used(r.used)
			}
		default:
			return fmt.Errorf("%w: an entry of kind %d", errPage, kind)
		}
	}
	if r.broken {
		return errPage
	}
	return nil
}

func (r *reader) nextRow(same byte) (calls int64) {
	c := &r.row
	if same&1 == 0 {
		c.minute = r.number()
	}
	calls = r.number()
	for i, id := range c.ids() {
		if same&bit(i+1, true) == 0 {
			copy(id[:], r.take(len(id)))
		}
	}
	if same&bit(7, true) == 0 {
		c.Code = string(r.take(int(r.length())))
	}
	return calls
}

func (r *reader) nextUsed(shared bool, same byte) {
	u := &r.used
	if same&1 == 0 {
		copy(u.Organization[:], r.take(16))
	}
	copy(u.Subscription[:], r.take(16))
	switch {
	case !shared:
		u.Account = uuid.Nil
	case same&4 == 0:
		copy(u.Account[:], r.take(16))
	}
	if same&2 == 0 {
		u.PeriodStart, u.PeriodEnd = time.UnixMicro(r.number()).UTC(), time.UnixMicro(r.number()).UTC()
	}
	u.N = r.number()
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
