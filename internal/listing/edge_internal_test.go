package listing

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

// pointing is a row that refers to a record.
type pointing struct{ to *record }

func (p *pointing) Join(_ string, to any) { p.to = to.(*record) }

// Rows get the object that they refer to; those that follow one another share it.
func TestJoinedObjects(t *testing.T) {
	a, b := uuid.New(), uuid.New()
	noted := 0
	e := edge[*record]{
		list:     List[*record]{ID: func(r *record) uuid.UUID { return r.id }},
		column:   "record_id",
		foundRow: func(*record) { noted++ },
	}
	r := &reading[*record]{
		row:    func([]string) *record { return &record{} },
		assign: []func(*record, any) error{func(r *record, v any) error { r.id, _ = v.(uuid.UUID); return nil }},
	}
	rows := e.start(r)
	cells := rows.into(nil)
	var rest []*pointing
	for _, id := range []any{a, a, b, nil, b, a} {
		rows.next()
		if err := cells[0].(*cell[*record]).Scan(id); err != nil {
			t.Fatal(err)
		}
		p := &pointing{}
		rows.found(p)
		rest = append(rest, p)
	}
	var got []uuid.UUID
	for _, p := range rest {
		if p.to == nil {
			got = append(got, uuid.Nil)
			continue
		}
		got = append(got, p.to.id)
	}
	if want := []uuid.UUID{a, a, b, uuid.Nil, b, a}; !slices.Equal(got, want) {
		t.Errorf("the rows refer to %v, not %v", got, want)
	}
	if rest[0].to != rest[1].to || rest[2].to != rest[4].to || noted != 3 {
		t.Errorf("neighbours do not share their object; %d were noted", noted)
	}
}
