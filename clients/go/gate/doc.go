// Package gate guards a Go server's API with Portico's keys, and decides in
// the server's own memory.
//
// A Gate follows Portico's feed: it holds what verdicts are made of, except
// the secrets, and is told of each change as it happens. The first use of each
// key asks Portico whether the secret is right; from then on the Gate decides
// itself, by the same code as Portico, until the key is gone. What it decides
// it reports, so that the calls are counted.
//
//   - A revocation is known as soon as the feed tells it, as a rule within
//     milliseconds.
//   - A Gate that has not heard from Portico for Options.Silence refuses every
//     call with 503 UNAVAILABLE: it cannot know what was revoked.
//   - Rate limits are kept by each Gate on its own. So are quotas; a Gate
//     begins with what Portico knew at the subscription's first call in the
//     period, and does not learn what other gateways count after that.
//   - A crash loses the counts of at most one second.
//
// Keys come as `Authorization: Bearer`, `Authorization: Basic` (username and
// password) or `X-API-Key`. A key of a whole account names the app that it
// calls for in `X-Portico-App`. Refusals are application/problem+json with the
// statuses of Portico's own /v1/authorize: 401, 403, 429, 503.
//
// The token comes from `portico gateway create`. Whoever has it can ask
// Portico in this gateway's name: keep it out of the source and of logs.
package gate
