// Package graph contains the GraphQL schema and its resolvers. A resolver reads
// the input, calls one service, and wraps the answer; rules belong into
// the services, and no resolver uses a database client.
package graph

import (
	"context"
	"time"

	"portico/internal/entity"
	"portico/internal/portal"
)

// Devices stores the tokens which show that a device has signed in before.
type Devices interface {
	// Presented returns the tokens that came with the request.
	Presented(ctx context.Context) []string
	// Remember sets a token in the answer; "" is none.
	Remember(ctx context.Context, token string)
}

// RefreshTokens stores a browser's refresh token in a cookie, at the one path where
// that is done.
type RefreshTokens interface {
	// Presented returns the token that came with the request; "" is none. ok is false
	// where the API is served without the cookie.
	Presented(ctx context.Context) (token string, ok bool)
	// Keep sets the token in the answer; false means that it was not stored, and
	// belongs into the answer's body.
	Keep(ctx context.Context, token string, until time.Time) bool
	Clear(ctx context.Context)
}

// Resolver is the root of all resolvers.
type Resolver struct {
	Portal   *portal.Portal
	Entities entity.Reader
	Gate     Gate
	Counts   Counts
	Quotas   Quotas
	Devices  Devices
	Refresh  RefreshTokens
	// PublicURL is where browsers reach the server; "" if nobody knows.
	PublicURL string
	// Version is the program's version, which serverInfo returns.
	Version string
}
