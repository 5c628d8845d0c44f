package usage

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
)

// column is one of a bulk's columns.
type column struct {
	name string
	kind kind
}

// kind is a type, by its name on Postgres.
type kind string

const (
	uuids kind = "uuid"
	texts kind = "text"
	ints  kind = "bigint"
	times kind = "timestamptz"
)

// bulk carries rows into one statement whose text is the same for every number
// of rows: on Postgres an array for each column, which is the cheapest for both
// sides, on SQLite one JSON text. Cells are added row by row, in the order of
// the columns.
type bulk struct {
	postgres bool
	columns  []column
	buffers  [][]byte
	next     int // column
	rows     int

	lastTime time.Time
	lastText []byte
}

// newBulk makes an empty bulk for about so many rows.
func newBulk(db *database.DB, rows int, columns ...column) *bulk {
	b := &bulk{postgres: db.Dialect() == dialect.Postgres, columns: columns, buffers: make([][]byte, 1)}
	if b.postgres {
		b.buffers = make([][]byte, len(columns))
	}
	for i := range b.buffers {
		b.buffers[i] = make([]byte, 0, 40*rows*len(columns)/len(b.buffers))
	}
	return b
}

// open begins a cell, close ends it.
func (b *bulk) open() []byte {
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

func (b *bulk) close(buffer []byte) {
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

// id adds UUIDs, a cell each.
func (b *bulk) id(ids ...uuid.UUID) {
	for i := range ids {
		id := &ids[i]
		if b.postgres { // which reads them without quotes and hyphens too
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

// int adds a number.
func (b *bulk) int(n int64) { b.close(strconv.AppendInt(b.open(), n, 10)) }

// time adds a time of at most microseconds, in UTC.
func (b *bulk) time(t time.Time) {
	if !t.Equal(b.lastTime) || b.lastText == nil { // most rows are of the same minute
		b.lastTime = t
		b.lastText = append(t.UTC().AppendFormat(append(b.lastText[:0], '"'), timeFormat), '"')
	}
	b.close(append(b.open(), b.lastText...))
}

// text adds a text. What is not UTF-8, and zero bytes, which Postgres knows
// not, are left out.
func (b *bulk) text(s string) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			b.unusual(s)
			return
		}
	}
	b.close(append(append(append(b.open(), '"'), s...), '"'))
}

func (b *bulk) unusual(s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = strings.ReplaceAll(s, "\x00", "")
	if b.postgres {
		s = strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s)
		b.close(append(append(append(b.open(), '"'), s...), '"'))
		return
	}
	quoted, _ := json.Marshal(s) // strings always can
	b.close(append(b.open(), quoted...))
}

// source is the rows in SQL, under the name v and with the columns' names. The
// first of its placeholders has the number given.
func (b *bulk) source(first int) string {
	var cells, names []string
	for i, c := range b.columns {
		names = append(names, c.name)
		if b.postgres {
			cells = append(cells, fmt.Sprintf("$%d::%s[]", first+i, c.kind))
		} else {
			cells = append(cells, fmt.Sprintf("value->>%d AS %s", i, c.name))
		}
	}
	if b.postgres {
		return "unnest(" + strings.Join(cells, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("(SELECT %s FROM json_each($%d)) AS v", strings.Join(cells, ", "), first)
}

// args are the values of source's placeholders.
func (b *bulk) args() []any {
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

// timeFormat is how SQLite keeps times; Postgres reads it too.
const timeFormat = "2006-01-02 15:04:05.999999999-07:00"

// moment scans a time that is the result of an expression: SQLite does not say
// that it is one.
type moment struct{ time.Time }

// Scan takes a time, or the text of one.
func (m *moment) Scan(from any) (err error) {
	switch v := from.(type) {
	case time.Time:
		m.Time = v.UTC()
	case string:
		m.Time, err = time.Parse(timeFormat, v)
		m.Time = m.UTC()
	default:
		err = fmt.Errorf("usage: a time is a %T", from)
	}
	return err
}
