package gate

import (
	"net/http"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/rawkey"
)

// credential is the API key that a request presents. The zero credential is none.
type credential struct {
	keyheader.Key
	// user is the key's user name, if it can be parsed. Portico decides about a
	// key without one.
	user uuid.UUID
	// foreign means that it has not the form of Portico's own keys. It may be one that was
	// made elsewhere and imported, which only Portico can look up.
	foreign bool
}

// readCredential returns the API key of a request.
func readCredential(h http.Header) credential {
	c := credential{Key: keyheader.Read(h["Authorization"], h["X-Api-Key"])}
	switch {
	case c.Malformed:
	case c.Presented == access.APIKey:
		var ok bool
		c.user, _, ok = rawkey.Parse(c.RawKey)
		c.foreign = !ok
	case len(c.Username) == len(uuid.Nil.String()):
		c.user, _ = uuid.Parse(c.Username)
	}
	return c
}
