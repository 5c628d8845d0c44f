package auth

import (
	"net/http"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/nodeid"
)

// AccountHeader names the account that a developer acts for in one request, by its
// opaque id. It is one of the developer's own: a header never says who makes a request.
const AccountHeader = "X-Portico-Account"

// requestedAccount returns the account that a request names; uuid.Nil for none. A
// malformed id is an error, and so are two, of which a proxy may have looked at the
// other one.
func requestedAccount(r *http.Request) (uuid.UUID, error) {
	switch given := r.Header.Values(AccountHeader); len(given) {
	case 0:
		return uuid.Nil, nil
	case 1:
		if id, ok := nodeid.Decode(nodeid.Account, given[0]); ok && id != uuid.Nil {
			return id, nil
		}
	}
	return uuid.Nil, errNotAMember()
}

// errNotAMember is the one error for an account that is somebody else's, does not exist,
// or is no account.
func errNotAMember() *fault.Error {
	return fault.New(fault.CodeForbidden, fault.ReasonNotAMember, "You do not belong to the account that the request names.")
}
