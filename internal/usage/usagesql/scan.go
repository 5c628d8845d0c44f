package usagesql

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
)

// timeFormat is the format in which SQLite stores times; Postgres parses it too.
const timeFormat = "2006-01-02 15:04:05.999999999-07:00"

// Time scans a time that is the result of an expression, for which SQLite returns
// a text.
type Time struct{ time.Time }

// Scan implements sql.Scanner for times and their texts.
func (t *Time) Scan(from any) (err error) {
	switch v := from.(type) {
	case time.Time:
		t.Time = v.UTC()
	case string:
		t.Time, err = time.Parse(timeFormat, v)
		t.Time = t.UTC()
	default:
		err = fmt.Errorf("usage: a time is a %T", from)
	}
	return err
}

// ScanCounts reads rows of an id and a number, and closes them.
func ScanCounts(rows *sql.Rows) (map[uuid.UUID]int64, error) {
	defer rows.Close()
	out := map[uuid.UUID]int64{}
	for rows.Next() {
		var id uuid.UUID
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		out[id] = n
	}
	return out, rows.Err()
}

// ParseRetention parses the column organizations.usage_retention; NULL is the
// default. Less than the least, which former releases allowed, is the least.
func ParseRetention(column sql.NullString) (domain.UsageRetention, error) {
	kept := domain.DefaultUsageRetention()
	if !column.Valid || column.String == "null" {
		return kept, nil
	}
	if err := json.Unmarshal([]byte(column.String), &kept); err != nil {
		return kept, fmt.Errorf("usage: an organization's retention cannot be read: %w", err)
	}
	return kept.AtLeast(domain.LeastUsageRetention()), nil
}
