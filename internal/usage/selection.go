package usage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"portico/internal/database"
)

// selection is the FROM of a statement over all the tables of a plan. It is one
// statement, and so one state of the database: calls that are rolled up at the
// same moment are neither missed nor read twice.
type selection struct {
	db   *database.DB
	args []any
	// dimensions are the columns that are asked for beside the number n.
	dimensions string
	branches   []string
}

// arg adds an argument and gives its placeholder.
func (s *selection) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

func (s *selection) postgres() bool { return s.db.Dialect() == dialect.Postgres }

// anyOf is a condition: the column is one of the ids.
func (s *selection) anyOf(column string, ids []uuid.UUID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	if s.postgres() {
		return column + " = ANY(" + s.arg(pq.Array(texts)) + "::uuid[])"
	}
	list, _ := json.Marshal(texts) // strings always can
	return column + " IN (SELECT value FROM json_each(" + s.arg(string(list)) + "))"
}

// condition is a filter, with the column that an index may begin with.
type condition struct{ column, text string }

// conditions are those of a query, the most narrow first.
func (s *selection) conditions(q *Query) []condition {
	var all []condition
	for _, list := range []struct {
		column string
		ids    []uuid.UUID
	}{{"credential_id", q.Credentials}, {"app_id", q.Apps}, {"product_id", q.Products}} {
		if len(list.ids) > 0 {
			all = append(all, condition{list.column, s.anyOf("u."+list.column, list.ids)})
		}
	}
	if q.Account != nil {
		all = append(all, condition{"account_id", "u.account_id = " + s.arg(*q.Account)})
	}
	return append(all, condition{"organization_id", "u.organization_id = " + s.arg(q.Organization)})
}

// where joins conditions for a table. SQLite, which keeps no statistics, is
// left only the first one that has an index there; a plus hides the others.
func (s *selection) where(t source, all []condition) string {
	out := make([]string, len(all))
	chosen := s.postgres()
	for i, c := range all {
		out[i] = c.text
		switch indexed := t.indexed(c.column); {
		case s.postgres():
		case chosen || !indexed:
			out[i] = "+" + c.text
		default:
			chosen = true
		}
	}
	return strings.Join(out, " AND ")
}

// source is a table that is read, and how.
type source struct {
	table string
	// holds is the length of its buckets.
	holds Interval
	// calls is what counts, key the column that the bounds are for, only a
	// further condition.
	calls, key, only string
}

func sourceOf(table string, holds Interval) source {
	return source{table: table, holds: holds, calls: "u.calls", key: "u.at"}
}

// due is what the minutes hold that is not rolled up yet. Ids begin with the
// time, and the index of due rows is by id.
func due() source {
	return source{table: "usage_minutes", holds: Minute, calls: "u.calls - u.rolled", key: "u.id", only: "u.due AND "}
}

// indexed reports whether an index of the table begins with a column.
func (t source) indexed(column string) bool {
	switch {
	case t.byID():
		return false
	case t.table == "usage_upstreams":
		return column == "organization_id" || column == "app_id"
	case t.table == "usage_minutes":
		return column != "product_id" && column != "account_id"
	}
	return true
}

// byID tells that the bounds are ids and not times.
func (t source) byID() bool { return t.only != "" }

// bounds are of this kind.
func (t source) bounds() kind {
	if t.byID() {
		return uuids
	}
	return times
}

// read adds the spans of a plan.
func (s *selection) read(p *plan, all []condition) {
	s.add(sourceOf("usage_days", Day), p.days, all)
	s.add(sourceOf("usage_hours", Hour), p.hours, all)
	s.add(sourceOf("usage_minutes", Minute), p.minutes, all)
	s.add(due(), slices.Concat(p.days, p.hours), all)
}

// fewSpans are told to the database one by one, so that it can see how long
// they are and choose its index by that.
const fewSpans = 3

// add adds the rows of a source.
func (s *selection) add(t source, spans []span, all []condition) {
	if len(spans) > fewSpans {
		b := newBulk(s.db, len(spans), column{"lo", t.bounds()}, column{"hi", t.bounds()})
		for _, at := range spans {
			if t.byID() {
				b.id(firstID(at.from), firstID(at.to))
				continue
			}
			b.time(at.from)
			b.time(at.to)
		}
		from := b.source(len(s.args) + 1)
		s.args = append(s.args, b.args()...)
		s.branch(t, from+" CROSS JOIN ", "v.lo", "v.hi", all)
		return
	}
	for _, at := range spans {
		if t.byID() {
			s.branch(t, "", s.arg(firstID(at.from)), s.arg(firstID(at.to)), all)
			continue
		}
		s.branch(t, "", s.arg(at.from), s.arg(at.to), all)
	}
}

// branch adds a SELECT of the rows whose key is from lo on and before hi.
func (s *selection) branch(t source, from, lo, hi string, all []condition) {
	table := t.table + " u"
	if t.byID() && !s.postgres() {
		table += " INDEXED BY usage_minutes_due"
	}
	s.branches = append(s.branches, fmt.Sprintf(`SELECT '%s' AS source, u.at, %s, %s AS n FROM %s%s WHERE %s%s >= %s AND %s < %s AND %s`,
		t.holds, s.dimensions, t.calls, from, table, t.only, t.key, lo, t.key, hi, s.where(t, all)))
}

// union is all the branches.
func (s *selection) union() string { return "(" + strings.Join(s.branches, " UNION ALL ") + ") AS u" }
