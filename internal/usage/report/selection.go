package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
	"portico/internal/usage/usagesql"
)

// selection is a FROM item over all the tables of a plan. It is part of one statement,
// which reads one state of the database: calls that are rolled up concurrently are
// neither missed nor read twice.
type selection struct {
	usagesql.Args
	// dimensions are the columns selected besides the number n.
	dimensions string
	branches   []string
}

func newSelection(db *database.DB, dimensions string) *selection {
	return &selection{Args: usagesql.Args{DB: db}, dimensions: dimensions}
}

// condition is a filter, with its column, which an index may begin with.
type condition struct{ column, text string }

// conditions returns the conditions of a query, the most selective first.
func (s *selection) conditions(q *usage.Query) []condition {
	var all []condition
	for _, list := range []struct {
		column string
		ids    []uuid.UUID
	}{{"credential_id", q.Credentials}, {"app_id", q.Apps}, {"product_id", q.Products}} {
		if len(list.ids) > 0 {
			all = append(all, condition{list.column, s.AnyOf("u."+list.column, list.ids)})
		}
	}
	if q.Account != nil {
		all = append(all, condition{"account_id", "u.account_id = " + s.Add(*q.Account)})
	}
	return append(all, condition{"organization_id", "u.organization_id = " + s.Add(q.Organization)})
}

// where joins conditions for a table. SQLite, which has no statistics, may use only the
// index for the first condition that has one; a plus hides the others from it.
func (s *selection) where(t source, all []condition) string {
	out := make([]string, len(all))
	postgres := usagesql.Postgres(s.DB)
	chosen := false
	for i, c := range all {
		out[i] = c.text
		switch indexed := t.indexed(c.column); {
		case postgres:
		case chosen || !indexed:
			out[i] = "+" + c.text
		default:
			chosen = true
		}
	}
	return strings.Join(out, " AND ")
}

// source says how a table is read.
type source struct {
	table string
	// bucket is the length of the table's buckets.
	bucket usage.Interval
	// calls is the expression that is counted, key the column that spans bound, and
	// where a further condition.
	calls, key, where string
}

func sourceOf(table string, bucket usage.Interval) source {
	return source{table: table, bucket: bucket, calls: "u.calls", key: "u.at"}
}

// notRolledUp is the part of the minutes that is not rolled up yet. Ids begin with the
// time, and the index of due rows is by id.
func notRolledUp() source {
	return source{table: "usage_minutes", bucket: usage.Minute, calls: "u.calls - u.rolled", key: "u.id", where: "u.due AND "}
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

// byID reports whether spans bound the id and not the time.
func (t source) byID() bool { return t.key == "u.id" }

// keyType returns the type of key.
func (t source) keyType() usagesql.Type {
	if t.byID() {
		return usagesql.UUID
	}
	return usagesql.Timestamp
}

// read selects the rows of a plan that meet the conditions.
func (s *selection) read(p *plan, all []condition) {
	s.addSpans(sourceOf("usage_days", usage.Day), p.days, all)
	s.addSpans(sourceOf("usage_hours", usage.Hour), p.hours, all)
	s.addSpans(sourceOf("usage_minutes", usage.Minute), p.minutes, all)
	s.addSpans(notRolledUp(), slices.Concat(p.days, p.hours), all)
}

// fewSpans is the number of spans up to which each has a SELECT of its own, so that the
// database knows their lengths when it chooses an index.
const fewSpans = 3

// addSpans selects the rows of a source in spans.
func (s *selection) addSpans(t source, spans []span, all []condition) {
	if len(spans) > fewSpans {
		b := usagesql.NewBulk(s.DB, len(spans), usagesql.Column{Name: "lo", Type: t.keyType()}, usagesql.Column{Name: "hi", Type: t.keyType()})
		for _, at := range spans {
			if t.byID() {
				b.ID(usage.FirstID(at.from), usage.FirstID(at.to))
				continue
			}
			b.Time(at.from)
			b.Time(at.to)
		}
		s.addBranch(t, s.AddBulk(b)+" CROSS JOIN ", "v.lo", "v.hi", all)
		return
	}
	for _, at := range spans {
		if t.byID() {
			s.addBranch(t, "", s.Add(usage.FirstID(at.from)), s.Add(usage.FirstID(at.to)), all)
			continue
		}
		s.addBranch(t, "", s.Add(at.from), s.Add(at.to), all)
	}
}

// addBranch adds a SELECT of the rows whose key is at least lo and less than hi.
func (s *selection) addBranch(t source, from, lo, hi string, all []condition) {
	table := t.table + " u"
	if t.byID() && !usagesql.Postgres(s.DB) {
		table += " INDEXED BY usage_minutes_due"
	}
	s.branches = append(s.branches, fmt.Sprintf(`SELECT '%s' AS source, u.at, %s, %s AS n FROM %s%s WHERE %s%s >= %s AND %s < %s AND %s`,
		t.bucket, s.dimensions, t.calls, from, table, t.where, t.key, lo, t.key, hi, s.where(t, all)))
}

// union returns the FROM item, named u.
func (s *selection) union() string { return "(" + strings.Join(s.branches, " UNION ALL ") + ") AS u" }
