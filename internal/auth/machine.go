package auth

import (
	"crypto/rand"
	"strings"

	"golang.org/x/sync/semaphore"

	"portico/internal/base62"
	"portico/internal/keyring"
)

const (
	// MachinePrefix begins every service token, so that scanners find leaked ones.
	MachinePrefix = "pgw_"
	// secretBytes of randomness are secretDigits digits in base 62; the
	// checksum over them is six more.
	secretBytes  = 32
	secretDigits = 43
)

// MachineTokens makes the tokens of machines and the hashes they are found by.
//
// Such a token is 256 random bits, so a plain SHA-256 could not be turned back
// either. The hash is an HMAC under a pepper nevertheless: with a dump of the
// database alone, nobody can even report whether a token he found is a real one.
type MachineTokens struct {
	ring *keyring.Ring
	// turns bound those that an Authenticator asks about at once.
	turns *semaphore.Weighted
}

// lookupsAtOnce is how many tokens of machines the Directory is asked about at a
// time. Anybody can write tokens that look like real ones, and nobody has signed
// in yet who could be charged: a flood of them must leave the database to others.
// Machines hardly use the API; gateways have doors of their own.
const lookupsAtOnce = 4

// NewMachineTokens returns tokens under the ring's peppers.
func NewMachineTokens(ring *keyring.Ring) *MachineTokens {
	return &MachineTokens{ring, semaphore.NewWeighted(lookupsAtOnce)}
}

// New returns a token. hash is what is stored; hint, the last four characters,
// is what may be shown; the token itself is shown once and kept nowhere.
func (m *MachineTokens) New() (token string, hash []byte, hint string) {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	body := MachinePrefix + base62.Encode(secret, secretDigits)
	token = body + base62.Checksum(body)
	return token, hashMachine(m.ring.Current(keyring.Pepper), token), token[len(token)-4:]
}

// Hashes returns the hashes that a token may be stored under, one for each
// pepper, the likeliest first. ok is false for what cannot be a token: its
// shape or its checksum is wrong, and there is no need to look for it.
func (m *MachineTokens) Hashes(token string) (hashes [][]byte, ok bool) {
	if !wellFormed(token) {
		return nil, false
	}
	for _, pepper := range m.ring.All(keyring.Pepper) {
		hashes = append(hashes, hashMachine(pepper, token))
	}
	return hashes, true
}

// hashMachine begins with the pepper's id, so that it shows in the database
// what still hangs on an old pepper.
func hashMachine(pepper keyring.Key, token string) []byte {
	return append([]byte(pepper.ID+":"), mac(pepper, "machine token", token)...)
}

func wellFormed(token string) bool {
	const length = len(MachinePrefix) + secretDigits + base62.ChecksumDigits
	if len(token) != length || !strings.HasPrefix(token, MachinePrefix) {
		return false
	}
	body, check := token[:length-base62.ChecksumDigits], token[length-base62.ChecksumDigits:]
	return base62.IsChecksum(body, check)
}
