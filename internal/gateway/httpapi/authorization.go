package httpapi

import (
	"encoding/base64"
	"strings"

	"portico/clients/go/gate/access"
)

// maxKeyHeaderLen is the most bytes of a header that may contain an API key. A
// pair in base 64 has 100; a longer header is not parsed.
const maxKeyHeaderLen = 1 << 10

// presentedKey is the API key of one request. kind is empty if none is presented;
// malformed excludes every other field but kind.
type presentedKey struct {
	kind               access.AuthType
	rawKey             string
	username, password string
	malformed          bool
}

// readAPIKey reads the one API key in the values of the headers Authorization
// (Bearer with a raw key, Basic with user name and password) and X-API-Key (a raw
// key). More than one is malformed, for two readers might use different ones; so
// is everything that is none of the three.
func readAPIKey(authorization, apiKey []string) presentedKey {
	switch {
	case len(authorization)+len(apiKey) > 1:
		return presentedKey{kind: kindOf(authorization), malformed: true}
	case len(authorization) == 1:
		return readAuthorization(authorization[0])
	case len(apiKey) == 1:
		return rawKey(apiKey[0])
	default:
		return presentedKey{}
	}
}

// kindOf returns how the first of several Authorization headers presents an API
// key.
func kindOf(authorization []string) access.AuthType {
	if len(authorization) == 0 {
		return access.APIKey
	}
	return readAuthorization(authorization[0]).kind
}

func readAuthorization(value string) presentedKey {
	if len(value) > maxKeyHeaderLen {
		return presentedKey{kind: access.APIKey, malformed: true}
	}
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimLeft(rest, " ") // RFC 9110 allows more than one space, and nothing else
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rawKey(rest)
	case strings.EqualFold(scheme, "Basic"):
		return pair(rest)
	default:
		return presentedKey{kind: access.APIKey, malformed: true}
	}
}

// rawKey returns a text that could be an API key; the verifier finds out whether
// it is.
func rawKey(text string) presentedKey {
	if text == "" || len(text) > maxKeyHeaderLen || !visible(text) {
		return presentedKey{kind: access.APIKey, malformed: true}
	}
	return presentedKey{kind: access.APIKey, rawKey: text}
}

// pair decodes the base 64 of "username:password".
func pair(text string) presentedKey {
	malformed := presentedKey{kind: access.Basic, malformed: true}
	var room [maxKeyHeaderLen]byte
	if base64.StdEncoding.DecodedLen(len(text)) > len(room) || !visible(text) {
		return malformed // visible, because the decoder skips line breaks
	}
	n, err := base64.StdEncoding.Strict().Decode(room[:], []byte(text))
	if err != nil {
		return malformed
	}
	username, password, found := strings.Cut(string(room[:n]), ":")
	if !found || username == "" || password == "" || !visible(username) || !visible(password) {
		return malformed
	}
	return presentedKey{kind: access.Basic, username: username, password: password}
}

// visible reports whether a text consists of ASCII letters, digits and signs only,
// as API keys do. A comma does not count: proxies join two headers into one with
// it.
func visible(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == ',' {
			return false
		}
	}
	return true
}
