// Package httpapi is how gateways reach the gate: plain HTTP for those that ask
// in JSON (/v1/verify) or by forward authentication (/v1/authorize), Envoy's
// ext_authz over gRPC, the feed for gateways that decide on their own
// (/v1/feed), and their reports of calls (/v1/usage).
//
// The doors read, ask the gate and write; nothing is decided here. All of them
// want a gateway's token in X-Portico-Gateway-Token. A verdict is an answer,
// not a failure: /v1/verify gives it with status 200 whatever it says. What is
// not a verdict, and the body of every refused /v1/authorize, is
// application/problem+json (RFC 9457). No answer and no log line repeats what
// the caller sent.
//
// The two verifying doors are hot. They keep no state of a request, log
// nothing of it, have no layers around them, read JSON by a scanner that takes
// its texts out of the body, and write by append. Plain requests to them are
// answered by fasthttp, everything else by net/http (Server); the rules are the
// same functions for both.
package httpapi
