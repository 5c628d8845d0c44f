package limits

import "testing"

// Units that an app took from its own quota are added to the account's when they are
// drained, and units that the account counts already are not added again.
func TestUnitsInFlightAreCountedOnce(t *testing.T) {
	q := ledger{pending: 5}
	for _, c := range []struct {
		n, apart, pending, flying int64
	}{{4, 4, 5, 4}, {3, 0, 2, 7}, {4, 2, 0, 11}, {1, 0, 0, 12}} {
		if q.startFlight(&Used{N: c.n, outsideAccount: c.apart}); q.pending != c.pending || q.inFlight != c.flying {
			t.Errorf("after %d, of them %d apart: %d pending and %d flying, want %d and %d", c.n, c.apart, q.pending, q.inFlight, c.pending, c.flying)
		}
	}
	late := ledger{pending: 5, start: q.start.AddDate(0, 0, 1)}
	if late.startFlight(&Used{N: 4}); late.pending != 5 || late.inFlight != 0 || late.unsettled != 1 {
		t.Errorf("a row of another period: %+v", late)
	}
}
