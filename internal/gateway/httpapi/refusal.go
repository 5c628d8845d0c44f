package httpapi

import (
	"net/http"

	"portico/clients/go/gate/verdict"
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
		status := code.Status()
		if status == http.StatusOK {
			all[code].status = status
			continue
		}
		all[code] = refusal{
			status:   status,
			body:     problemBody(status, code.String(), code.Refusal()),
			softened: problemBody(http.StatusForbidden, code.String(), code.Refusal()),
		}
	}
	all[0] = all[verdict.Unavailable] // no verdict at all is no permission
	return all
}
