// Package graph is the public face: the GraphQL schema and its resolvers. A
// resolver reads the input, calls one service, and wraps the answer; rules live
// in package portal, and no database client is in sight here.
package graph

import "portico/internal/portal"

// Resolver is the root of all resolvers.
type Resolver struct {
	Portal *portal.Portal
	Gate   Gate
	Counts Counts
	// Version is the program's version, as serverInfo tells it.
	Version string
}
