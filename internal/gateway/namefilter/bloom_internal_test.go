package namefilter

import (
	"testing"

	"github.com/google/uuid"
)

// A growing filter contains all that was added, and has few false positives.
func TestFilterHasNoFalseNegatives(t *testing.T) {
	f := newBloom()
	if f.mayContain([]byte("anything")) {
		t.Error("an empty one knows something")
	}
	all := make([]uuid.UUID, 6*firstLayerSize) // three layers
	for i := range all {
		all[i] = uuid.New()
		f.add(all[i][:])
		f.add(all[i][:]) // twice is once
	}
	for i := range all {
		if !f.mayContain(all[i][:]) {
			t.Fatal("one was forgotten")
		}
	}
	if len(f.layers) != 3 {
		t.Errorf("%d layers", len(f.layers))
	}
	wrong := 0
	for range 100_000 {
		if id := uuid.New(); f.mayContain(id[:]) {
			wrong++
		}
	}
	if wrong > 300 {
		t.Errorf("%d of 100,000 others are taken for known", wrong)
	}
}
