// Package gate protects the API of a Go server with Portico's API keys, and decides
// in the server's own memory.
//
// A Gate follows Portico's feed: it keeps a copy of everything that verdicts
// need, except the secrets, and receives each change as it happens. At the first
// use of each key it asks Portico whether the secret is right; from then on the
// Gate decides itself, by the same code as Portico, until the key is deleted. It
// reports its decisions, so that the calls are counted.
//
//   - A revocation takes effect as soon as the feed reports it, usually within
//     milliseconds.
//   - A Gate that has received no answer from Portico for Options.Silence refuses
//     every call with 503 UNAVAILABLE, as it cannot know what was revoked.
//   - Each Gate counts rate limits on its own. The same holds for quotas: a Gate
//     starts from the count that Portico had at the subscription's first call in
//     the period, and does not see what other gateways count after that.
//   - A crash loses the counts of at most one second.
//
// Requests present keys as `Authorization: Bearer`, `Authorization: Basic` (user
// name and password) or `X-API-Key`. A request with a key of a whole account names
// its app in `X-Portico-App`. Refusals are application/problem+json with the
// statuses of Portico's own /v1/authorize: 401, 403, 429, 503.
//
// The token is printed by `portico gateway create`. It is a secret that identifies
// this gateway to Portico: keep it out of source code and logs.
package gate
