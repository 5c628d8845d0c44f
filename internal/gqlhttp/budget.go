package gqlhttp

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Cost is an operation's cost and what is allowed. It is extensions.cost of
// every answer to an operation whose cost could be computed.
type Cost struct {
	// Requested is the operation's cost, Limit the most that one operation may
	// cost.
	Requested, Limit int
	// Charged is what the budget is charged: the same as Requested, except that
	// introspection is charged less.
	Charged int
	// Remaining is what further operations may spend, until ResetsAt at the
	// latest. They are nil and zero without a budget.
	Remaining *int
	ResetsAt  time.Time
	// Budget is what may be spent in each Window; 0 without a budget.
	Budget int
	Window time.Duration
}

// Budget counts what callers spend. It is safe for concurrent use.
type Budget interface {
	// Take is called with the cost of reading a document before it is parsed,
	// unless the document is cached, and with an operation's cost before the
	// operation waits for its turn. It may set Remaining and ResetsAt. An error
	// refuses the request; it is a *fault.Error, with RetryAfter if waiting
	// helps.
	Take(ctx context.Context, c *Cost) error
	// Settle is called once for each operation's Take that returned nil, when
	// the answer is complete. ran is false if the operation was refused after
	// all.
	Settle(ctx context.Context, c *Cost, ran bool)
}

// bytesPerCost is how many bytes of a document are read for a cost of 1.
const bytesPerCost = 64

// ReadingCost returns the cost of reading a document of the given size.
func ReadingCost(bytes int) int { return 1 + bytes/bytesPerCost }

// chargeReading charges the cost of reading a document that is not cached. The
// charge stands whatever the outcome, so that a client which sends one invalid
// document after another pays too.
func (h *Handler) chargeReading(ctx context.Context, text string) *refusal {
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

// append appends the cost as JSON.
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

// MarshalJSON encodes the members that are known.
func (c *Cost) MarshalJSON() ([]byte, error) { return c.append(nil), nil }

// Headers sets the fields of draft-ietf-httpapi-ratelimit-headers to what
// remains of the budget, for programs that do not read the body.
func (c *Cost) Headers(h http.Header) {
	if c == nil || c.Budget == 0 || c.Remaining == nil {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf(`"cost";q=%d;w=%d`, c.Budget, int(c.Window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf(`"cost";r=%d;t=%d`, *c.Remaining, int(math.Ceil(max(time.Until(c.ResetsAt), 0).Seconds()))))
}
