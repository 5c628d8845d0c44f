package export

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"portico/internal/nodeid"
	"portico/internal/usage"
)

// What the API is asked about counts: which points have calls, and then each point by
// itself, whose rows come on the side (Rows).
const (
	pointsDocument = `query Export_usage($filter: UsageFilter!, $interval: UsageInterval!) { usage(where: $filter, interval: $interval) { series { start end calls } } }`
	rowsDocument   = `query Export_usage_rows($filter: UsageFilter!, $interval: UsageInterval!) { usage(where: $filter, interval: $interval) { timeZone } }`
)

// The prices of a query about counts, and of a point's rows: those of the API's field.
const countsPrice, pointPrice = 3000, 500

type rowsKey struct{}

// Rows returns where to add the rows of a query of counts, if an export wants these
// instead of their sums; nil for any other request.
func Rows(ctx context.Context) func(usage.Row) error {
	add, _ := ctx.Value(rowsKey{}).(func(usage.Row) error)
	return add
}

// counts reads counts of calls by point. It keeps one point in memory.
type counts struct {
	*asker
	asked  asked
	points []span // nil before they are known
	known  bool
}

type span struct {
	Start, End json.RawMessage
	Calls      int64
}

func (s *counts) next(ctx context.Context) (page, error) {
	if !s.known {
		raw, err := s.ask(ctx, pointsDocument, s.variables(json.RawMessage(s.asked.filter)), countsPrice)
		if err != nil {
			return page{}, err
		}
		var report struct{ Series []span }
		if err := json.Unmarshal(raw, &report); err != nil {
			return page{}, err
		}
		for _, p := range report.Series {
			if p.Calls > 0 {
				s.points = append(s.points, p)
			}
		}
		s.known = true
		return page{more: len(s.points) > 0}, nil
	}
	rows, err := s.point(ctx, s.points[0])
	if err != nil {
		return page{}, err
	}
	s.points = s.points[1:]
	return page{rows, len(s.points) > 0}, nil
}

// point reads the rows of a point.
func (s *counts) point(ctx context.Context, at span) ([]json.RawMessage, error) {
	var filter map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s.asked.filter), &filter); err != nil {
		return nil, err
	}
	filter["from"], filter["to"] = at.Start, at.End
	narrow, err := json.Marshal(filter)
	if err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	add := func(r usage.Row) error {
		raw, err := json.Marshal(rowOf(r))
		rows = append(rows, raw)
		return err
	}
	_, err = s.ask(context.WithValue(ctx, rowsKey{}, add), rowsDocument, s.variables(narrow), pointPrice)
	return rows, err
}

func (s *counts) variables(filter json.RawMessage) map[string]json.RawMessage {
	return map[string]json.RawMessage{"filter": filter, "interval": json.RawMessage(s.asked.interval)}
}

// countRow is a row of counts, with the names that the API has for such things.
type countRow struct {
	Start      string  `json:"start"`
	End        string  `json:"end"`
	Account    *object `json:"account"`
	App        *object `json:"app"`
	Product    *object `json:"product"`
	Credential *object `json:"credential"`
	Endpoint   *object `json:"endpoint"`
	Code       string  `json:"code"`
	Calls      int64   `json:"calls"`
}

type object struct {
	ID string `json:"id"`
}

func rowOf(r usage.Row) countRow {
	of := func(k nodeid.Kind, id uuid.UUID) *object {
		if id == uuid.Nil {
			return nil
		}
		return &object{nodeid.Encode(k, id)}
	}
	return countRow{
		Start: r.Start.UTC().Format(time.RFC3339), End: r.End.UTC().Format(time.RFC3339),
		Account: of(nodeid.Account, r.Account), App: of(nodeid.App, r.App), Product: of(nodeid.Product, r.Product),
		Credential: of(nodeid.Credential, r.Credential), Endpoint: of(nodeid.Endpoint, r.Endpoint), Code: r.Code, Calls: r.Calls,
	}
}
