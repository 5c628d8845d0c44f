package httpapi

import (
	"net/http"

	"portico/internal/verdict"
)

// refusal is the answer to a refused call, for /v1/authorize and Envoy. The bodies
// are encoded once: they contain nothing of a request.
type refusal struct {
	status int
	body   []byte
	// softened is the same with status 403, for gateways that cannot pass on the
	// status.
	softened []byte
}

// newRefusals returns the refusals by code; VALID's is empty.
func newRefusals() []refusal {
	all := make([]refusal, 0, len(verdict.Codes())+1)
	for _, code := range verdict.Codes() {
		for len(all) <= int(code) {
			all = append(all, refusal{})
		}
		status := statusOf(code)
		if status == http.StatusOK {
			all[code].status = status
			continue
		}
		all[code] = refusal{
			status:   status,
			body:     problemBody(status, code.String(), detailOf(code)),
			softened: problemBody(http.StatusForbidden, code.String(), detailOf(code)),
		}
	}
	all[0] = all[verdict.Unavailable] // no verdict at all is no permission
	return all
}

// statusOf returns the HTTP status of a verdict.
func statusOf(c verdict.Code) int {
	switch c {
	case verdict.Valid:
		return http.StatusOK
	case verdict.Malformed, verdict.NotFound, verdict.Revoked, verdict.Expired, verdict.Disabled:
		return http.StatusUnauthorized
	case verdict.RateLimited, verdict.QuotaExceeded:
		return http.StatusTooManyRequests
	case verdict.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}

// detailOf returns the sentence that tells a caller why it may not pass.
func detailOf(c verdict.Code) string {
	switch c {
	case verdict.Unavailable:
		return "The key cannot be checked now. Come again."
	case verdict.Malformed:
		return "One key is needed: as Authorization: Bearer or Basic, or as X-API-Key."
	case verdict.NotFound:
		return "There is no such key."
	case verdict.Revoked:
		return "The key was revoked."
	case verdict.Expired:
		return "The key has expired."
	case verdict.Disabled:
		return "The key is disabled."
	case verdict.AccountSuspended:
		return "The account of the key is suspended."
	case verdict.WrongEnvironment:
		return "The key is for another environment."
	case verdict.IPNotAllowed:
		return "The key may not be used from this address."
	case verdict.NotSubscribed:
		return "The app of the key is not registered with this product."
	case verdict.Waiting:
		return "The subscription with this product waits for a decision."
	case verdict.Suspended:
		return "The subscription with this product is suspended."
	case verdict.NotInAccessList:
		return "The key's access list does not hold this product."
	case verdict.AuthTypeNotAllowed:
		return "The key must be presented in another way."
	case verdict.EndpointNotAllowed:
		return "The subscription does not reach this endpoint."
	case verdict.AmbiguousApp:
		return "Several apps of the account are registered with this product: name one in X-Portico-App."
	case verdict.RateLimited:
		return "Too many calls, or too many unknown keys. Come again later."
	case verdict.QuotaExceeded:
		return "The quota of this period is used up."
	default:
		return "The call may not pass."
	}
}
