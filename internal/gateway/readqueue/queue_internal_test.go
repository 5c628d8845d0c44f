package readqueue

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"portico/internal/fault"
)

// startedRead is the result of Enter.
type startedRead struct {
	leave func()
	err   error
}

// enterAsync calls Enter in a goroutine of its own; the channel receives the result.
func enterAsync(ctx context.Context, all *Queue, organization, token uuid.UUID) chan startedRead {
	out := make(chan startedRead, 1)
	go func() {
		leave, err := all.Enter(ctx, organization, token)
		out <- startedRead{leave, err}
	}()
	synctest.Wait()
	return out
}

// fillReads begins reads until one would have to wait.
func fillReads(t *testing.T, all *Queue, organization uuid.UUID) (leave []func()) {
	t.Helper()
	for {
		turn, err := all.join(organization, uuid.New())
		if err != nil {
			t.Fatal(err)
		}
		if turn != nil {
			return leave
		}
		leave = append(leave, func() { all.leave(organization) })
	}
}

// No organization takes all reads, and unknown tokens take few.
func TestNoOrganizationTakesAllReads(t *testing.T) {
	all := New()
	if n := len(fillReads(t, all, uuid.Nil)); n != maxUnknownTokenReads {
		t.Errorf("unknown tokens have %d", n)
	}
	if n := len(fillReads(t, all, uuid.New())); n != MaxOrganizationReads {
		t.Errorf("an organization has %d", n)
	}
	fresh := New()
	for range 2 {
		fillReads(t, fresh, uuid.New())
	}
	if used, most, waiting, _ := fresh.Load(); used != most || waiting != 2 {
		t.Errorf("%d of %d are used, and %d wait", used, most, waiting)
	}
	other := New()
	leave := fillReads(t, other, uuid.Nil)
	fillReads(t, other, uuid.New())
	leave[0]()
	if used, _, waiting, _ := other.Load(); used != MaxOrganizationReads+maxUnknownTokenReads || waiting != 1 {
		t.Errorf("an unknown token that waits is next: %d are used, and %d wait", used, waiting)
	}
	leave[1]()
	leave[0]()
	if used, _, waiting, _ := other.Load(); used != MaxOrganizationReads || waiting != 1 {
		t.Errorf("an organization goes beyond its turns: %d are used, and %d wait", used, waiting)
	}
}

// A read does not wait for all that another organization, or another token of its
// own, has waiting.
func TestOrganizationsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := New()
		busy, other, loud := uuid.New(), uuid.New(), uuid.New()
		places := fillReads(t, all, busy)
		for range 100 {
			enterAsync(t.Context(), all, busy, loud)
		}
		places = append(places, fillReads(t, all, other)...)
		late := enterAsync(t.Context(), all, uuid.New(), uuid.New())
		quiet := enterAsync(t.Context(), all, busy, uuid.New())
		for i, want := range []chan startedRead{late, quiet} {
			for n := 0; len(want) == 0; n++ {
				if n > 3 {
					t.Fatalf("the %dth is passed over", i)
				}
				places[0]()
				places = places[1:]
				synctest.Wait()
			}
		}
	})
}

// The waiting reads of one token are bounded; one that is canceled makes room, and
// a turn that comes to it goes to the next.
func TestWaitingReadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := New()
		organization, token := uuid.New(), uuid.New()
		for range MaxOrganizationReads {
			if turn, err := all.join(organization, token); turn != nil || err != nil {
				t.Fatal("it has to wait", err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range maxWaiting - 1 {
			enterAsync(ctx, all, organization, token)
		}
		last := enterAsync(t.Context(), all, organization, token)
		if _, err := all.Enter(t.Context(), organization, token); !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		synctest.Wait()
		if _, err := all.Enter(ctx, organization, token); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for range MaxOrganizationReads {
			all.leave(organization)
		}
		if r := <-last; r.err != nil {
			t.Error(r.err)
		} else {
			r.leave()
		}
		if len(all.organizations) != 0 || len(all.waiting) != 0 || all.free != maxReads {
			t.Errorf("left over: %+v", all)
		}
		if used, _, waiting, refused := all.Load(); used != 0 || waiting != 0 || refused != maxWaiting+1 {
			t.Errorf("%d are used, %d wait, %d were refused", used, waiting, refused)
		}
	})
}
