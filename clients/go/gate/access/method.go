package access

// Method is the HTTP method of an endpoint.
type Method string

// The methods. MethodAny matches every method; MethodGet matches HEAD too.
const (
	MethodAny     Method = "ANY"
	MethodGet     Method = "GET"
	MethodHead    Method = "HEAD"
	MethodPost    Method = "POST"
	MethodPut     Method = "PUT"
	MethodPatch   Method = "PATCH"
	MethodDelete  Method = "DELETE"
	MethodOptions Method = "OPTIONS"
)

// Values returns all constants.
func (Method) Values() []string {
	return names(MethodAny, MethodGet, MethodHead, MethodPost, MethodPut, MethodPatch, MethodDelete, MethodOptions)
}
