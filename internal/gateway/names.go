package gateway

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/gateway/source"
)

// usernameMayExist reports whether the organization may have a credential with
// this username. The first call starts loading all usernames, and returns false
// until that is done; from then on the event log adds new ones.
func (v *Verifier) usernameMayExist(f *follower, username uuid.UUID) bool {
	if f.usernames.MayContain(username[:]) {
		return true
	}
	if !f.usernames.Loaded() && f.usernames.StartLoading(v.o.Mono()) {
		go v.loadUsernames(f)
	}
	return false
}

func (v *Verifier) loadUsernames(f *follower) {
	err := f.usernames.Load(func(add func([]byte)) error {
		return v.readNamePages(f.id, func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error) {
			return v.source.Usernames(ctx, source.Page{Organization: f.id, After: after, Size: v.pageSize}, add)
		})
	})
	if err != nil {
		v.o.Log.Debug("the names of an organization's keys could not be read", "organization", f.id, "error", err)
	}
}

// readNamePages reads page by page, each when its turn comes.
func (v *Verifier) readNamePages(organization uuid.UUID, read func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error)) error {
	page := func(after uuid.UUID) (uuid.UUID, int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
		defer cancel()
		leave, err := v.reads.Enter(ctx, organization, uuid.Max)
		if err != nil {
			return after, 0, err
		}
		defer leave()
		return read(ctx, after)
	}
	for after := (uuid.UUID{}); ; {
		last, n, err := page(after)
		if err != nil || n < v.pageSize {
			return err
		}
		after = last
	}
}
