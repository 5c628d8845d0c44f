// Package graph is the public face: the GraphQL schema and its resolvers. A
// resolver reads the input, calls one service, and wraps the answer; rules live
// in package portal, and no database client is in sight here.
package graph

import (
	"context"

	"portico/internal/portal"
)

// Devices keeps what shows that a device has signed in before.
type Devices interface {
	// Presented returns the tokens that came with the request.
	Presented(ctx context.Context) []string
	// Remember lets the answer keep a token; "" is none.
	Remember(ctx context.Context, token string)
}

// Resolver is the root of all resolvers.
type Resolver struct {
	Portal  *portal.Portal
	Gateway GatewayView
	Counts  Counts
	Devices Devices
	// Version is the program's version, as serverInfo tells it.
	Version string
}
