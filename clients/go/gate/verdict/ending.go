package verdict

import (
	"strconv"
)

// httpDate is the form of times in HTTP header fields (RFC 9110), in UTC.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// Ending is what callers of a product are told of its end; empty: nothing.
type Ending struct {
	// Deprecation is when it was or will be deprecated, in the form of the header of that
	// name (RFC 9745), Sunset when it was or will be retired (RFC 8594).
	Deprecation, Sunset string
}

// Ending returns what the caller is told of the end of the called product: nothing, unless the
// call may pass or was made with an API key that exists.
func (v *Verdict) Ending() Ending {
	if v.Product == nil || v.Credential == nil && v.Code != Valid {
		return Ending{}
	}
	var e Ending
	if at := v.Product.DeprecatesAt; !at.IsZero() {
		e.Deprecation = "@" + strconv.FormatInt(at.Unix(), 10)
	}
	if at := v.Product.RetiresAt; !at.IsZero() {
		e.Sunset = at.UTC().Format(httpDate)
	}
	return e
}
