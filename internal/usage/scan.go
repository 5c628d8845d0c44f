package usage

import (
	"database/sql"

	"github.com/google/uuid"
)

// numbers reads rows of an id and a number.
func numbers(rows *sql.Rows) (map[uuid.UUID]int64, error) {
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
