package gqlhttp_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
	"portico/internal/gqlhttp/lanes"
)

// small returns a handler whose answers have at most 1,000 bytes.
func small(toy *toy) *gqlhttp.Handler {
	limits := gqlhttp.DefaultLimits()
	limits.AnswerBytes = 1000
	return gqlhttp.New(toy, gqlhttp.Options{Limits: limits})
}

func TestAnswerOfTheLargestSizePasses(t *testing.T) {
	toy := newToy()
	// Only the value is measured; {"a": and } are written around it.
	a := query(t, small(toy), "{ a: text(size: 990) }", "")
	require.Empty(t, a.JSON.Errors)
	require.Len(t, string(a.JSON.Data), len(`{"a":""}`)+990+1)
}

// Nothing more is resolved once the answer is too large: bytes are counted
// before they accumulate.
func TestTooLargeAnswerStopsWhileBuilt(t *testing.T) {
	toy := newToy()
	a := query(t, small(toy), "{ "+numbered("a%d: text(size: 300) ", 20)+"}", "")
	require.Equal(t, 200, a.Code)
	require.Len(t, a.JSON.Errors, 1)
	require.Equal(t, map[string]any{"code": "TOO_LARGE", "reason": "ANSWER_SIZE", "limit": "ANSWER_BYTES", "allowed": 1000.0}, a.JSON.Errors[0].Extensions)
	require.Equal(t, "null", string(a.JSON.Data), "part of it would be taken for the whole")
	require.Equal(t, int64(4), toy.texts.Load())
	require.NotNil(t, a.JSON.Extensions.Cost)
}

// This holds within one root field too, where nothing is written before all of
// it is resolved.
func TestTooLargeFieldStopsBeforeItIsWritten(t *testing.T) {
	toy := newToy()
	a := query(t, small(toy), "{ item { "+numbered("a%d: text(size: 300) ", 20)+"} }", "")
	require.Equal(t, "TOO_LARGE", a.code())
	require.Equal(t, "null", string(a.JSON.Data))
	require.Equal(t, int64(4), toy.texts.Load())
}

func TestWritingStopsAtTheLimit(t *testing.T) {
	toy := newToy()
	a := query(t, small(toy), "{ endless }", "")
	require.Equal(t, "TOO_LARGE", a.code())
	require.Equal(t, "null", string(a.JSON.Data))
	require.LessOrEqual(t, toy.written.Load(), int64(1000))
}

// A mutation that took effect is reported, and its secret is not lost because of
// a sibling.
func TestALargeMutationKeepsWhatFits(t *testing.T) {
	for name, large := range map[string]string{"resolving": "b: pushed(size: 2000)", "writing": "b: endless", "below": "b: item { " + numbered("a%d: text(size: 900) ", 9) + "}"} {
		t.Run(name, func(t *testing.T) {
			toy := newToy()
			a := query(t, small(toy), "mutation { a: pushed(size: 10) "+large+" c: push(n: 3) }", "")
			require.JSONEq(t, `{"a":"xxxxxxxxxx","b":null,"c":null}`, string(a.JSON.Data))
			require.Len(t, a.JSON.Errors, 2)
			for i, field := range []any{"b", "c"} {
				require.Equal(t, field, a.JSON.Errors[i].Path[0])
				require.Equal(t, "TOO_LARGE", a.JSON.Errors[i].Extensions["code"])
			}
			require.NotContains(t, toy.pushed, int64(3), "nothing is changed that could not be told")
		})
	}
}

func TestTheDeadlineEndsResolving(t *testing.T) {
	toy := newToy()
	h := gqlhttp.New(toy, gqlhttp.Options{Timeout: time.Millisecond})
	a := query(t, h, "{ waits "+numbered("a%d: text(size: 1) ", 19)+"}", "")
	require.Zero(t, toy.texts.Load())
	require.Len(t, a.JSON.Errors, 20)
	for _, e := range a.JSON.Errors {
		require.Equal(t, "UNAVAILABLE", e.Extensions["code"])
	}
}

