package gateway

import (
	"context"

	"portico/clients/go/gate/verdict"
	"portico/internal/apikey"
)

// digest returns the digest of an API key that was made elsewhere; ok is false if
// nothing, or nothing that can be a key, was presented.
func (r *Request) digest() (d apikey.Digest, ok bool) {
	pair := r.Username != "" || r.Password != ""
	switch {
	case r.Malformed || r.Presented == "" || pair == (r.RawKey != ""):
		return d, false
	case r.RawKey != "":
		return apikey.DigestOf(r.RawKey), true
	case r.Username == "" || r.Password == "":
		return d, false
	}
	return apikey.DigestOfPair(r.Username, r.Password), true
}

// lookUpImported is lookUp for an API key that was made elsewhere. It is stored under a
// username that follows from the pepper of the time of its import, so each pepper of the
// ring is tried, the newest first. That costs one failed read at most.
func (v *Verifier) lookUpImported(ctx context.Context, f *follower, c *Caller, r *Request, of apikey.Digest, d *decision, out *verdict.Verdict) (shown presentedKey, code verdict.Code) {
	var refused verdict.Code
	for _, id := range v.o.Peppers.PepperIDs() {
		pepper, ok := v.o.Peppers.PepperByID(id)
		if !ok {
			continue // taken out of the ring meanwhile
		}
		v.refundRead(d) // of the pepper before
		shown.username, shown.password = of.Pair(pepper)
		switch code := v.lookUp(ctx, f, c, r, shown, d, out); {
		case code == verdict.Unavailable:
			return shown, code
		case code != 0:
			refused = code
		case d.facts.Credential != nil:
			return shown, 0
		}
	}
	return shown, refused
}
