// Package retention says how long the rows of each table are kept. The rules are
// generated from what the entities declare (schema.Retention in ent/schema); the
// jobs that purge take tables, columns and periods from here.
package retention

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Rule is the retention of a table: it is Forever, or one of With, Until, For and
// Setting is set.
type Rule struct {
	Table string
	// What the rows are.
	What    string
	Forever bool
	// With are the tables with whose rows these are deleted.
	With []string
	// Until is what deletes the rows in the course of the program's own work.
	Until string
	// For is how long they are kept, whatever the organization.
	For time.Duration
	// Setting is the field of the organization, in the public schema, that says
	// for how many days they are kept.
	Setting string
	// Since is the column with the time from which For and Setting count.
	Since string
	// Job is the background job that deletes the rows.
	Job string
	// Except is the condition of rows that are kept nevertheless.
	Except string
	// NotAhead is true if rows that a wrong clock has dated into the future are
	// deleted too.
	NotAhead bool
	// Emptied is true if the row itself stays, without its content.
	Emptied bool
}

// The background jobs that purge.
const (
	Purge      = "purge"
	UsagePurge = "usage-purge"
)

// rules is built once: changes ask for a rule each time.
var rules = sync.OnceValue(declared)

// All returns the retention of each table, by the tables' names.
func All() []Rule { return slices.Clone(rules()) }

// RuleOf returns the rule of a table, which must exist.
func RuleOf(table string) Rule {
	all := rules()
	return all[slices.IndexFunc(all, func(r Rule) bool { return r.Table == table })]
}

// RulesOf returns the rules whose rows a job deletes.
func RulesOf(job string) []Rule {
	return slices.DeleteFunc(All(), func(r Rule) bool { return r.Job != job })
}

// Condition returns the condition of rows that are past their retention, of which old
// is the part about time.
func (r Rule) Condition(old string) string {
	if r.Except == "" {
		return old
	}
	return old + " AND NOT " + r.Except
}

// Field returns the last part of Setting: "hours" of usageRetention.hours.
func (r Rule) Field() string { return r.Setting[strings.LastIndex(r.Setting, ".")+1:] }
