package gateway

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/gateway/readqueue"
)

// Copy returns a followed organization's copy.
func (g *Verifier) Copy(organization uuid.UUID) *keycache.Cache {
	return g.lookUpFollower(organization).cache
}

// SetPage sets how many rows are read at a time.
func (g *Verifier) SetPage(n int) { g.pageSize = n }

// BlockReads keeps an organization's reads waiting until release is called.
func (g *Verifier) BlockReads(organization uuid.UUID) (release func()) {
	now, cancel := context.WithCancel(context.Background())
	cancel() // a read that would have to wait fails
	var all []func()
	for range readqueue.MaxOrganizationReads {
		leave, err := g.reads.Enter(now, organization, uuid.Nil)
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
func (g *Verifier) PollOnce(ctx context.Context) error {
	var behind sync.WaitGroup
	defer behind.Wait()
	return g.poll(ctx, &behind)
}

// FreshCopy reads keys into a copy of its own.
func (g *Verifier) FreshCopy(ctx context.Context, organization uuid.UUID, usernames []uuid.UUID) (*keycache.Cache, error) {
	s := keycache.New(0)
	catalogue, err := g.source.Catalogue(ctx, organization)
	if err != nil {
		return nil, err
	}
	s.Apply(&keycache.Change{Catalogue: catalogue})
	for _, u := range usernames {
		c, err := g.source.CredentialByUsername(ctx, organization, u)
		if err != nil {
			return nil, err
		}
		s.Fill(u, c, 0)
	}
	return s, nil
}

// ReportOnce writes the node and its cursors down.
func (g *Verifier) ReportOnce(ctx context.Context) error {
	g.reportCursors(ctx, map[uuid.UUID]int64{})
	return g.writeNode(ctx, g.o.Clock.Now())
}
