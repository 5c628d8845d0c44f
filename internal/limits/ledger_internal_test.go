package limits

import "testing"

// What an app took from a quota of its own is the account's when it flies, and
// what the account counts already is not counted again, whatever comes between.
func TestWhatFliesIsCountedOnce(t *testing.T) {
	q := ledger{pending: 5}
	for _, c := range []struct {
		n, apart, pending, flying int64
	}{{4, 4, 5, 4}, {3, 0, 2, 7}, {4, 2, 0, 11}, {1, 0, 0, 12}} {
		if q.fly(&Used{N: c.n, apart: c.apart}); q.pending != c.pending || q.flying != c.flying {
			t.Errorf("after %d, of them %d apart: %d pending and %d flying, want %d and %d", c.n, c.apart, q.pending, q.flying, c.pending, c.flying)
		}
	}
	late := ledger{pending: 5, start: q.start.AddDate(0, 0, 1)}
	if late.fly(&Used{N: 4}); late.pending != 5 || late.flying != 0 || late.owed != 1 {
		t.Errorf("a row of another period: %+v", late)
	}
}
