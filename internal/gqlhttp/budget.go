package gqlhttp

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Cost is what an operation costs beside what is allowed. It stands in
// extensions.cost of every answer to an operation that could be priced.
type Cost struct {
	// Requested is the operation's cost, Limit the most that one may cost.
	Requested, Limit int
	// Charged is what is taken from the budget: as much, but less for the schema's
	// description.
	Charged int
	// Remaining is what is left for further operations, until ResetsAt at the
	// latest; nil and zero when nobody counts.
	Remaining *int
	ResetsAt  time.Time
	// Budget is what may be spent in each Window; 0 when nobody counts.
	Budget int
	Window time.Duration
}

// Budget counts what callers spend. It is safe for concurrent use.
type Budget interface {
	// Take is called with what a document costs to read, before it is read, where
	// it is not known, and with an operation's cost before the operation waits for
	// its turn. It may fill in Remaining and ResetsAt. An error refuses the
	// request: a *fault.Error, with RetryAfter where waiting helps.
	Take(ctx context.Context, c *Cost) error
	// Settle is called once for each operation's Take that returned nil, when the
	// answer is made; ran is false if the operation was turned away after all.
	Settle(ctx context.Context, c *Cost, ran bool)
}

// bytesForOne is how many bytes of a document are read for a cost of 1.
const bytesForOne = 64

// ReadingCost is what it costs to look at a question of so many bytes.
func ReadingCost(bytes int) int { return 1 + bytes/bytesForOne }

// afford takes what it costs to read a document that is not known, whatever
// becomes of it: whoever sends one after the other that is refused pays too.
func (h *Handler) afford(ctx context.Context, text string) *refusal {
	if h.options.Budget == nil || h.documents.has(text) {
		return nil
	}
	cost := ReadingCost(min(len(text), h.options.Limits.TextBytes))
	c := &Cost{Requested: cost, Charged: cost, Limit: h.options.Limits.Cost}
	if err := h.options.Budget.Take(ctx, c); err != nil {
		return &refusal{status: statusOf(err), err: err, cost: c}
	}
	return nil
}

// append writes the cost as JSON.
func (c *Cost) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"requested":`...), int64(c.Requested), 10)
	if c.Remaining != nil && c.Charged != c.Requested {
		b = strconv.AppendInt(append(b, `,"charged":`...), int64(c.Charged), 10)
	}
	b = strconv.AppendInt(append(b, `,"limit":`...), int64(c.Limit), 10)
	if c.Remaining != nil {
		b = strconv.AppendInt(append(b, `,"remaining":`...), int64(*c.Remaining), 10)
	}
	if !c.ResetsAt.IsZero() {
		b = c.ResetsAt.UTC().AppendFormat(append(b, `,"resetsAt":"`...), time.RFC3339)
		b = append(b, '"')
	}
	return append(b, '}')
}

// MarshalJSON writes the members that are known.
func (c *Cost) MarshalJSON() ([]byte, error) { return c.append(nil), nil }

// Headers adds what is left of the budget, in the fields of the IETF's draft
// draft-ietf-httpapi-ratelimit-headers: for programs that read no body.
func (c *Cost) Headers(h http.Header) {
	if c == nil || c.Budget == 0 || c.Remaining == nil {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf(`"cost";q=%d;w=%d`, c.Budget, int(c.Window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf(`"cost";r=%d;t=%d`, *c.Remaining, int(math.Ceil(max(time.Until(c.ResetsAt), 0).Seconds()))))
}
