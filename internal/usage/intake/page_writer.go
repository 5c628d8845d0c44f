package intake

import (
	"encoding/binary"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/usage"
	"portico/internal/usage/counts"
)

// The first byte of an entry of a page. These never change, since a newer version
// reads the pages of an older one. The entries of a page have most fields in common.
// From the second entry of a kind on, a byte follows with a bit for each field, in
// their order, that is as in the entry before and omitted.
const (
	entryRow     = 1
	entryUsed    = 2
	entryRowNext = 3
	// entryUsedNext is the kind of entryUsed from the second entry on.
	entryUsedNext = 4
	// These are entryUsed and entryUsedNext with the counter of an account.
	entryAccountUsed     = 5
	entryAccountUsedNext = 6
)

// pageWriter encodes a page. The arguments of its methods must not change before the
// page is complete.
type pageWriter struct {
	body     []byte
	lastRow  *counts.Row
	lastUsed *limits.Used
}

// idsOf returns the ids of a call in the order of an entry.
func idsOf(c *usage.Call) [6]*uuid.UUID {
	return [...]*uuid.UUID{&c.Organization, &c.Account, &c.App, &c.Credential, &c.Product, &c.Endpoint}
}

func (w *pageWriter) addRow(r *counts.Row) {
	ids, same := idsOf(&r.Call), byte(0)
	if before := w.lastRow; before == nil {
		w.body = append(w.body, entryRow)
	} else {
		same = bit(0, r.At.Equal(before.At)) | bit(7, r.Code == before.Code)
		for i, id := range idsOf(&before.Call) {
			same |= bit(i+1, *id == *ids[i])
		}
		w.body = append(w.body, entryRowNext, same)
	}
	w.lastRow = r
	if same&1 == 0 {
		w.body = binary.AppendVarint(w.body, minuteOf(r.At))
	}
	w.body = binary.AppendVarint(w.body, r.Calls)
	for i, id := range ids {
		if same&bit(i+1, true) == 0 {
			w.body = append(w.body, id[:]...)
		}
	}
	if same&bit(7, true) == 0 {
		w.body = append(binary.AppendUvarint(w.body, uint64(len(r.Code))), r.Code...)
	}
}

func (w *pageWriter) addUsed(u *limits.Used) {
	first, next, same := byte(entryUsed), byte(entryUsedNext), byte(0)
	hasAccount := u.AccountCounter != uuid.Nil
	if hasAccount {
		first, next = entryAccountUsed, entryAccountUsedNext
	}
	if before := w.lastUsed; before == nil {
		w.body = append(w.body, first)
	} else {
		same = bit(0, u.Organization == before.Organization) |
			bit(1, u.PeriodStart.Equal(before.PeriodStart) && u.PeriodEnd.Equal(before.PeriodEnd)) |
			bit(2, hasAccount && u.AccountCounter == before.AccountCounter)
		w.body = append(w.body, next, same)
	}
	w.lastUsed = u
	if same&1 == 0 {
		w.body = append(w.body, u.Organization[:]...)
	}
	w.body = append(w.body, u.AppCounter[:]...)
	if hasAccount && same&4 == 0 {
		w.body = append(w.body, u.AccountCounter[:]...)
	}
	if same&2 == 0 {
		w.body = binary.AppendVarint(w.body, u.PeriodStart.UnixMicro())
		w.body = binary.AppendVarint(w.body, u.PeriodEnd.UnixMicro())
	}
	w.body = binary.AppendVarint(w.body, u.N)
}

// bit returns a byte with the i-th bit set, or zero.
func bit(i int, set bool) byte {
	if set {
		return 1 << i
	}
	return 0
}
