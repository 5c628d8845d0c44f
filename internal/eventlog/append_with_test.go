package eventlog_test

import (
	"strconv"
	"testing"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/testdb"
)

// A row is inserted with the events about it, or neither; the events have the positions
// that they would have without it, however many there are.
func TestAppendWith(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		organization := organizations(t, d, 1)[0]
		appendWith := func(id string, n int) error {
			row := eventlog.Insertion{Text: `INSERT INTO leases (id, until) VALUES ($1, $2)`, Args: []any{id, at()}}
			return d.InTx(t.Context(), func(tx *database.Tx) error {
				return eventlog.AppendWith(t.Context(), tx, row, d.Dialect(), organization, at(), entries(n)...)
			})
		}
		last := 0
		for _, n := range []int{1, 0, 2, 20, 45} {
			if err := appendWith(strconv.Itoa(n), n); err != nil {
				t.Fatalf("with %d events: %v", n, err)
			}
			last += n
			requireStored(t, d, organization, strconv.Itoa(n), last)
		}
		if err := appendWith("1", 3); err == nil {
			t.Error("a row was inserted twice")
		} else if _, unique := database.IsUnique(err); !unique {
			t.Errorf("of a row that exists: %v", err)
		}
		requireStored(t, d, organization, "1", last)
	})
}

// requireStored checks that there is a row, and that the log ends at a position after as
// many events.
func requireStored(t *testing.T, d *database.DB, organization uuid.UUID, id string, last int) {
	t.Helper()
	var rows, events, head int
	for query, n := range map[string]*int{
		`SELECT count(*) FROM leases WHERE id = $1`:        &rows,
		`SELECT count(*) FROM events WHERE id IS NOT NULL`: &events,
		`SELECT coalesce(max(position), 0) FROM events`:    &head,
	} {
		var args []any
		if n == &rows {
			args = []any{id}
		}
		if err := d.QueryRowContext(t.Context(), query, args...).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	position, err := eventlog.Head(t.Context(), d, organization)
	if err != nil {
		t.Fatal(err)
	}
	if rows != 1 || events != last || head != last || position != int64(last) {
		t.Errorf("%d rows, %d events to %d, the log ends at %d; not at %d", rows, events, head, position, last)
	}
}
