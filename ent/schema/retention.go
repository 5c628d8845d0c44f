package schema

import "time"

// Retention declares how long a table keeps its rows. Each table has one, of one
// of these kinds: Forever, With, Until, For or Setting. From it follow package
// retention, by which rows are purged, and a table in docs/operating.md.
type Retention struct {
	// What the rows are, and what is not obvious about their retention.
	What string `json:"what"`
	// Forever is true for rows that are never deleted.
	Forever bool `json:"forever,omitempty"`
	// With are the tables with whose rows these are deleted.
	With []string `json:"with,omitempty"`
	// Until is what deletes the rows in the course of the program's own work.
	Until string `json:"until,omitempty"`
	// For is how long they are kept, whatever the organization.
	For time.Duration `json:"for,omitempty"`
	// Setting is the field of the organization, in the public schema, that says
	// for how many days they are kept.
	Setting string `json:"setting,omitempty"`
	// Since is the column with the time from which For and Setting count.
	Since string `json:"since,omitempty"`
	// Job is the background job that deletes the rows.
	Job string `json:"job,omitempty"`
	// Except is the condition of rows that are kept nevertheless.
	Except string `json:"except,omitempty"`
	// NotAhead is true if rows that a wrong clock has dated into the future are
	// deleted too.
	NotAhead bool `json:"notAhead,omitempty"`
	// Emptied is true if the row itself stays, without its content.
	Emptied bool `json:"emptied,omitempty"`
}

// Name of the annotation.
func (Retention) Name() string { return "Retention" }

// The jobs that purge.
const (
	purgeJob      = "purge"
	usagePurgeJob = "usage-purge"
)

const hour, day, week, month = time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour

// ofUsage is the retention of a table of counts, by a field of usageRetention.
func ofUsage(what, field string) Retention {
	return Retention{What: what, Setting: "usageRetention." + field, Since: "at", Job: usagePurgeJob}
}
