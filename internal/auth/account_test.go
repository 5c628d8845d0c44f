package auth

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// ofTwo is a directory with a developer who has two accounts, as Portico's own: an
// account that is none of them is passed over.
type ofTwo struct {
	*directory
	second uuid.UUID
}

func (d ofTwo) Person(ctx context.Context, o, u, s, requested uuid.UUID) (viewer.Viewer, bool, error) {
	v, ok, err := d.directory.Person(ctx, o, u, s, requested)
	if requested == d.second {
		v.AccountID = d.second
	}
	return v, ok, err
}

// The header chooses one of the developer's own accounts for a request. Whatever else
// it says is refused alike, and never passed over.
func TestAccountHeader(t *testing.T) {
	w := newHarness()
	second := uuid.MustParse("44444444-4444-4444-8444-444444444444")
	w.Directory = ofTwo{w.directory, second}
	token := mustIssue(t, w.Tokens)
	machine, hash, _ := w.Machines.New()
	w.directory.machines = [][]byte{hash}
	naming := func(bearer string, ids ...string) func(*http.Request) {
		return func(r *http.Request) {
			withBearer(bearer)(r)
			for _, id := range ids {
				r.Header.Add(AccountHeader, id)
			}
		}
	}
	encode := func(id uuid.UUID) string { return nodeid.Encode(nodeid.Account, id) }
	for want, ids := range map[uuid.UUID][]string{account: nil, second: {encode(second)}} {
		_, seen := w.send(naming(token, ids...))
		require.NotNil(t, seen)
		require.Equal(t, want, seen.AccountID)
	}
	_, seen := w.send(naming(token, encode(account)))
	require.Equal(t, account, seen.AccountID)

	var first string
	for name, change := range map[string]func(*http.Request){
		"foreign or unknown": naming(token, encode(uuid.New())),
		"empty":              naming(token, ""),
		"malformed":          naming(token, "acct_nonsense"),
		"no opaque id":       naming(token, second.String()),
		"of a user":          naming(token, nodeid.Encode(nodeid.User, second)),
		"nil":                naming(token, encode(uuid.Nil)),
		"two":                naming(token, encode(second), encode(second)),
		"a list":             naming(token, encode(second)+", "+encode(account)),
		"of a machine":       naming(machine, encode(second)),
	} {
		answer, seen := w.send(change)
		require.Nil(t, seen, name)
		requireRefused(t, answer, http.StatusForbidden, "FORBIDDEN")
		if first == "" {
			first = answer.Body.String()
		}
		require.Equal(t, first, answer.Body.String(), name)
	}

	// Nobody acts by the header alone.
	_, seen = w.send(func(r *http.Request) { r.Header.Set(AccountHeader, encode(second)) })
	require.True(t, seen == nil || seen.AccountID == uuid.Nil)
}
