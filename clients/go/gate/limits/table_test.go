package limits

import (
	"testing"

	"github.com/google/uuid"
)

// A caller that waits for a state that is evicted meanwhile gets the new one; units
// counted on the old one would be lost.
func TestEvictedStateIsLookedUpAgain(t *testing.T) {
	for range 1000 {
		var all table
		all.init(1)
		id := uuid.New()
		old := all.lock(id, 0, true)
		got := make(chan *state)
		ready := make(chan struct{})
		go func() {
			close(ready)
			s := all.lock(id, 0, true)
			defer s.mu.Unlock()
			got <- s
		}()
		<-ready
		sh := all.shard(id)
		sh.mu.Lock()
		old.evicted = true
		delete(sh.states, id)
		sh.mu.Unlock()
		old.mu.Unlock()
		if s := <-got; s == old {
			t.Fatal("an evicted state was used")
		}
	}
}
