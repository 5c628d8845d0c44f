// Package gqlhttp serves an executable schema over HTTP, by the rules of the
// GraphQL-over-HTTP specification, to callers who may be hostile.
//
// A request passes these gates in order; each is cheap and bounds what the
// next one has to do:
//
//  1. HTTP: method, Accept, content type, size (request.go, accept.go).
//  2. JSON: encoding, nesting and number of values, then the four members
//     that have a meaning, none of them twice (body.go, members.go).
//  3. Document: number of tokens and length of names, before parsing; depth,
//     expanded nodes, aliases, directives and the like, before validation
//     (document.go, guard.go). Validation stops at the first few errors.
//  4. Cost: fields times page sizes and lengths of lists (cost.go).
//  5. Turns: what callers may spend (budget.go), and what runs at once
//     (lanes.go).
//
// While the answer is made its bytes are counted and the deadline is looked at
// (meter.go, execute.go). Each limit has a name in the refusal (excess.go).
//
// Documents that pass are kept in a bounded cache, with the costs of those
// operations that do not depend on variables.
//
// # Cross-site requests
//
// POST takes application/json alone: a browser asks the server's leave before
// it sends that across sites, so no form can run a mutation. Uploads by form
// and lists of requests in one body are not taken. GET runs queries alone. A
// foreign page can make a browser send such a GET, but the caller is known by
// the Authorization header only, which a browser never adds by itself, so the
// page learns and does nothing that it could not without the browser. Whoever
// adds a cookie as a credential must refuse GET, or ask for a header, first.
//
// # Deadlines
//
// Each request's context ends after Options.Timeout; no field is resolved after
// that. Nothing stops a resolver that ignores its context: resolvers pass it to
// everything that waits.
//
// Subscriptions need a transport of their own and are refused here.
package gqlhttp
