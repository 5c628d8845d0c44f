// Package graph contains the GraphQL schema and its resolvers. A resolver reads
// the input, calls one service, and wraps the answer; rules belong into
// the services, and no resolver uses a database client.
package graph

import (
	"context"

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

// Resolver is the root of all resolvers.
type Resolver struct {
	Portal   *portal.Portal
	Entities entity.Reader
	Gateway  GatewayView
	Counts   Counts
	Quotas   Quotas
	Devices  Devices
	// Version is the program's version, which serverInfo returns.
	Version string
}
