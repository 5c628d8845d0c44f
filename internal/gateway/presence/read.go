package presence

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"portico/internal/database"
)

// State is what all nodes have seen of a gateway.
type State struct {
	// SeenAt is when it was last seen, to the second; what was more than Memory ago, to
	// the minute. Nil: never.
	SeenAt *time.Time
	// Position is how far it has applied the organization's event log, nil if that is
	// not known. Lag is for how long there has been an event beyond it; 0 if there is
	// none.
	Position *int64
	Lag      time.Duration
	// Calls is how many calls got which verdict within Memory.
	Calls map[string]int64
}

// LagMs returns the lag in milliseconds; nil if the position is not known.
func (s State) LagMs() *int64 {
	if s.Position == nil {
		return nil
	}
	ms := s.Lag.Milliseconds()
	return &ms
}

// Query is about some of an organization's gateways.
type Query struct {
	Organization uuid.UUID
	// Tokens are those of the gateways; tokens of other organizations are left out.
	Tokens []uuid.UUID
	Now    time.Time
	// Alive is since when a node must have been seen to count as running.
	Alive time.Time
}

// Read returns the states of gateways by their tokens, in two statements whatever their
// number. Errors of the database are returned as they are.
func Read(ctx context.Context, db *database.DB, q Query) (map[uuid.UUID]State, error) {
	sums := map[uuid.UUID]*sum{}
	if err := q.rows(ctx, db, sums); err != nil {
		return nil, err
	}
	out, behind := make(map[uuid.UUID]State, len(sums)), map[int64]time.Time{}
	for token, s := range sums {
		state := s.state(q.Now)
		if state.Position != nil && *state.Position < s.head {
			behind[*state.Position] = time.Time{}
		}
		out[token] = state
	}
	if err := q.next(ctx, db, behind); err != nil {
		return nil, err
	}
	for token, state := range out {
		if state.Position == nil {
			continue
		}
		if at := behind[*state.Position]; !at.IsZero() {
			state.Lag = max(0, q.Now.Sub(at))
			out[token] = state
		}
	}
	return out, nil
}

// rows adds up the nodes' rows.
func (q Query) rows(ctx context.Context, db *database.DB, sums map[uuid.UUID]*sum) error {
	rows, err := db.QueryContext(ctx, `SELECT t.id, t.last_used_at, h.last, g.seen, c.position FROM service_tokens t
		LEFT JOIN event_positions h ON h.id = t.organization_id
		LEFT JOIN gate_callers g ON g.organization_id = t.organization_id AND g.token_id = t.id
		LEFT JOIN gate_nodes n ON n.id = g.node_id AND n.seen_at >= $3
		LEFT JOIN gate_cursors c ON c.node_id = n.id AND c.organization_id = t.organization_id
		WHERE t.organization_id = $1 AND `+database.InList(db.Dialect(), "t.id", "$2"),
		q.Organization, database.List(db.Dialect(), q.Tokens), q.Alive)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var token uuid.UUID
		var used sql.NullTime
		var head, position sql.NullInt64
		var text []byte
		if err := rows.Scan(&token, &used, &head, &text, &position); err != nil {
			return err
		}
		s := sums[token]
		if s == nil {
			s = newSum(used, head.Int64)
			sums[token] = s
		}
		if text == nil {
			continue
		}
		var row seen
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("gate_callers: %w", err)
		}
		s.add(&row, position, q.Now)
	}
	return rows.Err()
}

// next fills in when the first event after each position occurred; there may be none
// any more.
func (q Query) next(ctx context.Context, db *database.DB, after map[int64]time.Time) error {
	if len(after) == 0 {
		return nil
	}
	positions := make([]int64, 0, len(after))
	for p := range after {
		positions = append(positions, p)
	}
	list, err := json.Marshal(positions)
	if err != nil {
		return err
	}
	from := `json_each($2)`
	if db.Dialect() == dialect.Postgres {
		from = `(SELECT value::bigint FROM jsonb_array_elements_text($2::jsonb))`
	}
	rows, err := db.QueryContext(ctx, `SELECT p.value, e.at FROM `+from+` p JOIN events e ON e.organization_id = $1
		AND e.position = (SELECT min(position) FROM events WHERE organization_id = $1 AND position > p.value)`, q.Organization, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var position int64
		var at time.Time
		if err := rows.Scan(&position, &at); err != nil {
			return err
		}
		after[position] = at
	}
	return rows.Err()
}
