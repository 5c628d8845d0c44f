package gate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// counter accepts reports as Portico does: it checks the id first, then the rows, and
// accepts all of them or none.
type counter struct {
	ids    map[string]bool
	counts map[string]int
	bad    func(row) bool
}

var errBad = errors.New("a bad row")

func (c *counter) take(r *report) error {
	if c.ids[r.ID] {
		return nil
	}
	for _, one := range r.Calls {
		if c.bad(one) {
			return errBad
		}
	}
	c.ids[r.ID] = true
	for _, one := range r.Calls {
		c.counts[one.Credential]++
	}
	return nil
}

// send sends all of a batch; lost returns which messages of an attempt are lost.
func (c *counter) send(b *batch, lost func() (question, answer bool)) (attempts int) {
	for ; !b.finished(); attempts++ {
		question, answer := lost()
		if question {
			continue
		}
		switch err := c.take(b.body()); {
		case answer:
		case err != nil:
			b.refused(err)
		default:
			b.taken()
		}
	}
	return attempts
}

func rowsOf(n int) (rows []row) {
	for i := range n {
		rows = append(rows, row{Credential: fmt.Sprint(i), Calls: 2})
	}
	return rows
}

func newCounter(bad ...string) *counter {
	c := &counter{ids: map[string]bool{}, counts: map[string]int{}}
	c.bad = func(r row) bool {
		for _, one := range bad {
			if r.Credential == one {
				return true
			}
		}
		return false
	}
	return c
}

func well() (question, answer bool) { return false, false }

func TestRefusedRowCostsFewAttempts(t *testing.T) {
	for _, bad := range []string{"0", "500", "999"} {
		c, b := newCounter(bad), newBatch(rowsOf(1000))
		require.LessOrEqual(t, c.send(b, well), 22, bad)
		require.Len(t, c.counts, 999)
		require.Equal(t, 1, b.rows)
		require.EqualValues(t, 2, b.calls)
		require.Equal(t, errBad, b.why)
	}
	c, b := newCounter(), newBatch(rowsOf(1000))
	c.bad = func(row) bool { return true }
	require.Equal(t, 1999, c.send(b, well))
	require.Empty(t, c.counts)
	require.Equal(t, 1000, b.rows)
}

// A batch was counted but its answer was lost, and it would be refused if it were new,
// because a row has become too old or its key was purged.
func TestCountedBatchWithLostAnswer(t *testing.T) {
	c, b := newCounter(), newBatch(rowsOf(10))
	require.NoError(t, c.take(b.body()))
	c.bad = newCounter("3").bad
	c.send(b, well)
	require.Len(t, c.counts, 10)
	for id, n := range c.counts {
		require.Equal(t, 1, n, id)
	}
}

// Whichever messages are lost and whenever rows become invalid: nothing is counted
// twice, rows that stay valid are counted, and dropped rows are not.
func TestNothingIsCountedTwice(t *testing.T) {
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, from, some := 1+r.IntN(20), r.IntN(40), 1+r.IntN(10)
		c, b, attempts := newCounter(), newBatch(rowsOf(n)), 0
		bad := func(one row) bool {
			return len(one.Credential) > 0 && int(one.Credential[len(one.Credential)-1])%some == 0
		}
		c.bad = func(one row) bool { return attempts >= from && bad(one) }
		c.send(b, func() (question, answer bool) {
			attempts++
			return r.IntN(6) == 0, r.IntN(6) == 0
		})
		for _, one := range rowsOf(n) {
			require.LessOrEqual(t, c.counts[one.Credential], 1, "seed %d", seed)
			require.True(t, bad(one) || c.counts[one.Credential] == 1, "seed %d", seed)
		}
		require.Equal(t, n, len(c.counts)+b.rows, "seed %d", seed)
	}
}
