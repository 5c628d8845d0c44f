package gate

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// batch is what is being reported, in parts: one, until Portico refuses it.
// Portico takes a part whole or not at all, and under each id once; so a part
// that is refused is halved until what is refused is a single row, and the
// others are counted.
type batch struct {
	// id is the first part's, which is sent next.
	id    string
	parts [][]row
	// unsure: the first part may have been taken already, its answer lost. wider:
	// so may have more than it, under the same id: a refusal says of what is sent
	// now that it is not counted, not of what was sent before.
	unsure, wider bool
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

// failed notes that nobody knows whether the first part was taken.
func (b *batch) failed() { b.unsure = true }

// taken goes on to what comes after the first part, under an id of its own. If
// the id was taken before, and with more, then that more is counted. Where it
// cannot be known which of the two was taken, the rest is given up: nothing is
// counted twice.
func (b *batch) taken(replayed bool) {
	rest := b.parts[1:]
	if replayed && b.wider {
		if b.unsure {
			b.giveUp(rest...)
		}
		rest = nil
	}
	b.id, b.parts, b.unsure, b.wider = uuid.NewString(), rest, false, false
}

// refused halves the first part, or gives it up if it is one row. The id is
// kept: unless something wider was taken under it, nobody knows it.
func (b *batch) refused(why error) {
	b.why = why
	b.unsure, b.wider = false, b.wider || b.unsure
	part, rest := b.parts[0], b.parts[1:]
	if len(part) == 1 {
		b.giveUp(part)
		b.parts = rest
		return
	}
	half := len(part) / 2
	b.parts = slices.Concat([][]row{part[:half], part[half:]}, rest)
}

func (b *batch) giveUp(parts ...[]row) {
	for _, part := range parts {
		b.rows += len(part)
		for i := range part {
			b.calls += part[i].Calls
		}
	}
}
