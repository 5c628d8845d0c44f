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
func (c Code) String() string {
	switch c {
	case Unavailable:
		return "UNAVAILABLE"
	case Malformed:
		return "MALFORMED"
	case NotFound:
		return "NOT_FOUND"
	case Revoked:
		return "REVOKED"
	case Expired:
		return "EXPIRED"
	case Disabled:
		return "DISABLED"
	case AccountSuspended:
		return "ACCOUNT_SUSPENDED"
	case WrongEnvironment:
		return "WRONG_ENVIRONMENT"
	case IPNotAllowed:
		return "IP_NOT_ALLOWED"
	case NotSubscribed:
		return "NOT_SUBSCRIBED"
	case Waiting:
		return "WAITING"
	case Suspended:
		return "SUSPENDED"
	case NotInAccessList:
		return "NOT_IN_ACCESS_LIST"
	case AuthTypeNotAllowed:
		return "AUTH_TYPE_NOT_ALLOWED"
	case EndpointNotAllowed:
		return "ENDPOINT_NOT_ALLOWED"
	case AmbiguousApp:
		return "AMBIGUOUS_APP"
	case RateLimited:
		return "RATE_LIMITED"
	case QuotaExceeded:
		return "QUOTA_EXCEEDED"
	case Valid:
		return "VALID"
	}
	return ""
}
