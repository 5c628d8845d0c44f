package jsonbody

// Mistake is what is wrong with a request: which field, and why. Neither contains
// anything that the caller sent, except the name of a field.
type Mistake struct{ Field, Reason string }

// String returns a sentence for the client.
func (m *Mistake) String() string {
	if m.Field == "" {
		return m.Reason
	}
	return "The field " + m.Field + " " + m.Reason
}
