package gate

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// batch is the calls being reported, in parts: one, until Portico refuses it.
// Portico accepts a part as a whole or not at all, and each id once, and refuses only
// what it has not accepted. So a part of which it is unknown whether it was accepted
// is sent again unchanged, and a refused part is halved until the refused part is a
// single row, and the others are counted. (If a first attempt is still in flight when
// the second one is refused, and is then accepted, its second half would be counted
// twice. But both attempts get the same answer, unless a row becomes older than a day
// in between.)
type batch struct {
	// id is the id of the first part, which is sent next.
	id    string
	parts [][]row
	// rows and calls were dropped, the last of them for the reason why.
	rows  int
	calls int64
	why   error
}

// report is the body of a request to /v1/usage.
type report struct {
	ID    string `json:"batch"`
	Calls []row  `json:"calls"`
}

// row is the number of equal calls in a minute.
type row struct {
	Account    string    `json:"account,omitempty"`
	App        string    `json:"app,omitempty"`
	Credential string    `json:"credential,omitempty"`
	Product    string    `json:"product,omitempty"`
	Endpoint   string    `json:"endpoint,omitempty"`
	Code       string    `json:"code"`
	Calls      int64     `json:"calls"`
	At         time.Time `json:"at"`
}

func newBatch(rows []row) *batch { return &batch{id: uuid.NewString(), parts: [][]row{rows}} }

// finished reports whether nothing is left to send.
func (b *batch) finished() bool { return len(b.parts) == 0 }

// body returns the report to send.
func (b *batch) body() *report { return &report{b.id, b.parts[0]} }

// taken removes the first part, and continues with the next under a new id.
func (b *batch) taken() { b.id, b.parts = uuid.NewString(), b.parts[1:] }

// statusError halves the first part, or drops it if it is one row. Portico has not
// recorded the id, so that it can be used again.
func (b *batch) refused(why error) {
	part, rest := b.parts[0], b.parts[1:]
	if len(part) > 1 {
		half := len(part) / 2
		b.parts = slices.Concat([][]row{part[:half], part[half:]}, rest)
		return
	}
	b.why, b.parts = why, rest
	b.rows++
	b.calls += part[0].Calls
}
