package intake

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
)

// A busy node counts tens of thousands of rows a second, most of them again in the
// next flush. It stores each flush in a few rows of the journal, so that a crash
// loses no more than on a quiet node, and folds them into the counts every minute,
// when many calls are added to a row at once.

const (
	// maxDirect is the number of rows up to which a flush adds to the counts directly.
	maxDirect = 512
	// parts is the number of parts of the journal. What is counted determines the
	// part, so that folding a part is a transaction of bounded size.
	parts = 16
)

// page is a row of usage_journal.
type page struct {
	id   uuid.UUID
	part int
	body []byte
}

// pagesOf encodes rows and used quotas as pages, one for each part that has any.
// buffer returns memory for a page, or nil.
func pagesOf(rows []counts.Row, used []limits.Used, buffer func() []byte) []page {
	writers := make([]pageWriter, parts)
	for i := range writers {
		writers[i].body = buffer()
	}
	for i := range rows {
		writers[partOf(&rows[i].Call)].addRow(&rows[i])
	}
	for i := range used {
		writers[used[i].AppCounter[15]%parts].addUsed(&used[i])
	}
	var out []page
	for part, w := range writers {
		if len(w.body) > 0 {
			out = append(out, page{uuid.New(), part, w.body})
		}
	}
	return out
}

// partOf returns the part of a call, which is the same in all minutes.
func partOf(c *usage.Call) int {
	return int(c.Credential[15]^c.App[15]^c.Product[15]^c.Endpoint[15]^c.Organization[15]) % parts
}

// insertPages stores pages. Postgres receives them in base 64: the driver would send
// hexadecimal digits, which are half as long again.
func (f *Flusher) insertPages(ctx context.Context, tx *database.Tx, pages []page) error {
	postgres := usagesql.Postgres(f.o.DB)
	text := "INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES "
	args := []any{f.o.Node, f.o.Clock.Now()}
	f.encoded = f.encoded[:0]
	for i, p := range pages {
		if i > 0 {
			text += ", "
		}
		n, body, value := len(args), p.body, "$%d"
		if postgres {
			start := len(f.encoded)
			f.encoded = base64.StdEncoding.AppendEncode(f.encoded, p.body)
			body, value = f.encoded[start:], "decode($%d, 'base64')"
		}
		text += fmt.Sprintf("($%d, $1, $%d, $2, "+value+")", n+1, n+2, n+3)
		args = append(args, p.id, p.part, body)
	}
	_, err := tx.ExecContext(ctx, text, args...)
	if cap(f.encoded) > parts*maxReusedBody {
		f.encoded = nil
	}
	return err
}
