// Package keyheader reads the API key that a request presents in its headers. Portico
// and the gateways that decide on their own read it alike.
package keyheader

import (
	"encoding/base64"
	"strings"

	"portico/clients/go/gate/access"
)

// MaxLen is the most bytes of a header that may contain an API key. A pair in
// base 64 has 100; a longer header is not parsed.
const MaxLen = 1 << 10

// Key is the API key of one request. Presented is empty if there is none. A
// malformed key has no other field but Presented.
type Key struct {
	Presented          access.AuthType
	RawKey             string
	Username, Password string
	Malformed          bool
}

// Read reads the one API key in the values of the headers Authorization (Bearer
// with a raw key, Basic with user name and password) and X-API-Key (a raw key).
// More than one is malformed, for two readers might use different ones; so is
// everything that is none of the three.
func Read(authorization, apiKey []string) Key {
	switch {
	case len(authorization)+len(apiKey) > 1:
		return Key{Presented: presentedFirst(authorization), Malformed: true}
	case len(authorization) == 1:
		return readAuthorization(authorization[0])
	case len(apiKey) == 1:
		return rawKey(apiKey[0])
	default:
		return Key{}
	}
}

// presentedFirst returns how the first of several Authorization headers presents
// an API key.
func presentedFirst(authorization []string) access.AuthType {
	if len(authorization) == 0 {
		return access.APIKey
	}
	return readAuthorization(authorization[0]).Presented
}

func readAuthorization(value string) Key {
	if len(value) > MaxLen {
		return Key{Presented: access.APIKey, Malformed: true}
	}
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimLeft(rest, " ") // RFC 9110 allows more than one space, and nothing else
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rawKey(rest)
	case strings.EqualFold(scheme, "Basic"):
		return pair(rest)
	default:
		return Key{Presented: access.APIKey, Malformed: true}
	}
}

// rawKey returns a text that could be an API key; whether it is one is not checked.
func rawKey(text string) Key {
	if text == "" || len(text) > MaxLen || !Visible(text) {
		return Key{Presented: access.APIKey, Malformed: true}
	}
	return Key{Presented: access.APIKey, RawKey: text}
}

// pair decodes the base 64 of "username:password".
func pair(text string) Key {
	malformed := Key{Presented: access.Basic, Malformed: true}
	var room [MaxLen]byte
	if base64.StdEncoding.DecodedLen(len(text)) > len(room) || !Visible(text) {
		return malformed // visible, because the decoder skips line breaks
	}
	n, err := base64.StdEncoding.Strict().Decode(room[:], []byte(text))
	if err != nil {
		return malformed
	}
	username, password, found := strings.Cut(string(room[:n]), ":")
	if !found || username == "" || password == "" || !Visible(username) || !Visible(password) {
		return malformed
	}
	return Key{Presented: access.Basic, Username: username, Password: password}
}

// Visible reports whether a text consists of ASCII letters, digits and signs only,
// as API keys do. A comma does not count: proxies join two headers into one with
// it.
func Visible(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == ',' {
			return false
		}
	}
	return true
}
