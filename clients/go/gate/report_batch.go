package gate

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// batch is what is being reported, in parts: one, until Portico refuses it.
// Portico takes a part whole or not at all, and under each id once, and refuses
// only what it has not taken. So a part of which nobody knows whether it was
// taken is sent again as it is, and one that is refused is halved until what is
// refused is a single row, and the others are counted. (A first attempt that is
// still on its way when a second one is refused, and is then taken, would be
// counted beside its second half. Both are judged alike, unless a row turns a
// day old in between.)
type batch struct {
	// id is the first part's, which is sent next.
	id    string
	parts [][]row
	// rows and calls are given up, the last of them for this reason.
	rows  int
	calls int64
	why   error
}

// report is the body of /v1/usage.
type report struct {
	ID    string `json:"batch"`
	Calls []row  `json:"calls"`
}

// row is how many calls of a kind there were in a minute.
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

// over tells that nothing is left to be sent.
func (b *batch) over() bool { return len(b.parts) == 0 }

// body is what is to be sent.
func (b *batch) body() *report { return &report{b.id, b.parts[0]} }

// taken goes on to what comes after the first part, under an id of its own.
func (b *batch) taken() { b.id, b.parts = uuid.NewString(), b.parts[1:] }

// refused halves the first part, or gives it up if it is one row. Nobody knows
// the id, so that it can be used again.
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
