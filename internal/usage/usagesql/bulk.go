package usagesql

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"portico/internal/database"
)

// Column is a column of a Bulk.
type Column struct {
	Name string
	Type Type
}

// Type is a column's type, by its name on Postgres.
type Type string

// The types.
const (
	UUID      Type = "uuid"
	Text      Type = "text"
	BigInt    Type = "bigint"
	Timestamp Type = "timestamptz"
)

// Bulk passes rows to one statement, whose text is the same for every number of
// rows: as an array for each column on Postgres, which is the cheapest for both
// sides, and as one JSON text on SQLite. Cells are added row by row, in the order
// of the columns.
type Bulk struct {
	postgres bool
	columns  []Column
	buffers  [][]byte // one for each column on Postgres, else one
	next     int      // the column of the next cell
	rows     int

	lastTime time.Time // the last one that was added, and its text
	lastText []byte
}

// NewBulk returns an empty Bulk with memory for about so many rows.
func NewBulk(db *database.DB, rows int, columns ...Column) *Bulk {
	b := &Bulk{postgres: Postgres(db), columns: columns, buffers: make([][]byte, 1)}
	if b.postgres {
		b.buffers = make([][]byte, len(columns))
	}
	for i := range b.buffers {
		b.buffers[i] = make([]byte, 0, 40*rows*len(columns)/len(b.buffers))
	}
	return b
}

// open returns the buffer of the next cell with its separator, to which the caller
// appends the value. close takes the buffer back.
func (b *Bulk) open() []byte {
	if b.postgres {
		if b.rows == 0 {
			return append(b.buffers[b.next], '{')
		}
		return append(b.buffers[b.next], ',')
	}
	switch {
	case b.next > 0:
		return append(b.buffers[0], ',')
	case b.rows > 0:
		return append(b.buffers[0], ',', '[')
	}
	return append(b.buffers[0], '[', '[')
}

func (b *Bulk) close(buffer []byte) {
	if b.postgres {
		b.buffers[b.next] = buffer
	} else if b.next == len(b.columns)-1 {
		b.buffers[0] = append(buffer, ']')
	} else {
		b.buffers[0] = buffer
	}
	if b.next++; b.next == len(b.columns) {
		b.next = 0
		b.rows++
	}
}

// ID adds UUIDs, a cell each.
func (b *Bulk) ID(ids ...uuid.UUID) {
	for i := range ids {
		id := &ids[i]
		if b.postgres { // it reads UUIDs without quotes and hyphens, too
			b.close(hex.AppendEncode(b.open(), id[:]))
			continue
		}
		out := append(b.open(), '"')
		out = append(hex.AppendEncode(out, id[:4]), '-')
		out = append(hex.AppendEncode(out, id[4:6]), '-')
		out = append(hex.AppendEncode(out, id[6:8]), '-')
		out = append(hex.AppendEncode(out, id[8:10]), '-')
		b.close(append(hex.AppendEncode(out, id[10:]), '"'))
	}
}

// Int adds a number.
func (b *Bulk) Int(n int64) { b.close(strconv.AppendInt(b.open(), n, 10)) }

// Time adds a time, in UTC; its precision is at most microseconds.
func (b *Bulk) Time(t time.Time) {
	if !t.Equal(b.lastTime) || b.lastText == nil { // most rows are of the same minute
		b.lastTime = t
		b.lastText = append(t.UTC().AppendFormat(append(b.lastText[:0], '"'), timeFormat), '"')
	}
	b.close(append(b.open(), b.lastText...))
}

// Text adds a text, without the bytes that are not UTF-8 and without zero bytes,
// which Postgres does not store.
func (b *Bulk) Text(s string) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			b.escaped(s)
			return
		}
	}
	b.close(append(append(append(b.open(), '"'), s...), '"'))
}

// escaped adds a text that contains characters other than plain ASCII.
func (b *Bulk) escaped(s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = strings.ReplaceAll(s, "\x00", "")
	if b.postgres {
		s = strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s)
		b.close(append(append(append(b.open(), '"'), s...), '"'))
		return
	}
	quoted, _ := json.Marshal(s) // a string never fails
	b.close(append(b.open(), quoted...))
}

// Source returns the rows as a FROM item named v with the columns' names. Its
// placeholders are numbered from first on.
func (b *Bulk) Source(first int) string {
	var cells, names []string
	for i, c := range b.columns {
		names = append(names, c.Name)
		if b.postgres {
			cells = append(cells, fmt.Sprintf("$%d::%s[]", first+i, c.Type))
		} else {
			cells = append(cells, fmt.Sprintf("value->>%d AS %s", i, c.Name))
		}
	}
	if b.postgres {
		return "unnest(" + strings.Join(cells, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("(SELECT %s FROM json_each($%d)) AS v", strings.Join(cells, ", "), first)
}

// Args returns the values of Source's placeholders.
func (b *Bulk) Args() []any {
	out := make([]any, len(b.buffers))
	for i, buffer := range b.buffers {
		switch {
		case b.postgres && b.rows == 0:
			out[i] = "{}"
		case b.postgres:
			out[i] = append(buffer, '}') // lib/pq sends bytes as they are, without a copy
		case b.rows == 0:
			out[i] = "[]"
		default:
			out[i] = string(append(buffer, ']'))
		}
	}
	return out
}
