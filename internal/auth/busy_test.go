package auth

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/identity"
)

// Whoever waits in vain is told of what there is too much: of what was asked for.
func TestBusyAnswers(t *testing.T) {
	who, network := address.ParseEmail(email), address.ClientNetwork(client)
	eachLimiter(t, func(t *testing.T, l *Limiter, _ *clock.Fake) {
		for name, c := range map[string]struct {
			bucket  string
			ask     func(ctx context.Context) error
			message string
		}{
			"a leaked key": {l.bucketName("leak client", network), func(ctx context.Context) error { return l.CountLeakReport(ctx, client) }, "Too many keys are being reported at this moment. Please try again."},
			"a reset":      {l.bucketName("reset client", network), func(ctx context.Context) error { return l.CountReset(ctx, who, client) }, "Too many people are asking for a new password at this moment. Please try again."},
			"a sign-up":    {l.bucketName("sign-up client", network), func(ctx context.Context) error { return l.CountSignUp(ctx, who, client) }, "Too many people are signing up at this moment. Please try again."},
			"a sign-in": {l.buckets(identity.Guess{Address: who, Client: client})[0].name, func(ctx context.Context) error {
				_, err := l.Reserve(ctx, identity.Guess{Address: who, Client: client})
				return err
			}, "Too many people are signing in at this moment. Please try again."},
		} {
			t.Run(name, func(t *testing.T) {
				leave, err := l.admission.acquire(t.Context(), "turn "+c.bucket, 1, false)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				f := fault.From(c.ask(ctx))
				require.Equal(t, []any{fault.CodeUnavailable, fault.ReasonBusy, time.Second, c.message}, []any{f.Code, f.Reason, f.RetryAfter, f.Message})
				leave()
				require.NoError(t, c.ask(t.Context()))
			})
		}
	})
}

// A password that is set or checked outside a sign-in is no sign-in.
func TestBusyWithPasswords(t *testing.T) {
	o := cheapHashes()
	o.Concurrency, o.Wait = 1, 10*time.Millisecond
	p := NewPasswords(o)
	require.NoError(t, p.InTurn(t.Context(), func(context.Context) error {
		_, hashed := p.Hash(t.Context(), "x")
		for message, err := range map[string]error{
			"Too many passwords are being checked and set at this moment. Please try again.": hashed,
			"Too many people are signing in at this moment. Please try again.":               p.InTurn(t.Context(), func(context.Context) error { return nil }),
		} {
			f := fault.From(err)
			require.Equal(t, fault.ReasonBusy, f.Reason)
			require.Equal(t, message, f.Message)
		}
		return nil
	}))
}
