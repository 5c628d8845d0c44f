package keyimport

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// batchSize is how many keys one transaction stores. What an interrupted run has
// committed stays; a later run of the same file finds it present.
const batchSize = 500

// Peppers are the secrets with which keys are hashed.
type Peppers interface {
	Pepper() (id string, secret []byte)
	PepperIDs() []string
	PepperByID(id string) (secret []byte, ok bool)
}

// Service imports keys. It is safe for concurrent use.
type Service struct {
	changes *change.Runner
	peppers Peppers
	// window is how many lines are remembered at least, to find those whose key an
	// earlier one has.
	window int
}

// New returns a Service.
func New(changes *change.Runner, peppers Peppers) *Service { return &Service{changes, peppers, window} }

// Options say where keys go, and who hears of it. All but Stored are required.
type Options struct {
	Organization uuid.UUID
	// Refused is called for every line that is not imported, batch by batch. An error
	// ends the import.
	Refused func(Refusal) error
	// Stored is called after each batch that was committed, with the sum so far.
	Stored func(Sum)
}

// Sum is what became of the lines: each counts once.
type Sum struct {
	// Lines is the number of the last line that was dealt with.
	Lines int
	// Present keys were imported by an earlier run.
	Imported, Present, Refused int
}

// Import reads all keys and stores those that can be. The sum is true also with an
// error: it is what was committed before.
func (svc *Service) Import(ctx context.Context, o Options, from *Reader) (Sum, error) {
	var sum Sum
	seen := newRecent(svc.window)
	began, err := uuid.NewV7() // as ids of credentials are made: those of this run come after it
	if err != nil {
		return sum, err
	}
	for {
		batch, refusals, end := readBatch(from, seen)
		if end != nil && !errors.Is(end, io.EOF) {
			return sum, end
		}
		done, refused, err := svc.store(viewer.AsSystem(ctx, o.Organization), batch, began)
		if err != nil {
			return sum, err
		}
		for _, r := range append(refusals, refused...) {
			if err := o.Refused(r); err != nil {
				return sum, err
			}
			sum.Refused++
		}
		sum.Lines, sum.Imported, sum.Present = from.line, sum.Imported+done.Imported, sum.Present+done.Present
		if o.Stored != nil {
			o.Stored(sum)
		}
		if end != nil {
			return sum, nil
		}
		if err := ctx.Err(); err != nil {
			return sum, err
		}
	}
}

// readBatch reads lines until a batch is full. The error is of the reading.
func readBatch(from *Reader, seen *recent) (batch []Key, refusals []Refusal, err error) {
	for len(batch) < batchSize && len(refusals) < batchSize {
		k, refusal, err := from.Next()
		switch {
		case err != nil:
			return batch, refusals, err
		case refusal != nil:
			refusals = append(refusals, *refusal)
		case seen.twice(identityOf(&k)):
			refusals = append(refusals, *twice(k.Line))
		default:
			batch = append(batch, k)
		}
	}
	return batch, refusals, nil
}

// twice is the refusal of a line whose key an earlier one has.
func twice(line int) *Refusal {
	return &Refusal{Line: line, Code: fault.Taken, Message: "An earlier line has the same key."}
}
