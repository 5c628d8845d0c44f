package apikey

import (
	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/rawkey"
)

// Held is a whole API key as somebody holds it.
type Held struct {
	// Secret is the key if it is one of Portico's own, without RawKey.
	Secret
	// Foreign is the digest of every other, which may have been imported; nil for
	// Portico's own.
	Foreign *Digest
	// presented is how it was written.
	presented string
}

// Parse parses a whole API key: a raw key, or a user name and password with a colon
// between them. ok is false for everything else; a raw key whose checksum is wrong is
// none, so that junk needs no look-up. The result has no RawKey.
func Parse(text string) (key Secret, ok bool) {
	if key.Username, key.Password, ok = rawkey.Parse(text); ok {
		return key, true
	}
	key.Username, key.Password, ok = ParsePair(text)
	return key, ok
}

// ParseHeld is Parse for keys that were made elsewhere, too: ok is false only for what
// cannot be sent in a header.
func ParseHeld(text string) (key Held, ok bool) {
	if key.Secret, ok = Parse(text); ok {
		key.presented = text
		return key, true
	}
	if text == "" || len(text) > keyheader.MaxLen || !keyheader.Visible(text) {
		return Held{}, false
	}
	return foreign(text), true
}

// Presented returns the API key that a request presents in its headers; ok is false if it
// presents none, or several, or what cannot be one.
func Presented(k keyheader.Key) (key Held, ok bool) {
	switch {
	case k.Malformed || k.Presented == "":
		return Held{}, false
	case k.RawKey == "":
		return ParseHeld(k.Username + ":" + k.Password)
	}
	if key.Username, key.Password, ok = rawkey.Parse(k.RawKey); ok {
		key.presented = k.RawKey
		return key, true
	}
	return foreign(k.RawKey), true
}

// foreign returns a key that is none of Portico's own.
func foreign(text string) Held {
	of := DigestOf(text)
	return Held{Foreign: &of, presented: text}
}
