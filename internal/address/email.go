// Package address reads the addresses of people and of networks, each into the
// one form in which it is compared: an e-mail address has many spellings, and
// so has a network, but whoever counts, stores or looks one up must see one.
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
	// longestEmail is the most bytes of an address that mail servers carry.
	longestEmail = 254
	// longestTyped bounds what is looked at, in bytes: an address in letters of
	// three bytes each has room in it.
	longestTyped = 1024
)

// Email is an e-mail address, folded. It can only be made by ParseEmail, so
// that whatever takes one cannot be given two spellings of the same address.
// The zero value is no address; nobody has it.
type Email struct {
	folded, typed string
	problem       fault.ProblemCode
}

// ParseEmail reads what somebody typed. Two texts give the same address when
// they differ only in case, in the Turkish dots of an i, in the width or
// composition of characters, in white space and unseen characters around it, or
// in whether the domain is spelled in Unicode or in punycode.
//
// It does not fail: what cannot be an address becomes one that nobody has, and
// Check returns the reason. Refused are display names, quotes, address
// literals, control characters, spaces and unseen characters inside, and what
// mail servers would not carry.
func ParseEmail(text string) Email {
	if !utf8.ValidString(text) {
		return Email{problem: fault.InvalidValue}
	}
	if unseen.All(text) {
		return Email{problem: fault.Required}
	}
	typed := norm.NFC.String(strings.TrimFunc(text, around))
	if len(typed) > longestTyped {
		return Email{problem: fault.TooLong}
	}
	folded, problem := canonical(typed)
	if problem == "" {
		// What is stored must be found again.
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

// String returns the form in which addresses are compared; "" for no address.
func (e Email) String() string { return e.folded }

// Typed returns the address as it was typed, without what was around it: the
// form that is shown, and that letters go to.
func (e Email) Typed() string { return e.typed }

// Valid reports whether it is an address.
func (e Email) Valid() bool { return e.folded != "" }

// Local returns the part before the @, folded.
func (e Email) Local() string {
	local, _, _ := strings.Cut(e.folded, "@")
	return local
}

// Check returns a fault.Invalid on the field of an input when it is no address.
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

// around reports whether a character beside an address is to be left out: white
// space of every kind, and what nobody sees. Controls that are no white space,
// and what stands for broken text, make it no address.
func around(r rune) bool {
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
	if len(local)+1+len(ascii) > longestEmail {
		return "", fault.TooLong
	}
	return local + "@" + shown, ""
}

// fold returns the same text for what differs in case or in composition alone.
// Applied again it changes nothing.
func fold(s string) string {
	// Up and down again: some letters have one capital and two small forms. A
	// dotless ı becomes an i on this way; İ keeps a separate dot, which goes.
	// Both are an i here, because a Turkish keyboard makes them of an address
	// in capitals.
	s = strings.ToLower(strings.ToUpper(s))
	s = strings.ReplaceAll(s, "i\u0307", "i")
	return norm.NFKC.String(s)
}

// isLocal reports whether it is a dot-atom, with letters of every script.
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
