package auth

import (
	"context"
	"slices"
	"time"

	"portico/internal/address"
	"portico/internal/database"
	"portico/internal/fault"
)

const (
	// ResetPairRequests is how many new passwords may be asked for in an
	// AttemptWindow for one address from one client.
	ResetPairRequests = 3
	// ResetClientRequests is how many may be asked for in an AttemptWindow from
	// one client, whatever the addresses.
	ResetClientRequests = 30
	// ResetAddressRequests is how many may be asked for in an AddressWindow for one
	// address by all clients together: nobody's mailbox is filled. Strangers can
	// exhaust it, but each of their requests sends the owner a link.
	ResetAddressRequests = 10
)

// CountReset counts a request for a new password. It fails with
// fault.CodeRateLimited, and the time until the next one, if there were too many.
// Whether anybody has the address makes no difference.
func (l *Limiter) CountReset(ctx context.Context, e address.Email, client string) error {
	who, network, all := e.String(), address.ClientNetwork(client), []int{0}
	buckets := []bucket{
		{name: l.bucketName("reset pair", who+" "+network), limit: ResetPairRequests, window: AttemptWindow, users: all},
		{name: l.bucketName("reset address", who), limit: ResetAddressRequests, window: AddressWindow, users: all},
		{name: l.bucketName("reset client", network), limit: ResetClientRequests, window: AttemptWindow, users: all},
	}
	return l.count(ctx, buckets, busyAskingForPasswords, fault.ReasonResetRequests, "A new password was asked for too often. Please look for the letter, or wait before you ask again.")
}

const (
	// SignUpClientRequests is how many sign-ups an AddressWindow takes from one client.
	SignUpClientRequests = 20
	// SignUpNetworkRequests is how many it takes from a wide network: one line may have
	// many clients, see address.WideNetwork.
	SignUpNetworkRequests = 100
	// SignUpAddressRequests is how many it takes for one address, from all clients
	// together: nobody's mailbox is filled. Strangers can exhaust it, but each of their
	// requests sends the owner a link that is good for a day.
	SignUpAddressRequests = 5
)

// CountSignUp counts a sign-up, and fails like CountReset. Whether anybody has the
// address makes no difference.
func (l *Limiter) CountSignUp(ctx context.Context, e address.Email, client string) error {
	who, network, all := e.String(), address.ClientNetwork(client), []int{0}
	return l.count(ctx, []bucket{
		{name: l.bucketName("sign-up address", who), limit: SignUpAddressRequests, window: AddressWindow, users: all},
		{name: l.bucketName("sign-up client", network), limit: SignUpClientRequests, window: AddressWindow, users: all},
		{name: l.bucketName("sign-up network", address.WideNetwork(client).String()), limit: SignUpNetworkRequests, window: AddressWindow, users: all},
	}, busySigningUp, fault.ReasonSignUps, "There were too many sign-ups. Please look for the letter, or wait before you sign up again.")
}

const (
	// LeakClientReports is how many leaked keys an AddressWindow takes from one client.
	LeakClientReports = 20
	// LeakNetworkReports is how many it takes from a wide network, see address.WideNetwork.
	LeakNetworkReports = 100
	// LeakReports is how many it takes altogether: whoever wants to fill the queue shuts out
	// others who find keys, but can end keys at POST /v1/revoke.
	LeakReports = 1000
)

// CountLeakReport counts a report of a leaked key, and fails like CountReset. Whether there
// is such a key makes no difference.
func (l *Limiter) CountLeakReport(ctx context.Context, client string) error {
	all := []int{0}
	return l.count(ctx, []bucket{
		{name: l.bucketName("leak client", address.ClientNetwork(client)), limit: LeakClientReports, window: AddressWindow, users: all},
		{name: l.bucketName("leak network", address.WideNetwork(client).String()), limit: LeakNetworkReports, window: AddressWindow, users: all},
		{name: l.bucketName("leak reports", ""), limit: LeakReports, window: AddressWindow, users: all},
	}, busyReporting, fault.ReasonLeakReports, "Too many keys were reported. Please wait before you report another.")
}

// count adds one to buckets, or fails if one of them is full; busy is what is said if its
// turn does not come in time.
func (l *Limiter) count(ctx context.Context, buckets []bucket, busy string, full fault.Reason, message string) error {
	return database.Fault(l.inTurn(ctx, buckets, false, busy, func() error { return l.countOne(ctx, buckets, full, message) }))
}

func (l *Limiter) countOne(ctx context.Context, buckets []bucket, full fault.Reason, message string) error {
	now := l.clock.Now()
	return l.db.InTx(ctx, func(tx *database.Tx) error {
		if err := l.lockBuckets(ctx, tx, buckets); err != nil {
			return err
		}
		waits, err := readWaits(ctx, tx, now, buckets, make([]time.Time, 1))
		if err != nil {
			return err
		}
		if wait := slices.Max(waits); wait > 0 {
			return fault.RetryAfter(fault.CodeRateLimited, full, wait, message)
		}
		return (&Attempt{waits: waits}).insert(ctx, tx, now, buckets)
	})
}