func TestTheDeadlineEndsWriting(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.AnswerBytes = 1 << 30
	a := query(t, gqlhttp.New(newToy(), gqlhttp.Options{Limits: limits, Timeout: time.Millisecond}), "{ endless }", "")
	require.Equal(t, "UNAVAILABLE", a.code())
	require.Equal(t, "DEADLINE", a.JSON.Errors[0].Extensions["reason"])
	require.Equal(t, "The answer took too long.", a.JSON.Errors[0].Message)
	require.Equal(t, []any{"endless"}, a.JSON.Errors[0].Path)
	require.JSONEq(t, `{"endless":null}`, string(a.JSON.Data))
}

// If everything fails, the presenter is not called, and nothing is logged, for
// errors that are not in the answer.
func TestPresentedErrorsAreBounded(t *testing.T) {
	limits := gqlhttp.DefaultLimits()
	limits.Errors, limits.Aliases, limits.RootFields = 2, 1000, 1000
	presented := 0
	h := gqlhttp.New(newToy(), gqlhttp.Options{Limits: limits, ErrorPresenter: counting(&presented)})
	a := query(t, h, "{ "+numbered("a%d: fails ", 300)+"}", "")
	require.Len(t, a.JSON.Errors, 2)
	require.Equal(t, 20, presented)
	require.Contains(t, string(a.JSON.Data), fmt.Sprintf(`"a%d":null`, 299))
}

// Handlers of one server share its lanes: while heavy operations run and wait,
// cheap ones are answered, and one too many is refused.
func TestHeavyRequestsAreRefusedWhenTheQueueIsFull(t *testing.T) {
	toy := newToy()
	toy.open, toy.inside = make(chan struct{}), make(chan struct{}, 1000)
	prices := gqlhttp.Prices{Bases: map[gqlhttp.FieldName]int{{Type: "Query", Field: "text"}: 20_000}}
	p := &fixedBudget{left: 1 << 30}
	turnedAway := &turns{}
	shared := lanes.New(8 << 20)
	h := gqlhttp.New(toy, gqlhttp.Options{Prices: prices, Lanes: shared, Budget: turnedAway})
	other := gqlhttp.New(toy, gqlhttp.Options{Prices: prices, Lanes: shared, Budget: p})
	const many = 200
	answers := make(chan *reply, many)
	for range many {
		go func() { answers <- query(t, h, "{ text(size: 1) }", "") }()
	}
	<-toy.inside
	turned := <-answers
	require.Equal(t, 503, turned.Code)
	require.Equal(t, "UNAVAILABLE", turned.code())
	require.Equal(t, "BUSY", turned.JSON.Errors[0].Extensions["reason"])
	require.Equal(t, "1", turned.Header().Get("Retry-After"))
	require.Equal(t, []any{int64(1), int64(0)}, []any{turnedAway.away.Load(), turnedAway.ran.Load()}, "its cost is given back")
	require.Empty(t, query(t, other, "{ hello }", "").JSON.Errors)
	require.Equal(t, []bool{true}, p.settled)
	close(toy.open)
	for range many - 1 {
		<-answers
	}
	require.Less(t, int(toy.texts.Load()), many)
}

// turns counts the operations that ran, and those that were refused.
type turns struct{ ran, away atomic.Int64 }

func (*turns) Take(context.Context, *gqlhttp.Cost) error { return nil }

func (n *turns) Settle(_ context.Context, _ *gqlhttp.Cost, ran bool) {
	if ran {
		n.ran.Add(1)
	} else {
		n.away.Add(1)
	}
}

// A marshaler that panics while it writes fails only its own field.
func TestPanicWhileWritingFailsItsFieldOnly(t *testing.T) {
	var reported []any
	recovered := func(_ context.Context, p any) error {
		reported = append(reported, p)
		return errors.New("broken")
	}
	h := gqlhttp.New(newToy(), gqlhttp.Options{Recover: recovered})
	a := query(t, h, "mutation { a: pushed(size: 1) bursts b: pushed(size: 2) }", "")
	require.JSONEq(t, `{"a":"x","bursts":null,"b":"xx"}`, string(a.JSON.Data))
	require.Len(t, a.JSON.Errors, 1)
	require.Equal(t, []any{"bursts"}, a.JSON.Errors[0].Path)
	require.Equal(t, "INTERNAL", a.code())
	require.Equal(t, []any{"toy bursts"}, reported)
}
