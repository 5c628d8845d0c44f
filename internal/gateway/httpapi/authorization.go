package httpapi

import (
	"encoding/base64"
	"strings"

	"portico/internal/domain"
)

// longestCredential is the most bytes of a header that may hold a credential.
// A pair in base 64 has 100; whatever is longer is not looked at.
const longestCredential = 1 << 10

// presented is the credential of one request. Nothing is presented when kind
// is empty; malformed excludes every other field but kind.
type presented struct {
	kind               domain.AuthType
	rawKey             string
	username, password string
	malformed          bool
}

// readCredential finds the one credential in the values of the headers
// Authorization (Bearer with a raw key, Basic with username and password) and
// X-API-Key (a raw key). More than one is malformed, for two readers might
// believe different ones; so is everything that is neither of the three.
func readCredential(authorization, apiKey []string) presented {
	switch {
	case len(authorization)+len(apiKey) > 1:
		return presented{kind: kindOf(authorization), malformed: true}
	case len(authorization) == 1:
		return readAuthorization(authorization[0])
	case len(apiKey) == 1:
		return rawKey(apiKey[0])
	default:
		return presented{}
	}
}

// kindOf returns how the first of several Authorization headers presents a key.
func kindOf(authorization []string) domain.AuthType {
	if len(authorization) == 0 {
		return domain.APIKey
	}
	return readAuthorization(authorization[0]).kind
}

func readAuthorization(value string) presented {
	if len(value) > longestCredential {
		return presented{kind: domain.APIKey, malformed: true}
	}
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimLeft(rest, " ") // RFC 9110 allows more than one space, and nothing else
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rawKey(rest)
	case strings.EqualFold(scheme, "Basic"):
		return pair(rest)
	default:
		return presented{kind: domain.APIKey, malformed: true}
	}
}

// rawKey takes a text that could be a key; whether it is one the gate finds out.
func rawKey(text string) presented {
	if text == "" || len(text) > longestCredential || !visible(text) {
		return presented{kind: domain.APIKey, malformed: true}
	}
	return presented{kind: domain.APIKey, rawKey: text}
}

// pair reads the base 64 of "username:password".
func pair(text string) presented {
	malformed := presented{kind: domain.Basic, malformed: true}
	var room [longestCredential]byte
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
	return presented{kind: domain.Basic, username: username, password: password}
}

// visible reports whether a text is of ASCII letters, digits and signs alone:
// keys hold nothing else. A comma is left out; it is where proxies join two
// headers into one.
func visible(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == ',' {
			return false
		}
	}
	return true
}
