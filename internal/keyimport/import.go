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
}

// New returns a Service.
func New(changes *change.Runner, peppers Peppers) *Service { return &Service{changes, peppers} }

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
	seen := map[identity]int{}
	for {
		batch, refusals, end := readBatch(from, seen)
		if end != nil && !errors.Is(end, io.EOF) {
			return sum, end
		}
		done, refused, err := svc.store(viewer.AsSystem(ctx, o.Organization), batch)
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

// identity is what makes two lines the same key: its user name where that is a UUID,
// else its digest.
type identity struct {
	username uuid.UUID
	digest   [32]byte
}

// readBatch reads lines until a batch is full. The error is of the reading.
func readBatch(from *Reader, seen map[identity]int) (batch []Key, refusals []Refusal, err error) {
	for len(batch) < batchSize && len(refusals) < batchSize {
		k, refusal, err := from.Next()
		switch {
		case err != nil:
			return batch, refusals, err
		case refusal != nil:
			refusals = append(refusals, *refusal)
			continue
		}
		id := identity{k.Username, k.Digest}
		if _, twice := seen[id]; twice {
			refusals = append(refusals, *from.refuse("", fault.Taken, "An earlier line has the same key."))
			continue
		}
		seen[id] = k.Line
		batch = append(batch, k)
	}
	return batch, refusals, nil
}
