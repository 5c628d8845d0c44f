package auth

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"portico/internal/fault"
)

// longestEmail is the most bytes of an address that mail servers carry.
const longestEmail = 254

// FoldEmail gives the form of an e-mail address by which users are told apart
// and found. It is not for sending: letters go to the address as it was typed.
//
// Two addresses have the same form when they differ only in case, in the
// Turkish dots of an i, or in the width or composition of characters. An
// address with a display name, quotes, an address literal, spaces or invisible
// characters, and one over 254 bytes, is refused by a fault.Invalid on "email".
func FoldEmail(address string) (string, error) {
	folded := fold(strings.TrimSpace(address))
	if folded == "" {
		return "", fault.Input(fault.Required, "email", "An e-mail address is needed.")
	}
	if len(address) > longestEmail || len(folded) > longestEmail {
		return "", fault.Input(fault.TooLong, "email", "An e-mail address has at most 254 characters.",
			fault.Param{Name: "max", Value: "254"})
	}
	parsed, err := mail.ParseAddress(folded)
	if err != nil || parsed.Name != "" || parsed.Address != folded ||
		!utf8.ValidString(address) || strings.ContainsFunc(folded, unmailable) {
		return "", fault.Input(fault.InvalidValue, "email", "This is not an e-mail address.")
	}
	return folded, nil
}

// unmailable finds what the grammar allows and no real address has: quotes,
// literals, and characters that cannot be seen.
func unmailable(r rune) bool {
	return strings.ContainsRune(`"[]<>(),;:\`, r) || unicode.In(r, unicode.C, unicode.Z)
}

// fold gives the same form for what differs in case or in composition alone.
// It may be applied again without changing anything.
func fold(s string) string {
	s = norm.NFKC.String(s)
	// Up and down again: some letters have one capital and two small forms. A
	// dotless ı becomes an i on this way; İ keeps a separate dot, which goes.
	// Both are an i here, because a Turkish keyboard makes them of an address
	// in capitals.
	s = strings.ToLower(strings.ToUpper(s))
	s = strings.ReplaceAll(s, "i\u0307", "i")
	return norm.NFKC.String(s)
}
