package gate

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
)

// maxCredentialLength is the longest header value, in bytes, that is read as an API key.
const maxCredentialLength = 1 << 10

// credential is the API key that a request presents. The zero credential is none.
type credential struct {
	presented          access.AuthType
	rawKey             string
	username, password string
	malformed          bool
	// user is the key's user name, if it can be parsed. Portico decides about a
	// key without one.
	user uuid.UUID
}

// readCredential returns the API key of a request. Two keys are malformed, because
// two readers might use different ones.
func readCredential(h http.Header) credential {
	authorization, key := h.Values("Authorization"), h.Values("X-Api-Key")
	switch {
	case len(authorization)+len(key) > 1:
		return credential{presented: access.APIKey, malformed: true}
	case len(key) == 1:
		return rawKey(key[0])
	case len(authorization) == 0:
		return credential{}
	}
	scheme, rest, _ := strings.Cut(authorization[0], " ")
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rawKey(rest)
	case strings.EqualFold(scheme, "Basic"):
		return pair(rest)
	}
	return credential{presented: access.APIKey, malformed: true}
}

func rawKey(text string) credential {
	user, _, ok := rawkey.Parse(text)
	return credential{presented: access.APIKey, rawKey: text, user: user, malformed: !ok}
}

func pair(text string) credential {
	c := credential{presented: access.Basic, malformed: true}
	if len(text) > maxCredentialLength || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return c
	}
	both, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return c
	}
	var found bool
	c.username, c.password, found = strings.Cut(string(both), ":")
	c.malformed = !found || c.username == "" || c.password == ""
	if len(c.username) == len(uuid.Nil.String()) {
		c.user, _ = uuid.Parse(c.username)
	}
	return c
}
