package verdict

// Code is the result of a verdict. The set is closed; codes are public and never
// renamed.
type Code uint8

// The codes, in the order of decision: the first that applies is returned.
const (
	Unavailable Code = iota + 1
	Malformed
	NotFound
	Revoked
	Expired
	Disabled
	AccountSuspended
	WrongEnvironment
	IPNotAllowed
	NotSubscribed
	Waiting
	Suspended
	NotInAccessList
	AuthTypeNotAllowed
	EndpointNotAllowed
	AmbiguousApp
	RateLimited
	QuotaExceeded
	Valid
)

// Codes returns all codes in the order of decision.
func Codes() []Code {
	out := make([]Code, 0, Valid)
	for c := Unavailable; c <= Valid; c++ {
		out = append(out, c)
	}
	return out
}

// ParseCode returns the code whose String is s, and whether there is one.
func ParseCode(s string) (Code, bool) {
	for c := Unavailable; c <= Valid; c++ {
		if c.String() == s {
			return c, true
		}
	}
	return 0, false
}

// String returns the public name, such as "IP_NOT_ALLOWED", or "" for an invalid code.
func (c Code) String() string { return c.describe().name }

// Status returns the status of an HTTP response with the code: 200 for Valid. For
// an invalid code it is 403, as no verdict is no permission.
func (c Code) Status() int {
	if status := c.describe().status; status != 0 {
		return status
	}
	return forbidden
}

// Meaning returns a sentence that says when the code applies, for documentation; ""
// for an invalid code.
func (c Code) Meaning() string { return c.describe().meaning }

// Refusal returns the sentence that a refused caller reads; "" for Valid and for an
// invalid code.
func (c Code) Refusal() string { return c.describe().refusal }

// Remedy returns a sentence on what administrators or the credential's owners can
// do about a refusal; "" for Valid and for an invalid code.
func (c Code) Remedy() string { return c.describe().remedy }
