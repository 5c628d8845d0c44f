package gateway

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/gateway/readqueue"
)

// Copy returns a followed organization's copy.
func (v *Verifier) Copy(organization uuid.UUID) *keycache.Cache {
	return v.lookUpFollower(organization).cache
}

// SetPage sets how many rows are read at a time.
func (v *Verifier) SetPage(n int) { v.pageSize = n }

// BlockReads keeps an organization's reads waiting until release is called.
func (v *Verifier) BlockReads(organization uuid.UUID) (release func()) {
	now, cancel := context.WithCancel(context.Background())
	cancel() // a read that would have to wait fails
	var all []func()
	for range readqueue.MaxOrganizationReads {
		leave, err := v.reads.Enter(now, organization, uuid.Nil)
		if err != nil {
			panic("somebody reads")
		}
		all = append(all, leave)
	}
	return func() {
		for _, leave := range all {
			leave()
		}
	}
}

// PollOnce polls, and waits for what it began.
func (v *Verifier) PollOnce(ctx context.Context) error {
	var behind sync.WaitGroup
	defer behind.Wait()
	return v.poll(ctx, &behind)
}

// FreshCopy reads keys into a copy of its own.
func (v *Verifier) FreshCopy(ctx context.Context, organization uuid.UUID, usernames []uuid.UUID) (*keycache.Cache, error) {
	s := keycache.New(0)
	catalogue, err := v.source.Catalogue(ctx, organization)
	if err != nil {
		return nil, err
	}
	s.Apply(&keycache.Change{Catalogue: catalogue})
	for _, u := range usernames {
		c, err := v.source.CredentialByUsername(ctx, organization, u)
		if err != nil {
			return nil, err
		}
		s.Fill(u, c, 0)
	}
	return s, nil
}

// ReportOnce writes the node and its cursors down.
func (v *Verifier) ReportOnce(ctx context.Context) error {
	v.reportCursors(ctx, map[uuid.UUID]int64{})
	return v.writeNode(ctx, v.o.Clock.Now())
}

// StoreSeen stores what was seen of gateways; with moves only, of those that follow.
func (v *Verifier) StoreSeen(ctx context.Context, movesOnly bool) error {
	return v.callers.presence.Store(ctx, v.o.DB, v.o.NodeID, movesOnly)
}

// StoreUses stores when tokens were last used.
func (v *Verifier) StoreUses(ctx context.Context) { v.reportTokens(ctx, map[uuid.UUID]int64{}) }

// ForgetGateways deletes what is not asked about any more.
func (v *Verifier) ForgetGateways(ctx context.Context) error { return v.forgetGateways(ctx) }
