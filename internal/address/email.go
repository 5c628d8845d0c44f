// Package address parses e-mail addresses and network addresses into a canonical
// form for comparison: an e-mail address has many spellings, and so has a
// network, but counting, storing and looking up must use a single one.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"portico/internal/fault"
	"portico/internal/unseen"
)

const (
	// maxEmailBytes is the maximum length of an address that mail servers
	// accept, in bytes.
	maxEmailBytes = 254
	// maxTypedBytes bounds the input that is parsed, in bytes: it has room for
	// an address in characters of three bytes each.
	maxTypedBytes = 1024
)

// Email is an e-mail address, folded. Only ParseEmail creates one, so that a
// function with an Email parameter never receives two spellings of the same
// address. The zero value is not an address; no user has it.
type Email struct {
	folded, typed string
	problem       fault.ProblemCode
}

// ParseEmail parses an address as a user typed it. Two texts yield the same
// address if they differ only in case, in the Turkish dots of an i, in the
// width or composition of characters, in surrounding white space and invisible
// characters, or in whether the domain is spelled in Unicode or in punycode.
//
// It does not fail: an invalid text yields an Email that is not Valid, and
// Check returns the reason. Invalid are display names, quotes, address
// literals, control characters, spaces and invisible characters inside, and
// whatever mail servers would not accept.
func ParseEmail(text string) Email {
	if !utf8.ValidString(text) {
		return Email{problem: fault.InvalidValue}
	}
	if unseen.All(text) {
		return Email{problem: fault.Required}
	}
	typed := norm.NFC.String(strings.TrimFunc(text, isSurrounding))
	if len(typed) > maxTypedBytes {
		return Email{problem: fault.TooLong}
	}
	folded, problem := canonical(typed)
	if problem == "" {
		// A stored address must fold to itself, or it could not be found.
		var again string
		if again, problem = canonical(folded); problem == "" && again != folded {
			problem = fault.InvalidValue
		}
	}
	if problem != "" {
		return Email{problem: problem}
	}
	return Email{folded: folded, typed: typed}
}

// String returns the canonical form for comparison; "" if e is not an address.
func (e Email) String() string { return e.folded }

// Typed returns the address as it was typed, without surrounding space: the
// form that is shown and that mail is sent to.
func (e Email) Typed() string { return e.typed }

// Valid reports whether e is an address.
func (e Email) Valid() bool { return e.folded != "" }

// Local returns the part before the @, folded.
func (e Email) Local() string {
	local, _, _ := strings.Cut(e.folded, "@")
	return local
}

// Check returns a fault.Invalid for the input's field if e is not an address.
func (e Email) Check(field string) error {
	switch e.problem {
	case fault.Required:
		return fault.Input(fault.Required, field, "An e-mail address is needed.")
	case fault.TooLong:
		return fault.Input(fault.TooLong, field, "An e-mail address has at most 254 characters.",
			fault.Param{Name: "max", Value: "254"})
	}
	if !e.Valid() {
		return fault.Input(fault.InvalidValue, field, "This is not an e-mail address.")
	}
	return nil
}

// isSurrounding reports whether a character around an address is dropped: white
// space of every kind, and invisible characters. Control characters other than
// white space, and the replacement character, make the address invalid.
func isSurrounding(r rune) bool {
	return unicode.IsSpace(r) || unseen.Rune(r) && !unicode.IsControl(r) && r != unicode.ReplacementChar
}

// canonical returns the form in which addresses are compared.
func canonical(typed string) (string, fault.ProblemCode) {
	wide := norm.NFKC.String(typed)
	if strings.ContainsFunc(typed, unseen.Rune) || strings.ContainsFunc(wide, unseen.Rune) {
		return "", fault.InvalidValue
	}
	local, domain, found := strings.Cut(wide, "@")
	if local = fold(local); !found || !isLocal(local) {
		return "", fault.InvalidValue
	}
	shown, ascii := foldDomain(domain)
	if shown == "" {
		return "", fault.InvalidValue
	}
	if len(local)+1+len(ascii) > maxEmailBytes {
		return "", fault.TooLong
	}
	return local + "@" + shown, ""
}

// fold returns the same text for inputs that differ only in case or in
// composition. It is idempotent.
func fold(s string) string {
	// To upper case and back: some letters have one capital and two small forms.
	// This turns a dotless ı into an i; İ keeps a separate dot, which is removed.
	// Both are an i here, because a Turkish keyboard produces them for an address
	// in capitals.
	s = strings.ToLower(strings.ToUpper(s))
	s = strings.ReplaceAll(s, "i\u0307", "i")
	return norm.NFKC.String(s)
}

// isLocal reports whether s is a dot-atom (RFC 5322), with letters of any
// script.
func isLocal(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return strings.ContainsRune("\"()<>[]:;@\\,.", r) || unseen.Rune(r)
		}) {
			return false
		}
	}
	return true
}
