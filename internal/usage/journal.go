package usage

import (
	"context"
	"encoding/base64"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
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
// spare returns room that is not needed any more, or nil.
func pagesOf(rows []counted, used []limits.Used, spare func() []byte) []page {
	writers := make([]writer, parts)
	for i := range writers {
		writers[i].body = spare()
	}
	for i := range rows {
		writers[rows[i].part()].row(&rows[i])
	}
	for i := range used {
		writers[used[i].Subscription[15]%parts].quota(&used[i])
	}
	var out []page
	for part, w := range writers {
		if len(w.body) > 0 {
			out = append(out, page{uuid.New(), part, w.body})
		}
	}
	return out
}

// part returns the part of a call: the same for the same call in any minute.
func (c *Call) part() int {
	return int(c.Credential[15]^c.App[15]^c.Product[15]^c.Endpoint[15]^c.Organization[15]) % parts
}

// addPages stores pages. To Postgres they go in base 64: the driver would
// write them in hexadecimal, which is half as much again.
func (f *Flusher) addPages(ctx context.Context, tx *database.Tx, pages []page) error {
	postgres := f.o.DB.Dialect() == dialect.Postgres
	text := "INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES "
	args := []any{f.o.Node, f.o.Clock.Now()}
	f.text = f.text[:0]
	for i, p := range pages {
		if i > 0 {
			text += ", "
		}
		n, body, value := len(args), p.body, "$%d"
		if postgres {
			start := len(f.text)
			f.text = base64.StdEncoding.AppendEncode(f.text, p.body)
			body, value = f.text[start:], "decode($%d, 'base64')"
		}
		text += fmt.Sprintf("($%d, $1, $%d, $2, "+value+")", n+1, n+2, n+3)
		args = append(args, p.id, p.part, body)
	}
	_, err := tx.ExecContext(ctx, text, args...)
	if cap(f.text) > parts*keptBody {
		f.text = nil
	}
	return err
}
