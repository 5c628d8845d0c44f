// Package gqlhttp serves an executable schema over HTTP, by the rules of the
// GraphQL-over-HTTP specification, to callers who may be hostile.
//
// A request passes these stages in order; each is cheap and bounds the work of
// the next:
//
//  1. HTTP: method, Accept, content type, size (request.go, accept.go).
//  2. JSON: encoding, nesting and number of values, then the four members
//     that have a meaning, none of them twice (body.go, members.go).
//  3. Document: number of tokens and length of names, before parsing; depth,
//     expanded nodes, aliases, directives and the like, before validation
//     (document.go, guard.go). Validation stops at the first few errors.
//  4. Cost: fields times page sizes and lengths of lists (cost.go).
//  5. Admission: what callers may spend (budget.go), and what runs
//     concurrently (package lanes).
//
// While the answer is built its bytes are counted and the deadline is checked
// (meter.go, execute.go). The refusal names the limit (excess.go).
//
// Documents that pass are kept in a bounded cache, with the costs of those
// operations that do not depend on variables.
//
// # Cross-site requests
//
// POST accepts application/json only: a browser sends a preflight request before
// it sends that across sites, so no form can run a mutation. Form uploads and
// batches of requests in one body are refused. GET runs queries only. A foreign
// page can make a browser send such a GET, but callers are authenticated by the
// Authorization header only, which a browser never adds by itself, so the page
// learns and does nothing that it could not do without the browser. If a cookie
// is ever added as a credential, GET must be refused first, or a custom header
// required.
//
// # Deadlines
//
// Each request's context ends after Options.Timeout; no field is resolved after
// that. Nothing stops a resolver that ignores its context, so resolvers must
// pass it to everything that waits.
//
// Subscriptions need a transport of their own and are refused here.
package gqlhttp
