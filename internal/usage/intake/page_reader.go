package intake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

var errPage = errors.New("usage: a page of the journal cannot be read")

// pageReader decodes a page. row and used are the last entries of their kinds, broken
// is set if the page is too short.
type pageReader struct {
	rest   []byte
	broken bool
	row    minuteCall
	used   limits.Used
}

// each calls row or used with each entry.
func (r *pageReader) each(row func(minuteCall, int64), used func(limits.Used)) error {
	for len(r.rest) > 0 {
		kind, same := r.bytes(1)[0], byte(0)
		if kind == entryRowNext || kind == entryUsedNext || kind == entryAccountUsedNext {
			same = r.bytes(1)[0]
		}
		switch kind {
		case entryRow, entryRowNext:
			if calls := r.readRow(same); !r.broken {
				row(r.row, calls)
			}
		case entryUsed, entryUsedNext, entryAccountUsed, entryAccountUsedNext:
			if r.readUsed(kind >= entryAccountUsed, same); !r.broken {
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

func (r *pageReader) readRow(same byte) (calls int64) {
	c := &r.row
	if same&1 == 0 {
		c.minute = r.varint()
	}
	calls = r.varint()
	for i, id := range idsOf(&c.Call) {
		if same&bit(i+1, true) == 0 {
			copy(id[:], r.bytes(len(id)))
		}
	}
	if same&bit(7, true) == 0 {
		c.Code = string(r.bytes(int(r.length())))
	}
	return calls
}

func (r *pageReader) readUsed(hasAccount bool, same byte) {
	u := &r.used
	if same&1 == 0 {
		copy(u.Organization[:], r.bytes(16))
	}
	copy(u.AppCounter[:], r.bytes(16))
	switch {
	case !hasAccount:
		u.AccountCounter = uuid.Nil
	case same&4 == 0:
		copy(u.AccountCounter[:], r.bytes(16))
	}
	if same&2 == 0 {
		u.PeriodStart, u.PeriodEnd = time.UnixMicro(r.varint()).UTC(), time.UnixMicro(r.varint()).UTC()
	}
	u.N = r.varint()
}

// bytes returns the next n bytes, or zeros if the page is too short.
func (r *pageReader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.broken, r.rest = true, nil
		return make([]byte, 16)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *pageReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		n = len(r.rest) + 1
	}
	r.bytes(n)
	return v
}

func (r *pageReader) length() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > uint64(len(r.rest)) {
		n = len(r.rest) + 1
	}
	r.bytes(n)
	return v
}
