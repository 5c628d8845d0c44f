// Package httpapi serves gateways over HTTP: plain HTTP for those that ask in JSON
// (/v1/verify) or by forward authentication (/v1/authorize), Envoy's ext_authz
// over gRPC, the feed for gateways that decide on their own (/v1/feed), and their
// reports of calls (/v1/usage).
//
// The handlers parse requests, call the Verifier and write answers; they decide
// nothing. All require a gateway's token in X-Portico-Gateway-Token. A verdict is
// an answer, not a failure: /v1/verify returns it with status 200 whatever it
// says. What is not a verdict, and the body of every refused /v1/authorize, is
// application/problem+json (RFC 9457). No answer and no log line repeats what the
// caller sent.
//
// The two verifying routes are hot. They keep no state of a request, do not log
// it, have no middleware, read JSON without copying strings, and write with append.
// Plain requests to them are served by fasthttp, all others by net/http (see
// Server); both call the same functions.
package httpapi
