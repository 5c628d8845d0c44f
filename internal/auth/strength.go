package auth

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/unseen"
)

// The length of a new password, in characters of any script. Passwords that were
// set when shorter ones were allowed stay valid.
const (
	ShortestPassword = 12
	LongestPassword  = 128
)

// minDistinct is the least number of different characters in a password.
const minDistinct = 5

//go:embed common_passwords.txt
var commonPasswords string

// CheckPassword returns an error if the password is too short, too long, the
// user's own address or the part before its @, in any spelling, or among those
// that attackers try first. The error is a fault.Invalid with the code
// WEAK_PASSWORD, or REQUIRED if the password has no visible character; it names
// field, the name of the input.
//
// It asks for no kinds of characters, and passwords never expire: both make
// people choose weaker ones (NIST SP 800-63B, OWASP ASVS 5.0).
func CheckPassword(field, password string, email address.Email) error {
	// Normalizing can turn one character into eighteen, such as U+FDFA.
	typed := utf8.RuneCountInString(norm.NFC.String(password))
	password = canonical(password)
	weak := func(message string, params ...fault.Param) error {
		return fault.Input(fault.WeakPassword, field, message, params...)
	}
	length := utf8.RuneCountInString(password)
	folded := domain.Fold(password)
	switch {
	case !utf8.ValidString(password), strings.ContainsFunc(password, unicode.IsControl):
		return weak("A password has no control characters.")
	case password != "" && unseen.All(password):
		return fault.Input(fault.Required, field, "This password has no visible characters.")
	case min(typed, length) < ShortestPassword:
		return weak("A password has at least 12 characters.", fault.Param{Name: "min", Value: strconv.Itoa(ShortestPassword)})
	case length > LongestPassword:
		return weak("A password has at most 128 characters.", fault.Param{Name: "max", Value: strconv.Itoa(LongestPassword)})
	case isAddress(folded, email):
		return weak("Your e-mail address is not a good password.")
	case distinctRunes(folded) < minDistinct, isCommon(folded):
		return weak("This password is easy to guess.")
	}
	return nil
}

// distinctRunes returns the number of different characters in s.
func distinctRunes(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isAddress reports whether the password is the address or the part before its
// @, or another spelling of one of them.
func isAddress(folded string, email address.Email) bool {
	if !email.Valid() {
		return false
	}
	bare := unseen.Trim(folded)
	return bare == domain.Fold(email.String()) || bare == domain.Fold(email.Local()) || address.ParseEmail(bare).String() == email.String()
}

// isCommon reports whether the password is in the embedded list, with or without
// the digits and signs at its ends, or repeats a shorter text. Passwords are set
// rarely: scanning some kilobytes needs no index.
func isCommon(folded string) bool {
	letters := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	return isListed(folded) || isListed(letters) || repeats(folded)
}

func isListed(folded string) bool {
	return folded != "" && strings.Contains(commonPasswords, "\n"+folded+"\n")
}

// repeats reports whether s is a shorter text several times: then, and only then,
// it is found within two of itself at another place than where they begin.
func repeats(s string) bool { return strings.Contains((s + s)[1:2*len(s)-1], s) }

// Check is CheckPassword.
func (*Passwords) Check(field, password string, email address.Email) error {
	return CheckPassword(field, password, email)
}
